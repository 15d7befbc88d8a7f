/** The packets pane: list, display filter, layers and bytes, the way of a packet, text and captures out of it. */
import { execFileSync } from "node:child_process";
import type { Locator } from "@playwright/test";
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "tcp-loss-and-sack";

/** Far enough for a connection, and all its packets on the list. */
async function openRun(open: () => Promise<Workbench>, seconds = 1): Promise<Workbench> {
  const bench = await open();
  await bench.openSample(LAB);
  await bench.page.keyboard.press("Control+g");
  await bench.page.keyboard.type(`${seconds}s`);
  await bench.page.keyboard.press("Enter");
  await eventually(() => bench.time()).toBe(seconds);
  await bench.page.waitForSelector("[data-pane=packets] .row");
  return bench;
}

const pane = ({ page }: Workbench): Locator => page.locator("[data-pane=packets]");
const rows = (bench: Workbench): Locator => pane(bench).locator(".list [data-index]");
const cells = async (row: Locator): Promise<string[]> => row.locator("[role=gridcell]").allInnerTexts();

async function filter(bench: Workbench, text: string): Promise<void> {
  await pane(bench).getByRole("combobox", { name: "Display filter" }).fill(text);
  await bench.page.keyboard.press("Enter");
}

/** Until all packets have been looked at: before, the rows of no filter are still there. */
const filtered = (bench: Workbench): Promise<void> => pane(bench).locator(".count", { hasText: "pass" }).waitFor();

describeWorkbench("packets", ({ open }) => {
  test("says what to do while there are none, and follows the newest when there are", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    expect(await pane(bench).innerText()).toContain("No packets yet");
    await bench.page.locator("[data-testid=topology]").focus();
    await bench.page.keyboard.press(".");
    await eventually(() => rows(bench).count()).toBeGreaterThan(0);
    await bench.run("run.play-max");
    const newest = async (): Promise<number> => Number((await cells(await bench.packetRow(-1)))[0]);
    await eventually(newest).toBeGreaterThan(1000);
    // Whoever scrolls away stays there; the end brings it back.
    await pane(bench).locator(".list").focus();
    await bench.page.keyboard.press("Home");
    await eventually(async () => (await cells(await bench.packetRow(0)))[0]).toBe("1");
    await bench.page.keyboard.press("End");
    await eventually(newest).toBeGreaterThan(1000);
  });

  test("the wheel and the scrollbar lead over all rows, and each takes the other along", async () => {
    const bench = await openRun(open, 4);
    const bar = pane(bench).locator(".list + .bar");
    const first = async (): Promise<number> => Number((await cells(await bench.packetRow(0)))[0]);
    /** As a share of its way. */
    const barAt = (): Promise<number> =>
      bar.evaluate(({ scrollTop, scrollHeight, clientHeight }) => scrollTop / (scrollHeight - clientHeight));
    await eventually(first).toBeGreaterThan(1000);
    expect(await barAt()).toBeCloseTo(1, 3);
    await pane(bench).locator(".list").hover();
    const from = await first();
    await bench.page.mouse.wheel(0, -20 * 22);
    await eventually(first).toBe(from - 20);
    expect(await barAt()).toBeLessThan(1);
    await bar.evaluate((element) => (element.scrollTop = 0));
    await eventually(first).toBe(1);
    await bench.page.mouse.wheel(0, 10 * 22);
    await eventually(first).toBe(11);
    expect(await barAt()).toBeGreaterThan(0);
  });

  test("a display filter chooses, and what is wrong with one stands under its characters", async () => {
    const bench = await openRun(open);
    await filter(bench, "tcp.flags.syn == 1 && ip.src == 10.0.1.1");
    await eventually(() => pane(bench).locator(".count").innerText()).toBe("2 pass");
    for (const row of await rows(bench).all()) {
      const [, , , source, , protocol, , info] = await cells(row);
      expect([source, protocol?.replace(/\s/g, "")]).toEqual(["10.0.1.1", "STCP"]);
      expect(info).toContain("[SYN]");
    }
    await filter(bench, "tcp.flags.syn == 1 && tcp.fish == 1");
    await eventually(() => pane(bench).locator(".squiggle").innerText()).toBe("tcp.fish");
    expect(await pane(bench).getByRole("alert").innerText()).toContain("tcp.fish");
    expect(await pane(bench).locator(".count").innerText()).toBe("2 pass");
    await bench.page.keyboard.press("Escape");
    await eventually(() => pane(bench).locator(".count").innerText()).toContain("packets");
    await bench.page.keyboard.press("ArrowDown");
    await expect
      .poll(() => pane(bench).getByRole("option").allInnerTexts())
      .toContain("tcp.flags.syn == 1 && ip.src == 10.0.1.1");
  });

  test("layers and bytes lead to each other", async () => {
    const bench = await openRun(open);
    await filter(bench, "tcp.flags.syn == 1");
    await filtered(bench);
    await (await bench.packetRow(0)).click();
    const tree = pane(bench).getByRole("tree");
    await tree.getByRole("treeitem", { name: /Destination port/ }).click();
    const marked = pane(bench).locator(".byte.marked");
    await eventually(() => marked.allInnerTexts()).toEqual(["00", "09"]);
    await pane(bench).locator('.byte[data-at="7"]').click();
    await eventually(() => tree.locator("[aria-selected=true]").innerText()).toContain("Source");
    await eventually(() => marked.count()).toBe(6);
    await pane(bench).locator('.byte[data-at="0"]').hover();
    await eventually(() => pane(bench).locator(".byte.hovered").count()).toBe(6);
    // By keys alone: from the list into the tree, and along it.
    await pane(bench).locator(".list").focus();
    await bench.page.keyboard.press("ArrowDown");
    await bench.page.keyboard.press("Enter");
    await eventually(() => bench.page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("tree");
    await bench.page.keyboard.press("Home");
    await bench.page.keyboard.press("ArrowRight");
    await eventually(() => tree.locator("[aria-selected=true]").innerText()).toContain("Destination");
  });

  test("a packet is followed to the other links it passed", async () => {
    const bench = await openRun(open);
    await filter(bench, "tcp.flags.syn == 1");
    await filtered(bench);
    await (await bench.packetRow(0)).click({ button: "right" });
    await bench.page.getByRole("menuitem", { name: "Follow on other links" }).click();
    const hops = pane(bench).locator(".journey .hop");
    await eventually(() => hops.count()).toBe(2);
    expect(await hops.nth(0).innerText()).toMatch(/sack:eth0\s+out/);
    expect(await hops.nth(1).innerText()).toMatch(/server:eth0\s+in[^]*\+20\.\d+ ms/);
    await hops.nth(1).click();
    await eventually(() => pane(bench).locator(".row.selected").innerText()).toContain("server:eth0");
  });

  test("columns are made wider by hand and by keys, and stay so", async () => {
    const bench = await openRun(open);
    const head = pane(bench).getByRole("columnheader", { name: "Source" });
    const width = async (): Promise<number> => (await head.boundingBox())?.width ?? 0;
    const before = await width();
    const edge = await head.locator(".edge").boundingBox();
    if (edge === null) throw new Error("no edge");
    const [x, y] = [edge.x + edge.width / 2, edge.y + edge.height / 2];
    await bench.drag({ x, y }, { x: x + 40, y });
    expect(await width()).toBe(before + 40);
    await head.focus();
    await bench.page.keyboard.press("Shift+ArrowLeft");
    expect(await width()).toBe(before + 32);
    expect(await bench.page.evaluate(() => localStorage.getItem("lastack.packets.columns"))).toContain(
      `"source":${before + 32}`,
    );
  });

  test("what is exported is a capture that tshark reads without complaint", async () => {
    const bench = await openRun(open);
    const download = bench.page.waitForEvent("download");
    await pane(bench).getByRole("button", { name: "Export capture (pcapng)" }).click();
    const file = await (await download).path();
    const read = (args: string[]): string => execFileSync("tshark", ["-n", "-r", file, ...args], { encoding: "utf8" });
    let lines: string[];
    try {
      lines = read(["-T", "fields", "-e", "frame.number"]).trim().split("\n");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") {
        return console.warn("*** no tshark: the exported capture is NOT read back ***");
      }
      throw error;
    }
    expect(`${lines.length.toLocaleString("en")} packets`).toBe(await pane(bench).locator(".count").innerText());
    expect(read(["-Y", "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0"])).toBe("");
  });

  test("going back empties the list of what has not happened", async () => {
    const bench = await openRun(open);
    await (await bench.packetRow(-1)).click();
    await bench.run("run.restart");
    await eventually(() => pane(bench).innerText()).toContain("No packets yet");
    expect(await pane(bench).innerText()).toContain("Select a packet");
  });
});
