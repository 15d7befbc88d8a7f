import fc from "fast-check";
import { expect, it } from "vitest";
import { NumberRows } from "../base/number-rows.ts";
import type { VirtualTime } from "../base/time.ts";
import { BlockPool } from "../wire/block.ts";
import { FramePool, type Frame } from "../wire/frame.ts";
import { FramePipe } from "./frame-pipe.ts";

class OpenPipe extends FramePipe {
  get length(): number {
    return this.count;
  }
  next(): VirtualTime {
    return this.nextArrival;
  }
  add(frame: Frame, arrival: number): boolean {
    return this.push(frame, arrival as VirtualTime, 0 as VirtualTime);
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
