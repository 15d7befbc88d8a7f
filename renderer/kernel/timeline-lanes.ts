/** What a CPU timeline draws: for each CPU a lane for hard IRQs, softirqs and processes, and a lane for each ring. */
import type { CpuInterval, KernelTimeline } from "../../core/contract/api/close-view.ts";

export type LaneContext = "hardirq" | "softirq" | "process";
export type Ring = KernelTimeline["rings"][number];

export interface CpuLane {
  readonly kind: "cpu";
  readonly cpu: number;
  readonly context: LaneContext;
  readonly title: string;
  /** In order of their starts. */
  readonly intervals: readonly CpuInterval[];
}

export interface RingLane {
  readonly kind: "ring";
  readonly title: string;
  readonly ring: Ring;
}

export type Lane = CpuLane | RingLane;

const CONTEXTS: readonly (readonly [LaneContext, string])[] = [
  ["hardirq", "hard IRQ"],
  ["softirq", "softirq"],
  ["process", "process"],
];

/** @param cpus so many lanes are there also for CPUs that did nothing. */
export function lanesOf({ intervals, rings }: KernelTimeline, cpus: number): Lane[] {
  const byLane = new Map<string, CpuInterval[]>();
  for (const interval of intervals) {
    const key = `${interval.cpu} ${interval.context}`;
    const list = byLane.get(key);
    if (list === undefined) byLane.set(key, [interval]);
    else list.push(interval);
  }
  const cpuLanes = Array.from({ length: cpus }, (_, cpu) =>
    CONTEXTS.map(([context, title]): CpuLane => {
      return { kind: "cpu", cpu, context, title, intervals: byLane.get(`${cpu} ${context}`) ?? [] };
    }),
  );
  const ringLanes = [...rings]
    .sort((a, b) => (a.nic === b.nic ? (a.ring < b.ring ? -1 : 1) : a.nic < b.nic ? -1 : 1))
    .map((ring): RingLane => ({ kind: "ring", title: `${ring.nic} ${ring.ring} ring`, ring }));
  return [...cpuLanes.flat(), ...ringLanes];
}

/** Index of the first interval that ends at or after `time`; they do not overlap within a lane. */
export function firstEndingAfter(intervals: readonly CpuInterval[], time: number): number {
  let [from, to] = [0, intervals.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((intervals[middle]?.end ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The interval under the pointer: one that holds the time, or is no further off than `slack`. */
export function intervalAt(intervals: readonly CpuInterval[], time: number, slack: number): CpuInterval | null {
  let best: CpuInterval | null = null;
  let distance = slack;
  for (let at = firstEndingAfter(intervals, time - slack); at < intervals.length; at++) {
    const interval = intervals[at] as CpuInterval;
    if (interval.start > time + slack) break;
    const off = Math.max(interval.start - time, time - interval.end, 0);
    if (off <= distance) {
      best = interval;
      distance = off;
    }
  }
  return best;
}

/** How full a ring was at an instant; null before it was first heard of. */
export function ringAt({ time, used }: Ring, at: number): number | null {
  let [from, to] = [0, time.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((time[middle] ?? 0) <= at) from = middle + 1;
    else to = middle;
  }
  return from === 0 ? null : (used[from - 1] ?? null);
}
