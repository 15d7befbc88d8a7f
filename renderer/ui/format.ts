/** Quantities as the window writes them. */
import { formatDuration } from "../../core/base/time.ts";

/** `1.204 517 300 s`: seconds with all nine digits in threes, so that it never jumps. */
export function formatClock(ns: number): string {
  const seconds = Math.floor(ns / 1e9);
  const rest = String(Math.round(ns % 1e9)).padStart(9, "0");
  return `${seconds}.${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)} s`;
}

/** Four digits are enough to look at: `1.2 ms`. */
export function formatSpan(ns: number): string {
  if (ns >= 1e9) return `${trim(ns / 1e9)} s`;
  if (ns >= 1e6) return `${trim(ns / 1e6)} ms`;
  if (ns >= 1e3) return `${trim(ns / 1e3)} µs`;
  return `${ns} ns`;
}

export function formatRate(bitsPerSecond: number): string {
  for (const [unit, size] of [
    ["Tbit/s", 1e12],
    ["Gbit/s", 1e9],
    ["Mbit/s", 1e6],
    ["kbit/s", 1e3],
  ] as const) {
    if (bitsPerSecond >= size) return `${trim(bitsPerSecond / size)} ${unit}`;
  }
  return `${bitsPerSecond} bit/s`;
}

export function formatPercent(fraction: number): string {
  return `${trim(fraction * 100)} %`;
}

export function formatCount(count: number): string {
  if (count >= 1e6) return `${trim(count / 1e6)} M`;
  if (count >= 1e4) return `${trim(count / 1e3)} k`;
  return WHOLE.format(count);
}

/** Kept: making one takes longer than all else about a status line, and that is written with every frame. */
const WHOLE = new Intl.NumberFormat("en");

function trim(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** As lab files write it. */
export { formatDuration };
