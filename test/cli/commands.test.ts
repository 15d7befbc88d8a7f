/** The commands of npm: each says what it is for, and what is wrong with what it was given; the server it ends in. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { build, lastack, startLastack } from "./command.ts";

const ROOT = join(import.meta.dirname, "../..");
const LAB = "resources/labs/socket-client-and-server.lab.yaml";

vi.setConfig({ testTimeout: 60_000 });
beforeAll(build, 120_000);

function tool(name: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const path = join(ROOT, ".tools", `${name}.mjs`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

describe("commands of npm", () => {
  test.each(["start", "test", "check", "build", "dev", "app", "dist", "golden"])("%s --help", (name) => {
    const { code, out, err } = tool(name, "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^npm (start|test|run )/);
  });

  test.each(["start", "build", "dev", "app", "dist"])("%s refuses what it does not know", (name) => {
    const { code, out, err } = tool(name, "--no-such-thing");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("--no-such-thing");
    expect(err).toContain("npm ");
  });
});

const isBuilt = existsSync(join(ROOT, "dist/renderer/index.html"));

describe.skipIf(!isBuilt)(`lastack serve${isBuilt ? "" : " (SKIPPED: the window is not built)"}`, () => {
  test("hands the lab that it was given to the window, to who has its address, and ends with Ctrl-C", async () => {
    const server = startLastack(["serve", LAB, "--port", "0", "--no-open"]);
    await server.seen("Ctrl-C ends it");
    const [, base = "", token = ""] = /at (http:\/\/127\.0\.0\.1:\d+\/)#open=(\S+)/.exec(server.output()) ?? [];
    const opened = (await (await fetch(`${base}opened/${token}.json`)).json()) as Record<string, unknown>;
    expect(opened).toMatchObject({
      name: "socket-client-and-server.lab.yaml",
      text: readFileSync(join(ROOT, LAB), "utf8"),
    });
    expect(Object.keys(opened["sources"] as object).sort()).toEqual([
      "../programs/socket-client.ts",
      "../programs/socket-server-v1.ts",
    ]);
    expect((await fetch(`${base}opened/${token.replace(/^./, "x")}.json`)).status).toBe(404);
    server.interrupt();
    expect(await server.outcome).toMatchObject({ code: 0, err: "" });
  });

  test("goes to another port when its own is taken, and says so", async () => {
    const first = startLastack(["serve", "--port", "0", "--no-open"]);
    await first.seen("Ctrl-C ends it");
    const port = /127\.0\.0\.1:(\d+)/.exec(first.output())?.[1] ?? "";
    const second = startLastack(["serve", "--port", port, "--no-open"]);
    await second.seen("Ctrl-C ends it");
    expect(second.output()).toContain(`Port ${port} is taken`);
    first.interrupt();
    second.interrupt();
    expect([(await first.outcome).code, (await second.outcome).code]).toEqual([0, 0]);
  });

  test("says what is wrong with a port or a lab, and checks itself", () => {
    expect(lastack(["serve", "--port", "99999"])).toMatchObject({ code: 2 });
    expect(lastack(["serve", "--port", "http"])).toMatchObject({ code: 2 });
    expect(lastack(["serve", "no-such.lab.yaml", "--no-open"])).toMatchObject({ code: 4 });
    expect(lastack(["serve", "--check"]).out).toMatch(/^The workbench at http:\/\/127\.0\.0\.1:\d+\/: ok$/m);
  });
});
