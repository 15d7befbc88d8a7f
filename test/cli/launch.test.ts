/** What the command line is started by, and the cache that it keeps (core/node/launch.ts). */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { build, lastack, ROOT } from "./command.ts";

const LAB = join(ROOT, "resources/labs/ping-across-a-router.lab.yaml");
let folder = "";

beforeAll(build, 120_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lastack-launch-"));
  for (const name of ["lastack.js", "lastack.cjs"]) copyFileSync(join(ROOT, "dist", name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(...args: string[]): { code: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "lastack.js"), ...args], {
    encoding: "utf8",
  });
  return { code: status, out: stdout + stderr };
}

const caches = (): string[] => readdirSync(join(folder, "assets"));
const cachePath = (): string => join(folder, "assets", caches()[0] ?? "");

test("the first run leaves a cache, and the next one takes it", () => {
  const first = start("check", LAB);
  expect(first.code).toBe(0);
  expect(caches()).toEqual([expect.stringMatching(/^v\d[\w.-]*-check[\w.-]*\.v8-cache$/)]);
  const { mtimeMs } = statSync(cachePath());
  expect(start("check", LAB)).toEqual(first);
  // V8 took it: otherwise there would be a new one.
  expect(statSync(cachePath()).mtimeMs).toBe(mtimeMs);
});

test("parts that are loaded later do not run it again", () => {
  const lab = join(ROOT, "resources/labs/two-phase-commit.lab.yaml");
  const { code, out } = lastack(["run", lab, "--json"]);
  expect(code).toBe(0);
  // One report, not two.
  expect(JSON.parse(out)).toHaveProperty("digest");
});

test("each command has its own, and none that fails has one", () => {
  start("check", LAB);
  start("run", LAB, "--quiet");
  expect(caches()).toHaveLength(2);
  expect(start("dance").code).not.toBe(0);
  expect(start("check", "absent.lab.yaml").code).not.toBe(0);
  expect(caches()).toHaveLength(2);
});

test("another program of the same length has another", () => {
  start("check", LAB);
  const program = join(folder, "lastack.cjs");
  writeFileSync(program, readFileSync(program, "utf8").replace("Runs network labs", "Bans network labs"));
  start("check", LAB);
  expect(caches()).toHaveLength(2);
});

test("one that was cut is no harm, and is made anew", () => {
  const first = start("check", LAB);
  const { size } = statSync(cachePath());
  truncateSync(cachePath(), size / 2);
  expect(start("check", LAB)).toEqual(first);
  expect(statSync(cachePath()).size).toBeGreaterThan(size / 2);
});

test("where it cannot be written, all goes on without", () => {
  writeFileSync(join(folder, "assets"), "a file where the folder would be");
  expect(start("check", LAB).code).toBe(0);
  expect(readFileSync(join(folder, "assets"), "utf8")).toContain("a file");
});

/** Files may not grow that large: as good as a disk that is full. */
const LIMIT = ["--fsize=200000", "sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"];
const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!hasPrlimit)("where it has no room, no part of it is left (needs prlimit)", () => {
  const command = [process.execPath, join(folder, "lastack.js"), "check", LAB];
  expect(spawnSync("prlimit", [...LIMIT, ...command]).status).toBe(0);
  expect(caches()).toEqual([]);
});
