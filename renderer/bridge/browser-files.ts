/**
 * Files in a browser. With the File System Access API (Chromium) a file that was opened is saved in place, atomically:
 * the browser writes beside it and swaps. Elsewhere a file is uploaded, and saving is a download.
 */
import type { FileHandle, LabFile, SaveLab } from "../../core/contract/desktop/desktop.ts";
import { ApiError } from "./api-error.ts";

/** Larger files are no labs; the core would refuse their text too. */
const LAB_BYTES_MAX = 16 * 1024 * 1024;
const TYPES = [{ description: "Lab", accept: { "application/yaml": [".yaml", ".yml"] } }] as const;

/** Not in TypeScript's library, since not every browser has them. */
interface Pickers {
  showOpenFilePicker?(options: object): Promise<FileSystemFileHandle[]>;
  showSaveFilePicker?(options: object): Promise<FileSystemFileHandle>;
}

export class BrowserFiles {
  readonly #handles = new Map<string, FileSystemFileHandle>();

  async open(): Promise<LabFile | null> {
    const { showOpenFilePicker } = window as Pickers;
    if (showOpenFilePicker === undefined) {
      const file = await upload();
      return file === null ? null : { handle: "", name: file.name, place: file.name, text: await textOf(file) };
    }
    const [picked] = (await unlessCancelled(showOpenFilePicker({ types: TYPES }))) ?? [];
    if (picked === undefined) return null;
    return { ...this.#known(picked), text: await textOf(await picked.getFile()) };
  }

  async save({ handle, name, text }: SaveLab): Promise<FileHandle | null> {
    const { showSaveFilePicker } = window as Pickers;
    let to = handle === null ? undefined : this.#handles.get(handle);
    if (to === undefined) {
      if (showSaveFilePicker === undefined) return download(name, text);
      to = (await unlessCancelled(showSaveFilePicker({ suggestedName: name, types: TYPES }))) ?? undefined;
      if (to === undefined) return null;
    }
    try {
      const stream = await to.createWritable();
      await stream.write(text);
      await stream.close();
    } catch (error) {
      throw new ApiError(fileProblem("file/not-written", `${to.name} could not be written.`, error));
    }
    return this.#known(to);
  }

  #known(file: FileSystemFileHandle): FileHandle {
    const handle = crypto.randomUUID();
    this.#handles.set(handle, file);
    return { handle, name: file.name, place: file.name };
  }
}

/** Into the browser's folder for downloads. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>): FileHandle {
  const url = URL.createObjectURL(new Blob([content]));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has the bytes once the click was handled; some read them a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return { handle: "", name, place: name };
}

function upload(): Promise<File | null> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".yaml,.yml";
    input.addEventListener("change", () => resolve(input.files?.[0] ?? null));
    input.addEventListener("cancel", () => resolve(null));
    input.click();
  });
}

async function textOf(file: File): Promise<string> {
  if (file.size > LAB_BYTES_MAX) {
    throw new ApiError(fileProblem("file/too-large", `${file.name} is too large for a lab.`, null));
  }
  try {
    return await file.text();
  } catch (error) {
    throw new ApiError(fileProblem("file/not-read", `${file.name} could not be read.`, error));
  }
}

async function unlessCancelled<T>(picking: Promise<T>): Promise<T | null> {
  try {
    return await picking;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

function fileProblem(code: string, title: string, cause: unknown): ConstructorParameters<typeof ApiError>[0] {
  const hint = cause instanceof Error ? cause.message : "";
  return { code, severity: "error", title, hint, file: "", line: 0, column: 0, definite: true };
}
