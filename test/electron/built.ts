/** The built desktop app: made when it is older than its sources, as `npm run build` does. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "../e2e/built.ts";

const ROOT = join(import.meta.dirname, "../..");

export async function ensureDesktopBuilt(): Promise<void> {
  // Under its lock, since other test files build the same window.
  await ensureBuilt();
  const { status, stdout, stderr } = spawnSync(process.execPath, [".tools/build.mjs"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`the desktop app does not build:\n${stdout}${stderr}`);
}

/** A copy, so that a build that somebody starts meanwhile does not pull the files from under a test. */
export interface BuiltCopy {
  readonly main: string;
  remove(): void;
}

export function copyBuilt(): BuiltCopy {
  const folder = mkdtempSync(join(tmpdir(), "lastack-built-"));
  for (const part of ["electron", "renderer"]) {
    cpSync(join(ROOT, "dist", part), join(folder, part), { recursive: true, filter: (path) => !path.endsWith(".map") });
  }
  // Modules by the rules of the package that they are built from.
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  return { main: join(folder, "electron/main.js"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
