/** Programs: types and completion offline, errors as typed, saving restarts them, crashes at their lines, templates. */
import type { Locator } from "@playwright/test";
import { expect, test } from "vitest";
import { codeOf, codeText, placeBehind } from "./program-editor.ts";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "socket-client-and-server";

const pane = ({ page }: Workbench): Locator => page.locator("[data-pane=programs]");
const foot = (bench: Workbench): Promise<string> => pane(bench).locator(".foot").innerText();

async function openPrograms(open: () => Promise<Workbench>): Promise<Workbench> {
  const bench = await open();
  await bench.openSample(LAB);
  await bench.showPane("programs");
  await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
  return bench;
}

async function output(bench: Workbench): Promise<string> {
  await bench.showPane("output");
  return bench.page.locator("[data-pane=output]").innerText();
}

describeWorkbench("programs", ({ open }) => {
  test("know the library and each other, without any network", async () => {
    const bench = await openPrograms(open);
    await pane(bench)
      .getByRole("button", { name: /socket-server/ })
      .click();
    await placeBehind(bench, "await server(consockfd);");
    await bench.page.keyboard.type("\nawait recvf");
    await bench.page.locator(".suggest-widget .monaco-list-row", { hasText: "recvfrom" }).waitFor({ timeout: 60_000 });
    await bench.page.keyboard.press("Enter");
    await bench.page.keyboard.type("(consockfd, 10);\nconst wrong: number = portno;");
    await eventually(() => foot(bench)).toContain("error");
    // It was not imported; picking it has seen to that.
    expect(await codeText(bench)).toMatch(/^ {2}recvfrom,\n\} from "lastack\/socket";$/m);
    expect(await codeText(bench)).toContain("await recvfrom(consockfd, 10);");
    // Nothing of it is the lab's yet, and it can be taken back.
    await pane(bench).getByRole("button", { name: "Undo all that is not saved" }).click();
    await eventually(() => foot(bench)).toContain("No errors");
  });

  test("are completed where a word is typed before the one ahead of it is answered", async () => {
    const bench = await open();
    await bench.page.route(/ts\.worker/, async (route) => {
      await bench.page.waitForTimeout(1500);
      await route.continue();
    });
    await bench.openSample(LAB);
    await bench.showPane("programs");
    await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
    await pane(bench)
      .getByRole("button", { name: /socket-server/ })
      .click();
    await placeBehind(bench, "await server(consockfd);");
    await bench.page.keyboard.type("\nawait recvf", { delay: 120 });
    await bench.page.locator(".suggest-widget .monaco-list-row", { hasText: "recvfrom" }).waitFor({ timeout: 60_000 });
  });

  test("start anew when they are saved", async () => {
    const bench = await openPrograms(open);
    await bench.page.keyboard.press("Control+g");
    await bench.page.keyboard.type("800ms");
    await bench.page.keyboard.press("Enter");
    await eventually(() => output(bench)).toContain("HELLO FROM CLIENT1");
    await bench.showPane("programs");
    await pane(bench)
      .getByRole("button", { name: /socket-server/ })
      .click();
    await placeBehind(bench, "decode(bytes).toUpperCase()");
    await bench.page.keyboard.type(' + " AND GOODBYE"');
    await bench.page.keyboard.press("Control+s");
    await eventually(() => output(bench)).toContain("HELLO FROM CLIENT1 AND GOODBYE");
    expect(await bench.time()).toBe(0.8);
    await bench.page.locator("[data-testid=topology], [data-pane=output] .log").first().focus();
    await bench.run("edit.undo");
    await eventually(() => output(bench)).not.toContain("GOODBYE");
  });

  test("that crash are marked at the line", async () => {
    const bench = await openPrograms(open);
    await pane(bench)
      .getByRole("button", { name: /socket-server/ })
      .click();
    await placeBehind(bench, "await listen(ltnsockfd, MAXQUEUE);");
    await bench.page.keyboard.type('\nthrow new Error("out of order");');
    await pane(bench).getByRole("button", { name: "Save and restart" }).click();
    await bench.page.keyboard.press("Escape");
    await bench.run("run.step-packet").catch(() => undefined);
    await eventually(() => foot(bench)).toMatch(
      /server crashed at 0\.\d+ s, .*socket-server-v1\.ts:\d+: .*out of order/,
    );
    await pane(bench).locator(".crash").last().click();
    await eventually(() => codeOf(bench).locator(".squiggly-error").count()).toBeGreaterThan(0);
  });

  test("begin as a template, in the lab itself", async () => {
    const bench = await open();
    await bench.openSample("ping-across-a-router");
    await bench.showPane("programs");
    await pane(bench).getByRole("button", { name: "New program…" }).click();
    const dialog = bench.page.getByRole("dialog");
    await dialog.getByLabel("Host").selectOption("h2");
    await dialog.getByText("Socket server").click();
    await dialog.getByRole("button", { name: "Add the program" }).click();
    await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
    await eventually(() => pane(bench).locator(".use").innerText()).toMatch(/h2\s+server\s+8080/);
    await eventually(() => foot(bench)).toContain("No errors");
    await bench.run("run.play-max");
    await eventually(() => output(bench)).toContain("Listening on port 8080");
  });

  test("begin as two-phase commit, with the files that belong to it", async () => {
    const bench = await open();
    await bench.openSample("ping-across-a-router");
    await bench.run("programs.new");
    const dialog = bench.page.getByRole("dialog");
    await dialog.getByLabel("Host").selectOption("h1");
    await dialog.getByText("Two-phase commit: worker").click();
    await dialog.getByRole("button", { name: "Add the program" }).click();
    await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
    expect(await pane(bench).locator("nav, .list, aside").first().innerText()).toMatch(/messages\.ts/);
    await eventually(() => foot(bench)).toContain("No errors");
    expect(await codeText(bench)).toContain("Two-phase commit: a worker");
  });

  test("lie over the canvas, and the next lab is drawn all the same", async () => {
    const bench = await openPrograms(open);
    // Until nothing of the lab before is under way any more: then the canvas comes into being out of sight.
    await bench.page.locator(".monaco-editor .view-line").first().waitFor();
    await bench.run("file.close");
    await bench.page.waitForSelector("[data-sample]");
    // Without places, so that they have to be found for a canvas nobody sees.
    const text = "lastack: 1\nnodes: { a: { kind: host }, b: { kind: host } }\nlinks: [{ ends: [a, b] }]\n";
    const opened = bench.openText("next.lab.yaml", text);
    await pane(bench).waitFor();
    await bench.showPane("topology");
    await opened;
    await bench.settled();
    const box = await bench.page.locator("[data-testid=topology]").boundingBox();
    await eventually(async () => (await bench.node("a")).x > (box?.x ?? Infinity)).toBe(true);
    const [a, b] = [await bench.node("a"), await bench.node("b")];
    expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(40);
    for (const { x, y } of [a, b]) {
      expect(x).toBeLessThan((box?.x ?? 0) + (box?.width ?? 0));
      expect(y).toBeLessThan((box?.y ?? 0) + (box?.height ?? 0));
    }
  });
});
