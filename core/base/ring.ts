/** First-in first-out queue over a growing power-of-two array: no shifting, no allocation once it is large enough. */
import { assert } from "./assert.ts";

export class Ring<T> {
  #items: (T | undefined)[];
  #head = 0;
  #length = 0;

  constructor(capacity = 16) {
    let size = 1;
    while (size < capacity) size *= 2;
    this.#items = new Array<T | undefined>(size).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item;
    this.#length++;
  }

  /** The oldest item, removed; undefined when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined; // let go, or the ring keeps dead packets alive
    // An empty ring begins anew, so that one with little to do stays in the same cache line.
    this.#head = --this.#length === 0 ? 0 : (this.#head + 1) & (this.#items.length - 1);
    return item;
  }

  /** The item `index` places behind the oldest. @throws AssertionError outside the queue. */
  at(index: number): T {
    assert(index >= 0 && index < this.#length, "index is inside the ring");
    return this.#items[(this.#head + index) & (this.#items.length - 1)] as T;
  }

  clear(): void {
    this.#items.fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const larger = new Array<T | undefined>(this.#items.length * 2).fill(undefined);
    for (let i = 0; i < this.#length; i++) larger[i] = this.at(i);
    this.#items = larger;
    this.#head = 0;
  }
}
