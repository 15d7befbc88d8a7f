/** A lab that was named when the browser edition was started: its server hands it to the window. */
export interface OpenedLab {
  readonly name: string;
  readonly text: string;
  /** Programs in files of their own, by path from the lab. */
  readonly sources: Readonly<Record<string, string>>;
}

/** @param token that nobody guesses, since others on the machine reach the server too; the window's address has it. */
export const openedLabPath = (token: string): string => `opened/${token}.json`;

/** Of a window's address, `#open=...`. */
export function openedLabToken(hash: string): string | null {
  return /^#open=([0-9a-f-]{36})$/.exec(hash)?.[1] ?? null;
}
