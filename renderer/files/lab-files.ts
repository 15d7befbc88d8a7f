/** New, open, save, samples: what the File menu does. Unsaved work is asked about before it would be lost. */
import type { NodeKind } from "../../core/contract/api/lab-view.ts";
import { call } from "../stores/core.ts";
import { useLab } from "../stores/lab.ts";
import { useSelection } from "../stores/selection.ts";
import { EMPTY_LAB } from "../labs/lab-edits.ts";
import AskChoice from "../ui/AskChoice.vue";
import { dismiss, notify } from "../stores/notices.ts";
import { fetchPanes } from "../panes/registry.ts";
import { insideOf, movedLab, type MovedLab } from "../labs/moved-lab.ts";
import { matchedSources, missingFilesOf } from "../labs/program-files.ts";
import { showDialog } from "../ui/dialogs.ts";
import { browserFiles, type FileHost, type LabFile } from "./file-host.ts";
import { forgetDraft } from "./draft.ts";

let files: FileHost = browserFiles;
/** Of the file that is open; null for one that was never saved. */
let place: unknown = null;

/** Where the lab that is open was read from, as its host knows it. */
export const placeOfLab = (): unknown => place;

/** The desktop app's. */
export function setFileHost(host: FileHost): void {
  files = host;
}

/** @returns whether the lab that is open may be left. */
async function mayLeave(): Promise<boolean> {
  const lab = useLab();
  if (!lab.isDirty) return true;
  const answer = await showDialog({
    title: "Unsaved changes",
    component: AskChoice,
    props: {
      text: `“${lab.view?.name ?? lab.file}” has changes that are not saved.`,
      choices: [
        { id: "discard", title: "Discard", kind: "danger" },
        { id: "cancel", title: "Cancel" },
        { id: "save", title: "Save", kind: "primary" },
      ],
    },
  });
  if (answer === "save") return saveLab();
  return answer === "discard";
}

export async function openText(file: LabFile, isUnsaved = false): Promise<void> {
  const lab = useLab();
  fetchPanes();
  useSelection().clear();
  await lab.open(file.text, file.name, { sources: file.sources ?? {}, isUnsaved });
  place = file.place;
  if (!isUnsaved) forgetDraft();
  tellMissing();
}

/** What was said of the lab before is not true of the next one. */
let missingNotice: number | null = null;

/** Programs in files of their own do not come with a lab that was opened alone. */
function tellMissing(): void {
  if (missingNotice !== null) dismiss(missingNotice);
  missingNotice = null;
  const { text, sources, view } = useLab();
  const missing = view === null ? [] : missingFilesOf(text, sources);
  if (missing.length === 0) return;
  missingNotice = notify({
    kind: "warning",
    title: `Not here, though this lab runs ${missing.length === 1 ? "it" : "them"}: ${missing.join(", ")}`,
    hint: "Open the lab together with these files, or drop them into this window.",
  });
}

/** Programs that are dropped on a lab that asks for them. @returns whether it did. */
export async function takePrograms(pile: readonly { name: string; text: string }[]): Promise<boolean> {
  const lab = useLab();
  const sources = matchedSources(lab.text, pile);
  if (Object.keys(sources).length === 0) return false;
  await lab.addSources(sources);
  tellMissing();
  return true;
}

/** From the desktop app, a drop, or a sample: asks first. */
export async function openLabFile(file: LabFile): Promise<void> {
  if (await mayLeave()) await openText(file);
}

export async function newLab(): Promise<void> {
  if (await mayLeave()) await openText({ name: "untitled.lab.yaml", text: EMPTY_LAB, place: null });
}

export async function openLab(): Promise<void> {
  if (!(await mayLeave())) return;
  const file = await files.open();
  if (file !== null) await openText(file);
}

export async function saveLab(asNew = false): Promise<boolean> {
  const lab = useLab();
  await lab.flush();
  const isNewPlace = asNew || place === null;
  const moved = isNewPlace ? movedLab(lab.text, lab.sources) : null;
  const file = { name: lab.file, text: lab.text, place: asNew ? null : place, from: place, moved };
  const saved = await files.save(file);
  if (saved === null) return false;
  if (moved !== null && saved.isMoved) await takeAlong(moved);
  else await saveChangedPrograms(place ?? saved.place);
  place = saved.place;
  lab.markSaved(saved.name);
  forgetDraft();
  return true;
}

async function takeAlong({ text, sources }: MovedLab): Promise<void> {
  await useLab().relocate(text, sources, insideOf);
  const names = Object.keys(sources);
  notify({ kind: "info", title: `Saved with its ${names.length === 1 ? "program" : "programs"}: ${names.join(", ")}` });
}

/** A lab's file holds the paths of its programs, not their texts: what was changed of those is saved by itself. */
async function saveChangedPrograms(lab: unknown): Promise<void> {
  const { changedSources, sources } = useLab();
  for (const path of changedSources) {
    const text = sources[path] ?? "";
    if ((await files.saveProgram?.(lab, path, text)) === true) continue;
    await files.saveBytes(path.slice(path.lastIndexOf("/") + 1), new TextEncoder().encode(text));
  }
}

export async function closeLab(): Promise<void> {
  if (!(await mayLeave())) return;
  await call("run.pause", {}).catch(() => undefined);
  useSelection().clear();
  useLab().close();
  forgetDraft();
}

export interface SampleLab {
  readonly file: string;
  readonly name: string;
  readonly summary: string;
  readonly nodes: number;
  readonly links: number;
  /** Paths of its programs, from the lab. */
  readonly sources: readonly string[];
  /** To be drawn small; links by index of their ends. */
  readonly shape: {
    readonly nodes: readonly { readonly kind: NodeKind; readonly at: readonly [number, number] }[];
    readonly links: readonly (readonly [number, number])[];
  };
}

export async function sampleLabs(): Promise<readonly SampleLab[]> {
  return (await (await fetched("index.json")).json()) as readonly SampleLab[];
}

export async function openSample(file: string): Promise<void> {
  if (!(await mayLeave())) return;
  const text = await (await fetched(file)).text();
  const paths = (await sampleLabs()).find((sample) => sample.file === file)?.sources ?? [];
  const programs = await Promise.all(paths.map(async (path) => [path, await (await fetched(path)).text()] as const));
  await openText({ name: file, text, sources: Object.fromEntries(programs), place: null });
}

async function fetched(file: string): Promise<Response> {
  const response = await fetch(`./labs/${file}`);
  if (!response.ok) throw new Error(`The sample ${file} cannot be read (${response.status}).`);
  return response;
}

export async function exportCapture(interfaces: readonly string[] | null): Promise<void> {
  const { bytes } = await call("capture.export", { interfaces });
  const name = `${useLab().file.replace(/(\.lab)?\.ya?ml$/, "")}.pcapng`;
  await files.saveBytes(name, bytes);
}
