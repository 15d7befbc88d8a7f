/** Opening and saving for the window: dialogs, sizes, atomic writes, the list of recent files. */
import type { BrowserWindow } from "electron";
import { dialog } from "electron";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type {
  FileHandle,
  LabFile,
  MovedLab,
  Reply,
  SaveBytes,
  SavedLab,
  SaveLab,
  SaveProgram,
} from "../core/contract/desktop/desktop.ts";
import { readLabSources } from "../core/node/lab-sources.ts";
import { writeAtomically } from "./atomic-write.ts";
import { fileProblem, problem } from "./file-problem.ts";
import type { Handles } from "./handles.ts";
import { LabPrograms, placeBeside } from "./lab-programs.ts";
import { LAB_BYTES_MAX } from "./limits.ts";
import type { RecentFiles } from "./recent-files.ts";

const LABS = { name: "Labs", extensions: ["yaml", "yml"] };
const CAPTURES = { name: "Captures", extensions: ["pcapng"] };
const ALL = { name: "All files", extensions: ["*"] };

const good = <T>(value: T): Reply<T> => ({ ok: true, value });

export class Documents {
  readonly #handles: Handles;
  readonly #recent: RecentFiles;
  readonly #programs = new LabPrograms();

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
      return good({ ...this.#handles.give(path), text, sources: this.#programs.read(path, text) });
    } catch (error) {
      // It was moved or deleted: the list is of what can be opened.
      await this.#recent.remove(path);
      return { ok: false, problem: notRead(path, error) };
    }
  }

  async save(window: BrowserWindow, lab: SaveLab): Promise<Reply<SavedLab | null>> {
    if (lab.handle !== null) {
      const path = this.#handles.path(lab.handle);
      return path === null ? unknownHandle() : this.#write(path, lab.text, false);
    }
    const path = await askWhere(window, "Save lab", lab.name, LABS);
    if (path === null) return good(null);
    const { moved } = lab;
    if (moved === null || (await this.#isAtHome(path, lab))) return this.#write(path, lab.text, false);
    return this.#writeMoved(window, path, moved);
  }

  async saveProgram(window: BrowserWindow, { handle, path, text }: SaveProgram): Promise<Reply<boolean>> {
    const lab = this.#handles.path(handle);
    if (lab === null) return unknownHandle();
    try {
      const known = await this.#programs.fileOf(lab, path);
      const file = known ?? (await placeBeside(lab, path));
      if (file === null) return good(false);
      if (known === null && !(await mayReplace(window, [{ path, file, text }]))) return good(false);
      await writeAtomically(file, text);
      return good(true);
    } catch (error) {
      return { ok: false, problem: notWritten(path, error) };
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

  /** Whether a lab at that place finds the programs that it has now. */
  async #isAtHome(place: string, { from, text, moved }: SaveLab): Promise<boolean> {
    const home = from === null ? null : this.#handles.path(from);
    if (home === null) return false;
    const found = readLabSources(place, text).map(({ path }) => path);
    const isAll = found.length === Object.keys(moved?.programs ?? {}).length;
    return isAll && this.#programs.areFoundFrom(place, home, found);
  }

  /** The programs first: when they cannot be written, an old lab at that place still finds its own. */
  async #writeMoved(window: BrowserWindow, path: string, moved: MovedLab): Promise<Reply<SavedLab | null>> {
    try {
      const programs: Program[] = [];
      for (const [name, text] of Object.entries(moved.programs)) {
        const file = await placeBeside(path, name);
        if (file === null) {
          const title = `${name} cannot be saved beside ${basename(path)}.`;
          return { ok: false, problem: problem("file/not-beside", title) };
        }
        programs.push({ path: name, file, text });
      }
      if (!(await mayReplace(window, programs))) return good(null);
      for (const { file, text } of programs) await writeAtomically(file, text);
    } catch (error) {
      return { ok: false, problem: notWritten(path, error) };
    }
    return this.#write(path, moved.text, true);
  }

  async #write(path: string, text: string, isMoved: boolean): Promise<Reply<SavedLab>> {
    try {
      await writeAtomically(path, text);
      await this.#recent.add(path);
      return good({ ...this.#handles.give(path), isMoved });
    } catch (error) {
      return { ok: false, problem: notWritten(path, error) };
    }
  }
}

interface Program {
  readonly path: string;
  readonly file: string;
  readonly text: string;
}

/** The dialog asked about the lab's own file only. */
async function mayReplace(window: BrowserWindow, programs: readonly Program[]): Promise<boolean> {
  const differing: string[] = [];
  for (const { path, file, text } of programs) {
    const there = await readFile(file, "utf8").catch(() => null);
    if (there !== null && there !== text) differing.push(path);
  }
  if (differing.length === 0) return true;
  const { response } = await dialog.showMessageBox(window, {
    type: "warning",
    message: `Replace ${differing.length === 1 ? "a program" : `${differing.length} programs`} beside the lab?`,
    detail: `Another text is there already: ${differing.join(", ")}`,
    buttons: ["Replace", "Cancel"],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
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
