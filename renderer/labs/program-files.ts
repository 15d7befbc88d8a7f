/** Files of programs that a lab asks for by path. */
import { asList, asRecord, readSource } from "./lab-source.ts";

export function programFilesOf(text: string): string[] {
  const source = readSource(text);
  if (!source.ok) return [];
  const files = Object.values(source.value.nodes).flatMap((node) =>
    asList(asRecord(node)["programs"]).map((program) => asRecord(program)["file"]),
  );
  return [...new Set(files.filter((file) => typeof file === "string"))];
}

/** Those of a pile of files that a lab asks for, by their last names: a browser tells no more of a file. */
export function matchedSources(
  text: string,
  pile: readonly { readonly name: string; readonly text: string }[],
): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const path of programFilesOf(text)) {
    const file = pile.find(({ name }) => name === path.slice(path.lastIndexOf("/") + 1));
    if (file === undefined) continue;
    sources[path] = file.text;
    // What the programs import is beside them.
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (const other of pile) if (other.name.endsWith(".ts")) sources[folder + other.name] ??= other.text;
  }
  return sources;
}

export function missingFilesOf(text: string, sources: Readonly<Record<string, string>>): string[] {
  return programFilesOf(text).filter((path) => !(path in sources));
}
