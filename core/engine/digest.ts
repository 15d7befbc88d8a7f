/**
 * Rolling digest of a run: two 32-bit lanes of multiply-rotate mixing (after MurmurHash3's body and finaliser, Appleby
 * 2011). Tells runs apart that differ by anything mixed in; not meant to resist an adversary.
 */
export class Digest {
  #a = 0x9747b28c | 0;
  #b = 0x3c6ef372 | 0;

  /** Mixes in one number, of which the low 53 bits count. */
  mix(value: number): void {
    const low = value | 0;
    let k = Math.imul(low, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    const a = this.#a ^ Math.imul(k, 0x1b873593);
    this.#a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    // `value | 0` drops everything above 32 bits; the second lane takes the rest as well.
    const high = (value - (low >>> 0)) * 2 ** -32;
    const b = this.#b ^ Math.imul(low ^ Math.imul(high | 0, 0x85ebca6b), 0xc2b2ae35);
    this.#b = (Math.imul((b << 17) | (b >>> 15), 9) + this.#a) | 0;
  }

  mixBytes(bytes: Uint8Array): void {
    this.mix(bytes.length);
    for (const byte of bytes) this.mix(byte);
  }

  mixText(text: string): void {
    this.mix(text.length);
    for (let i = 0; i < text.length; i++) this.mix(text.charCodeAt(i));
  }

  /** 16 hexadecimal digits. Reading it does not change it. */
  get value(): string {
    return hex32(finalise(this.#a ^ this.#b)) + hex32(finalise(this.#b + 0x165667b1));
  }
}

function finalise(start: number): number {
  let h = start;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const hex32 = (value: number): string => value.toString(16).padStart(8, "0");
