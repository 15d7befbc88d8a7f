import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MILLISECOND, SECOND, type VirtualTime } from "../base/time.ts";
import type { CpuInterval } from "../contract/api/close-view.ts";
import { parseLab } from "../lab/parse.ts";
import { HostBench } from "../../test/harness/session-host.ts";
import { Session } from "./session.ts";

const file = join(import.meta.dirname, "../../resources/labs/receive-livelock.lab.yaml");
const LAB = readFileSync(file, "utf8");

/** The hard IRQs of a machine, counted straight from a trace. */
function hardIrqs(node: string, from: number, to: number): number[] {
  const lab = parseLab(LAB, "x");
  if (!lab.ok) throw new Error("the lab is right");
  const session = new Session(lab.value, { traceEvents: 2 ** 20 });
  session.trace.want(["irq:irq_handler_entry"]);
  session.advance(to as VirtualTime);
  const { events } = session.trace.read(0, Infinity);
  return events.filter((event) => event.place === node && event.time > from).map(({ time }) => time);
}

describe("what a machine's CPUs did", () => {
  const bench = new HostBench();
  const { lab } = bench.ask("lab.open", { text: LAB, file: "x" });
  const node = lab?.nodes.find(({ cpus }) => cpus > 0)?.name ?? "";
  const router = lab?.nodes.find(({ kind }) => kind === "router")?.name ?? node;
  const from = 1020 * MILLISECOND;
  const to = 1030 * MILLISECOND;
  const { digest } = bench.ask("run.seek", { time: 1100 * MILLISECOND });
  const timeline = bench.ask("kernel.timeline", { node: router, from, to });

  test("is what a trace taken at the time would have shown", () => {
    const irqs = timeline.intervals.filter(({ context }) => context === "hardirq");
    expect(irqs.length).toBeGreaterThan(0);
    expect(timeline).toMatchObject({ from, to, truncated: false });
    expect(irqs.filter(({ start }) => start > from).map(({ start }) => start)).toEqual(hardIrqs(router, from, to));
  });

  test("lies within the interval, in order, and one CPU does one thing of a kind at a time", () => {
    const { intervals } = timeline;
    const ends = new Map<string, CpuInterval>();
    for (const interval of intervals) {
      expect(interval.start).toBeGreaterThanOrEqual(from);
      expect(interval.end).toBeLessThanOrEqual(to);
      expect(interval.end).toBeGreaterThanOrEqual(interval.start);
      const key = `${interval.cpu} ${interval.context}`;
      expect(interval.start).toBeGreaterThanOrEqual(ends.get(key)?.end ?? 0);
      ends.set(key, interval);
    }
    expect(intervals).toEqual(intervals.toSorted((a, b) => a.start - b.start || a.cpu - b.cpu));
  });

  test("rings are sampled, and never fuller than they are large", () => {
    expect(timeline.rings.length).toBeGreaterThan(0);
    for (const { time, used, size, nic } of timeline.rings) {
      expect(time).toHaveLength(used.length);
      expect(Math.max(...used)).toBeLessThanOrEqual(size);
      expect(nic).toMatch(/^eth\d$/);
    }
  });

  test("looking changes nothing, and what has not happened is not shown", () => {
    expect(bench.ask("run.pause", {}).digest).toBe(digest);
    const late = bench.ask("kernel.timeline", { node: router, from: 5 * SECOND, to: 6 * SECOND });
    expect(late.to).toBe(1100 * MILLISECOND);
    expect(bench.ask("kernel.timeline", { node: "nobody", from: 0, to: SECOND }).intervals).toEqual([]);
  });

  test("a newer look takes the place of one on its way", () => {
    const first = bench.send("kernel.timeline", { node: router, from, to });
    bench.turn();
    const second = bench.ask("kernel.timeline", { node: router, from, to });
    expect(bench.responseTo(first)).toHaveProperty("problem.code", "run/superseded");
    expect(second).toEqual(timeline);
  });
});
