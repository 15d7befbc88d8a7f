/** ICMP messages in ping's words (iputils, ping.c: pr_icmph), and matching of the packet an error quotes. */
import { u16, u32, u8 } from "../../base/bytes.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import { IPV4_HEADER_BYTES, ipv4HeaderBytes, ipv4Source, ipv4Target, IPV4 } from "../../wire/ipv4.ts";

const UNREACHABLE: ReadonlyMap<number, string> = new Map([
  [0, "Destination Net Unreachable"],
  [1, "Destination Host Unreachable"],
  [2, "Destination Protocol Unreachable"],
  [3, "Destination Port Unreachable"],
  [5, "Source Route Failed"],
  [6, "Destination Net Unknown"],
  [7, "Destination Host Unknown"],
  [8, "Source Host Isolated"],
  [9, "Destination Net Prohibited"],
  [10, "Destination Host Prohibited"],
  [11, "Destination Net Unreachable for Type of Service"],
  [12, "Destination Host Unreachable for Type of Service"],
  [13, "Packet filtered"],
  [14, "Precedence Violation"],
  [15, "Precedence Cutoff"],
]);
const REDIRECTS = [
  "Redirect Network",
  "Redirect Host",
  "Redirect Type of Service and Network",
  "Redirect Type of Service and Host",
];

export type IcmpError = { readonly type: number; readonly code: number; readonly rest: number };

export function icmpErrorText({ type, code, rest }: IcmpError): string {
  switch (type) {
    case ICMP_TYPE.DEST_UNREACH:
      if (code === ICMP_UNREACH.FRAG_NEEDED) return `Frag needed and DF set (mtu = ${rest & 0xffff})`;
      return UNREACHABLE.get(code) ?? `Dest Unreachable, Bad Code: ${code}`;
    case ICMP_TYPE.SOURCE_QUENCH:
      return "Source Quench";
    case ICMP_TYPE.REDIRECT:
      return (
        (REDIRECTS[code] ?? `Redirect, Bad Code: ${code}`) + `(New nexthop: ${formatIpv4((rest >>> 0) as Ipv4Address)})`
      );
    case ICMP_TYPE.TIME_EXCEEDED:
      if (code > 1) return `Time exceeded, Bad Code: ${code}`;
      return code === 0 ? "Time to live exceeded" : "Frag reassembly time exceeded";
    case ICMP_TYPE.PARAMETERPROB:
      return `Parameter problem: pointer = ${rest >>> 24}`;
    default:
      return `Bad ICMP type: ${type}`;
  }
}

export type IcmpPacket = IcmpError & {
  readonly source: Ipv4Address;
  readonly ttl: number;
  /** What follows the 8 bytes of the ICMP header. */
  readonly body: Uint8Array;
};

/** An IPv4 packet as a raw ICMP socket delivers it; null when it is cut short. */
export function readIcmpPacket(packet: Uint8Array): IcmpPacket | null {
  if (packet.length < IPV4_HEADER_BYTES) return null;
  const at = ipv4HeaderBytes(packet, 0);
  if (at < IPV4_HEADER_BYTES || packet.length < at + ICMP_HEADER_BYTES) return null;
  return {
    source: ipv4Source(packet, 0),
    ttl: u8(packet, IPV4.ttl),
    type: u8(packet, at + ICMP.type),
    code: u8(packet, at + ICMP.code),
    rest: u32(packet, at + ICMP.rest),
    body: packet.subarray(at + ICMP_HEADER_BYTES),
  };
}

export type Quoted = {
  readonly target: Ipv4Address;
  readonly protocol: number;
  /** The first eight bytes behind the quoted IP header, as four 16-bit words. */
  readonly words: readonly [number, number, number, number];
};

/** The head of the packet that an ICMP error quotes; null when it is too short to tell. */
export function readQuoted(body: Uint8Array): Quoted | null {
  if (body.length < IPV4_HEADER_BYTES) return null;
  const at = ipv4HeaderBytes(body, 0);
  if (at < IPV4_HEADER_BYTES || body.length < at + 8) return null;
  return {
    target: ipv4Target(body, 0),
    protocol: u8(body, IPV4.protocol),
    words: [u16(body, at), u16(body, at + 2), u16(body, at + 4), u16(body, at + 6)],
  };
}
