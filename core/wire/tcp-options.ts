/**
 * TCP options: MSS (RFC 9293, 3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018), fast open (RFC 7413).
 * An option of another kind, or of a known kind with a wrong length, is kept as `unknown` with its bytes.
 */
import { copyBytes, put16, put32, put8, toHex, u16, u32, u8 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { WireError } from "./error.ts";
import type { Field } from "./fields.ts";
import { paddedToWords, walkOptions, type OptionSpan } from "./options.ts";

/** Left edge and right edge: first sequence number of the block, and the one behind it. */
export type SackBlock = { readonly left: number; readonly right: number };

export type TcpOption =
  | { readonly kind: "nop" }
  | { readonly kind: "mss"; readonly mss: number }
  | { readonly kind: "window-scale"; readonly shift: number }
  | { readonly kind: "sack-permitted" }
  | { readonly kind: "sack"; readonly blocks: readonly SackBlock[] }
  | { readonly kind: "timestamps"; readonly value: number; readonly echo: number }
  | { readonly kind: "fast-open"; readonly cookie: Uint8Array }
  | { readonly kind: "unknown"; readonly number: number; readonly data: Uint8Array };

/** Option kinds, by Linux's names (net/tcp.h), and the lengths of those with one length. */
export const TCPOPT = { EOL: 0, NOP: 1, MSS: 2, WINDOW: 3, SACK_PERM: 4, SACK: 5, TIMESTAMP: 8, FASTOPEN: 34 } as const;
export const TCPOLEN = { MSS: 4, WINDOW: 3, SACK_PERM: 2, TIMESTAMP: 10, SACK_BASE: 2, SACK_PERBLOCK: 8 } as const;
export const TCP_OPTIONS_BYTES_MAX = 40;
/** Four blocks fill 34 of the 40 bytes; with timestamps three fit. */
export const TCP_SACK_BLOCKS_MAX = 4;
/** Larger shifts count as 14 (RFC 7323, 2.3). */
export const TCP_WINDOW_SHIFT_MAX = 14;

export function parseTcpOptions(bytes: Uint8Array, from: number, to: number): Result<readonly TcpOption[], WireError> {
  const walk = walkOptions(bytes, from, to);
  if (walk.malformed) return bad("bad-option");
  return good(walk.spans.map((span) => readTcpOption(bytes, span)));
}

/** The option of a span that `walkOptions` returned. */
export function readTcpOption(bytes: Uint8Array, span: OptionSpan): TcpOption {
  const { kind, at, length } = span;
  if (kind === TCPOPT.NOP) return { kind: "nop" };
  if (kind === TCPOPT.MSS && length === TCPOLEN.MSS) return { kind: "mss", mss: u16(bytes, at + 2) };
  if (kind === TCPOPT.WINDOW && length === TCPOLEN.WINDOW) return { kind: "window-scale", shift: u8(bytes, at + 2) };
  if (kind === TCPOPT.SACK_PERM && length === TCPOLEN.SACK_PERM) return { kind: "sack-permitted" };
  if (kind === TCPOPT.TIMESTAMP && length === TCPOLEN.TIMESTAMP) {
    return { kind: "timestamps", value: u32(bytes, at + 2), echo: u32(bytes, at + 6) };
  }
  if (kind === TCPOPT.SACK && length > 2 && (length - 2) % TCPOLEN.SACK_PERBLOCK === 0) {
    const blocks: SackBlock[] = [];
    for (let i = at + 2; i < at + length; i += 8) blocks.push({ left: u32(bytes, i), right: u32(bytes, i + 4) });
    return { kind: "sack", blocks };
  }
  const data = bytes.subarray(at + 2, at + length);
  return kind === TCPOPT.FASTOPEN ? { kind: "fast-open", cookie: data } : { kind: "unknown", number: kind, data };
}

function optionBytes(option: TcpOption): number {
  switch (option.kind) {
    case "nop":
      return 1;
    case "mss":
      return TCPOLEN.MSS;
    case "window-scale":
      return TCPOLEN.WINDOW;
    case "sack-permitted":
      return TCPOLEN.SACK_PERM;
    case "sack":
      return TCPOLEN.SACK_BASE + TCPOLEN.SACK_PERBLOCK * option.blocks.length;
    case "timestamps":
      return TCPOLEN.TIMESTAMP;
    case "fast-open":
      return 2 + option.cookie.length;
    case "unknown":
      return 2 + option.data.length;
  }
}

/** Bytes the options take in a header, padding included. */
export const tcpOptionsBytes = (options: readonly TcpOption[]): number =>
  paddedToWords(options.reduce((sum, option) => sum + optionBytes(option), 0));

/** Writes the options at `at` and fills up to the word with end options. @returns bytes written. */
export function putTcpOptions(bytes: Uint8Array, at: number, options: readonly TcpOption[]): number {
  let next = at;
  for (const option of options) {
    putTcpOption(bytes, next, option);
    next += optionBytes(option);
  }
  const end = at + paddedToWords(next - at);
  while (next < end) put8(bytes, next++, TCPOPT.EOL);
  return end - at;
}

function putTcpOption(bytes: Uint8Array, at: number, option: TcpOption): void {
  if (option.kind === "nop") return put8(bytes, at, TCPOPT.NOP);
  put8(bytes, at + 1, optionBytes(option));
  switch (option.kind) {
    case "mss":
      put8(bytes, at, TCPOPT.MSS);
      return put16(bytes, at + 2, option.mss);
    case "window-scale":
      put8(bytes, at, TCPOPT.WINDOW);
      return put8(bytes, at + 2, option.shift);
    case "sack-permitted":
      return put8(bytes, at, TCPOPT.SACK_PERM);
    case "sack":
      put8(bytes, at, TCPOPT.SACK);
      return option.blocks.forEach((block, i) => {
        put32(bytes, at + 2 + 8 * i, block.left);
        put32(bytes, at + 6 + 8 * i, block.right);
      });
    case "timestamps":
      put8(bytes, at, TCPOPT.TIMESTAMP);
      put32(bytes, at + 2, option.value);
      return put32(bytes, at + 6, option.echo);
    case "fast-open":
      put8(bytes, at, TCPOPT.FASTOPEN);
      return copyBytes(option.cookie, 0, bytes, at + 2, option.cookie.length);
    case "unknown":
      put8(bytes, at, option.number);
      return copyBytes(option.data, 0, bytes, at + 2, option.data.length);
  }
}

/** One field per option, in order; damage is the last field's error. */
export function fieldsOfTcpOptions(bytes: Uint8Array, from: number, to: number): Field[] {
  const walk = walkOptions(bytes, from, to);
  const fields = walk.spans.map((span): Field => {
    const [name, label, value] = describe(readTcpOption(bytes, span));
    return { name: `tcp.options.${name}`, label, value, range: [span.at, span.at + span.length] };
  });
  if (walk.malformed) {
    const value = u8(bytes, walk.end);
    const error = "the option's length does not fit";
    fields.push({ name: "tcp.option_kind", label: "Damaged option", value, range: [walk.end, to], error });
  }
  return fields;
}

function describe(option: TcpOption): readonly [name: string, label: string, value: number | string] {
  switch (option.kind) {
    case "nop":
      return ["nop", "No-operation", ""];
    case "mss":
      return ["mss_val", "Maximum segment size", option.mss];
    case "window-scale":
      return ["wscale.shift", "Window scale", option.shift];
    case "sack-permitted":
      return ["sack_perm", "SACK permitted", ""];
    case "sack":
      return ["sack", "SACK", option.blocks.map((block) => `${block.left}-${block.right}`).join(" ")];
    case "timestamps":
      return ["timestamp", "Timestamps", `value ${option.value} echo ${option.echo}`];
    case "fast-open":
      return ["tfo", "Fast open cookie", toHex(option.cookie)];
    case "unknown":
      return ["unknown", `Option ${option.number}`, toHex(option.data)];
  }
}
