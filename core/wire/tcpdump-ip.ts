/**
 * IPv4 and UDP as tcpdump prints them. Left out: what UDP carries, and every protocol but ICMP, UDP, TCP and IPv4 in
 * IPv4, which print as tcpdump prints protocols it does not know.
 */
import { u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4, readIpv4 } from "./address.ts";
import { checksum } from "./checksum.ts";
import { IPOPT } from "./ipv4-options.ts";
import {
  IP_CE,
  IP_DF,
  IP_MF,
  IP_OFFSET,
  IPPROTO_ICMP,
  IPPROTO_IPIP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4,
  IPV4_HEADER_BYTES,
  ipv4HeaderBytes,
  ipv4Source,
  ipv4Target,
} from "./ipv4.ts";
import { printIcmp } from "./tcpdump-icmp.ts";
import { hex4 } from "./tcpdump-numbers.ts";
import { printTcp, type Carried } from "./tcpdump-tcp.ts";
import { checksumWanted, cut, has, type Sheet } from "./tcpdump-text.ts";
import { UDP, UDP_HEADER_BYTES, udpChecksum } from "./udp.ts";

const PROTOCOL_NAMES = new Map<number, string>([
  [0, "Options"],
  [IPPROTO_ICMP, "ICMP"],
  [2, "IGMP"],
  [IPPROTO_IPIP, "IPIP"],
  [IPPROTO_TCP, "TCP"],
  [8, "EGP"],
  [9, "IGRP"],
  [IPPROTO_UDP, "UDP"],
  [33, "DCCP"],
  [41, "IPv6"],
  [46, "RSVP"],
  [47, "GRE"],
  [50, "ESP"],
  [51, "AH"],
  [55, "Mobile IP"],
  [58, "ICMPv6"],
  [88, "EIGRP"],
  [89, "OSPF"],
  [103, "PIM"],
  [108, "Compressed IP"],
  [112, "VRRP"],
  [113, "PGM"],
  [132, "SCTP"],
  [135, "Mobility"],
]);

/** The packet at `at`, `length` bytes long on the wire with whatever padding follows it. */
export function printIpv4(outer: Sheet, at: number, length: number): string {
  const { bytes } = outer;
  if (!has(outer, at, 1)) return cut("ip");
  const version = u8(bytes, at) >>> 4;
  if (version !== 4) return `${version === 6 ? "IP6, wrong link-layer encapsulation" : `IP${version}`} (invalid)`;
  const prefix = outer.linkHeader ? "" : "IP ";
  if (!has(outer, at, IPV4_HEADER_BYTES)) return prefix + cut("ip");
  if (length < IPV4_HEADER_BYTES) return `${prefix}truncated-ip ${length}`;
  const headerBytes = ipv4HeaderBytes(bytes, at);
  if (headerBytes < IPV4_HEADER_BYTES) return `${prefix}bad-hlen ${headerBytes}`;
  const total = u16(bytes, at + IPV4.totalLength);
  const missing = length < total ? `truncated-ip - ${total - length} bytes missing! ` : "";
  if (total < headerBytes) return `${prefix}${missing}bad-len ${total}`;
  const sheet = { ...outer, end: Math.min(outer.end, at + total) };
  const details = sheet.verbosity > 0 ? `(${printDetails(sheet, at)})\n    ` : "";
  return prefix + missing + details + printPayload(sheet, at);
}

function printPayload(sheet: Sheet, at: number): string {
  const { bytes } = sheet;
  const headerBytes = ipv4HeaderBytes(bytes, at);
  const fragment = u16(bytes, at + IPV4.fragment);
  const protocol = u8(bytes, at + IPV4.protocol);
  const between = { source: ipv4Source(bytes, at), target: ipv4Target(bytes, at) };
  const addresses = `${formatIpv4(between.source)} > ${formatIpv4(between.target)}:`;
  if ((fragment & IP_OFFSET) !== 0) return `${addresses} ip-proto-${protocol}`;
  const carried: Carried = {
    at: at + headerBytes,
    length: u16(bytes, at + IPV4.totalLength) - headerBytes,
    between,
    fragmented: (fragment & IP_MF) !== 0,
  };
  if (!has(sheet, at, headerBytes)) {
    const reached = `[remaining caplen(${sheet.end - at}) < header length(${headerBytes})]`;
    return `${addresses}  ${reached}${cut("ip")}`;
  }
  switch (protocol) {
    case IPPROTO_TCP:
      return printTcp(sheet, carried);
    case IPPROTO_UDP:
      return printUdp(sheet, carried);
    case IPPROTO_ICMP:
      return `${addresses} ${printIcmp(sheet, carried, (quoted, length) => printIpv4(sheet, quoted, length))}`;
    case IPPROTO_IPIP:
      return `${addresses} ${printIpv4(sheet, carried.at, carried.length)}`;
    default:
      return `${addresses}  ip-proto-${protocol} ${carried.length}`;
  }
}

function printUdp(sheet: Sheet, carried: Carried): string {
  const { bytes } = sheet;
  const { at, length, between, fragmented } = carried;
  const source = formatIpv4(between.source);
  const target = formatIpv4(between.target);
  if (!has(sheet, at, 4)) return `${source} > ${target}: ${cut("udp")}`;
  const ports = `${source}.${u16(bytes, at)} > ${target}.${u16(bytes, at + 2)}: `;
  if (length < UDP_HEADER_BYTES) return `${ports}truncated-udp ${length}`;
  if (!has(sheet, at, UDP_HEADER_BYTES)) return ports + cut("udp");
  const stated = u16(bytes, at + UDP.length);
  if (stated < UDP_HEADER_BYTES) return `${ports}truncated-udplength ${stated}`;
  const dataBytes = stated - UDP_HEADER_BYTES;
  const available = length - UDP_HEADER_BYTES;
  const verdict = sheet.quiet ? "" : printUdpChecksum(sheet, carried);
  if (dataBytes > available && !fragmented) {
    return `${ports}${verdict}UDP, bad length ${dataBytes} > ${available}`;
  }
  return `${ports}${verdict}UDP, length ${dataBytes}`;
}

function printUdpChecksum(sheet: Sheet, { at, length, between, fragmented }: Carried): string {
  if (sheet.verbosity < 2 || fragmented) return "";
  const field = u16(sheet.bytes, at + UDP.checksum);
  if (field === 0) return "[no cksum] ";
  if (!has(sheet, at, length)) return "";
  const sum = udpChecksum(sheet.bytes, at, length, between);
  return sum === 0 ? "[udp sum ok] " : `[bad udp cksum ${hex4(field)} -> ${hex4(checksumWanted(field, sum))}!] `;
}

const ECN_TEXTS = ["", ",ECT(1)", ",ECT(0)", ",CE"];

/** What `-v` puts in parentheses. */
function printDetails(sheet: Sheet, at: number): string {
  const { bytes } = sheet;
  const headerBytes = ipv4HeaderBytes(bytes, at);
  const tos = u8(bytes, at + IPV4.tos);
  const ttl = u8(bytes, at + IPV4.ttl);
  const fragment = u16(bytes, at + IPV4.fragment);
  const protocol = u8(bytes, at + IPV4.protocol);
  const flags = [fragment & IP_MF ? "+" : "", fragment & IP_DF ? "DF" : "", fragment & IP_CE ? "rsvd" : ""];
  let text = `tos 0x${tos.toString(16)}${ECN_TEXTS[tos & 3] ?? ""}${ttl > 0 ? `, ttl ${ttl}` : ""}`;
  text += `, id ${u16(bytes, at + IPV4.id)}, offset ${(fragment & IP_OFFSET) * 8}`;
  text += `, flags [${flags.filter((flag) => flag !== "").join(", ") || "none"}]`;
  text += `, proto ${PROTOCOL_NAMES.get(protocol) ?? "unknown"} (${protocol})`;
  text += `, length ${u16(bytes, at + IPV4.totalLength)}`;
  if (headerBytes > IPV4_HEADER_BYTES) {
    text += `, options (${printOptions(sheet, at + IPV4_HEADER_BYTES, at + headerBytes)})`;
  }
  if (has(sheet, at, headerBytes)) {
    const sum = checksum(bytes, at, headerBytes);
    const field = u16(bytes, at + IPV4.checksum);
    if (sum !== 0) text += `, bad cksum ${field.toString(16)} (->${checksumWanted(field, sum).toString(16)})!`;
  }
  return text;
}

const OPTION_NAMES = new Map<number, string>([
  [IPOPT.END, "EOL"],
  [IPOPT.NOOP, "NOP"],
  [IPOPT.TIMESTAMP, "timestamp"],
  [130, "security"],
  [IPOPT.RR, "RR"],
  [IPOPT.SSRR, "SSRR"],
  [IPOPT.LSRR, "LSRR"],
  [IPOPT.RA, "RA"],
  [82, "traceroute"],
]);

function printOptions(sheet: Sheet, from: number, to: number): string {
  const { bytes } = sheet;
  let text = "";
  for (let at = from; at < to;) {
    if (!has(sheet, at, 1)) return `${text} [truncated-option]`;
    const kind = u8(bytes, at);
    const single = kind === IPOPT.END || kind === IPOPT.NOOP;
    if (!single && !has(sheet, at, 2)) return `${text} [truncated-option]`;
    const length = single ? 1 : u8(bytes, at + 1);
    text += `${at === from ? "" : ","}${OPTION_NAMES.get(kind) ?? `unknown ${kind}`}`;
    if ((!single && length < 2) || at + length > to) return `${text} [bad length ${length}]`;
    if (!has(sheet, at, length)) return `${text} [truncated-option]`;
    if (kind === IPOPT.END) return text;
    text += printOptionValue(bytes, at, length);
    at += length;
  }
  return text;
}

function printOptionValue(bytes: Uint8Array, at: number, length: number): string {
  switch (u8(bytes, at)) {
    case IPOPT.RR:
    case IPOPT.LSRR:
    case IPOPT.SSRR:
      return printRoute(bytes, at, length);
    case IPOPT.TIMESTAMP:
      return printTimestamps(bytes, at, length);
    case IPOPT.RA: {
      if (length < 4) return ` [bad length ${length}]`;
      const value = u16(bytes, at + 2);
      return value === 0 ? "" : ` value ${value}`;
    }
    default:
      return "";
  }
}

/** Addresses before the pointer, which have been filled in, carry a comma. */
function printRoute(bytes: Uint8Array, at: number, length: number): string {
  if (length < 3) return ` [bad length ${length}]`;
  let text = ((length + 1) & 3) !== 0 ? ` [bad length ${length}]` : "";
  const pointer = u8(bytes, at + 2) - 1;
  if (pointer < 3 || ((pointer + 1) & 3) !== 0 || pointer > length + 1) text += ` [bad ptr ${pointer + 1}]`;
  for (let i = 3; i + 4 <= length; i += 4) {
    text += ` ${formatIpv4(readIpv4(bytes, at + i))}${pointer > i ? "," : ""}`;
  }
  return text;
}

const TIMESTAMP_KINDS = new Map([
  [0, "TSONLY"],
  [1, "TS+ADDR"],
  [3, "PRESPEC"],
]);

function printTimestamps(bytes: Uint8Array, at: number, length: number): string {
  if (length < 4) return `[bad length ${length}]`;
  const flag = u8(bytes, at + 3) & 15;
  const overflow = u8(bytes, at + 3) >>> 4;
  const pointer = u8(bytes, at + 2) - 1;
  const hopBytes = flag === 0 ? 4 : 8;
  let text = " TS{";
  if (((length - 4) & (hopBytes - 1)) !== 0) text += `[bad length ${length}]`;
  if (pointer < 4 || ((pointer - 4) & (hopBytes - 1)) !== 0 || pointer > length + 1) text += `[bad ptr ${pointer + 1}]`;
  const kind = TIMESTAMP_KINDS.get(flag);
  text += kind ?? `[bad ts type ${flag}]`;
  let hop = kind === undefined ? length : 4;
  for (; hop + hopBytes <= length; hop += hopBytes) {
    text += pointer === hop ? " ^ " : " ";
    const address = hopBytes === 8 ? formatIpv4(readIpv4(bytes, at + hop)) : "";
    text += `${u32(bytes, at + hop + hopBytes - 4)}@${address}`;
  }
  if (pointer === hop) text += " ^ ";
  return text + (overflow > 0 ? ` [${overflow} hops not recorded]} ` : "}");
}
