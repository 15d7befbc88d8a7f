/**
 * Finds the files that programs are made of, before a run: what is not there then is not there for the whole run. The
 * host of a session reads them; paths are relative to the lab file, with `/`.
 */
import { joinPath } from "./guest-error.ts";
import { SOURCE_CHARACTERS_MAX, SOURCES_MAX } from "./limits.ts";

/** @returns the file's text, or null when there is none. */
export type ReadSource = (path: string) => string | null;

export interface CollectedSources {
  readonly sources: ReadonlyMap<string, string>;
  /** Files that were asked for by name and are not there. Missing imports are told when the program is loaded. */
  readonly missing: readonly string[];
}

/** Module specifiers in import and export declarations and in `import("...")`. */
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.\.?\/[^"'\n]+)["']/g;

/** @param inline text of programs that stand in the lab itself, by the name they have in messages. */
export function collectSources(
  mains: readonly string[],
  read: ReadSource,
  inline: ReadonlyMap<string, string> = new Map(),
): CollectedSources {
  const sources = new Map<string, string>();
  const missing: string[] = [];
  const queue: string[] = [];
  const load = (path: string): boolean => {
    if (sources.has(path) || inline.has(path)) return true;
    const text = sources.size < SOURCES_MAX ? read(path) : null;
    if (text === null || text.length > SOURCE_CHARACTERS_MAX) return false;
    sources.set(path, text);
    queue.push(path);
    return true;
  };
  for (const main of mains) if (!load(main)) missing.push(main);
  for (const [path, text] of inline) loadImports(path, text, load);
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    loadImports(path, sources.get(path) ?? "", load);
  }
  return { sources, missing };
}

function loadImports(path: string, text: string, load: (path: string) => boolean): void {
  for (const [, specifier = ""] of text.matchAll(SPECIFIER)) candidatesOf(path, specifier).some(load);
}

/** Files that an import may mean, the likeliest first. */
export function candidatesOf(base: string, specifier: string): readonly string[] {
  const path = joinPath(base, specifier);
  return [...new Set([path, path.replace(/\.js$/, ".ts"), `${path}.ts`])];
}
