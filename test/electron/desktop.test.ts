/**
 * The desktop app's main process and preload as they were built, with real Chromium and a stand-in for Electron
 * (stand-in/electron.ts, which says what that cannot show; launch.test.ts shows it where Electron's runtime is).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { whyNoChromium } from "../e2e/chromium.ts";
import { Workbench } from "../e2e/workbench-page.ts";
import { AppUnderTest, type StartOptions } from "./app-under-test.ts";
import { copyBuilt, ensureDesktopBuilt, type BuiltCopy } from "./built.ts";
import type { MenuEntry } from "./stand-in/electron.ts";

const SAMPLE = join(import.meta.dirname, "../../resources/labs/ping-across-a-router.lab.yaml");
const LAB = readFileSync(SAMPLE, "utf8");
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "lastack-files-"));
const fileIn = (name: string, text = LAB): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

let built: BuiltCopy | null = null;
let apps: AppUnderTest[] = [];

function launch(options: Omit<StartOptions, "main"> = {}): AppUnderTest {
  const app = new AppUnderTest({ main: built?.main ?? "", ...options });
  apps.push(app);
  return app;
}

async function start(
  options: Omit<StartOptions, "main"> = {},
): Promise<{ app: AppUnderTest; page: Page; workbench: Workbench }> {
  const app = launch(options);
  const page = await app.page();
  await page.waitForSelector(".app");
  return { app, page, workbench: new Workbench(page) };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const suite = whyNoChromium === null ? "" : ` (SKIPPED: ${whyNoChromium})`;

describe.skipIf(whyNoChromium !== null)(
  `desktop app with a stand-in for Electron${suite}`,
  { timeout: TIMEOUT_MS },
  () => {
    beforeAll(async () => {
      await ensureDesktopBuilt();
      built = copyBuilt();
    }, TIMEOUT_MS);
    afterEach(async () => {
      await Promise.all(apps.map((app) => app.end()));
      apps = [];
    });
    afterAll(() => {
      built?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    test("the window is locked up, shows the workbench, and runs a lab in a process beside it", async () => {
      const { app, page, workbench } = await start();
      expect(await app.do("windowOptions")).toMatchObject({
        webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false },
      });
      expect(await app.do("isSandboxed")).toBe(true);
      expect(await app.do("isShown")).toBe(true);
      // A few frozen functions, and nothing of Electron or Node.
      const bridge = await page.evaluate(() => ({
        names: Object.keys(window.lastack ?? {}).sort(),
        isFrozen: Object.isFrozen(window.lastack),
        strangers: ["require", "process", "Buffer", "electron", "ipcRenderer", "module"].filter(
          (name) => name in window,
        ),
      }));
      expect(bridge).toEqual({ names: ["ask", "on", "platform", "version"], isFrozen: true, strangers: [] });
      await workbench.openSample("ping-across-a-router");
      expect(await app.do("utilityPids")).toHaveLength(1);
      await workbench.run("run.play-pause");
      await workbench.runTo(1);
      expect(await page.locator("[data-testid=digest]").innerText()).toMatch(/^[0-9a-f]{12}$/);
      expect(app.output).toBe("");
    });

    test("a core that is killed comes back where it was", async () => {
      const { app, page, workbench } = await start();
      await workbench.openSample("ping-across-a-router");
      await workbench.run("run.play-pause");
      await workbench.runTo(0.5);
      await workbench.run("run.play-pause");
      await page.waitForSelector("[aria-label=Play]");
      const [digest, time] = [await workbench.digest(), await workbench.time()];
      const [pid] = await app.do<number[]>("utilityPids");
      process.kill(pid ?? 0, "SIGKILL");
      await page.waitForSelector(".banner.restored");
      expect(await workbench.digest()).toBe(digest);
      expect(await workbench.time()).toBe(time);
      expect(await app.do("utilityPids")).not.toContain(pid);
    });

    describe("menus and files", () => {
      const menu = async (app: AppUnderTest, title: string): Promise<readonly MenuEntry[]> => {
        const entries = await app.do<MenuEntry[]>("menu");
        return entries.find(({ label }) => label === title)?.submenu ?? [];
      };
      const entry = async (app: AppUnderTest, title: string, id: string): Promise<MenuEntry | undefined> =>
        (await menu(app, title)).find((one) => one.id === id || one.label === id);

      test("the menu is the window's commands, and follows them; keys are the window's own", async () => {
        const { app, page, workbench } = await start();
        await until(async () => (await menu(app, "File")).length > 3);
        expect(await entry(app, "File", "file.open")).toMatchObject({
          accelerator: "CmdOrCtrl+O",
          registerAccelerator: false,
        });
        expect(await entry(app, "File", "file.save")).toMatchObject({ enabled: false });
        expect((await menu(app, "File")).at(-1)).toMatchObject({ role: "quit" });
        await workbench.openSample("ping-across-a-router");
        await until(async () => (await entry(app, "File", "file.save"))?.enabled === true);
        await app.do("click", "Help", "help.keys");
        await page.waitForSelector("[role=dialog]");
      });

      test("opens, saves, saves as, and remembers", async () => {
        const { app, page, workbench } = await start();
        const path = fileIn("mine.lab.yaml");
        await until(async () => (await menu(app, "File")).length > 3);
        await app.do("choose", "open", path);
        await app.do("click", "File", "file.open");
        await page.waitForSelector("[data-testid=topology]");
        await workbench.settled();
        expect(await page.title()).toContain("Ping across a router");
        await edit(page, workbench);
        await until(() => app.do<boolean>("isEdited"));
        await until(async () => (await entry(app, "File", "file.save"))?.enabled === true);
        await app.do("click", "File", "file.save");
        await until(async () => !(await app.do<boolean>("isEdited")));
        expect(readFileSync(path, "utf8")).not.toBe(LAB);
        const copy = join(folder, "copy.lab.yaml");
        await app.do("choose", "save", copy);
        await app.do("click", "File", "file.save-as");
        await until(() => fileText(copy) !== "");
        expect(fileText(copy)).toBe(readFileSync(path, "utf8"));
        const recent = (await entry(app, "File", "Open recent"))?.submenu ?? [];
        expect(recent.slice(0, 2).map(({ label }) => label)).toEqual(["copy.lab.yaml", "mine.lab.yaml"]);
        expect(await app.do("recentDocuments")).toContain(path);
        await app.do("click", "File", "Open recent", "mine.lab.yaml");
        await until(async () => {
          const [first] = (await entry(app, "File", "Open recent"))?.submenu ?? [];
          return first?.label === "mine.lab.yaml";
        });
        await app.do("click", "File", "Open recent", "Clear this list");
        await until(async () => (await entry(app, "File", "Open recent"))?.enabled === false);
      });

      test("a dialog that is cancelled changes nothing; a file that cannot be read or written says so", async () => {
        const { app, page, workbench } = await start();
        await until(async () => (await menu(app, "File")).length > 3);
        await app.do("click", "File", "file.open");
        await until(async () => (await app.do<object[]>("dialogs")).length === 1);
        expect(await page.locator("[data-testid=topology]").count()).toBe(0);
        await app.do("choose", "open", join(folder, "gone.lab.yaml"));
        await app.do("click", "File", "file.open");
        await page.getByText("gone.lab.yaml could not be read").waitFor();
        await workbench.openSample("ping-across-a-router");
        await app.do("choose", "save", join(folder, "no/such/folder.lab.yaml"));
        await app.do("click", "File", "file.save-as");
        await page.getByText("folder.lab.yaml could not be saved").waitFor();
      });

      test("a capture is saved through a dialog", async () => {
        const { app, page, workbench } = await start();
        await workbench.openSample("ping-across-a-router");
        await workbench.run("run.play-pause");
        await workbench.runTo(0.5);
        const path = join(folder, "out.pcapng");
        await app.do("choose", "save", path);
        await workbench.run("file.export-capture");
        await until(() => fileText(path) !== "");
        expect(readFileSync(path).readUInt32LE(0)).toBe(0x0a0d0d0a);
        expect(await page.locator("[data-testid=topology]").count()).toBe(1);
      });
    });

    describe("files from outside", () => {
      test("one given at the start is opened; one given to a second start takes its place", async () => {
        const { app, page } = await start({ files: [fileIn("first.lab.yaml")] });
        await page.waitForSelector("[data-testid=topology]");
        const other = fileIn("second.lab.yaml", LAB.replace("Ping across a router", "The second lab"));
        await app.do("emit", "second-instance", ["electron", ".", "second.lab.yaml"], folder);
        await page.getByText("The second lab").first().waitFor();
        await app.do(
          "emit",
          "open-file",
          fileIn("third.lab.yaml", LAB.replace("Ping across a router", "The third lab")),
        );
        await page.getByText("The third lab").first().waitFor();
        expect(other).toContain("second");
      });

      test("a second instance ends at once", async () => {
        const second = launch({ isLocked: true });
        expect(await second.exited).toBe(0);
      });
    });

    describe("unsaved work", () => {
      test("is asked about at closing: cancelled, saved, or given up", async () => {
        const path = fileIn("closing.lab.yaml");
        const { app, page, workbench } = await start({ files: [path] });
        await page.waitForSelector("[data-testid=topology]");
        await workbench.settled();
        await edit(page, workbench);
        await until(() => app.do<boolean>("isEdited"));
        await app.do("close");
        await until(async () => (await app.do<object[]>("dialogs")).length === 1);
        expect(await app.do("windows")).toBe(1);
        await app.do("choose", "box", 0);
        await app.do("close");
        expect(await app.exited).toBe(0);
        expect(readFileSync(path, "utf8")).not.toBe(LAB);
        expect(app.drafts()).toEqual([]);
      });

      test("is not asked about when there is none, and dropped when that is wished", async () => {
        const first = await start({ files: [fileIn("clean.lab.yaml")] });
        await first.page.waitForSelector("[data-testid=topology]");
        await first.app.do("close").catch(() => undefined);
        expect(await first.app.exited).toBe(0);
        const { app, page, workbench } = await start({ files: [fileIn("dropped.lab.yaml")] });
        await page.waitForSelector("[data-testid=topology]");
        await workbench.settled();
        await edit(page, workbench);
        await until(() => app.drafts().length === 1);
        await app.do("choose", "box", 1);
        await app.do("close");
        expect(await app.exited).toBe(0);
        expect(app.drafts()).toEqual([]);
        expect(readFileSync(join(folder, "dropped.lab.yaml"), "utf8")).toBe(LAB);
      });

      test("survives an application that is killed", async () => {
        const first = await start();
        await first.workbench.openSample("ping-across-a-router");
        await edit(first.page, first.workbench);
        await until(() => first.app.drafts().length === 1);
        const [draft] = first.app.drafts();
        await first.app.kill();
        const { app, page, workbench } = await start({ userData: first.app.userData });
        await page.getByText("was not saved").waitFor();
        await page.getByRole("button", { name: "Recover" }).click();
        await page.waitForSelector("[data-testid=topology]");
        await workbench.settled();
        expect(await app.do("isEdited")).toBe(true);
        // It is kept as this run's own, and once.
        await edit(page, workbench);
        await until(() => app.drafts().length === 1 && app.drafts()[0] !== draft);
      });
    });

    describe("refusals", () => {
      test("the page cannot leave, open windows, download, or reach anything", async () => {
        const { app, page } = await start();
        const before = page.url();
        await page.evaluate(() => {
          location.href = "https://example.org/";
        });
        await until(async () => (await app.do<string[]>("cancelled")).includes("https://example.org/"));
        expect(page.url()).toBe(before);
        await page.evaluate(() => void window.open("https://example.org/window"));
        await until(
          () =>
            page
              .context()
              .pages()
              .filter((one) => one.url().includes("example.org")).length === 0,
        );
        const reached = await page.evaluate(async () => {
          const tries = [
            fetch("https://example.org/data"),
            fetch("http://127.0.0.1:1/"),
            new Function("return import('https://example.org/x.js')")() as Promise<unknown>,
          ];
          return (await Promise.allSettled(tries)).map(({ status }) => status);
        });
        expect(reached).toEqual(["rejected", "rejected", "rejected"]);
        for (const event of ["will-navigate", "will-frame-navigate", "will-redirect", "will-attach-webview"]) {
          expect(await app.do("isPrevented", event), event).toBe(true);
        }
        expect(await app.do("isDownloadPrevented")).toBe(true);
        expect(await app.do("opens", "lastack://app/index.html")).toBe("deny");
      });

      test("no permission but to copy, no device", async () => {
        const { app } = await start();
        for (const permission of ["media", "geolocation", "notifications", "midi", "clipboard-read", "openExternal"]) {
          expect(await app.do("permission", permission), permission).toBe(false);
          expect(await app.do("hasPermission", permission, "lastack://app/"), permission).toBe(false);
        }
        expect(await app.do("permission", "clipboard-sanitized-write")).toBe(true);
        expect(await app.do("hasPermission", "clipboard-sanitized-write", "lastack://app")).toBe(true);
        expect(await app.do("hasPermission", "clipboard-sanitized-write", "https://example.org/")).toBe(false);
        expect(await app.do("device")).toBe(false);
      });

      test("a message from elsewhere is refused, and a malformed one answered with a problem", async () => {
        const { app, page } = await start();
        const own = { frame: "main", url: "", isSender: true };
        expect(await app.do("invokeAs", own, "draft:list", null)).toMatchObject({ ok: true });
        for (const stranger of [
          { ...own, frame: "other", url: "lastack://app/index.html" },
          { ...own, frame: "other", url: "https://example.org/" },
          { ...own, frame: "none" },
          { ...own, isSender: false },
        ]) {
          await expect(app.do("invokeAs", stranger, "draft:list", null)).rejects.toThrow("refused");
        }
        const answers = await page.evaluate(async () => {
          const ask = window.lastack?.ask as unknown as (channel: unknown, params: unknown) => Promise<{ ok: boolean }>;
          const tries: [unknown, unknown][] = [
            ["no:such", null],
            ["__proto__", null],
            [{}, null],
            ["lab:open", { path: "/etc/passwd" }],
            ["lab:save", { handle: "/etc/passwd", name: "x", text: 5 }],
            ["lab:save", { handle: "../../etc/passwd", name: "x", text: "x" }],
            ["draft:drop", { id: "../../recent" }],
            ["menu:set", { groups: [{ title: "x", entries: [{ kind: "role", role: "reload" }] }] }],
            ["bytes:save", { name: "x", bytes: "text" }],
          ];
          return Promise.all(tries.map(([channel, params]) => ask(channel, params)));
        });
        expect(answers.map(({ ok }) => ok)).toEqual(answers.map(() => false));
        expect(await app.do("dialogs")).toEqual([]);
      });

      test("the protocol hands out the built window, with a policy, and nothing else", async () => {
        const { app, page } = await start();
        const policy = await page.evaluate(async () =>
          (await fetch("./index.html")).headers.get("content-security-policy"),
        );
        expect(policy).toContain("default-src 'none'");
        expect(policy).not.toContain("'unsafe-eval'");
        const ask = (url: string, method = "GET"): Promise<unknown> => app.do("protocol", url, method);
        expect(await ask("lastack://app/index.html")).toEqual({ status: 200, type: "text/html; charset=utf-8" });
        expect(await ask("lastack://app/")).toMatchObject({ status: 200 });
        for (const url of [
          "lastack://app/%2e%2e/electron/main.js",
          "lastack://app/..%2felectron/main.js",
          "lastack://app/..%5celectron%5cmain.js",
          "lastack://app/%00index.html",
          "lastack://app/%",
          "lastack://app/.hidden",
          "lastack://app/assets",
        ]) {
          expect(await ask(url), url).toMatchObject({ status: 404 });
        }
        expect(await ask("lastack://other/index.html")).toMatchObject({ status: 403 });
        expect(await ask("lastack://app/index.html", "POST")).toMatchObject({ status: 403 });
      });
    });
  },
);

/** A change that has to be saved: one more host, by the canvas's own means. */
async function edit(page: Page, workbench: Workbench): Promise<void> {
  const before = (await workbench.nodeNames()).length;
  const at = await workbench.node("h1");
  await page.mouse.click(at.x, at.y);
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  await until(async () => (await workbench.nodeNames()).length > before);
}

function fileText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
