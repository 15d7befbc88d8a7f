/**
 * Gets a fresh clone ready: checks Node, installs what package-lock.json lists. Plain JavaScript without dependencies,
 * because it runs before there are any.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program in the project's folder. Resolves to its exit code; `quiet` keeps its output for `onOutput`. */
export function run(command, args, { env = {}, onOutput, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = onOutput === undefined ? "inherit" : ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: ROOT, stdio, env: { ...process.env, ...env }, timeout: timeoutMs });
    child.stdout?.on("data", onOutput);
    child.stderr?.on("data", onOutput);
    // Whoever ends this ends what it has started: a server would stay behind.
    const pass = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, pass);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const one of SIGNALS) process.off(one, pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/**
 * What a command was given, by `parseArgs` of Node. `--help` prints the usage and ends; what it does not know, too, and
 * says so.
 */
export function commandLine(usage, options = {}, { allowPositionals = false } = {}) {
  try {
    const config = { ...options, help: { type: "boolean", short: "h" } };
    const { values, positionals } = parseArgs({ options: config, allowPositionals });
    if (values.help !== true) return { values, positionals };
    console.log(usage);
    process.exit(0);
  } catch (error) {
    // Node's own text goes on about how to quote things.
    console.error(`lastack: ${String(error.message).split(". ")[0]}\n\n${usage}`);
    process.exit(2);
  }
}

/** npm that is ended leaves what it has started behind: this ends itself then, and what it runs. */
export function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, 500).unref();
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

/** Node and the dependencies. */
export async function prepare() {
  checkNode();
  await installDependencies();
}

/** Everything up to a current dist/lastack.js. */
export async function setUp() {
  await prepare();
  const { build, COMMAND_LINE } = await import("./builds.mjs");
  await build(COMMAND_LINE);
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

export function packageJson() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
}
