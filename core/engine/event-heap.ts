/**
 * Waiting events in order of their time, then of a number. A 4-ary heap on typed arrays: keys lie side by side in heap
 * order, so a sift reads memory in a row. Cancelling removes the event at once, which keeps a heap with thousands of
 * rearmed timers as small as it looks.
 */
import { assert } from "../base/assert.ts";
import { grown, type EventSlots } from "./event-slots.ts";

/** Stands for the time of the next event of an empty heap. */
const NEVER = Infinity;

export class EventHeap {
  readonly #events: EventSlots;
  /** One of `HOME`. */
  readonly #home: number;
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #slots = new Int32Array(1024);
  #length = 0;

  constructor(events: EventSlots, home: number) {
    this.#events = events;
    this.#home = home;
    this.#times[0] = NEVER;
  }

  get length(): number {
    return this.#length;
  }

  /** Instant of the next event, or Infinity when there is none. */
  get nextTime(): number {
    return this.#times[0] as number;
  }

  /** Its order among those of the same instant. Needs an event. */
  get nextOrder(): number {
    return this.#orders[0] as number;
  }

  push(slot: number, at: number, order: number): void {
    if (this.#length === this.#times.length) {
      this.#times = grown(this.#times);
      this.#orders = grown(this.#orders);
      this.#slots = grown(this.#slots);
    }
    this.#events.homes[slot] = this.#home;
    this.#siftUp(this.#length++, at, order, slot);
  }

  /** Takes out the next event. @returns its slot. @throws AssertionError when there is none. */
  removeNext(): number {
    assert(this.#length > 0, "an event is there to be removed");
    const slot = this.#slots[0] as number;
    this.#removeAt(0);
    return slot;
  }

  /** Takes out an event that is in this heap. */
  remove(slot: number): void {
    this.#removeAt(this.#events.places[slot] as number);
  }

  /** Orders of all events, in no order of their own. */
  orders(): Float64Array {
    return this.#orders.subarray(0, this.#length);
  }

  #removeAt(position: number): void {
    const last = --this.#length;
    if (position === last) {
      if (last === 0) this.#times[0] = NEVER;
      return;
    }
    const time = this.#times[last] as number;
    const order = this.#orders[last] as number;
    const slot = this.#slots[last] as number;
    // The last leaf fills the hole; it may belong above it when the hole was in another branch.
    if (position > 0 && this.#isAbove(time, order, position)) this.#siftUp(position, time, order, slot);
    else this.#siftDown(position, time, order, slot);
  }

  /** Whether (time, order) comes before the parent of `position`. */
  #isAbove(time: number, order: number, position: number): boolean {
    const parent = (position - 1) >> 2;
    const parentTime = this.#times[parent] as number;
    return time < parentTime || (time === parentTime && order < (this.#orders[parent] as number));
  }

  // The arrays are in variables, what is compared is read once, and no step is a function of its own: these two loops
  // run for every event.

  #siftUp(start: number, time: number, order: number, slot: number): void {
    const times = this.#times;
    const orders = this.#orders;
    const slots = this.#slots;
    const { places } = this.#events;
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const parentTime = times[parent] as number;
      const parentOrder = orders[parent] as number;
      if (parentTime < time || (parentTime === time && parentOrder < order)) break;
      const moved = slots[parent] as number;
      times[position] = parentTime;
      orders[position] = parentOrder;
      slots[position] = moved;
      places[moved] = position;
      position = parent;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
    places[slot] = position;
  }

  #siftDown(start: number, time: number, order: number, slot: number): void {
    const times = this.#times;
    const orders = this.#orders;
    const slots = this.#slots;
    const { places } = this.#events;
    const length = this.#length;
    let position = start;
    for (let first = 4 * start + 1; first < length; first = 4 * position + 1) {
      let least = first;
      let leastTime = times[first] as number;
      const end = Math.min(first + 4, length);
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child] as number;
        if (childTime > leastTime) continue;
        if (childTime === leastTime && (orders[child] as number) > (orders[least] as number)) continue;
        least = child;
        leastTime = childTime;
      }
      const leastOrder = orders[least] as number;
      if (time < leastTime || (time === leastTime && order < leastOrder)) break;
      const moved = slots[least] as number;
      times[position] = leastTime;
      orders[position] = leastOrder;
      slots[position] = moved;
      places[moved] = position;
      position = least;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
    places[slot] = position;
  }
}
