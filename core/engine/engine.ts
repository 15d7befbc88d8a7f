/**
 * The heart of a run: one clock, one queue, one total order. Handlers run to completion and may only schedule; nobody
 * else moves time. The engine has no clock of its own: its host asks it to advance.
 */
import { assert } from "../base/assert.ts";
import { TIME_ZERO, timeAfter, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import { Digest } from "./digest.ts";
import { EventQueue, phaseNumber, type EventHandler, type EventId, type Phase } from "./event-queue.ts";
import { RandomStreams } from "./random-streams.ts";

export class Engine {
  readonly digest = new Digest();
  readonly streams: RandomStreams;
  readonly #queue = new EventQueue();
  #now: VirtualTime = TIME_ZERO;
  #running = false;
  /** Events run so far. */
  eventCount = 0;
  /** Trace id of what led to the event that runs now; events scheduled meanwhile inherit it. */
  cause = 0;

  /** @param seed names every random choice of the run. */
  constructor(seed: number) {
    this.streams = new RandomStreams(seed);
    this.digest.mix(seed);
  }

  get now(): VirtualTime {
    return this.#now;
  }

  /** Instant of the next event, or Infinity when nothing will ever happen again. */
  get nextTime(): number {
    return this.#queue.nextTime;
  }

  get pending(): number {
    return this.#queue.length;
  }

  /**
   * Schedules `handler.onEvent(code, subject)`.
   * @throws AssertionError when `at` lies in the past.
   */
  at(at: VirtualTime, phase: Phase, handler: EventHandler, code: number, subject: unknown = null): EventId {
    assert(at >= this.#now, "an event cannot be scheduled in the past");
    return this.#queue.push(at, phaseNumber(phase), handler, code, subject, this.cause);
  }

  after(span: Nanoseconds, phase: Phase, handler: EventHandler, code: number, subject: unknown = null): EventId {
    return this.at(timeAfter(this.#now, span), phase, handler, code, subject);
  }

  /** False when the event has already run or was cancelled. */
  cancel(id: EventId): boolean {
    return this.#queue.cancel(id);
  }

  /**
   * Runs events up to and including instant `until`, at most `eventsMax` of them. Unless it stopped for the count, the
   * clock then stands at `until`.
   * @returns the number of events run.
   */
  advance(until: VirtualTime, eventsMax: number = Infinity): number {
    assert(!this.#running, "a handler must not advance the engine");
    this.#running = true;
    const queue = this.#queue;
    let count = 0;
    try {
      while (count < eventsMax && queue.nextTime <= until) {
        this.#runNext();
        count++;
      }
      if (queue.nextTime > until && until > this.#now) this.#now = until;
    } finally {
      this.#running = false;
    }
    return count;
  }

  #runNext(): void {
    const heap = this.#queue.next;
    const time = heap.nextTime as VirtualTime;
    const handler = heap.nextHandler;
    const code = heap.nextCode;
    const subject = heap.nextSubject;
    const cause = heap.nextCause;
    heap.removeNext();
    assert(time >= this.#now, "time never goes back");
    this.#now = time;
    this.cause = cause;
    this.eventCount++;
    this.digest.mix(time);
    this.digest.mix(code);
    handler.onEvent(code, subject);
  }
}
