/** The files that were opened or saved lately, newest first; kept in the settings folder. */
import { app } from "electron";
import { join } from "node:path";
import { z } from "zod";
import { RECENT_MAX } from "./limits.ts";
import { readState, writeState } from "./state-file.ts";

const schema = z.array(z.string().min(1).max(4096)).max(1000);

export class RecentFiles {
  readonly #path: string;
  readonly #onChange: (paths: readonly string[]) => void;
  /** One change after the other. */
  #paths: Promise<readonly string[]>;

  /** @param onChange also told what is there at first. */
  constructor(folder: string, onChange: (paths: readonly string[]) => void) {
    this.#path = join(folder, "recent.json");
    this.#onChange = onChange;
    this.#paths = readState(this.#path, schema).then((paths) => paths ?? []);
    this.#paths.then(onChange).catch((error: unknown) => console.error(error));
  }

  add(path: string): Promise<void> {
    // The system's own list: the dock's, the taskbar's.
    app.addRecentDocument(path);
    return this.#change((paths) => [path, ...paths.filter((one) => one !== path)].slice(0, RECENT_MAX));
  }

  remove(path: string): Promise<void> {
    return this.#change((paths) => paths.filter((one) => one !== path));
  }

  forget(): Promise<void> {
    app.clearRecentDocuments();
    return this.#change(() => []);
  }

  async #change(to: (paths: readonly string[]) => readonly string[]): Promise<void> {
    this.#paths = this.#paths.then(to);
    const paths = await this.#paths;
    this.#onChange(paths);
    // A list that cannot be kept is not worth a message.
    await writeState(this.#path, paths).catch(() => undefined);
  }
}
