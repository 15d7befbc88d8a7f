/**
 * IPv4 input: the checks of RFC 1122, section 3.2.1, and RFC 1812, section 4.2.2, in the order of Linux's ip_rcv, then
 * routing, and delivery to a protocol or forwarding (net/ipv4/ip_input.c, ip_route_input_slow of net/ipv4/route.c).
 * Left out: early demultiplexing, packet filter tables other than the forward queue, and checks of what loops back
 * through `lo`, which this machine has sent itself.
 */
import { u16, u8 } from "../../base/bytes.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { isLimitedBroadcast, isLoopback, isMulticast, isZeroNetwork, type Ipv4Address } from "../../wire/address.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import {
  ECN,
  ECN_MASK,
  IP_MF,
  IP_OFFSET,
  IPV4,
  IPV4_HEADER_BYTES,
  ipv4Source,
  ipv4Target,
  sealIpv4,
} from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { SnmpCounters } from "../counters.ts";
import type { NetDevice, PacketHandler } from "../device/net-device.ts";
import { PACKET_OTHERHOST, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { AddressTable } from "./addresses.ts";
import type { IpForward } from "./forward.ts";
import { isHeaderSumRight } from "./header-checksum.ts";
import type { IcmpSender } from "./icmp-send.ts";
import { RAW_TAKEN } from "./icmp.ts";
import { checkOptions, recordHop } from "./ip-options.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import type { IpOutput } from "./output.ts";
import type { IpProtocol, RawHook } from "./protocol.ts";
import type { Reassembly } from "./reassembly.ts";
import type { Routing } from "./routing.ts";

/** What input works with. */
export interface InputParts {
  readonly addresses: AddressTable;
  readonly routing: Routing;
  readonly forward: IpForward;
  readonly output: IpOutput;
  readonly reassembly: Reassembly;
  readonly icmp: IcmpSender;
  readonly sysctls: IpSysctls;
}

export class IpInput implements PacketHandler {
  readonly #core: KernelCore;
  readonly #snmp: SnmpCounters;
  readonly #parts: InputParts;
  // What is looked at for each packet, without the way by `#parts`.
  readonly #routing: Routing;
  readonly #addresses: AddressTable;
  readonly #sysctls: IpSysctls;
  /** By protocol number, as far as there are any. */
  readonly #protocols: (IpProtocol | null)[] = [];
  rawHook: RawHook | null = null;

  constructor(core: KernelCore, parts: InputParts) {
    this.#core = core;
    this.#snmp = core.snmp;
    this.#parts = parts;
    this.#routing = parts.routing;
    this.#addresses = parts.addresses;
    this.#sysctls = parts.sysctls;
  }

  register(protocol: number, handler: IpProtocol): void {
    while (this.#protocols.length <= protocol) this.#protocols.push(null);
    this.#protocols[protocol] = handler;
  }

  protocol(number: number): IpProtocol | null {
    return this.#protocols[number] ?? null;
  }

  /** ip_rcv: `data` at the IP header, in softirq context; owns the packet. */
  receive(skb: SkBuff, device: NetDevice): void {
    const core = this.#core;
    const snmp = this.#snmp;
    const cost = core.costs.ipReceive;
    if (cost > 0) core.cpu.charge(cost);
    if (skb.packetType === PACKET_OTHERHOST) {
      core.drop(skb, "OTHERHOST");
      return;
    }
    const length = skb.length;
    snmp.ip.InReceives++;
    snmp.ipExt.InOctets += length;
    if (skb.headLength < IPV4_HEADER_BYTES) {
      this.#headerError(skb, "IP_INHDR");
      return;
    }
    const bytes = skb.bytes;
    const at = skb.data;
    const versionIhl = u8(bytes, at);
    const header = (versionIhl & 15) * 4;
    if (versionIhl >> 4 !== 4 || header < IPV4_HEADER_BYTES || header > skb.headLength) {
      this.#headerError(skb, "IP_INHDR");
      return;
    }
    countEcn(snmp.ipExt, u8(bytes, at + IPV4.tos));
    if (!isHeaderSumRight(bytes, at, header)) {
      snmp.ipExt.InCsumErrors++;
      this.#headerError(skb, "IP_CSUM");
      return;
    }
    const total = u16(bytes, at + IPV4.totalLength);
    if (total > length) {
      snmp.ipExt.InTruncatedPkts++;
      core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    if (total < header) {
      this.#headerError(skb, "IP_INHDR");
      return;
    }
    // Behind the datagram lies padding of a short frame.
    if (total < length) this.#trim(skb, total);
    skb.networkHeader = at;
    skb.transportHeader = at + header;
    this.#route(skb, device, header);
  }

  /** ip_rcv_finish and ip_route_input. */
  #route(skb: SkBuff, device: NetDevice, header: number): void {
    const bytes = skb.bytes;
    const at = skb.data;
    const target = ipv4Target(bytes, at);
    if (!device.isLoopback) {
      const reason = this.#refuseSource(ipv4Source(bytes, at), target, device);
      if (reason !== null) {
        this.#core.drop(skb, reason);
        return;
      }
    }
    if (header > IPV4_HEADER_BYTES && !this.#acceptOptions(skb, header)) return;
    if (target >>> 28 >= 14) {
      this.#toMany(skb, target, header);
      return;
    }
    const route = this.#routing.find(target, 0);
    if (typeof route === "number") {
      this.#noRoute(skb, route);
    } else if (route.type === "unicast") {
      if (this.#sysctls.ipForward === 1) this.#parts.forward.forward(skb, route, device);
      else this.#notForUs(skb);
    } else if (route.type === "local") {
      this.#deliver(skb, header);
    } else {
      this.#toMany(skb, target, header);
    }
  }

  /** Why a packet with these addresses cannot come from that wire; null when it can. */
  #refuseSource(source: Ipv4Address, target: Ipv4Address, device: NetDevice): DropReason | null {
    // Class D and E: nobody's address. Loopback addresses never appear on a wire (RFC 1122, section 3.2.1.3).
    if (source >>> 28 >= 14 || isLoopback(source) || isLoopback(target)) return this.#martian();
    if (isZeroNetwork(source)) {
      // A host that does not know its address yet may broadcast.
      return source === 0 && (isLimitedBroadcast(target) || isMulticast(target)) ? null : this.#martian();
    }
    if (isZeroNetwork(target) || this.#addresses.isLocal(source)) return this.#martian();
    return this.#sysctls.rpFilter === 0 ? null : this.#reversePath(source, device);
  }

  #martian(): DropReason {
    this.#snmp.ip.InAddrErrors++;
    return "IP_MARTIAN";
  }

  /** RFC 3704: 1 strict, the way back leads over the same interface; 2 loose, there is one. */
  #reversePath(source: Ipv4Address, device: NetDevice): DropReason | null {
    const back = this.#routing.find(source, 0);
    const passes =
      typeof back !== "number" && back.type === "unicast" && (this.#sysctls.rpFilter === 2 || back.device === device);
    return passes ? null : "IP_RPFILTER";
  }

  /** Broadcast and multicast. */
  #toMany(skb: SkBuff, target: Ipv4Address, header: number): void {
    const ext = this.#snmp.ipExt;
    if (isMulticast(target)) {
      ext.InMcastPkts++;
      ext.InMcastOctets += skb.length;
      if (!this.#addresses.isMember(target)) {
        this.#snmp.ip.InDiscards++;
        this.#core.drop(skb, "OTHERHOST");
        return;
      }
    } else if (target >>> 28 === 15 && !isLimitedBroadcast(target)) {
      this.#core.drop(skb, this.#martian());
      return;
    } else {
      ext.InBcastPkts++;
      ext.InBcastOctets += skb.length;
    }
    this.#deliver(skb, header);
  }

  /** ip_local_deliver: reassembles, then hands over. */
  #deliver(skb: SkBuff, header: number): void {
    if ((u16(skb.bytes, skb.data + IPV4.fragment) & (IP_MF | IP_OFFSET)) === 0) {
      this.#demultiplex(skb, header);
      return;
    }
    const whole = this.#parts.reassembly.add(skb);
    if (whole !== null) this.#demultiplex(whole, whole.transportHeader - whole.data);
  }

  /** ip_local_deliver_finish and ip_protocol_deliver_rcu. */
  #demultiplex(skb: SkBuff, header: number): void {
    const at = skb.data;
    if (header > IPV4_HEADER_BYTES) this.#recordArrival(skb, header);
    const protocol = u8(skb.bytes, at + IPV4.protocol);
    skb.pull(header);
    const wasRaw = this.rawHook !== null && this.rawHook.deliver(skb, protocol);
    const handler = this.#protocols[protocol] ?? null;
    if (handler !== null) {
      this.#snmp.ip.InDelivers++;
      skb.cb0 = wasRaw ? RAW_TAKEN : 0;
      handler.receive(skb);
    } else if (wasRaw) {
      this.#snmp.ip.InDelivers++;
      this.#core.consume(skb);
    } else {
      this.#snmp.ip.InUnknownProtos++;
      this.#parts.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.PROT_UNREACH, 0);
      this.#core.drop(skb, "IP_NOPROTO");
    }
  }

  /** @returns false when the packet is gone. */
  #acceptOptions(skb: SkBuff, header: number): boolean {
    const check = checkOptions(skb.bytes, skb.data, header);
    if (check.problemAt >= 0) {
      this.#parts.icmp.send(skb, ICMP_TYPE.PARAMETERPROB, 0, check.problemAt);
      this.#headerError(skb, "IP_INHDR");
      return false;
    }
    if (!check.hasSourceRoute) return true;
    this.#core.drop(skb, "IP_SOURCE_ROUTE");
    return false;
  }

  #recordArrival(skb: SkBuff, header: number): void {
    this.#core.skbs.makeWritable(skb);
    const at = skb.data;
    const hop = this.#parts.output.hop(ipv4Target(skb.bytes, at));
    if (recordHop(skb.bytes, at, header, hop)) sealIpv4(skb.bytes, at);
  }

  #notForUs(skb: SkBuff): void {
    this.#snmp.ip.InAddrErrors++;
    this.#core.drop(skb, "IP_NOT_FORWARDING");
  }

  /** ip_error: what a route that leads nowhere has to say. */
  #noRoute(skb: SkBuff, errno: number): void {
    if (this.#sysctls.ipForward === 0) {
      this.#notForUs(skb);
      return;
    }
    if (errno === -E.ENETUNREACH) {
      this.#snmp.ipExt.InNoRoutes++;
      this.#parts.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.NET_UNREACH, 0);
    } else if (errno === -E.EHOSTUNREACH) {
      this.#parts.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.HOST_UNREACH, 0);
    } else if (errno === -E.EACCES) {
      this.#parts.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.PKT_FILTERED, 0);
    }
    // A blackhole swallows silently.
    this.#core.drop(skb, "IP_INNOROUTES");
  }

  #headerError(skb: SkBuff, reason: DropReason): void {
    this.#snmp.ip.InHdrErrors++;
    this.#core.drop(skb, reason);
  }

  #trim(skb: SkBuff, total: number): void {
    this.#core.skbs.linearize(skb);
    skb.trim(total);
  }
}

export function countEcn(ext: SnmpCounters["ipExt"], tos: number): void {
  const mark = tos & ECN_MASK;
  if (mark === ECN.NOT_ECT) ext.InNoECTPkts++;
  else if (mark === ECN.ECT_1) ext.InECT1Pkts++;
  else if (mark === ECN.ECT_0) ext.InECT0Pkts++;
  else ext.InCEPkts++;
}
