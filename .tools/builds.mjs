/** What is built, out of what, and into what: each part only when it is older than its sources. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, ROOT, seconds, tool } from "./setup.mjs";

const COMMON = ["core", "resources/engine", "package.json", "package-lock.json", ".tools/vite"];

const BUILDS = {
  "the command line": {
    result: "dist/lastack.js",
    lock: "out/command-line-build.lock",
    clears: "dist/assets",
    sources: [...COMMON, "vite.config.ts"],
    runs: [[], ["--mode", "launcher"]],
  },
  "the window": {
    result: "dist/renderer/index.html",
    // Tests in a browser wait for the same one.
    lock: "out/renderer-build.lock",
    clears: "dist/renderer",
    sources: [...COMMON, "renderer", "resources", "vite.renderer.config.ts"],
    runs: [["-c", "vite.renderer.config.ts"]],
  },
  "the desktop app": {
    result: "dist/electron/preload.cjs",
    lock: "out/desktop-build.lock",
    clears: "dist/electron",
    sources: [...COMMON, "electron", "vite.electron.config.ts"],
    runs: [
      ["-c", "vite.electron.config.ts"],
      ["-c", "vite.electron.config.ts", "--mode", "preload"],
    ],
  },
};

export const COMMAND_LINE = ["the command line"];
export const BROWSER_EDITION = ["the command line", "the window"];
export const EVERYTHING = Object.keys(BUILDS);

/** A lock this old was left by somebody who was killed, ms. */
const STALE_MS = 180_000;

/** Builds what is not current. */
export async function build(names) {
  for (const name of names) {
    const { result, sources, lock } = BUILDS[name];
    if (isCurrent(result, sources)) continue;
    await locked(lock, async () => {
      // Somebody else may have built it meanwhile.
      if (!isCurrent(result, sources)) await make(name);
    });
  }
}

async function make(name) {
  const { clears, runs } = BUILDS[name];
  // Parts have names that change with what is in them: old ones would stay for ever, and be packed.
  rmSync(join(ROOT, clears), { recursive: true, force: true });
  const started = performance.now();
  for (const args of runs) {
    const output = [];
    const code = await tool("vite/bin/vite.js", ["build", "--logLevel", "warn", ...args], {
      onOutput: (chunk) => output.push(chunk),
    });
    if (code !== 0) fail(`the build of ${name} failed:\n${Buffer.concat(output)}`);
  }
  console.log(`Built ${name} in ${seconds(started)}.`);
}

/** One build of a part at a time, whoever starts it. */
async function locked(name, action) {
  const lock = join(ROOT, name);
  mkdirSync(join(ROOT, "out"), { recursive: true });
  for (let waited = 0; !takeLock(lock); waited++) {
    if (waited === 4) console.log("Another build is under way: waiting for it ...");
    await sleep(250);
  }
  const free = () => rmSync(lock, { recursive: true, force: true });
  process.once("exit", free);
  try {
    await action();
  } finally {
    process.off("exit", free);
    free();
  }
}

function takeLock(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, "pid"), String(process.pid));
    return true;
  } catch {
    if (isLeft(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isLeft(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > STALE_MS) return true;
    process.kill(Number(readFileSync(join(lock, "pid"), "utf8")), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function isCurrent(result, sources) {
  const path = join(ROOT, result);
  return existsSync(path) && statSync(path).mtimeMs > Math.max(...sources.map(newestUnder));
}

/** Time of the latest change in a file or folder, ms. Tests are not part of the build. */
function newestUnder(name) {
  const path = join(ROOT, name);
  const own = statSync(path);
  if (!own.isDirectory()) return name.endsWith(".test.ts") ? 0 : own.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((entry) => newestUnder(join(name, entry))));
}
