/**
 * Where the programs of a lab are that stand in files of their own, and where a new one may go: into the folder of the
 * lab that a person chose, or below it, and nowhere else.
 */
import { realpathSync } from "node:fs";
import { lstat, mkdir, readFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ProgramTexts } from "../core/contract/desktop/desktop.ts";
import { readLabSources } from "../core/node/lab-sources.ts";

export class LabPrograms {
  /** Of the lab that was read last: one is open at a time. */
  #known: { readonly lab: string; readonly files: ReadonlyMap<string, string> } | null = null;

  /** Reads them, and remembers where they were. */
  read(lab: string, text: string): ProgramTexts {
    const sources = readLabSources(lab, text);
    this.#known = { lab, files: new Map(sources.map(({ path, file }) => [path, file])) };
    return Object.fromEntries(sources.map((source) => [source.path, source.text]));
  }

  /** Where a program of a lab was read from; null for a new one. */
  async fileOf(lab: string, path: string): Promise<string | null> {
    // Work that was recovered belongs to a lab that was not read in this run.
    if (this.#known?.lab !== lab) this.read(lab, await readFile(lab, "utf8"));
    return this.#known?.files.get(path) ?? null;
  }

  /** Whether all of these programs of `from` are found from another place by the same paths. */
  async areFoundFrom(place: string, from: string, paths: readonly string[]): Promise<boolean> {
    for (const path of paths) {
      const known = await this.fileOf(from, path).catch(() => null);
      if (known === null || realpathOrNull(join(dirname(place), path)) !== known) return false;
    }
    return true;
  }
}

/** Where a new program goes, its folder made; null for a path that leads out of the lab's folder. */
export async function placeBeside(lab: string, path: string): Promise<string | null> {
  const parts = path.split("/");
  if (!path.endsWith(".ts") || parts.some((part) => !/^[\p{L}\p{N}_ -][\p{L}\p{N}_. -]*$/u.test(part))) return null;
  const root = await realpath(dirname(lab));
  // Step by step, so that nothing is made behind a link that leads elsewhere.
  let folder = root;
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part);
    await mkdir(folder).catch(() => undefined);
    if ((await realpath(folder)) !== folder) return null;
  }
  const file = join(folder, parts.at(-1) ?? "");
  const there = await lstat(file).catch(() => null);
  return file.startsWith(root.endsWith(sep) ? root : root + sep) && (there === null || there.isFile()) ? file : null;
}

function realpathOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
