/**
 * Takes the README's pictures of the window, resources/pictures: `node .tools/pictures.mjs`, after a change of what
 * they show. Chromium as for the tests.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { BROWSER_EDITION, build } from "./builds.mjs";
import { chromiumPath } from "./chromium.mjs";
import { ROOT } from "./setup.mjs";

const FOLDER = join(ROOT, "resources/pictures");
const SIZE = { width: 1280, height: 800 };

await build(BROWSER_EDITION);
mkdirSync(FOLDER, { recursive: true });
const server = spawn(process.execPath, ["dist/lastack.js", "serve", "--no-open", "--port", "0"], { cwd: ROOT });
const url = await new Promise((resolve) => {
  server.stdout.on("data", (chunk) => resolve(/http:\S+/.exec(String(chunk))?.[0]));
});
const browser = await chromium.launch({
  executablePath: (await chromiumPath()) ?? undefined,
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  await twoPhaseCommit();
  await slowStart();
} finally {
  await browser.close();
  server.kill();
}
console.log("two pictures in resources/pictures");

async function opened(sample, colorScheme) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme });
  await page.goto(url);
  await page.click(`[data-sample="${sample}.lab.yaml"]`);
  await page.locator("[data-testid=topology] canvas").first().waitFor();
  return page;
}

async function run(page, id) {
  await page.keyboard.press("Control+k");
  await page.locator(`[role=option][data-command="${id}"]`).click();
}

async function seek(page, time) {
  await run(page, "run.seek");
  await page.keyboard.type(time);
  await page.keyboard.press("Enter");
  await page.waitForFunction((wanted) => {
    const clock = document.querySelector("[data-testid=clock]");
    return Math.abs(Number(clock.value.replace(/[ s]/g, "")) - wanted) < 1e-6;
  }, Number.parseFloat(time));
}

/** The coordinator is gone, and the workers wait in READY. */
async function twoPhaseCommit() {
  const page = await opened("two-phase-commit", "light");
  await seek(page, "2.1s");
  await page.locator("[data-testid=topology]").click({ position: { x: 600, y: 60 } });
  // Packets are drawn while it runs.
  await page.keyboard.press("Space");
  await page.waitForFunction(
    () => Number(document.querySelector("[data-testid=clock]").value.replace(/[ s]/g, "")) > 2.15,
  );
  await page.keyboard.press("Space");
  await page.locator("[aria-label=Play]").waitFor();
  await page.screenshot({ path: join(FOLDER, "two-phase-commit.png") });
}

/** A connection's state diagram, regions and plots. */
async function slowStart() {
  const page = await opened("tcp-slow-start-and-aimd", "dark");
  await run(page, "run.play-max");
  await page.getByText("6 of 6 checks").first().waitFor({ timeout: 120_000 });
  await run(page, "pane.tcp");
  await page.locator("[data-pane=tcp] canvas").first().waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(FOLDER, "tcp.png") });
}
