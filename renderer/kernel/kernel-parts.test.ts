import { describe, expect, it } from "vitest";
import type { CpuInterval } from "../../core/contract/api/close-view.ts";
import { firstEndingAfter, intervalAt, lanesOf, ringAt } from "./timeline-lanes.ts";
import { clampWindow, moved, ticksOf, zoomed } from "./timeline-window.ts";

const interval = (start: number, end: number, more: Partial<CpuInterval> = {}): CpuInterval => ({
  ...{ cpu: 0, start, end, context: "process", name: "sh", pid: 100 },
  ...more,
});

describe("lanes", () => {
  it("are three for each CPU, idle ones too, and one for each ring", () => {
    const lanes = lanesOf(
      {
        ...{ from: 0, to: 100, truncated: false },
        intervals: [interval(1, 2, { context: "softirq", cpu: 1 }), interval(3, 4)],
        rings: [
          { nic: "eth1", ring: "rx", time: [], used: [], size: 8 },
          { nic: "eth0", ring: "tx", time: [], used: [], size: 8 },
          { nic: "eth0", ring: "rx", time: [], used: [], size: 8 },
        ],
      },
      2,
    );
    expect(lanes.map((lane) => (lane.kind === "cpu" ? `${lane.cpu} ${lane.context}` : lane.title))).toEqual([
      ...["0 hardirq", "0 softirq", "0 process", "1 hardirq", "1 softirq", "1 process"],
      ...["eth0 rx ring", "eth0 tx ring", "eth1 rx ring"],
    ]);
    expect(lanes.map((lane) => (lane.kind === "cpu" ? lane.intervals.length : 0))).toEqual([0, 0, 1, 0, 1, 0, 0, 0, 0]);
  });

  it("find what is under the pointer, also what takes no time", () => {
    const list = [interval(10, 20), interval(30, 30), interval(40, 50)];
    expect(firstEndingAfter(list, 25)).toBe(1);
    expect(intervalAt(list, 15, 1)).toBe(list[0]);
    expect(intervalAt(list, 31, 2)).toBe(list[1]);
    expect(intervalAt(list, 25, 2)).toBeNull();
    expect(intervalAt(list, 36, 5)).toBe(list[2]);
  });

  it("tell how full a ring was", () => {
    const ring = { nic: "eth0", ring: "rx", time: [10, 20, 30], used: [1, 5, 0], size: 8 } as const;
    expect([5, 10, 19, 20, 99].map((at) => ringAt(ring, at))).toEqual([null, 1, 1, 5, 0]);
  });
});

describe("the time on the screen", () => {
  it("stays within the run", () => {
    expect(clampWindow({ from: -50, to: 950 }, 10_000)).toEqual({ from: 0, to: 1000 });
    expect(moved({ from: 9000, to: 10_000 }, 500, 10_000)).toEqual({ from: 9000, to: 10_000 });
    expect(zoomed({ from: 0, to: 10_000 }, 5000, 4, 10_000)).toEqual({ from: 0, to: 10_000 });
  });

  it("zooms around an instant, and not beyond what can be told apart", () => {
    expect(zoomed({ from: 0, to: 10_000 }, 2500, 0.5, 10_000)).toEqual({ from: 1250, to: 6250 });
    expect(zoomed({ from: 100, to: 400 }, 200, 0.01, 10_000)).toEqual({ from: 133, to: 333 });
  });

  it("has ticks at round instants", () => {
    expect(ticksOf({ from: 0, to: 10e9 }, 5).map(({ label }) => label)).toEqual([
      "0 s",
      "2 s",
      "4 s",
      "6 s",
      "8 s",
      "10 s",
    ]);
    expect(ticksOf({ from: 1_000_000_000, to: 1_000_004_000 }, 4).map(({ label }) => label)).toEqual([
      "1.000\u202f000 s",
      "1.000\u202f001 s",
      "1.000\u202f002 s",
      "1.000\u202f003 s",
      "1.000\u202f004 s",
    ]);
  });
});
