/**
 * IPv4 and what it carries, for the dissector: ICMP with the packet it quotes, UDP, TCP, IPv4 in IPv4.
 * Checksums are verified where all bytes they cover are there; inside a quotation they almost never are.
 */
import { u16, u8 } from "../base/bytes.ts";
import { formatIpv4 } from "./address.ts";
import { checksum } from "./checksum.ts";
import type { LayerList } from "./dissect-layers.ts";
import { WIRE_ERRORS, type WireError } from "./error.ts";
import { markField, type Field } from "./fields.ts";
import { describeIcmp } from "./icmp-text.ts";
import { fieldsOfIcmp, ICMP, ICMP_HEADER_BYTES, isIcmpError } from "./icmp.ts";
import { fieldsOfIpv4Options } from "./ipv4-options.ts";
import {
  fieldsOfIpv4,
  IPPROTO_ICMP,
  IPPROTO_IPIP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4,
  IPV4_HEADER_BYTES,
  ipv4FragmentOffset,
  ipv4HeaderBytes,
  ipv4IsFragment,
  ipv4Source,
  ipv4Target,
  ipv4TotalLength,
} from "./ipv4.ts";
import { fieldsOfTcpOptions } from "./tcp-options.ts";
import { fieldsOfTcp, TCP, TCP_HEADER_BYTES, tcpChecksum, tcpFlags, tcpHeaderBytes, TH, tcpSeq } from "./tcp.ts";
import { fieldsOfUdp, UDP, UDP_HEADER_BYTES, udpChecksum, type Endpoints } from "./udp.ts";

/** What a transport protocol needs to know of the packet around it. */
type Carrier = { readonly between: Endpoints; readonly at: number; readonly to: number; readonly complete: boolean };

/** The packet at `at`. @returns where it ends by its own length, at most `to`. */
export function dissectIpv4(list: LayerList, at: number, to: number): number {
  const { bytes } = list;
  const headerBytes = to - at < IPV4_HEADER_BYTES ? 0 : ipv4HeaderBytes(bytes, at);
  const damage = headerDamage(bytes, at, to);
  if (damage !== null) {
    const fields = withStatus(fieldsOfIpv4(bytes, at, to), "ip", null);
    list.add({ protocol: "ip", summary: "IPv4", range: [at, to], fields, error: WIRE_ERRORS[damage] });
    return to;
  }
  const headerEnd = Math.min(at + headerBytes, to);
  // A total length of 0 is what a capture shows of a super-segment before the adapter cut it up.
  const total = ipv4TotalLength(bytes, at) === 0 ? to - at : ipv4TotalLength(bytes, at);
  const end = Math.min(at + total, to);
  const between = { source: ipv4Source(bytes, at), target: ipv4Target(bytes, at) };
  let error: string | null = null;
  if (total < headerBytes) error = "the total length is below the header's";
  else if (at + total > to && list.quotes === 0) error = `cut short: ${to - at} of ${total} bytes`;
  const verdict = headerEnd - at < headerBytes ? null : checksum(bytes, at, headerBytes) === 0;
  list.add({
    protocol: "ip",
    summary: `IPv4, ${formatIpv4(between.source)} > ${formatIpv4(between.target)}`,
    range: [at, headerEnd],
    fields: [
      ...withStatus(fieldsOfIpv4(bytes, at, to), "ip", verdict),
      ...fieldsOfIpv4Options(bytes, at + IPV4_HEADER_BYTES, headerEnd),
    ],
    ...(error === null ? {} : { error }),
  });
  if (total < headerBytes) {
    list.data(headerEnd, to, "behind a damaged header");
    return to;
  }
  if (ipv4FragmentOffset(bytes, at) > 0) list.data(headerEnd, end, `fragment at ${ipv4FragmentOffset(bytes, at)}`);
  else {
    const complete = at + total <= to && !ipv4IsFragment(bytes, at);
    dissectTransport(list, u8(bytes, at + IPV4.protocol), { between, at: headerEnd, to: end, complete });
  }
  return end;
}

/** What keeps a header from being read at all. */
function headerDamage(bytes: Uint8Array, at: number, to: number): WireError | null {
  if (to - at < IPV4_HEADER_BYTES) return "truncated";
  if (u8(bytes, at) >>> 4 !== 4) return "bad-version";
  return ipv4HeaderBytes(bytes, at) < IPV4_HEADER_BYTES ? "bad-header-length" : null;
}

function dissectTransport(list: LayerList, protocol: number, carrier: Carrier): void {
  if (!list.hasRoom) return list.data(carrier.at, carrier.to, "nested too deep");
  switch (protocol) {
    case IPPROTO_ICMP:
      return dissectIcmp(list, carrier);
    case IPPROTO_UDP:
      return dissectUdp(list, carrier);
    case IPPROTO_TCP:
      return dissectTcp(list, carrier);
    case IPPROTO_IPIP:
      return list.data(dissectIpv4(list, carrier.at, carrier.to), carrier.to, "behind the inner packet");
    default:
      list.data(carrier.at, carrier.to, `IP protocol ${protocol}`);
  }
}

function dissectIcmp(list: LayerList, carrier: Carrier): void {
  const { bytes } = list;
  const { at, to } = carrier;
  const isWhole = to - at >= ICMP_HEADER_BYTES;
  const verdict = carrier.complete && isWhole ? checksum(bytes, at, to - at) === 0 : null;
  const fields = withStatus(fieldsOfIcmp(bytes, at, to), "icmp", verdict);
  const headerEnd = Math.min(at + ICMP_HEADER_BYTES, to);
  if (!isWhole) {
    list.add({ protocol: "icmp", summary: "ICMP", range: [at, to], fields, error: WIRE_ERRORS.truncated });
    return;
  }
  const type = u8(bytes, at + ICMP.type);
  const summary = describeIcmp(bytes, at);
  list.add({ protocol: "icmp", summary, range: [at, headerEnd], fields });
  if (!isIcmpError(type)) return list.data(headerEnd, to, "ICMP data");
  const quotedBytes = type === 5 ? 0 : u8(bytes, at + ICMP.length) * 4;
  const quoteEnd = quotedBytes === 0 ? to : Math.min(headerEnd + quotedBytes, to);
  list.quotes++;
  const end = list.hasRoom ? dissectIpv4(list, headerEnd, quoteEnd) : headerEnd;
  list.quotes--;
  list.data(end, to, "behind the quoted packet");
}

function dissectUdp(list: LayerList, carrier: Carrier): void {
  const { bytes } = list;
  const { at, to } = carrier;
  const available = to - at;
  const fields = fieldsOfUdp(bytes, at, to);
  if (available < UDP_HEADER_BYTES) {
    list.add({ protocol: "udp", summary: "UDP", range: [at, to], fields, error: WIRE_ERRORS.truncated });
    return;
  }
  const length = u16(bytes, at + UDP.length);
  const impossible = length < UDP_HEADER_BYTES || (carrier.complete && length > available);
  const verifiable = carrier.complete && !impossible;
  const verdict = verifiable ? udpChecksum(bytes, at, length, carrier.between) === 0 : null;
  const checked = withStatus(fields, "udp", u16(bytes, at + UDP.checksum) === 0 ? "absent" : verdict);
  const end = impossible ? to : Math.min(at + length, to);
  const ports = `${u16(bytes, at + UDP.sourcePort)} > ${u16(bytes, at + UDP.targetPort)}`;
  list.add({
    protocol: "udp",
    summary: `UDP, ${ports}, ${Math.max(length - UDP_HEADER_BYTES, 0)} bytes`,
    range: [at, at + UDP_HEADER_BYTES],
    fields: impossible ? markField(checked, "udp.length", "does not fit the packet") : checked,
    ...(impossible ? { error: WIRE_ERRORS["bad-length"] } : {}),
  });
  list.data(at + UDP_HEADER_BYTES, end, "UDP payload");
  list.data(end, to, "behind the datagram");
}

const FLAG_NAMES = [
  [TH.FIN, "FIN"],
  [TH.SYN, "SYN"],
  [TH.RST, "RST"],
  [TH.PSH, "PSH"],
  [TH.ACK, "ACK"],
  [TH.URG, "URG"],
  [TH.ECE, "ECE"],
  [TH.CWR, "CWR"],
] as const;

function dissectTcp(list: LayerList, carrier: Carrier): void {
  const { bytes } = list;
  const { at, to } = carrier;
  const fields = fieldsOfTcp(bytes, at, to);
  const headerBytes = to - at < TCP_HEADER_BYTES ? 0 : tcpHeaderBytes(bytes, at);
  if (headerBytes < TCP_HEADER_BYTES) {
    const error = to - at < TCP_HEADER_BYTES ? "truncated" : "bad-header-length";
    // An ICMP error need not quote more than 8 bytes of the transport header (RFC 792).
    const expected = error === "truncated" && list.quotes > 0;
    const range = [at, to] as const;
    const summary = to - at >= 4 ? `TCP, ${portsOf(bytes, at)}` : "TCP";
    list.add({ protocol: "tcp", summary, range, fields, ...(expected ? {} : { error: WIRE_ERRORS[error] }) });
    return;
  }
  const headerEnd = Math.min(at + headerBytes, to);
  const verdict = carrier.complete && headerEnd === at + headerBytes ? checkTcp(bytes, carrier) : null;
  const flags = FLAG_NAMES.filter(([bit]) => (tcpFlags(bytes, at) & bit) !== 0).map(([, name]) => name);
  const details = `[${flags.join(", ")}], seq ${tcpSeq(bytes, at)}, win ${u16(bytes, at + TCP.window)}`;
  list.add({
    protocol: "tcp",
    summary: `TCP, ${portsOf(bytes, at)} ${details}, ${to - headerEnd} bytes`,
    range: [at, headerEnd],
    fields: [...withStatus(fields, "tcp", verdict), ...fieldsOfTcpOptions(bytes, at + TCP_HEADER_BYTES, headerEnd)],
    ...(at + headerBytes > to && list.quotes === 0 ? { error: WIRE_ERRORS.truncated } : {}),
  });
  list.data(headerEnd, to, "TCP payload");
}

const portsOf = (bytes: Uint8Array, at: number): string =>
  `${u16(bytes, at + TCP.sourcePort)} > ${u16(bytes, at + TCP.targetPort)}`;

const checkTcp = (bytes: Uint8Array, { at, to, between }: Carrier): boolean =>
  tcpChecksum(bytes, at, to - at, between) === 0;

/** Adds `<protocol>.checksum.status`: null is unverified, "absent" a UDP sender's right. */
function withStatus(fields: readonly Field[], protocol: string, verdict: boolean | "absent" | null): Field[] {
  const name = `${protocol}.checksum`;
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) return [...fields];
  const marked = verdict === false ? markField(fields, name, "does not match the bytes") : [...fields];
  return [
    ...marked,
    { name: `${name}.status`, label: "Checksum status", value: statusText(verdict), range: field.range },
  ];
}

function statusText(verdict: boolean | "absent" | null): string {
  if (verdict === null) return "unverified";
  return verdict === "absent" ? "not present" : verdict ? "good" : "bad";
}
