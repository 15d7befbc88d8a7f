/**
 * One line being typed at a terminal, as readline edits it with its Emacs keys: what a key does to the line, and what
 * must be written so that the screen shows it. It moves back with backspaces, which lead over the edge of a screen
 * with reverse wrap-around (xterm's mode 45); so it needs not know how wide the screen is.
 * Left out: searching the history, undo, characters that take two columns or none.
 */
import { EDITED_CHARACTERS_MAX } from "../limits.ts";
import type { EditAction, Key } from "./line-keys.ts";

/** What the shell has to do after a key. */
export type LineEvent = "none" | "line" | "end" | "complete" | "clear";

const BELL = "\u0007";

export class LineEditor {
  /** Characters, each a code point. */
  #line: string[] = [];
  #cursor = 0;
  readonly #history: readonly string[];
  /** Where Up and Down are; the length of the history is the line that is new. */
  #at: number;
  #newLine: string[] = [];
  /** What was killed last, shared from line to line. */
  readonly #killed: { text: string };

  constructor(history: readonly string[], killed: { text: string }) {
    this.#history = history;
    this.#at = history.length;
    this.#killed = killed;
  }

  get text(): string {
    return this.#line.join("");
  }

  get beforeCursor(): string {
    return this.#line.slice(0, this.#cursor).join("");
  }

  /** @returns what to write to the terminal. */
  press(key: Key): { readonly output: string; readonly event: LineEvent } {
    if (key.kind === "text") return { output: this.insert(key.text), event: "none" };
    if (key.action === "enter") return { output: this.#moveTo(this.#line.length) + "\n", event: "line" };
    if (key.action === "complete" || key.action === "clear") return { output: "", event: key.action };
    if (key.action === "delete-or-end" && this.#line.length === 0) return { output: "", event: "end" };
    return { output: this.#edit(key.action), event: "none" };
  }

  /** Writes text at the cursor. */
  insert(text: string): string {
    const added = [...text];
    if (this.#line.length + added.length > EDITED_CHARACTERS_MAX) return BELL;
    this.#line.splice(this.#cursor, 0, ...added);
    this.#cursor += added.length;
    return text + this.#tail();
  }

  /** The whole line again, on an empty one of the screen, with the cursor where it is. */
  redraw(): string {
    return this.beforeCursor + this.#tail();
  }

  #edit(action: Exclude<EditAction, "enter" | "complete" | "clear">): string {
    switch (action) {
      case "left":
        return this.#moveTo(this.#cursor - 1);
      case "right":
        return this.#moveTo(this.#cursor + 1);
      case "word-left":
        return this.#moveTo(this.#wordStart());
      case "word-right":
        return this.#moveTo(this.#wordEnd());
      case "home":
        return this.#moveTo(0);
      case "end":
        return this.#moveTo(this.#line.length);
      case "up":
        return this.#recall(this.#at - 1);
      case "down":
        return this.#recall(this.#at + 1);
      case "erase":
        return this.#cursor === 0 ? BELL : this.#remove(this.#cursor - 1, this.#cursor);
      case "delete":
      case "delete-or-end":
        return this.#cursor === this.#line.length ? BELL : this.#remove(this.#cursor, this.#cursor + 1);
      case "kill-line":
        return this.#kill(0, this.#cursor);
      case "kill-rest":
        return this.#kill(this.#cursor, this.#line.length);
      case "kill-word":
        return this.#kill(this.#blankWordStart(), this.#cursor);
      case "yank":
        return this.insert(this.#killed.text);
    }
  }

  #moveTo(to: number): string {
    const target = Math.max(0, Math.min(this.#line.length, to));
    const from = this.#cursor;
    this.#cursor = target;
    return target < from ? "\b".repeat(from - target) : this.#line.slice(from, target).join("");
  }

  #remove(from: number, to: number): string {
    const back = this.#moveTo(from);
    this.#line.splice(from, to - from);
    return back + this.#tail(to - from);
  }

  #kill(from: number, to: number): string {
    if (from === to) return "";
    this.#killed.text = this.#line.slice(from, to).join("");
    return this.#remove(from, to);
  }

  #recall(at: number): string {
    if (at < 0 || at > this.#history.length) return BELL;
    if (this.#at === this.#history.length) this.#newLine = this.#line;
    this.#at = at;
    const entry = this.#history[at];
    const line = entry === undefined ? this.#newLine : [...onOneLine(entry)];
    const back = this.#moveTo(0);
    const shorter = Math.max(0, this.#line.length - line.length);
    this.#line = line;
    this.#cursor = line.length;
    return back + line.join("") + " ".repeat(shorter) + "\b".repeat(shorter);
  }

  /** What stands behind the cursor, blanks over what it has lost, and back. */
  #tail(lost = 0): string {
    const tail = this.#line.slice(this.#cursor);
    return tail.join("") + " ".repeat(lost) + "\b".repeat(tail.length + lost);
  }

  #wordStart(): number {
    let at = this.#cursor;
    while (at > 0 && !isWord(this.#line[at - 1])) at--;
    while (at > 0 && isWord(this.#line[at - 1])) at--;
    return at;
  }

  #wordEnd(): number {
    let at = this.#cursor;
    while (at < this.#line.length && !isWord(this.#line[at])) at++;
    while (at < this.#line.length && isWord(this.#line[at])) at++;
    return at;
  }

  /** unix-word-rubout: back to a blank. */
  #blankWordStart(): number {
    let at = this.#cursor;
    while (at > 0 && this.#line[at - 1] === " ") at--;
    while (at > 0 && this.#line[at - 1] !== " ") at--;
    return at;
  }
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** A command of several lines comes back as one, as bash's `cmdhist` has it. */
function onOneLine(entry: string): string {
  return entry.replace(/(.)\n+/g, (_, last: string) => last + (/[;&|({]/.test(last) ? " " : "; "));
}
