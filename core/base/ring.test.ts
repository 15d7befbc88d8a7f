import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ring } from "./ring.ts";

describe("the ring", () => {
  it("does what an array does that is pushed to and shifted from", () => {
    const moves = fc.array(fc.oneof(fc.nat(9), fc.constantFrom("shift" as const, "clear" as const)), { maxLength: 60 });
    fc.assert(
      fc.property(moves, (list) => {
        const ring = new Ring<number>();
        const model: number[] = [];
        for (const move of list) {
          if (move === "shift") expect(ring.shift()).toBe(model.shift());
          else if (move === "clear") {
            ring.clear();
            model.length = 0;
          } else {
            ring.push(move);
            model.push(move);
          }
          expect(model.map((_, index) => ring.at(index))).toEqual(model);
          expect(ring.length).toBe(model.length);
        }
      }),
    );
  });
});
