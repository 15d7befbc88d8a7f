/**
 * Virtual time: integer nanoseconds since the lab was switched on.
 * A double holds integers up to 2^53 exactly, which is 104 days of nanoseconds: enough for a lab, and far faster
 * than a bigint. `TIME_MAX` keeps sums of two times exact as well.
 */
import { WIDE_ZERO } from "./wide-zero.ts";
import { assert } from "./assert.ts";
import type { Brand } from "./brand.ts";
import { bad, good, type Result } from "./result.ts";

/** An instant, in ns since the start of the run. */
export type VirtualTime = Brand<number, "VirtualTime">;
/** A length of time in ns. Plain number: spans are added, halved and compared all the time. */
export type Nanoseconds = number;

export const MICROSECOND = 1_000;
export const MILLISECOND = 1_000_000;
export const SECOND = 1_000_000_000;
/** Latest instant of any run: 2^52 ns, about 52 days. */
export const TIME_MAX = 2 ** 52;
export const TIME_ZERO = WIDE_ZERO as VirtualTime;

/** A number of nanoseconds as an instant. @throws AssertionError when it is none that a run can reach. */
export function instant(at: number): VirtualTime {
  assert(Number.isInteger(at) && at >= 0 && at <= TIME_MAX, "an instant is a whole number of ns in the range of a run");
  return at as VirtualTime;
}

/** @throws AssertionError when the sum is not an instant a run can reach. */
export function timeAfter(start: VirtualTime, span: Nanoseconds): VirtualTime {
  const sum = start + span;
  assert(span >= 0 && sum <= TIME_MAX, "time stays in the range of a run");
  return sum as VirtualTime;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: MICROSECOND,
  ms: MILLISECOND,
  s: SECOND,
  min: 60 * SECOND,
};

/** Reads `250us`, `1.5s`, `0`. Fractions finer than 1 ns are refused rather than rounded. */
export function parseDuration(text: string): Result<Nanoseconds, string> {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?\s*(ns|us|ms|s|min)$/.exec(text.trim());
  if (text.trim() === "0") return good(0);
  const unit = UNITS[match?.[3] ?? ""];
  if (match === null || unit === undefined) return bad("a duration such as 10ms, 1.5s or 250us");
  // Digit by digit instead of parseFloat, so that 0.1us is exactly 100 ns.
  const fraction = match[2] ?? "";
  const scaled = Number(fraction) * unit;
  const divisor = 10 ** fraction.length;
  if (scaled % divisor !== 0) return bad("a duration in whole nanoseconds");
  const total = Number(match[1]) * unit + scaled / divisor;
  return total <= TIME_MAX ? good(total) : bad("a duration of at most 52 days");
}

/** Shortest exact form in the largest fitting unit: 1500000 is `1.5ms`. */
export function formatDuration(span: Nanoseconds): string {
  for (const unit of ["s", "ms", "us"] as const) {
    const size = UNITS[unit] ?? 1;
    if (span >= size) return `${trimZeros((span - (span % size)) / size, span % size, String(size).length - 1)}${unit}`;
  }
  return `${span}ns`;
}

function trimZeros(whole: number, rest: number, digits: number): string {
  const fraction = String(rest).padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? String(whole) : `${whole}.${fraction}`;
}

/** `seconds.nanoseconds` with nine digits, as tcpdump --nano prints instants. */
export function formatInstant(at: Nanoseconds): string {
  const rest = at % SECOND;
  return `${(at - rest) / SECOND}.${String(rest).padStart(9, "0")}`;
}
