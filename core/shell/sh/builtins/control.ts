/** break, continue, return, exit, eval, source, exec, cd, `:`, true, false, test. */
import { strerror } from "../../../kernel/syscall/errno.ts";
import { utf8Decode } from "../../../base/bytes.ts";
import { readFile } from "../../lib/input.ts";
import { NESTING_MAX } from "../../limits.ts";
import { parseScript } from "../syntax.ts";
import type { Files, ShellState } from "../state.ts";
import type { Call } from "../../../kernel/syscall/sys.ts";
import { refuse, say, type Builtin } from "./builtin.ts";

export const yes: Builtin = function* () {
  return 0;
};

export const no: Builtin = function* () {
  return 1;
};

export const breakLoop: Builtin = function* (shell, words, files) {
  const name = words[0] === "break" ? "break" : "continue";
  const levels = Number(words[1] ?? "1");
  if (!Number.isInteger(levels) || levels < 1) {
    return yield* refuse(shell, files, `${name}: ${words[1] ?? ""}: loop count out of range`);
  }
  if (shell.loops === 0) {
    return yield* refuse(shell, files, `${name}: only meaningful in a \`for', \`while', or \`until' loop`, 0);
  }
  shell.jump = { kind: name, levels: Math.min(levels, shell.loops) };
  return 0;
};

function* statusArgument(shell: ShellState, words: readonly string[], files: Files): Call<number> {
  if (words[1] === undefined) return shell.status;
  if (/^[+-]?\d{1,15}$/.test(words[1])) return Number(words[1]) & 255;
  return yield* refuse(shell, files, `${words[0] ?? ""}: ${words[1]}: numeric argument required`, 2);
}

export const returnFrom: Builtin = function* (shell, words, files) {
  if (shell.functionDepth === 0) {
    return yield* refuse(shell, files, "return: can only `return' from a function or sourced script", 2);
  }
  const status = yield* statusArgument(shell, words, files);
  shell.jump = { kind: "return" };
  return status;
};

export const exit: Builtin = function* (shell, words, files) {
  const status = yield* statusArgument(shell, words, files);
  shell.jump = { kind: "exit" };
  return status;
};

/** Runs text in this shell. Positions of its tree refer to it, so it is the source meanwhile. */
export function* runText(shell: ShellState, text: string, files: Files, origin: string): Call<number> {
  const parsed = parseScript(text);
  if (parsed.kind !== "ok" && parsed.message !== "") {
    return yield* refuse(shell, files, `${origin === "" ? "" : `${origin}: `}${parsed.message}`, 2);
  }
  if (parsed.kind !== "ok") return 0;
  const outer = shell.source;
  shell.source = text;
  const status = yield* shell.executor.list(shell, parsed.script.commands, files);
  shell.source = outer;
  return parsed.script.commands.length === 0 ? 0 : status;
}

export const evaluate: Builtin = function* (shell, words, files) {
  if (shell.nesting > NESTING_MAX) return yield* refuse(shell, files, "eval: nested too deeply");
  shell.nesting++;
  const status = yield* runText(shell, words.slice(1).join(" "), files, "eval");
  shell.nesting--;
  return status;
};

export const source: Builtin = function* (shell, words, files) {
  const path = words[1];
  if (path === undefined) return yield* refuse(shell, files, `${words[0] ?? ""}: filename argument required`, 2);
  const content = yield* readFile(shell.sys, path);
  if (typeof content === "number") return yield* refuse(shell, files, `${path}: ${strerror(content)}`);
  if (shell.nesting > NESTING_MAX) return yield* refuse(shell, files, `${path}: nested too deeply`);
  const positional = shell.positional;
  if (words.length > 2) shell.positional = words.slice(2);
  shell.nesting++;
  shell.functionDepth++;
  const status = yield* runText(shell, utf8Decode(content), files, path);
  if (shell.jump?.kind === "return") shell.jump = null;
  shell.functionDepth--;
  shell.nesting--;
  shell.positional = positional;
  return status;
};

/** Without a command it makes its redirections last; with one it runs that and then ends the shell. */
export const exec: Builtin = function* (shell, words, files) {
  if (words.length === 1) {
    shell.files = files;
    return 0;
  }
  const status = yield* shell.executor.words(shell, words.slice(1), files);
  if (status !== 127 || !shell.interactive) shell.jump ??= { kind: "exit" };
  return status;
};

export const cd: Builtin = function* (shell, words, files) {
  const from = yield* shell.sys.getcwd();
  const target = words[1] === "-" ? shell.get("OLDPWD") : (words[1] ?? shell.get("HOME") ?? "/");
  if (target === undefined) return yield* refuse(shell, files, "cd: OLDPWD not set");
  if (words.length > 2) return yield* refuse(shell, files, "cd: too many arguments");
  const error = yield* shell.sys.chdir(target);
  if (error < 0) return yield* refuse(shell, files, `cd: ${target}: ${strerror(error)}`);
  shell.set("OLDPWD", from);
  const to = yield* shell.sys.getcwd();
  shell.set("PWD", to);
  return words[1] === "-" ? yield* say(shell, files, `${to}\n`) : 0;
};
