/**
 * Big-endian access to packet memory, UTF-8, and hexadecimal, without the DOM's or Node's helpers.
 * The accessors are called per header field on the hot path: small enough for V8 to inline, and without bounds
 * checks of their own; callers check a header's length once before reading it.
 */
export const u8 = (bytes: Uint8Array, at: number): number => bytes[at] as number;

export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Unsigned: 0 to 2^32 - 1. */
export const u32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>>
  0;

export function put8(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Copies `length` bytes; below about 32 a loop beats the call into `set` and the view it needs. */
export function copyBytes(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  if (length < 32) {
    for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as number;
  } else if (fromAt === 0 && length === from.length) {
    to.set(from, toAt);
  } else {
    to.set(from.subarray(fromAt, fromAt + length), toAt);
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** UTF-8 of a string; a lone surrogate becomes U+FFFD, as TextEncoder does. */
export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  // Nearly all text here is ASCII, one byte a unit.
  const ascii = new Uint8Array(text.length);
  let at = 0;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return utf8EncodeAny(text);
    ascii[at] = unit;
  }
  return ascii;
}

function utf8EncodeAny(text: string): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  for (const character of text) {
    const raw = character.codePointAt(0) ?? 0;
    const code = raw >= 0xd800 && raw <= 0xdfff ? 0xfffd : raw;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(out);
}

/** Text of UTF-8 bytes; every byte that cannot start or continue a character becomes U+FFFD. Never throws. */
export function utf8Decode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const [code, size] = decodeOne(bytes, at);
    text += String.fromCodePoint(code);
    at += size;
  }
  return text;
}

/** Smallest code point per sequence length: a longer encoding than needed is refused (RFC 3629, section 3). */
const LEAST = [0, 0, 0x80, 0x800, 0x10000] as const;

function decodeOne(bytes: Uint8Array, at: number): readonly [code: number, size: number] {
  const first = u8(bytes, at);
  if (first < 0x80) return [first, 1];
  const size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  if (size === 0 || first >= 0xf8 || at + size > bytes.length) return [0xfffd, 1];
  let code = first & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const next = u8(bytes, at + i);
    if ((next & 0xc0) !== 0x80) return [0xfffd, 1];
    code = (code << 6) | (next & 63);
  }
  const legal = code >= (LEAST[size] ?? 0) && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return legal ? [code, size] : [0xfffd, 1];
}

const HEX = "0123456789abcdef";

export function hexByte(value: number): string {
  return HEX.charAt((value >> 4) & 15) + HEX.charAt(value & 15);
}

/** Lower-case hexadecimal, two digits a byte, with `separator` between bytes. */
export function toHex(bytes: Uint8Array, separator = ""): string {
  return Array.from(bytes, hexByte).join(separator);
}
