import { describe, expect, it } from "vitest";
import { SipHash, swapWord } from "./siphash.ts";

/** The words of the bytes 00 01 .. (count - 1). */
const ofBytes = (count: number): number[] =>
  Array.from({ length: count / 4 }, (_, word) => 0x03020100 + word * 0x04040404);

describe("SipHash-2-4", () => {
  // Vectors of the reference implementation: key 00 01 .. 0f, message 00 01 .. (n - 1).
  const KEY = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c] as const;
  const cases: readonly (readonly [words: number[], high: number, low: number])[] = [
    [[], 0x726fdb47, 0xdd0e0e31],
    [[0x03020100], 0xcf2794e0, 0x277187b7],
    [[0x03020100, 0x07060504], 0x93f5f579, 0x9a932462],
    [ofBytes(12), 0x751e8fbc, 0x860ee5fb],
    [ofBytes(60), 0x6ca4ecb1, 0x5c5f91e1],
  ];
  it.each(cases)("hashes %j as the reference does", (words, high, low) => {
    const hash = new SipHash(KEY);
    hash.hash(words);
    expect([hash.high >>> 0, hash.low >>> 0]).toEqual([high, low]);
  });

  it("turns the bytes of a word around", () => {
    expect(swapWord(0x01020304) >>> 0).toBe(0x04030201);
    expect(swapWord(0xff000000) >>> 0).toBe(0xff);
  });
});
