/**
 * Random spans of integer nanoseconds. Everything but the last rounding uses +, -, *, / and square roots, which IEEE
 * 754 fixes to the last bit, and core/base/exact-math.ts, so a seed draws the same spans on every machine.
 */
import { assert } from "../base/assert.ts";
import { exactExp, exactLog } from "../base/exact-math.ts";
import type { Random } from "../base/random.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { Jitter } from "../contract/impairment.ts";

/** netem's tables end here: 32,767 / 8,192 of the scale. A normal draw lies beyond once in 16,000. */
export const DEVIATION_MAX = 4;

/** Uniform in -1 .. 1. */
const uniformDeviation = (random: Random): number => random.fraction() * 2 - 1;

/**
 * Standard normal, cut off at +-`DEVIATION_MAX`: Marsaglia's polar method (1964), which is exact and needs no sine. The
 * second value of each pair is thrown away, so that a draw depends on nothing but the stream.
 */
export function normalDeviation(random: Random): number {
  for (;;) {
    const x = uniformDeviation(random);
    const y = uniformDeviation(random);
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const deviation = x * Math.sqrt((-2 * exactLog(square)) / square);
    return Math.max(-DEVIATION_MAX, Math.min(DEVIATION_MAX, deviation));
  }
}

/**
 * Pareto as iproute2's netem/pareto.c makes its table: shape 3, its mean of 1.5 taken off, times 4/3, cut off at
 * `DEVIATION_MAX`. Lies in -2/3 .. 4, mostly a little below 0, with a long tail above.
 */
export function paretoDeviation(random: Random): number {
  const uniform = 1 - random.fraction(); // in (0, 1]: the logarithm needs more than 0
  const power = exactExp(exactLog(uniform) / -3);
  return Math.min(DEVIATION_MAX, ((power - 1.5) * 4) / 3);
}

/** What jitter adds to a delay, in ns; at most 4 times the spread, either way. */
export function drawJitter(random: Random, jitter: Jitter): Nanoseconds {
  switch (jitter.distribution) {
    case "uniform":
      return random.below(2 * jitter.spreadNs + 1) - jitter.spreadNs;
    case "normal":
      return Math.round(normalDeviation(random) * jitter.spreadNs);
    case "pareto":
      return Math.round(paretoDeviation(random) * jitter.spreadNs);
  }
}

/**
 * Exponential with the given mean, in ns: the gaps of a Poisson process. At most 37 times the mean (2^-53 of all
 * draws).
 */
export function drawExponential(random: Random, meanNs: Nanoseconds): Nanoseconds {
  assert(meanNs >= 0, "a mean is not negative");
  return Math.round(-exactLog(1 - random.fraction()) * meanNs);
}

/** ln(1 - x) for 0 <= x < 1, exact to about 1e-14 of itself also where 1 - x would round to 1. */
function logOneMinus(x: number): number {
  if (x > 0.25) return exactLog(1 - x);
  // ln((1 - s) / (1 + s)) = -2 atanh(s) with s = x / (2 - x); s <= 1/7, so 9 odd terms reach 1e-16.
  const s = x / (2 - x);
  const square = s * s;
  let sum = 0;
  for (let k = 17; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return -2 * s * sum;
}

/**
 * How many trials fail before the first that succeeds with `probability`: geometric, by inversion. One draw tells where
 * the next bit error is, however many frames away. Infinity for probability 0.
 */
export function drawTrialsBefore(random: Random, probability: number): number {
  assert(probability >= 0 && probability <= 1, "a probability lies in 0 .. 1");
  if (probability === 0) return Infinity;
  if (probability === 1) return 0;
  return Math.floor(exactLog(1 - random.fraction()) / logOneMinus(probability));
}
