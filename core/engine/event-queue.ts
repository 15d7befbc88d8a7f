/**
 * Pending events in total order: time, then rank, then sequence number. Timers have a heap of their own: nearly all of
 * them are far away and never run out (a connection's retransmission, the minute of TIME-WAIT), and where there are
 * many connections there are many more timers than frames on their way. In one heap, every frame would be sifted
 * through them (1,000 hosts, 20 exchanges each: 4.1 and 4.2 % of all samples were in one heap, 1.5 and 2.0 % are in
 * two). What the world does has a third, which says how far machines may run without a look at it. Each side of the lab
 * has its own timers and others, since one runs ahead while the other waits.
 */
import { assert } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import { WIDE_ZERO } from "../base/wide-zero.ts";
import { EventHeap } from "./event-heap.ts";
import { EventSlots, HOME, SLOTS_MAX, type EventHandler } from "./event-slots.ts";
import { Lanes, type Side } from "./lanes.ts";
import { SEQUENCE_NUMBERS, WORLD_FAULT, WORLD_TIMER, laneOf, rankOfOrder, type Rank } from "./rank.ts";

export type { EventHandler } from "./event-slots.ts";

/** Names a scheduled event for `cancel`: slot and generation, so that a stale id can never hit another event. */
export type EventId = number;
export const NO_EVENT: EventId = WIDE_ZERO - 1;

export class EventQueue {
  readonly events = new EventSlots();
  readonly #lanes: Lanes;
  /** By `HOME`: those of timers and of all that is neither a timer nor the world's, both by side. */
  readonly #heaps: readonly EventHeap[];
  readonly #world: EventHeap;
  /** What one machine adds for itself while it runs ahead of the others: see `openWindow`. */
  readonly fresh: EventHeap;
  #sequence: number;
  /** What is due before this instant belongs to the machine that runs ahead; nothing does outside of a window. */
  #horizon = -1;
  /** The side that runs ahead in a window, and how far the other one has got. */
  #side: Side = 0;
  #otherReached = 0;

  /** @param sequence number of the first event. */
  constructor(lanes: Lanes = new Lanes(), sequence = 0) {
    const { events } = this;
    this.#lanes = lanes;
    this.#heaps = Array.from({ length: HOME.list }, (_, home) => new EventHeap(events, home));
    this.#world = this.#heapAt(HOME.world);
    this.fresh = this.#heapAt(HOME.fresh);
    this.#sequence = sequence;
  }

  get length(): number {
    return this.#heaps.reduce((sum, heap) => sum + heap.length, 0);
  }

  /** Instant of the next event, or Infinity. */
  get nextTime(): number {
    return Math.min(this.nextTimeOf(0), this.nextTimeOf(1), this.#world.nextTime);
  }

  /** Instant of the next event of a machine on that side, or Infinity. */
  nextTimeOf(side: Side): number {
    return Math.min(this.#heapAt(HOME.timers + side).nextTime, this.#heapAt(HOME.others + side).nextTime);
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
    this.#heapOf(this.#lanes.sideOf(laneOf(order)), order).push(slot, at, order);
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
    const machines = earlier(this.nextOf(0), this.nextOf(1));
    return world.nextTime > machines.nextTime ? machines : earlier(world, machines);
  }

  /** The heap with the next event of that side's machines, or an empty one. */
  nextOf(side: Side): EventHeap {
    return earlier(this.#heapAt(HOME.timers + side), this.#heapAt(HOME.others + side));
  }

  /**
   * From now on what a machine of `side` schedules before `horizon` is put into `fresh`: it is the running machine's
   * own. @param otherReached the other side has done all that is due before this instant.
   */
  openWindow(side: Side, horizon: number, otherReached: number): void {
    assert(this.#horizon < 0 && horizon <= this.#world.nextTime, "a window opens in between what the world does");
    // So many that no window comes to the last one.
    if (this.#sequence > SEQUENCE_NUMBERS / 2) this.#renumber();
    this.#side = side;
    this.#horizon = horizon;
    this.#otherReached = otherReached;
  }

  closeWindow(): void {
    this.#horizon = -1;
  }

  #heapFor(at: VirtualTime, rank: Rank): EventHeap {
    if (rank === WORLD_FAULT || rank === WORLD_TIMER) {
      assert(at >= this.#horizon, "the world does nothing inside a window");
      return this.#world;
    }
    const side = this.#lanes.sideOf(laneOf(rank));
    if (at < this.#horizon) {
      if (side === this.#side) return this.fresh;
      assert(at >= this.#otherReached, "what reaches another machine takes as long as was said");
    }
    return this.#heapOf(side, rank);
  }

  /** @param order or rank, of a machine. */
  #heapOf(side: Side, order: number): EventHeap {
    return this.#heapAt((order >= WORLD_TIMER ? HOME.timers : HOME.others) + side);
  }

  #heapAt(home: number): EventHeap {
    return this.#heaps[home] as EventHeap;
  }

  /** Gives the events that wait the numbers from 0 on, in the order that they have. */
  #renumber(): void {
    assert(this.#horizon < 0, "no window is open while events are numbered anew");
    const heaps = this.#heaps.map((heap) => heap.orders());
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
