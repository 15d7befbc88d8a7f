/**
 * Simple commands (POSIX.1-2024, XCU 2.9.1): expand, redirect, assign, then find what the name means: a function, a
 * builtin, or a program along PATH.
 */
import type { Command, Word } from "unbash";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { writeText } from "../lib/output.ts";
import { nearestName } from "../lib/nearest.ts";
import { NESTING_MAX, SUGGESTION_DISTANCE_MAX } from "../limits.ts";
import { BUILTINS } from "./builtins/builtins.ts";
import { expandWord, expandWords } from "./expand.ts";
import { waitForeground } from "./foreground.ts";
import { closeAll, redirect } from "./redirect.ts";
import { descriptor, type Files, type ShellState, type Variable } from "./state.ts";
import { spawnOptions, spawnSubshell, type ChildSpec } from "./subshell.ts";

type Prepared = {
  readonly words: readonly string[];
  readonly assignments: readonly (readonly [string, string])[];
  readonly files: Files;
  readonly opened: readonly number[];
};

/** Runs it here or in a child, and waits. @returns its exit status. */
export function* runSimple(shell: ShellState, node: Command, files: Files): Call<number> {
  const prepared = yield* prepare(shell, node, files);
  if (typeof prepared === "number") return prepared;
  const { words, assignments } = prepared;
  if (words.length === 0) {
    const status = yield* assignAll(shell, assignments, files);
    yield* closeAll(shell, prepared.opened);
    return status;
  }
  if (shell.trace) yield* writeText(shell.sys, descriptor(files, 2), `+ ${words.join(" ")}\n`);
  const status = isInternal(shell, words[0] ?? "")
    ? yield* runAssigned(shell, prepared)
    : yield* runProgram(shell, prepared);
  // `exec > file` keeps what it opened.
  if (words.length > 1 || words[0] !== "exec") yield* closeAll(shell, prepared.opened);
  return status;
}

/** Starts it as a process of its own. @returns a pid, or minus the exit status when nothing was started. */
export function* startSimple(
  shell: ShellState,
  node: Command,
  placement: { readonly files: Files; readonly group: number | undefined },
): Call<number> {
  const prepared = yield* prepare(shell, node, placement.files);
  if (typeof prepared === "number") return -prepared;
  const { words, assignments, files } = prepared;
  const pid =
    words.length === 0 || isInternal(shell, words[0] ?? "")
      ? yield* spawnSubshell(shell, { files, group: placement.group }, (child) =>
          words.length === 0 ? assignAll(child, assignments, child.files) : runInternal(child, words, child.files),
        )
      : yield* startProgram(shell, words, { files, group: placement.group, assignments });
  yield* closeAll(shell, prepared.opened);
  return pid;
}

/** Words that are already expanded: what `eval`-like builtins hand over. */
export function* runWords(shell: ShellState, words: readonly string[], files: Files): Call<number> {
  if (isInternal(shell, words[0] ?? "")) return yield* runInternal(shell, words, files);
  return yield* runProgram(shell, { words, assignments: [], files, opened: [] });
}

const isInternal = (shell: ShellState, name: string): boolean => shell.functions.has(name) || BUILTINS.has(name);

function* prepare(shell: ShellState, node: Command, files: Files): Call<Prepared | number> {
  shell.substitutionStatus = -1;
  const words = node.name === undefined ? [] : yield* expandWords(shell, [node.name]);
  for (const argument of node.args) {
    if (argument.type === "Word") words.push(...(yield* expandWords(shell, [argument])));
    else words.push(`${argument.name}${argument.append === true ? "+" : ""}=${yield* valueOf(shell, argument.value)}`);
  }
  const assignments: (readonly [string, string])[] = [];
  for (const each of node.prefix) {
    if (each.type !== "Assignment") continue;
    const before = each.append === true ? (shell.get(each.name) ?? "") : "";
    if (each.index !== undefined) shell.expansionError ??= `${each.name}: arrays are not supported`;
    assignments.push([each.name, before + (yield* valueOf(shell, each.value))]);
  }
  const redirected = yield* redirect(shell, shell.expansionError === null ? node.redirects : [], files);
  if (shell.expansionError === null && redirected.ok) {
    return { words, assignments, files: redirected.files, opened: redirected.opened };
  }
  if (redirected.ok) yield* closeAll(shell, redirected.opened);
  const message = shell.expansionError ?? (redirected.ok ? "" : redirected.message);
  if (shell.expansionError !== null && !shell.interactive) shell.jump ??= { kind: "exit" };
  shell.expansionError = null;
  yield* writeText(shell.sys, descriptor(files, 2), `${shell.name}: ${message}\n`);
  return 1;
}

function* valueOf(shell: ShellState, value: Word | { readonly type: "ArrayValue" }): Call<string> {
  if (value.type === "Word") return yield* expandWord(shell, value);
  shell.expansionError ??= "arrays are not supported";
  return "";
}

function* assignAll(shell: ShellState, assignments: Prepared["assignments"], files: Files): Call<number> {
  for (const [name, value] of assignments) {
    if (shell.set(name, value)) continue;
    yield* writeText(shell.sys, descriptor(files, 2), `${shell.name}: ${name}: readonly variable\n`);
    return 1;
  }
  return Math.max(shell.substitutionStatus, 0);
}

/** A function or builtin with `NAME=value` in front, which holds while it runs. */
function* runAssigned(shell: ShellState, { words, assignments, files }: Prepared): Call<number> {
  const before = assignments.map(([name]): [string, Variable | undefined] => {
    const variable = shell.variables.get(name);
    return [name, variable === undefined ? undefined : { ...variable }];
  });
  for (const [name, value] of assignments) {
    if (shell.set(name, value)) (shell.variables.get(name) ?? { exported: false }).exported = true;
  }
  const status = yield* runInternal(shell, words, files);
  for (const [name, variable] of before) {
    if (variable === undefined) shell.variables.delete(name);
    else shell.variables.set(name, variable);
  }
  return status;
}

function* runInternal(shell: ShellState, words: readonly string[], files: Files): Call<number> {
  const name = words[0] ?? "";
  const body = shell.functions.get(name);
  const builtin = BUILTINS.get(name);
  if (body === undefined) return builtin === undefined ? 127 : yield* builtin(shell, words, files);
  if (shell.functionDepth >= NESTING_MAX) {
    yield* writeText(
      shell.sys,
      descriptor(files, 2),
      `${shell.name}: ${name}: maximum function nesting level exceeded\n`,
    );
    return 1;
  }
  const positional = shell.positional;
  const loops = shell.loops;
  shell.positional = words.slice(1);
  shell.functionDepth++;
  shell.loops = 0;
  const hidden = new Map<string, Variable | undefined>();
  shell.hidden.push(hidden);
  const list = body.type === "CompoundList" ? body.commands : [];
  const statement = { type: "Statement", pos: body.pos, end: body.end, command: body, background: undefined } as const;
  const status = yield* shell.executor.list(
    shell,
    body.type === "CompoundList" ? list : [statement as (typeof list)[number]],
    files,
  );
  shell.hidden.pop();
  for (const [variable, value] of hidden) {
    if (value === undefined) shell.variables.delete(variable);
    else shell.variables.set(variable, value);
  }
  if (shell.jump?.kind === "return") shell.jump = null;
  shell.functionDepth--;
  shell.loops = loops;
  shell.positional = positional;
  return status;
}

function* runProgram(shell: ShellState, { words, assignments, files }: Prepared): Call<number> {
  const pid = yield* startProgram(shell, words, {
    files,
    group: shell.interactive ? 0 : undefined,
    assignments,
  });
  return pid > 0 ? yield* waitForeground(shell, [pid], pid, words.join(" ")) : -pid;
}

/** Looks along PATH and says why when there is nothing to start. @returns a pid, or minus 126 or 127. */
export function* startProgram(shell: ShellState, words: readonly string[], spec: ChildSpec): Call<number> {
  const name = words[0] ?? "";
  const path = spec.assignments?.findLast(([variable]) => variable === "PATH")?.[1] ?? shell.get("PATH") ?? "/bin";
  const candidates = name.includes("/") ? [name] : path.split(":").map((each) => `${each === "" ? "." : each}/${name}`);
  let error = -E.ENOENT;
  for (const candidate of name === "" ? [] : candidates) {
    const pid = yield* shell.sys.spawn(candidate, words, spawnOptions(shell, spec));
    if (pid > 0) return pid;
    if (pid !== -E.ENOENT && pid !== -E.ENOTDIR) error = pid;
    if (pid === -E.EACCES && name.includes("/")) return yield* startScript(shell, candidate, words, spec);
  }
  const stderr = descriptor(spec.files, 2);
  if (error !== -E.ENOENT || name.includes("/")) {
    yield* writeText(shell.sys, stderr, `${shell.name}: ${name}: ${strerror(error)}\n`);
    return error === -E.ENOENT ? -127 : -126;
  }
  const names = yield* shell.sys.readdir("/bin");
  const known = [...BUILTINS.keys(), ...(typeof names === "number" ? [] : names)];
  const nearest = nearestName(name, known, SUGGESTION_DISTANCE_MAX);
  const hint = nearest === null ? "" : `; did you mean '${nearest}'?`;
  yield* writeText(shell.sys, stderr, `${shell.name}: ${name}: command not found${hint}\n`);
  return -127;
}

/** A text file: this shell's own kind of program (XCU 2.9.1.6). */
function* startScript(shell: ShellState, path: string, words: readonly string[], spec: ChildSpec): Call<number> {
  const stat = yield* shell.sys.stat(path);
  if (typeof stat !== "number" && stat.kind === "file") {
    const pid = yield* shell.sys.spawn("/bin/sh", ["sh", path, ...words.slice(1)], spawnOptions(shell, spec));
    if (pid > 0) return pid;
  }
  const reason = typeof stat !== "number" && stat.kind === "directory" ? "Is a directory" : "Permission denied";
  yield* writeText(shell.sys, descriptor(spec.files, 2), `${shell.name}: ${path}: ${reason}\n`);
  return -126;
}
