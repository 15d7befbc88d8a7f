/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) over 32-bit little-endian words: the keyed hash behind TCP's cookies and
 * initial sequence numbers. 64-bit values are pairs of 32-bit halves, since BigInt is too slow for one hash a packet.
 */
import { assert } from "./assert.ts";

/** Four little-endian words: 128 bits. */
export type SipKey = readonly [number, number, number, number];

export class SipHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;
  readonly #k3: number;
  /** Halves of the last hash. */
  low = 0;
  high = 0;

  constructor([k0, k1, k2, k3]: SipKey) {
    this.#k0 = k0;
    this.#k1 = k1;
    this.#k2 = k2;
    this.#k3 = k3;
  }

  /**
   * Hashes the words as 4 * n bytes. @returns the low half, signed; `high` has the other one.
   *
   * All in variables: v0 to v3, low (l) and high (h) half of each. In an array, which every machine had of its own,
   * they were 2 % of a lab of short connections.
   */
  hash(words: ArrayLike<number>): number {
    const count = words.length;
    assert(count < 64, "the length fits the last byte");
    let l0 = this.#k0 ^ 0x70736575;
    let h0 = this.#k1 ^ 0x736f6d65;
    let l1 = this.#k2 ^ 0x6e646f6d;
    let h1 = this.#k3 ^ 0x646f7261;
    let l2 = this.#k0 ^ 0x6e657261;
    let h2 = this.#k1 ^ 0x6c796765;
    let l3 = this.#k2 ^ 0x79746573;
    let h3 = this.#k3 ^ 0x74656462;
    // Two rounds for each 8 bytes, the last of which have the length in them, and four at the end.
    const absorbing = 2 * ((count >> 1) + 1);
    let low = 0;
    let high = 0;
    for (let round = 0; round < absorbing + 4; round++) {
      if (round < absorbing && (round & 1) === 0) {
        low = round < count ? (words[round] as number) : 0;
        high = round + 1 < count ? (words[round + 1] as number) : 0;
        if (round === absorbing - 2) high |= (count * 4) << 24;
        l3 ^= low;
        h3 ^= high;
      } else if (round === absorbing) l2 ^= 0xff;

      // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
      let sum = (l0 + l1) | 0;
      h0 = (h0 + h1 + (sum >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
      l0 = sum;
      let turned = ((l1 << 13) | (h1 >>> 19)) ^ l0;
      h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
      l1 = turned;
      turned = l0;
      l0 = h0;
      h0 = turned;
      // v2 += v3; v3 = rotl(v3, 16) ^ v2
      sum = (l2 + l3) | 0;
      h2 = (h2 + h3 + (sum >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
      l2 = sum;
      turned = ((l3 << 16) | (h3 >>> 16)) ^ l2;
      h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
      l3 = turned;
      // v0 += v3; v3 = rotl(v3, 21) ^ v0
      sum = (l0 + l3) | 0;
      h0 = (h0 + h3 + (sum >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
      l0 = sum;
      turned = ((l3 << 21) | (h3 >>> 11)) ^ l0;
      h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
      l3 = turned;
      // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
      sum = (l2 + l1) | 0;
      h2 = (h2 + h1 + (sum >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
      l2 = sum;
      turned = ((l1 << 17) | (h1 >>> 15)) ^ l2;
      h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
      l1 = turned;
      turned = l2;
      l2 = h2;
      h2 = turned;

      if (round < absorbing && (round & 1) === 1) {
        l0 ^= low;
        h0 ^= high;
      }
    }
    this.low = l0 ^ l1 ^ l2 ^ l3;
    this.high = h0 ^ h1 ^ h2 ^ h3;
    return this.low;
  }
}

/** The word with its bytes in the other order. */
export const swapWord = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
