/** A core that dies in the middle of a run: a banner, and the run is where it was. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually } from "./workbench.ts";

describeWorkbench("a core that is lost", ({ open, allowErrors }) => {
  test("comes back where it was, with what had been done", async () => {
    allowErrors();
    const bench = await open();
    // Before the worker starts: the page's own workers can then be ended from here.
    await bench.page.addInitScript(() => {
      const Original = Worker;
      const made: Worker[] = [];
      Object.assign(globalThis, { made });
      globalThis.Worker = class extends Original {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          made.push(this);
        }
      };
    });
    await bench.page.reload();
    await bench.openSample("ping-across-a-router");
    await bench.showPane("outline");
    await bench.page.keyboard.press("Space");
    await bench.runTo(0.6);
    await bench.row("r1-h2").focus();
    await bench.page.keyboard.press("Space");
    await bench.page.keyboard.press("u");
    await eventually(() => bench.row("r1-h2").innerText()).toContain("unplugged");
    await bench.run("run.play-pause");
    await bench.paused();
    const [time, digest] = [await bench.time(), await bench.digest()];
    await bench.page.evaluate(() => {
      const { made } = globalThis as unknown as { made: Worker[] };
      made[0]?.dispatchEvent(new ErrorEvent("error", { message: "killed by a test" }));
    });
    await eventually(() => bench.page.locator(".banner").innerText()).toContain("stands where it was");
    expect(await bench.time()).toBe(time);
    expect(await bench.digest()).toBe(digest);
    await eventually(() => bench.row("r1-h2").innerText()).toContain("unplugged");
    await bench.run("run.play-pause");
    await bench.runTo(time + 0.2);
  });
});
