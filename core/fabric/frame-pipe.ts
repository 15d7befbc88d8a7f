/**
 * Frames on their way in the order in which they will arrive, with their instants. The one that arrives next stands by
 * itself, so that a cable with one frame on it stays in a cache line or two; those behind it are in a ring of two
 * parallel arrays, made when there is a second one. So a frame in flight costs no object.
 */
import { assert } from "../base/assert.ts";
import type { NumberRows } from "../base/number-rows.ts";
import { TIME_ZERO, type VirtualTime } from "../base/time.ts";
import type { Frame } from "../wire/frame.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";

const CAPACITY_MIN = 4;
/** The numbers of a pipe in its row; the others are its owner's. */
const NEXT_ARRIVAL = 0;
const NEWEST_ARRIVAL = 1;
export const PIPE_NUMBERS = 2;
const NO_FRAMES: (Frame | null)[] = [];
const NO_ARRIVALS: number[] = [];

export class FramePipe {
  /** Read-only outside. */
  length = 0;
  #oldest: Frame | null = null;
  readonly #numbers: NumberRows;
  readonly #row: number;
  #head = 0;
  #mask = -1;
  #frames: (Frame | null)[] = NO_FRAMES;
  // A plain array of numbers is unboxed as a typed one is, and takes a third of the memory while it is short.
  #arrivals: number[] = NO_ARRIVALS;

  /** @param row the first `PIPE_NUMBERS` of it become the pipe's. */
  constructor(numbers: NumberRows, row: number) {
    this.#numbers = numbers;
    this.#row = row;
  }

  /** Arrival of the oldest frame. Needs one. */
  get nextArrival(): VirtualTime {
    return this.#numbers.values[this.#row + NEXT_ARRIVAL] as VirtualTime;
  }

  /**
   * Adds a frame behind the others; it arrives no sooner than they do, also when the delay was shortened meanwhile.
   * @returns false, and takes nothing, when `IN_FLIGHT_FRAMES_MAX` frames are on their way.
   */
  push(frame: Frame, arrival: VirtualTime): boolean {
    const behind = this.length - 1;
    if (behind >= IN_FLIGHT_FRAMES_MAX - 1) return false;
    if (behind > this.#mask) this.#grow(behind);
    const { values } = this.#numbers;
    const row = this.#row;
    const due = Math.max(arrival, values[row + NEWEST_ARRIVAL] as number);
    values[row + NEWEST_ARRIVAL] = due;
    if (behind < 0) {
      this.#oldest = frame;
      values[row + NEXT_ARRIVAL] = due;
    } else {
      const at = (this.#head + behind) & this.#mask;
      this.#frames[at] = frame;
      this.#arrivals[at] = due;
    }
    this.length++;
    return true;
  }

  /** Takes out the oldest frame. @throws AssertionError when there is none. */
  shift(): Frame {
    const frame = this.#oldest;
    assert(frame !== null, "the pipe has a frame");
    if (--this.length === 0) {
      this.#oldest = null;
    } else {
      const at = this.#head;
      this.#oldest = this.#frames[at] as Frame;
      this.#numbers.values[this.#row + NEXT_ARRIVAL] = this.#arrivals[at] as number;
      this.#frames[at] = null;
      this.#head = (at + 1) & this.#mask;
    }
    return frame;
  }

  /** The next frame need not arrive behind those that were here. */
  forgetOrder(): void {
    assert(this.length === 0, "order is forgotten by an empty pipe");
    this.#numbers.values[this.#row + NEWEST_ARRIVAL] = TIME_ZERO;
  }

  checkInvariants(): void {
    let before: number = this.nextArrival;
    for (let i = 0; i < this.length - 1; i++) {
      const arrival = this.#arrivals[(this.#head + i) & this.#mask] as number;
      assert(before <= arrival, "frames arrive in order");
      before = arrival;
    }
  }

  /** Room for more than the `count` frames that are behind the oldest now. */
  #grow(count: number): void {
    const capacity = Math.max(CAPACITY_MIN, count * 2);
    const frames = new Array<Frame | null>(capacity).fill(null);
    const arrivals = new Array<number>(capacity).fill(Infinity);
    for (let i = 0; i < count; i++) {
      const at = (this.#head + i) & this.#mask;
      frames[i] = this.#frames[at] ?? null;
      arrivals[i] = this.#arrivals[at] as number;
    }
    this.#frames = frames;
    this.#arrivals = arrivals;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
