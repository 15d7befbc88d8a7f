/** Words of a display filter. Every token knows where it stands, so that an error can point at it. */
import { bad, good, type Result } from "../../base/result.ts";

/** What is wrong with a filter, and where: offsets of characters, half open. */
export type FilterProblem = { readonly from: number; readonly to: number; readonly message: string };

export type FilterToken = {
  /** `word` is a name, number or address; `text` was quoted; `sign` is an operator or bracket. */
  readonly kind: "word" | "text" | "sign" | "end";
  /** As the parser compares it: `and` for `&&`, `==` for `eq`, the contents of a quoted text. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
};

const SIGNS = [
  "===",
  "!==",
  "&&",
  "||",
  "^^",
  "==",
  "!=",
  "~=",
  "<=",
  ">=",
  "..",
  "!",
  "<",
  ">",
  "&",
  "(",
  ")",
  "{",
  "}",
  ",",
];
/** Words that are operators, and signs that are words, as wireshark-filter(4) pairs them. */
const SAME: ReadonlyMap<string, string> = new Map([
  ["&&", "and"],
  ["||", "or"],
  ["^^", "xor"],
  ["!", "not"],
  ["eq", "=="],
  ["any_eq", "=="],
  ["all_eq", "==="],
  ["ne", "!="],
  ["all_ne", "!="],
  ["any_ne", "~="],
  ["!==", "~="],
  ["gt", ">"],
  ["lt", "<"],
  ["ge", ">="],
  ["le", "<="],
  ["bitand", "&"],
  ["bitwise_and", "&"],
]);

/** Letters of names, numbers, IPv4 and MAC addresses and prefixes. */
const WORD = /[A-Za-z0-9_.:/-]/;

export function readFilterTokens(text: string): Result<FilterToken[], FilterProblem> {
  const tokens: FilterToken[] = [];
  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    if (/\s/.test(letter)) {
      at++;
      continue;
    }
    const token = letter === '"' ? readText(text, at) : readSignOrWord(text, at);
    if (!token.ok) return token;
    tokens.push(token.value);
    at = token.value.to;
  }
  tokens.push({ kind: "end", value: "", from: text.length, to: text.length });
  return good(tokens);
}

function readText(text: string, from: number): Result<FilterToken, FilterProblem> {
  let value = "";
  for (let at = from + 1; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === '"') return good({ kind: "text", value, from, to: at + 1 });
    if (letter === "\\" && at + 1 < text.length) at++;
    value += text.charAt(at);
  }
  return bad({ from, to: text.length, message: "the closing quotation mark is missing" });
}

function readSignOrWord(text: string, from: number): Result<FilterToken, FilterProblem> {
  const sign = SIGNS.find((candidate) => text.startsWith(candidate, from));
  if (sign !== undefined) {
    return good({ kind: "sign", value: SAME.get(sign) ?? sign, from, to: from + sign.length });
  }
  let to = from;
  // A range such as 1..5 is two words: ".." ends one.
  while (to < text.length && WORD.test(text.charAt(to)) && !text.startsWith("..", to)) to++;
  if (to === from) return bad({ from, to: from + 1, message: `"${text.charAt(from)}" has no meaning here` });
  const word = text.slice(from, to);
  const same = SAME.get(word);
  if (same !== undefined) return good({ kind: "sign", value: same, from, to });
  if (word === "and" || word === "or" || word === "xor" || word === "not" || word === "in" || word === "contains") {
    return good({ kind: "sign", value: word, from, to });
  }
  return good({ kind: "word", value: word, from, to });
}
