/** `1:1001(1000)`: the sequence numbers that a segment takes. */
import type { TokenReader } from "./token-reader.ts";

export const U16_MAX = 0xffff;
export const U32_MAX = 0xffff_ffff;

/** `start:end(length)`. */
export function parseSequence(reader: TokenReader): { seq: number; payload: number } {
  const start = reader.next;
  const seq = reader.expectNumber("a sequence number", U32_MAX);
  reader.expect(":");
  const end = reader.expectNumber("the sequence number behind the last byte", U32_MAX);
  reader.expect("(");
  const payload = reader.expectNumber("the payload's length", U16_MAX);
  reader.expect(")");
  // Behind 2^32 it goes on from 0.
  if ((seq + payload) % (U32_MAX + 1) !== end % (U32_MAX + 1)) {
    reader.failAt(
      start,
      `${seq}:${end} are ${end - seq} bytes, not ${payload}: ${seq}:${seq + payload}(${payload}) expected`,
    );
  }
  return { seq, payload };
}
