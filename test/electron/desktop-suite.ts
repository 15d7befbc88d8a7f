/**
 * Suites of tests of the desktop app: main and preload as they were built, with real Chromium and a stand-in for
 * Electron (stand-in/electron.ts says what that cannot show; launch.test.ts shows it where Electron's runtime is).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { whyNoChromium } from "../e2e/chromium.ts";
import { codeText } from "../e2e/program-editor.ts";
import { Workbench } from "../e2e/workbench-page.ts";
import { AppUnderTest, type StartOptions } from "./app-under-test.ts";
import { copyBuilt, ensureDesktopBuilt, type BuiltCopy } from "./built.ts";
import type { MenuEntry } from "./stand-in/electron.ts";

const SAMPLE = join(import.meta.dirname, "../../resources/labs/ping-across-a-router.lab.yaml");
export const LAB = readFileSync(SAMPLE, "utf8");
/** A busy machine takes ten times as long as an idle one. */
const TIMEOUT_MS = 240_000;
export const UNTIL_MS = 60_000;
const POLL_MS = 25;

type Options = Omit<StartOptions, "main">;

export interface Running {
  readonly app: AppUnderTest;
  readonly page: Page;
  readonly workbench: Workbench;
}

export interface DesktopSuite {
  /** Starts it without waiting for its window. Ended after the test. */
  launch(options?: Options): AppUnderTest;
  start(options?: Options): Promise<Running>;
  /** One for all tests of the suite that leave it as it was. */
  shared(): Promise<Running>;
  /** A new lab file, in a folder of the suite's own. */
  fileIn(name: string, text?: string): string;
  readonly folder: string;
}

export function describeDesktop(title: string, tests: (suite: DesktopSuite) => void): void {
  const why = whyNoChromium === null ? "" : ` (SKIPPED: ${whyNoChromium})`;
  const folder = mkdtempSync(join(tmpdir(), "lastack-files-"));
  let built: BuiltCopy | null = null;
  let apps: AppUnderTest[] = [];
  let common: Promise<Running> | null = null;
  const run = async (app: AppUnderTest): Promise<Running> => {
    const page = await app.page();
    await page.waitForSelector(".app");
    return { app, page, workbench: new Workbench(page) };
  };
  const made = (options: Options = {}): AppUnderTest => new AppUnderTest({ main: built?.main ?? "", ...options });
  const launch = (options?: Options): AppUnderTest => {
    const app = made(options);
    apps.push(app);
    return app;
  };

  describe.skipIf(whyNoChromium !== null)(`desktop app: ${title}${why}`, { timeout: TIMEOUT_MS }, () => {
    beforeAll(async () => {
      await ensureDesktopBuilt();
      built = copyBuilt();
    }, TIMEOUT_MS);
    afterEach(async () => {
      // All of them before any settings go: two may share a folder, and a browser that lives would write into it.
      await Promise.all(apps.map((app) => app.kill()));
      for (const app of apps) app.removeSettings();
      apps = [];
    });
    afterAll(async () => {
      const shared = (await common)?.app;
      await shared?.kill();
      shared?.removeSettings();
      built?.remove();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    });
    tests({
      launch,
      start: (options) => run(launch(options)),
      shared: () => (common ??= run(made())),
      fileIn: (name, text = LAB) => {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
      },
      folder,
    });
  });
}

/** @throws after a while, with what it waited for: sooner than the test would end without a word. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + UNTIL_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export async function menu(app: AppUnderTest, title: string): Promise<readonly MenuEntry[]> {
  const entries = await app.do<MenuEntry[]>("menu");
  return entries.find(({ label }) => label === title)?.submenu ?? [];
}

export async function menuEntry(app: AppUnderTest, title: string, id: string): Promise<MenuEntry | undefined> {
  return (await menu(app, title)).find((one) => one.id === id || one.label === id);
}

/** A core that was lost is back. @throws with what the window says instead. */
export async function restored({ app, page }: Running): Promise<void> {
  const banner = page.locator(".banner");
  await page.waitForSelector(".banner.restored, .banner.failed", { timeout: UNTIL_MS }).catch(() => undefined);
  if (await page.locator(".banner.restored").isVisible()) return;
  const says = (await banner.isVisible()) ? await banner.innerText() : "no banner";
  throw new Error(`the core did not come back: ${says}; ${JSON.stringify(await app.do("utilityPids"))}; ${app.output}`);
}

/** The window has told main its commands. */
export const hasMenu = (app: AppUnderTest): Promise<void> => until(async () => (await menu(app, "File")).length > 3);

/** A change that has to be saved: one more host, by the canvas's own means. */
export async function edit({ page, workbench }: Running): Promise<void> {
  const before = (await workbench.nodeNames()).length;
  const at = await workbench.node((await workbench.nodeNames())[0] ?? "");
  await page.mouse.click(at.x, at.y);
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  await until(async () => (await workbench.nodeNames()).length > before);
}

/** Puts a text into the editor in place of a program's, and leaves it there. */
export async function typeProgram(page: Page, workbench: Workbench, file: string, text: string): Promise<void> {
  await workbench.showPane("programs");
  const pane = page.locator("[data-pane=programs]");
  await pane.getByRole("button", { name: file }).click();
  // It takes a moment until the editor holds that one and not the one before.
  const editor = pane.locator(`.monaco-editor[data-uri$="${file}"]`);
  await editor.locator(".view-line").first().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await until(async () => (await codeText(workbench)) === text);
}

export function fileText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
