/** Unsaved work outlives a closed or killed window: the text is kept in the browser until it is saved or discarded. */
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

const SETTING = "draft";

export interface Draft {
  readonly file: string;
  readonly text: string;
}

export function keepDraft(draft: Draft): void {
  writeSetting(SETTING, JSON.stringify(draft));
}

export function forgetDraft(): void {
  removeSetting(SETTING);
}

export function draftLeft(): Draft | null {
  const stored = readSetting(SETTING);
  if (stored === null) return null;
  try {
    const { file, text } = JSON.parse(stored) as Partial<Draft>;
    return typeof file === "string" && typeof text === "string" ? { file, text } : null;
  } catch {
    return null;
  }
}
