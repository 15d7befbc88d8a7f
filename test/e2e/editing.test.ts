/** Building a network: palette, links, moving, copying, renaming, deleting, undo; and all of it while it runs. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually } from "./workbench.ts";

const LAB = "ping-across-a-router";

describeWorkbench("editing", ({ open }) => {
  test("an empty lab grows: palette by click and by drag, a link from a handle, addresses by themselves", async () => {
    const bench = await open();
    await bench.page.click("button:text('New lab')");
    await bench.page.waitForSelector("[data-testid=topology]");
    await bench.page.click("[aria-label='Add a host']");
    await eventually(() => bench.nodeNames()).toEqual(["h1"]);
    const button = await bench.page.locator("[aria-label='Add a switch']").boundingBox();
    if (button === null) throw new Error("no palette");
    await bench.drag({ x: button.x + 20, y: button.y + 20 }, { x: 700, y: 180 });
    await eventually(() => bench.nodeNames()).toEqual(["h1", "s1"]);
    const switchAt = await bench.node("s1");
    expect(Math.hypot(switchAt.x - 700, switchAt.y - 180)).toBeLessThan(4);
    const from = await bench.node("h1");
    await bench.page.mouse.move(from.x, from.y);
    await bench.drag(await bench.handle("h1"), switchAt);
    await bench.showPane("outline");
    await eventually(() => bench.row("h1-s1").count()).toBe(1);
    await eventually(() => bench.row("h1").innerText()).toContain("10.0.0.1/24");
  });

  test("the link tool connects two nodes by clicks, and by keys from the list", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    await bench.page.locator("[data-testid=topology]").focus();
    await bench.page.keyboard.press("l");
    for (const name of ["h1", "h2"]) {
      const { x, y } = await bench.node(name);
      await bench.page.mouse.click(x, y);
    }
    await eventually(() => bench.row("h1-h2").count()).toBe(1);
    await bench.page.keyboard.press("Escape");
    await bench.page.keyboard.press("Control+z");
    await eventually(() => bench.row("h1-h2").count()).toBe(0);
  });

  test("nodes are dragged, and the lab file says where to", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    const before = await bench.node("r1");
    await bench.drag(before, { x: before.x, y: before.y + 60 });
    const after = await bench.node("r1");
    expect(Math.abs(after.y - before.y - 60)).toBeLessThan(6);
    await eventually(() => bench.page.locator(".lab-dirty").count()).toBe(1);
    await bench.page.keyboard.press("Control+z");
    await eventually(async () => Math.round((await bench.node("r1")).y - before.y)).toBe(0);
  });

  test("several are selected by a box, copied, pasted and deleted; undo brings them back", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    const [left, right] = [await bench.node("h1"), await bench.node("r1")];
    await bench.drag({ x: left.x - 50, y: left.y - 70 }, { x: right.x + 50, y: right.y + 70 });
    await bench.page.keyboard.press("Control+c");
    await bench.page.keyboard.press("Control+v");
    await eventually(() => bench.nodeNames()).toEqual(["h1", "r1", "h2", "h3", "r2"]);
    await bench.page.keyboard.press("Delete");
    await eventually(() => bench.nodeNames()).toEqual(["h1", "r1", "h2"]);
    await bench.page.keyboard.press("Control+z");
    await eventually(async () => (await bench.nodeNames()).length).toBe(5);
  });

  test("F2 renames, everywhere", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    await bench.row("h2").focus();
    await bench.page.keyboard.press("Space");
    await bench.page.keyboard.press("F2");
    const input = bench.page.locator("#ask-text");
    await input.fill("h1");
    expect(await bench.page.locator("#ask-fault").innerText()).toContain("already");
    await input.fill("server");
    await bench.page.keyboard.press("Enter");
    await eventually(() => bench.row("server").count()).toBe(1);
    expect(await bench.row("r1-server").count()).toBe(1);
  });

  test("a node added while it runs: the run goes on from the same instant", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.page.keyboard.press("Space");
    await bench.runTo(0.5);
    await bench.page.click("[aria-label='Add a host']");
    await eventually(() => bench.nodeNames()).toContain("h3");
    await bench.runTo(1);
    expect(await bench.page.locator(".notice").first().innerText()).toContain("run again");
  });

  test("hosts crash, reboot, pause and resume from their menu and the list", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.showPane("outline");
    const at = await bench.node("h2");
    await bench.page.mouse.click(at.x, at.y, { button: "right" });
    await bench.page.locator("[role=menuitem][data-command='network.crash']").click();
    await eventually(() => bench.row("h2").innerText()).toContain("off");
    await bench.page.keyboard.press("Control+z");
    await eventually(() => bench.row("h2").innerText()).not.toContain("off");
    await bench.row("h1").focus();
    await bench.page.keyboard.press("Space");
    await bench.page.keyboard.press("Shift+F10");
    await bench.page.locator("[role=menuitem][data-command='network.pause']").click();
    await eventually(() => bench.row("h1").innerText()).toContain("paused");
  });

  test("arrows move what is selected; Ctrl+1 fits; the layout arranges", async () => {
    const bench = await open();
    await bench.openSample("csma-cd-on-a-hub");
    await bench.page.locator("[data-testid=topology]").focus();
    const { x, y } = await bench.node("h1");
    await bench.page.mouse.click(x, y);
    await bench.page.keyboard.press("Alt+ArrowRight");
    await eventually(async () => (await bench.node("h1")).x).toBeGreaterThan(x + 3);
    await bench.page.mouse.move(400, 300);
    await bench.page.mouse.wheel(0, -600);
    await bench.page.keyboard.press("Control+1");
    await eventually(async () => Math.abs((await bench.node("hub")).y - 270)).toBeLessThan(120);
    await bench.run("network.arrange");
    await expect
      .poll(async () => Math.hypot((await bench.node("h1")).x - x, (await bench.node("h1")).y - y))
      .toBeGreaterThan(20);
  });
});
