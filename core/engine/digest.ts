/**
 * Digest of a run, kept by lane: what happens in one lane is mixed in order, and the lanes are put together when
 * somebody asks, so it is the same whichever lane came first at an instant. Of each, two 32-bit halves of
 * multiply-rotate mixing (after MurmurHash3's body and finaliser, Appleby 2011). Tells runs apart that differ by
 * anything mixed in; not meant to resist an adversary.
 */
import { grown } from "./event-slots.ts";
import type { Lane } from "./rank.ts";

const START_A = 0x9747b28c | 0;
const START_B = 0x3c6ef372 | 0;

export class Digest {
  /** Two halves a lane. */
  #halves = new Int32Array(128);
  #lanes = 0;

  /** Begins the next lane's. */
  addLane(): void {
    if (2 * this.#lanes === this.#halves.length) this.#halves = grown(this.#halves);
    this.#halves[2 * this.#lanes] = START_A;
    this.#halves[2 * this.#lanes + 1] = START_B;
    this.#lanes++;
  }

  /** Mixes in one number, of which the low 53 bits count. */
  mix(lane: Lane, value: number): void {
    const halves = this.#halves;
    const at = 2 * lane;
    const low = value | 0;
    const a = mixA(halves[at] as number, low);
    halves[at] = a;
    // `value | 0` drops everything above 32 bits; the second half takes the rest as well.
    const high = (value - (low >>> 0)) * 2 ** -32;
    halves[at + 1] = mixB(halves[at + 1] as number, low ^ Math.imul(high | 0, 0x85ebca6b), a);
  }

  mixBytes(lane: Lane, bytes: Uint8Array): void {
    this.mix(lane, bytes.length);
    for (const byte of bytes) this.mix(lane, byte);
  }

  mixText(lane: Lane, text: string): void {
    this.mix(lane, text.length);
    for (let i = 0; i < text.length; i++) this.mix(lane, text.charCodeAt(i));
  }

  /** 16 hexadecimal digits. Reading it does not change it. */
  get value(): string {
    let a = START_A;
    let b = START_B;
    for (let at = 0; at < 2 * this.#lanes; at++) {
      const half = this.#halves[at] as number;
      a = mixA(a, half);
      b = mixB(b, half, a);
    }
    return hex32(finalise(a ^ b)) + hex32(finalise(b + 0x165667b1));
  }
}

function mixA(before: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const a = before ^ Math.imul(k, 0x1b873593);
  return (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
}

function mixB(before: number, value: number, a: number): number {
  const b = before ^ Math.imul(value, 0xc2b2ae35);
  return (Math.imul((b << 17) | (b >>> 15), 9) + a) | 0;
}

function finalise(start: number): number {
  let h = start;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const hex32 = (value: number): string => value.toString(16).padStart(8, "0");
