/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) over 32-bit little-endian words: the keyed hash behind TCP's cookies and
 * initial sequence numbers. 64-bit values are pairs of 32-bit halves, since BigInt is too slow for one hash a packet.
 */
import { assert } from "./assert.ts";

/** Four little-endian words: 128 bits. */
export type SipKey = readonly [number, number, number, number];

export class SipHash {
  readonly #key: SipKey;
  // v0 to v3, low half and high half of each.
  readonly #v = new Int32Array(8);
  /** Halves of the last hash. */
  low = 0;
  high = 0;

  constructor(key: SipKey) {
    this.#key = key;
  }

  /** Hashes the words as 4 * n bytes. @returns the low half, signed; `high` has the other one. */
  hash(words: ArrayLike<number>): number {
    const count = words.length;
    assert(count < 64, "the length fits the last byte");
    const v = this.#v;
    const [k0, k1, k2, k3] = this.#key;
    v[0] = k0 ^ 0x70736575;
    v[1] = k1 ^ 0x736f6d65;
    v[2] = k2 ^ 0x6e646f6d;
    v[3] = k3 ^ 0x646f7261;
    v[4] = k0 ^ 0x6e657261;
    v[5] = k1 ^ 0x6c796765;
    v[6] = k2 ^ 0x79746573;
    v[7] = k3 ^ 0x74656462;
    let i = 0;
    for (; i + 1 < count; i += 2) this.#absorb(words[i] as number, words[i + 1] as number);
    this.#absorb(i < count ? (words[i] as number) : 0, 0, (count * 4) << 24);
    v[4] = (v[4] as number) ^ 0xff;
    for (let round = 0; round < 4; round++) this.#round();
    this.low = (v[0] as number) ^ (v[2] as number) ^ (v[4] as number) ^ (v[6] as number);
    this.high = (v[1] as number) ^ (v[3] as number) ^ (v[5] as number) ^ (v[7] as number);
    return this.low;
  }

  #absorb(low: number, high: number, lengthByte = 0): void {
    const v = this.#v;
    const top = high | lengthByte;
    v[6] = (v[6] as number) ^ low;
    v[7] = (v[7] as number) ^ top;
    this.#round();
    this.#round();
    v[0] = (v[0] as number) ^ low;
    v[1] = (v[1] as number) ^ top;
  }

  #round(): void {
    const v = this.#v;
    this.#mix(v, 0, 2, 13);
    swapHalves(v, 0);
    this.#mix(v, 4, 6, 16);
    this.#mix(v, 0, 6, 21);
    this.#mix(v, 4, 2, 17);
    swapHalves(v, 4);
  }

  /** a += b; b = rotl(b, bits) ^ a. */
  #mix(v: Int32Array, a: number, b: number, bits: number): void {
    const bLow = v[b] as number;
    const bHigh = v[b + 1] as number;
    const low = ((v[a] as number) >>> 0) + (bLow >>> 0);
    const high = ((v[a + 1] as number) + bHigh + (low > 0xffffffff ? 1 : 0)) | 0;
    v[a] = low | 0;
    v[a + 1] = high;
    v[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ (low | 0);
    v[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ high;
  }
}

/** Rotates the 64-bit value at `at` by 32. */
function swapHalves(v: Int32Array, at: number): void {
  const low = v[at] as number;
  v[at] = v[at + 1] as number;
  v[at + 1] = low;
}

/** The word with its bytes in the other order. */
export const swapWord = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
