/** A packet that left the stack, read into what scripts speak about. */
import { u16, u32, u8 } from "../base/bytes.ts";
import type { VirtualTime } from "../base/time.ts";
import type { Ipv4Address } from "../wire/address.ts";
import { checksum } from "../wire/checksum.ts";
import { ICMP, ICMP_HEADER_BYTES } from "../wire/icmp.ts";
import {
  ipv4HeaderBytes,
  ipv4Source,
  ipv4Target,
  ipv4TotalLength,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4,
  IPV4_HEADER_BYTES,
} from "../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES, tcpChecksum, tcpHeaderBytes } from "../wire/tcp.ts";
import { UDP, UDP_HEADER_BYTES } from "../wire/udp.ts";
import type { SentPacket } from "./environment.ts";
import { readOptions, type ScriptOption } from "./tcp-option-spec.ts";

interface LiveBase {
  readonly at: VirtualTime;
  readonly bytes: Uint8Array;
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly tos: number;
  readonly ttl: number;
  readonly headerBytes: number;
  readonly payload: Uint8Array;
  /** Null when all is well with lengths and checksums. */
  readonly defect: string | null;
}

export interface LiveTcp extends LiveBase {
  readonly protocol: "tcp";
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  /** TH bits, AE among them. */
  readonly flags: number;
  /** The three bits of the header that nobody uses. */
  readonly reserved: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly ScriptOption[];
}

export interface LiveUdp extends LiveBase {
  readonly protocol: "udp";
  readonly sourcePort: number;
  readonly targetPort: number;
}

export interface LiveIcmp extends LiveBase {
  readonly protocol: "icmp";
  readonly type: number;
  readonly code: number;
}

export interface LiveOther extends LiveBase {
  readonly protocol: "other";
  readonly number: number;
}

export type LivePacket = LiveTcp | LiveUdp | LiveIcmp | LiveOther;

export function readPacket({ bytes, at, gsoSize }: SentPacket): LivePacket {
  const headerBytes = ipv4HeaderBytes(bytes, 0);
  const number = u8(bytes, IPV4.protocol);
  const base = {
    at,
    bytes,
    source: ipv4Source(bytes, 0),
    target: ipv4Target(bytes, 0),
    tos: u8(bytes, IPV4.tos),
    ttl: u8(bytes, IPV4.ttl),
    headerBytes,
    payload: bytes.subarray(headerBytes),
    defect: ipDefect(bytes, headerBytes, gsoSize),
  };
  const length = bytes.length - headerBytes;
  if (number === IPPROTO_TCP && length >= TCP_HEADER_BYTES) return readTcp(base, headerBytes);
  if (number === IPPROTO_UDP && length >= UDP_HEADER_BYTES) {
    const sourcePort = u16(bytes, headerBytes + UDP.sourcePort);
    const targetPort = u16(bytes, headerBytes + UDP.targetPort);
    const payload = bytes.subarray(headerBytes + UDP_HEADER_BYTES);
    return { ...base, protocol: "udp", sourcePort, targetPort, payload };
  }
  if (number === IPPROTO_ICMP && length >= ICMP_HEADER_BYTES) {
    const type = u8(bytes, headerBytes + ICMP.type);
    const code = u8(bytes, headerBytes + ICMP.code);
    return { ...base, protocol: "icmp", type, code, payload: bytes.subarray(headerBytes + ICMP_HEADER_BYTES) };
  }
  return { ...base, protocol: "other", number };
}

function ipDefect(bytes: Uint8Array, header: number, gsoSize: number): string | null {
  if (u8(bytes, 0) >>> 4 !== 4 || header < IPV4_HEADER_BYTES) return "no IPv4 header";
  // A packet that stands for several may be longer than the field can say.
  if (ipv4TotalLength(bytes, 0) !== bytes.length && gsoSize === 0) return "wrong total length in the IP header";
  return checksum(bytes, 0, header) === 0 ? null : "wrong checksum of the IP header";
}

function readTcp(base: LiveBase, at: number): LiveTcp {
  const { bytes } = base;
  const header = tcpHeaderBytes(bytes, at);
  const end = Math.min(at + header, bytes.length);
  const options = readOptions(bytes, at + TCP_HEADER_BYTES, end);
  const length = bytes.length - at;
  const isSealed = tcpChecksum(bytes, at, length, base) === 0;
  const problem = options === null ? "malformed TCP options" : isSealed ? null : "wrong TCP checksum";
  const word = u16(bytes, at + TCP.offset);
  return {
    ...base,
    protocol: "tcp",
    sourcePort: u16(bytes, at + TCP.sourcePort),
    targetPort: u16(bytes, at + TCP.targetPort),
    seq: u32(bytes, at + TCP.seq),
    ack: u32(bytes, at + TCP.ack),
    flags: word & 0x1ff,
    reserved: (word >>> 9) & 7,
    window: u16(bytes, at + TCP.window),
    urgent: u16(bytes, at + TCP.urgent),
    options: options ?? [],
    payload: bytes.subarray(end),
    defect: base.defect ?? (header < TCP_HEADER_BYTES ? "TCP header too short" : problem),
  };
}
