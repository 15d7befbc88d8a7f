/** The built desktop app: made when it is older than its sources, as `npm run build` does. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt } from "../e2e/built.ts";

const ROOT = join(import.meta.dirname, "../..");
export const MAIN = join(ROOT, "dist/electron/main.js");

export async function ensureDesktopBuilt(): Promise<string> {
  // Under its lock, since other test files build the same window.
  await ensureBuilt();
  const { status, stdout, stderr } = spawnSync(process.execPath, [".tools/build.mjs"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`the desktop app does not build:\n${stdout}${stderr}`);
  return MAIN;
}
