/**
 * Word expansion in the order of POSIX.1-2024, XCU 2.6: braces and tilde, parameters, commands and arithmetic, field
 * splitting, path names, quote removal. A field is a row of fragments that remember whether they were quoted, so that
 * only unquoted text is split or matched. Left out: arrays, process substitution, `${!x}`, `${x@Q}`.
 */
import type { ArithmeticExpression, ParsedScript, Word, WordPart } from "unbash";
import { utf8Decode } from "../../base/bytes.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { readAll } from "../lib/input.ts";
import { EXPANSION_WORDS_MAX, NESTING_MAX } from "../limits.ts";
import { evaluate } from "./arithmetic.ts";
import { hasBraces, expandBraces } from "./braces.ts";
import { globPaths } from "./glob.ts";
import { expandParameter, specialValue } from "./parameter.ts";
import { isPattern, quotePattern, unquotePattern } from "./pattern.ts";
import { STANDARD_FILES, type ShellState } from "./state.ts";
import { spawnSubshell, waitChild } from "./subshell.ts";

type Fragment = { readonly text: string; readonly quoted: boolean };

class Fields {
  readonly done: Fragment[][] = [];
  current: Fragment[] | null = null;

  add(text: string, quoted: boolean): void {
    (this.current ??= []).push({ text, quoted });
  }

  end(): void {
    if (this.current !== null) this.done.push(this.current);
    this.current = null;
  }

  /** Appends the value of an unquoted expansion, split at the separators. White space at the edges makes no field. */
  split(text: string, separators: string): void {
    if (separators === "") return void (text !== "" && this.add(text, false));
    const white = [...separators].filter((each) => " \t\n".includes(each)).join("");
    let field = "";
    let open = false;
    for (const character of text) {
      if (!separators.includes(character)) {
        field += character;
        open = true;
        continue;
      }
      if (open) this.add(field, false);
      else if (!white.includes(character)) this.add("", false);
      this.end();
      [field, open] = ["", false];
    }
    if (open) this.add(field, false);
  }
}

/** All fields of the words, ready as arguments. Check `shell.expansionError` afterwards. */
export function* expandWords(shell: ShellState, words: readonly Word[]): Call<string[]> {
  const result: string[] = [];
  for (const word of words) {
    for (const alternative of hasBraces(word) ? expandBraces(word.text) : [word]) {
      const fields = new Fields();
      yield* expandInto(shell, alternative, fields);
      fields.end();
      for (const field of fields.done) result.push(...(yield* pathNames(shell, field)));
    }
    if (result.length > EXPANSION_WORDS_MAX) shell.expansionError ??= "argument list too long";
    if (shell.expansionError !== null) return [];
  }
  return result;
}

/** One string, without splitting and path names: for assignments, redirections and `case`. */
export function* expandWord(shell: ShellState, word: Word): Call<string> {
  return yield* joined(shell, word, (fragment) => fragment.text);
}

/** As a pattern: what was quoted in it stands for itself. */
export function* expandPattern(shell: ShellState, word: Word): Call<string> {
  return yield* joined(shell, word, (fragment) => (fragment.quoted ? quotePattern(fragment.text) : fragment.text));
}

function* joined(shell: ShellState, word: Word, text: (fragment: Fragment) => string): Call<string> {
  const fields = new Fields();
  yield* expandInto(shell, word, fields, "");
  fields.end();
  return fields.done.map((field) => field.map(text).join("")).join(" ");
}

/** The body of a here-document. */
export function* expandBody(shell: ShellState, parts: readonly WordPart[]): Call<string> {
  const fields = new Fields();
  for (const part of parts) yield* expandPart(shell, part, { fields, quoted: true, separators: "" });
  fields.end();
  return fields.done.map((field) => field.map((fragment) => fragment.text).join("")).join(" ");
}

function* pathNames(shell: ShellState, field: readonly Fragment[]): Call<string[]> {
  const plain = field.map((fragment) => fragment.text).join("");
  if (!field.some((fragment) => !fragment.quoted && /[*?[]/.test(fragment.text))) return [plain];
  const pattern = field.map((each) => (each.quoted ? quotePattern(each.text) : each.text)).join("");
  if (!isPattern(pattern)) return [unquotePattern(pattern)];
  const paths = yield* globPaths(shell.sys, pattern);
  return paths.length === 0 ? [plain] : paths;
}

function* expandInto(shell: ShellState, word: Word, fields: Fields, separators?: string): Call<void> {
  const split = separators ?? shell.get("IFS") ?? " \t\n";
  if (++shell.nesting > NESTING_MAX) shell.expansionError ??= "expansion nested too deeply";
  else if (word.parts === undefined) addLiteral(shell, fields, word.text, true);
  else {
    for (const [index, part] of word.parts.entries()) {
      if (part.type === "Literal") addLiteral(shell, fields, part.text, index === 0);
      else yield* expandPart(shell, part, { fields, quoted: false, separators: split });
    }
  }
  shell.nesting--;
}

/** Unquoted source text: a leading tilde, and backslashes that quote one character. */
function addLiteral(shell: ShellState, fields: Fields, text: string, first: boolean): void {
  let rest = text;
  if (first && /^~(\/|$)/.test(rest)) {
    fields.add(shell.get("HOME") ?? "/root", true);
    rest = rest.slice(1);
  }
  for (const piece of rest.match(/\\[^]|[^\\]+|\\$/g) ?? []) {
    if (piece === "\\\n") continue;
    if (piece.startsWith("\\") && piece.length > 1) fields.add(piece.slice(1), true);
    else fields.add(piece, false);
  }
}

type Context = { readonly fields: Fields; readonly quoted: boolean; readonly separators: string };

function* expandPart(shell: ShellState, part: WordPart, context: Context): Call<void> {
  const { fields, quoted } = context;
  switch (part.type) {
    case "Literal":
      return fields.add(quoted ? part.value : part.text, quoted);
    case "Glob":
    case "ExtendedGlob":
      return fields.add(part.text, quoted);
    case "SingleQuoted":
    case "AnsiCQuoted":
      return fields.add(part.value, true);
    case "DoubleQuoted":
    case "LocaleString":
      if (part.parts.length === 0 || !isOnlyAt(part.parts)) fields.add("", true);
      for (const child of part.parts) yield* expandPart(shell, child, { ...context, quoted: true });
      return;
    case "SimpleExpansion":
      return addParameter(shell, part.text.slice(1), context);
    case "ParameterExpansion": {
      const name = part.parameter;
      if ((name === "@" || name === "*") && part.operation === undefined && part.prefix === undefined) {
        return addParameter(shell, name, context);
      }
      return addValue(yield* expandParameter(shell, part, expandWord, expandPattern), context);
    }
    case "CommandExpansion":
      return addValue(yield* substitute(shell, part.script), context);
    case "ArithmeticExpansion":
      return addValue(yield* arithmetic(shell, part.expression, part.text), context);
    case "BraceExpansion":
      return fields.add(part.text, quoted);
    case "ProcessSubstitution":
      shell.expansionError ??= "process substitution is not supported";
      return;
  }
}

const isOnlyAt = (parts: readonly WordPart[]): boolean =>
  parts.length === 1 && (parts[0]?.text === "$@" || parts[0]?.text === "${@}");

function addValue(value: string, context: Context): void {
  if (context.quoted) context.fields.add(value, true);
  else context.fields.split(value, context.separators);
}

/** `$@` and `$*` make several fields, everything else one value. */
function addParameter(shell: ShellState, name: string, context: Context): void {
  const several = name === "@" || (name === "*" && !context.quoted);
  if (!several) return addValue(specialValue(shell, name) ?? shell.get(name) ?? "", context);
  shell.positional.forEach((value, index) => {
    if (index > 0) context.fields.end();
    addValue(value, context);
  });
}

/** @returns decimal digits; sets `expansionError` when it cannot be computed. */
export function* arithmetic(
  shell: ShellState,
  expression: ArithmeticExpression | undefined,
  text: string,
): Call<string> {
  if (expression === undefined) return "0";
  const source = text.replace(/^\$?\(\(|\)\)$/g, "");
  const result = evaluate(yield* withValues(shell, expression), {
    get: (name) => shell.get(name) ?? "",
    set: (name, value) => void shell.set(name, value),
  });
  if (result.ok) return String(result.value);
  shell.expansionError ??= `${source.trim()}: ${result.error}`;
  return "0";
}

/**
 * With values for `$x`, `${x}` and `$(x)`: these come before any operator, also where nothing is evaluated then. In
 * bash they are text that is parsed afterwards; here a value is one operand, so `$((2 * $x))` with `x=1+2` is 6 and
 * not 4.
 */
function* withValues(shell: ShellState, expression: ArithmeticExpression, depth = 0): Call<ArithmeticExpression> {
  // Too deep to be evaluated as well, which then says so.
  if (depth > NESTING_MAX) return expression;
  const inner = (each: ArithmeticExpression): Call<ArithmeticExpression> => withValues(shell, each, depth + 1);
  switch (expression.type) {
    case "ArithmeticWord": {
      const { pos, end, parts, value } = expression;
      if (parts !== undefined) return { type: "ArithmeticWord", pos, end, value: yield* expandBody(shell, parts) };
      if (!value.startsWith("$")) return expression;
      const name = value.slice(1);
      return { ...expression, value: specialValue(shell, name) ?? shell.get(name) ?? "" };
    }
    case "ArithmeticCommandExpansion": {
      const { pos, end, script } = expression;
      return { type: "ArithmeticWord", pos, end, value: yield* substitute(shell, script) };
    }
    case "ArithmeticGroup":
      return { ...expression, expression: yield* inner(expression.expression) };
    case "ArithmeticUnary":
      return { ...expression, operand: yield* inner(expression.operand) };
    case "ArithmeticBinary": {
      const left = yield* inner(expression.left);
      return { ...expression, left, right: yield* inner(expression.right) };
    }
    case "ArithmeticTernary": {
      const test = yield* inner(expression.test);
      const consequent = yield* inner(expression.consequent);
      return { ...expression, test, consequent, alternate: yield* inner(expression.alternate) };
    }
  }
}

/** Standard output of a script run in a child, without its final newlines. */
function* substitute(shell: ShellState, script: ParsedScript | undefined): Call<string> {
  if (script === undefined || script.commands.length === 0) return "";
  const ends: [number, number] = [0, 0];
  const error = yield* shell.sys.pipe(ends);
  if (error < 0) {
    shell.expansionError ??= "cannot make pipe for command substitution";
    return "";
  }
  const files = new Map(shell.files).set(1, ends[1]);
  const pid = yield* spawnSubshell(shell, { files }, (child) =>
    child.executor.list(child, script.commands, STANDARD_FILES),
  );
  yield* shell.sys.close(ends[1]);
  const output = pid < 0 ? pid : yield* readAll(shell.sys, ends[0]);
  yield* shell.sys.close(ends[0]);
  if (pid > 0) shell.substitutionStatus = yield* waitChild(shell, pid);
  if (typeof output === "number") {
    shell.expansionError ??= "command substitution: too much output, or no process for it";
    return "";
  }
  return utf8Decode(output).replace(/\0/g, "").replace(/\n+$/, "");
}
