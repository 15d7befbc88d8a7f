/**
 * Pending events in order of their time, then of a number that the queue gives them. A 4-ary heap on typed arrays: keys
 * lie side by side in heap order, so a sift reads memory in a row. Cancelling removes the event at once, which keeps a
 * heap with thousands of rearmed timers as small as it looks.
 */
import { assert } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";

/** Whoever is scheduled. One shape for all, so that no event needs a closure. */
export interface EventHandler {
  /** @param code which of the handler's own events; @param subject what was passed to `schedule`. */
  onEvent(code: number, subject: unknown): void;
}

export const SLOTS_MAX = 2 ** 21;
/** How often a slot is used before its numbers come again. */
const GENERATIONS = 2 ** 30;
/** Stands for the time of the next event of an empty heap. */
const NEVER = Infinity;

export class EventHeap {
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #slots = new Int32Array(1024);
  #length = 0;

  // Per slot: where it stands in the heap, how often it was reused, and the event itself.
  #positions = new Int32Array(1024);
  #generations = new Int32Array(1024);
  #codes = new Int32Array(1024);
  #causes = new Float64Array(1024);
  readonly #handlers: (EventHandler | null)[] = [];
  readonly #subjects: unknown[] = [];
  readonly #freeSlots: number[] = [];

  constructor() {
    this.#times[0] = NEVER;
  }

  get length(): number {
    return this.#length;
  }

  // The next event. One is read before it is removed: an object would be allocated for each.

  /** Its instant, or Infinity when there is none; what follows needs one. */
  get nextTime(): number {
    return this.#times[0] as number;
  }

  /** Its order among those of the same instant. */
  get nextOrder(): number {
    return this.#orders[0] as number;
  }

  get nextHandler(): EventHandler {
    return this.#handlers[this.#slots[0] as number] as EventHandler;
  }

  get nextCode(): number {
    return this.#codes[this.#slots[0] as number] as number;
  }

  get nextSubject(): unknown {
    return this.#subjects[this.#slots[0] as number];
  }

  get nextCause(): number {
    return this.#causes[this.#slots[0] as number] as number;
  }

  /** @returns the event's slot. */
  push(at: VirtualTime, order: number, handler: EventHandler, code: number, subject: unknown, cause: number): number {
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    this.#handlers[slot] = handler;
    this.#subjects[slot] = subject;
    this.#codes[slot] = code;
    this.#causes[slot] = cause;
    if (this.#length === this.#times.length) this.#growHeap();
    this.#siftUp(this.#length++, at, order, slot);
    return slot;
  }

  /** How often the slot was used before. */
  generationOf(slot: number): number {
    return this.#generations[slot] as number;
  }

  /** Removes the event. False when it has run or was cancelled before. */
  cancel(slot: number, generation: number): boolean {
    if (this.#generations[slot] !== generation || (this.#handlers[slot] ?? null) === null) return false;
    this.#removeAt(this.#positions[slot] as number);
    this.#freeSlot(slot);
    return true;
  }

  /** @throws AssertionError when there is none. */
  removeNext(): void {
    assert(this.#length > 0, "an event is there to be removed");
    const slot = this.#slots[0] as number;
    this.#removeAt(0);
    this.#freeSlot(slot);
  }

  #newSlot(): number {
    const slot = this.#handlers.length;
    assert(slot < SLOTS_MAX, "at most 2 million timers wait at once, and as many other events");
    if (slot === this.#positions.length) {
      this.#positions = grownInts(this.#positions);
      this.#generations = grownInts(this.#generations);
      this.#codes = grownInts(this.#codes);
      this.#causes = grownFloats(this.#causes);
    }
    return slot;
  }

  #freeSlot(slot: number): void {
    this.#handlers[slot] = null;
    this.#subjects[slot] = undefined;
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) & (GENERATIONS - 1);
    this.#freeSlots.push(slot);
  }

  #growHeap(): void {
    this.#times = grownFloats(this.#times);
    this.#orders = grownFloats(this.#orders);
    this.#slots = grownInts(this.#slots);
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
    const positions = this.#positions;
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
      positions[moved] = position;
      position = parent;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
    positions[slot] = position;
  }

  #siftDown(start: number, time: number, order: number, slot: number): void {
    const times = this.#times;
    const orders = this.#orders;
    const slots = this.#slots;
    const positions = this.#positions;
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
      positions[moved] = position;
      position = least;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
    positions[slot] = position;
  }
}

function grownInts(old: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(old.length * 2);
  grown.set(old);
  return grown;
}

function grownFloats(old: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(old.length * 2);
  grown.set(old);
  return grown;
}
