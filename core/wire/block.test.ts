import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { BlockPool, type Block } from "./block.ts";

describe("packet memory", () => {
  it("gives every block bytes that are nobody else's, in whatever order they come and go", () => {
    const step = fc.record({ capacity: fc.integer({ min: 0, max: 66_048 }), frees: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const pool = new BlockPool();
        const held: { block: Block; mark: number }[] = [];
        const check = ({ block, mark }: { block: Block; mark: number }): void => {
          expect([block.bytes[block.start], block.bytes[block.end - 1]]).toEqual([mark, mark]);
        };
        steps.forEach(({ capacity, frees }, index) => {
          const block = pool.acquire(capacity);
          expect(block.capacity).toBeGreaterThanOrEqual(capacity);
          const mark = (index % 255) + 1;
          block.bytes.fill(mark, block.start, block.end);
          held.push({ block, mark });
          held.forEach(check);
          for (const { block: freed } of held.splice(0, index % 4 === 0 ? frees : 0)) pool.release(freed);
          expect(pool.outstanding).toBe(held.length);
        });
      }),
      { numRuns: 20 },
    );
  });

  it("shows the same part as the same object, of its own block", () => {
    const pool = new BlockPool();
    const [first, second] = [pool.acquire(100), pool.acquire(100)];
    second.bytes.set([1, 2, 3], second.start + 7);
    const view = second.view(second.start + 7, 3);
    expect([...view]).toEqual([1, 2, 3]);
    expect(second.view(second.start + 7, 3)).toBe(view);
    expect(second.view(second.start + 8, 2)).not.toBe(view);
    expect(first.bytes).toBe(second.bytes);
  });

  it("notices who frees twice, shares what is free, or wants too much", () => {
    const pool = new BlockPool();
    const block = pool.acquire(2048);
    pool.release(block);
    expect(() => pool.release(block)).toThrow(AssertionError);
    expect(() => pool.share(block)).toThrow("living");
    expect(() => pool.acquire(66_049)).toThrow("largest");
  });
});
