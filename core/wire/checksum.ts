/**
 * The internet checksum, RFC 1071, and its incremental update, RFC 1624 (equation 3, which RFC 1141 had wrong for a
 * result of zero). A partial sum is an unfolded sum of big-endian 16-bit words: at most 2^48 is ever summed, exact in a
 * double. Only the last part of a sum may have an odd number of bytes.
 */
import { u8 } from "../base/bytes.ts";
import type { Ipv4Address } from "./address.ts";

/** From here on a DataView, which reads four bytes at once, earns back what making one costs (measured: 128 to 256). */
const WORDWISE_BYTES_MIN = 256;

// The view of the buffer summed last: a transfer's segments mostly share one buffer, and a view costs about 200 ns.
let lastBuffer: ArrayBufferLike = new ArrayBuffer(0);
let lastView: DataView<ArrayBufferLike> = new DataView(lastBuffer);

/** Adds the 16-bit words of `length` bytes to `start`; an odd last byte counts as the high half of a word. */
export function checksumPartial(bytes: Uint8Array, at: number, length: number, start = 0): number {
  let whole = 0;
  let sum = start;
  if (length >= WORDWISE_BYTES_MIN) {
    whole = length & ~15;
    sum += sumWords(bytes, at, whole);
  }
  // Even and odd columns are summed apart: one shift at the end instead of one per word.
  let high = 0;
  let low = 0;
  let i = at + whole;
  for (const end = at + length - 1; i < end; i += 2) {
    high += u8(bytes, i);
    low += u8(bytes, i + 1);
  }
  if (i < at + length) high += u8(bytes, i);
  return sum + high * 256 + low;
}

/** The sum of a multiple of 16 bytes. */
function sumWords(bytes: Uint8Array, at: number, length: number): number {
  if (bytes.buffer !== lastBuffer) {
    lastBuffer = bytes.buffer;
    lastView = new DataView(lastBuffer);
  }
  const view = lastView;
  let high = 0;
  let low = 0;
  let i = bytes.byteOffset + at;
  for (const end = i + length; i < end; i += 16) {
    const a = view.getInt32(i);
    const b = view.getInt32(i + 4);
    const c = view.getInt32(i + 8);
    const d = view.getInt32(i + 12);
    high += (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16);
    low += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff);
  }
  return high + low;
}

/** The checksum field for a sum: carries folded in, then complemented. Over bytes with a right checksum it is 0. */
export function checksumFold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The whole thing: what belongs in a header's zeroed checksum field, or 0 when the field is right. */
export const checksum = (bytes: Uint8Array, at: number, length: number): number =>
  checksumFold(checksumPartial(bytes, at, length));

/** The partial sum of TCP's and UDP's pseudo-header (RFC 9293, 3.1). `length` is of header and data, in bytes. */
export function pseudoHeaderSum(source: Ipv4Address, target: Ipv4Address, protocol: number, length: number): number {
  return (source >>> 16) + (source & 0xffff) + (target >>> 16) + (target & 0xffff) + protocol + length;
}

/** The checksum after one 16-bit word changed from `before` to `after`: HC' = ~(~HC + ~m + m'). */
export function checksumAdjust16(field: number, before: number, after: number): number {
  return checksumFold((~field & 0xffff) + (~before & 0xffff) + after);
}

/** The checksum after a 32-bit value at an even offset changed, such as an address behind NAT. */
export function checksumAdjust32(field: number, before: number, after: number): number {
  return checksumFold(
    (~field & 0xffff) + (~before & 0xffff) + (~(before >>> 16) & 0xffff) + (after & 0xffff) + (after >>> 16),
  );
}

/** Where UDP's header has its checksum. TCP's is at 16. */
const UDP_CHECKSUM_AT = 6;

/**
 * A computed sum as it is sent: UDP writes 0xffff for a zero, since zero means "no checksum" (RFC 768). Linux's
 * software does that for TCP as well, which nobody but Wireshark minds; cards do not, and nor do we.
 */
export const checksumOnWire = (sum: number, offset: number): number =>
  sum === 0 && offset === UDP_CHECKSUM_AT ? 0xffff : sum;
