/** The bytes of packets that a script injects. */
import { put16, put32, put8 } from "../base/bytes.ts";
import { sealIcmp } from "../wire/icmp.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPV4, IPV4_HEADER_BYTES, sealIpv4 } from "../wire/ipv4.ts";
import { ICMP, ICMP_HEADER_BYTES } from "../wire/icmp.ts";
import { sealTcp, TCP, TCP_HEADER_BYTES } from "../wire/tcp.ts";
import { sealUdp, UDP, UDP_HEADER_BYTES } from "../wire/udp.ts";
import type { IcmpSpec, IpSpec, QuoteSpec, TcpSpec, UdpSpec } from "./ast.ts";
import type { ScriptSocket } from "./script-socket.ts";
import { optionsBytes, type ScriptOption } from "./tcp-option-spec.ts";

/** TTL of injected packets, as packetdrill's. */
const TTL = 255;
/** Of the transport header, an ICMP error quotes this much (RFC 792). */
const QUOTE_BYTES = 8;

/** A TCP segment whose numbers are the stack's already. */
export interface LiveNumbers {
  readonly seq: number;
  readonly ack: number;
  readonly options: readonly ScriptOption[];
  readonly payload: Uint8Array;
}

export function tcpBytes(ip: IpSpec, tcp: TcpSpec, numbers: LiveNumbers, socket: ScriptSocket): Uint8Array {
  const header = TCP_HEADER_BYTES + optionsBytes(numbers.options);
  const bytes = packetOf(ip, IPPROTO_TCP, header + numbers.payload.length, socket);
  const at = IPV4_HEADER_BYTES;
  put16(bytes, at + TCP.sourcePort, tcp.ports?.source ?? socket.remote.port);
  put16(bytes, at + TCP.targetPort, tcp.ports?.target ?? socket.local.port);
  put32(bytes, at + TCP.seq, numbers.seq);
  put32(bytes, at + TCP.ack, numbers.ack);
  put16(bytes, at + TCP.offset, ((header / 4) << 12) | tcp.flags);
  put16(bytes, at + TCP.window, tcp.window ?? 0);
  put16(bytes, at + TCP.urgent, tcp.urgent);
  let next = at + TCP_HEADER_BYTES;
  for (const option of numbers.options) {
    bytes.set(option.bytes, next);
    next += option.bytes.length;
  }
  bytes.set(numbers.payload, next);
  sealTcp(bytes, at, bytes.length - at, between(socket));
  return bytes;
}

export function udpBytes(ip: IpSpec, udp: UdpSpec, payload: Uint8Array, socket: ScriptSocket): Uint8Array {
  const bytes = packetOf(ip, IPPROTO_UDP, UDP_HEADER_BYTES + payload.length, socket);
  const at = IPV4_HEADER_BYTES;
  put16(bytes, at + UDP.sourcePort, udp.ports?.source ?? socket.remote.port);
  put16(bytes, at + UDP.targetPort, udp.ports?.target ?? socket.local.port);
  put16(bytes, at + UDP.length, bytes.length - at);
  bytes.set(payload, at + UDP_HEADER_BYTES);
  sealUdp(bytes, at, bytes.length - at, between(socket));
  return bytes;
}

/** @param quotedSeq the stack's number of the quoted segment. */
export function icmpBytes(ip: IpSpec, icmp: IcmpSpec, quotedSeq: number, socket: ScriptSocket): Uint8Array {
  const { quote } = icmp;
  const isRaw = quote.protocol === "raw";
  const quoted = isRaw ? quote.payload : IPV4_HEADER_BYTES + QUOTE_BYTES;
  const bytes = packetOf(ip, IPPROTO_ICMP, ICMP_HEADER_BYTES + quoted, socket);
  const at = IPV4_HEADER_BYTES;
  put8(bytes, at + ICMP.type, icmp.type);
  put8(bytes, at + ICMP.code, icmp.code);
  if (icmp.mtu !== null) put16(bytes, at + ICMP.mtu, icmp.mtu);
  if (icmp.id !== 0) put16(bytes, at + ICMP.id, icmp.id);
  if (!isRaw) putQuote(bytes.subarray(at + ICMP_HEADER_BYTES), icmp.quote, quotedSeq, socket);
  sealIcmp(bytes, at, bytes.length - at);
  return bytes;
}

/** The packet that the error is about: one that the stack sent on this connection. */
function putQuote(bytes: Uint8Array, { protocol, payload }: QuoteSpec, seq: number, socket: ScriptSocket): void {
  const isTcp = protocol === "tcp";
  const transport = isTcp ? TCP_HEADER_BYTES : UDP_HEADER_BYTES;
  put8(bytes, 0, 0x45);
  put16(bytes, IPV4.totalLength, IPV4_HEADER_BYTES + transport + payload);
  put8(bytes, IPV4.ttl, TTL);
  put8(bytes, IPV4.protocol, isTcp ? IPPROTO_TCP : IPPROTO_UDP);
  put32(bytes, IPV4.source, socket.local.address);
  put32(bytes, IPV4.target, socket.remote.address);
  sealIpv4(bytes, 0);
  const header = IPV4_HEADER_BYTES;
  put16(bytes, header, socket.local.port);
  put16(bytes, header + 2, socket.remote.port);
  if (isTcp) put32(bytes, header + TCP.seq, seq);
  else put16(bytes, header + UDP.length, UDP_HEADER_BYTES + payload);
}

function packetOf(ip: IpSpec, protocol: number, length: number, socket: ScriptSocket): Uint8Array {
  const total = IPV4_HEADER_BYTES + length;
  const bytes = new Uint8Array(total);
  put8(bytes, 0, 0x45);
  put8(bytes, IPV4.tos, ip.tos);
  // 65,535 bytes of payload and the headers do not fit the field; such a packet is one that GRO has merged.
  put16(bytes, IPV4.totalLength, Math.min(total, 0xffff));
  put8(bytes, IPV4.ttl, ip.ttl ?? TTL);
  put8(bytes, IPV4.protocol, protocol);
  put32(bytes, IPV4.source, socket.remote.address);
  put32(bytes, IPV4.target, socket.local.address);
  sealIpv4(bytes, 0);
  return bytes;
}

const between = (socket: ScriptSocket) => ({ source: socket.remote.address, target: socket.local.address });
