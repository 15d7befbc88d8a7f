/** What the window's main thread did, from Chromium's own trace. */
import type { Browser, Page } from "@playwright/test";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** CPU time of the thread, us: on a busy machine wall time says more about the others. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

export interface MainThread {
  readonly frames: number;
  /** Mean work for one frame, and the longest task, ms. */
  readonly perFrameMs: number;
  readonly longestMs: number;
}

export async function watchMainThread(browser: Browser, page: Page, ms: number): Promise<MainThread> {
  await browser.startTracing(page, { categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await page.waitForTimeout(ms);
  const trace = JSON.parse((await browser.stopTracing()).toString("utf8")) as { traceEvents: TraceEvent[] };
  const events = trace.traceEvents;
  // Of several renderers the one that draws frames is ours.
  const fired = events.filter(({ name }) => name === "FireAnimationFrame");
  const threads = new Map<string, number>();
  for (const { pid, tid } of fired) threads.set(`${pid}/${tid}`, (threads.get(`${pid}/${tid}`) ?? 0) + 1);
  const [thread = "", frames = 0] = [...threads].sort((a, b) => b[1] - a[1])[0] ?? [];
  const tasks = events.filter(
    ({ name, ph, pid, tid }) => ph === "X" && name === "RunTask" && `${pid}/${tid}` === thread,
  );
  if (process.env["LASTACK_BENCH_PARTS"] !== undefined) printParts(events, thread, frames);
  const durations = tasks.map(({ tdur = 0 }) => tdur / 1000);
  const total = durations.reduce((sum, dur) => sum + dur, 0);
  return { frames, perFrameMs: frames === 0 ? NaN : total / frames, longestMs: Math.max(0, ...durations) };
}

/** LASTACK_BENCH_PARTS: what the time went into, by Chromium's names; parts contain each other. */
function printParts(events: readonly TraceEvent[], thread: string, frames: number): void {
  const parts = new Map<string, number>();
  for (const { name, ph, pid, tid, tdur = 0 } of events) {
    if (ph === "X" && `${pid}/${tid}` === thread) parts.set(name, (parts.get(name) ?? 0) + tdur / 1000 / frames);
  }
  const largest = [...parts].sort((a, b) => b[1] - a[1]).slice(0, 14);
  for (const [name, ms] of largest) console.log(`  ${ms.toFixed(2)} ms ${name}`);
}
