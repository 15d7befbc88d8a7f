/** What is measured of the window, each in a browser of its own that has loaded nothing yet. */
import { chromium, type Browser, type Page } from "@playwright/test";
import { assert } from "../../core/base/assert.ts";
import { BROWSER_ARGUMENTS, executable } from "../e2e/chromium.ts";
import { Workbench } from "../e2e/workbench-page.ts";
import { crowdedLab, HOSTS, millionLab, ROWS } from "./labs.ts";
import { watchMainThread, watchStart } from "./main-thread.ts";
import { dragBar, MonacoWatch, PacketRows, turnWheel } from "./gestures.ts";

export interface WindowResult {
  readonly ms: number;
  /** What else was seen, and what shows that the work was done. */
  readonly facts: Readonly<Record<string, number>>;
}

export interface WindowScenario {
  readonly name: string;
  readonly what: string;
  /** ms. */
  readonly most: number;
  run(browser: Browser, url: string): Promise<WindowResult>;
}

const WATCH_MS = 4000;
/** Between two looks at how many packets move: hosts send in step, so that one look says little. */
const LOOK_MS = 230;
const MOVING_MIN = 1000;
/** Until a core that runs flat out has listed a million packets. */
const LISTED_MS = 300_000;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable ?? "",
    args: [...BROWSER_ARGUMENTS],
    // One of the measurements drags them.
    ignoreDefaultArgs: ["--hide-scrollbars"],
  });
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  return context.newPage();
}

async function openLab(browser: Browser, url: string, text: string): Promise<Workbench> {
  const page = await openPage(browser);
  await page.goto(url);
  await page.waitForSelector("[data-sample]");
  const bench = new Workbench(page);
  await bench.openText("bench.lab.yaml", text);
  await bench.settled();
  return bench;
}

/** From the navigation until the sample labs can be chosen, and are painted. */
async function start(browser: Browser, url: string): Promise<WindowResult> {
  const page = await openPage(browser);
  const monaco = new MonacoWatch(page);
  await page.addInitScript(() => {
    const look = new MutationObserver(() => {
      if (document.querySelector("[data-sample]") === null) return;
      look.disconnect();
      requestAnimationFrame(() => setTimeout(() => performance.mark("lastack-usable")));
    });
    look.observe(document, { childList: true, subtree: true });
  });
  const ms = await watchStart(browser, page, "lastack-usable", async () => {
    await page.goto(url);
    await page.waitForFunction(() => performance.getEntriesByName("lastack-usable").length > 0);
    await page.waitForLoadState("networkidle");
  });
  const early = await monaco.count();
  // The same look must find it where it is: in the editor.
  const bench = new Workbench(page);
  await bench.openSample("socket-client-and-server");
  await bench.showPane("programs");
  await page.waitForSelector(".monaco-editor");
  const late = await monaco.count();
  assert(late > 0, "the editor is recognized when it is loaded");
  assert(early === 0, `the first window does not load the editor: ${early} of its files came`);
  return { ms, facts: { editor_files_at_start: early, editor_files_later: late } };
}

async function packets(browser: Browser, url: string): Promise<WindowResult> {
  const bench = await openLab(browser, url, crowdedLab());
  const { page } = bench;
  await page.keyboard.press("Space");
  await bench.runTo(1.5);
  const drawn: number[] = [];
  const seen = await watchMainThread(browser, page, async () => {
    for (const end = Date.now() + WATCH_MS; Date.now() < end; await page.waitForTimeout(LOOK_MS)) {
      drawn.push(await bench.flightsDrawn());
    }
  });
  const moving = Math.round(drawn.reduce((sum, count) => sum + count, 0) / drawn.length);
  assert(moving >= MOVING_MIN, `there are packets enough: ${moving} on the average`);
  return {
    ms: seen.perFrameMs,
    facts: { hosts: HOSTS, moving, frames_per_s: (seen.frames * 1000) / WATCH_MS, longest_ms: seen.longestMs },
  };
}

async function scroll(browser: Browser, url: string): Promise<WindowResult> {
  const bench = await openLab(browser, url, millionLab());
  const { page } = bench;
  await bench.showPane("packets");
  await bench.run("run.play-max");
  const rows = new PacketRows(page);
  await rows.waitFor(ROWS, LISTED_MS);
  await page.keyboard.press("Space");
  // The picture of the network has come to rest.
  while ((await bench.bandsDrawn()) > 0) await page.waitForTimeout(200);
  const listed = await rows.count();
  const from = await rows.first();
  const wheel = await watchMainThread(browser, page, () => turnWheel(page));
  const moved = from - (await rows.first());
  assert(moved > 50, `the list moves: by ${moved} rows`);
  await rows.waitUntilFilled();
  let reached = { up: [NaN], down: [NaN] };
  const bar = await watchMainThread(browser, page, async () => void (reached = await dragBar(page)));
  const [up, down] = [Math.max(...reached.up), Math.min(...reached.down)];
  assert(down - up > 0.1 * listed, `hundreds of thousands of rows go by: ${up} to ${down}`);
  await rows.waitUntilFilled();
  return {
    ms: Math.max(wheel.perFrameMs, bar.perFrameMs),
    facts: {
      rows: listed,
      wheel_ms: wheel.perFrameMs,
      wheel_rows: moved,
      bar_ms: bar.perFrameMs,
      frames: wheel.frames + bar.frames,
    },
  };
}

async function flatOut(browser: Browser, url: string): Promise<WindowResult> {
  const bench = await openLab(browser, url, crowdedLab());
  await bench.run("run.play-max");
  const from = await bench.time();
  const seen = await watchMainThread(browser, bench.page, () => bench.page.waitForTimeout(WATCH_MS));
  const to = await bench.time();
  await bench.page.waitForTimeout(500);
  assert((await bench.time()) > to && to > from, "the core runs all the time");
  return {
    ms: seen.longestMs,
    facts: { longest_wall_ms: seen.longestWallMs, frame_ms: seen.perFrameMs, virtual_s: to - from },
  };
}

export const WINDOW_SCENARIOS: readonly WindowScenario[] = [
  { name: "window-start", what: "first window usable, without the editor", most: 3000, run: start },
  { name: "window-packets", what: "CPU a frame, 200 hosts with 1,000 moving packets", most: 8, run: packets },
  { name: "window-scroll", what: "CPU a frame, scrolling a million packets", most: 4, run: scroll },
  { name: "window-flat-out", what: "longest task while the core runs flat out, CPU", most: 50, run: flatOut },
];
