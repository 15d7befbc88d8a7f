/**
 * Unsaved work outlives a closed or killed window: the text is kept until it is saved or discarded. In the browser's
 * storage; the desktop app has a file for it.
 */
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

const SETTING = "draft";

export interface Draft {
  readonly file: string;
  readonly text: string;
  /** Programs in files of their own. */
  readonly sources?: Readonly<Record<string, string>>;
}

export interface DraftStore {
  keep(draft: Draft): void;
  forget(): void;
  /** What an earlier window has left. */
  left(): Draft | null;
}

const browserDrafts: DraftStore = {
  keep: (draft) => writeSetting(SETTING, JSON.stringify(draft)),
  forget: () => removeSetting(SETTING),
  left() {
    const stored = readSetting(SETTING);
    if (stored === null) return null;
    try {
      const { file, text, sources = {} } = JSON.parse(stored) as Partial<Draft>;
      return typeof file === "string" && typeof text === "string" ? { file, text, sources } : null;
    } catch {
      return null;
    }
  },
};

let store = browserDrafts;

/** The desktop app's. */
export function setDraftStore(to: DraftStore): void {
  store = to;
}

export function keepDraft(draft: Draft): void {
  store.keep(draft);
}

export function forgetDraft(): void {
  store.forget();
}

export function draftLeft(): Draft | null {
  return store.left();
}
