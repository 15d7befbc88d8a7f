/** The play bar: motion, steps forth and back, speed, seeking, seed; equal runs have equal digests. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually } from "./workbench.ts";

const LAB = "ping-across-a-router";

describeWorkbench("time", ({ open }) => {
  test("Space plays and pauses, and packets move", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.page.keyboard.press("Space");
    await eventually(() => bench.flightsDrawn()).toBeGreaterThan(0);
    await bench.runTo(0.3);
    await bench.page.keyboard.press("Space");
    await bench.paused();
    const stopped = await bench.time();
    await bench.page.waitForTimeout(200);
    expect(await bench.time()).toBe(stopped);
  });

  test("a step back gives the digest that was there before", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.page.locator("[data-testid=topology]").focus();
    const digests: string[] = [];
    for (let step = 0; step < 6; step++) {
      digests.push(await bench.digest());
      await bench.page.keyboard.press(".");
      await eventually(() => bench.digest()).not.toBe(digests.at(-1));
    }
    for (const digest of digests.reverse()) {
      await bench.page.keyboard.press(",");
      await eventually(() => bench.digest()).toBe(digest);
    }
    expect(await bench.time()).toBe(0);
  });

  test("seeking forth, back and forth again ends at the same digest", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    const seek = async (text: string): Promise<void> => {
      await bench.page.keyboard.press("Control+g");
      await bench.page.keyboard.type(text);
      await bench.page.keyboard.press("Enter");
    };
    await seek("2.5s");
    await eventually(() => bench.time()).toBe(2.5);
    const there = await bench.digest();
    await seek("300ms");
    await eventually(() => bench.time()).toBe(0.3);
    expect(await bench.digest()).not.toBe(there);
    await seek("2.5");
    await eventually(() => bench.time()).toBe(2.5);
    expect(await bench.digest()).toBe(there);
  });

  test("brackets change the speed, and slow motion is drawn by virtual time", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.page.locator("[data-testid=topology]").focus();
    const speed = bench.page.locator("select[title^='Virtual']");
    await bench.page.keyboard.press("]");
    expect(await speed.locator("option:checked").innerText()).toBe("2×");
    for (let press = 0; press < 10; press++) await bench.page.keyboard.press("[");
    expect(await speed.locator("option:checked").innerText()).toBe("0.001×");
    await bench.page.keyboard.press("Space");
    await eventually(() => bench.flightsDrawn()).toBeGreaterThan(0);
    expect(await bench.time()).toBeLessThan(0.02);
  });

  test("another seed is another run, and undo brings the old one back", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    await bench.page.locator("[aria-label=Seed]").fill("23");
    await bench.page.keyboard.press("Enter");
    await eventually(() => bench.page.locator(".lab-dirty").count()).toBe(1);
    await bench.page.locator("[data-testid=topology]").focus();
    await bench.page.keyboard.press("Control+z");
    await eventually(() => bench.page.locator("[aria-label=Seed]").inputValue()).toBe("22");
  });
});
