/**
 * IPv4 options: record route, timestamp, loose and strict source route (RFC 791, 3.1), router alert (RFC 2113).
 * An option of another kind, or of a known kind with an impossible length or pointer, is kept as `unknown`.
 */
import { copyBytes, put16, put32, put8, toHex, u16, u32, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import { formatIpv4, readIpv4, type Ipv4Address } from "./address.ts";
import type { WireError } from "./error.ts";
import type { Field } from "./fields.ts";
import { paddedToWords, walkOptions, type OptionSpan } from "./options.ts";

export type Ipv4Option =
  | { readonly kind: "nop" }
  /** `pointer` is 1-based from the option's first byte: 4 is the first slot, past the end is full. */
  | { readonly kind: RouteKind; readonly pointer: number; readonly route: readonly Ipv4Address[] }
  /** `words` are the timestamps in ms since midnight UTC, or address and timestamp in turn, by `flag`. */
  | TimestampOption
  | { readonly kind: "router-alert"; readonly value: number }
  | { readonly kind: "unknown"; readonly number: number; readonly data: Uint8Array };

export type RouteKind = "record-route" | "loose-source-route" | "strict-source-route";

export type TimestampOption = {
  readonly kind: "timestamp";
  readonly pointer: number;
  /** Hosts that found no room, 0 to 15. */
  readonly overflow: number;
  /** 0: timestamps only, 1: each with its address, 3: only the prespecified addresses. */
  readonly flag: number;
  readonly words: readonly number[];
};

/** Option types with their copied and class bits, by Linux's names. */
export const IPOPT = { END: 0, NOOP: 1, RR: 7, TIMESTAMP: 68, LSRR: 131, SSRR: 137, RA: 148 } as const;
export const IPV4_OPTIONS_BYTES_MAX = 40;
/** The bit of an option's type that says: goes into every fragment (RFC 791, 3.1). */
export const IPOPT_COPY = 0x80;

const ROUTES = new Map<number, RouteKind>([
  [IPOPT.RR, "record-route"],
  [IPOPT.LSRR, "loose-source-route"],
  [IPOPT.SSRR, "strict-source-route"],
]);
const ROUTE_TYPES: Readonly<Record<RouteKind, number>> = {
  "record-route": IPOPT.RR,
  "loose-source-route": IPOPT.LSRR,
  "strict-source-route": IPOPT.SSRR,
};

export function parseIpv4Options(
  bytes: Uint8Array,
  from: number,
  to: number,
): Result<readonly Ipv4Option[], WireError> {
  const walk = walkOptions(bytes, from, to);
  if (walk.malformed) return bad("bad-option");
  return good(walk.spans.map((span) => readIpv4Option(bytes, span)));
}

/** The option of a span that `walkOptions` returned. */
export function readIpv4Option(bytes: Uint8Array, span: OptionSpan): Ipv4Option {
  const { kind, at, length } = span;
  if (kind === IPOPT.NOOP) return { kind: "nop" };
  const route = ROUTES.get(kind);
  if (route !== undefined && length >= 3 && (length - 3) % 4 === 0) {
    const addresses: Ipv4Address[] = [];
    for (let i = at + 3; i < at + length; i += 4) addresses.push(readIpv4(bytes, i));
    return { kind: route, pointer: u8(bytes, at + 2), route: addresses };
  }
  if (kind === IPOPT.TIMESTAMP && length >= 4 && length % 4 === 0) {
    const words: number[] = [];
    for (let i = at + 4; i < at + length; i += 4) words.push(u32(bytes, i));
    const packed = u8(bytes, at + 3);
    return { kind: "timestamp", pointer: u8(bytes, at + 2), overflow: packed >>> 4, flag: packed & 15, words };
  }
  if (kind === IPOPT.RA && length === 4) return { kind: "router-alert", value: u16(bytes, at + 2) };
  return { kind: "unknown", number: kind, data: bytes.subarray(at + 2, at + length) };
}

function optionBytes(option: Ipv4Option): number {
  switch (option.kind) {
    case "nop":
      return 1;
    case "record-route":
    case "loose-source-route":
    case "strict-source-route":
      return 3 + 4 * option.route.length;
    case "timestamp":
      return 4 + 4 * option.words.length;
    case "router-alert":
      return 4;
    case "unknown":
      return 2 + option.data.length;
  }
}

/** Bytes the options take in a header, padding included. */
export const ipv4OptionsBytes = (options: readonly Ipv4Option[]): number =>
  paddedToWords(options.reduce((sum, option) => sum + optionBytes(option), 0));

/** Writes the options at `at` and fills up to the word with end options. @returns bytes written. */
export function putIpv4Options(bytes: Uint8Array, at: number, options: readonly Ipv4Option[]): number {
  let next = at;
  for (const option of options) {
    putIpv4Option(bytes, next, option);
    next += optionBytes(option);
  }
  const end = at + paddedToWords(next - at);
  while (next < end) put8(bytes, next++, IPOPT.END);
  return end - at;
}

function putIpv4Option(bytes: Uint8Array, at: number, option: Ipv4Option): void {
  if (option.kind === "nop") return put8(bytes, at, IPOPT.NOOP);
  put8(bytes, at + 1, optionBytes(option));
  switch (option.kind) {
    case "record-route":
    case "loose-source-route":
    case "strict-source-route":
      put8(bytes, at, ROUTE_TYPES[option.kind]);
      put8(bytes, at + 2, option.pointer);
      return option.route.forEach((address, i) => put32(bytes, at + 3 + 4 * i, address));
    case "timestamp":
      put8(bytes, at, IPOPT.TIMESTAMP);
      put8(bytes, at + 2, option.pointer);
      put8(bytes, at + 3, (option.overflow << 4) | option.flag);
      return option.words.forEach((word, i) => put32(bytes, at + 4 + 4 * i, word));
    case "router-alert":
      put8(bytes, at, IPOPT.RA);
      return put16(bytes, at + 2, option.value);
    case "unknown":
      put8(bytes, at, option.number);
      return copyBytes(option.data, 0, bytes, at + 2, option.data.length);
  }
}

/** One field per option, in order; damage is the last field's error. */
export function fieldsOfIpv4Options(bytes: Uint8Array, from: number, to: number): Field[] {
  const walk = walkOptions(bytes, from, to);
  const fields = walk.spans.map((span): Field => {
    const [name, label, value] = describe(readIpv4Option(bytes, span));
    return { name: `ip.opt.${name}`, label, value, range: [span.at, span.at + span.length] };
  });
  if (walk.malformed) {
    const value = u8(bytes, walk.end);
    const error = "the option's length does not fit";
    fields.push({ name: "ip.opt.type", label: "Damaged option", value, range: [walk.end, to], error });
  }
  return fields;
}

function describe(option: Ipv4Option): readonly [name: string, label: string, value: number | string] {
  switch (option.kind) {
    case "nop":
      return ["nop", "No-operation", ""];
    case "record-route":
      return ["rr", "Record route", option.route.map(formatIpv4).join(" ")];
    case "loose-source-route":
      return ["lsrr", "Loose source route", option.route.map(formatIpv4).join(" ")];
    case "strict-source-route":
      return ["ssrr", "Strict source route", option.route.map(formatIpv4).join(" ")];
    case "timestamp":
      return ["timestamp", "Timestamp", option.words.join(" ")];
    case "router-alert":
      return ["ra", "Router alert", option.value];
    case "unknown":
      return ["unknown", `Option ${option.number}`, toHex(option.data)];
  }
}
