/**
 * Receive livelock: the table of the sample lab against the shapes of Mogul and Ramakrishnan, "Eliminating receive
 * livelock in an interrupt-driven kernel" (ACM TOCS 15(3), 1997), figures 6-1, 6-3 and 6-4. The bounds are its rates
 * (a peak of 4,700 a second; with a filter process 2,000, and nothing from 6,000 on) with room for a tenth or more.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";

const FILE = join(import.meta.dirname, "../../resources/labs/receive-livelock.lab.yaml");
/** The lab runs some 5 s on a quiet machine. */
const TIMEOUT_MS = 120_000;

type Variant = "irq" | "poll" | "napi" | "irq-screend" | "napi-screend" | "feedback";
type Point = { readonly offered: number; readonly forwarded: number };
const curves = new Map<string, Point[]>();

beforeAll(() => {
  const lab = parseLab(readFileSync(FILE, "utf8"), FILE);
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  const session = new Session(lab.value);
  session.advance(lab.value.durationNs as VirtualTime);
  const table = session.report().measurements[0];
  if (table === undefined) throw new Error("the lab measures");
  const offered = table.rows.map((row) => row[table.columns.indexOf("offered")] ?? 0);
  for (const [at, name] of table.columns.entries()) {
    curves.set(
      name,
      table.rows.map((row, index) => ({ offered: offered[index] ?? 0, forwarded: row[at] ?? 0 })),
    );
  }
}, TIMEOUT_MS);

function curve(variant: Variant): readonly Point[] {
  const points = curves.get(variant);
  if (points === undefined) throw new Error(`the table has a column ${variant}`);
  return points;
}

/** Packets per second. */
const peak = (variant: Variant): number => Math.max(...curve(variant).map((point) => point.forwarded));
const last = (variant: Variant): number => curve(variant).at(-1)?.forwarded ?? 0;
/** Least throughput at that load and above. */
const leastFrom = (variant: Variant, offered: number): number =>
  Math.min(...curve(variant).flatMap((point) => (point.offered >= offered ? [point.forwarded] : [])));
const mostFrom = (variant: Variant, offered: number): number =>
  Math.max(...curve(variant).flatMap((point) => (point.offered >= offered ? [point.forwarded] : [])));

/** From its peak on, a curve falls with every step. */
function expectFall(variant: Variant): void {
  const points = curve(variant).map((point) => point.forwarded);
  const falling = points.slice(points.indexOf(peak(variant)));
  expect(falling).toEqual(falling.toSorted((a, b) => b - a));
}

test("the sweep goes from far below saturation to four times of it, and below it nothing is lost", () => {
  const offered = curve("irq").map((point) => point.offered);
  expect(offered).toEqual(offered.toSorted((a, b) => a - b));
  expect(offered[0]).toBeLessThan(0.25 * peak("irq"));
  expect(offered.at(-1)).toBeGreaterThan(4 * peak("irq"));
  for (const variant of ["irq", "poll", "napi"] as const) {
    for (const point of curve(variant)) {
      if (point.offered < 4500) expect(point.forwarded).toBe(point.offered);
    }
  }
});

test("figure 6-1: an interrupt per packet peaks near 4,700 packets/s and falls to nothing", () => {
  expect(peak("irq")).toBeGreaterThan(4500);
  expect(peak("irq")).toBeLessThan(4900);
  expectFall("irq");
  expect(leastFrom("irq", 7500)).toBeLessThan(0.7 * peak("irq"));
  expect(last("irq")).toBeLessThan(0.01 * peak("irq"));
});

test("figure 6-1: with screend it peaks near 2,000 packets/s and livelocks at 6,000", () => {
  expect(peak("irq-screend")).toBeGreaterThan(1800);
  expect(peak("irq-screend")).toBeLessThan(2200);
  expect(mostFrom("irq-screend", 5900)).toBeLessThan(0.05 * peak("irq-screend"));
  expect(last("irq-screend")).toBe(0);
});

test("figure 6-3: polling without a quota stands more, then falls to nothing at once", () => {
  expect(peak("poll")).toBeGreaterThan(peak("irq"));
  expectFall("poll");
  expect(mostFrom("poll", 7900)).toBe(0);
});

test("figure 6-3: polling with a quota stays within 10 % of its peak", () => {
  expect(peak("napi")).toBeGreaterThan(peak("irq"));
  expect(leastFrom("napi", peak("napi"))).toBeGreaterThan(0.9 * peak("napi"));
});

test("figure 6-4: polling alone does not save a process in the path, feedback from its queue does", () => {
  expect(leastFrom("napi-screend", 5900)).toBeLessThan(0.1 * peak("napi-screend"));
  expect(peak("feedback")).toBeGreaterThan(peak("irq-screend"));
  expect(leastFrom("feedback", peak("feedback"))).toBeGreaterThan(0.9 * peak("feedback"));
});

test("ksoftirqd gives the process part of the machine under heavy overload, less than feedback does", () => {
  expect(leastFrom("napi-screend", 7900)).toBeGreaterThan(0.2 * peak("feedback"));
  expect(mostFrom("napi-screend", 7900)).toBeLessThan(0.5 * peak("feedback"));
});
