/**
 * The story of the first workbench in one go: open the two-phase commit, play, watch packets, pull a cable and plug it
 * in, crash a worker between its promise and the decision and see it recover from its log, edit the worker's program,
 * step back, and save a capture that Wireshark reads.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasTool, runTool } from "../harness/tools.ts";
import { codeOf, placeBehind } from "./program-editor.ts";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const CAPTURE = join(import.meta.dirname, "../../out/story.pcapng");
/** Step by step this is far more than a transaction of the lab takes, ms. */
const STEPS_MAX = 150;

describeWorkbench("the story", ({ open }) => {
  test("see a network run, break it, program it, go back, keep a capture", async () => {
    const bench = await open();
    await bench.openSample("two-phase-commit");
    await bench.showPane("outline");
    await playAndWatch(bench);
    await pullAndPlugIn(bench);
    await crashInReady(bench);
    await recoverFromLog(bench);
    await editTheWorker(bench);
    await stepForthAndBack(bench);
    await saveCapture(bench);
  });
});

const topology = ({ page }: Workbench): ReturnType<Workbench["page"]["locator"]> =>
  page.locator("[data-testid=topology]");
const stateOf = (bench: Workbench, name: string): Promise<string> => bench.row(name).innerText();

/** Packets move, are listed, and the states that the programs report are on the nodes. */
async function playAndWatch(bench: Workbench): Promise<void> {
  await topology(bench).focus();
  await bench.page.keyboard.press("Space");
  await eventually(() => bench.flightsDrawn()).toBeGreaterThan(0);
  await eventually(() => bench.page.locator("[data-pane=packets] .list [data-index]").count()).toBeGreaterThan(3);
  await eventually(() => bench.page.locator("[data-pane=outline]").innerText()).toMatch(/COMMIT|ABORT|READY/);
}

/** A worker loses its cable, and gets it back. */
async function pullAndPlugIn(bench: Workbench): Promise<void> {
  const cable = await bench.cable(3);
  await bench.drag(cable, { x: cable.x + 30, y: cable.y + 135 });
  await eventually(() => stateOf(bench, "worker3-s1")).toContain("unplugged");
  await bench.page.mouse.dblclick(cable.x, cable.y);
  await eventually(() => stateOf(bench, "worker3-s1")).not.toContain("unplugged");
  await bench.run("run.play-pause");
}

/** From the start again, by a millisecond at a time, to where a worker has promised and does not know. */
async function crashInReady(bench: Workbench): Promise<void> {
  await bench.run("run.restart");
  await eventually(() => bench.time()).toBe(0);
  await bench.seek("100ms");
  await stepUntil(bench, () => stateOf(bench, "worker2"), /READY/);
  // Its vote is on the cable then, and the decision not yet.
  for (let step = 0; step < 2; step++) await stepOneMs(bench);
  expect(await stateOf(bench, "coordinator")).toContain("WAIT");
  const { x, y } = await bench.node("worker2");
  await bench.page.mouse.click(x, y, { button: "right" });
  await bench.page.locator("[role=menuitem][data-command='network.crash']").click();
  await eventually(() => stateOf(bench, "worker2")).toContain("off");
  await bench.seek("400ms");
  for (const name of ["coordinator", "worker1", "worker3", "worker4"]) {
    await eventually(() => stateOf(bench, name)).toContain("COMMIT");
  }
  expect(await stateOf(bench, "worker2")).not.toContain("COMMIT");
}

/** What it had promised is still promised after the reboot; the coordinator then tells it what was decided. */
async function recoverFromLog(bench: Workbench): Promise<void> {
  await bench.row("worker2").click();
  await bench.run("network.reboot");
  await stepUntil(bench, () => stateOf(bench, "worker2"), /READY/);
  await stepUntil(bench, () => stateOf(bench, "worker2"), /COMMIT/);
}

/** Saving makes the run again with the changed program, up to the same instant. */
async function editTheWorker(bench: Workbench): Promise<void> {
  const before = await bench.time();
  await bench.showPane("programs");
  await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
  await bench.page
    .locator("[data-pane=programs]")
    .getByRole("button", { name: /worker\.ts/ })
    .click();
  await placeBehind(bench, "print(transaction, next");
  await bench.page.keyboard.type(', "of", host');
  await bench.page.keyboard.press("Control+s");
  await bench.showPane("output");
  const output = bench.page.locator("[data-pane=output]");
  await eventually(() => output.innerText()).toContain("T1 COMMIT of worker2");
  expect(await bench.time()).toBe(before);
}

async function stepForthAndBack(bench: Workbench): Promise<void> {
  await bench.showPane("topology");
  await topology(bench).focus();
  const digests: string[] = [];
  for (let step = 0; step < 3; step++) {
    digests.push(await bench.digest());
    await bench.page.keyboard.press(".");
    await eventually(() => bench.digest()).not.toBe(digests.at(-1));
  }
  for (const digest of digests.reverse()) {
    await bench.page.keyboard.press(",");
    await eventually(() => bench.digest()).toBe(digest);
  }
}

async function saveCapture(bench: Workbench): Promise<void> {
  const download = bench.page.waitForEvent("download");
  await bench.run("file.export-capture");
  await (await download).saveAs(CAPTURE);
  if (!hasTool("tshark")) {
    console.warn("*** no tshark: that the story's capture is clean is NOT tested ***");
    return;
  }
  const frames = runTool("tshark", ["-r", CAPTURE, "-T", "fields", "-e", "frame.number"]).trim().split("\n");
  expect(frames.length).toBeGreaterThan(30);
  const faults = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0";
  const checked = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
  expect(runTool("tshark", ["-r", CAPTURE, ...checked, "-Y", faults])).toBe("");
}

async function stepUntil(bench: Workbench, look: () => Promise<string>, wanted: RegExp): Promise<void> {
  await topology(bench).focus();
  for (let step = 0; step < STEPS_MAX; step++) {
    if (wanted.test(await look())) return;
    await stepOneMs(bench);
  }
  expect(await look()).toMatch(wanted);
}

async function stepOneMs(bench: Workbench): Promise<void> {
  const before = await bench.time();
  await bench.page.keyboard.press("Control+.");
  await eventually(() => bench.time()).toBeGreaterThan(before);
}
