/** The built browser edition. Built when it is older than its sources; several test files wait for one build. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
/** LASTACK_E2E_DIST: a build of one's own, where several people work in one tree. */
export const BUILT = process.env["LASTACK_E2E_DIST"] ?? join(ROOT, "dist/renderer");
const LOCK = join(ROOT, "out/renderer-build.lock");
/** A lock this old was left by somebody who was killed, ms. */
const STALE_MS = 180_000;
const SOURCES = ["renderer", "core", "resources", ".tools/vite", "vite.renderer.config.ts", "package-lock.json"];

export async function ensureBuilt(): Promise<string> {
  while (!isCurrent()) {
    if (takeLock()) {
      try {
        if (!isCurrent()) build();
      } finally {
        rmSync(LOCK, { recursive: true, force: true });
      }
    } else await sleep(250);
  }
  return BUILT;
}

function takeLock(): boolean {
  mkdirSync(join(ROOT, "out"), { recursive: true });
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    if (existsSync(LOCK) && Date.now() - statSync(LOCK).mtimeMs > STALE_MS) rmSync(LOCK, { recursive: true });
    return false;
  }
}

function build(): void {
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", "-c", "vite.renderer.config.ts", "--logLevel", "error"];
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`the browser edition does not build:\n${stdout}${stderr}`);
}

/** LASTACK_E2E_AS_BUILT: tests what is there, for whoever has just built it. */
function isCurrent(): boolean {
  const page = join(BUILT, "index.html");
  if (!existsSync(page)) return false;
  if (process.env["LASTACK_E2E_AS_BUILT"] !== undefined) return true;
  return statSync(page).mtimeMs > Math.max(...SOURCES.map((name) => newestUnder(join(ROOT, name))));
}

function newestUnder(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return path.endsWith(".test.ts") ? 0 : own.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((entry) => newestUnder(join(path, entry))));
}
