/**
 * The events that wait, by slot. A slot keeps an event wherever it waits (in one of the heaps, or in the list of a
 * window) and is used again afterwards. Arrays side by side instead of objects: an event costs no allocation.
 */
import { assert } from "../base/assert.ts";

/** Whoever is scheduled. One shape for all, so that no event needs a closure. */
export interface EventHandler {
  /** @param code which of the handler's own events; @param subject what was passed to `schedule`. */
  onEvent(code: number, subject: unknown): void;
}

export const SLOTS_MAX = 2 ** 22;
/** How often a slot is used before its numbers come again. */
const GENERATIONS = 2 ** 30;
const START_LENGTH = 1024;

/**
 * Where an event waits: in the heap of that number, to which that of its side is added for the first two, or taken out
 * of it into a list (`window.ts`).
 */
export const HOME = { timers: 0, others: 2, world: 4, fresh: 5, list: 6 } as const;

export class EventSlots {
  readonly handlers: (EventHandler | null)[] = [];
  readonly subjects: unknown[] = [];
  codes = new Int32Array(START_LENGTH);
  causes = new Float64Array(START_LENGTH);
  /** How often each was used before. */
  generations = new Int32Array(START_LENGTH);
  homes = new Uint8Array(START_LENGTH);
  /** Position in its heap, or the slot behind it in its list. */
  places = new Int32Array(START_LENGTH);
  readonly #free: number[] = [];

  /** Fills a free slot. @throws AssertionError when `SLOTS_MAX` events wait. */
  take(handler: EventHandler, code: number, subject: unknown, cause: number): number {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.handlers[slot] = handler;
    this.subjects[slot] = subject;
    this.codes[slot] = code;
    this.causes[slot] = cause;
    return slot;
  }

  release(slot: number): void {
    this.handlers[slot] = null;
    this.subjects[slot] = undefined;
    this.generations[slot] = ((this.generations[slot] as number) + 1) & (GENERATIONS - 1);
    this.#free.push(slot);
  }

  /** Whether the slot still has the event that had it in that generation. */
  has(slot: number, generation: number): boolean {
    return this.generations[slot] === generation && (this.handlers[slot] ?? null) !== null;
  }

  #newSlot(): number {
    const slot = this.handlers.length;
    assert(slot < SLOTS_MAX, "at most 4 million events wait at once");
    if (slot === this.codes.length) {
      this.codes = grown(this.codes);
      this.causes = grown(this.causes);
      this.generations = grown(this.generations);
      this.homes = grown(this.homes);
      this.places = grown(this.places);
    }
    return slot;
  }
}

/** The same numbers in an array of twice the length. */
export function grown<T extends Int32Array | Float64Array | Uint8Array>(old: T): T {
  const longer = new (old.constructor as new (length: number) => T)(old.length * 2);
  longer.set(old);
  return longer;
}
