/** ARP for IPv4 over Ethernet, RFC 826. Left out: other hardware and protocol types, which are refused. */
import { put16, put8, u16, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { putIpv4, putMac, readIpv4, readMac, type Ipv4Address, type MacAddress } from "./address.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";

export type Arp = {
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderIp: Ipv4Address;
  readonly targetMac: MacAddress;
  readonly targetIp: Ipv4Address;
};

export const ARP = {
  hardwareType: 0,
  protocolType: 2,
  hardwareBytes: 4,
  protocolBytes: 5,
  operation: 6,
  senderMac: 8,
  senderIp: 14,
  targetMac: 18,
  targetIp: 24,
} as const;
export const ARP_BYTES = 28;
export const ARPHRD_ETHER = 1;
export const ARP_PROTOCOL_IPV4 = 0x0800;
/** Operations, by Linux's names. */
export const ARPOP = { REQUEST: 1, REPLY: 2, RREQUEST: 3, RREPLY: 4, InREQUEST: 8, InREPLY: 9, NAK: 10 } as const;

/** Bytes behind the 28 are padding of a short frame. @returns "unsupported" unless Ethernet and IPv4. */
export function parseArp(bytes: Uint8Array): Result<Arp, WireError> {
  if (bytes.length < 8) return bad("truncated");
  const ethernet = u16(bytes, ARP.hardwareType) === ARPHRD_ETHER && u8(bytes, ARP.hardwareBytes) === 6;
  const ipv4 = u16(bytes, ARP.protocolType) === ARP_PROTOCOL_IPV4 && u8(bytes, ARP.protocolBytes) === 4;
  if (!ethernet || !ipv4) return bad("unsupported");
  if (bytes.length < ARP_BYTES) return bad("truncated");
  return good({
    operation: u16(bytes, ARP.operation),
    senderMac: readMac(bytes, ARP.senderMac),
    senderIp: readIpv4(bytes, ARP.senderIp),
    targetMac: readMac(bytes, ARP.targetMac),
    targetIp: readIpv4(bytes, ARP.targetIp),
  });
}

/** Writes the 28 bytes at `at`, for a caller that has its buffer already. */
export function putArp(bytes: Uint8Array, at: number, arp: Arp): void {
  put16(bytes, at + ARP.hardwareType, ARPHRD_ETHER);
  put16(bytes, at + ARP.protocolType, ARP_PROTOCOL_IPV4);
  put8(bytes, at + ARP.hardwareBytes, 6);
  put8(bytes, at + ARP.protocolBytes, 4);
  put16(bytes, at + ARP.operation, arp.operation);
  putMac(bytes, at + ARP.senderMac, arp.senderMac);
  putIpv4(bytes, at + ARP.senderIp, arp.senderIp);
  putMac(bytes, at + ARP.targetMac, arp.targetMac);
  putIpv4(bytes, at + ARP.targetIp, arp.targetIp);
}

export function emitArp(arp: Arp): Uint8Array {
  const bytes = new Uint8Array(ARP_BYTES);
  putArp(bytes, 0, arp);
  return bytes;
}

const FIXED_FIELDS: readonly FieldSpec[] = [
  { name: "arp.hw.type", label: "Hardware type", at: ARP.hardwareType, size: 2 },
  { name: "arp.proto.type", label: "Protocol type", at: ARP.protocolType, size: 2, show: "hex" },
  { name: "arp.hw.size", label: "Hardware address bytes", at: ARP.hardwareBytes, size: 1 },
  { name: "arp.proto.size", label: "Protocol address bytes", at: ARP.protocolBytes, size: 1 },
  { name: "arp.opcode", label: "Operation", at: ARP.operation, size: 2 },
];
const ADDRESS_FIELDS: readonly FieldSpec[] = [
  { name: "arp.src.hw_mac", label: "Sender MAC", at: ARP.senderMac, size: 6, show: "mac" },
  { name: "arp.src.proto_ipv4", label: "Sender IP", at: ARP.senderIp, size: 4, show: "ipv4" },
  { name: "arp.dst.hw_mac", label: "Target MAC", at: ARP.targetMac, size: 6, show: "mac" },
  { name: "arp.dst.proto_ipv4", label: "Target IP", at: ARP.targetIp, size: 4, show: "ipv4" },
];

/** Addresses only where they have the sizes of Ethernet and IPv4. */
export function fieldsOfArp(bytes: Uint8Array, at: number, to: number): Field[] {
  const fixed = readFields(FIXED_FIELDS, bytes, at, to);
  const parsed = parseArp(bytes.subarray(at, to));
  const knowsAddresses = parsed.ok || parsed.error === "truncated";
  return knowsAddresses ? [...fixed, ...readFields(ADDRESS_FIELDS, bytes, at, to)] : fixed;
}
