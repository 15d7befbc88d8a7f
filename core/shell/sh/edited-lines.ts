/**
 * Lines of a person at a terminal: keys in, an edited line out. Between two lines the terminal edits by itself again.
 */
import type { Call } from "../../kernel/syscall/sys.ts";
import { E } from "../../kernel/syscall/errno.ts";
import { COMPLETIONS_SHOWN_MAX } from "../limits.ts";
import { writeText } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { BUILTINS } from "./builtins/builtins.ts";
import { commonPrefix, complete } from "./complete.ts";
import { LineEditor } from "./line-editor.ts";
import { LineKeys } from "./line-keys.ts";
import type { ShellState } from "./state.ts";

const BELL = "\u0007";
const CLEAR_SCREEN = "\u001b[H\u001b[2J";
/** The terminal's width is not known here: what is listed stays below the usual one. */
const COLUMNS = 78;

export class EditedLines {
  readonly #shell: ShellState;
  readonly #killed = { text: "" };

  constructor(shell: ShellState) {
    this.#shell = shell;
  }

  /** Prompts, and reads one line with its newline; null at the end of the input. */
  *next(prompt: string): Call<{ readonly text: string } | "interrupted" | null> {
    const { sys } = this.#shell;
    yield* sys.tcsetattr(0, "raw");
    const line = yield* this.#edit(prompt);
    yield* sys.tcsetattr(0, "canonical");
    return line;
  }

  *#edit(prompt: string): Call<{ readonly text: string } | "interrupted" | null> {
    const { sys, history } = this.#shell;
    yield* writeText(sys, 2, prompt);
    const keys = new LineKeys();
    const editor = new LineEditor(history, this.#killed);
    // One at a time: what is typed ahead belongs to the command that is about to run.
    const byte = new Uint8Array(1);
    for (;;) {
      const count = yield* sys.read(0, byte);
      if (count === -E.EINTR) {
        if (!(yield* interrupted(sys))) continue;
        yield* writeText(sys, 2, "^C\n");
        this.#shell.status = 130;
        return "interrupted";
      }
      if (count <= 0) return null;
      const key = keys.feed(byte[0] ?? 0);
      if (key === null) continue;
      const { output, event } = editor.press(key);
      if (output !== "") yield* writeText(sys, 2, output);
      if (event === "line") return { text: `${editor.text}\n` };
      if (event === "end") return null;
      if (event === "clear") yield* writeText(sys, 2, CLEAR_SCREEN + prompt + editor.redraw());
      if (event === "complete") yield* this.#complete(editor, prompt);
    }
  }

  /** Tab: as much as is certain; what there is to choose from, when nothing is. */
  *#complete(editor: LineEditor, prompt: string): Call<void> {
    const { sys } = this.#shell;
    const { word, candidates } = yield* complete(this.#shell, editor.beforeCursor, BUILTINS.keys());
    const [only] = candidates;
    if (only === undefined) return void (yield* writeText(sys, 2, BELL));
    const isOnly = candidates.length === 1;
    const certain = isOnly ? only + (only.endsWith("/") ? "" : " ") : commonPrefix(candidates);
    if (certain.length > word.length) return void (yield* writeText(sys, 2, editor.insert(certain.slice(word.length))));
    if (isOnly) return;
    yield* writeText(sys, 2, `\n${listed(candidates)}\n${prompt}${editor.redraw()}`);
  }
}

/** In columns, as `ls` has them; of paths only the last part. */
function listed(candidates: readonly string[]): string {
  const names = candidates.map((name) => /[^/]*\/?$/.exec(name)?.[0] ?? name);
  const shown = names.slice(0, COMPLETIONS_SHOWN_MAX);
  const width = Math.max(...shown.map((name) => name.length)) + 2;
  const perLine = Math.max(1, Math.floor(COLUMNS / width));
  const height = Math.ceil(shown.length / perLine);
  const lines = Array.from({ length: height }, (_, row) =>
    shown
      .filter((_name, at) => at % height === row)
      .map((name) => name.padEnd(width))
      .join("")
      .trimEnd(),
  );
  if (names.length > shown.length) lines.push(`... and ${names.length - shown.length} more`);
  return lines.join("\n");
}
