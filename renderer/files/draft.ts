/**
 * Unsaved work outlives a closed or killed window: the text is kept until it is saved or discarded. In the browser's
 * storage; the desktop app has a file for it.
 */
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

const SETTING = "draft";
/** What an earlier window has left, once this one keeps something of its own. */
const LEFT = "draft.left";

export interface Draft {
  readonly file: string;
  readonly text: string;
  /** Programs in files of their own. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Of the file that it belongs to, where that can be found again. */
  readonly place?: unknown;
}

export interface DraftStore {
  keep(draft: Draft): void;
  /** That of the lab that is open: it was saved, or given up. */
  forget(): void;
  /** What an earlier window has left. */
  left(): Draft | null;
  /** It was taken up, or given up. */
  forgetLeft(): void;
}

class BrowserDrafts implements DraftStore {
  /** Whether what is under SETTING was written by this window. */
  #isOwn = false;

  keep({ file, text, sources }: Draft): void {
    const left = this.#isOwn ? null : readSetting(SETTING);
    if (left !== null) writeSetting(LEFT, left);
    this.#isOwn = true;
    writeSetting(SETTING, JSON.stringify({ file, text, sources }));
  }

  forget(): void {
    if (this.#isOwn) removeSetting(SETTING);
    this.#isOwn = false;
  }

  left(): Draft | null {
    const stored = this.#isOwn ? null : readSetting(SETTING);
    return parsed(stored ?? readSetting(LEFT));
  }

  forgetLeft(): void {
    if (!this.#isOwn && readSetting(SETTING) !== null) removeSetting(SETTING);
    else removeSetting(LEFT);
  }
}

function parsed(stored: string | null): Draft | null {
  if (stored === null) return null;
  try {
    const { file, text, sources = {} } = JSON.parse(stored) as Partial<Draft>;
    return typeof file === "string" && typeof text === "string" ? { file, text, sources } : null;
  } catch {
    return null;
  }
}

let store: DraftStore = new BrowserDrafts();

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

export function forgetDraftLeft(): void {
  store.forgetLeft();
}
