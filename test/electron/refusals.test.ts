/** What the window and those in it may not do: leave, reach out, ask for more, or speak to main out of turn. */
import { expect, test } from "vitest";
import { describeDesktop, until } from "./desktop-suite.ts";

describeDesktop("refusals", ({ shared }) => {
  test("the page cannot leave, open windows, download, or reach anything", async () => {
    const { app, page } = await shared();
    const before = page.url();
    await page.evaluate(() => {
      location.href = "https://example.org/";
    });
    await until(async () => (await app.do<string[]>("cancelled")).includes("https://example.org/"));
    expect(page.url()).toBe(before);
    await page.evaluate(() => void window.open("https://example.org/window"));
    await until(
      () =>
        page
          .context()
          .pages()
          .filter((one) => one.url().includes("example.org")).length === 0,
    );
    const reached = await page.evaluate(async () => {
      const tries = [
        fetch("https://example.org/data"),
        fetch("http://127.0.0.1:1/"),
        new Function("return import('https://example.org/x.js')")() as Promise<unknown>,
      ];
      return (await Promise.allSettled(tries)).map(({ status }) => status);
    });
    expect(reached).toEqual(["rejected", "rejected", "rejected"]);
    for (const event of ["will-navigate", "will-frame-navigate", "will-redirect", "will-attach-webview"]) {
      expect(await app.do("isPrevented", event), event).toBe(true);
    }
    expect(await app.do("isDownloadPrevented")).toBe(true);
    expect(await app.do("opens", "lastack://app/index.html")).toBe("deny");
  });

  test("no permission but to copy, no device", async () => {
    const { app } = await shared();
    for (const permission of ["media", "geolocation", "notifications", "midi", "clipboard-read", "openExternal"]) {
      expect(await app.do("permission", permission), permission).toBe(false);
      expect(await app.do("hasPermission", permission, "lastack://app/"), permission).toBe(false);
    }
    expect(await app.do("permission", "clipboard-sanitized-write")).toBe(true);
    expect(await app.do("hasPermission", "clipboard-sanitized-write", "lastack://app")).toBe(true);
    expect(await app.do("hasPermission", "clipboard-sanitized-write", "https://example.org/")).toBe(false);
    expect(await app.do("device")).toBe(false);
  });

  test("a message from elsewhere is refused, and a malformed one answered with a problem", async () => {
    const { app, page } = await shared();
    const own = { frame: "main", url: "", isSender: true };
    expect(await app.do("invokeAs", own, "draft:list", null)).toMatchObject({ ok: true });
    for (const stranger of [
      { ...own, frame: "other", url: "lastack://app/index.html" },
      { ...own, frame: "other", url: "https://example.org/" },
      { ...own, frame: "none" },
      { ...own, isSender: false },
    ]) {
      await expect(app.do("invokeAs", stranger, "draft:list", null)).rejects.toThrow("refused");
    }
    const answers = await page.evaluate(async () => {
      const ask = window.lastack?.ask as unknown as (channel: unknown, params: unknown) => Promise<{ ok: boolean }>;
      const tries: [unknown, unknown][] = [
        ["no:such", null],
        ["__proto__", null],
        [{}, null],
        ["lab:open", { path: "/etc/passwd" }],
        ["lab:save", { handle: "/etc/passwd", name: "x", text: 5 }],
        ["lab:save", { handle: "../../etc/passwd", name: "x", text: "x" }],
        ["draft:drop", { id: "../../recent" }],
        ["menu:set", { groups: [{ title: "x", entries: [{ kind: "role", role: "reload" }] }] }],
        ["bytes:save", { name: "x", bytes: "text" }],
      ];
      return Promise.all(tries.map(([channel, params]) => ask(channel, params)));
    });
    expect(answers.map(({ ok }) => ok)).toEqual(answers.map(() => false));
    expect(await app.do("dialogs")).toEqual([]);
  });

  test("the protocol hands out the built window, with a policy, and nothing else", async () => {
    const { app, page } = await shared();
    const policy = await page.evaluate(async () =>
      (await fetch("./index.html")).headers.get("content-security-policy"),
    );
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("'unsafe-eval'");
    const ask = (url: string, method = "GET"): Promise<unknown> => app.do("protocol", url, method);
    expect(await ask("lastack://app/index.html")).toEqual({ status: 200, type: "text/html; charset=utf-8" });
    expect(await ask("lastack://app/")).toMatchObject({ status: 200 });
    for (const url of [
      "lastack://app/%2e%2e/electron/main.js",
      "lastack://app/..%2felectron/main.js",
      "lastack://app/..%5celectron%5cmain.js",
      "lastack://app/%00index.html",
      "lastack://app/%",
      "lastack://app/.hidden",
      "lastack://app/assets",
    ]) {
      expect(await ask(url), url).toMatchObject({ status: 404 });
    }
    expect(await ask("lastack://other/index.html")).toMatchObject({ status: 403 });
    expect(await ask("lastack://app/index.html", "POST")).toMatchObject({ status: 403 });
  });
});
