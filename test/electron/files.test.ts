/** Labs and programs on disk: opened, saved, remembered, given from outside, and what can be wrong with them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  describeDesktop,
  edit,
  fileText,
  hasMenu,
  LAB,
  menuEntry,
  typeProgram,
  until,
  UNTIL_MS,
} from "./desktop-suite.ts";

describeDesktop("files", ({ start, fileIn, folder }) => {
  test("opens, saves, saves as, and remembers", async () => {
    const running = await start();
    const { app, page, workbench } = running;
    const path = fileIn("mine.lab.yaml");
    await hasMenu(app);
    await app.do("choose", "open", path);
    await app.do("click", "File", "file.open");
    await page.waitForSelector("[data-testid=topology]");
    await workbench.settled();
    expect(await page.title()).toContain("Ping across a router");
    await edit(running);
    await until(() => app.do<boolean>("isEdited"));
    await until(async () => (await menuEntry(app, "File", "file.save"))?.enabled === true);
    await app.do("click", "File", "file.save");
    await until(async () => !(await app.do<boolean>("isEdited")));
    expect(readFileSync(path, "utf8")).not.toBe(LAB);
    const copy = join(folder, "copy.lab.yaml");
    await app.do("choose", "save", copy);
    await app.do("click", "File", "file.save-as");
    await until(() => fileText(copy) !== "");
    expect(fileText(copy)).toBe(readFileSync(path, "utf8"));
    const recent = async (): Promise<string> =>
      ((await menuEntry(app, "File", "Open recent"))?.submenu ?? []).map(({ label }) => label).join(" ");
    await until(async () => (await recent()).startsWith("copy.lab.yaml mine.lab.yaml"));
    expect(await app.do("recentDocuments")).toContain(path);
    await app.do("click", "File", "Open recent", "mine.lab.yaml");
    await until(async () => {
      const [first] = (await menuEntry(app, "File", "Open recent"))?.submenu ?? [];
      return first?.label === "mine.lab.yaml";
    });
    await app.do("click", "File", "Open recent", "Clear this list");
    await until(async () => (await menuEntry(app, "File", "Open recent"))?.enabled === false);
  });

  test("a dialog that is cancelled changes nothing; a file that cannot be read or written says so", async () => {
    const { app, page, workbench } = await start();
    await hasMenu(app);
    await app.do("click", "File", "file.open");
    await until(async () => (await app.do<object[]>("dialogs")).length === 1);
    expect(await page.locator("[data-testid=topology]").count()).toBe(0);
    await app.do("choose", "open", join(folder, "gone.lab.yaml"));
    await app.do("click", "File", "file.open");
    await page.getByText("gone.lab.yaml could not be read").waitFor();
    await workbench.openSample("ping-across-a-router");
    await app.do("choose", "save", join(folder, "no/such/folder.lab.yaml"));
    await app.do("click", "File", "file.save-as");
    await page.getByText("folder.lab.yaml could not be saved").waitFor();
  });

  test("a capture is saved through a dialog", async () => {
    const { app, page, workbench } = await start();
    await workbench.openSample("ping-across-a-router");
    await workbench.run("run.play-pause");
    await workbench.runTo(0.5);
    const path = join(folder, "out.pcapng");
    await app.do("choose", "save", path);
    await workbench.run("file.export-capture");
    await until(() => fileText(path) !== "");
    expect(readFileSync(path).readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(await page.locator("[data-testid=topology]").count()).toBe(1);
  });

  test("one given at the start is opened; one given to a second start takes its place", async () => {
    const { app, page } = await start({ files: [fileIn("first.lab.yaml")] });
    await page.waitForSelector("[data-testid=topology]");
    const other = fileIn("second.lab.yaml", LAB.replace("Ping across a router", "The second lab"));
    await app.do("emit", "second-instance", ["electron", ".", "second.lab.yaml"], folder);
    await page.getByText("The second lab").first().waitFor();
    await app.do("emit", "open-file", fileIn("third.lab.yaml", LAB.replace("Ping across a router", "The third lab")));
    await page.getByText("The third lab").first().waitFor();
    expect(other).toContain("second");
  });

  test("a lab that is not there, is broken, or is of a newer version opens to what is wrong with it", async () => {
    const { app, page } = await start({ files: [join(folder, "not-there.lab.yaml")] });
    await page.getByText("not-there.lab.yaml could not be read").waitFor();
    const problems = page.locator("[data-pane=problems]");
    await app.do("emit", "open-file", fileIn("broken.lab.yaml", LAB.replace("kind: host", "kind: hosst")));
    await problems.getByText("hosst").first().waitFor();
    await app.do("emit", "open-file", fileIn("newer.lab.yaml", LAB.replace("lastack: 1", "lastack: 99")));
    await problems.getByText("99").first().waitFor();
    await app.do("emit", "open-file", fileIn("noise.lab.yaml", "\u0000\u0001}{ ["));
    await until(async () => (await problems.locator(".problem").count()) > 0);
    await app.do("emit", "open-file", fileIn("large.lab.yaml", "#".repeat(13_000_000)));
    await page.getByText("large.lab.yaml is too large for a lab").waitFor();
    // And a good one is fine after all that.
    await app.do("emit", "open-file", fileIn("good.lab.yaml"));
    await until(async () => (await page.title()).includes("Ping across a router"));
  });

  test("a sample takes its programs along, and finds them and what was changed in them again", async () => {
    const { app, page, workbench } = await start();
    await workbench.openSample("socket-client-and-server");
    const path = join(folder, "sockets", "mine.lab.yaml");
    mkdirSync(join(folder, "sockets"));
    await app.do("choose", "save", path);
    await workbench.run("file.save");
    await until(() => fileText(path) !== "");
    const server = join(folder, "sockets/programs/socket-server-v1.ts");
    expect(fileText(path)).toContain("file: programs/socket-server-v1.ts");
    expect(fileText(server)).toContain("accept");
    // It is one file and its programs from now on: what is changed goes where it was written.
    await page.getByText("Saved with its programs").waitFor();
    const changed = "// changed by a person\n";
    await typeProgram(page, workbench, "socket-server-v1.ts", changed);
    await until(() => app.do<boolean>("isEdited"));
    await workbench.run("file.save");
    await expect.poll(() => fileText(server), { timeout: UNTIL_MS }).toBe(changed);
    expect(await app.do("dialogs")).toHaveLength(1);
    // Another program that lies there already is not replaced without a question.
    await workbench.run("file.close");
    await page.click("[data-sample='socket-client-and-server.lab.yaml']");
    await page.waitForSelector("[data-pane=programs]");
    await app.do("choose", "save", join(folder, "sockets", "other.lab.yaml"));
    await workbench.run("file.save");
    await until(async () => (await app.do<object[]>("dialogs")).length === 3);
    expect(fileText(server)).toBe(changed);
    expect(fileText(join(folder, "sockets", "other.lab.yaml"))).toBe("");
  });

  const noLimits = spawnSync("prlimit", ["--version"]).status === 0 ? "" : " (SKIPPED: no prlimit)";
  test.skipIf(noLimits !== "")(`a full disk on save keeps the old file, and says so${noLimits}`, async () => {
    const path = fileIn("full.lab.yaml");
    const running = await start({ files: [path] });
    const { app, page, workbench } = running;
    await page.waitForSelector("[data-testid=topology]");
    await workbench.settled();
    await edit(running);
    await until(() => app.drafts().length === 1);
    const limit = (bytes: string): void =>
      void spawnSync("prlimit", ["--pid", String(app.pid), `--fsize=${bytes}:`], { stdio: "inherit" });
    // A limit on the size of files is met as a full disk is: in the middle of writing.
    limit("64");
    await workbench.run("file.save");
    await page.getByText("full.lab.yaml could not be saved; what was there is as it was").waitFor();
    expect(fileText(path)).toBe(LAB);
    expect(await app.do("isEdited")).toBe(true);
    limit("unlimited");
    await workbench.run("file.save");
    await until(async () => !(await app.do<boolean>("isEdited")));
    expect(fileText(path)).not.toBe(LAB);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
