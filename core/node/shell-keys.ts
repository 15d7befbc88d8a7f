/**
 * Keys of a person at a lab's terminal. The terminal edits lines as Linux's does (Backspace, Ctrl-U, Ctrl-W) and knows
 * no arrow keys; a shell with readline would. Here Up and Down bring back earlier lines: what stands there is taken
 * back with Ctrl-U and the line from before is typed in its place, so that the lab sees only keys that it understands
 * and the journal of a run stays plain text. Other keys that come as escape sequences are passed over.
 * Left out: the cursor within a line, searching, completion.
 */
import { NODE_LIMITS } from "./limits.ts";

const ESCAPE = "\u001b";
const KILL_LINE = "\u0015";
const KILL_WORD = "\u0017";
/** Keys after which the line is gone: Ctrl-C and Ctrl-\. */
const SIGNAL_KEYS = "\u0003\u001c";

export class ShellKeys {
  readonly #history: string[] = [];
  /** Where Up and Down are; the length of the history is the line being written. */
  #at = 0;
  #line = "";
  /** An escape sequence that has not come whole yet. */
  #sequence = "";

  /** Takes keys as they come, in pieces of any size. @returns what to type at the lab's terminal. */
  translate(text: string): string {
    let typed = "";
    for (const key of text) {
      if (this.#sequence !== "" || key === ESCAPE) typed += this.#escape(key);
      else typed += this.#plain(key);
    }
    return typed;
  }

  #plain(key: string): string {
    if (key === "\r" || key === "\n") this.#enter();
    else if (key === "\u007f" || key === "\b") this.#line = [...this.#line].slice(0, -1).join("");
    else if (key === KILL_LINE || SIGNAL_KEYS.includes(key)) this.#line = "";
    else if (key === KILL_WORD) this.#line = this.#line.replace(/[^ ]* *$/, "");
    else if (key >= " " || key === "\t") this.#line += key;
    return key;
  }

  #enter(): void {
    const line = this.#line.slice(0, NODE_LIMITS.lineCharactersMax);
    if (line.trim() !== "" && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > NODE_LIMITS.historyLinesMax) this.#history.shift();
    this.#at = this.#history.length;
    this.#line = "";
  }

  #escape(key: string): string {
    // A second Escape begins anew.
    const sequence = key === ESCAPE ? ESCAPE : this.#sequence + key;
    // ESC [ parameters letter, or ESC O letter (ECMA-48 section 5.4; xterm's application mode).
    const isOpen = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/.test(sequence);
    this.#sequence = isOpen && sequence.length < NODE_LIMITS.keySequenceMax ? sequence : "";
    if (isOpen) return "";
    if (/^\u001b(?:\[|O)A$/.test(sequence)) return this.#recall(-1);
    if (/^\u001b(?:\[|O)B$/.test(sequence)) return this.#recall(1);
    // Any other key after a lone Escape is itself; the end of another sequence is nothing.
    return sequence.length === 2 ? this.#plain(key) : "";
  }

  #recall(step: number): string {
    const at = this.#at + step;
    if (at < 0 || at > this.#history.length) return "";
    this.#at = at;
    this.#line = this.#history[at] ?? "";
    return KILL_LINE + this.#line;
  }
}
