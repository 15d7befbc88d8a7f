/**
 * Opening and saving lab files. The browser edition uses the File System Access API where there is one, and picking and
 * downloading elsewhere; the desktop app brings its own host through its preload.
 */

import type { MovedLab } from "../labs/moved-lab.ts";
import { matchedSources } from "../labs/program-files.ts";

export interface LabFile {
  readonly name: string;
  readonly text: string;
  /** Programs of the lab that stand in files of their own, by path from the lab, as far as they came along. */
  readonly sources?: Readonly<Record<string, string>>;
  /** What `save` needs to write to the same place again; opaque. */
  readonly place: unknown;
}

export interface SaveFile extends LabFile {
  /** Where the lab that is open came from. */
  readonly from: unknown;
  /** To be written to a place from which its programs are not to be found. */
  readonly moved: MovedLab | null;
}

export interface SavedFile {
  readonly name: string;
  readonly place: unknown;
  /** `moved` was written, with its programs. */
  readonly isMoved: boolean;
}

export interface FileHost {
  /** Asks for a file; null when the person thought better of it. */
  open(): Promise<LabFile | null>;
  /** Asks where to, when `place` is null. Null when the person thought better of it. */
  save(file: SaveFile): Promise<SavedFile | null>;
  /** A program of the lab at that place, where it was; false when that is not known. Left out: never is. */
  saveProgram?(place: unknown, path: string, text: string): Promise<boolean>;
  /** Asks where to, or puts it among the downloads. */
  saveBytes(name: string, bytes: Uint8Array): Promise<void>;
}

/** As core/lab bounds a file: what is longer is refused before it is read. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** Not in TypeScript's DOM library yet. */
interface PickingWindow {
  showOpenFilePicker?(options: object): Promise<FileSystemFileHandle[]>;
  showSaveFilePicker?(options: object): Promise<FileSystemFileHandle>;
}

const picking = globalThis as unknown as PickingWindow;
const TYPES = [
  {
    description: "LastAck lab, with its programs",
    accept: { "application/yaml": [".yaml", ".yml"], "text/plain": [".ts"] },
  },
];
/** Programs that are chosen together with a lab. */
const FILES_MAX = 200;

export async function readFile(file: File, place: unknown): Promise<LabFile> {
  if (file.size > FILE_BYTES_MAX) throw new Error(`${file.name} is too large for a lab.`);
  return { name: file.name, text: await file.text(), place };
}

/** A lab out of a pile of files: its programs may lie beside it. Null when there is no lab among them. */
export async function labOfFiles(files: readonly File[], placeOf: (file: File) => unknown): Promise<LabFile | null> {
  const some = files.slice(0, FILES_MAX);
  const main = some.find(({ name }) => /\.ya?ml$/i.test(name)) ?? (some.length === 1 ? some[0] : undefined);
  if (main === undefined || main.name.endsWith(".ts")) return null;
  const lab = await readFile(main, placeOf(main));
  return { ...lab, sources: matchedSources(lab.text, await programsOf(some)) };
}

export async function programsOf(files: readonly File[]): Promise<{ name: string; text: string }[]> {
  const programs = files.filter(({ name, size }) => name.endsWith(".ts") && size <= FILE_BYTES_MAX);
  return Promise.all(programs.map(async (file) => ({ name: file.name, text: await file.text() })));
}

async function unlessAborted<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

export const browserFiles: FileHost = {
  open() {
    return picking.showOpenFilePicker === undefined ? openByInput() : openByPicker();
  },
  save(file) {
    return picking.showSaveFilePicker === undefined ? Promise.resolve(download(file)) : saveByPicker(file);
  },
  async saveBytes(name, bytes) {
    downloadBytes(name, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  },
};

function openByPicker(): Promise<LabFile | null> {
  return unlessAborted(async () => {
    const handles = (await picking.showOpenFilePicker?.({ types: TYPES, multiple: true })) ?? [];
    const files = await Promise.all(handles.map((handle) => handle.getFile()));
    return labOfFiles(files, (file) => handles[files.indexOf(file)] ?? null);
  });
}

function openByInput(): Promise<LabFile | null> {
  return new Promise((resolve, reject) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".yaml,.yml,.ts";
    input.multiple = true;
    input.addEventListener("change", () => {
      labOfFiles([...(input.files ?? [])], () => null).then(resolve, reject);
    });
    input.addEventListener("cancel", () => resolve(null));
    input.click();
  });
}

function saveByPicker(file: SaveFile): Promise<SavedFile | null> {
  return unlessAborted(async () => {
    const isKnown = file.place instanceof FileSystemFileHandle;
    const handle = isKnown
      ? (file.place as FileSystemFileHandle)
      : await picking.showSaveFilePicker?.({ suggestedName: file.name, types: TYPES });
    if (handle === undefined) return null;
    const moved = isKnown ? null : file.moved;
    // The browser writes to a copy and swaps it in when it is closed: a full disk leaves the old file as it was.
    const stream = await handle.createWritable();
    await stream.write(moved?.text ?? file.text);
    await stream.close();
    downloadPrograms(moved);
    return { name: handle.name, place: handle, isMoved: moved !== null };
  });
}

/** A browser without pickers saves into its downloads. */
function download({ name, text, moved }: SaveFile): SavedFile {
  downloadBytes(name, new Blob([moved?.text ?? text], { type: "application/yaml" }));
  downloadPrograms(moved);
  return { name, place: null, isMoved: moved !== null };
}

/** A page may not write beside a file that was chosen: the programs are found again by their names. */
function downloadPrograms(moved: MovedLab | null): void {
  for (const [path, text] of Object.entries(moved?.sources ?? {})) {
    downloadBytes(path.slice(path.lastIndexOf("/") + 1), new Blob([text], { type: "text/plain" }));
  }
}

function downloadBytes(name: string, bytes: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
