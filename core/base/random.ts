/**
 * Seeded pseudo-random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), seeded by SplitMix32 over a hash of the stream's name. Integer arithmetic only, so equal on every machine.
 * Not for secrets.
 */
import { assert } from "./assert.ts";

/** 32-bit FNV-1a of a string's UTF-16 units. */
export function hashName(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function splitMix32(state: number): number {
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, name = "") {
    const start = (seed ^ hashName(name)) >>> 0;
    // The high half of the seed counts too: seeds come from people and from loops over 2^53.
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    this.#a = splitMix32(start + 0x9e3779b9);
    this.#b = splitMix32((start ^ high) + 0x3c6ef372);
    this.#c = splitMix32(start + 0xdaa66d2b);
    this.#d = splitMix32(start + 0x78dde6e4) | 1; // never all zero, the one state xoshiro cannot leave
  }

  /** Uniform in 0 .. 2^32 - 1. */
  next32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  fraction(): number {
    return ((this.next32() >>> 5) * 0x4000000 + (this.next32() >>> 6)) / 2 ** 53;
  }

  /** Uniform integer in 0 .. bound - 1. @throws AssertionError unless 1 <= bound <= 2^53. */
  below(bound: number): number {
    assert(Number.isSafeInteger(bound) && bound >= 1, "bound is a positive integer");
    return Math.floor(this.fraction() * bound);
  }

  /**
   * True with the given probability (0 never, 1 always); draws nothing at either end, so a switch that is off costs no
   * draw.
   */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    if (probability >= 1) return true;
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
