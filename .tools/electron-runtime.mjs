/**
 * Electron's runtime, which npm does not bring: it is fetched from GitHub at first use. `require("electron")` would try
 * that and throw, so this looks for it as the package itself does.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./setup.mjs";

const PACKAGE = join(ROOT, "node_modules/electron");
const SOURCE = "https://github.com/electron/electron/releases/";
const REACH_MS = 4000;
const FETCH_MS = 180_000;
/** Touched when GitHub was not to be reached. */
const IN_VAIN = join(ROOT, "out/no-electron-runtime");
const RETRY_MS = 3_600_000;

/** Path of the executable, or null. */
export function electronRuntime() {
  try {
    const name = readFileSync(join(PACKAGE, "path.txt"), "utf8").trim();
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(PACKAGE, "dist"), name);
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}

/** Why no window of the desktop app can be shown here, whatever the runtime; null when it can. */
export function whyNoWindow() {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return "there is no display here";
  }
  if (process.getuid?.() === 0) return "its sandbox does not run as root";
  return null;
}

/**
 * Fetches the runtime, once, if it can be had in time.
 * @param isPatient tries also when it was in vain a little while ago. @returns why not, or null.
 */
export async function fetchRuntime({ isPatient = true } = {}) {
  if (electronRuntime() !== null) return null;
  if (!existsSync(join(PACKAGE, "install.js"))) return "the package electron is not installed";
  const unreachable = "its runtime cannot be fetched: no way to GitHub";
  if (!isPatient && wasInVain()) return unreachable;
  if (process.env.ELECTRON_MIRROR === undefined && !(await isReachable())) {
    rememberInVain();
    return unreachable;
  }
  console.log("Fetching Electron's runtime, once (about 110 MB) ...");
  const code = await run(process.execPath, [join(PACKAGE, "install.js")], {
    onOutput: () => undefined,
    timeoutMs: FETCH_MS,
  }).catch(() => 1);
  return code === 0 && electronRuntime() !== null ? null : "its runtime could not be fetched";
}

/** So that every start does not wait for an answer that does not come. */
function wasInVain() {
  const made = statSync(IN_VAIN, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made < RETRY_MS;
}

function rememberInVain() {
  mkdirSync(join(ROOT, "out"), { recursive: true });
  writeFileSync(IN_VAIN, "");
}

async function isReachable() {
  try {
    const answer = await fetch(SOURCE, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(REACH_MS) });
    return answer.status < 500;
  } catch {
    return false;
  }
}
