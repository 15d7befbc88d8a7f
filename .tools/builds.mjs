/** What is built, out of what, and into what: each part only when it is older than its sources. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail, ROOT, seconds, tool } from "./setup.mjs";

const COMMON = ["core", "package.json", "package-lock.json", ".tools/vite"];

const BUILDS = {
  "the command line": {
    result: "dist/lastack.js",
    clears: "dist/assets",
    sources: [...COMMON, "vite.config.ts"],
    runs: [[]],
  },
  "the window": {
    result: "dist/renderer/index.html",
    clears: "dist/renderer",
    sources: [...COMMON, "renderer", "resources", "vite.renderer.config.ts"],
    runs: [["-c", "vite.renderer.config.ts"]],
  },
  "the desktop app": {
    result: "dist/electron/preload.cjs",
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

/** Builds what is not current. */
export async function build(names) {
  for (const name of names) {
    const { result, clears, sources, runs } = BUILDS[name];
    if (isCurrent(result, sources)) continue;
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
