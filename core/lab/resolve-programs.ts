/** Programs of a machine: names are given to those without, and must differ. The files are read by the lab's host. */
import type { LabDraft, NodeDraft } from "./draft.ts";
import type { LabProgram } from "./model.ts";
import type { MachineFile, ProgramFile } from "./schema.ts";
import { member } from "./tree.ts";

/** Name of an inline program that has none. */
const INLINE_NAME = "main";

export function programsOf(draft: LabDraft, node: NodeDraft, machine: MachineFile): readonly LabProgram[] {
  if (machine.programs === undefined) return [];
  const list = member(member(member(draft.problems.tree, "nodes"), node.name), "programs");
  const names = new Set<string>();
  return machine.programs.map((program, index) => {
    const name = program.name ?? nameOf(program);
    const path = ["nodes", node.name, "programs", index];
    if (names.has(name)) {
      const hint = "give one of them another name: it is also the command that starts it";
      draft.problems.error({ code: "lab/duplicate-program", title: `two programs are called ${name}`, hint, path });
    }
    names.add(name);
    return {
      name,
      file: program.file ?? `${name}.ts`,
      text: program.source ?? null,
      args: (program.args ?? []).map(String),
      atNs: program.at ?? 0,
      atBoot: program.start !== false,
      source: draft.problems.place(member(list, index)),
    };
  });
}

/** `programs/tcp-client.ts` is `tcp-client`. */
function nameOf({ file }: ProgramFile): string {
  return file === undefined ? INLINE_NAME : file.slice(file.lastIndexOf("/") + 1).replace(/\.ts$/, "");
}
