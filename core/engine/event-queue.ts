/**
 * Pending events in total order: time, then phase, then sequence number. A 4-ary heap on typed arrays: keys lie side by
 * side in heap order, so a sift reads memory in a row. Cancelling removes the event at once, which keeps a queue with
 * thousands of rearmed timers as small as it looks.
 */
import { assert } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import { WIDE_ZERO } from "../base/wide-zero.ts";

/**
 * Order of events at one instant. The numbers are part of the format: changing one changes every recorded run.
 * Faults come first, so that "cut at 2 s" cuts before a frame that would arrive at 2 s.
 */
export const PHASES = { fault: 0, wire: 1, irq: 2, softirq: 3, process: 4, timer: 5 } as const;
export type Phase = keyof typeof PHASES;

/**
 * `PHASES[phase]` by comparing pointers: as a lookup by name it was megamorphic, about 0.3 % of manysmall's samples.
 */
export function phaseNumber(phase: Phase): number {
  switch (phase) {
    case "wire":
      return PHASES.wire;
    case "timer":
      return PHASES.timer;
    case "irq":
      return PHASES.irq;
    case "process":
      return PHASES.process;
    case "softirq":
      return PHASES.softirq;
    case "fault":
      return PHASES.fault;
  }
}

/** Names a scheduled event for `cancel`: slot and generation, so that a stale id can never hit another event. */
export type EventId = number;
export const NO_EVENT: EventId = WIDE_ZERO - 1;

/** Whoever is scheduled. One shape for all, so that no event needs a closure. */
export interface EventHandler {
  /** @param code which of the handler's own events; @param subject what was passed to `schedule`. */
  onEvent(code: number, subject: unknown): void;
}

const PHASE_SHIFT = 2 ** 48; // sequence numbers use 48 bits, the phase sits above them, the sum is an exact double
const SLOT_BITS = 2 ** 22;
const GENERATIONS = 2 ** 30;

export class EventQueue {
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
  #sequence = 0;

  get length(): number {
    return this.#length;
  }

  /** Instant of the next event, or Infinity. */
  get nextTime(): number {
    return this.#length === 0 ? Infinity : (this.#times[0] as number);
  }

  /** @param phase one of `PHASES`' numbers. */
  push(at: VirtualTime, phase: number, handler: EventHandler, code: number, subject: unknown, cause: number): EventId {
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    this.#handlers[slot] = handler;
    this.#subjects[slot] = subject;
    this.#codes[slot] = code;
    this.#causes[slot] = cause;
    if (this.#length === this.#times.length) this.#growHeap();
    this.#siftUp(this.#length++, at, phase * PHASE_SHIFT + this.#sequence++, slot);
    return (this.#generations[slot] as number) * SLOT_BITS + slot;
  }

  /** Removes the event. False when it has run or was cancelled before. */
  cancel(id: EventId): boolean {
    if (id === NO_EVENT) return false;
    // The low bits of an id above 2^32 are right all the same: `&` takes it modulo 2^32.
    const slot = id & (SLOT_BITS - 1);
    if (this.#generations[slot] !== (id - slot) / SLOT_BITS || (this.#handlers[slot] ?? null) === null) return false;
    this.#removeAt(this.#positions[slot] as number);
    this.#freeSlot(slot);
    return true;
  }

  // The event taken by `pop`, in fields: returning an object would allocate one per event.
  time = 0 as VirtualTime;
  order = 0;
  handler: EventHandler | null = null;
  code = 0;
  subject: unknown = undefined;
  cause = 0;

  /** Takes the next event into the public fields. @throws AssertionError when there is none. */
  pop(): void {
    assert(this.#length > 0, "pop needs an event");
    const slot = this.#slots[0] as number;
    this.time = this.#times[0] as VirtualTime;
    this.order = this.#orders[0] as number;
    this.handler = this.#handlers[slot] as EventHandler;
    this.code = this.#codes[slot] as number;
    this.subject = this.#subjects[slot];
    this.cause = this.#causes[slot] as number;
    this.#removeAt(0);
    this.#freeSlot(slot);
  }

  #newSlot(): number {
    const slot = this.#handlers.length;
    assert(slot < SLOT_BITS, "at most 4 million events wait at once");
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
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) % GENERATIONS;
    this.#freeSlots.push(slot);
  }

  #growHeap(): void {
    this.#times = grownFloats(this.#times);
    this.#orders = grownFloats(this.#orders);
    this.#slots = grownInts(this.#slots);
  }

  #removeAt(position: number): void {
    const last = --this.#length;
    if (position === last) return;
    const time = this.#times[last] as number;
    const order = this.#orders[last] as number;
    const slot = this.#slots[last] as number;
    // The last leaf fills the hole; it may belong above it when the hole was in another branch.
    const parent = (position - 1) >> 2;
    if (position > 0 && this.#isBefore(time, order, parent)) this.#siftUp(position, time, order, slot);
    else this.#siftDown(position, time, order, slot);
  }

  /** Whether (time, order) comes before the event at heap position `at`. */
  #isBefore(time: number, order: number, at: number): boolean {
    const other = this.#times[at] as number;
    return time < other || (time === other && order < (this.#orders[at] as number));
  }

  #place(position: number, time: number, order: number, slot: number): void {
    this.#times[position] = time;
    this.#orders[position] = order;
    this.#slots[position] = slot;
    this.#positions[slot] = position;
  }

  #siftUp(start: number, time: number, order: number, slot: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      if (!this.#isBefore(time, order, parent)) break;
      this.#place(
        position,
        this.#times[parent] as number,
        this.#orders[parent] as number,
        this.#slots[parent] as number,
      );
      position = parent;
    }
    this.#place(position, time, order, slot);
  }

  #siftDown(start: number, time: number, order: number, slot: number): void {
    let position = start;
    const length = this.#length;
    for (;;) {
      const first = position * 4 + 1;
      if (first >= length) break;
      let least = first;
      const end = Math.min(first + 4, length);
      for (let child = first + 1; child < end; child++) {
        if (this.#isBefore(this.#times[child] as number, this.#orders[child] as number, least)) least = child;
      }
      if (this.#isBefore(time, order, least)) break;
      this.#place(position, this.#times[least] as number, this.#orders[least] as number, this.#slots[least] as number);
      position = least;
    }
    this.#place(position, time, order, slot);
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
