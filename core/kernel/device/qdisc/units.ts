/**
 * Quantities as tc(8) reads and prints them: times default to microseconds, rates to bits per second, sizes to bytes.
 */
import { MICROSECOND, MILLISECOND, SECOND, type Nanoseconds } from "../../../base/time.ts";

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["", MICROSECOND],
  ["s", SECOND],
  ["sec", SECOND],
  ["secs", SECOND],
  ["ms", MILLISECOND],
  ["msec", MILLISECOND],
  ["msecs", MILLISECOND],
  ["us", MICROSECOND],
  ["usec", MICROSECOND],
  ["usecs", MICROSECOND],
  ["ns", 1],
  ["nsec", 1],
  ["nsecs", 1],
]);

/** Bit/s; `bps` is bytes per second. */
const RATE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["bit", 1],
  ["kbit", 1e3],
  ["mbit", 1e6],
  ["gbit", 1e9],
  ["tbit", 1e12],
  ["kibit", 1024],
  ["mibit", 1024 * 1024],
  ["gibit", 1024 * 1024 * 1024],
  ["bps", 8],
  ["kbps", 8e3],
  ["mbps", 8e6],
  ["gbps", 8e9],
]);

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["k", 1024],
  ["kb", 1024],
  ["m", 1024 * 1024],
  ["mb", 1024 * 1024],
  ["g", 1024 * 1024 * 1024],
  ["gb", 1024 * 1024 * 1024],
  ["kbit", 1024 / 8],
  ["mbit", (1024 * 1024) / 8],
]);

/** Undefined when it is no such quantity. Rounded to whole base units. */
function parseQuantity(text: string, units: ReadonlyMap<string, number>, most: number): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)([a-z]*)$/i.exec(text);
  const unit = units.get((match?.[2] ?? "").toLowerCase());
  if (match === null || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return value <= most ? value : undefined;
}

/** At most an hour, in ns. */
export const parseTime = (text: string): Nanoseconds | undefined => parseQuantity(text, TIME_UNITS, 3600 * SECOND);
/** Bit/s, at most 10 Tbit/s. */
export const parseRate = (text: string): number | undefined => parseQuantity(text, RATE_UNITS, 1e13);
/** Bytes, at most 4 GiB. */
export const parseSize = (text: string): number | undefined => parseQuantity(text, SIZE_UNITS, 2 ** 32);

/** A fraction 0..1 of `1%` or, as tc has it, of a bare `1`. */
export function parsePercent(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,12})?)%?$/.exec(text);
  const value = Number(match?.[1]) / 100;
  return match !== null && value <= 1 ? value : undefined;
}

export function parseCount(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** `10ms`, `1.5s`, `250us`. */
export function formatTime(span: Nanoseconds): string {
  if (span >= SECOND) return `${round3(span / SECOND)}s`;
  if (span >= MILLISECOND) return `${round3(span / MILLISECOND)}ms`;
  if (span >= MICROSECOND || span === 0) return `${round3(span / MICROSECOND)}us`;
  return `${span}ns`;
}

/** `1Mbit`, `1500Kbit`: the largest unit that leaves no fraction. */
export function formatRate(bitsPerSecond: number): string {
  for (const [unit, size] of [
    ["Tbit", 1e12],
    ["Gbit", 1e9],
    ["Mbit", 1e6],
    ["Kbit", 1e3],
  ] as const) {
    if (bitsPerSecond >= size && bitsPerSecond % size === 0) return `${bitsPerSecond / size}${unit}`;
  }
  return `${bitsPerSecond}bit`;
}

/** `32Mb`, `5Kb`, `1600b`. */
export function formatSize(bytes: number): string {
  if (bytes >= 1024 * 1024 && bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)}Mb`;
  if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024}Kb`;
  return `${bytes}b`;
}

export const formatPercent = (fraction: number): string => `${Math.round(fraction * 1e8) / 1e6}%`;

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
