/**
 * The main views at two sizes, dark and light: nothing serious by axe, nothing cut off at the edge, and a picture of
 * each in out/screenshots to be looked at.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { describe, expect, test } from "vitest";
import { LONG } from "../harness/long.ts";
import { describeWorkbench, type Workbench } from "./workbench.ts";

const PICTURES = join(import.meta.dirname, "../../out/screenshots");

const VIEWS = [
  { width: 1280, height: 800, scheme: "dark" },
  { width: 1280, height: 800, scheme: "light" },
  { width: 1920, height: 1080, scheme: "dark" },
  { width: 1920, height: 1080, scheme: "light" },
] as const;

const BROKEN = `lastack: 1
name: Broken
nodes:
  h1: { kind: host }
  h2: { kind: hosst, at: [10] }
links:
  - { ends: [h1, h3], delay: 5 parsecs }
`;

async function serious(bench: Workbench): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page: bench.page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${String(target)} ${failureSummary ?? ""}`),
    );
}

/** Nothing makes the window scroll. */
async function overflow(bench: Workbench): Promise<string> {
  return bench.page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    return scrollWidth > clientWidth || scrollHeight > clientHeight ? `${scrollWidth}x${scrollHeight}` : "";
  });
}

describeWorkbench("views", ({ open }) => {
  mkdirSync(PICTURES, { recursive: true });
  // The everyday loop takes one of them.
  describe.each(LONG ? VIEWS : VIEWS.slice(0, 1))("$width x $height, $scheme", ({ width, height, scheme }) => {
    const start = (): Promise<Workbench> => open({ width, height, scheme });

    async function look(bench: Workbench, name: string): Promise<void> {
      await bench.page.waitForTimeout(250);
      await bench.page.screenshot({ path: join(PICTURES, `${name}-${width}-${scheme}.png`) });
      expect(await overflow(bench)).toBe("");
      // Size changes nothing that axe looks at; colours do.
      if (width === 1280) expect(await serious(bench)).toEqual([]);
    }

    test("welcome", async () => look(await start(), "welcome"));

    test("a lab that runs, a node and a link inspected", async () => {
      const bench = await start();
      await bench.openSample("receive-livelock");
      await bench.page.keyboard.press("Space");
      await bench.runTo(0.2);
      await bench.page.keyboard.press("Space");
      await look(bench, "running");
      await bench.showPane("inspector");
      const { x, y } = await bench.node("generator");
      await bench.page.mouse.click(x, y);
      await look(bench, "node");
      await bench.showPane("outline");
      await bench.row("generator-irq").click();
      await bench.page.keyboard.press("u");
      await bench.showPane("inspector");
      await look(bench, "link");
    });

    test("palette, keys, menus, dialog", async () => {
      const bench = await start();
      await bench.openSample("tcp-fairness");
      await bench.page.keyboard.press("Control+k");
      await look(bench, "palette");
      await bench.page.keyboard.press("Escape");
      await bench.page.locator("[data-testid=topology]").focus();
      await bench.page.keyboard.press("?");
      await look(bench, "keys");
      await bench.page.keyboard.press("Escape");
      await bench.showPane("outline");
      await bench.page.locator("[data-pane=outline] li").last().click();
      await bench.page.keyboard.press("i");
      await look(bench, "impair");
      await bench.page.keyboard.press("Escape");
      await bench.page.locator("[role=menubar] >> text=Run").click();
      await look(bench, "menu");
    });

    test("a broken lab, and an empty one", async () => {
      const bench = await start();
      await bench.openText("broken.lab.yaml", BROKEN);
      await look(bench, "broken");
      await bench.run("file.close");
      await bench.page.click("button:text('New lab')");
      await bench.page.waitForSelector("[data-testid=topology]");
      await look(bench, "empty");
    });
  });
});
