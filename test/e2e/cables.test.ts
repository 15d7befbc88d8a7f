/** Cables in somebody's hand: pulled out, sprung back, plugged in, by pointer and by keyboard. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "ping-across-a-router";
/** Of the lab: h1-r1 is its first link. */
const LINK = 0;

async function isUnplugged(bench: Workbench): Promise<boolean> {
  return (await bench.row("h1-r1").innerText()).includes("unplugged");
}

describeWorkbench("cables", ({ open }) => {
  test("pulled down far enough it snaps, is unplugged, and packets die there", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    const at = await bench.cable(LINK);
    await bench.drag(at, { x: at.x, y: at.y + 130 });
    await eventually(() => isUnplugged(bench)).toBe(true);
    await bench.page.keyboard.press("Space");
    await bench.runTo(1.5);
    await bench.page.keyboard.press("Space");
    expect(await bench.page.locator(".notice.error").count()).toBe(0);
  });

  test("pulled a little it springs back", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    const at = await bench.cable(LINK);
    await bench.drag(at, { x: at.x, y: at.y + 40 });
    await bench.page.waitForTimeout(300);
    expect(await isUnplugged(bench)).toBe(false);
  });

  test("a loose end is dragged back, and a double click plugs in as well", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    const at = await bench.cable(LINK);
    await bench.drag(at, { x: at.x, y: at.y + 130 });
    await eventually(() => isUnplugged(bench)).toBe(true);
    // From the middle of the dotted line to the other node.
    await bench.drag({ x: at.x - 60, y: at.y }, await bench.node("r1"));
    await eventually(() => isUnplugged(bench)).toBe(false);
    await bench.drag(at, { x: at.x, y: at.y + 130 });
    await eventually(() => isUnplugged(bench)).toBe(true);
    await bench.page.mouse.dblclick(at.x, at.y);
    await eventually(() => isUnplugged(bench)).toBe(false);
  });

  test("the keyboard does the same, and undo takes it back", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    await bench.row("h1-r1").focus();
    await bench.page.keyboard.press("Space");
    await bench.page.keyboard.press("u");
    await eventually(() => isUnplugged(bench)).toBe(true);
    await bench.page.keyboard.press("Control+z");
    await eventually(() => isUnplugged(bench)).toBe(false);
    await bench.page.keyboard.press("Control+Shift+z");
    await eventually(() => isUnplugged(bench)).toBe(true);
  });

  test("right-click: cut one way, impair while it runs", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    const at = await bench.cable(LINK);
    await bench.page.mouse.click(at.x, at.y, { button: "right" });
    await bench.page.locator("[role=menuitem][data-command='network.unplug-forward']").click();
    await eventually(() => bench.row("h1-r1").innerText()).toContain("one way");
    await bench.page.keyboard.press("Control+z");
    await bench.page.keyboard.press("Space");
    await bench.runTo(0.2);
    await bench.page.mouse.click(at.x, at.y, { button: "right" });
    await bench.page.locator("[role=menuitem][data-command='network.impair']").click();
    await bench.page.locator("[data-field='forward.delay']").fill("50ms");
    await bench.page.locator("[data-field='forward.duplicate']").fill("abc");
    expect(await bench.page.locator(".fault").innerText()).toContain("percentage");
    await bench.page.locator("[data-field='forward.duplicate']").fill("5");
    await bench.page.locator("button:text('Apply')").click();
    await bench.showPane("inspector");
    await eventually(() => bench.page.locator("[data-pane=inspector]").innerText()).toContain("50 ms");
    expect(await bench.page.locator("[data-pane=inspector]").innerText()).toContain("5 %");
  });
});
