/**
 * Redirections (POSIX.1-2024, XCU 2.7). They do not move this shell's own descriptors: they yield a map that the
 * command is started with. Left out: `{name}>file`.
 */
import type { Redirect, Redirection, Word } from "unbash";
import { utf8Encode } from "../../base/bytes.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call } from "../../kernel/syscall/sys.ts";
import { writeAll } from "../lib/output.ts";
import { expandBody, expandWord } from "./expand.ts";
import type { Files, ShellState } from "./state.ts";
import { spawnSubshell } from "./subshell.ts";

export type Redirected =
  | { readonly ok: true; readonly files: Files; readonly opened: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** Bytes that every pipe takes without a reader (PIPE_BUF): more is written by a child of its own. */
const PIPE_BYTES_SURE = 4096;

/** Applies them left to right on top of `files`. `opened` are to be closed when the command is over or started. */
export function* redirect(shell: ShellState, redirections: readonly Redirection[], files: Files): Call<Redirected> {
  if (redirections.length === 0) return { ok: true, files, opened: [] };
  const result = new Map(files);
  const opened: number[] = [];
  for (const each of redirections) {
    const message = yield* applyOne(shell, each, result, opened);
    if (message === null && shell.expansionError === null) continue;
    yield* closeAll(shell, opened);
    return { ok: false, message: message ?? "" };
  }
  return { ok: true, files: result, opened };
}

export function* closeAll(shell: ShellState, opened: readonly number[]): Call<void> {
  for (const fd of opened) yield* shell.sys.close(fd);
}

function* applyOne(
  shell: ShellState,
  redirection: Redirection,
  files: Map<number, number>,
  opened: number[],
): Call<string | null> {
  if (redirection.descriptor?.type === "FileDescriptorVariable") return "{variable} redirection is not supported";
  const number = redirection.descriptor?.value;
  if (redirection.type === "HereString" || redirection.type === "HereDoc") {
    const content = yield* hereContent(shell, redirection);
    const fd = yield* hereDescriptor(shell, content);
    if (fd < 0) return `cannot create here-document: ${strerror(fd)}`;
    opened.push(fd);
    files.set(number ?? 0, fd);
    return null;
  }
  const target = yield* targetText(shell, redirection.target);
  if (shell.expansionError !== null) return null;
  if (redirection.operator === "<&" || redirection.operator === ">&") {
    const done = duplicate(redirection, target, files);
    if (done !== undefined) return done;
  }
  const fd = yield* shell.sys.open(target, openFlags(redirection.operator));
  if (fd < 0) return `${target}: ${strerror(fd)}`;
  opened.push(fd);
  if (redirection.operator.startsWith("&") || redirection.operator === ">&") {
    files.set(1, fd);
    files.set(2, fd);
  } else files.set(number ?? (redirection.operator.startsWith("<") ? 0 : 1), fd);
  return null;
}

function* targetText(shell: ShellState, word: Word | undefined): Call<string> {
  return word === undefined ? "" : yield* expandWord(shell, word);
}

function openFlags(operator: Redirect["operator"]): number {
  switch (operator) {
    case "<":
    case "<&":
      return O.RDONLY;
    case "<>":
      return O.RDWR | O.CREAT;
    case ">>":
    case "&>>":
      return O.WRONLY | O.CREAT | O.APPEND;
    case ">":
    case ">|":
    case "&>":
    case ">&":
      return O.WRONLY | O.CREAT | O.TRUNC;
  }
}

/** `2>&1`, `2>&-`. @returns null when done, a message, or undefined when the target is a file name. */
function duplicate(redirection: Redirect, target: string, files: Map<number, number>): string | null | undefined {
  const number =
    redirection.descriptor?.type === "FileDescriptor"
      ? redirection.descriptor.value
      : redirection.operator === "<&"
        ? 0
        : 1;
  if (target === "-") {
    files.delete(number);
    return null;
  }
  if (!/^\d{1,4}$/.test(target)) {
    return redirection.operator === "<&" || redirection.descriptor !== undefined
      ? `${target}: ambiguous redirect`
      : undefined;
  }
  const source = files.get(Number(target));
  if (source === undefined) return `${target}: Bad file descriptor`;
  files.set(number, source);
  return null;
}

type Here = Extract<Redirection, { type: "HereString" | "HereDoc" }>;

function* hereContent(shell: ShellState, here: Here): Call<string> {
  if (here.type === "HereString") return `${yield* targetText(shell, here.target)}\n`;
  const { body, delimiter } = here;
  if (delimiter?.quoted === true || body.parts === undefined) return body.text;
  return yield* expandBody(shell, body.parts);
}

function* hereDescriptor(shell: ShellState, content: string): Call<number> {
  const bytes = utf8Encode(content);
  const ends: [number, number] = [0, 0];
  const error = yield* shell.sys.pipe(ends);
  if (error < 0) return error;
  const [readEnd, writeEnd] = ends;
  const written =
    bytes.length <= PIPE_BYTES_SURE
      ? yield* writeAll(shell.sys, writeEnd, bytes)
      : yield* spawnSubshell(shell, { files: new Map([[1, writeEnd]]) }, (child) => writeAll(child.sys, 1, bytes));
  yield* shell.sys.close(writeEnd);
  if (written >= 0) return readEnd;
  yield* shell.sys.close(readEnd);
  return written;
}
