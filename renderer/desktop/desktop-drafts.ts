/** Unsaved work, kept by main in a file: it is there also when the whole application is killed. */
import type { Draft as KeptDraft } from "../../core/contract/desktop/desktop.ts";
import { tellDesktop } from "../bridge/desktop.ts";
import type { Draft, DraftStore } from "../files/draft.ts";

export class DesktopDrafts implements DraftStore {
  /** Of an earlier run; null when there is none, or it was taken up or given up. */
  #left: KeptDraft | null;

  constructor(left: KeptDraft | null) {
    this.#left = left;
  }

  left(): Draft | null {
    if (this.#left === null) return null;
    const { name: file, text, sources } = this.#left;
    return { file, text, sources };
  }

  keep({ file, text, sources = {} }: Draft): void {
    tellDesktop("draft:keep", { handle: null, name: file, text, sources });
    // What was recovered is kept as this run's own now.
    if (this.#left?.text === text) this.#dropLeft();
  }

  forget(): void {
    tellDesktop("draft:drop", { id: null });
    this.#dropLeft();
  }

  #dropLeft(): void {
    if (this.#left !== null) tellDesktop("draft:drop", { id: this.#left.id });
    this.#left = null;
  }
}
