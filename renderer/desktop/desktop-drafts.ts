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
    const { name: file, text, sources, file: place } = this.#left;
    return { file, text, sources, place: place?.handle ?? null };
  }

  keep({ file, text, sources = {}, place = null }: Draft): void {
    const handle = typeof place === "string" ? place : null;
    tellDesktop("draft:keep", { handle, name: file, text, sources });
  }

  forget(): void {
    tellDesktop("draft:drop", { id: null });
  }

  forgetLeft(): void {
    if (this.#left !== null) tellDesktop("draft:drop", { id: this.#left.id });
    this.#left = null;
  }
}
