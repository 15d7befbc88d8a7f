/** Binary min-heap of integers by a numeric key; equal keys come out smallest integer first, so the order is total. */
import { assert } from "./assert.ts";

export class KeyedHeap {
  readonly #keys: number[] = [];
  readonly #values: number[] = [];

  get length(): number {
    return this.#keys.length;
  }

  push(key: number, value: number): void {
    let at = this.#keys.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(key, value, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  /** @throws AssertionError when empty. */
  pop(): { key: number; value: number } {
    assert(this.#keys.length > 0, "pop needs an item");
    const top = { key: this.#keys[0] as number, value: this.#values[0] as number };
    const key = this.#keys.pop() as number;
    const value = this.#values.pop() as number;
    if (this.#keys.length > 0) this.#sink(key, value);
    return top;
  }

  #sink(key: number, value: number): void {
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#keys.length) break;
      if (
        child + 1 < this.#keys.length &&
        this.#isBefore(this.#keys[child + 1] as number, this.#values[child + 1] as number, child)
      ) {
        child++;
      }
      if (this.#isBefore(key, value, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  #isBefore(key: number, value: number, at: number): boolean {
    const other = this.#keys[at] as number;
    return key < other || (key === other && value < (this.#values[at] as number));
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] as number;
    this.#values[to] = this.#values[from] as number;
  }
}
