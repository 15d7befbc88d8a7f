/**
 * First-in first-out queue over a growing power-of-two array: no shifting, no allocation once it is large enough.
 *
 * The oldest item stands in a field of its own, and the array is made when a second one comes: most queues of a machine
 * (interrupts, poll lists, tasks) seldom hold more than one, and a thousand machines then touch one cache line for each
 * queue instead of three.
 */
import { assert } from "./assert.ts";

const CAPACITY_MIN = 4;

export class Ring<T> {
  #length = 0;
  #oldest: T | undefined = undefined;
  /** Place in `#behind` of the item behind the oldest. */
  #head = 0;
  #behind: (T | undefined)[] | null = null;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    const behind = this.#length++ - 1;
    if (behind < 0) {
      this.#oldest = item;
      return;
    }
    const items = this.#behind === null || behind === this.#behind.length ? this.#grow(behind) : this.#behind;
    items[(this.#head + behind) & (items.length - 1)] = item;
  }

  /** The oldest item, removed; undefined when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#oldest;
    this.#oldest = --this.#length === 0 ? undefined : this.#next();
    return item;
  }

  /** The item `index` places behind the oldest. @throws AssertionError outside the queue. */
  at(index: number): T {
    assert(index >= 0 && index < this.#length, "index is inside the ring");
    if (index === 0 || this.#behind === null) return this.#oldest as T;
    return this.#behind[(this.#head + index - 1) & (this.#behind.length - 1)] as T;
  }

  clear(): void {
    this.#oldest = undefined;
    this.#behind?.fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  #next(): T | undefined {
    const items = this.#behind;
    assert(items !== null, "what is not the oldest is behind it");
    const item = items[this.#head];
    items[this.#head] = undefined; // let go, or the ring keeps dead packets alive
    this.#head = (this.#head + 1) & (items.length - 1);
    return item;
  }

  /** Room for more than the `count` items that are behind the oldest now. */
  #grow(count: number): (T | undefined)[] {
    const larger = new Array<T | undefined>(Math.max(CAPACITY_MIN, count * 2)).fill(undefined);
    for (let i = 0; i < count; i++) larger[i] = this.#behind?.[(this.#head + i) & (count - 1)];
    this.#behind = larger;
    this.#head = 0;
    return larger;
  }
}
