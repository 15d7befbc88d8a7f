/**
 * Sequence number arithmetic modulo 2^32, RFC 9293, section 3.4. Inside the kernel a sequence number is a signed 32-bit
 * integer, which V8 keeps unboxed; `>>> 0` shows it as people and the wire write it. Never compared with `<`.
 */
import type { Brand } from "../../base/brand.ts";

export type Seq = Brand<number, "Seq">;

/** Any integer, taken modulo 2^32. */
export const seqOf = (value: number): Seq => (value | 0) as Seq;
export const seqAdd = (seq: Seq, bytes: number): Seq => ((seq + bytes) | 0) as Seq;
/** Bytes from `a` to `b`; negative when `b` is before `a`. */
export const seqDistance = (a: Seq, b: Seq): number => (b - a) | 0;
export const seqBefore = (a: Seq, b: Seq): boolean => ((a - b) | 0) < 0;
export const seqAfter = (a: Seq, b: Seq): boolean => ((b - a) | 0) < 0;
/** Whether `seq` is in [from, to], both ends included, on the circle (Linux between()). */
export const seqBetween = (seq: Seq, from: Seq, to: Seq): boolean => (to - from) >>> 0 >= (seq - from) >>> 0;
export const seqMax = (a: Seq, b: Seq): Seq => (seqBefore(a, b) ? b : a);
export const seqMin = (a: Seq, b: Seq): Seq => (seqBefore(a, b) ? a : b);

/** Whether a segment touches the window [from, to); an empty one may stand at its end (tcp_in_window). */
export function inWindow(seq: Seq, endSeq: Seq, from: Seq, to: Seq): boolean {
  if (seq === from) return true;
  if (seqAfter(endSeq, from) && seqBefore(seq, to)) return true;
  return seq === to && seq === endSeq;
}
