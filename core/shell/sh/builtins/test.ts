/** test and `[` (POSIX.1-2024): by number of operands, with !, -a, -o and parentheses as in the XSI grammar. */
import { bad, good, type Result } from "../../../base/result.ts";
import type { Call, Sys } from "../../../kernel/syscall/sys.ts";
import { BINARY, testBinary, testUnary, UNARY } from "../test-expression.ts";
import { refuse, type Builtin } from "./builtin.ts";

export const test: Builtin = function* (shell, words, files) {
  const name = words[0] ?? "test";
  const operands = words.slice(1);
  if (name === "[" && operands.pop() !== "]") return yield* refuse(shell, files, "[: missing `]'", 2);
  const result = yield* testOperands(shell.sys, operands);
  if (!result.ok) return yield* refuse(shell, files, `${name}: ${result.error}`, 2);
  return result.value ? 0 : 1;
};

/** Recursive descent; each level takes a word, so depth is bounded by the words and those by the command line. */
export function* testOperands(sys: Sys, words: readonly string[]): Call<Result<boolean, string>> {
  if (words.length === 0) return good(false);
  if (words.length === 1) return good(words[0] !== "");
  const [first = "", second = "", third = ""] = words;
  if (words.length === 2 && first !== "!") {
    if (!UNARY.has(first)) return bad(`${first}: unary operator expected`);
    return good(yield* testUnary(sys, first, second));
  }
  if (words.length === 3 && BINARY.has(second)) {
    return yield* testBinary(sys, { left: first, operator: second, right: third });
  }
  const cursor: Cursor = { words, at: 0, depth: 0 };
  const result = yield* either(sys, cursor);
  if (!result.ok) return result;
  if (cursor.at < words.length) {
    return bad(words.length === 3 ? `${second}: binary operator expected` : "too many arguments");
  }
  return result;
}

type Cursor = { readonly words: readonly string[]; at: number; depth: number };

const DEPTH_MAX = 100;

function* either(sys: Sys, cursor: Cursor): Call<Result<boolean, string>> {
  let result = yield* both(sys, cursor);
  while (result.ok && cursor.words[cursor.at] === "-o") {
    cursor.at++;
    const right = yield* both(sys, cursor);
    if (!right.ok) return right;
    result = good(result.value || right.value);
  }
  return result;
}

function* both(sys: Sys, cursor: Cursor): Call<Result<boolean, string>> {
  let result = yield* primary(sys, cursor);
  while (result.ok && cursor.words[cursor.at] === "-a") {
    cursor.at++;
    const right = yield* primary(sys, cursor);
    if (!right.ok) return right;
    result = good(result.value && right.value);
  }
  return result;
}

function* primary(sys: Sys, cursor: Cursor): Call<Result<boolean, string>> {
  const { words } = cursor;
  const word = words[cursor.at];
  if (word === undefined) return bad("argument expected");
  if (++cursor.depth > DEPTH_MAX) return bad("expression nested too deeply");
  if (word === "!") {
    cursor.at++;
    const inner = yield* primary(sys, cursor);
    return inner.ok ? good(!inner.value) : inner;
  }
  if (BINARY.has(words[cursor.at + 1] ?? "") && cursor.at + 2 < words.length) {
    const [left = "", operator = "", right = ""] = words.slice(cursor.at, cursor.at + 3);
    cursor.at += 3;
    return yield* testBinary(sys, { left, operator, right });
  }
  if (word === "(") {
    cursor.at++;
    const inner = yield* either(sys, cursor);
    if (inner.ok && words[cursor.at++] !== ")") return bad("`)' expected");
    return inner;
  }
  if (UNARY.has(word) && cursor.at + 1 < words.length) {
    cursor.at += 2;
    return good(yield* testUnary(sys, word, words[cursor.at - 1] ?? ""));
  }
  cursor.at++;
  return good(word !== "");
}
