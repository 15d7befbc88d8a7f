/** UDP, RFC 768. The checksum needs the addresses: `sealUdp`. Left out: UDP-Lite, jumbograms. */
import { copyBytes, put16, u16 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { Ipv4Address } from "./address.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "./checksum.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";

export type Udp = {
  readonly sourcePort: number;
  readonly targetPort: number;
  /** 0 means the sender computed none. */
  readonly checksum: number;
  readonly payload: Uint8Array;
};

export const UDP = { sourcePort: 0, targetPort: 2, length: 4, checksum: 6 } as const;
export const UDP_HEADER_BYTES = 8;
const IPPROTO_UDP = 17;

export function parseUdp(bytes: Uint8Array): Result<Udp, WireError> {
  if (bytes.length < UDP_HEADER_BYTES) return bad("truncated");
  const length = u16(bytes, UDP.length);
  // Longer than the bytes there are is damage; shorter is padding behind the datagram.
  if (length < UDP_HEADER_BYTES || length > bytes.length) return bad("bad-length");
  return good({
    sourcePort: u16(bytes, UDP.sourcePort),
    targetPort: u16(bytes, UDP.targetPort),
    checksum: u16(bytes, UDP.checksum),
    payload: bytes.subarray(UDP_HEADER_BYTES, length),
  });
}

export function emitUdp(datagram: Udp): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_BYTES + datagram.payload.length);
  put16(bytes, UDP.sourcePort, datagram.sourcePort);
  put16(bytes, UDP.targetPort, datagram.targetPort);
  put16(bytes, UDP.length, bytes.length);
  put16(bytes, UDP.checksum, datagram.checksum);
  copyBytes(datagram.payload, 0, bytes, UDP_HEADER_BYTES, datagram.payload.length);
  return bytes;
}

/** Who talks to whom, for the pseudo-header. */
export type Endpoints = { readonly source: Ipv4Address; readonly target: Ipv4Address };

/** Sum over pseudo-header and datagram: 0 when the checksum in place is right. */
export function udpChecksum(bytes: Uint8Array, at: number, length: number, between: Endpoints): number {
  return checksumFold(
    checksumPartial(bytes, at, length, pseudoHeaderSum(between.source, between.target, IPPROTO_UDP, length)),
  );
}

/** Computes the checksum and writes it; a result of 0 goes out as 0xffff, as 0 means "none" (RFC 768). */
export function sealUdp(bytes: Uint8Array, at: number, length: number, between: Endpoints): void {
  put16(bytes, at + UDP.checksum, 0);
  const sum = udpChecksum(bytes, at, length, between);
  put16(bytes, at + UDP.checksum, sum === 0 ? 0xffff : sum);
}

const FIELDS: readonly FieldSpec[] = [
  { name: "udp.srcport", label: "Source port", at: UDP.sourcePort, size: 2 },
  { name: "udp.dstport", label: "Destination port", at: UDP.targetPort, size: 2 },
  { name: "udp.length", label: "Length", at: UDP.length, size: 2 },
  { name: "udp.checksum", label: "Checksum", at: UDP.checksum, size: 2, show: "hex" },
];

export const fieldsOfUdp = (bytes: Uint8Array, at: number, to: number): Field[] => readFields(FIELDS, bytes, at, to);
