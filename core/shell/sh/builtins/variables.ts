/** export, unset, set, local, readonly, shift, read. */
import { utf8Decode } from "../../../base/bytes.ts";
import { E } from "../../../kernel/syscall/errno.ts";
import type { Call } from "../../../kernel/syscall/sys.ts";
import { parseSeconds } from "../../lib/numbers.ts";
import { writeText } from "../../lib/output.ts";
import { interrupted } from "../../lib/signals.ts";
import { LINE_BYTES_MAX } from "../../limits.ts";
import { byCodeUnit } from "../glob.ts";
import { descriptor, isName, type Files, type ShellState } from "../state.ts";
import { refuse, say, type Builtin } from "./builtin.ts";

/** `value` in single quotes where it needs any. */
const quoted = (value: string): string =>
  /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replace(/'/g, "'\\''")}'`;

function* listVariables(shell: ShellState, files: Files, prefix: string, exportedOnly: boolean): Call<number> {
  const names = [...shell.variables.keys()].sort(byCodeUnit);
  const lines = names
    .filter((name) => !exportedOnly || shell.variables.get(name)?.exported === true)
    .map((name) => `${prefix}${name}=${exportedOnly ? `"${shell.get(name) ?? ""}"` : quoted(shell.get(name) ?? "")}\n`);
  return yield* say(shell, files, lines.join(""));
}

/** Applies `NAME[=value]` operands. */
function* declare(
  shell: ShellState,
  words: readonly string[],
  files: Files,
  mark: (name: string) => void,
): Call<number> {
  let status = 0;
  for (const word of words.slice(1)) {
    if (word.startsWith("-")) continue;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals).replace(/\+$/, "");
    if (!isName(name)) {
      status = yield* refuse(shell, files, `${words[0] ?? ""}: \`${word}': not a valid identifier`);
      continue;
    }
    if (words[0] === "local") mark(name);
    const before = word[equals - 1] === "+" ? (shell.get(name) ?? "") : "";
    if (equals >= 0 && !shell.set(name, before + word.slice(equals + 1))) {
      status = yield* refuse(shell, files, `${name}: readonly variable`);
    } else if (words[0] !== "local") mark(name);
  }
  return status;
}

export const exportVariables: Builtin = function* (shell, words, files) {
  if (words.length === 1 || words[1] === "-p") return yield* listVariables(shell, files, "export ", true);
  const on = words[1] !== "-n";
  return yield* declare(shell, words, files, (name) => {
    const variable = shell.variables.get(name);
    if (variable !== undefined) variable.exported = on;
    else if (on) shell.variables.set(name, { value: "", exported: true, readonly: false });
  });
};

export const readonlyVariables: Builtin = (shell, words, files) =>
  declare(shell, words, files, (name) => {
    const value = shell.variables.get(name) ?? { value: "", exported: false };
    shell.variables.set(name, { ...value, readonly: true });
  });

export const local: Builtin = function* (shell, words, files) {
  const hidden = shell.hidden.at(-1);
  if (hidden === undefined) return yield* refuse(shell, files, "local: can only be used in a function");
  return yield* declare(shell, words, files, (name) => {
    if (hidden.has(name)) return;
    const variable = shell.variables.get(name);
    hidden.set(name, variable === undefined ? undefined : { ...variable });
    shell.variables.delete(name);
  });
};

export const unset: Builtin = function* (shell, words, files) {
  let status = 0;
  let functions = false;
  for (const word of words.slice(1)) {
    if (word === "-f" || word === "-v") functions = word === "-f";
    else if (functions) shell.functions.delete(word);
    else if (!isName(word)) status = yield* refuse(shell, files, `unset: \`${word}': not a valid identifier`);
    else if (shell.variables.get(word)?.readonly === true) {
      status = yield* refuse(shell, files, `unset: ${word}: cannot unset: readonly variable`);
    } else if (!shell.variables.delete(word)) shell.functions.delete(word);
  }
  return status;
};

export const set: Builtin = function* (shell, words, files) {
  if (words.length === 1) return yield* listVariables(shell, files, "", false);
  for (const [index, word] of words.entries()) {
    if (index === 0) continue;
    if (word === "--" || !/^[-+]./.test(word)) {
      shell.positional = words.slice(word === "--" ? index + 1 : index);
      return 0;
    }
    for (const letter of word.slice(1)) {
      if (letter === "e") shell.exitOnError = word.startsWith("-");
      else if (letter === "x") shell.trace = word.startsWith("-");
      else return yield* refuse(shell, files, `set: ${word}: invalid option`, 2);
    }
  }
  return 0;
};

export const shift: Builtin = function* (shell, words, files) {
  const count = Number(words[1] ?? "1");
  if (!Number.isInteger(count) || count < 0) {
    return yield* refuse(shell, files, `shift: ${words[1] ?? ""}: numeric argument required`);
  }
  if (count > shell.positional.length) return 1;
  shell.positional = shell.positional.slice(count);
  return 0;
};

/**
 * `read [-r] [-p prompt] [-t seconds] name...`. One byte at a time, so that what follows the line is left for others.
 */
export const read: Builtin = function* (shell, words, files) {
  let raw = false;
  let at = 1;
  let timeout = -1;
  for (; words[at]?.startsWith("-") === true; at++) {
    if (words[at] === "-r") raw = true;
    else if (words[at] === "-p") yield* writeText(shell.sys, descriptor(files, 2), words[++at] ?? "");
    else if (words[at] === "-t") timeout = parseSeconds(words[++at]) ?? -1;
    else return yield* refuse(shell, files, `read: ${words[at] ?? ""}: invalid option`, 2);
  }
  const names = at < words.length ? words.slice(at) : ["REPLY"];
  const wrong = names.find((name) => !isName(name));
  if (wrong !== undefined) return yield* refuse(shell, files, `read: \`${wrong}': not a valid identifier`);
  const line = yield* readLine(shell, descriptor(files, 0), { raw, timeout });
  assignFields(shell, names, line.text);
  return line.status;
};

type Line = { readonly text: string; readonly status: number };

function* readLine(shell: ShellState, fd: number, how: { raw: boolean; timeout: number }): Call<Line> {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  const text = (): string => utf8Decode(Uint8Array.from(bytes));
  const deadline = shell.sys.now() + how.timeout;
  while (bytes.length < LINE_BYTES_MAX) {
    if (how.timeout >= 0) {
      const ready = yield* shell.sys.poll([{ fd, events: 1, revents: 0 }], Math.max(0, deadline - shell.sys.now()));
      if (ready === 0) return { text: text(), status: 142 };
    }
    const count = yield* shell.sys.read(fd, one);
    if (count === -E.EINTR && (yield* interrupted(shell.sys))) {
      shell.jump = { kind: "interrupt" };
      return { text: "", status: 130 };
    }
    if (count === -E.EINTR) continue;
    if (count <= 0) return { text: text(), status: 1 };
    const byte = one[0] ?? 0;
    if (byte === 10) {
      if (how.raw || bytes.at(-1) !== 92) break;
      bytes.pop();
    } else bytes.push(byte);
  }
  return { text: how.raw ? text() : text().replace(/\\([^])/g, "$1"), status: 0 };
}

function assignFields(shell: ShellState, names: readonly string[], line: string): void {
  const separators = shell.get("IFS") ?? " \t\n";
  const isSeparator = (character: string): boolean => separators.includes(character);
  const white = (character: string): boolean => isSeparator(character) && " \t\n".includes(character);
  let rest = line;
  const trimStart = (): void => {
    while (rest !== "" && white(rest.charAt(0))) rest = rest.slice(1);
  };
  names.forEach((name, index) => {
    trimStart();
    if (index === names.length - 1) {
      let end = rest.length;
      while (end > 0 && white(rest.charAt(end - 1))) end--;
      shell.set(name, rest.slice(0, end));
      return;
    }
    let end = 0;
    while (end < rest.length && !isSeparator(rest.charAt(end))) end++;
    shell.set(name, rest.slice(0, end));
    rest = rest.slice(end);
    trimStart();
    if (rest !== "" && isSeparator(rest.charAt(0))) rest = rest.slice(1);
  });
}
