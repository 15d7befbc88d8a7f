/**
 * A window: all events of one side (lanes.ts) before a horizon that no effect of one machine on another can reach
 * (conservative look-ahead, Chandy and Misra 1979; the horizon is set as in Lubachevsky's bounded lag, 1989). In it
 * each machine can do all that it does without the others taking turns, so that its data and its code are in the
 * processor's caches but once.
 *
 * The events are lists by owner, a list in the order of the events. What the owner adds for itself before the horizon
 * is in the queue's `fresh` heap, and both are merged as they run.
 */
import { assert } from "../base/assert.ts";
import type { EventHeap } from "./event-heap.ts";
import type { EventQueue } from "./event-queue.ts";
import { HOME, grown, type EventSlots } from "./event-slots.ts";
import type { Lanes, Side } from "./lanes.ts";
import { laneOf, type Lane } from "./rank.ts";

const NONE = -1;

export class Window {
  readonly #queue: EventQueue;
  readonly #lanes: Lanes;
  readonly #events: EventSlots;
  /** Owners that have events, in the order of their first. */
  readonly owners: Lane[] = [];
  // By owner.
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  // By slot, of those in lists: keys that its heap had.
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  /** The event that `take` found. */
  time = 0;
  order = 0;

  constructor(queue: EventQueue, lanes: Lanes) {
    this.#queue = queue;
    this.#lanes = lanes;
    this.#events = queue.events;
  }

  /** Takes the side's events before `horizon` out of the queue. @param otherReached how far the other side has got. */
  open(side: Side, horizon: number, otherReached: number): void {
    const queue = this.#queue;
    const { owners } = this.#lanes;
    if (this.#first.length < owners.length) this.#growOwners(owners.length);
    queue.openWindow(side, horizon, otherReached);
    while (queue.nextTimeOf(side) < horizon) this.#list(queue.nextOf(side), owners);
  }

  close(): void {
    this.owners.length = 0;
    this.#queue.closeWindow();
  }

  /** Takes out the owner's next event, and has its keys ready. @returns its slot, or -1 when it has no more. */
  take(owner: Lane): number {
    const { fresh } = this.#queue;
    for (;;) {
      const slot = this.#first[owner] as number;
      if (slot === NONE || this.#isBehind(fresh, slot)) return this.#takeFresh(fresh);
      this.#first[owner] = this.#events.places[slot] as number;
      if (this.#events.handlers[slot] === null) {
        this.#events.release(slot);
        continue;
      }
      this.time = this.#times[slot] as number;
      this.order = this.#orders[slot] as number;
      return slot;
    }
  }

  /** Leaves the rest of the owner's events for later. */
  giveBack(owner: Lane): void {
    for (let slot = this.take(owner); slot !== NONE; slot = this.take(owner)) {
      this.#queue.putBack(slot, this.time, this.order);
    }
  }

  #isBehind(fresh: EventHeap, slot: number): boolean {
    const time = this.#times[slot] as number;
    return fresh.nextTime < time || (fresh.nextTime === time && fresh.nextOrder < (this.#orders[slot] as number));
  }

  #takeFresh(fresh: EventHeap): number {
    if (fresh.length === 0) return NONE;
    this.time = fresh.nextTime;
    this.order = fresh.nextOrder;
    return fresh.removeNext();
  }

  /** Moves the heap's next event behind the others of its owner. */
  #list(heap: EventHeap, ownerOf: Int32Array): void {
    const events = this.#events;
    const time = heap.nextTime;
    const order = heap.nextOrder;
    const slot = heap.removeNext();
    while (slot >= this.#times.length) {
      this.#times = grown(this.#times);
      this.#orders = grown(this.#orders);
    }
    this.#times[slot] = time;
    this.#orders[slot] = order;
    events.homes[slot] = HOME.list;
    events.places[slot] = NONE;
    const owner = ownerOf[laneOf(order)] as number;
    if (this.#first[owner] === NONE) {
      this.#first[owner] = slot;
      this.owners.push(owner);
    } else events.places[this.#last[owner] as number] = slot;
    this.#last[owner] = slot;
  }

  #growOwners(length: number): void {
    assert(this.owners.length === 0, "lanes are added between windows");
    this.#first = new Int32Array(length).fill(NONE);
    this.#last = new Int32Array(length);
  }
}
