/**
 * ICMP, RFC 792, with the codes of RFC 1122 and RFC 1812 and the next-hop MTU of RFC 1191. A record keeps the second
 * word as `rest`, since its meaning changes with the type; the accessors below name its parts.
 * Left out: the extension objects of RFC 4884, which stay part of the payload.
 */
import { copyBytes, put16, put32, put8, u16, u32, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { checksum } from "./checksum.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";

export type Icmp = {
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  /** Bytes 4 to 7: identifier and sequence, MTU, gateway or unused, by type. */
  readonly rest: number;
  readonly payload: Uint8Array;
};

/** Offsets; those from 4 on overlap, each valid for its types only. */
export const ICMP = {
  type: 0,
  code: 1,
  checksum: 2,
  rest: 4,
  id: 4,
  sequence: 6,
  gateway: 4,
  /** Words of the quoted packet when extensions follow it (RFC 4884). */
  length: 5,
  pointer: 4,
  mtu: 6,
} as const;
export const ICMP_HEADER_BYTES = 8;

/** Types, by Linux's names without their prefix (uapi/linux/icmp.h). */
export const ICMP_TYPE = {
  ECHOREPLY: 0,
  DEST_UNREACH: 3,
  SOURCE_QUENCH: 4,
  REDIRECT: 5,
  ECHO: 8,
  ROUTER_ADVERT: 9,
  ROUTER_SOLICIT: 10,
  TIME_EXCEEDED: 11,
  PARAMETERPROB: 12,
  TIMESTAMP: 13,
  TIMESTAMPREPLY: 14,
  INFO_REQUEST: 15,
  INFO_REPLY: 16,
  ADDRESS: 17,
  ADDRESSREPLY: 18,
  /** Of the PROBE utility, RFC 8335. */
  EXT_ECHO: 42,
  EXT_ECHOREPLY: 43,
} as const;
/** Codes of DEST_UNREACH. */
export const ICMP_UNREACH = {
  NET_UNREACH: 0,
  HOST_UNREACH: 1,
  PROT_UNREACH: 2,
  PORT_UNREACH: 3,
  FRAG_NEEDED: 4,
  SR_FAILED: 5,
  NET_UNKNOWN: 6,
  HOST_UNKNOWN: 7,
  HOST_ISOLATED: 8,
  NET_ANO: 9,
  HOST_ANO: 10,
  NET_UNR_TOS: 11,
  HOST_UNR_TOS: 12,
  PKT_FILTERED: 13,
  PREC_VIOLATION: 14,
  PREC_CUTOFF: 15,
} as const;
/** Codes of REDIRECT. */
export const ICMP_REDIR = { NET: 0, HOST: 1, NETTOS: 2, HOSTTOS: 3 } as const;
/** Codes of TIME_EXCEEDED. */
export const ICMP_EXC = { TTL: 0, FRAGTIME: 1 } as const;

export const icmpId = (rest: number): number => rest >>> 16;
export const icmpSequence = (rest: number): number => rest & 0xffff;
/** Next-hop MTU of FRAG_NEEDED; 0 from routers older than RFC 1191. */
export const icmpMtu = (rest: number): number => rest & 0xffff;

/** Errors quote a packet and are never answered by an error (RFC 1122, 3.2.2). */
export const isIcmpError = (type: number): boolean =>
  type === ICMP_TYPE.DEST_UNREACH ||
  type === ICMP_TYPE.SOURCE_QUENCH ||
  type === ICMP_TYPE.REDIRECT ||
  type === ICMP_TYPE.TIME_EXCEEDED ||
  type === ICMP_TYPE.PARAMETERPROB;

/** Computes the checksum over the message of `length` bytes and writes it. */
export function sealIcmp(bytes: Uint8Array, at: number, length: number): void {
  put16(bytes, at + ICMP.checksum, 0);
  put16(bytes, at + ICMP.checksum, checksum(bytes, at, length));
}

export function parseIcmp(bytes: Uint8Array): Result<Icmp, WireError> {
  if (bytes.length < ICMP_HEADER_BYTES) return bad("truncated");
  return good({
    type: u8(bytes, ICMP.type),
    code: u8(bytes, ICMP.code),
    checksum: u16(bytes, ICMP.checksum),
    rest: u32(bytes, ICMP.rest),
    payload: bytes.subarray(ICMP_HEADER_BYTES),
  });
}

/** The message with the record's own checksum; `sealIcmp` puts the right one in. */
export function emitIcmp(message: Icmp): Uint8Array {
  const bytes = new Uint8Array(ICMP_HEADER_BYTES + message.payload.length);
  put8(bytes, ICMP.type, message.type);
  put8(bytes, ICMP.code, message.code);
  put16(bytes, ICMP.checksum, message.checksum);
  put32(bytes, ICMP.rest, message.rest);
  copyBytes(message.payload, 0, bytes, ICMP_HEADER_BYTES, message.payload.length);
  return bytes;
}

const COMMON_FIELDS: readonly FieldSpec[] = [
  { name: "icmp.type", label: "Type", at: ICMP.type, size: 1 },
  { name: "icmp.code", label: "Code", at: ICMP.code, size: 1 },
  { name: "icmp.checksum", label: "Checksum", at: ICMP.checksum, size: 2, show: "hex" },
];
const QUERY_FIELDS: readonly FieldSpec[] = [
  { name: "icmp.ident", label: "Identifier", at: ICMP.id, size: 2 },
  { name: "icmp.seq", label: "Sequence number", at: ICMP.sequence, size: 2 },
];
const TIMESTAMP_FIELDS: readonly FieldSpec[] = [
  ...QUERY_FIELDS,
  { name: "icmp.originate_timestamp", label: "Originate timestamp", at: 8, size: 4 },
  { name: "icmp.receive_timestamp", label: "Receive timestamp", at: 12, size: 4 },
  { name: "icmp.transmit_timestamp", label: "Transmit timestamp", at: 16, size: 4 },
];
const EXTENDED_FIELDS: readonly FieldSpec[] = [
  { name: "icmp.ident", label: "Identifier", at: ICMP.id, size: 2 },
  { name: "icmp.ext.echo.seq", label: "Sequence number", at: ICMP.sequence, size: 1 },
];
const LENGTH_FIELD: FieldSpec = { name: "icmp.length", label: "Quoted words", at: ICMP.length, size: 1 };
const FIELDS_BY_TYPE = new Map<number, readonly FieldSpec[]>([
  [ICMP_TYPE.ECHO, QUERY_FIELDS],
  [ICMP_TYPE.ECHOREPLY, QUERY_FIELDS],
  [ICMP_TYPE.INFO_REQUEST, QUERY_FIELDS],
  [ICMP_TYPE.INFO_REPLY, QUERY_FIELDS],
  [ICMP_TYPE.EXT_ECHO, EXTENDED_FIELDS],
  [ICMP_TYPE.EXT_ECHOREPLY, EXTENDED_FIELDS],
  [ICMP_TYPE.TIMESTAMP, TIMESTAMP_FIELDS],
  [ICMP_TYPE.TIMESTAMPREPLY, TIMESTAMP_FIELDS],
  [ICMP_TYPE.ADDRESS, [...QUERY_FIELDS, { name: "icmp.address_mask", label: "Mask", at: 8, size: 4, show: "ipv4" }]],
  [
    ICMP_TYPE.ADDRESSREPLY,
    [...QUERY_FIELDS, { name: "icmp.address_mask", label: "Mask", at: 8, size: 4, show: "ipv4" }],
  ],
  [ICMP_TYPE.REDIRECT, [{ name: "icmp.redir_gw", label: "Gateway", at: ICMP.gateway, size: 4, show: "ipv4" }]],
  [ICMP_TYPE.PARAMETERPROB, [{ name: "icmp.pointer", label: "Pointer", at: ICMP.pointer, size: 1 }, LENGTH_FIELD]],
  [ICMP_TYPE.TIME_EXCEEDED, [LENGTH_FIELD]],
  [ICMP_TYPE.DEST_UNREACH, [LENGTH_FIELD, { name: "icmp.mtu", label: "Next-hop MTU", at: ICMP.mtu, size: 2 }]],
]);

export function fieldsOfIcmp(bytes: Uint8Array, at: number, to: number): Field[] {
  const common = readFields(COMMON_FIELDS, bytes, at, to);
  const more = at < to ? FIELDS_BY_TYPE.get(u8(bytes, at)) : undefined;
  return more === undefined ? common : [...common, ...readFields(more, bytes, at, to)];
}
