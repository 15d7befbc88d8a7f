/** The desktop app in real Electron, where its runtime is and a window can be shown; skipped, and said, elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { _electron } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { electronRuntime, whyNoWindow } from "../../.tools/electron-runtime.mjs";
import { Workbench } from "../e2e/workbench-page.ts";
import { ensureDesktopBuilt } from "./built.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 120_000;
const runtime = electronRuntime();
const why = runtime === null ? "Electron's runtime is not here (npx install-electron)" : whyNoWindow();
const said = why === null ? "" : ` (SKIPPED: ${why})`;
const userData = mkdtempSync(join(tmpdir(), "lastack-electron-"));

if (why !== null) console.warn(`*** ${why}: tests in real Electron are SKIPPED ***`);

describe.skipIf(why !== null)(`desktop app in Electron${said}`, { timeout: TIMEOUT_MS }, () => {
  let app: Awaited<ReturnType<typeof _electron.launch>>;
  beforeAll(async () => {
    await ensureDesktopBuilt();
    app = await _electron.launch({ executablePath: runtime ?? "", args: [ROOT, `--user-data-dir=${userData}`] });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await app?.close();
    rmSync(userData, { recursive: true, force: true });
  });

  test("the window shows the workbench under its own protocol, sandboxed", async () => {
    const page = await app.firstWindow();
    await page.waitForSelector(".app");
    expect(page.url()).toBe("lastack://app/index.html");
    expect(await page.evaluate(() => Object.keys(window.lastack ?? {}).sort())).toEqual([
      "ask",
      "on",
      "platform",
      "version",
    ]);
    expect(await page.evaluate(() => typeof (window as { require?: unknown }).require)).toBe("undefined");
  });

  test("a lab runs in the utility process", async () => {
    const page = await app.firstWindow();
    const workbench = new Workbench(page);
    await workbench.openSample("ping-across-a-router");
    await workbench.run("run.play-pause");
    await workbench.runTo(1);
    const types = await app.evaluate(({ app: electron }) => electron.getAppMetrics().map(({ type }) => type));
    expect(types).toContain("Utility");
  });

  test("the menu is the window's commands", async () => {
    const labels = await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map(({ label }) => label) ?? []);
    expect(labels).toEqual(expect.arrayContaining(["File", "Edit", "View", "Run", "Help"]));
  });

  test("the page cannot leave, nor open windows, nor reach the network", async () => {
    const page = await app.firstWindow();
    await page.evaluate(() => {
      location.href = "https://example.org/";
    });
    await page.evaluate(() => void window.open("https://example.org/"));
    const reached = await page.evaluate(() =>
      fetch("https://example.org/").then(
        () => true,
        () => false,
      ),
    );
    expect(reached).toBe(false);
    expect(page.url()).toBe("lastack://app/index.html");
    expect(app.windows()).toHaveLength(1);
  });
});
