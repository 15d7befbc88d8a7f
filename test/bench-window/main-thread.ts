/** What the window's main thread did, from Chromium's own trace. */
import type { Browser, Page } from "@playwright/test";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** us, on a clock of the machine's. */
  readonly ts: number;
  /** How long it took, and how much of that the thread was running, us: the rest is what others did meanwhile. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string; readonly data?: { readonly documentLoaderURL?: string } };
}

export interface MainThread {
  readonly frames: number;
  /** Mean work for one frame, and the longest task: CPU time, ms. On a busy machine wall time says more of others. */
  readonly perFrameMs: number;
  readonly longestMs: number;
  /** The longest task by the clock on the wall, ms. */
  readonly longestWallMs: number;
}

const CATEGORIES = [
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "disabled-by-default-devtools.timeline.frame",
  "blink.user_timing",
  "__metadata",
] as const;

async function trace(browser: Browser, page: Page, during: () => Promise<void>): Promise<readonly TraceEvent[]> {
  await browser.startTracing(page, { categories: [...CATEGORIES] });
  await during();
  const text = (await browser.stopTracing()).toString("utf8");
  return (JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents;
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;

/** Of several renderers the one that makes the most frames is ours. */
function mainThreadOf(events: readonly TraceEvent[]): { thread: string; frames: number } {
  const frames = new Map<string, number>();
  for (const event of events) {
    if (event.name !== "BeginMainThreadFrame") continue;
    frames.set(threadOf(event), (frames.get(threadOf(event)) ?? 0) + 1);
  }
  const [thread = "", count = 0] = [...frames].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { thread, frames: count };
}

/** All work of the thread counts, by the frame: also what other tasks do between two frames. */
export async function watchMainThread(browser: Browser, page: Page, during: () => Promise<void>): Promise<MainThread> {
  const events = await trace(browser, page, during);
  const { thread, frames } = mainThreadOf(events);
  const tasks = events.filter((event) => event.ph === "X" && event.name === "RunTask" && threadOf(event) === thread);
  if (process.env["LASTACK_BENCH_PARTS"] !== undefined) printParts(events, thread, frames);
  const total = tasks.reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
  return {
    frames,
    perFrameMs: frames === 0 ? NaN : total / frames,
    longestMs: Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1000)),
    longestWallMs: Math.max(0, ...tasks.map(({ dur = 0 }) => dur / 1000)),
  };
}

/** @returns ms from the navigation to the page's mark of that name. */
export async function watchStart(
  browser: Browser,
  page: Page,
  mark: string,
  during: () => Promise<void>,
): Promise<number> {
  const events = await trace(browser, page, during);
  const marked = events.find(({ name }) => name === mark);
  if (marked === undefined) return NaN;
  const starts = events.filter(({ name, ts }) => name === "navigationStart" && ts <= marked.ts).map(({ ts }) => ts);
  return (marked.ts - Math.max(...starts)) / 1000;
}

/** LASTACK_BENCH_PARTS: what the time went into, by Chromium's names, each without the parts that it contains. */
function printParts(events: readonly TraceEvent[], thread: string, frames: number): void {
  const own = events.filter((event) => event.ph === "X" && threadOf(event) === thread).sort((a, b) => a.ts - b.ts);
  const parts = new Map<string, number>();
  const around: TraceEvent[] = [];
  const add = (name: string, us: number): void => void parts.set(name, (parts.get(name) ?? 0) + us / 1000 / frames);
  for (const event of own) {
    while (around.length > 0 && endOf(around.at(-1)) <= event.ts) around.pop();
    const parent = around.at(-1);
    if (parent !== undefined) add(parent.name, -(event.tdur ?? 0));
    add(event.name, event.tdur ?? 0);
    around.push(event);
  }
  const largest = [...parts].sort((a, b) => b[1] - a[1]).slice(0, 14);
  for (const [name, ms] of largest) console.log(`  ${ms.toFixed(2)} ms ${name}`);
}

const endOf = (event: TraceEvent | undefined): number => (event === undefined ? 0 : event.ts + (event.dur ?? 0));
