/** mulberry32, as ns3/common.h's Rng: both sides draw the same destinations. */
export class BenchRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= (t + Math.imul(t ^ (t >>> 7), t | 61)) | 0;
    return (t ^ (t >>> 14)) >>> 0;
  }

  otherThan(self: number, count: number): number {
    return (self + 1 + (this.next() % (count - 1))) % count;
  }
}
