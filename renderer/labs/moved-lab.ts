/**
 * A lab that goes to another place takes its programs along: those that lie outside its folder, as the samples' do,
 * come to lie in it. They keep their places to each other, so what they import from each other is found.
 */
import { editLab, type LabEdit } from "../../core/lab/write.ts";
import { asList, asRecord, readSource } from "./lab-source.ts";

export interface MovedLab {
  readonly text: string;
  /** All programs, by their new paths. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Null when there are no programs to take along, or they would come to lie on each other. */
export function movedLab(text: string, sources: Readonly<Record<string, string>>): MovedLab | null {
  const source = readSource(text);
  if (!source.ok || Object.keys(sources).length === 0) return null;
  const moved: Record<string, string> = {};
  for (const [path, program] of Object.entries(sources)) {
    const to = insideOf(path);
    if (Object.hasOwn(moved, to) && moved[to] !== program) return null;
    moved[to] = program;
  }
  const edits = Object.entries(source.value.nodes).flatMap(([node, settings]) => editsOf(node, settings));
  if (edits.length === 0) return { text, sources: moved };
  const edited = editLab(text, edits);
  return edited.ok ? { text: edited.value, sources: moved } : null;
}

/** `../programs/a.ts` becomes `programs/a.ts`. */
export const insideOf = (path: string): string => path.replace(/^(\.\.\/)+/, "");

function editsOf(node: string, settings: unknown): LabEdit[] {
  return asList(asRecord(settings)["programs"]).flatMap((program, index) => {
    const { file } = asRecord(program);
    if (typeof file !== "string" || insideOf(file) === file) return [];
    return [{ path: ["nodes", node, "programs", index, "file"], value: insideOf(file) }];
  });
}
