/**
 * `npx tsx test/bench-window/run.ts`: how heavy the window is, in headless Chromium. A large network full of moving
 * packets, the first start, and a core that runs flat out. Exits with 1 when a target is missed.
 */
import { performance } from "node:perf_hooks";
import { ensureBuilt } from "../e2e/built.ts";
import { launchChromium, whyNoChromium } from "../e2e/chromium.ts";
import { serveStatic } from "../../core/node/static-server.ts";
import { Workbench } from "../e2e/workbench-page.ts";
import { watchMainThread } from "./main-thread.ts";

const HOSTS = 200;
const PER_SWITCH = 20;
const WATCH_MS = 4000;

/** Hosts on ten switches around a core switch; each sends to the one opposite. Long cables, so that packets pile up. */
function largeLab(): string {
  const switches = Array.from({ length: HOSTS / PER_SWITCH }, (_, index) => `s${index}`);
  const place = (radius: number, turn: number): string =>
    `[${Math.round(Math.cos(turn) * radius)}, ${Math.round(Math.sin(turn) * radius)}]`;
  const hosts = Array.from({ length: HOSTS }, (_, index) => {
    const turn = (index / HOSTS) * 2 * Math.PI;
    const target = `h${(index + HOSTS / 2) % HOSTS}`;
    const at = place(2200 + (index % 2) * 200, turn);
    return `  h${index}: { kind: host, at: ${at}, run: ["udpblast -q -r 25 -t 60 ${target} 9"] }`;
  });
  return [
    "lastack: 1",
    "name: large",
    "duration: 60s",
    "defaults: { link: { rate: 100Mbps, delay: 100ms } }",
    "nodes:",
    `  core: { kind: switch, at: [0, 0] }`,
    ...switches.map(
      (name, index) =>
        `  ${name}: { kind: switch, at: ${place(1000, ((index + 0.5) / switches.length) * 2 * Math.PI)} }`,
    ),
    ...hosts,
    "links:",
    ...switches.map((name) => `  - { ends: [${name}, core] }`),
    ...hosts.map((_, index) => `  - { ends: [h${index}, s${Math.floor(index / PER_SWITCH)}] }`),
  ].join("\n");
}

interface Row {
  readonly what: string;
  readonly value: number;
  readonly most: number;
  readonly unit: string;
}

async function measure(): Promise<Row[]> {
  const server = await serveStatic(await ensureBuilt());
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    const started = performance.now();
    await page.goto(server.url);
    await page.waitForSelector("[data-sample]");
    const usable = performance.now() - started;
    const bench = new Workbench(page);

    await bench.openText("large.lab.yaml", largeLab());
    await bench.settled();
    await page.keyboard.press("Space");
    await bench.runTo(1.5);
    let moving = await bench.flightsDrawn();
    const drawing = await watchMainThread(browser, page, WATCH_MS);
    moving = Math.round((moving + (await bench.flightsDrawn())) / 2);
    await page.keyboard.press("Space");

    await bench.run("file.close");
    await bench.openSample("tcp-fairness");
    await bench.run("run.play-max");
    const flatOut = await watchMainThread(browser, page, WATCH_MS);
    return [
      { what: "first window usable", value: usable, most: 3000, unit: "ms" },
      {
        what: `main thread a frame, ${HOSTS} hosts, ${moving} moving packets`,
        value: drawing.perFrameMs,
        most: 8,
        unit: "ms",
      },
      { what: "  frames a second", value: (drawing.frames * 1000) / WATCH_MS, most: Infinity, unit: "" },
      { what: "longest task while the core runs flat out", value: flatOut.longestMs, most: 50, unit: "ms" },
    ];
  } finally {
    await browser.close();
    await server.close();
  }
}

if (whyNoChromium !== null) console.log(`bench of the window skipped: ${whyNoChromium}`);
else {
  for (const { what, value, most, unit } of await measure()) {
    const isMissed = value > most;
    const target = most === Infinity ? "" : `  (at most ${most})`;
    console.log(
      `${isMissed ? "MISSED" : "ok    "}  ${what.padEnd(60)} ${value.toFixed(1).padStart(8)} ${unit}${target}`,
    );
    if (isMissed) process.exitCode = 1;
  }
}
