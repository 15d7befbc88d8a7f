/**
 * Pending events in total order: time, then rank, then sequence number. Timers have a heap of their own: nearly all of
 * them are far away and never run out (a connection's retransmission, the minute of TIME-WAIT), and where there are
 * many connections there are many more timers than frames on their way. In one heap, every frame would be sifted
 * through them (1,000 hosts, 20 exchanges each: 4.1 and 4.2 % of all samples were in one heap, 1.5 and 2.0 % are in
 * two). What the world does has a third, which says how far machines may run without a look at it.
 */
import { assert } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import { WIDE_ZERO } from "../base/wide-zero.ts";
import { EventHeap } from "./event-heap.ts";
import { EventSlots, HOME, SLOTS_MAX, type EventHandler } from "./event-slots.ts";
import { SEQUENCE_NUMBERS, WORLD_FAULT, WORLD_TIMER, rankOfOrder, type Rank } from "./rank.ts";

export type { EventHandler } from "./event-slots.ts";

/** Names a scheduled event for `cancel`: slot and generation, so that a stale id can never hit another event. */
export type EventId = number;
export const NO_EVENT: EventId = WIDE_ZERO - 1;

export class EventQueue {
  readonly events = new EventSlots();
  readonly #timers = new EventHeap(this.events, HOME.timers);
  /** All that is neither a timer nor the world's. */
  readonly #others = new EventHeap(this.events, HOME.others);
  readonly #world = new EventHeap(this.events, HOME.world);
  /** What one machine adds for itself while it runs ahead of the others: see `openWindow`. */
  readonly fresh = new EventHeap(this.events, HOME.fresh);
  #sequence: number;
  /** What is due before this instant belongs to the machine that runs ahead; nothing does outside of a window. */
  #horizon = -1;

  /** @param sequence number of the first event. */
  constructor(sequence = 0) {
    this.#sequence = sequence;
  }

  get length(): number {
    return this.#timers.length + this.#others.length + this.#world.length;
  }

  /** Instant of the next event, or Infinity. */
  get nextTime(): number {
    return Math.min(this.#timers.nextTime, this.#others.nextTime, this.#world.nextTime);
  }

  /** Instant of the next event of the world, or Infinity. */
  get nextWorldTime(): number {
    return this.#world.nextTime;
  }

  push(at: VirtualTime, rank: Rank, handler: EventHandler, code: number, subject: unknown, cause: number): EventId {
    if (this.#sequence === SEQUENCE_NUMBERS) this.#renumber();
    const slot = this.events.take(handler, code, subject, cause);
    this.#heapFor(at, rank).push(slot, at, rank + this.#sequence++);
    return (this.events.generations[slot] as number) * SLOTS_MAX + slot;
  }

  /** Puts an event of the window back to where it was. */
  putBack(slot: number, at: number, order: number): void {
    (order >= WORLD_TIMER ? this.#timers : this.#others).push(slot, at, order);
  }

  /** Removes the event. False when it has run or was cancelled before. */
  cancel(id: EventId): boolean {
    if (id === NO_EVENT) return false;
    // The low bits of an id above 2^32 are right all the same: `&` takes it modulo 2^32.
    const slot = id & (SLOTS_MAX - 1);
    const { events } = this;
    if (!events.has(slot, (id - slot) / SLOTS_MAX)) return false;
    const home = events.homes[slot] as number;
    // The list that it is in will come by, and find nobody.
    if (home === HOME.list) {
      events.handlers[slot] = null;
      return true;
    }
    this.#heapAt(home).remove(slot);
    events.release(slot);
    return true;
  }

  /** The heap with the next event, or an empty one. */
  get next(): EventHeap {
    const world = this.#world;
    const machines = earlier(this.#timers, this.#others);
    return world.nextTime > machines.nextTime ? machines : earlier(world, machines);
  }

  /** From now on what is scheduled before `horizon` is put into `fresh`: it is the running machine's own. */
  openWindow(horizon: number): void {
    assert(this.#horizon < 0 && horizon <= this.#world.nextTime, "a window opens in between what the world does");
    // So many that no window comes to the last one.
    if (this.#sequence > SEQUENCE_NUMBERS / 2) this.#renumber();
    this.#horizon = horizon;
  }

  closeWindow(): void {
    this.#horizon = -1;
  }

  #heapFor(at: VirtualTime, rank: Rank): EventHeap {
    if (at < this.#horizon) return this.fresh;
    if (rank === WORLD_FAULT || rank === WORLD_TIMER) return this.#world;
    return rank >= WORLD_TIMER ? this.#timers : this.#others;
  }

  #heapAt(home: number): EventHeap {
    if (home === HOME.timers) return this.#timers;
    if (home === HOME.others) return this.#others;
    return home === HOME.fresh ? this.fresh : this.#world;
  }

  /** Gives the events that wait the numbers from 0 on, in the order that they have. */
  #renumber(): void {
    assert(this.#horizon < 0, "no window is open while events are numbered anew");
    const heaps = [this.#timers, this.#others, this.#world].map((heap) => heap.orders());
    const old = Float64Array.from(heaps.flatMap((orders) => [...orders].map((order) => order % SEQUENCE_NUMBERS)));
    const numbers = new Map([...old.sort()].map((sequence, index) => [sequence, index]));
    for (const orders of heaps) {
      orders.forEach((order, at) => {
        orders[at] = rankOfOrder(order) + (numbers.get(order % SEQUENCE_NUMBERS) ?? 0);
      });
    }
    this.#sequence = numbers.size;
  }
}

function earlier(a: EventHeap, b: EventHeap): EventHeap {
  return a.nextTime < b.nextTime || (a.nextTime === b.nextTime && a.nextOrder < b.nextOrder) ? a : b;
}
