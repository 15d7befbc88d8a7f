/**
 * Packets in the order of an instant each; equal instants keep the order of insertion. A binary heap over two arrays.
 */
import { assert } from "../../../base/assert.ts";
import type { SkBuff } from "../../skb/skbuff.ts";

export class TimedQueue {
  readonly #packets: SkBuff[] = [];
  /** Per packet, in the same order: instant and number of insertion. */
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  #count = 0;
  bytes = 0;

  get length(): number {
    return this.#packets.length;
  }

  /** Instant of the first packet; Infinity when empty. */
  get firstAt(): number {
    return this.#times[0] ?? Infinity;
  }

  push(skb: SkBuff, at: number): void {
    assert(!skb.inQueue && skb.users > 0, "a living packet is in one queue at most");
    skb.inQueue = true;
    this.bytes += skb.length;
    this.#packets.push(skb);
    this.#times.push(at);
    this.#orders.push(this.#count++);
    let child = this.#packets.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  shift(): SkBuff | null {
    const first = this.#packets[0];
    if (first === undefined) return null;
    const last = this.#packets.length - 1;
    this.#swap(0, last);
    this.#packets.pop();
    this.#times.pop();
    this.#orders.pop();
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < last && this.#isBefore(child, least)) least = child;
      }
      if (least === parent) break;
      this.#swap(parent, least);
      parent = least;
    }
    first.inQueue = false;
    this.bytes -= first.length;
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#times[a] as number;
    const timeB = this.#times[b] as number;
    return timeA < timeB || (timeA === timeB && (this.#orders[a] as number) < (this.#orders[b] as number));
  }

  #swap(a: number, b: number): void {
    swap(this.#packets, a, b);
    swap(this.#times, a, b);
    swap(this.#orders, a, b);
  }
}

function swap<T>(items: T[], a: number, b: number): void {
  const held = items[a] as T;
  items[a] = items[b] as T;
  items[b] = held;
}
