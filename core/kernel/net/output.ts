/**
 * The way down from transport to neighbour (Linux net/ipv4/ip_output.c: ip_queue_xmit, ip_output, ip_finish_output):
 * the header is written in front of the datagram, which is then fragmented if the path is narrower and handed to the
 * neighbour, or to the loopback device for ourselves.
 * Left out: multicast routing; corking (the socket builds whole datagrams); lightweight tunnels.
 */
import { copyBytes, put16, put32, put8, u16, u32, u8 } from "../../base/bytes.ts";
import { isMulticast, MAC_BROADCAST, multicastMac, readIpv4, type Ipv4Address } from "../../wire/address.ts";
import { ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import {
  IP_DF,
  IPV4,
  IPV4_HEADER_BYTES,
  IPV4_HEADER_BYTES_MAX,
  IPV4_TOTAL_BYTES_MAX,
  ipv4HeaderBytes,
  sealIpv4,
} from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { SnmpCounters } from "../counters.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { Fragmenter } from "./fragment.ts";
import type { IcmpSender } from "./icmp-send.ts";
import { IpIdentifiers } from "./ip-identifiers.ts";
import { recordHop, type Hop } from "./ip-options.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import type { NeighbourTable } from "./neighbour-table.ts";
import type { SendOptions } from "./protocol.ts";
import type { Route } from "./route.ts";
import { LOOPBACK_INDEX } from "./routing.ts";
import type { AddressTable } from "./addresses.ts";
import type { DeviceTable } from "./device-table.ts";

/** What output works with. */
export interface OutputParts {
  readonly devices: DeviceTable;
  readonly addresses: AddressTable;
  readonly neighbours: NeighbourTable;
  readonly sysctls: IpSysctls;
}

export class IpOutput {
  readonly #core: KernelCore;
  readonly #snmp: SnmpCounters;
  readonly #parts: OutputParts;
  readonly #identifiers: IpIdentifiers;
  /** Asked for each packet, without the way by `#parts`. */
  readonly #sysctls: IpSysctls;
  #icmp: IcmpSender | null = null;

  constructor(core: KernelCore, parts: OutputParts) {
    this.#core = core;
    this.#snmp = core.snmp;
    this.#parts = parts;
    this.#sysctls = parts.sysctls;
    this.#identifiers = new IpIdentifiers(core.random("ip-id"));
  }

  install(icmp: IcmpSender): void {
    this.#icmp = icmp;
  }

  /** See `IpStack.send`. */
  send(skb: SkBuff, route: Route, options: SendOptions): number {
    const optionBytes = options.options === null ? 0 : options.options.length;
    const header = IPV4_HEADER_BYTES + optionBytes;
    const total = header + skb.length;
    if (total > IPV4_TOTAL_BYTES_MAX) return this.#refuse(skb, E.EMSGSIZE);
    if (header > IPV4_HEADER_BYTES_MAX || (optionBytes & 3) !== 0) return this.#refuse(skb, E.EINVAL);
    // A packet of many segments is cut up by the device: TCP has seen to it that each of them fits.
    if (total > route.mtu && options.dontFragment && skb.gsoSize === 0) {
      this.#snmp.ip.FragFails++;
      return this.#refuse(skb, E.EMSGSIZE);
    }
    const skbs = this.#core.skbs;
    if (skb.isShared) skbs.makeWritable(skb);
    if (skb.headroom < header) skbs.ensureHeadroom(skb, header);
    if (skb.transportHeader < 0) skb.transportHeader = skb.data;
    const at = skb.push(header);
    const bytes = skb.bytes;
    const source = options.source === 0 ? route.source : options.source;
    const target = options.target === 0 ? route.target : options.target;
    const isLone = options.dontFragment && total <= route.mtu;
    put8(bytes, at, 0x40 | (header >> 2));
    put8(bytes, at + IPV4.tos, options.tos);
    put16(bytes, at + IPV4.totalLength, total);
    put16(bytes, at + IPV4.id, options.id >= 0 ? options.id : this.#identifiers.next(source, target, isLone));
    put16(bytes, at + IPV4.fragment, options.dontFragment ? IP_DF : 0);
    put8(bytes, at + IPV4.ttl, options.ttl !== 0 ? options.ttl : this.#ttlOf(target));
    put8(bytes, at + IPV4.protocol, options.protocol);
    put32(bytes, at + IPV4.source, source);
    put32(bytes, at + IPV4.target, target);
    if (options.options !== null) {
      copyBytes(options.options, 0, bytes, at + IPV4_HEADER_BYTES, optionBytes);
      recordHop(bytes, at, header, this.hop(source));
    }
    sealIpv4(bytes, at);
    skb.networkHeader = at;
    return this.#localOut(skb, route);
  }

  /** See `IpStack.sendWithHeader`. */
  sendWithHeader(skb: SkBuff, route: Route): number {
    const length = skb.length;
    if (skb.headLength < IPV4_HEADER_BYTES) return this.#refuse(skb, E.EINVAL);
    const skbs = this.#core.skbs;
    skbs.makeWritable(skb);
    const at = skb.data;
    const bytes = skb.bytes;
    const header = ipv4HeaderBytes(bytes, at);
    if (header < IPV4_HEADER_BYTES || header > skb.headLength || u8(bytes, at) >>> 4 !== 4) {
      return this.#refuse(skb, E.EINVAL);
    }
    if (length > Math.min(route.mtu, IPV4_TOTAL_BYTES_MAX)) return this.#refuse(skb, E.EMSGSIZE);
    put16(bytes, at + IPV4.totalLength, length);
    if (u32(bytes, at + IPV4.source) === 0) put32(bytes, at + IPV4.source, route.source);
    if (u16(bytes, at + IPV4.id) === 0) {
      const id = this.#identifiers.next(readIpv4(bytes, at + IPV4.source), readIpv4(bytes, at + IPV4.target), false);
      put16(bytes, at + IPV4.id, id);
    }
    sealIpv4(bytes, at);
    skb.networkHeader = at;
    skb.transportHeader = at + header;
    return this.#localOut(skb, route);
  }

  /**
   * Sends a packet whose header is complete (ip_output): our own, or a forwarded one. Takes ownership.
   * @returns 0, -ENOBUFS, -EMSGSIZE.
   */
  finish(skb: SkBuff, route: Route): number {
    const length = skb.length;
    this.#snmp.ip.OutTransmits++;
    this.#snmp.ipExt.OutOctets += length;
    const type = route.type;
    if (type === "broadcast" || type === "multicast") this.#loopBack(skb, route, length);
    const mtu = skb.cb0 === FORWARDED ? route.forwardMtu : route.mtu;
    if (length > mtu && (skb.gsoSize === 0 || segmentBytes(skb) > mtu)) return this.#fragment(skb, route, mtu);
    return this.#transmit(skb, route);
  }

  /** This machine at that address, for the options that record the way. */
  hop(address: Ipv4Address): Hop {
    const addresses = this.#parts.addresses;
    return { address, clock: this.clock(), isOurs: (other) => addresses.isLocal(other) };
  }

  /** ms since midnight UTC: a run starts at midnight. */
  clock(): number {
    return Math.floor(this.#core.engine.now / 1_000_000) % 86_400_000;
  }

  #localOut(skb: SkBuff, route: Route): number {
    this.#snmp.ip.OutRequests++;
    const cost = this.#core.costs.ipOutput;
    if (cost > 0) this.#core.cpu.charge(cost);
    skb.protocol = ETHERTYPE_IPV4;
    skb.cb0 = 0;
    return this.finish(skb, route);
  }

  #transmit(skb: SkBuff, route: Route): number {
    const device = route.device;
    if (!device.isUp) {
      this.#snmp.ip.OutDiscards++;
      this.#core.drop(skb, "DEV_READY");
      return -E.ENETDOWN;
    }
    if (device.isLoopback || device.isPointToPoint) {
      skb.deviceIndex = device.index;
      return device.xmit(skb);
    }
    if (route.type === "unicast") {
      let neighbour = route.neighbour;
      if (neighbour === null || neighbour.dead) {
        neighbour = this.#parts.neighbours.findOrCreate(device, route.nextHop);
        if (neighbour === null) {
          this.#snmp.ip.OutDiscards++;
          this.#core.drop(skb, "NEIGH_TABLE_FULL");
          return -E.ENOBUFS;
        }
        route.neighbour = neighbour;
      }
      return neighbour.send(skb);
    }
    const mac = route.type === "multicast" ? multicastMac(route.target) : MAC_BROADCAST;
    const skbs = this.#core.skbs;
    skbs.makeWritable(skb);
    skb.deviceIndex = device.index;
    device.header(skb, mac, ETHERTYPE_IPV4);
    return device.xmit(skb);
  }

  /**
   * Broadcasts, and multicasts to our own groups, are heard by ourselves too (ip_mc_output). They come in by the
   * loopback device here, where Linux feeds them back into the one they leave by.
   */
  #loopBack(skb: SkBuff, route: Route, length: number): void {
    const isMulticasted = route.type === "multicast";
    if (isMulticasted) {
      this.#snmp.ipExt.OutMcastPkts++;
      this.#snmp.ipExt.OutMcastOctets += length;
    } else {
      this.#snmp.ipExt.OutBcastPkts++;
      this.#snmp.ipExt.OutBcastOctets += length;
    }
    const loopback = this.#parts.devices.byIndex(LOOPBACK_INDEX);
    if (!loopback?.isUp || route.device.isLoopback) return;
    if (isMulticasted && !this.#parts.addresses.isMember(route.target)) return;
    const twin = this.#core.skbs.copy(skb);
    twin.deviceIndex = loopback.index;
    loopback.xmit(twin);
  }

  /** ip_fragment. */
  #fragment(skb: SkBuff, route: Route, mtu: number): number {
    if ((u16(skb.bytes, skb.data + IPV4.fragment) & IP_DF) !== 0) {
      this.#snmp.ip.FragFails++;
      this.#icmp?.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.FRAG_NEEDED, mtu);
      this.#core.drop(skb, "PKT_TOO_BIG");
      return -E.EMSGSIZE;
    }
    const pieces = new Fragmenter(this.#core, skb, mtu);
    let error = 0;
    for (let piece = pieces.next(); piece !== null && error === 0; piece = pieces.next()) {
      error = this.#transmit(piece, route);
      if (error === 0) this.#snmp.ip.FragCreates++;
      else break;
    }
    if (error === 0) this.#snmp.ip.FragOKs++;
    else this.#snmp.ip.FragFails++;
    this.#core.consume(skb);
    return error;
  }

  #ttlOf(target: Ipv4Address): number {
    return isMulticast(target) ? 1 : this.#sysctls.defaultTtl;
  }

  #refuse(skb: SkBuff, errno: number): number {
    this.#core.drop(skb, errno === E.EMSGSIZE ? "PKT_TOO_BIG" : "IP_INHDR");
    return -errno;
  }
}

/** In `cb0` of a packet between forwarding and output: the learned path MTU does not count for it. */
export const FORWARDED = 1;

/** The DSCP of a packet as its priority band (rt_tos2priority, TC_PRIO_*). */
export const tosToPriority = (tos: number): number => u8(TOS_PRIORITIES, (tos & 0x1e) >> 1);
/** Linux's ip_tos2prio by the four TOS bits: best effort 0, bulk 2, interactive 6, interactive bulk 4. */
const TOS_PRIORITIES = Uint8Array.of(0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4);

/** IP length of one segment of a merged TCP packet, which the device cuts up again. `data` at the IP header. */
export function segmentBytes(skb: SkBuff): number {
  const tcpHeader = (u8(skb.bytes, skb.transportHeader + 12) >>> 4) * 4;
  return skb.transportHeader - skb.data + tcpHeader + skb.gsoSize;
}
