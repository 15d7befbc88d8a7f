/** Labs come and go: samples, broken ones, unsaved work, a core that is killed. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually } from "./workbench.ts";

const BROKEN = `lastack: 1
name: Broken
nodes:
  h1: { kind: host }
  h2: { kind: hosst }
links:
  - { ends: [h1, h3] }
`;

describeWorkbench("labs", ({ open }) => {
  test("a broken lab opens to its problems with their lines, never a blank window", async () => {
    const bench = await open();
    await bench.openText("broken.lab.yaml", BROKEN);
    const problems = bench.page.locator("[data-pane=problems]");
    await eventually(() => problems.innerText()).toContain("5:");
    expect(await problems.locator(".excerpt").count()).toBeGreaterThan(0);
    expect(await bench.page.locator("[data-testid=topology]").innerText()).toContain("cannot be run");
    // And the next lab is fine again.
    await bench.run("file.samples");
    await bench.openSample("tcp-handshake");
    expect(await bench.nodeNames()).toContain("h1");
  });

  test("a broken lab is mended in its text, from the place of a problem", async () => {
    const bench = await open();
    await bench.openText("broken.lab.yaml", BROKEN);
    await bench.page.locator("[data-pane=problems] button.place").first().click();
    const text = bench.page.locator("[data-pane=source] textarea");
    await text.fill(BROKEN.replace("hosst", "host").replace("h3", "h2"));
    await bench.page.keyboard.press("Control+Enter");
    await bench.showPane("topology");
    await eventually(() => bench.nodeNames()).toEqual(["h1", "h2"]);
  });

  test("a lab brings its programs along; those that are missing are asked for", async () => {
    const bench = await open();
    await bench.openSample("socket-client-and-server");
    await bench.run("run.play-max");
    await eventually(() => bench.page.locator(".status").innerText()).toMatch(/2 of 2 checks/);
    await bench.run("file.close");
    const text = "lastack: 1\nnodes: { h1: { kind: host, programs: [{ file: hello.ts }] } }\n";
    await bench.openText("programs.lab.yaml", text);
    await eventually(() => bench.page.locator(".notice").innerText()).toContain("hello.ts");
  });

  test("what is no lab at all, and one from a newer version, say so", async () => {
    const bench = await open();
    await bench.openText("noise.lab.yaml", "\u0000\u0001 }{ [");
    await eventually(() => bench.page.locator("[data-pane=problems] .problem").count()).toBeGreaterThan(0);
    await bench.openText("newer.lab.yaml", "lastack: 99\nnodes: {}\n");
    await eventually(() => bench.page.locator("[data-pane=problems]").innerText()).toMatch(/version|99/);
  });

  test("unsaved work is asked about, and outlives a closed window", async () => {
    const bench = await open();
    await bench.openSample("tcp-handshake");
    await bench.page.click("[aria-label='Add a host']");
    await eventually(() => bench.page.locator(".lab-dirty").count()).toBe(1);
    await bench.run("file.close");
    await bench.page.locator("[role=dialog] button:text('Cancel')").click();
    await bench.page.waitForTimeout(600);
    const again = await bench.page.context().newPage();
    await again.goto(bench.page.url());
    await again.click("button:text('Recover')");
    await again.waitForSelector("[data-testid=topology]");
    await eventually(() => again.locator(".lab-dirty").count()).toBe(1);
  });

  test("saving downloads the text where there is no picker", async () => {
    const bench = await open();
    await bench.page.evaluate(() => Reflect.deleteProperty(globalThis, "showSaveFilePicker"));
    await bench.openSample("tcp-handshake");
    await bench.page.click("[aria-label='Add a host']");
    await eventually(() => bench.page.locator(".lab-dirty").count()).toBe(1);
    const waiting = bench.page.waitForEvent("download");
    await bench.page.keyboard.press("Control+s");
    expect((await waiting).suggestedFilename()).toBe("tcp-handshake.lab.yaml");
    await eventually(() => bench.page.locator(".lab-dirty").count()).toBe(0);
  });

  test("the layout is remembered, and can be reset", async () => {
    const bench = await open();
    await bench.openSample("tcp-handshake");
    await bench.page.locator(".dv-tab", { hasText: "Guide" }).hover();
    await bench.page.click("[data-close='Guide']");
    await bench.page.waitForTimeout(600);
    await bench.page.reload();
    await bench.openSample("tcp-handshake");
    expect(await bench.page.locator("[data-pane=guide]").count()).toBe(0);
    await bench.run("view.reset-layout");
    await eventually(() => bench.page.locator("[data-pane=guide]").count()).toBe(1);
  });
});
