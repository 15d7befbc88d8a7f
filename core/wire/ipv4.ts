/**
 * The IPv4 header, RFC 791. Accessors read and write in place at `at`, the header's first byte. A record carries its
 * checksum as found; `sealIpv4` computes it. Left out: jumbo and zero total lengths (segmentation offload captures).
 */
import { copyBytes, put16, put8, u16, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { putIpv4, readIpv4, type Ipv4Address } from "./address.ts";
import { checksum } from "./checksum.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";
import { ipv4OptionsBytes, parseIpv4Options, putIpv4Options, type Ipv4Option } from "./ipv4-options.ts";

export type Ipv4 = {
  /** DSCP and ECN (RFC 2474, RFC 3168), once the type of service. */
  readonly tos: number;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** The bit that must be zero (RFC 791), kept as found. */
  readonly reservedFlag: boolean;
  /** In bytes: a multiple of 8. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly checksum: number;
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly options: readonly Ipv4Option[];
  readonly payload: Uint8Array;
};

export const IPV4 = {
  versionIhl: 0,
  tos: 1,
  totalLength: 2,
  id: 4,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  target: 16,
  options: 20,
} as const;
export const IPV4_HEADER_BYTES = 20;
export const IPV4_HEADER_BYTES_MAX = 60;
export const IPV4_TOTAL_BYTES_MAX = 65_535;
/** Every link carries this much unfragmented (RFC 791, 3.2); also the least datagram all hosts accept is 576. */
export const IPV4_MTU_MIN = 68;
/** Bits of the 16-bit `fragment` field; Linux names them IP_CE, IP_DF, IP_MF, IP_OFFSET. */
export const IP_CE = 0x8000;
export const IP_DF = 0x4000;
export const IP_MF = 0x2000;
/** Offset in units of 8 bytes. */
export const IP_OFFSET = 0x1fff;

export const IPPROTO_ICMP = 1;
export const IPPROTO_IGMP = 2;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;

/** ECN codepoints of the low two bits of `tos` (RFC 3168, section 5). */
export const ECN = { NOT_ECT: 0, ECT_1: 1, ECT_0: 2, CE: 3 } as const;
export const ECN_MASK = 3;

/** Bytes of the header with its options, as the header says: not checked. */
export const ipv4HeaderBytes = (bytes: Uint8Array, at: number): number => (u8(bytes, at) & 15) * 4;
export const ipv4TotalLength = (bytes: Uint8Array, at: number): number => u16(bytes, at + IPV4.totalLength);
export const ipv4Source = (bytes: Uint8Array, at: number): Ipv4Address => readIpv4(bytes, at + IPV4.source);
export const ipv4Target = (bytes: Uint8Array, at: number): Ipv4Address => readIpv4(bytes, at + IPV4.target);
/** True for every piece of a fragmented datagram: more to come, or not the first. */
export const ipv4IsFragment = (bytes: Uint8Array, at: number): boolean =>
  (u16(bytes, at + IPV4.fragment) & (IP_MF | IP_OFFSET)) !== 0;
/** In bytes. */
export const ipv4FragmentOffset = (bytes: Uint8Array, at: number): number =>
  (u16(bytes, at + IPV4.fragment) & IP_OFFSET) * 8;

/** Computes the header checksum and writes it. */
export function sealIpv4(bytes: Uint8Array, at: number): void {
  put16(bytes, at + IPV4.checksum, 0);
  put16(bytes, at + IPV4.checksum, checksum(bytes, at, ipv4HeaderBytes(bytes, at)));
}

/** What the header at `at` lacks for being read, with `available` bytes there; undefined when it is whole. */
export function ipv4Problem(bytes: Uint8Array, at: number, available: number): WireError | undefined {
  if (available < IPV4_HEADER_BYTES) return "truncated";
  if (u8(bytes, at) >>> 4 !== 4) return "bad-version";
  const header = ipv4HeaderBytes(bytes, at);
  const total = ipv4TotalLength(bytes, at);
  if (header < IPV4_HEADER_BYTES) return "bad-header-length";
  if (header > available) return "truncated";
  return total < header || total > available ? "bad-length" : undefined;
}

/**
 * Bytes behind the total length are padding of a short frame. The checksum is not verified: `checksum` over the header.
 */
export function parseIpv4Packet(bytes: Uint8Array): Result<Ipv4, WireError> {
  const problem = ipv4Problem(bytes, 0, bytes.length);
  if (problem !== undefined) return bad(problem);
  const header = ipv4HeaderBytes(bytes, 0);
  const options = parseIpv4Options(bytes, IPV4_HEADER_BYTES, header);
  if (!options.ok) return options;
  const fragment = u16(bytes, IPV4.fragment);
  return good({
    tos: u8(bytes, IPV4.tos),
    id: u16(bytes, IPV4.id),
    dontFragment: (fragment & IP_DF) !== 0,
    moreFragments: (fragment & IP_MF) !== 0,
    reservedFlag: (fragment & IP_CE) !== 0,
    fragmentOffset: (fragment & IP_OFFSET) * 8,
    ttl: u8(bytes, IPV4.ttl),
    protocol: u8(bytes, IPV4.protocol),
    checksum: u16(bytes, IPV4.checksum),
    source: ipv4Source(bytes, 0),
    target: ipv4Target(bytes, 0),
    options: options.value,
    payload: bytes.subarray(header, ipv4TotalLength(bytes, 0)),
  });
}

/** The packet with the record's own checksum; `sealIpv4(bytes, 0)` puts the right one in. */
export function emitIpv4Packet(packet: Ipv4): Uint8Array {
  const header = IPV4_HEADER_BYTES + ipv4OptionsBytes(packet.options);
  const bytes = new Uint8Array(header + packet.payload.length);
  put8(bytes, IPV4.versionIhl, 0x40 | (header / 4));
  put8(bytes, IPV4.tos, packet.tos);
  put16(bytes, IPV4.totalLength, bytes.length);
  put16(bytes, IPV4.id, packet.id);
  const flags =
    (packet.reservedFlag ? IP_CE : 0) | (packet.dontFragment ? IP_DF : 0) | (packet.moreFragments ? IP_MF : 0);
  put16(bytes, IPV4.fragment, flags | (packet.fragmentOffset / 8));
  put8(bytes, IPV4.ttl, packet.ttl);
  put8(bytes, IPV4.protocol, packet.protocol);
  put16(bytes, IPV4.checksum, packet.checksum);
  putIpv4(bytes, IPV4.source, packet.source);
  putIpv4(bytes, IPV4.target, packet.target);
  putIpv4Options(bytes, IPV4.options, packet.options);
  copyBytes(packet.payload, 0, bytes, header, packet.payload.length);
  return bytes;
}

const FIELDS: readonly FieldSpec[] = [
  { name: "ip.version", label: "Version", at: IPV4.versionIhl, size: 1, mask: 0xf0 },
  { name: "ip.hdr_len", label: "Header length", at: IPV4.versionIhl, size: 1, mask: 0x0f, scale: 4 },
  { name: "ip.dsfield.dscp", label: "Differentiated services codepoint", at: IPV4.tos, size: 1, mask: 0xfc },
  { name: "ip.dsfield.ecn", label: "Explicit congestion notification", at: IPV4.tos, size: 1, mask: ECN_MASK },
  { name: "ip.len", label: "Total length", at: IPV4.totalLength, size: 2 },
  { name: "ip.id", label: "Identification", at: IPV4.id, size: 2, show: "hex" },
  { name: "ip.flags.rb", label: "Reserved bit", at: IPV4.fragment, size: 2, mask: IP_CE },
  { name: "ip.flags.df", label: "Don't fragment", at: IPV4.fragment, size: 2, mask: IP_DF },
  { name: "ip.flags.mf", label: "More fragments", at: IPV4.fragment, size: 2, mask: IP_MF },
  { name: "ip.frag_offset", label: "Fragment offset in 8 bytes", at: IPV4.fragment, size: 2, mask: IP_OFFSET },
  { name: "ip.ttl", label: "Time to live", at: IPV4.ttl, size: 1 },
  { name: "ip.proto", label: "Protocol", at: IPV4.protocol, size: 1 },
  { name: "ip.checksum", label: "Header checksum", at: IPV4.checksum, size: 2, show: "hex" },
  { name: "ip.src", label: "Source", at: IPV4.source, size: 4, show: "ipv4" },
  { name: "ip.dst", label: "Destination", at: IPV4.target, size: 4, show: "ipv4" },
];

/** The fixed fields; `fieldsOfIpv4Options` reads the rest of the header. */
export const fieldsOfIpv4 = (bytes: Uint8Array, at: number, to: number): Field[] => readFields(FIELDS, bytes, at, to);
