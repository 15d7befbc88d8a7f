import { describe, expect, it } from "vitest";
import { TxRing } from "./ring.ts";

describe("the transmit ring", () => {
  it("gives descriptors back in order, also when a frame was lost before those in front of it had left", () => {
    const ring = new TxRing(4);
    // Three frames, of which the second one is dropped as it is handed over; then the ring wraps.
    for (const doneAt of [100, 10, 200]) {
      ring.push(null, 0);
      ring.setNewestDone(doneAt);
    }
    expect([0, 1, 2].map((index) => ring.doneAt(index))).toEqual([100, 100, 200]);
    expect(ring.reclaim(99)).toBe(0);
    expect(ring.reclaim(100)).toBe(2);
    for (const doneAt of [150, 300]) {
      ring.push(null, 0);
      ring.setNewestDone(doneAt);
    }
    expect([0, 1, 2].map((index) => ring.doneAt(index))).toEqual([200, 200, 300]);
    expect(ring.reclaim(1000)).toBe(3);
    ring.push(null, 0);
    ring.setNewestDone(400);
    expect(ring.doneAt(0)).toBe(400);
  });
});
