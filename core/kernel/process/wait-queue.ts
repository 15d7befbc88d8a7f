/**
 * Wait queues (Linux's wait_queue_head): who sleeps until something changes. Entries are linked through themselves and
 * belong to the sleeper, so that waiting allocates nothing. A wake-up is a hint: the sleeper looks again whether what
 * it waits for is there.
 * Left out: exclusive waits. Everybody in the queue is woken, and all but one may find nothing left.
 */
import { assert } from "../../base/assert.ts";

/** A process, or whatever else can sleep. */
export interface Waiter {
  /** @param events POLL bits that may have come; 0 for anything. */
  wake(events?: number): void;
}

/** One sleeper's place in one queue; in at most one queue at a time. */
export class WaitEntry {
  readonly waiter: Waiter;
  queue: WaitQueue | null = null;
  previous: WaitEntry | null = null;
  next: WaitEntry | null = null;

  constructor(waiter: Waiter) {
    this.waiter = waiter;
  }
}

export class WaitQueue {
  #first: WaitEntry | null = null;
  #last: WaitEntry | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  add(entry: WaitEntry): void {
    assert(entry.queue === null, "an entry waits in one queue at a time");
    entry.queue = this;
    entry.previous = this.#last;
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  remove(entry: WaitEntry): void {
    assert(entry.queue === this, "an entry leaves the queue it is in");
    if (entry.previous === null) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === null) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.queue = null;
    entry.previous = null;
    entry.next = null;
  }

  /**
   * Wakes everybody, in the order they came. They stay in the queue until they have run and left it.
   * @param events POLL bits that may have come, so that edge-triggered epoll reports no others; 0 for anything.
   */
  wake(events = 0): void {
    for (let entry = this.#first; entry !== null; entry = entry.next) entry.waiter.wake(events);
  }
}
