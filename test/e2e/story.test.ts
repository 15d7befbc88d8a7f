/**
 * The story of the first workbench in one go: open the two-phase commit, play, watch packets, pull a cable and plug it
 * in, crash the coordinator in the middle of a transaction, step back, and save a capture that Wireshark reads.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasTool, runTool } from "../harness/tools.ts";
import { describeWorkbench, eventually } from "./workbench.ts";

const CAPTURE = join(import.meta.dirname, "../../out/story.pcapng");

describeWorkbench("the story", ({ open }) => {
  test("see a network run, break it, go back, keep a capture", async () => {
    const bench = await open();
    await bench.openSample("two-phase-commit");
    await bench.showPane("outline");
    const rows = bench.page.locator("[data-pane=outline]");

    // The states that the programs report are drawn and listed.
    await bench.page.locator("[data-testid=topology]").focus();
    await bench.page.keyboard.press("Space");
    await eventually(() => bench.flightsDrawn()).toBeGreaterThan(0);
    await eventually(() => rows.innerText()).toMatch(/COMMIT|ABORT|READY/);

    // A worker loses its cable, and gets it back.
    const cable = await bench.cable(3);
    await bench.drag(cable, { x: cable.x + 130, y: cable.y - 40 });
    await eventually(() => bench.row("worker3-s1").innerText()).toContain("unplugged");
    await bench.page.mouse.dblclick(cable.x, cable.y);
    await eventually(() => bench.row("worker3-s1").innerText()).not.toContain("unplugged");

    // The coordinator crashes.
    const { x, y } = await bench.node("coordinator");
    await bench.page.mouse.click(x, y, { button: "right" });
    await bench.page.locator("[role=menuitem][data-command='network.crash']").click();
    await eventually(() => bench.row("coordinator").innerText()).toContain("off");
    await bench.run("run.play-pause");

    // Step by step, and back to the very same run.
    await bench.page.locator("[data-testid=topology]").focus();
    const before = await bench.digest();
    await bench.page.keyboard.press(".");
    await eventually(() => bench.digest()).not.toBe(before);
    await bench.page.keyboard.press(",");
    await eventually(() => bench.digest()).toBe(before);
    expect(await bench.row("coordinator").innerText()).toContain("off");

    const download = bench.page.waitForEvent("download");
    await bench.run("file.export-capture");
    await (await download).saveAs(CAPTURE);
    if (!hasTool("tshark")) return;
    const frames = runTool("tshark", ["-r", CAPTURE, "-T", "fields", "-e", "frame.number", "-e", "_ws.malformed"]);
    expect(frames.trim().split("\n").length).toBeGreaterThan(10);
    expect(frames).not.toMatch(/malformed/i);
  });
});
