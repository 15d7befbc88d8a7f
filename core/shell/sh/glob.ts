/**
 * Path name expansion (POSIX.1-2024, XCU 2.14.3): names in directories, sorted by code unit; a leading dot is literal.
 */
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { EXPANSION_WORDS_MAX } from "../limits.ts";
import { isPattern, matchesPattern, unquotePattern } from "./pattern.ts";

/** Paths that match, sorted; none when nothing does. */
export function* globPaths(sys: Sys, pattern: string): Call<string[]> {
  const absolute = pattern.startsWith("/");
  const parts = pattern.split("/").filter((part) => part !== "");
  let paths = [absolute ? "/" : ""];
  for (const [index, part] of parts.entries()) {
    const next: string[] = [];
    for (const path of paths) {
      if (next.length > EXPANSION_WORDS_MAX) break;
      if (isPattern(part)) next.push(...(yield* matchesIn(sys, path, part)));
      else next.push(yield* existing(sys, path + unquotePattern(part)));
    }
    paths = next.filter((path) => path !== "").map((path) => (index < parts.length - 1 ? `${path}/` : path));
  }
  return paths.slice(0, EXPANSION_WORDS_MAX).sort(byCodeUnit);
}

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function* existing(sys: Sys, path: string): Call<string> {
  const stat = yield* sys.stat(path);
  return typeof stat === "number" ? "" : path;
}

function* matchesIn(sys: Sys, directory: string, pattern: string): Call<string[]> {
  const names = yield* sys.readdir(directory === "" ? "." : directory);
  if (typeof names === "number") return [];
  return names
    .filter((name) => name !== "." && name !== "..")
    .filter((name) => (!name.startsWith(".") || pattern.startsWith(".")) && matchesPattern(name, pattern))
    .map((name) => directory + name);
}
