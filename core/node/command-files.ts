/** `lastack check`, `import` and `export`: what is done with files alone, without a run. */
import { extname } from "node:path";
import type { Result } from "../base/result.ts";
import { exportMininet } from "../lab/import/export-mininet.ts";
import type { Imported } from "../lab/import/import.ts";
import { importMininet } from "../lab/import/mininet.ts";
import { importTopologyZoo } from "../lab/import/topology-zoo.ts";
import { parseLab } from "../lab/parse.ts";
import type { Problem } from "../lab/problem.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { FileSink } from "./file-sink.ts";
import { refuseSharedFiles } from "./output-paths.ts";
import { loadLab, printProblems, readText, refuse } from "./read-file.ts";

/** Checks every file, also after one with problems. @returns the worst exit code. */
export function checkCommand(paths: readonly string[]): number {
  let worst: number = EXIT.ok;
  for (const path of paths) worst = Math.max(worst, checkOne(path));
  return worst;
}

function checkOne(path: string): number {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    if (error.message !== "") process.stderr.write(`lastack: ${error.message}\n`);
    return error.exitCode;
  }
  const lab = parseLab(text, path);
  printProblems(lab.ok ? lab.value.warnings : lab.error);
  if (!lab.ok) return EXIT.labProblems;
  const { nodes, links, checks } = lab.value;
  process.stdout.write(`${path}: ok (${nodes.length} nodes, ${links.length} links, ${checks.length} checks)\n`);
  return EXIT.ok;
}

/** Writes the lab that a Mininet or Topology Zoo file describes, to a file or to standard output. */
export function importCommand(path: string, options: { readonly out?: string }): number {
  const text = readText(path);
  const imported = importerOf(path, text)(text, path);
  printProblems(imported.ok ? imported.value.problems : imported.error);
  if (!imported.ok) return EXIT.labProblems;
  writeFile(path, options.out ?? "-", imported.value.text);
  return EXIT.ok;
}

type Importer = (text: string, file: string) => Result<Imported, readonly Problem[]>;

/** By the file's ending, or else by its first character. */
function importerOf(path: string, text: string): Importer {
  const ending = extname(path).toLowerCase();
  const first = text
    .trimStart()
    .replace(/^\uFEFF/, "")
    .charAt(0);
  if (ending === ".mn" || (ending !== ".graphml" && first === "{")) return importMininet;
  if (ending === ".graphml" || first === "<") return importTopologyZoo;
  return refuse({
    file: path,
    line: 1,
    column: 1,
    code: "import/unknown",
    title: "neither a Mininet (.mn) nor a GraphML file",
  });
}

/** Writes a lab as a Mininet topology, which MiniEdit opens. */
export function exportCommand(path: string, options: { readonly mn: string }): number {
  writeFile(path, options.mn, exportMininet(loadLab(path)));
  return EXIT.ok;
}

/** Writes what was made of `source`; `-` is standard output. @throws CliFailure */
function writeFile(source: string, path: string, text: string): void {
  if (path === "-") {
    process.stdout.write(text);
    return;
  }
  refuseSharedFiles([
    ["the input", source],
    ["the output", path],
  ]);
  const file = new FileSink(path);
  file.write(text);
  file.close();
  if (file.failure !== null) throw new CliFailure(EXIT.file, file.failure);
}
