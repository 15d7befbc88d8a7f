/**
 * Files by handle: the window knows a file by a name that main gave out for a path that a person chose in a dialog, in
 * the list of recent files, or by opening it from outside. There is no way from the window to any other path.
 */
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { FileHandle } from "../core/contract/desktop/desktop.ts";
import { HANDLES_MAX } from "./limits.ts";

export class Handles {
  readonly #paths = new Map<string, string>();

  give(path: string): FileHandle {
    const known = [...this.#paths].find(([, one]) => one === path)?.[0];
    const handle = known ?? randomUUID();
    this.#paths.delete(handle);
    this.#paths.set(handle, path);
    for (const oldest of this.#paths.keys()) {
      if (this.#paths.size <= HANDLES_MAX) break;
      this.#paths.delete(oldest);
    }
    return { handle, name: basename(path), place: path };
  }

  path(handle: string): string | null {
    return this.#paths.get(handle) ?? null;
  }
}
