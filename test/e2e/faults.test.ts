/** Faults by hand while it runs: every impairment, each way; packets that die say why; captures of a link; undo. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasTool, runTool } from "../harness/tools.ts";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "ping-across-a-router";
const CAPTURE = join(import.meta.dirname, "../../out/link.pcapng");

async function openRow(open: () => Promise<Workbench>, row: string, lab = LAB): Promise<Workbench> {
  const bench = await open();
  await bench.openSample(lab);
  await bench.showPane("outline");
  await bench.row(row).click();
  return bench;
}

/** Of the kind that are in the list now, by their text. */
async function count(bench: Workbench, text: string): Promise<number> {
  const { page } = bench;
  await page.locator("[data-pane=packets]").getByRole("combobox", { name: "Display filter" }).fill(text);
  await page.keyboard.press("Enter");
  const told = page.locator("[data-pane=packets] .count");
  await eventually(() => told.innerText()).toContain("pass");
  return Number((await told.innerText()).split(" ")[0]?.replace(",", ""));
}

describeWorkbench("faults", ({ open }) => {
  test("every impairment is set each way by itself, live, and does what it says", async () => {
    const bench = await openRow(open, "h1-r1");
    await bench.seek("500ms");
    await bench.run("network.impair");
    const dialog = bench.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Same both ways" }).click();
    const set = (field: string, value: string): Promise<void> => dialog.locator(`[data-field='${field}']`).fill(value);
    await set("forward.rate", "2Mbps");
    await set("forward.delay", "7ms");
    await set("forward.jitter", "1ms");
    await set("forward.duplicate", "100%");
    await set("forward.queue", "20");
    await set("backward.reorder", "25%");
    await set("backward.corrupt", "100%");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await bench.showPane("inspector");
    const inspector = bench.page.locator("[data-pane=inspector]");
    for (const text of ["2 Mbit/s", "7 ms", "± 1 ms", "Duplicate", "20 frames", "25 %", "Corrupt"]) {
      await eventually(() => inspector.innerText()).toContain(text);
    }
    const [there = "", back = ""] = (await inspector.innerText()).split("r1 → h1");
    expect(there).toContain("Duplicate");
    expect(there).not.toContain("Corrupt");
    expect(back).toContain("Reorder");
    expect(back).toContain("100 Mbit/s");
    // The request of 1 s arrives twice at the router; what comes back is damaged, and h1 throws it away.
    await bench.seek("1900ms");
    // The first request passed four interfaces, the second one seven: twice all behind the cable.
    expect(await count(bench, "icmp.type == 8")).toBe(4 + 7);
    await count(bench, "icmp.type == 0");
    const fates = bench.page.locator("[data-pane=packets] .row .drop");
    await eventually(async () => (await fates.allInnerTexts()).join()).toContain("dropped: FCS_ERROR");
  });

  test("a packet that dies bursts where it happened, and names its reason", async () => {
    const bench = await openRow(open, "r1-h2");
    await bench.page.keyboard.press("u");
    await eventually(() => bench.row("r1-h2").innerText()).toContain("unplugged");
    await bench.run("run.play-pause");
    await eventually(() => bench.burstReasons()).not.toEqual([]);
    for (const reason of await bench.burstReasons()) expect(reason).toMatch(/^[A-Z][A-Z_]+$/);
  });

  test("dense traffic is drawn as a band beside its dots", async () => {
    const bench = await openRow(open, "s1", "tcp-fairness");
    await bench.run("run.play-max");
    await eventually(() => bench.bandsDrawn()).toBeGreaterThan(0);
    expect(await bench.flightsDrawn()).toBeLessThanOrEqual(2048);
  });

  test("a link's menu saves what passed its ends, and nothing else", async () => {
    const bench = await openRow(open, "h1");
    await bench.seek("1500ms");
    const at = await bench.cable(0);
    await bench.page.mouse.click(at.x, at.y, { button: "right" });
    const download = bench.page.waitForEvent("download");
    await bench.page.locator("[role=menuitem][data-command='network.capture-link']").click();
    await (await download).saveAs(CAPTURE);
    if (!hasTool("tshark")) return console.warn("*** no tshark: the capture of a link is NOT read back ***");
    const names = runTool("tshark", ["-n", "-r", CAPTURE, "-T", "fields", "-e", "frame.interface_name"]);
    expect([...new Set(names.trim().split("\n"))].sort()).toEqual(["h1:eth0", "r1:eth0"]);
  });

  test("every edit is undone and done again", async () => {
    const bench = await openRow(open, "h1");
    await bench.showPane("source");
    const text = (): Promise<string> => bench.page.locator("[data-pane=source] textarea").inputValue();
    const deeds: readonly (() => Promise<unknown>)[] = [
      () => bench.run("network.add-host"),
      async () => {
        await bench.row("h2").click();
        await bench.page.keyboard.press("F2");
        await bench.page.locator("#ask-text").fill("server");
        await bench.page.keyboard.press("Enter");
      },
      async () => {
        await bench.row("r1").focus();
        await bench.page.keyboard.press("l");
        await bench.page.keyboard.press("Enter");
        await bench.row("h3").focus();
        await bench.page.keyboard.press("Enter");
        await bench.page.keyboard.press("l");
      },
      async () => {
        await bench.row("h1-r1").click();
        await bench.page.keyboard.press("i");
        await bench.page.locator("[data-field='forward.delay']").fill("9ms");
        await bench.page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
      },
      async () => {
        await bench.page.locator("[aria-label=Seed]").fill("77");
        await bench.page.keyboard.press("Enter");
        await bench.row("h1").focus();
      },
      async () => {
        await bench.row("h1").click();
        await bench.page.keyboard.press("Delete");
      },
    ];
    const texts = [await text()];
    for (const deed of deeds) {
      await deed();
      await eventually(text).not.toBe(texts.at(-1));
      texts.push(await text());
    }
    for (const before of texts.slice(0, -1).reverse()) {
      await bench.run("edit.undo");
      await eventually(text).toBe(before);
    }
    for (const after of texts.slice(1)) {
      await bench.run("edit.redo");
      await eventually(text).toBe(after);
    }
  });
});
