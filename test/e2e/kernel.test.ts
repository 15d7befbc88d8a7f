/** The kernel view: what a machine's CPUs did, by pointer and by keys. */
import type { Locator } from "@playwright/test";
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const pane = ({ page }: Workbench): Locator => page.locator("[data-pane=kernel]");
const timeline = (bench: Workbench): Locator => pane(bench).getByTestId("kernel-timeline");
const foot = (bench: Workbench): Promise<string> => pane(bench).locator(".foot").innerText();

async function seek(bench: Workbench, seconds: number): Promise<void> {
  await bench.page.keyboard.press("Control+g");
  await bench.page.keyboard.type(`${seconds}s`);
  await bench.page.keyboard.press("Enter");
  await eventually(() => bench.time()).toBe(seconds);
}

describeWorkbench("kernel view", ({ open }) => {
  test("draws interrupts, softirqs and processes of the machine that is chosen", async () => {
    const bench = await open();
    await bench.openSample("receive-livelock");
    await bench.showPane("kernel");
    await eventually(() => pane(bench).innerText()).toContain("Press play or step");
    await seek(bench, 0.12);
    await pane(bench).getByLabel("Machine").selectOption("irq");
    await eventually(async () => Number(await timeline(bench).getAttribute("data-intervals"))).toBeGreaterThan(20);
    // By keys: step from interval to interval, zoom, the whole run again.
    await timeline(bench).focus();
    await bench.page.keyboard.press("Shift+ArrowRight");
    await eventually(() => foot(bench)).toMatch(/irq \d+: hard IRQ, CPU 0, at 0\.\d{9} s, [\d.]+ µs/);
    await bench.page.keyboard.press("ArrowDown");
    await eventually(() => foot(bench)).toMatch(/NET_[RT]X: softirq/);
    const span = pane(bench).locator(".span");
    expect(await span.innerText()).toBe("120 ms");
    await bench.page.keyboard.press("+");
    await eventually(() => span.innerText()).toBe("96 ms");
    await bench.page.keyboard.press("0");
    await eventually(() => span.innerText()).toBe("120 ms");
    // The pointer tells what is under it; the wheel zooms there.
    const box = await timeline(bench).boundingBox();
    if (box === null) throw new Error("no timeline");
    await bench.page.mouse.move(box.x + 118, box.y + 36);
    await eventually(() => pane(bench).locator(".tip").innerText()).toContain("hard IRQ");
    await bench.page.mouse.wheel(0, -200);
    await eventually(() => span.innerText()).toBe("96 ms");
  });

  test("tells how full the rings are", async () => {
    const bench = await open();
    await bench.openSample("receive-livelock");
    await seek(bench, 3.1);
    await bench.showPane("kernel");
    await pane(bench).getByLabel("Machine").selectOption("irq");
    await eventually(async () => Number(await timeline(bench).getAttribute("data-intervals"))).toBeGreaterThan(20);
    const box = await timeline(bench).boundingBox();
    if (box === null) throw new Error("no timeline");
    await bench.page.mouse.move(box.x + box.width - 40, box.y + 118);
    await eventually(() => pane(bench).locator(".tip").innerText()).toMatch(/eth0 rx ring\n+\d+ of 32 used/);
  });

  test("leads to the instant of an interval", async () => {
    const bench = await open();
    await bench.openSample("receive-livelock");
    await seek(bench, 0.11);
    await bench.showPane("kernel");
    await pane(bench).getByLabel("Machine").selectOption("generator");
    await timeline(bench).waitFor();
    await timeline(bench).focus();
    await bench.page.keyboard.press("Shift+ArrowRight");
    await bench.page.keyboard.press("ArrowDown");
    await eventually(() => foot(bench)).toMatch(/at 0\.\d{9} s/);
    const start = Number(/at ([\d.]+) s/.exec(await foot(bench))?.[1]);
    await pane(bench).getByRole("button", { name: "Go to its start" }).click();
    await eventually(() => bench.time()).toBe(start);
  });
});
