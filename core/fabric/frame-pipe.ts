/**
 * Frames on their way in the order in which they will arrive, with their instants: a ring of two parallel arrays, so
 * that a frame in flight costs no object.
 */
import { assert } from "../base/assert.ts";
import { TIME_ZERO, type VirtualTime } from "../base/time.ts";
import type { Frame } from "../wire/frame.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";

const CAPACITY_MIN = 16;

export class FramePipe {
  #frames: (Frame | null)[] = new Array<Frame | null>(CAPACITY_MIN).fill(null);
  #arrivals = new Float64Array(CAPACITY_MIN);
  #mask = CAPACITY_MIN - 1;
  #head = 0;
  /** Read-only outside. */
  length = 0;
  #newestArrival: VirtualTime = TIME_ZERO;

  /**
   * Adds a frame behind the others; it arrives no sooner than they do, also when the delay was shortened meanwhile.
   * @returns false, and takes nothing, when `IN_FLIGHT_FRAMES_MAX` frames are on their way.
   */
  push(frame: Frame, arrival: VirtualTime): boolean {
    if (this.length > this.#mask && !this.#grow()) return false;
    if (arrival > this.#newestArrival) this.#newestArrival = arrival;
    const at = (this.#head + this.length) & this.#mask;
    this.#frames[at] = frame;
    this.#arrivals[at] = this.#newestArrival;
    this.length++;
    return true;
  }

  /** Arrival of the oldest frame. Needs one. */
  get nextArrival(): VirtualTime {
    return this.#arrivals[this.#head] as VirtualTime;
  }

  /** Takes out the oldest frame. @throws AssertionError when there is none. */
  shift(): Frame {
    assert(this.length > 0, "the pipe has a frame");
    const frame = this.#frames[this.#head] as Frame;
    this.#frames[this.#head] = null;
    // An empty pipe begins anew, so that one with little to do stays in the same cache lines.
    this.#head = --this.length === 0 ? 0 : (this.#head + 1) & this.#mask;
    return frame;
  }

  /** The next frame need not arrive behind those that were here. */
  forgetOrder(): void {
    assert(this.length === 0, "order is forgotten by an empty pipe");
    this.#newestArrival = TIME_ZERO;
  }

  checkInvariants(): void {
    for (let i = 1; i < this.length; i++) {
      const before = this.#arrivals[(this.#head + i - 1) & this.#mask] as number;
      assert(before <= (this.#arrivals[(this.#head + i) & this.#mask] as number), "frames arrive in order");
    }
  }

  #grow(): boolean {
    const capacity = this.#mask + 1;
    if (capacity >= IN_FLIGHT_FRAMES_MAX) return false;
    const frames = new Array<Frame | null>(capacity * 2).fill(null);
    const arrivals = new Float64Array(capacity * 2);
    for (let i = 0; i < this.length; i++) {
      const at = (this.#head + i) & this.#mask;
      frames[i] = this.#frames[at] ?? null;
      arrivals[i] = this.#arrivals[at] as number;
    }
    this.#frames = frames;
    this.#arrivals = arrivals;
    this.#mask = capacity * 2 - 1;
    this.#head = 0;
    return true;
  }
}
