/**
 * Link and network addresses as plain numbers, and the ranges that mean something by themselves.
 * Textual forms: dotted quad of four decimal parts (RFC 6943, section 3.1.1, the strict form), CIDR (RFC 4632), and MAC
 * in hexadecimal pairs. Left out: the one-, two- and three-part forms of inet_aton, and IPv6.
 */
import type { Brand } from "../base/brand.ts";
import { hexByte, put16, put32, u16, u32, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { WIDE_ZERO } from "../base/wide-zero.ts";

/** Unsigned 32-bit number in host order: 10.0.0.1 is 0x0a000001. */
export type Ipv4Address = Brand<number, "Ipv4Address">;
/** 48-bit integer: 02:00:00:00:00:01 is 0x020000000001. Exact in a double; do not use bit operators on it. */
export type MacAddress = Brand<number, "MacAddress">;

/** An address with the length of its network part: an interface's address, or a route's target. */
export type Cidr = { readonly address: Ipv4Address; readonly prefixLength: number };

export const MAC_BYTES = 6;
export const IPV4_ADDRESS_BYTES = 4;
export const MAC_ZERO = WIDE_ZERO as MacAddress;
export const MAC_BROADCAST = 0xffffffffffff as MacAddress;
export const IPV4_ANY = WIDE_ZERO as Ipv4Address;
export const IPV4_LOOPBACK = 0x7f000001 as Ipv4Address;
export const IPV4_BROADCAST = 0xffffffff as Ipv4Address;

export const readIpv4 = (bytes: Uint8Array, at: number): Ipv4Address => u32(bytes, at) as Ipv4Address;
export const putIpv4: (bytes: Uint8Array, at: number, address: Ipv4Address) => void = put32;

export const readMac = (bytes: Uint8Array, at: number): MacAddress =>
  (u16(bytes, at) * 0x100000000 + u32(bytes, at + 2)) as MacAddress;

export function putMac(bytes: Uint8Array, at: number, mac: MacAddress): void {
  // Not by `%`, which is a slow function call for numbers beyond 32 bits.
  const high = Math.floor(mac / 0x100000000);
  put16(bytes, at, high);
  put32(bytes, at + 2, mac - high * 0x100000000);
}

/** Four decimal numbers of 0 to 255 without leading zeros, which some parsers take for octal. */
export function parseIpv4(text: string): Result<Ipv4Address, string> {
  const parts = text.split(".");
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return bad("an IPv4 address such as 10.0.0.1");
    value = value * 256 + Number(part);
  }
  return parts.length === 4 ? good(value as Ipv4Address) : bad("an IPv4 address such as 10.0.0.1");
}

export function formatIpv4(address: Ipv4Address): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Reads `10.0.0.1/24`. Host bits are kept: `networkOf` clears them. */
export function parseCidr(text: string): Result<Cidr, string> {
  const slash = text.indexOf("/");
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash));
  const suffix = text.slice(slash + 1);
  if (!address.ok || slash < 0 || !/^\d{1,2}$/.test(suffix) || Number(suffix) > 32) {
    return bad("an address with a prefix length such as 10.0.0.1/24");
  }
  return good({ address: address.value, prefixLength: Number(suffix) });
}

export const formatCidr = (cidr: Cidr): string => `${formatIpv4(cidr.address)}/${cidr.prefixLength}`;

/** Six pairs of hexadecimal digits with `:` or `-` between them. */
export function parseMac(text: string): Result<MacAddress, string> {
  const pairs = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i;
  if (!pairs.test(text)) return bad("a MAC address such as 02:00:00:00:00:01");
  return good(Number(`0x${text.replace(/[:-]/g, "")}`) as MacAddress);
}

export function formatMac(mac: MacAddress): string {
  const high = Math.floor(mac / 0x1000000);
  const low = mac % 0x1000000;
  return [high >> 16, high >> 8, high, low >> 16, low >> 8, low].map(hexByte).join(":");
}

/** The netmask of a prefix length, 0 to 32. */
export const maskOf = (prefixLength: number): number => (prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) >>> 0);

/** The prefix length of a netmask, or undefined when its ones are not contiguous. */
export function prefixLengthOf(mask: number): number | undefined {
  const ones = 32 - (mask >>> 0 === 0xffffffff ? 0 : 32 - Math.clz32(~mask));
  return maskOf(ones) === mask >>> 0 ? ones : undefined;
}

export const networkOf = (address: Ipv4Address, prefixLength: number): Ipv4Address =>
  ((address & maskOf(prefixLength)) >>> 0) as Ipv4Address;

/** The directed broadcast address. A /31 (RFC 3021) and a /32 have none, so the caller asks only below 31. */
export const broadcastOf = (address: Ipv4Address, prefixLength: number): Ipv4Address =>
  ((address | ~maskOf(prefixLength)) >>> 0) as Ipv4Address;

export const inNetwork = (address: Ipv4Address, network: Cidr): boolean =>
  ((address ^ network.address) & maskOf(network.prefixLength)) === 0;

/** 127.0.0.0/8 (RFC 1122, 3.2.1.3). */
export const isLoopback = (address: Ipv4Address): boolean => address >>> 24 === 127;
/** 224.0.0.0/4 (RFC 5771). */
export const isMulticast = (address: Ipv4Address): boolean => address >>> 28 === 14;
/** The limited broadcast address, 255.255.255.255. Directed broadcasts depend on the network: `broadcastOf`. */
export const isLimitedBroadcast = (address: Ipv4Address): boolean => address >>> 0 === 0xffffffff;
/** 169.254.0.0/16 (RFC 3927). */
export const isLinkLocal = (address: Ipv4Address): boolean => address >>> 16 === 0xa9fe;
/** 0.0.0.0/8, "this network": never a target on the wire (RFC 1122, 3.2.1.3). */
export const isZeroNetwork = (address: Ipv4Address): boolean => address >>> 24 === 0;
/** 240.0.0.0/4 without the limited broadcast address (RFC 1112, section 4). */
export const isReserved = (address: Ipv4Address): boolean => address >>> 28 === 15 && !isLimitedBroadcast(address);

/** The group bit, first on the wire: multicast and broadcast frames have it set (IEEE 802.3, 3.2.3). */
export const isGroupMac = (mac: MacAddress): boolean => (Math.floor(mac / 0x10000000000) & 1) === 1;

/** The group MAC of an IPv4 multicast group: 01:00:5e and the low 23 bits (RFC 1112, section 6.4). */
export const multicastMac = (group: Ipv4Address): MacAddress => (0x01005e000000 + (group & 0x7fffff)) as MacAddress;

/** Reads the group bit in place, without building the number. */
export const isGroupMacAt = (bytes: Uint8Array, at: number): boolean => (u8(bytes, at) & 1) === 1;
