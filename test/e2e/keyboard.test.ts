/** Everything that a pointer can do, by keys alone: each of these tests uses the mouse nowhere. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "ping-across-a-router";

/** As a person does it: by the name in the palette. */
async function palette(bench: Workbench, title: string): Promise<void> {
  await bench.page.keyboard.press("Control+k");
  await bench.page.keyboard.type(title);
  await bench.page.keyboard.press("Enter");
}

/** Opens a sample from the welcome page, and goes to the list of nodes and links. */
async function openList(bench: Workbench): Promise<void> {
  await bench.page.locator(`[data-sample="${LAB}.lab.yaml"]`).focus();
  await bench.page.keyboard.press("Enter");
  await bench.page.waitForSelector("[data-testid=topology]");
  await bench.settled();
  await palette(bench, "Show list of nodes");
  await bench.row("h1").focus();
}

/** Down the list to a row, which is then selected. */
async function goTo(bench: Workbench, name: string): Promise<void> {
  await bench.page.locator("[data-pane=outline] [role=option]").first().focus();
  await bench.page.keyboard.press("Home");
  for (let press = 0; press < 20; press++) {
    const isThere = await bench.row(name).evaluate((row) => row === document.activeElement);
    if (isThere) return bench.page.keyboard.press("Space");
    await bench.page.keyboard.press("ArrowDown");
  }
  throw new Error(`no row ${name}`);
}

describeWorkbench("keyboard", ({ open }) => {
  test("a network is built: nodes, a cable, places, names, copies", async () => {
    const bench = await open();
    const { keyboard } = bench.page;
    await openList(bench);
    await palette(bench, "Add a host");
    await eventually(() => bench.row("h3").count()).toBe(1);
    // The cable tool, and Enter on its two ends.
    await goTo(bench, "h3");
    await keyboard.press("l");
    await keyboard.press("Enter");
    await goTo(bench, "r1");
    await keyboard.press("Enter");
    await eventually(() => bench.row("h3-r1").count()).toBe(1);
    await keyboard.press("l");
    await goTo(bench, "h3");
    const before = await bench.node("h3");
    await keyboard.press("Alt+ArrowUp");
    await eventually(async () => (await bench.node("h3")).y).toBeLessThan(before.y);
    await keyboard.press("Control+c");
    await keyboard.press("Control+v");
    await eventually(() => bench.row("h4").count()).toBe(1);
    await goTo(bench, "h1");
    await keyboard.press("Control+ArrowDown");
    await keyboard.press("Control+Space");
    await keyboard.press("Delete");
    await eventually(() => bench.nodeNames()).toHaveLength(3);
    await keyboard.press("Control+z");
    await eventually(() => bench.nodeNames()).toHaveLength(5);
  });

  test("the canvas is moved and zoomed, its texts are chosen", async () => {
    const bench = await open();
    const { keyboard } = bench.page;
    await openList(bench);
    const before = await bench.node("r1");
    await keyboard.press("Shift+ArrowRight");
    await eventually(async () => (await bench.node("r1")).x).toBeLessThan(before.x - 20);
    await keyboard.press("Control+1");
    await eventually(async () => Math.abs((await bench.node("r1")).x - before.x)).toBeLessThan(2);
    for (const title of ["Names of interfaces", "Rate and delay of links", "Addresses of hosts"]) {
      const drawn = await texts(bench);
      await palette(bench, title);
      await eventually(() => texts(bench)).not.toBe(drawn);
    }
    const gap = async (): Promise<number> => (await bench.node("h2")).x - (await bench.node("h1")).x;
    const width = await gap();
    await keyboard.press("Control+-");
    await eventually(gap).toBeLessThan(width);
  });

  test("cables are unplugged, impaired and captured, machines switched and opened", async () => {
    const bench = await open();
    const { keyboard } = bench.page;
    await openList(bench);
    await goTo(bench, "h1-r1");
    await keyboard.press("u");
    await eventually(() => bench.row("h1-r1").innerText()).toContain("unplugged");
    await keyboard.press("u");
    await eventually(() => bench.row("h1-r1").innerText()).not.toContain("unplugged");
    await keyboard.press("i");
    await bench.page.locator("[role=dialog] [data-field='forward.rate']").waitFor();
    await keyboard.press("Escape");
    await bench.page.locator("[role=dialog]").waitFor({ state: "detached" });
    await goTo(bench, "h1-r1");
    await keyboard.press("Shift+F10");
    await bench.page.locator("[role=menuitem][data-command='network.capture-link']").waitFor();
    await keyboard.press("Escape");
    await goTo(bench, "h2");
    await keyboard.press("Shift+F10");
    await keyboard.type("Crash");
    await keyboard.press("Enter");
    await eventually(() => bench.row("h2").innerText()).toContain("off");
    await eventually(() => bench.row("r1-h2").innerText()).toContain("no carrier");
    await goTo(bench, "h1");
    await keyboard.press("Enter");
    await bench.page.locator("[data-testid=terminal]:visible").waitFor();
  });

  test("panes are visited, resized, maximized and moved; it is all remembered", async () => {
    const bench = await open();
    const { keyboard } = bench.page;
    await openList(bench);
    const outline = bench.page.locator("[data-pane=outline]");
    const width = async (): Promise<number> => (await outline.boundingBox())?.width ?? 0;
    const before = await width();
    await keyboard.press("Control+Alt+ArrowRight");
    await eventually(width).toBe(before + 40);
    await keyboard.press("F6");
    await eventually(() => paneOfFocus(bench)).not.toBe("outline");
    await keyboard.press("Shift+F6");
    await eventually(() => paneOfFocus(bench)).toBe("outline");
    await keyboard.press("Control+Shift+m");
    await eventually(width).toBeGreaterThan(1200);
    await keyboard.press("Control+Shift+m");
    await eventually(width).toBe(before + 40);
    await palette(bench, "Move pane to the left");
    await eventually(async () => (await outline.boundingBox())?.x ?? 99).toBeLessThan(10);
    await bench.page.waitForTimeout(500);
    await bench.page.reload();
    await bench.page.locator(`[data-sample="${LAB}.lab.yaml"]`).focus();
    await keyboard.press("Enter");
    await eventually(async () => (await outline.boundingBox())?.x ?? 99).toBeLessThan(10);
  });

  test("the palette has all that menus have, and says the keys", async () => {
    const bench = await open();
    await openList(bench);
    await goTo(bench, "h1");
    const inMenus = new Set<string>();
    for (const menu of await bench.page.locator("[role=menubar] [role=menuitem]").all()) {
      await menu.focus();
      await bench.page.keyboard.press("ArrowDown");
      const items = bench.page.locator("[role=menu] [data-command]:not([data-disabled])");
      await items.first().waitFor();
      for (const item of await items.all()) inMenus.add((await item.getAttribute("data-command")) ?? "");
      await bench.page.keyboard.press("Escape");
      await bench.page.locator("[role=menu]").waitFor({ state: "detached" });
    }
    expect(inMenus.size).toBeGreaterThan(40);
    await bench.page.keyboard.press("Control+k");
    const inPalette = await bench.page
      .locator("[role=option][data-command]")
      .evaluateAll((options) => options.map((option) => option.getAttribute("data-command") ?? ""));
    expect([...inMenus].filter((id) => id !== "view.palette" && !inPalette.includes(id))).toEqual([]);
    expect(await bench.page.locator("[role=option][data-command='run.play-pause']").innerText()).toContain("Space");
  });
});

/** What is written on the canvas, as far as it can be told: its pixels. */
function texts(bench: Workbench): Promise<string> {
  return bench.page.evaluate(() =>
    [...document.querySelectorAll<HTMLCanvasElement>("[data-testid=topology] > canvas")]
      .slice(0, 2)
      .map((canvas) => canvas.toDataURL())
      .join(),
  );
}

function paneOfFocus(bench: Workbench): Promise<string | undefined> {
  return bench.page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-pane]")?.dataset["pane"]);
}
