/** Unsaved work: asked about at closing, and there again after whatever killed the window or the application. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeDesktop, edit, LAB, typeProgram, until } from "./desktop-suite.ts";

describeDesktop("unsaved work", ({ start, fileIn, folder }) => {
  test("is asked about at closing: cancelled, saved, or given up", async () => {
    const path = fileIn("closing.lab.yaml");
    const running = await start({ files: [path] });
    const { app, page, workbench } = running;
    await page.waitForSelector("[data-testid=topology]");
    await workbench.settled();
    await edit(running);
    await until(() => app.do<boolean>("isEdited"));
    await app.do("close");
    await until(async () => (await app.do<object[]>("dialogs")).length === 1);
    expect(await app.do("windows")).toBe(1);
    await app.do("choose", "box", 0);
    await app.do("close");
    expect(await app.exited).toBe(0);
    expect(readFileSync(path, "utf8")).not.toBe(LAB);
    expect(app.drafts()).toEqual([]);
  });

  test("is not asked about when there is none, and dropped when that is wished", async () => {
    const first = await start({ files: [fileIn("clean.lab.yaml")] });
    await first.page.waitForSelector("[data-testid=topology]");
    await first.app.do("close").catch(() => undefined);
    expect(await first.app.exited).toBe(0);
    const running = await start({ files: [fileIn("dropped.lab.yaml")] });
    const { app, page, workbench } = running;
    await page.waitForSelector("[data-testid=topology]");
    await workbench.settled();
    await edit(running);
    await until(() => app.drafts().length === 1);
    await app.do("choose", "box", 1);
    await app.do("close");
    expect(await app.exited).toBe(0);
    expect(app.drafts()).toEqual([]);
    expect(readFileSync(join(folder, "dropped.lab.yaml"), "utf8")).toBe(LAB);
  });

  test("survives an application that is killed, and goes back to its file", async () => {
    const path = fileIn("killed.lab.yaml");
    const first = await start({ files: [path] });
    await first.page.waitForSelector("[data-testid=topology]");
    await first.workbench.settled();
    await edit(first);
    await until(() => first.app.drafts().length === 1);
    const [draft] = first.app.drafts();
    await first.app.kill();
    // Whatever is opened first, the offer stays.
    const running = await start({ userData: first.app.userData, files: [fileIn("between.lab.yaml")] });
    const { app, page, workbench } = running;
    await page.waitForSelector("[data-testid=topology]");
    await workbench.run("file.close");
    await page.getByText("was not saved").waitFor();
    await page.getByRole("button", { name: "Recover" }).click();
    await page.waitForSelector("[data-testid=topology]");
    await workbench.settled();
    expect(await app.do("isEdited")).toBe(true);
    // It is kept as this run's own, and once.
    await edit(running);
    await until(() => app.drafts().length === 1 && app.drafts()[0] !== draft);
    await workbench.run("file.save");
    await until(async () => !(await app.do<boolean>("isEdited")));
    expect(await app.do("dialogs")).toEqual([]);
    expect(readFileSync(path, "utf8")).not.toBe(LAB);
  });

  test("of a program, typed and not handed over, is kept as well; a page that crashes is loaded again", async () => {
    const { app, page, workbench } = await start();
    await workbench.openSample("socket-client-and-server");
    await typeProgram(page, workbench, "socket-client.ts", "// typed, and no more");
    await until(() => app.drafts().some((draft) => draft.includes("typed, and no more")));
    // As far as main can see; the page is loaded anew.
    await app.do("crashPage");
    await page.getByText("was not saved").waitFor();
    await page.getByRole("button", { name: "Recover" }).click();
    // The layout is remembered: the editor is in front.
    await page.getByText("typed, and no more").first().waitFor();
    // Again and again: the person is asked before the next time.
    for (let crash = 2; crash <= 3; crash++) {
      await app.do("crashPage");
      await page.waitForSelector("[data-sample]");
    }
    expect(await app.do("dialogs")).toEqual([]);
    await app.do("crashPage");
    expect(await app.exited).toBe(0);
    expect(app.drafts()).toHaveLength(1);
  });
});
