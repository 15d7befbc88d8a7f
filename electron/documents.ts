/** Opening and saving for the window: dialogs, sizes, atomic writes, the list of recent files. */
import type { BrowserWindow } from "electron";
import { dialog } from "electron";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { FileHandle, LabFile, Reply, SaveBytes, SaveLab, SaveProgram } from "../core/contract/desktop/desktop.ts";
import { readLabSources } from "../core/node/lab-sources.ts";
import { writeAtomically } from "./atomic-write.ts";
import { fileProblem, problem } from "./file-problem.ts";
import type { Handles } from "./handles.ts";
import { LAB_BYTES_MAX } from "./limits.ts";
import type { RecentFiles } from "./recent-files.ts";

const LABS = { name: "Labs", extensions: ["yaml", "yml"] };
const CAPTURES = { name: "Captures", extensions: ["pcapng"] };
const ALL = { name: "All files", extensions: ["*"] };

const good = <T>(value: T): Reply<T> => ({ ok: true, value });

export class Documents {
  readonly #handles: Handles;
  readonly #recent: RecentFiles;
  /** Files of the programs of the lab that was read last, by path from it: one lab is open at a time. */
  #programs: { readonly handle: string; readonly files: ReadonlyMap<string, string> } | null = null;

  constructor(handles: Handles, recent: RecentFiles) {
    this.#handles = handles;
    this.#recent = recent;
  }

  async open(window: BrowserWindow): Promise<Reply<LabFile | null>> {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title: "Open lab",
      properties: ["openFile"],
      filters: [LABS, ALL],
    });
    const [path] = filePaths;
    return canceled || path === undefined ? good(null) : this.read(path);
  }

  /** A path that a person chose. */
  async read(path: string): Promise<Reply<LabFile>> {
    try {
      const stats = await stat(path);
      if (!stats.isFile()) return { ok: false, problem: notRead(path, new Error("That is not a file.")) };
      if (stats.size > LAB_BYTES_MAX) {
        return { ok: false, problem: problem("file/too-large", `${basename(path)} is too large for a lab.`) };
      }
      const text = await readFile(path, "utf8");
      await this.#recent.add(path);
      const known = this.#handles.give(path);
      const sources = readLabSources(path, text);
      this.#programs = { handle: known.handle, files: new Map(sources.map((source) => [source.path, source.file])) };
      return good({ ...known, text, sources: Object.fromEntries(sources.map((source) => [source.path, source.text])) });
    } catch (error) {
      // It was moved or deleted: the list is of what can be opened.
      await this.#recent.remove(path);
      return { ok: false, problem: notRead(path, error) };
    }
  }

  async save(window: BrowserWindow, { handle, name, text }: SaveLab): Promise<Reply<FileHandle | null>> {
    if (handle !== null) {
      const path = this.#handles.path(handle);
      return path === null ? unknownHandle() : this.#write(path, text);
    }
    const path = await askWhere(window, "Save lab", name, LABS);
    return path === null ? good(null) : this.#write(path, text);
  }

  async saveProgram({ handle, path, text }: SaveProgram): Promise<Reply<boolean>> {
    const file = this.#programs?.handle === handle ? this.#programs.files.get(path) : undefined;
    if (file === undefined) return good(false);
    try {
      await writeAtomically(file, text);
      return good(true);
    } catch (error) {
      return { ok: false, problem: notWritten(file, error) };
    }
  }

  async saveBytes(window: BrowserWindow, { name, bytes }: SaveBytes): Promise<Reply<FileHandle | null>> {
    const path = await askWhere(window, "Save capture", name, CAPTURES);
    if (path === null) return good(null);
    try {
      await writeAtomically(path, bytes);
      return good({ handle: "", name: basename(path), place: path });
    } catch (error) {
      return { ok: false, problem: notWritten(path, error) };
    }
  }

  async #write(path: string, text: string): Promise<Reply<FileHandle>> {
    try {
      await writeAtomically(path, text);
      await this.#recent.add(path);
      return good(this.#handles.give(path));
    } catch (error) {
      return { ok: false, problem: notWritten(path, error) };
    }
  }
}

async function askWhere(
  window: BrowserWindow,
  title: string,
  name: string,
  filter: { name: string; extensions: string[] },
): Promise<string | null> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    title,
    // A name, whatever the window says: the dialog decides on the folder.
    defaultPath: basename(name),
    filters: [filter, ALL],
  });
  return canceled || filePath === "" ? null : filePath;
}

const notRead = (path: string, error: unknown) =>
  fileProblem("file/not-read", `${basename(path)} could not be read.`, error);

const notWritten = (path: string, error: unknown) =>
  fileProblem("file/not-written", `${basename(path)} could not be saved; what was there is as it was.`, error);

const unknownHandle = (): Reply<never> => ({
  ok: false,
  problem: problem("file/unknown", "That file is not known any more.", "Open it again."),
});
