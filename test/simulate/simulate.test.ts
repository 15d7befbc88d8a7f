/**
 * A few of the random labs that `npm run simulate` makes by the hundred. A seed that finds a defect gets a test of its
 * own here, named after what it found.
 */
import { describe, expect, test } from "vitest";
import { isWild, randomLab } from "./random-lab.ts";
import { LONG } from "../harness/long.ts";
import { simulate } from "./simulate.ts";

const SEEDS = Array.from({ length: LONG ? 20 : 3 }, (_, index) => index + 1);
/** Each is run twice, the second time with everything traced and captured. */
const TIMEOUT_MS = 120_000;

describe("random labs", () => {
  test.each(SEEDS)(
    "seed %i: all is accounted for and heals, and nobody notices being watched",
    (seed) => {
      const outcome = simulate(randomLab(seed), { wild: isWild(seed), twice: true });
      expect(outcome.problems).toEqual([]);
      const { sent, copies, delivered, dropped, inFlight } = outcome.frames;
      expect(sent).toBeGreaterThan(0);
      expect(sent + copies).toBe(delivered + dropped + inFlight);
      const { opened, complete, bytes } = outcome.streams;
      expect(opened).toBeGreaterThan(0);
      expect(bytes).toBeGreaterThan(0);
      if (!isWild(seed)) expect(complete).toBe(opened);
    },
    TIMEOUT_MS,
  );

  test("a seed makes one lab, and another seed another", () => {
    expect(randomLab(1)).toBe(randomLab(1));
    expect(randomLab(1)).not.toBe(randomLab(2));
  });
});
