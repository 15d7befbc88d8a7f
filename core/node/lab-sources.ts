/**
 * The programs of a lab that stand in files of their own, for the window: read by whoever owns the files. A lab may
 * come from anywhere, so it names TypeScript files in its own folder or beside that, and no others.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { parseLab } from "../lab/parse.ts";
import { collectSources } from "../sandbox/collect-sources.ts";
import { NODE_LIMITS } from "./limits.ts";

export interface LabSource {
  /** From the lab, as it stands there. */
  readonly path: string;
  /** Where it is. */
  readonly file: string;
  readonly text: string;
}

/** None for a lab that cannot be read: its problems are told when it is opened. */
export function readLabSources(labFile: string, text: string): LabSource[] {
  if (!/\bprograms\b/.test(text)) return [];
  const lab = parseLab(text, labFile);
  if (!lab.ok) return [];
  const programs = lab.value.nodes.flatMap((node) => ("programs" in node ? node.programs : []));
  const mains = programs.flatMap(({ file, text: inline }) => (inline === null ? [file] : []));
  const inside = new Map(
    programs.flatMap(({ file, text: inline }) => (inline === null ? [] : [[file, inline] as const])),
  );
  const files = new Map<string, string>();
  const { sources } = collectSources([...new Set(mains)], (path) => readProgram(labFile, path, files), inside);
  return [...sources].map(([path, source]) => ({ path, file: files.get(path) ?? "", text: source }));
}

function readProgram(labFile: string, path: string, files: Map<string, string>): string | null {
  if (!path.endsWith(".ts")) return null;
  try {
    const around = dirname(dirname(realpathSync(labFile)));
    const file = realpathSync(join(dirname(labFile), path));
    const stats = statSync(file);
    const isAround = file.startsWith(around.endsWith(sep) ? around : around + sep);
    if (!isAround || !stats.isFile() || stats.size > NODE_LIMITS.textFileBytesMax) return null;
    files.set(path, file);
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
