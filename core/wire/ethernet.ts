/**
 * Ethernet II frames without preamble and frame check sequence (IEEE 802.3, clause 3; EtherType per RFC 9542).
 * A value below 1536 in the type field is an 802.3 length; it is kept as it is. Left out: LLC and SNAP headers.
 */
import { copyBytes, put16, u16 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { putMac, readMac, type MacAddress } from "./address.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";

export type Ethernet = {
  readonly target: MacAddress;
  readonly source: MacAddress;
  readonly type: number;
  readonly payload: Uint8Array;
};

export const ETHERNET = { target: 0, source: 6, type: 12 } as const;
export const ETHERNET_HEADER_BYTES = 14;
/** The largest payload of a standard frame, and so the usual MTU. */
export const ETHERNET_MTU = 1500;
/** Type values from here on are protocols, below are lengths. */
export const ETHERTYPE_MIN = 1536;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
/** Reverse ARP (RFC 903): ARP's format, by which a diskless host once asked for its address. */
export const ETHERTYPE_RARP = 0x8035;
export const ETHERTYPE_VLAN = 0x8100;
/** Service tag of 802.1ad, the outer tag of two. */
export const ETHERTYPE_SERVICE_VLAN = 0x88a8;
export const ETHERTYPE_IPV6 = 0x86dd;

export function parseEthernet(bytes: Uint8Array): Result<Ethernet, WireError> {
  if (bytes.length < ETHERNET_HEADER_BYTES) return bad("truncated");
  return good({
    target: readMac(bytes, ETHERNET.target),
    source: readMac(bytes, ETHERNET.source),
    type: u16(bytes, ETHERNET.type),
    payload: bytes.subarray(ETHERNET_HEADER_BYTES),
  });
}

/** The frame, not padded to the shortest length: that is the adapter's work. */
export function emitEthernet(frame: Ethernet): Uint8Array {
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + frame.payload.length);
  putMac(bytes, ETHERNET.target, frame.target);
  putMac(bytes, ETHERNET.source, frame.source);
  put16(bytes, ETHERNET.type, frame.type);
  copyBytes(frame.payload, 0, bytes, ETHERNET_HEADER_BYTES, frame.payload.length);
  return bytes;
}

const FIELDS: readonly FieldSpec[] = [
  { name: "eth.dst", label: "Destination", at: ETHERNET.target, size: 6, show: "mac" },
  { name: "eth.src", label: "Source", at: ETHERNET.source, size: 6, show: "mac" },
  { name: "eth.type", label: "Type", at: ETHERNET.type, size: 2, show: "hex" },
];
const LENGTH_FIELDS: readonly FieldSpec[] = [
  ...FIELDS.slice(0, 2),
  { name: "eth.len", label: "Length", at: ETHERNET.type, size: 2 },
];

export function fieldsOfEthernet(bytes: Uint8Array, at: number, to: number): Field[] {
  const isLength = at + ETHERNET_HEADER_BYTES <= to && u16(bytes, at + ETHERNET.type) < ETHERTYPE_MIN;
  return readFields(isLength ? LENGTH_FIELDS : FIELDS, bytes, at, to);
}
