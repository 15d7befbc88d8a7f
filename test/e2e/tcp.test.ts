/** The TCP view: connections, the state diagram and the way taken, the lecture's regions, plots, numbers. */
import type { Locator } from "@playwright/test";
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const pane = ({ page }: Workbench): Locator => page.locator("[data-pane=tcp]");
const states = (bench: Workbench): Locator => pane(bench).getByTestId("tcp-states");
const region = (bench: Workbench, title: string): Locator => pane(bench).locator(`.region[title^="${title}:"]`);

async function seek(bench: Workbench, seconds: number): Promise<void> {
  await bench.page.keyboard.press("Control+g");
  await bench.page.keyboard.type(`${seconds}s`);
  await bench.page.keyboard.press("Enter");
  await eventually(() => bench.time()).toBe(seconds);
}

async function openTcp(open: () => Promise<Workbench>, lab: string, seconds: number): Promise<Workbench> {
  const bench = await open();
  await bench.openSample(lab);
  await seek(bench, seconds);
  await bench.showPane("tcp");
  return bench;
}

describeWorkbench("TCP view", ({ open }) => {
  test("waits for the first connection", async () => {
    const bench = await openTcp(open, "ping-across-a-router", 0);
    await eventually(() => pane(bench).innerText()).toContain("No TCP connection yet");
  });

  test("shows the regions of sender and receiver, also what came out of order", async () => {
    const bench = await openTcp(open, "tcp-loss-and-sack", 0.8);
    await eventually(() => states(bench).getAttribute("data-state")).toBe("FIN-WAIT-1");
    expect(await region(bench, "sent, not acknowledged").getAttribute("title")).toMatch(/: [\d,]+ bytes$/);
    expect(await region(bench, "may be sent now").count()).toBe(1);
    const path = pane(bench).locator(".path .move");
    expect(await path.count()).toBe(3);
    expect(await path.nth(0).innerText()).toContain("RFC 9293 §3.10.1 (OPEN call)");
    // The connection without SACK, at its other end: islands behind the gaps.
    const picker = pane(bench).getByRole("combobox");
    await picker.selectOption({ label: await labelOf(picker, /10\.0\.2\.1:\d+ → 10\.0\.2\.2:9/) });
    await pane(bench).getByRole("button", { name: "Other end" }).click();
    await eventually(() => pane(bench).locator(".patch.out-of-order").count()).toBeGreaterThan(5);
    await eventually(() => states(bench).getAttribute("data-state")).toBe("ESTAB");
    expect(await pane(bench).locator(".numbers").innerText()).toContain("window scaling");
  });

  test("follows the run, and goes back with it", async () => {
    const bench = await openTcp(open, "tcp-loss-and-sack", 0.52);
    await eventually(() => states(bench).getAttribute("data-state")).toBe("SYN-SENT");
    await seek(bench, 0.6);
    await eventually(() => states(bench).getAttribute("data-state")).toBe("ESTAB");
    await eventually(() => pane(bench).locator(".u-wrap canvas").count()).toBe(3);
    await seek(bench, 0.52);
    await eventually(() => states(bench).getAttribute("data-state")).toBe("SYN-SENT");
    expect(await pane(bench).locator(".path .move").count()).toBe(1);
  });

  test("keeps a connection that is over, with the way it took", async () => {
    const bench = await openTcp(open, "tcp-close-and-time-wait", 4);
    const picker = pane(bench).getByRole("combobox");
    await eventually(async () => (await picker.locator("option").allInnerTexts()).join("\n")).toContain("h1:");
    await picker.selectOption({ label: await labelOf(picker, /^h2:7 → 10\.0\.0\.1:\d+/) });
    await eventually(() => states(bench).getAttribute("data-state")).toBe("TIME-WAIT");
    await pane(bench).getByRole("button", { name: "Other end" }).click();
    await eventually(() => states(bench).getAttribute("data-state")).toBe("CLOSED-END");
    expect(await pane(bench).locator(".path").innerText()).toContain("LAST-ACK");
    expect(await pane(bench).innerText()).toContain("The connection is over");
  });

  test("is reached from a packet", async () => {
    const bench = await open();
    await bench.openSample("tcp-loss-and-sack");
    await seek(bench, 0.8);
    await bench.page.getByRole("combobox", { name: "Display filter" }).fill("ip.src == 10.0.2.2 && tcp");
    await bench.page.keyboard.press("Enter");
    await eventually(() => bench.page.locator("[data-pane=packets] .count").innerText()).toContain("pass");
    await (await bench.packetRow(2)).click({ button: "right" });
    await bench.page.getByRole("menuitem", { name: "Show TCP connection" }).click();
    await eventually(() => pane(bench).locator("select option:checked").innerText()).toMatch(/10\.0\.2\.\d/);
  });
});

async function labelOf(picker: Locator, pattern: RegExp): Promise<string> {
  const labels = await picker.locator("option").allInnerTexts();
  const found = labels.find((label) => pattern.test(label.trim()));
  if (found === undefined) throw new Error(`no ${String(pattern)} in ${labels.join(" | ")}`);
  return found.trim();
}
