/**
 * A predicate over frames, compiled once from a record and asked in place, without parsing into objects. Knows Ethernet
 * with one 802.1Q tag, ARP, IPv4 and the ports of UDP and TCP. A frame too short for a field does not match a condition
 * on it.
 */
import { u16, u32, u8 } from "../base/bytes.ts";
import { MAC_BROADCAST, readMac } from "../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_VLAN } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPV4, IPV4_HEADER_BYTES, IP_OFFSET } from "../wire/ipv4.ts";
import { VLAN_TAG_BYTES } from "../wire/vlan.ts";

/** An IPv4 address or network; the address as an unsigned number. */
export interface AddressMatch {
  readonly address: number;
  readonly prefixLength: number;
}

/** All conditions that are given must hold; `{}` matches every frame. */
export interface FrameMatch {
  readonly protocol?: "arp" | "ipv4" | "icmp" | "udp" | "tcp" | null;
  /** Of the frame itself, or inside its VLAN tag. */
  readonly etherType?: number | null;
  readonly ipProtocol?: number | null;
  readonly source?: AddressMatch | null;
  readonly destination?: AddressMatch | null;
  readonly sourcePort?: number | null;
  readonly destinationPort?: number | null;
  /** 48-bit numbers. */
  readonly sourceMac?: number | null;
  readonly destinationMac?: number | null;
  /** Whether it is addressed to ff:ff:ff:ff:ff:ff. */
  readonly broadcast?: boolean | null;
  /** Length without FCS. */
  readonly bytesMin?: number | null;
  readonly bytesMax?: number | null;
}

/** Protocol numbers that `protocol` stands for: EtherType, and IP protocol or -1 for any. */
const PROTOCOLS = {
  arp: [ETHERTYPE_ARP, -1],
  ipv4: [ETHERTYPE_IPV4, -1],
  icmp: [ETHERTYPE_IPV4, IPPROTO_ICMP],
  udp: [ETHERTYPE_IPV4, IPPROTO_UDP],
  tcp: [ETHERTYPE_IPV4, IPPROTO_TCP],
} as const;

const ANY = -1;
const ANYTHING: Required<FrameMatch> = {
  protocol: null,
  etherType: null,
  ipProtocol: null,
  source: null,
  destination: null,
  sourcePort: null,
  destinationPort: null,
  sourceMac: null,
  destinationMac: null,
  broadcast: null,
  bytesMin: null,
  bytesMax: null,
};

/** Bytes that source and destination port take at the start of a UDP or TCP header. */
const PORTS_BYTES = 4;

const isWithin = (address: number, network: AddressMatch): boolean =>
  network.prefixLength === 0 || (address ^ network.address) >>> (32 - network.prefixLength) === 0;

export class FrameMatcher {
  readonly #match: Required<FrameMatch>;
  readonly #etherTypes: readonly number[];
  readonly #ipProtocols: readonly number[];
  readonly #readsIp: boolean;
  readonly #readsPorts: boolean;

  constructor(conditions: FrameMatch) {
    const match = { ...ANYTHING, ...conditions };
    this.#match = match;
    const [etherType, ipProtocol] = match.protocol === null ? [ANY, ANY] : PROTOCOLS[match.protocol];
    this.#etherTypes = [etherType, match.etherType ?? ANY].filter((type) => type !== ANY);
    this.#ipProtocols = [ipProtocol, match.ipProtocol ?? ANY].filter((protocol) => protocol !== ANY);
    this.#readsPorts = match.sourcePort !== null || match.destinationPort !== null;
    this.#readsIp =
      this.#readsPorts || this.#ipProtocols.length > 0 || match.source !== null || match.destination !== null;
  }

  matches(frame: Frame): boolean {
    const { length, start } = frame;
    const { bytesMin, bytesMax } = this.#match;
    if (bytesMin !== null && length < bytesMin) return false;
    if (bytesMax !== null && length > bytesMax) return false;
    if (length < ETHERNET_HEADER_BYTES) return false;
    const bytes = frame.bytes;
    if (!this.#matchesMac(bytes, start)) return false;
    let type = u16(bytes, start + ETHERNET.type);
    let at = ETHERNET_HEADER_BYTES;
    if (type === ETHERTYPE_VLAN && length >= ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES) {
      type = u16(bytes, start + ETHERNET.type + VLAN_TAG_BYTES);
      at += VLAN_TAG_BYTES;
    }
    if (!this.#etherTypes.every((wanted) => wanted === type)) return false;
    if (!this.#readsIp) return true;
    return type === ETHERTYPE_IPV4 && this.#matchesIpv4(bytes, start + at, length - at);
  }

  #matchesMac(bytes: Uint8Array, start: number): boolean {
    const { sourceMac, destinationMac, broadcast } = this.#match;
    if (sourceMac !== null && readMac(bytes, start + ETHERNET.source) !== sourceMac) return false;
    if (destinationMac === null && broadcast === null) return true;
    const target: number = readMac(bytes, start + ETHERNET.target);
    if (destinationMac !== null && target !== destinationMac) return false;
    return broadcast === null || (target === MAC_BROADCAST) === broadcast;
  }

  #matchesIpv4(bytes: Uint8Array, at: number, length: number): boolean {
    if (length < IPV4_HEADER_BYTES || u8(bytes, at + IPV4.versionIhl) >> 4 !== 4) return false;
    const { source, destination, sourcePort, destinationPort } = this.#match;
    const protocol = u8(bytes, at + IPV4.protocol);
    if (!this.#ipProtocols.every((wanted) => wanted === protocol)) return false;
    if (source !== null && !isWithin(u32(bytes, at + IPV4.source), source)) return false;
    if (destination !== null && !isWithin(u32(bytes, at + IPV4.target), destination)) return false;
    if (!this.#readsPorts) return true;
    if (protocol !== IPPROTO_UDP && protocol !== IPPROTO_TCP) return false;
    // Only the first fragment has the ports.
    if ((u16(bytes, at + IPV4.fragment) & IP_OFFSET) !== 0) return false;
    const headerBytes = (u8(bytes, at + IPV4.versionIhl) & 15) * 4;
    if (headerBytes < IPV4_HEADER_BYTES || length < headerBytes + PORTS_BYTES) return false;
    if (sourcePort !== null && u16(bytes, at + headerBytes) !== sourcePort) return false;
    return destinationPort === null || u16(bytes, at + headerBytes + 2) === destinationPort;
  }
}
