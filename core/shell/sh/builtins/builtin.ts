/** What every builtin is, and how it speaks. */
import type { Call } from "../../../kernel/syscall/sys.ts";
import { writeText } from "../../lib/output.ts";
import { descriptor, type Files, type ShellState } from "../state.ts";

/** @param words with the name first. @returns the exit status. */
export type Builtin = (shell: ShellState, words: readonly string[], files: Files) => Call<number>;

export function* say(shell: ShellState, files: Files, text: string): Call<number> {
  const error = yield* writeText(shell.sys, descriptor(files, 1), text);
  return error < 0 ? 1 : 0;
}

/** `sh: name: message` on standard error. @returns `status`. */
export function* refuse(shell: ShellState, files: Files, message: string, status = 1): Call<number> {
  yield* writeText(shell.sys, descriptor(files, 2), `${shell.name}: ${message}\n`);
  return status;
}
