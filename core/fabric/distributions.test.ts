import { expect, test } from "vitest";
import { Random } from "../base/random.ts";
import { drawExponential, drawJitter, drawTrialsBefore, normalDeviation, paretoDeviation } from "./distributions.ts";

const DRAWS = 100_000;

function moments(draw: () => number): { mean: number; deviation: number; least: number; most: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((a, b) => a + b, 0) / DRAWS;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  return { mean, deviation, least, most };
}

test("normal: mean 0, deviation 1, within four deviations", () => {
  const random = new Random(1, "normal");
  const { mean, deviation, least, most } = moments(() => normalDeviation(random));
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(DRAWS));
  expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
  expect([least >= -4, most <= 4]).toEqual([true, true]);
  const inside = Array.from({ length: DRAWS }, () => normalDeviation(random)).filter((x) => Math.abs(x) < 1).length;
  expect(Math.abs(inside / DRAWS - 0.6827)).toBeLessThan(0.006);
});

test("Pareto: netem's range, and the median of its table", () => {
  const random = new Random(1, "pareto");
  const values = Array.from({ length: DRAWS }, () => paretoDeviation(random)).sort((a, b) => a - b);
  expect(values[0]).toBeGreaterThanOrEqual(-2 / 3);
  expect(values.at(-1)).toBe(4);
  // u = 1/2: (2^(1/3) - 1.5) * 4/3
  expect(values[DRAWS / 2]).toBeCloseTo(((2 ** (1 / 3) - 1.5) * 4) / 3, 2);
});

test("jitter is a whole number within its bound", () => {
  const random = new Random(2);
  for (const distribution of ["uniform", "normal", "pareto"] as const) {
    for (let i = 0; i < 1000; i++) {
      const value = drawJitter(random, { spreadNs: 1000, distribution });
      expect(Number.isInteger(value) && Math.abs(value) <= 4000).toBe(true);
    }
  }
});

test("exponential and geometric have their means", () => {
  const random = new Random(3);
  expect(Math.abs(moments(() => drawExponential(random, 1000)).mean - 1000)).toBeLessThan(
    4 * (1000 / Math.sqrt(DRAWS)),
  );
  for (const p of [1e-9, 1e-3, 0.2, 0.7]) {
    const expected = (1 - p) / p;
    const { mean } = moments(() => drawTrialsBefore(random, p));
    expect(Math.abs(mean / expected - 1)).toBeLessThan(4 / Math.sqrt(DRAWS * (1 - p)));
  }
  expect([drawTrialsBefore(random, 0), drawTrialsBefore(random, 1)]).toEqual([Infinity, 0]);
});
