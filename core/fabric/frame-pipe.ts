/**
 * Frames on their way in the order in which they will arrive, with their instants. They are a chain: each frame has the
 * one behind it and how much later that arrives, so a frame in flight costs no object, and its arrival no look at
 * anything but the frame itself.
 *
 * A base class, so that a pipe and its owner are one object: every object is a cache line or two to wait for at each
 * hop where there are thousands of cables.
 */
import { assert } from "../base/assert.ts";
import type { NumberRows } from "../base/number-rows.ts";
import { TIME_ZERO, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import type { Frame } from "../wire/frame.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";

/** The numbers of a pipe in its row; the others are its owner's. */
const NEXT_ARRIVAL = 0;
const NEWEST_ARRIVAL = 1;
/** Arrival of the newest frame of the earlier batch: see `#mayAdd`. */
const EARLIER_ARRIVAL = 2;
export const PIPE_NUMBERS = 3;
/** Frames in one batch. */
const BATCH_FRAMES = IN_FLIGHT_FRAMES_MAX / 2;

export class FramePipe {
  /** Frames in the pipe. */
  protected count = 0;
  #oldest: Frame | null = null;
  protected readonly numbers: NumberRows;
  protected readonly row: number;
  #newest: Frame | null = null;
  /** Frames of the present batch. */
  #inBatch = 0;

  /** Takes a row of `numbers`, of which the first `PIPE_NUMBERS` are the pipe's. */
  constructor(numbers: NumberRows) {
    this.numbers = numbers;
    this.row = numbers.add();
  }

  /** Arrival of the oldest frame. Needs one. */
  protected get nextArrival(): VirtualTime {
    return this.numbers.values[this.row + NEXT_ARRIVAL] as VirtualTime;
  }

  /**
   * Adds a frame behind the others; it arrives no sooner than they do, also when the delay was shortened meanwhile.
   * @returns false, and takes nothing, when there may be too many (`IN_FLIGHT_FRAMES_MAX`).
   */
  protected push(frame: Frame, arrival: VirtualTime, now: VirtualTime): boolean {
    if (!this.#mayAdd(now)) return false;
    assert(frame.next === null, "a frame is on one cable");
    const { values } = this.numbers;
    const row = this.row;
    const before = values[row + NEWEST_ARRIVAL] as number;
    const due = Math.max(arrival, before);
    values[row + NEWEST_ARRIVAL] = due;
    const ahead = this.#newest;
    if (ahead === null) {
      this.#oldest = frame;
      values[row + NEXT_ARRIVAL] = due;
    } else {
      const gap = due - before;
      ahead.next = frame;
      // `| 0` makes a small integer of what V8 takes for a number with a fraction, and keeps in a box.
      ahead.gapNs = gap < 2 ** 31 ? gap | 0 : gap;
    }
    this.#newest = frame;
    this.count++;
    return true;
  }

  /**
   * Bounds the frames on their way by what the sender knows alone: the receiver may be ahead of it or behind
   * (engine/window.ts), so how many it has taken out is no measure of how many are on their way. Frames are counted in
   * batches, of which a new one begins when all have arrived, or the present one is full; then those of the batch
   * before it must have arrived. So there are two batches at most on their way, and one at least may be.
   */
  #mayAdd(now: VirtualTime): boolean {
    const { values } = this.numbers;
    const newest = values[this.row + NEWEST_ARRIVAL] as number;
    if (newest <= now) this.#inBatch = 0;
    else if (this.#inBatch === BATCH_FRAMES) {
      const at = this.row + EARLIER_ARRIVAL;
      if ((values[at] as number) > now) return false;
      values[at] = newest;
      this.#inBatch = 0;
    }
    this.#inBatch++;
    return true;
  }

  /** Takes out the oldest frame. @throws AssertionError when there is none. */
  protected shift(): Frame {
    const frame = this.#oldest;
    assert(frame !== null, "the pipe has a frame");
    const { next } = frame;
    this.#oldest = next;
    this.count--;
    if (next === null) {
      this.#newest = null;
    } else {
      const at = this.row + NEXT_ARRIVAL;
      this.numbers.values[at] = (this.numbers.values[at] as number) + frame.gapNs;
      frame.next = null;
    }
    return frame;
  }

  /** The next frame need not arrive behind those that were here. */
  protected forgetOrder(): void {
    assert(this.count === 0, "order is forgotten by an empty pipe");
    this.numbers.values[this.row + NEWEST_ARRIVAL] = TIME_ZERO;
  }

  /** @throws AssertionError when the chain is broken. */
  protected checkPipe(): void {
    let count = 0;
    let arrival: Nanoseconds = this.nextArrival;
    for (let frame = this.#oldest; frame !== null; frame = frame.next) {
      assert(frame.next === null || frame.gapNs >= 0, "frames arrive in order");
      assert(frame.next !== null || frame === this.#newest, "the chain ends with the newest frame");
      if (frame.next !== null) arrival += frame.gapNs;
      count++;
    }
    assert(count === this.count, "every frame is in the chain");
    const newest = this.numbers.values[this.row + NEWEST_ARRIVAL];
    assert(count === 0 || arrival === newest, "spans add up to the newest arrival");
  }
}
