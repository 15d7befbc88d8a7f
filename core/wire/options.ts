/**
 * The option list both IPv4 (RFC 791, 3.1) and TCP (RFC 9293, 3.1) carry: kind 0 ends it, kind 1 is one byte of
 * padding, every other kind is followed by a length that counts both its bytes.
 */
import { u8 } from "../base/bytes.ts";

export const OPTION_END = 0;
export const OPTION_NOP = 1;

/** One option in place: `at` is its kind byte, `length` includes kind and length bytes. */
export type OptionSpan = { readonly kind: number; readonly at: number; readonly length: number };

/** What a walk found. `end` is where it stopped: at an end option, at damage, or at the end of the area. */
export type OptionWalk = { readonly spans: readonly OptionSpan[]; readonly end: number; readonly malformed: boolean };

/** Length of the option at `at`, 0 when it does not fit before `to`. In place, for the hot path. */
export function optionLength(bytes: Uint8Array, at: number, to: number): number {
  const kind = u8(bytes, at);
  if (kind === OPTION_END || kind === OPTION_NOP) return 1;
  if (at + 1 >= to) return 0;
  const length = u8(bytes, at + 1);
  return length < 2 || at + length > to ? 0 : length;
}

/** Every option up to the first end option, which is not listed. Never throws; damage ends the walk. */
export function walkOptions(bytes: Uint8Array, from: number, to: number): OptionWalk {
  const spans: OptionSpan[] = [];
  let at = from;
  while (at < to && u8(bytes, at) !== OPTION_END) {
    const length = optionLength(bytes, at, to);
    if (length === 0) return { spans, end: at, malformed: true };
    spans.push({ kind: u8(bytes, at), at, length });
    at += length;
  }
  return { spans, end: at, malformed: false };
}

/** Bytes of an option area, rounded up to the 32-bit words a header is counted in. */
export const paddedToWords = (length: number): number => (length + 3) & ~3;
