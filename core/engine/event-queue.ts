/**
 * Pending events in total order: time, then phase, then sequence number. Timers have a heap of their own: nearly all of
 * them are far away and never run out (a connection's retransmission, the minute of TIME-WAIT), and where there are
 * many connections there are many more timers than frames on their way. In one heap, every frame would be sifted
 * through them (1,000 hosts, 20 exchanges each: 4.1 and 4.2 % of all samples were in one heap, 1.5 and 2.0 % are in
 * two).
 */
import type { VirtualTime } from "../base/time.ts";
import { WIDE_ZERO } from "../base/wide-zero.ts";
import { EventHeap, SLOTS_MAX, type EventHandler } from "./event-heap.ts";

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

export type { EventHandler } from "./event-heap.ts";

/** Names a scheduled event for `cancel`: slot and generation, so that a stale id can never hit another event. */
export type EventId = number;
export const NO_EVENT: EventId = WIDE_ZERO - 1;

const PHASE_SHIFT = 2 ** 48; // sequence numbers use 48 bits, the phase sits above them, the sum is an exact double
/** An id's low bits: the slot, and which heap it is of. */
const TIMER_BIT = SLOTS_MAX;
const ID_STEP = 2 * SLOTS_MAX;

export class EventQueue {
  readonly #timers = new EventHeap();
  /** All that is no timer. */
  readonly #others = new EventHeap();
  #sequence = 0;

  get length(): number {
    return this.#timers.length + this.#others.length;
  }

  /** Instant of the next event, or Infinity. */
  get nextTime(): number {
    const timer = this.#timers.nextTime;
    const other = this.#others.nextTime;
    return timer < other ? timer : other;
  }

  /** @param phase one of `PHASES`' numbers. */
  push(at: VirtualTime, phase: number, handler: EventHandler, code: number, subject: unknown, cause: number): EventId {
    const order = phase * PHASE_SHIFT + this.#sequence++;
    const isTimer = phase === PHASES.timer;
    const heap = isTimer ? this.#timers : this.#others;
    const slot = heap.push(at, order, handler, code, subject, cause);
    return heap.generationOf(slot) * ID_STEP + slot + (isTimer ? TIMER_BIT : 0);
  }

  /** Removes the event. False when it has run or was cancelled before. */
  cancel(id: EventId): boolean {
    if (id === NO_EVENT) return false;
    // The low bits of an id above 2^32 are right all the same: `&` takes it modulo 2^32.
    const low = id & (ID_STEP - 1);
    const heap = (low & TIMER_BIT) === 0 ? this.#others : this.#timers;
    return heap.cancel(low & (TIMER_BIT - 1), (id - low) / ID_STEP);
  }

  /** The heap with the next event, or an empty one. */
  get next(): EventHeap {
    const timers = this.#timers;
    const others = this.#others;
    const isTimer =
      timers.nextTime < others.nextTime || (timers.nextTime === others.nextTime && timers.nextOrder < others.nextOrder);
    return isTimer ? timers : others;
  }
}
