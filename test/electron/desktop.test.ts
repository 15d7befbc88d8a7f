/** The window of the desktop app, the core beside it, and what becomes of both when one of them dies or hangs. */
import { expect, test } from "vitest";
import { describeDesktop, hasMenu, menu, menuEntry, restored, until } from "./desktop-suite.ts";

describeDesktop("window and core", ({ start, launch }) => {
  test("the window is locked up, shows the workbench, and runs a lab in a process beside it", async () => {
    const { app, page, workbench } = await start();
    expect(await app.do("windowOptions")).toMatchObject({
      webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false },
    });
    expect(await app.do("isSandboxed")).toBe(true);
    expect(await app.do("isShown")).toBe(true);
    // A few frozen functions, and nothing of Electron or Node.
    const bridge = await page.evaluate(() => ({
      names: Object.keys(window.lastack ?? {}).sort(),
      isFrozen: Object.isFrozen(window.lastack),
      strangers: ["require", "process", "Buffer", "electron", "ipcRenderer", "module"].filter((name) => name in window),
    }));
    expect(bridge).toEqual({ names: ["ask", "on", "platform", "version"], isFrozen: true, strangers: [] });
    await workbench.openSample("ping-across-a-router");
    expect(await app.do("utilityPids")).toHaveLength(1);
    await workbench.run("run.play-pause");
    await workbench.runTo(1);
    expect(await page.locator("[data-testid=digest]").innerText()).toMatch(/^[0-9a-f]{12}$/);
    expect(app.output).toBe("");
  });

  test("the menu is the window's commands, and follows them; keys are the window's own", async () => {
    const { app, page, workbench } = await start();
    await hasMenu(app);
    expect(await menuEntry(app, "File", "file.open")).toMatchObject({
      accelerator: "CmdOrCtrl+O",
      registerAccelerator: false,
    });
    expect(await menuEntry(app, "File", "file.save")).toMatchObject({ enabled: false });
    expect((await menu(app, "File")).at(-1)).toMatchObject({ role: "quit" });
    await workbench.openSample("ping-across-a-router");
    await until(async () => (await menuEntry(app, "File", "file.save"))?.enabled === true);
    await app.do("click", "Help", "help.keys");
    await page.waitForSelector("[role=dialog]");
  });

  test("a core that is killed comes back where it was", async () => {
    const running = await start();
    const { app, page, workbench } = running;
    await workbench.openSample("ping-across-a-router");
    await workbench.run("run.play-pause");
    await workbench.runTo(0.5);
    await workbench.run("run.play-pause");
    await page.waitForSelector("[aria-label=Play]");
    const [digest, time] = [await workbench.digest(), await workbench.time()];
    const [pid] = await app.do<number[]>("utilityPids");
    process.kill(pid ?? 0, "SIGKILL");
    await restored(running);
    expect(await workbench.digest()).toBe(digest);
    expect(await workbench.time()).toBe(time);
    expect(await app.do("utilityPids")).not.toContain(pid);
  });

  test("a core that hangs is noticed, ended, and brought back", async () => {
    const running = await start();
    const { app, page, workbench } = running;
    await workbench.openSample("ping-across-a-router");
    const atStart = await workbench.digest();
    await workbench.run("run.step-event");
    await until(async () => (await workbench.digest()) !== atStart);
    const digest = await workbench.digest();
    const [pid = 0] = await app.do<number[]>("utilityPids");
    // It is there, and answers nothing: not even a signal that it could act upon.
    process.kill(pid, "SIGSTOP");
    await restored(running);
    expect(await page.locator(".banner").innerText()).toContain("has not answered");
    expect(await workbench.digest()).toBe(digest);
    expect(await app.do("utilityPids")).not.toContain(pid);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("a second instance ends at once", async () => {
    const second = launch({ isLocked: true });
    expect(await second.exited).toBe(0);
  });
});
