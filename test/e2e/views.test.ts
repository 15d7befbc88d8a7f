/**
 * The main views at two sizes, dark and light: nothing serious by axe, nothing cut off at the edge, a picture of each
 * in out/screenshots to be looked at, and some of them as those that were found good (baselines.ts).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "vitest";
import { LONG } from "../harness/long.ts";
import { compareWithBaseline } from "./baselines.ts";
import { SCENES } from "./scenes.ts";
import { describeWorkbench } from "./workbench.ts";

const PICTURES = join(import.meta.dirname, "../../out/screenshots");

/** The first two are looked at by axe too: size changes nothing of what it sees. The last is for those who look. */
const VIEWINGS = [
  { width: 1280, height: 800, colorScheme: "dark" },
  { width: 1280, height: 800, colorScheme: "light" },
  { width: 1920, height: 1080, colorScheme: "light" },
  { width: 1920, height: 1080, colorScheme: "dark" },
] as const;
type Viewing = (typeof VIEWINGS)[number];
const VIEWED = process.env["LASTACK_PICTURES"] === undefined ? (LONG ? 3 : 1) : 4;

/** Cursors that blink; what Playwright's own `caret: hide` does not know. */
const STILL = ".monaco-editor .cursor, .xterm-cursor { visibility: hidden !important; }";
/** Until nothing moves any more, ms; and between two looks. */
const STILL_MAX_MS = 8000;
const LOOK_MS = 250;

/** All of axe's rules. Its report of what is well and its page for frames of other origins took 4/5 of the time. */
async function serious(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).setLegacyMode(true);
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${String(target)} ${failureSummary ?? ""}`),
    );
}

/** Nothing makes the window scroll, and nothing sticks out of a dialog or a menu. */
async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    const isTooLarge = scrollWidth > clientWidth || scrollHeight > clientHeight;
    const outside = [...document.querySelectorAll("[role=dialog], [role=menu]")].flatMap((box) => {
      const { left, right } = box.getBoundingClientRect();
      return [...box.querySelectorAll("*")].filter((inner) => {
        const at = inner.getBoundingClientRect();
        const isHidden = at.width <= 1 || at.height <= 1;
        return !isHidden && (at.left < left - 1 || at.right > right + 1);
      });
    });
    return [...(isTooLarge ? [`${scrollWidth}x${scrollHeight}`] : []), ...outside.map(({ outerHTML }) => outerHTML)];
  });
}

/** A picture that is the same twice: packets have come to where the paused run has them, nothing is still loading. */
async function picture(page: Page, name: string, { width, colorScheme }: Viewing): Promise<Buffer> {
  const path = join(PICTURES, `${name}-${width}-${colorScheme}.png`);
  // Compared are those at the smaller size only.
  const end = Date.now() + (width === VIEWINGS[0].width ? STILL_MAX_MS : 0);
  let last: Buffer = Buffer.alloc(0);
  for (;;) {
    const now = await page.screenshot({ path, animations: "disabled", caret: "hide", style: STILL });
    if (now.equals(last) || Date.now() > end) return now;
    last = now;
    await page.waitForTimeout(LOOK_MS);
  }
}

describeWorkbench("views", ({ open }) => {
  mkdirSync(PICTURES, { recursive: true });
  test.each(SCENES)("$name", async ({ name, show, baseline }) => {
    const { width, height } = VIEWINGS[0];
    const bench = await open({ width, height, scheme: "dark" });
    const { page } = bench;
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "dark" });
    await show(bench);
    for (const viewing of VIEWINGS.slice(0, VIEWED)) {
      const { colorScheme } = viewing;
      await page.setViewportSize({ width: viewing.width, height: viewing.height });
      await page.emulateMedia({ colorScheme });
      const taken = await picture(page, name, viewing);
      expect(await overflow(page)).toEqual([]);
      if (viewing.width !== width) continue;
      expect(await serious(page)).toEqual([]);
      if (baseline === colorScheme) expect(await compareWithBaseline(page, name, taken)).toBe("");
    }
  });
});
