/**
 * Gets a fresh clone ready: checks Node, installs what package-lock.json lists, builds the command line. Plain
 * JavaScript without dependencies, because it runs before there are any.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILT = join(ROOT, "dist/lastack.js");

/** Runs a program in the project's folder. Resolves to its exit code; `quiet` keeps its output for `onOutput`. */
export function run(command, args, { env = {}, onOutput, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = onOutput === undefined ? "inherit" : ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: ROOT, stdio, env: { ...process.env, ...env }, timeout: timeoutMs });
    child.stdout?.on("data", onOutput);
    child.stderr?.on("data", onOutput);
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** A tool of node_modules by the script behind it, so that no shell and no npx is between. */
export function tool(path, args, options) {
  return run(process.execPath, [join(ROOT, "node_modules", path), ...args], options);
}

export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

export function fail(message) {
  console.error(`\nlastack: ${message}`);
  process.exit(1);
}

/** Everything up to a current dist/lastack.js. */
export async function setUp() {
  checkNode();
  await installDependencies();
  await build();
}

function checkNode() {
  const wanted = packageJson().engines.node.replace(/[^\d.]/g, "");
  if (isOlder(process.versions.node, wanted)) {
    fail(`Node ${wanted} or later is needed, this is ${process.versions.node}. See https://nodejs.org/`);
  }
}

function isOlder(version, wanted) {
  const have = version.split(".").map(Number);
  const need = wanted.split(".").map(Number);
  for (let at = 0; at < need.length; at++) if (have[at] !== need[at]) return have[at] < need[at];
  return false;
}

async function installDependencies() {
  if (isInstalled()) return;
  const started = performance.now();
  console.log("Installing dependencies (npm ci) ...");
  // npm ci refuses a lockfile without the packages of other platforms, which not every registry has. Installing without
  // saving takes the same locked versions and leaves the lockfile alone.
  if ((await npm("ci", { onOutput: () => undefined })) !== 0 && (await npm("install", { args: ["--no-save"] })) !== 0) {
    fail("npm could not install the dependencies: the reason is above. Without a network, bring node_modules along.");
  }
  console.log(`Installed in ${seconds(started)}.`);
}

function npm(verb, { args = [], ...options }) {
  const all = [verb, ...args, "--no-audit", "--no-fund", "--loglevel=error"];
  if (!process.stderr.isTTY) all.push("--no-progress");
  // Under `npm start` npm says where it is itself; else it is on the path.
  const script = process.env.npm_execpath;
  return script?.endsWith(".js") ? run(process.execPath, [script, ...all], options) : run("npm", all, options);
}

/** Whether node_modules holds the versions of the lockfile; npm leaves a list of what it put there. */
function isInstalled() {
  const list = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(list)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(list, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional === true || present[path]?.version === version,
  );
}

async function build() {
  const newest = Math.max(...["core", "package.json", "package-lock.json", "vite.config.ts"].map(newestUnder));
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs > newest) return;
  const started = performance.now();
  const output = [];
  const code = await tool("vite/bin/vite.js", ["build", "--logLevel", "warn"], {
    onOutput: (chunk) => output.push(chunk),
  });
  if (code !== 0) fail(`the build failed:\n${Buffer.concat(output)}`);
  console.log(`Built dist/lastack.js in ${seconds(started)}.`);
}

/** Time of the latest change in a file or folder, ms. Tests are not part of the build. */
function newestUnder(name) {
  const path = join(ROOT, name);
  const own = statSync(path);
  if (!own.isDirectory()) return name.endsWith(".test.ts") ? 0 : own.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((entry) => newestUnder(join(name, entry))));
}

export function packageJson() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
}
