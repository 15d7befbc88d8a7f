/** The sandbox for a lab's guest programs, and their files. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Lab, LabProgram } from "../lab/model.ts";
import type { Problem } from "../lab/problem.ts";
import { collectSources } from "../sandbox/collect-sources.ts";
import type { GuestSupport } from "../session/session.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { NODE_LIMITS } from "./limits.ts";
import { loadEngine } from "./load-engine.ts";
import { printProblems } from "./read-file.ts";

/**
 * What a session needs for the lab's programs; undefined when there are none.
 * @throws CliFailure when a program's file cannot be read, which is printed.
 */
export async function guestSupport(lab: Lab): Promise<GuestSupport | undefined> {
  const programs = programsOf(lab);
  if (programs.length === 0) return undefined;
  const sources = readSources(lab, programs);
  return { engine: await loadEngine(), sources };
}

const programsOf = (lab: Lab): LabProgram[] => lab.nodes.flatMap((node) => ("programs" in node ? node.programs : []));

/** Paths are relative to the lab file; for a lab from standard input, to the working directory. */
function readSources(lab: Lab, programs: readonly LabProgram[]): ReadonlyMap<string, string> {
  const folder = lab.file === "-" ? "." : dirname(lab.file);
  const files = programs.filter(({ text }) => text === null);
  const inline = new Map(programs.flatMap(({ file, text }) => (text === null ? [] : [[file, text] as const])));
  const read = (path: string): string | null => readSource(join(folder, path));
  const { sources, missing } = collectSources([...new Set(files.map(({ file }) => file))], read, inline);
  if (missing.length === 0) return sources;
  printProblems(files.filter(({ file }) => missing.includes(file)).map((program) => missingFile(lab, program)));
  throw new CliFailure(EXIT.labProblems, "");
}

function missingFile(lab: Lab, { file, source }: LabProgram): Problem {
  const title = `the program's file ${file} cannot be read`;
  const hint = "paths are relative to the lab file";
  return { ...source, severity: "error", code: "lab/no-program-file", title, hint, file: lab.file, path: "" };
}

function readSource(path: string): string | null {
  try {
    if (!statSync(path).isFile() || statSync(path).size > NODE_LIMITS.textFileBytesMax) return null;
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
