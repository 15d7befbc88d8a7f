/**
 * Quantities as people write them, read exactly into base units: `100Mbps`, `1.5ms`, `0.1%`, `10.0.0.1/24`,
 * `02:00:00:00:00:01`. Each reader says on failure what it had expected. Rates are in bits, decimal prefixes, as
 * Mininet and containerlab have them; tc's `bps`, which means bytes, is read as bits here too.
 */
import { bad, good, type Result } from "../base/result.ts";
import { parseDuration } from "../base/time.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { Ipv4Number, LabAddress, MacNumber } from "./model.ts";

export type Reading = Result<number, string>;

/** ns. A bare number is ambiguous, save zero. */
export function readDuration(value: string | number): Reading {
  return value === 0 ? good(0) : parseDuration(String(value));
}

/** ns, at most an hour. */
export function readDelay(value: string | number): Reading {
  const span = readDuration(value);
  return span.ok && span.value > LAB_LIMITS.delayNsMax ? bad("a delay of at most an hour") : span;
}

/** bit/s; a bare number is bit/s, as for tc. */
export function readRate(value: string | number): Reading {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*(?:([kmgt])?(?:bit|bps|bit\/s|b\/s))?$/i.exec(String(value).trim());
  if (match === null) return bad("a rate such as 100Mbps, 1Gbps or 64kbit");
  const exponent = " kmgt".indexOf((match[2] ?? " ").toLowerCase()) * 3;
  const rate = Math.round(Number(match[1]) * 10 ** exponent);
  if (rate < 1) return bad("a rate of at least 1bit; take a link down with state: down");
  return rate <= LAB_LIMITS.rateBpsMax ? good(rate) : bad("a rate of at most 10Tbps");
}

/** A fraction, of a percentage. */
export function readPercent(value: string | number): Reading {
  if (value === 0) return good(0);
  const match = /^(\d{1,3}(?:\.\d{1,12})?)\s*%$/.exec(String(value).trim());
  if (match === null) return bad("a percentage such as 1% or 0.05%");
  const fraction = Number(match[1]) / 100;
  return fraction <= 1 ? good(fraction) : bad("a percentage of at most 100%");
}

export function readIpv4(text: string): Result<Ipv4Number, string> {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const octets = match?.slice(1).map(Number) ?? [];
  if (match === null || octets.some((octet) => octet > 255)) return bad("an IPv4 address such as 10.0.0.1");
  return good(octets.reduce((sum, octet) => sum * 256 + octet, 0));
}

/** `10.0.0.1/24`: the address with its prefix length, as `ip addr add` takes it. */
export function readInterfaceAddress(text: string): Result<LabAddress, string> {
  const [head = "", tail] = text.split("/");
  const address = readIpv4(head);
  const prefixLength = readPrefixLength(tail);
  if (!address.ok || prefixLength === undefined) return bad("an address with its prefix length, such as 10.0.0.1/24");
  return good({ address: address.value, prefixLength });
}

/** `10.0.0.0/8`, `10.0.0.1` (one host) or `default`. Bits below the prefix must be zero, as `ip route` demands. */
export function readNetwork(text: string): Result<LabAddress, string> {
  if (text === "default") return good({ address: 0, prefixLength: 0 });
  const [head = "", tail = "32"] = text.split("/");
  const address = readIpv4(head);
  const prefixLength = readPrefixLength(tail);
  if (!address.ok || prefixLength === undefined) return bad("a network such as 10.0.0.0/8, or default");
  const network = networkOf(address.value, prefixLength);
  if (network !== address.value) {
    return bad(`a network without host bits, such as ${formatIpv4(network)}/${prefixLength}`);
  }
  return good({ address: network, prefixLength });
}

function readPrefixLength(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,2}$/.test(text) && Number(text) <= 32 ? Number(text) : undefined;
}

/** Unicast only: an interface cannot own a group address. */
export function readMac(text: string): Result<MacNumber, string> {
  if (!/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(text)) return bad("an Ethernet address such as 02:00:00:00:00:01");
  const digits = text.replace(/[:-]/g, "");
  if (Number.parseInt(digits.slice(0, 2), 16) % 2 === 1) return bad("a unicast Ethernet address (an even first octet)");
  const mac = Number.parseInt(digits, 16);
  return mac === 0 ? bad("an Ethernet address other than all zero") : good(mac);
}

/** The netmask as a number: 24 is 0xffffff00. */
export const maskOf = (prefixLength: number): Ipv4Number =>
  prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;

export const networkOf = (address: Ipv4Number, prefixLength: number): Ipv4Number =>
  (address & maskOf(prefixLength)) >>> 0;

export const inNetwork = (address: Ipv4Number, network: LabAddress): boolean =>
  networkOf(address, network.prefixLength) === networkOf(network.address, network.prefixLength);

export function formatIpv4(address: Ipv4Number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

export const formatAddress = (address: LabAddress): string => `${formatIpv4(address.address)}/${address.prefixLength}`;

export function formatMac(mac: MacNumber): string {
  return mac.toString(16).padStart(12, "0").match(/../g)?.join(":") ?? "";
}

/** Six octets, as they stand in a frame. */
export function macBytes(mac: MacNumber): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Math.floor(mac / 2 ** (40 - 8 * i)) % 256);
}

/** Shortest exact rate: 1500000 is `1.5Mbps`. */
export function formatRate(rateBps: number): string {
  for (const [unit, exponent] of [
    ["T", 12],
    ["G", 9],
    ["M", 6],
    ["k", 3],
  ] as const) {
    const scaled = rateBps / 10 ** exponent;
    if (scaled >= 1 && Math.round(scaled * 1000) * 10 ** (exponent - 3) === rateBps) return `${scaled}${unit}bps`;
  }
  return `${rateBps}bps`;
}
