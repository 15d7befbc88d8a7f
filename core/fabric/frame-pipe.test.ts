import fc from "fast-check";
import { expect, it } from "vitest";
import { NumberRows } from "../base/number-rows.ts";
import type { VirtualTime } from "../base/time.ts";
import { BlockPool } from "../wire/block.ts";
import { FramePool, type Frame } from "../wire/frame.ts";
import { FramePipe } from "./frame-pipe.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";

class OpenPipe extends FramePipe {
  get length(): number {
    return this.count;
  }
  next(): VirtualTime {
    return this.nextArrival;
  }
  add(frame: Frame, arrival: number, now = 0): boolean {
    return this.push(frame, arrival as VirtualTime, now as VirtualTime);
  }
  take(): Frame {
    return this.shift();
  }
  check(): void {
    this.checkPipe();
  }
}

/** Up to hours apart: gaps of more than 31 bits too. */
const arrivals = fc.array(fc.option(fc.integer({ min: 0, max: 2 ** 43 })), { maxLength: 60 });

it("hands out frames in order, each at its instant or that of one before it", () => {
  fc.assert(
    fc.property(arrivals, (steps) => {
      const frames = new FramePool(new BlockPool());
      const pipe = new OpenPipe(new NumberRows());
      const model: { frame: Frame; due: number }[] = [];
      let newest = 0;
      for (const arrival of steps) {
        const oldest = model[0];
        if (arrival === null) {
          if (oldest === undefined) continue;
          expect(pipe.next()).toBe(oldest.due);
          expect(pipe.take()).toBe(oldest.frame);
          model.shift();
        } else {
          const block = frames.blocks.acquire(60);
          const frame = frames.acquire(block, block.start, 60);
          newest = Math.max(newest, arrival);
          expect(pipe.add(frame, arrival)).toBe(true);
          model.push({ frame, due: newest });
        }
        pipe.check();
        expect(pipe.length).toBe(model.length);
      }
    }),
  );
});

/**
 * Sends a frame every ns that takes `delay` ns, and has the receiver take out what has arrived `ahead` ns later.
 * @returns the ns at which no frame was taken.
 */
function refusedAt(delay: number, until: number, ahead: number): number[] {
  const frames = new FramePool(new BlockPool());
  const pipe = new OpenPipe(new NumberRows());
  const block = frames.blocks.acquire(60);
  const refused: number[] = [];
  let most = 0;
  for (let now = 1; now <= until; now++) {
    while (pipe.length > 0 && pipe.next() <= now + ahead) pipe.take();
    const frame = frames.acquire(block, block.start, 60);
    if (!pipe.add(frame, now + delay, now)) refused.push(now);
    most = Math.max(most, pipe.length);
  }
  expect(most).toBeLessThanOrEqual(IN_FLIGHT_FRAMES_MAX);
  return refused;
}

const HALF = IN_FLIGHT_FRAMES_MAX / 2;

it("is full by what the sender knows, wherever the receiver is", () => {
  const slow = IN_FLIGHT_FRAMES_MAX + 1_000;
  const refused = refusedAt(slow, slow + 100, 0);
  expect(refused).toEqual(Array.from({ length: 1_100 }, (_, index) => IN_FLIGHT_FRAMES_MAX + 1 + index));
  expect(refusedAt(slow, slow + 100, 1_000)).toEqual(refused);
  expect(refusedAt(HALF, 4 * HALF, 0)).toEqual([]);
});
