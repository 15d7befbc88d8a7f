/**
 * The TCP header, RFC 9293, section 3.1. Flags keep all 12 bits behind the data offset: the four reserved ones (the
 * lowest of them is AE of accurate ECN, once NS) and the eight control bits.
 */
import { copyBytes, put16, put32, put8, u16, u32, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "./checksum.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";
import { parseTcpOptions, putTcpOptions, tcpOptionsBytes, type TcpOption } from "./tcp-options.ts";
import type { Endpoints } from "./udp.ts";

export type Tcp = {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** As on the wire, not scaled. */
  readonly window: number;
  readonly checksum: number;
  readonly urgent: number;
  readonly options: readonly TcpOption[];
  readonly payload: Uint8Array;
};

export const TCP = {
  sourcePort: 0,
  targetPort: 2,
  seq: 4,
  ack: 8,
  /** Data offset in the high four bits, then reserved bits. */
  offset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgent: 18,
  options: 20,
} as const;
export const TCP_HEADER_BYTES = 20;
export const TCP_HEADER_BYTES_MAX = 60;
const IPPROTO_TCP = 6;

/** Control bits of the `flags` byte; AE is the bit above them, in the offset byte. */
export const TH = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128, AE: 256 } as const;

/** Bytes of the header with its options, as the header says: not checked. */
export const tcpHeaderBytes = (bytes: Uint8Array, at: number): number => (u8(bytes, at + TCP.offset) >>> 4) * 4;
/** The eight control bits. */
export const tcpFlags = (bytes: Uint8Array, at: number): number => u8(bytes, at + TCP.flags);
export const tcpSeq = (bytes: Uint8Array, at: number): number => u32(bytes, at + TCP.seq);
export const tcpAck = (bytes: Uint8Array, at: number): number => u32(bytes, at + TCP.ack);

/** Sum over pseudo-header and segment: 0 when the checksum in place is right. */
export function tcpChecksum(bytes: Uint8Array, at: number, length: number, between: Endpoints): number {
  return checksumFold(
    checksumPartial(bytes, at, length, pseudoHeaderSum(between.source, between.target, IPPROTO_TCP, length)),
  );
}

/** Computes the checksum of the segment of `length` bytes and writes it. */
export function sealTcp(bytes: Uint8Array, at: number, length: number, between: Endpoints): void {
  put16(bytes, at + TCP.checksum, 0);
  put16(bytes, at + TCP.checksum, tcpChecksum(bytes, at, length, between));
}

/** `bytes` is the whole segment: IPv4's payload. The checksum is not verified. */
export function parseTcp(bytes: Uint8Array): Result<Tcp, WireError> {
  if (bytes.length < TCP_HEADER_BYTES) return bad("truncated");
  const header = tcpHeaderBytes(bytes, 0);
  if (header < TCP_HEADER_BYTES) return bad("bad-header-length");
  if (header > bytes.length) return bad("truncated");
  const options = parseTcpOptions(bytes, TCP_HEADER_BYTES, header);
  if (!options.ok) return options;
  return good({
    sourcePort: u16(bytes, TCP.sourcePort),
    targetPort: u16(bytes, TCP.targetPort),
    seq: u32(bytes, TCP.seq),
    ack: u32(bytes, TCP.ack),
    flags: u16(bytes, TCP.offset) & 0xfff,
    window: u16(bytes, TCP.window),
    checksum: u16(bytes, TCP.checksum),
    urgent: u16(bytes, TCP.urgent),
    options: options.value,
    payload: bytes.subarray(header),
  });
}

/** The segment with the record's own checksum; `sealTcp` puts the right one in. */
export function emitTcp(segment: Tcp): Uint8Array {
  const header = TCP_HEADER_BYTES + tcpOptionsBytes(segment.options);
  const bytes = new Uint8Array(header + segment.payload.length);
  put16(bytes, TCP.sourcePort, segment.sourcePort);
  put16(bytes, TCP.targetPort, segment.targetPort);
  put32(bytes, TCP.seq, segment.seq);
  put32(bytes, TCP.ack, segment.ack);
  put8(bytes, TCP.offset, ((header / 4) << 4) | (segment.flags >>> 8));
  put8(bytes, TCP.flags, segment.flags);
  put16(bytes, TCP.window, segment.window);
  put16(bytes, TCP.checksum, segment.checksum);
  put16(bytes, TCP.urgent, segment.urgent);
  putTcpOptions(bytes, TCP.options, segment.options);
  copyBytes(segment.payload, 0, bytes, header, segment.payload.length);
  return bytes;
}

const flag = (name: string, label: string, mask: number): FieldSpec => ({
  name: `tcp.flags.${name}`,
  label,
  at: TCP.offset,
  size: 2,
  mask,
});

const FIELDS: readonly FieldSpec[] = [
  { name: "tcp.srcport", label: "Source port", at: TCP.sourcePort, size: 2 },
  { name: "tcp.dstport", label: "Destination port", at: TCP.targetPort, size: 2 },
  { name: "tcp.seq_raw", label: "Sequence number", at: TCP.seq, size: 4 },
  { name: "tcp.ack_raw", label: "Acknowledgment number", at: TCP.ack, size: 4 },
  { name: "tcp.hdr_len", label: "Header length", at: TCP.offset, size: 1, mask: 0xf0, scale: 4 },
  { name: "tcp.flags", label: "Flags", at: TCP.offset, size: 2, mask: 0x0fff, show: "hex" },
  flag("ae", "Accurate ECN", TH.AE),
  flag("cwr", "Congestion window reduced", TH.CWR),
  flag("ece", "ECN echo", TH.ECE),
  flag("urg", "Urgent", TH.URG),
  flag("ack", "Acknowledgment", TH.ACK),
  flag("push", "Push", TH.PSH),
  flag("reset", "Reset", TH.RST),
  flag("syn", "Syn", TH.SYN),
  flag("fin", "Fin", TH.FIN),
  { name: "tcp.window_size_value", label: "Window", at: TCP.window, size: 2 },
  { name: "tcp.checksum", label: "Checksum", at: TCP.checksum, size: 2, show: "hex" },
  { name: "tcp.urgent_pointer", label: "Urgent pointer", at: TCP.urgent, size: 2 },
];

/** The fixed fields; `fieldsOfTcpOptions` reads the rest of the header. */
export const fieldsOfTcp = (bytes: Uint8Array, at: number, to: number): Field[] => readFields(FIELDS, bytes, at, to);
