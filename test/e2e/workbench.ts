/**
 * The built workbench in a real browser, for tests. Every page is watched: a request that leaves the machine, an error
 * on the console, or something thrown fails the test that had it open.
 */
import type { Browser, BrowserContext } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { ensureBuilt } from "./built.ts";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import { serveStatic, type StaticServer } from "../../core/node/static-server.ts";
import { Workbench } from "./workbench-page.ts";

export { Workbench };

/** A build may come first, and the machine may be busy. */
export const E2E_TIMEOUT_MS = 120_000;

export interface Viewing {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "dark" | "light";
}

/** What a busy machine may take to show something. */
const EVENTUALLY_MS = 20_000;

/** @param what is looked at, where several things are. */
export function eventually<T>(look: () => T | Promise<T>, what?: string): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: EVENTUALLY_MS, ...(what === undefined ? {} : { message: what }) });
}

export interface WorkbenchSuite {
  open(viewing?: Viewing): Promise<Workbench>;
  /** What a test does on purpose may be on the console. */
  allowErrors(): void;
}

/** Declares a suite of end-to-end tests; skipped where there is no browser. */
export function describeWorkbench(title: string, tests: (suite: WorkbenchSuite) => void): void {
  describe.skipIf(whyNoChromium !== null)(`e2e: ${title}`, { timeout: E2E_TIMEOUT_MS }, () => {
    let server: StaticServer;
    let browser: Browser;
    let contexts: BrowserContext[] = [];
    let faults: string[] = [];
    let areErrorsAllowed = false;

    beforeAll(async () => {
      server = await serveStatic(await ensureBuilt());
      browser = await launchChromium();
    }, E2E_TIMEOUT_MS);

    afterAll(async () => {
      await browser.close();
      await server.close();
    });

    afterEach(async () => {
      await Promise.all(contexts.map((context) => context.close()));
      contexts = [];
      const seen = areErrorsAllowed ? faults.filter((fault) => fault.startsWith("request")) : faults;
      faults = [];
      areErrorsAllowed = false;
      expect(seen).toEqual([]);
    });

    tests({
      allowErrors: () => (areErrorsAllowed = true),
      open: async ({ width = 1280, height = 800, scheme = "dark" } = {}) => {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
        contexts.push(context);
        const page = await context.newPage();
        page.on("request", (request) => {
          const url = request.url();
          if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) faults.push(`request to ${url}`);
        });
        page.on("console", (message) => {
          if (message.type() === "error") faults.push(`console: ${message.text()}`);
        });
        page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
        await page.goto(server.url);
        await page.waitForSelector("[data-sample]");
        return new Workbench(page);
      },
    });
  });
}
