/** Parameter expansion (POSIX.1-2024, XCU 2.6.2), and bash's slices, replacement and case changes. */
import type { ParameterExpansionPart, ParameterOperation, Word } from "unbash";
import { SECOND } from "../../base/time.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { matchesPattern } from "./pattern.ts";
import type { ShellState } from "./state.ts";

/** How an operand's word becomes text; given by the caller, as words contain parameters and parameters words. */
export type ExpandOperand = (shell: ShellState, word: Word) => Call<string>;

/** `$?`, `$1` and the like; undefined when it is an ordinary name or not set. */
export function specialValue(shell: ShellState, name: string): string | undefined {
  switch (name) {
    case "?":
      return String(shell.status);
    case "$":
      return String(shell.shellPid);
    case "!":
      return shell.background === 0 ? "" : String(shell.background);
    case "#":
      return String(shell.positional.length);
    case "@":
    case "*":
      return shell.positional.join(" ");
    case "-":
      return `${shell.exitOnError ? "e" : ""}${shell.interactive ? "i" : ""}${shell.trace ? "x" : ""}`;
    case "0":
      return shell.name;
    case "SECONDS":
      return String(Math.floor(shell.sys.now() / SECOND));
    default:
      return /^[1-9]\d*$/.test(name) ? shell.positional[Number(name) - 1] : undefined;
  }
}

export function* expandParameter(
  shell: ShellState,
  part: ParameterExpansionPart,
  text: ExpandOperand,
  pattern: ExpandOperand,
): Call<string> {
  const value = specialValue(shell, part.parameter) ?? shell.get(part.parameter);
  if (part.index !== undefined || part.prefix === "!") return badSubstitution(shell, part.text);
  if (part.prefix === "#") return String([...(value ?? "")].length);
  const { operation } = part;
  if (operation === undefined) return value ?? "";
  switch (operation.type) {
    case "Default":
      return yield* defaultValue(shell, { name: part.parameter, value, operation }, text);
    case "Remove":
      return removeAffix(value ?? "", yield* pattern(shell, operation.operand), operation.operator);
    case "Replace": {
      const replacement = yield* text(shell, operation.replacement);
      return replace(value ?? "", yield* pattern(shell, operation.pattern), replacement, operation.operator);
    }
    case "Slice": {
      const offset = Number((yield* text(shell, operation.offset)).trim() || "0");
      const length = operation.length === undefined ? undefined : Number(yield* text(shell, operation.length));
      return slice(value ?? "", offset, length);
    }
    case "CaseModification":
      return changeCase(value ?? "", operation.operator);
    case "Transform":
    case "Names":
    case "Unknown":
      return badSubstitution(shell, part.text);
  }
}

function badSubstitution(shell: ShellState, text: string): string {
  shell.expansionError ??= `${text}: bad substitution`;
  return "";
}

type DefaultOperation = Extract<ParameterOperation, { type: "Default" }>;
type Named = {
  readonly name: string;
  readonly value: string | undefined;
  readonly operation: DefaultOperation;
};

function* defaultValue(shell: ShellState, { name, value, operation }: Named, text: ExpandOperand): Call<string> {
  const colon = operation.operator.startsWith(":");
  const missing = value === undefined || (colon && value === "");
  switch (operation.operator.replace(":", "")) {
    case "+":
      return missing ? "" : yield* text(shell, operation.operand);
    case "=": {
      if (!missing) return value;
      const assigned = yield* text(shell, operation.operand);
      shell.set(name, assigned);
      return assigned;
    }
    case "?": {
      if (!missing) return value;
      const message = yield* text(shell, operation.operand);
      shell.expansionError ??= `${name}: ${message === "" ? "parameter null or not set" : message}`;
      return "";
    }
    default:
      return missing ? yield* text(shell, operation.operand) : value;
  }
}

function removeAffix(value: string, pattern: string, operator: "#" | "##" | "%" | "%%"): string {
  const prefix = operator.startsWith("#");
  const longest = operator.length === 2;
  for (let i = 0; i <= value.length; i++) {
    const size = longest ? value.length - i : i;
    const affix = prefix ? value.slice(0, size) : value.slice(value.length - size);
    if (matchesPattern(affix, pattern)) return prefix ? value.slice(size) : value.slice(0, value.length - size);
  }
  return value;
}

function replace(value: string, pattern: string, replacement: string, operator: "/" | "//" | "/#" | "/%"): string {
  if (pattern === "") return value;
  let result = "";
  let at = 0;
  while (at < value.length) {
    const size = longestMatch(value, at, pattern, operator === "/%");
    if (size > 0) {
      result += replacement;
      at += size;
      if (operator !== "//") break;
    } else {
      if (operator === "/#") break;
      result += value.charAt(at++);
    }
  }
  return result + value.slice(at);
}

function longestMatch(value: string, at: number, pattern: string, toEnd: boolean): number {
  const least = toEnd ? value.length - at : 1;
  for (let size = value.length - at; size >= least; size--) {
    if (matchesPattern(value.slice(at, at + size), pattern)) return size;
  }
  return 0;
}

function slice(value: string, offset: number, length: number | undefined): string {
  const start = offset < 0 ? Math.max(0, value.length + offset) : offset;
  if (length === undefined) return value.slice(start);
  return length < 0 ? value.slice(start, value.length + length) : value.slice(start, start + length);
}

function changeCase(value: string, operator: "^" | "^^" | "," | ",,"): string {
  const upper = operator.startsWith("^");
  const part = operator.length === 2 ? value : value.slice(0, 1);
  return (upper ? part.toUpperCase() : part.toLowerCase()) + value.slice(part.length);
}
