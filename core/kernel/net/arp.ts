/**
 * ARP, RFC 826, by the rules of Linux's arp_process (net/ipv4/arp.c): a question to us is answered and its sender
 * noted; anything else only refreshes neighbours that are known already. A second host with our address is noted in the
 * log (the first step of RFC 5227; no defence). Left out: proxy ARP, arp_announce, arp_filter, RARP.
 */
import { u16, u8 } from "../../base/bytes.ts";
import {
  formatIpv4,
  formatMac,
  isLoopback,
  isMulticast,
  MAC_BROADCAST,
  MAC_ZERO,
  readIpv4,
  readMac,
  type Ipv4Address,
  type MacAddress,
} from "../../wire/address.ts";
import { ARP, ARP_BYTES, ARP_PROTOCOL_IPV4, ARPHRD_ETHER, ARPOP, putArp, type Arp } from "../../wire/arp.ts";
import { ETHERTYPE_ARP } from "../../wire/ethernet.ts";
import { IPV4, IPV4_HEADER_BYTES } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { NetDevice, PacketHandler } from "../device/net-device.ts";
import { NO_HEADER, PACKET_HOST, PACKET_OTHERHOST, type SkBuff } from "../skb/skbuff.ts";
import type { AddressTable } from "./addresses.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import { ADDRESS_CONFLICTS_LOGGED_MAX } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { NeighbourTable } from "./neighbour-table.ts";
import { NUD } from "./nud.ts";

/** What ARP works on. */
export interface ArpSources {
  readonly addresses: AddressTable;
  readonly neighbours: NeighbourTable;
  readonly sysctls: IpSysctls;
}

/** An ARP packet's fields, for the one packet being looked at. */
type Seen = {
  readonly operation: number;
  readonly mac: MacAddress;
  readonly from: Ipv4Address;
  readonly to: Ipv4Address;
};

export class ArpHandler implements PacketHandler {
  readonly #core: KernelCore;
  readonly #addresses: AddressTable;
  readonly #neighbours: NeighbourTable;
  readonly #sysctls: IpSysctls;
  readonly #conflicts = new Set<string>();

  constructor(core: KernelCore, sources: ArpSources) {
    this.#core = core;
    this.#addresses = sources.addresses;
    this.#neighbours = sources.neighbours;
    this.#sysctls = sources.sysctls;
  }

  /** arp_rcv and arp_process. */
  receive(skb: SkBuff, device: NetDevice): void {
    if (skb.packetType === PACKET_OTHERHOST) {
      this.#core.drop(skb, "OTHERHOST");
      return;
    }
    const bytes = skb.bytes;
    const at = skb.data;
    if (skb.headLength < ARP_BYTES || !isEthernetIpv4(bytes, at)) {
      this.#core.drop(skb, "ARP_INHDR");
      return;
    }
    const seen: Seen = {
      operation: u16(bytes, at + ARP.operation),
      mac: readMac(bytes, at + ARP.senderMac),
      from: readIpv4(bytes, at + ARP.senderIp),
      to: readIpv4(bytes, at + ARP.targetIp),
    };
    const isKnown = seen.operation === ARPOP.REQUEST || seen.operation === ARPOP.REPLY;
    if (device.isLoopback || !isKnown || isMulticast(seen.to) || isLoopback(seen.to)) {
      this.#core.drop(skb, "ARP_IGNORED");
      return;
    }
    const toHost = skb.packetType === PACKET_HOST;
    if (this.#process(seen, device, toHost)) this.#core.consume(skb);
    else this.#core.drop(skb, "ARP_IGNORED");
  }

  /** Asks who has the neighbour's address. */
  solicit(neighbour: Neighbour, direct: boolean): void {
    const device = neighbour.device;
    this.#transmit(device, direct ? neighbour.mac : MAC_BROADCAST, {
      operation: ARPOP.REQUEST,
      senderMac: device.mac,
      senderIp: this.#questionSource(neighbour),
      // Zero in a direct question as well, though the answer is known: as Linux does (arp_solicit).
      targetMac: MAC_ZERO,
      targetIp: neighbour.address,
    });
  }

  /** Gratuitous ARP: tells the link that we have this address now (RFC 5227, section 3). */
  announce(device: NetDevice, address: Ipv4Address): void {
    this.#transmit(device, MAC_BROADCAST, {
      operation: ARPOP.REQUEST,
      senderMac: device.mac,
      senderIp: address,
      targetMac: MAC_ZERO,
      targetIp: address,
    });
  }

  /** @returns whether the packet was of use. */
  #process(seen: Seen, device: NetDevice, toHost: boolean): boolean {
    this.#noteConflict(seen, device);
    if (seen.operation === ARPOP.REQUEST && this.#answersFor(seen.to, device)) {
      // A sender without an address is probing whether the address is free (RFC 5227): answered, not remembered.
      if (seen.from !== 0) {
        const entry = this.#neighbours.findOrCreate(device, seen.from);
        entry?.update(seen.mac, NUD.STALE, { override: true, admin: false });
      }
      this.#reply(seen, device);
      return true;
    }
    const isGratuitous = seen.from === seen.to && seen.from !== 0;
    const create = isGratuitous && this.#sysctls.arpAccept === 1;
    const entry = create ? this.#neighbours.findOrCreate(device, seen.from) : this.#neighbours.find(device, seen.from);
    if (entry === null) return false;
    const now = this.#core.engine.now;
    // Several answers to one question: the first one counts for a while (Linux locktime).
    const override = isGratuitous || now > entry.updated + this.#neighbours.locktime;
    const proven = seen.operation === ARPOP.REPLY && toHost;
    entry.update(seen.mac, proven ? NUD.REACHABLE : NUD.STALE, { override, admin: false });
    return true;
  }

  #answersFor(target: Ipv4Address, device: NetDevice): boolean {
    if (!this.#addresses.isLocal(target)) return false;
    return this.#sysctls.arpIgnore === 0 || this.#addresses.isLocalOn(target, device);
  }

  #reply(seen: Seen, device: NetDevice): void {
    this.#transmit(device, seen.mac, {
      operation: ARPOP.REPLY,
      senderMac: device.mac,
      senderIp: seen.to,
      targetMac: seen.mac,
      targetIp: seen.from,
    });
  }

  /** The source of the packet that waits, when it is ours; else the address that fits the neighbour's subnet. */
  #questionSource(neighbour: Neighbour): Ipv4Address {
    const waiting = neighbour.firstQueued;
    if (waiting !== null && waiting.networkHeader !== NO_HEADER && waiting.headLength >= IPV4_HEADER_BYTES) {
      const source = readIpv4(waiting.bytes, waiting.networkHeader + IPV4.source);
      if (this.#addresses.isLocal(source)) return source;
    }
    return this.#addresses.select(neighbour.device, neighbour.address);
  }

  #noteConflict(seen: Seen, device: NetDevice): void {
    if (seen.mac === device.mac || !this.#addresses.isLocalOn(seen.from, device)) return;
    const note = `${formatIpv4(seen.from)} ${formatMac(seen.mac)}`;
    if (this.#conflicts.has(note) || this.#conflicts.size >= ADDRESS_CONFLICTS_LOGGED_MAX) return;
    this.#conflicts.add(note);
    const address = formatIpv4(seen.from);
    this.#core.printk(`IPv4: ${device.name}: duplicate address ${address}, also used by ${formatMac(seen.mac)}`);
  }

  #transmit(device: NetDevice, target: MacAddress, arp: Arp): void {
    if (!device.isUp) return;
    const skb = this.#core.skbs.alloc(ARP_BYTES);
    const at = skb.put(ARP_BYTES);
    putArp(skb.bytes, at, arp);
    skb.networkHeader = at;
    skb.protocol = ETHERTYPE_ARP;
    skb.deviceIndex = device.index;
    device.header(skb, target, ETHERTYPE_ARP);
    device.xmit(skb);
  }
}

const isEthernetIpv4 = (bytes: Uint8Array, at: number): boolean =>
  u16(bytes, at + ARP.hardwareType) === ARPHRD_ETHER &&
  u16(bytes, at + ARP.protocolType) === ARP_PROTOCOL_IPV4 &&
  u8(bytes, at + ARP.hardwareBytes) === 6 &&
  u8(bytes, at + ARP.protocolBytes) === 4;
