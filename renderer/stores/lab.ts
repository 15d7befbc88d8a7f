/**
 * The lab that is open: its text is the truth, the view is what the core made of it. An edit makes a new text, which
 * the core opens at the instant where the run stands, with the journal of what was done; one that only changes the
 * drawing leaves the core alone. A text with problems is kept and shown with them, never thrown away.
 */
import { defineStore } from "pinia";
import { computed, ref, shallowReactive, shallowRef } from "vue";
import type { Command, JournalEntry } from "../../core/contract/command.ts";
import type { SourceFile } from "../../core/contract/api/api.ts";
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { ApiProblem } from "../../core/contract/api/problem.ts";
import { positionsIn } from "../labs/lab-source.ts";
import type { LabEditResult } from "../labs/lab-edits.ts";
import { call } from "./core.ts";
import { forgetAll, remember } from "./history.ts";
import { notify } from "./notices.ts";
import { useRun } from "./run.ts";

/** New names of nodes and links, for the journal; null for those that are gone. */
export type NameChanges = ReadonlyMap<string, string | null>;
/** Texts by path from the lab file, with `/`. */
export type LabSources = Readonly<Record<string, string>>;
export interface LabTexts {
  readonly text: string;
  readonly sources: LabSources;
}
const NO_CHANGES: NameChanges = new Map();

export const useLab = defineStore("lab", () => {
  const run = useRun();
  const file = ref("");
  const text = ref("");
  const savedText = ref("");
  /** Programs in files of their own, by path from the lab. */
  const sources = shallowRef<LabSources>({});
  const savedSources = shallowRef<LabSources>({});
  const view = shallowRef<LabView | null>(null);
  const problems = shallowRef<readonly ApiProblem[]>([]);
  const isLoaded = computed(() => file.value !== "");
  const changedSources = computed(() =>
    Object.keys(sources.value).filter((path) => sources.value[path] !== savedSources.value[path]),
  );
  /** Who has edits that the lab does not have yet: an editor with a program that was not handed over. */
  const pending = shallowReactive(new Set<string>());
  /** Counts what was typed and is not in the lab, so that drafts follow it. */
  const pendingChanges = ref(0);
  const flushers = new Set<() => Promise<void>>();
  const followers = new Set<(rename: (path: string) => string) => void>();
  const keepers = new Set<(texts: LabTexts) => LabTexts>();
  const isDirty = computed(
    () => isLoaded.value && (text.value !== savedText.value || changedSources.value.length > 0 || pending.size > 0),
  );
  const hasErrors = computed(() => problems.value.some(({ severity }) => severity === "error"));
  /** Counts labs, not edits: panes forget what they showed when it changes. */
  const generation = ref(0);

  /** Opens a lab at its start; a broken one too, with its problems. */
  async function open(
    newText: string,
    newFile: string,
    { sources: programs = {}, isUnsaved = false }: { sources?: LabSources; isUnsaved?: boolean } = {},
  ): Promise<void> {
    const answer = await call("lab.open", { text: newText, file: newFile, sources: listOf(programs) });
    file.value = newFile;
    text.value = newText;
    savedText.value = isUnsaved ? "" : newText;
    sources.value = programs;
    savedSources.value = programs;
    view.value = answer.lab;
    problems.value = answer.problems;
    pending.clear();
    forgetAll();
    run.reset(answer.run);
    generation.value++;
  }

  function close(): void {
    file.value = text.value = savedText.value = "";
    sources.value = savedSources.value = {};
    view.value = null;
    problems.value = [];
    pending.clear();
    forgetAll();
    run.reset(null);
    generation.value++;
  }

  function setPending(who: string, isPending: boolean): void {
    if (isPending) pending.add(who);
    else pending.delete(who);
    pendingChanges.value++;
  }

  /** @param flush hands over what is pending, before the lab is saved. @returns how to stop. */
  function onFlush(flush: () => Promise<void>): () => void {
    flushers.add(flush);
    return () => flushers.delete(flush);
  }

  async function flush(): Promise<void> {
    for (const one of flushers) await one();
  }

  /** @param merge adds what is pending to the texts of the lab, for a draft. */
  function onKeep(merge: (texts: LabTexts) => LabTexts): void {
    keepers.add(merge);
  }

  /** The lab as it would be with what was typed and not handed over. */
  function withPending(): LabTexts {
    let texts: LabTexts = { text: text.value, sources: sources.value };
    for (const merge of keepers) texts = merge(texts);
    return texts;
  }

  /** @param follow is told how programs are called from now on, by whoever holds something by their paths. */
  function onRelocate(follow: (rename: (path: string) => string) => void): void {
    followers.add(follow);
  }

  /** Its programs have other paths from now on: what could be undone is of the old ones. */
  async function relocate(newText: string, newSources: LabSources, rename: (path: string) => string): Promise<void> {
    const isSame = newText === text.value;
    sources.value = newSources;
    if (isSame) return;
    await apply(newText, NO_CHANGES, false);
    for (const follow of followers) follow(rename);
    forgetAll();
  }

  function markSaved(as: string): void {
    file.value = as;
    savedText.value = text.value;
    savedSources.value = sources.value;
  }

  /** @throws ApiProblem or Error; then nothing has changed. */
  async function apply(newText: string, names: NameChanges, isRefusedWhenBroken: boolean): Promise<void> {
    const { state } = run;
    const wasPlaying = state?.playing ?? false;
    const journal = run.journal.flatMap((entry) => mapped(entry, names));
    const again = state !== null && (state.time > 0 || journal.length > 0);
    const answer = await call("lab.open", {
      text: newText,
      file: file.value,
      sources: listOf(sources.value),
      ...(again ? { journal, time: state.time } : {}),
    });
    const [problem] = answer.problems.filter(({ severity }) => severity === "error");
    if (answer.lab === null && isRefusedWhenBroken) throw problem ?? new Error("The lab would be broken.");
    text.value = newText;
    problems.value = answer.problems;
    view.value = answer.lab;
    run.reset(answer.run);
    if (again && answer.lab !== null) {
      notify({ kind: "info", title: "The lab was run again with this change, up to where it stood." });
    }
    if (wasPlaying && answer.lab !== null) await run.play();
  }

  /** An edit that can be undone. @returns whether it was made; why not is shown. */
  async function edit(title: string, result: LabEditResult, names: NameChanges = NO_CHANGES): Promise<boolean> {
    if (!result.ok) {
      notify({ kind: "error", title: `${title}: ${result.error}` });
      return false;
    }
    const before = text.value;
    const after = result.value;
    if (before === after) return true;
    await apply(after, names, true);
    remember({
      title,
      undo: () => apply(before, inverse(names), true),
      redo: () => apply(after, names, true),
    });
    return true;
  }

  /** As `edit`, for places on the canvas: the network does not notice. */
  function editPlaces(title: string, result: LabEditResult): void {
    if (!result.ok) return;
    const before = text.value;
    const after = result.value;
    if (before === after) return;
    const redraw = (newText: string): Promise<void> => {
      text.value = newText;
      const places = positionsIn(newText);
      const old = view.value;
      if (old !== null) {
        view.value = { ...old, nodes: old.nodes.map((node) => ({ ...node, at: places.get(node.name) ?? null })) };
      }
      return Promise.resolve();
    };
    void redraw(after);
    remember({ title, undo: () => redraw(before), redo: () => redraw(after) });
  }

  /** Back to time 0 with an empty journal. */
  async function rewind(seed?: number): Promise<void> {
    const answer = await call("lab.open", { ...whole(), ...(seed === undefined ? {} : { seed }) });
    forgetAll();
    run.reset(answer.run);
  }

  const whole = (): { text: string; file: string; sources: SourceFile[] } => ({
    text: text.value,
    file: file.value,
    sources: listOf(sources.value),
  });

  /** A program's file: what it says takes effect from the start, so the run is made again up to where it stands. */
  async function replaceSource(path: string, after: string): Promise<void> {
    const before = sources.value[path];
    if (before === after) return;
    const put = async (program: string | undefined): Promise<void> => {
      const { [path]: _, ...others } = sources.value;
      sources.value = program === undefined ? others : { ...others, [path]: program };
      await apply(text.value, NO_CHANGES, false);
    };
    await put(after);
    remember({ title: `Edit ${path}`, undo: () => put(before), redo: () => put(after) });
  }

  /** Files that belong to the lab and were brought later. */
  async function addSources(more: LabSources): Promise<void> {
    sources.value = { ...sources.value, ...more };
    savedSources.value = { ...savedSources.value, ...more };
    await rewind();
  }

  /** The text as a person typed it: kept also when it is broken. */
  async function replaceText(title: string, after: string): Promise<void> {
    const before = text.value;
    if (before === after) return;
    await apply(after, NO_CHANGES, false);
    remember({ title, undo: () => apply(before, NO_CHANGES, false), redo: () => apply(after, NO_CHANGES, false) });
  }

  /** Runs again without one entry of the journal, up to the same instant: as if it had not been done. */
  async function withoutEntry(command: Command): Promise<void> {
    const at = run.journal.findLastIndex((entry) => JSON.stringify(entry.command) === JSON.stringify(command));
    if (at < 0) return;
    const wasPlaying = run.isPlaying;
    const journal = run.journal.filter((_, index) => index !== at).map((entry) => ({ ...entry, events: 0 }));
    const answer = await call("lab.open", { ...whole(), journal, time: run.state?.time ?? 0 });
    run.reset(answer.run);
    if (wasPlaying) await run.play();
  }

  return {
    ...{ file, text, sources, changedSources, view, problems, isLoaded, isDirty, hasErrors, generation },
    ...{ setPending, pendingChanges, onFlush, flush, onKeep, withPending, onRelocate, relocate },
    ...{ open, close, markSaved, edit, editPlaces, replaceText, replaceSource, addSources, rewind, withoutEntry },
  };
});

function listOf(sources: LabSources): SourceFile[] {
  return Object.entries(sources).map(([path, text]) => ({ path, text }));
}

/** The events before an entry are another number in a changed lab: it keeps its instant only. */
function mapped(entry: JournalEntry, names: NameChanges): JournalEntry[] {
  const command = { ...entry.command } as Command & { node?: string; link?: string };
  for (const key of ["node", "link"] as const) {
    const name = command[key];
    if (name === undefined) continue;
    const to = names.get(name);
    if (to === null) return [];
    if (to !== undefined) (command as { -readonly [K in keyof typeof command]: unknown })[key] = to;
  }
  return [{ at: entry.at, events: 0, command }];
}

function inverse(names: NameChanges): NameChanges {
  return new Map([...names].flatMap(([from, to]) => (to === null ? [] : [[to, from] as const])));
}
