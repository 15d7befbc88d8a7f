/**
 * Programs as they are edited: which one is shown, what was typed and is not in the lab yet, where they crashed. What
 * is typed becomes the lab's when it is saved; the run is then made again with it.
 */
import { defineStore } from "pinia";
import { computed, ref, shallowReactive, shallowRef, watch } from "vue";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { editLab, type LabEdit } from "../../core/lab/write.ts";
import { asList, asRecord, readSource } from "../labs/lab-source.ts";
import { call, onFrame } from "../stores/core.ts";
import { useLab, type LabTexts } from "../stores/lab.ts";
import { crashOf, type Crash } from "./crash-lines.ts";
import { freeProgramName, programsIn, type ProgramEntry, type ProgramUse } from "./programs.ts";
import type { ProgramTemplate } from "./templates.ts";

export const usePrograms = defineStore("programs", () => {
  const lab = useLab();
  const entries = computed(() => programsIn(lab.text, lab.sources));
  const machines = computed(() => (lab.view?.nodes ?? []).filter(({ cpus }) => cpus > 0).map(({ name }) => name));
  const picked = ref("");
  const current = computed(() => entries.value.find(({ id }) => id === picked.value) ?? entries.value[0] ?? null);
  /** By entry: texts that the lab does not have yet. */
  const drafts = shallowReactive(new Map<string, string>());
  const crashes = shallowRef<readonly Crash[]>([]);
  /** A place to show, once the editor is there. */
  const goTo = shallowRef<{ readonly id: string; readonly line: number; readonly column: number } | null>(null);

  function textOf(entry: ProgramEntry): string {
    return drafts.get(entry.id) ?? entry.text ?? "";
  }

  /** What the editor holds of a program now. */
  function type(id: string, text: string): void {
    const entry = entries.value.find((one) => one.id === id);
    if (entry === undefined || entry.text === text) drafts.delete(id);
    else drafts.set(id, text);
    lab.setPending("programs", drafts.size > 0);
  }

  async function save(id: string): Promise<void> {
    const text = drafts.get(id);
    const entry = entries.value.find((one) => one.id === id);
    if (text === undefined || entry === undefined) return;
    if (entry.path !== null) await lab.replaceSource(entry.path, text);
    else {
      const [use] = entry.uses;
      if (use === undefined) return;
      const edit: LabEdit = { path: ["nodes", use.node, "programs", use.index, "source"], value: text };
      if (!(await lab.edit(`Edit ${entry.title} of ${use.node}`, editLab(lab.text, [edit])))) return;
    }
    drafts.delete(id);
    lab.setPending("programs", drafts.size > 0);
  }

  async function saveAll(): Promise<void> {
    for (const id of [...drafts.keys()]) await save(id);
  }

  /** What was typed is not lost with the window either. */
  function merged({ text, sources }: LabTexts): LabTexts {
    let labText = text;
    const programs: Record<string, string> = { ...sources };
    for (const [id, draft] of drafts) {
      const entry = entries.value.find((one) => one.id === id);
      const [use] = entry?.uses ?? [];
      if (entry !== undefined && entry.path !== null) programs[entry.path] = draft;
      else if (use !== undefined) {
        const edited = editLab(labText, [{ path: ["nodes", use.node, "programs", use.index, "source"], value: draft }]);
        if (edited.ok) labText = edited.value;
      }
    }
    return { text: labText, sources: programs };
  }

  function revert(id: string): void {
    drafts.delete(id);
    lab.setPending("programs", drafts.size > 0);
  }

  async function add(node: string, template: ProgramTemplate): Promise<void> {
    const name = freeProgramName(entries.value, node, template.name);
    const [main, ...others] = template.files;
    if (main === undefined) return;
    const isInline = others.length === 0;
    if (!isInline) {
      for (const { path, text } of template.files) if (!(path in lab.sources)) await lab.replaceSource(path, text);
    }
    const args = template.args.length > 0 ? { args: [...template.args] } : {};
    const program = isInline ? { name, ...args, source: main.text } : { name, file: main.path, ...args };
    const edits: LabEdit[] = [];
    const there = programsOf(lab.text, node);
    if (there === null) edits.push({ path: ["nodes", node, "programs"], value: [program] });
    else edits.push({ path: ["nodes", node, "programs", there], value: program });
    if (!(await lab.edit(`Add ${name} to ${node}`, editLab(lab.text, edits)))) return;
    picked.value = isInline ? `${node}/${name}.ts@` : main.path;
  }

  async function remove({ node, index, name }: ProgramUse): Promise<void> {
    const path = programsOf(lab.text, node) === 1 ? ["nodes", node, "programs"] : ["nodes", node, "programs", index];
    await lab.edit(`Take ${name} off ${node}`, editLab(lab.text, [{ path, value: undefined }]));
  }

  function showOf(node: string): void {
    const entry = entries.value.find(({ uses }) => uses.some((use) => use.node === node));
    if (entry !== undefined) picked.value = entry.id;
  }

  function showCrash(crash: Crash): void {
    const entry = entryOf(crash);
    if (entry === undefined) return;
    picked.value = entry.id;
    goTo.value = { id: entry.id, line: crash.line, column: crash.column };
  }

  /** An inline program goes by its name in messages. */
  function entryOf({ file, node }: Crash): ProgramEntry | undefined {
    return (
      entries.value.find(({ path }) => path === file) ??
      entries.value.find(
        ({ path, title, uses }) => path === null && title === file && uses.some((use) => use.node === node),
      )
    );
  }

  async function readCrashes(): Promise<void> {
    try {
      const { consoles } = await call("run.report", {});
      crashes.value = consoles.flatMap((report) => crashOf(report) ?? []);
    } catch {
      crashes.value = [];
    }
  }

  function onPush({ ended, rewound }: FramePush): void {
    if (rewound) crashes.value = [];
    if (ended.some(({ status }) => status !== 0)) void readCrashes();
  }

  /** While a pane shows them. @returns how to stop. */
  function listen(): () => void {
    const stop = onFrame(onPush);
    void readCrashes();
    return stop;
  }

  // For as long as the window: drafts outlive the pane.
  lab.onFlush(saveAll);
  lab.onKeep(merged);
  // What is typed while a lab is saved elsewhere belongs to the program by its new name.
  lab.onRelocate((rename) => {
    for (const [id, text] of [...drafts]) {
      drafts.delete(id);
      drafts.set(rename(id), text);
    }
    picked.value = rename(picked.value);
  });

  watch(
    () => lab.generation,
    () => {
      drafts.clear();
      crashes.value = [];
      picked.value = "";
      goTo.value = null;
    },
  );

  return {
    ...{ entries, machines, picked, current, drafts, crashes, goTo },
    ...{ textOf, type, save, saveAll, revert, add, remove, showOf, showCrash, entryOf, listen },
  };
});

/** How many programs a host has; null when its list is not there. */
function programsOf(text: string, node: string): number | null {
  const source = readSource(text);
  const programs = source.ok ? asRecord(source.value.nodes[node])["programs"] : undefined;
  return Array.isArray(programs) ? asList(programs).length : null;
}
