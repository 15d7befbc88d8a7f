/** The files of the repository: those git knows or would take. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "./rules.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Larger files are data, and their lines are nobody's prose. */
const TEXT_BYTES_MAX = 1024 * 1024;
const TEXT_ENDINGS = /\.(ts|mjs|cjs|js|vue|md|ya?ml|json|sh|css|html)$|(^|\/)[^.]+$/;

/** Paths from the root. Outside a checkout (an unpacked archive) there is no list. */
export function trackedPaths(): string[] | null {
  const git = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT });
  if (git.status !== 0) return null;
  const paths = new Set(git.stdout.toString().split("\0"));
  // A file deleted but not committed is still on the list.
  return [...paths].filter((path) => path !== "" && statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile());
}

export function textFiles(paths: readonly string[]): SourceFile[] {
  const texts = paths.filter((path) => TEXT_ENDINGS.test(path) && statSync(join(ROOT, path)).size <= TEXT_BYTES_MAX);
  return texts.map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}
