/** Brace expansion, which bash does before all others: `{a,b}`, `{1..9..2}`, `{a..e}`. Bounded in number. */
import { parse, type Word } from "unbash";
import { EXPANSION_WORDS_MAX } from "../limits.ts";

export const hasBraces = (word: Word): boolean => word.parts?.some((part) => part.type === "BraceExpansion") === true;

/** The words that the source text of one word stands for. */
export function expandBraces(text: string): readonly Word[] {
  const words: Word[] = [];
  const pending = [text];
  while (pending.length > 0 && words.length + pending.length <= EXPANSION_WORDS_MAX) {
    const word = parseWord(pending.pop() ?? "");
    const brace = word?.parts?.find((part) => part.type === "BraceExpansion");
    if (word === null || word === undefined) continue;
    const offset = brace === undefined ? 0 : brace.pos - word.pos;
    const alternatives = brace === undefined ? null : alternativesOf(brace.text);
    if (brace === undefined || alternatives === null) {
      words.push(word);
      continue;
    }
    const before = word.text.slice(0, offset);
    const after = word.text.slice(offset + brace.text.length);
    for (const each of alternatives.reverse()) pending.push(before + each + after);
  }
  return words;
}

/** A word on its own, as an argument so that it is not taken for a keyword or an assignment. */
function parseWord(text: string): Word | null {
  const command = parse(`: ${text}`).commands[0]?.command;
  if (command?.type !== "Command") return null;
  const word = command.suffix[0];
  return word?.type === "Word" ? word : null;
}

function alternativesOf(text: string): string[] | null {
  const inner = text.slice(1, -1);
  const range = /^(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?$/.exec(inner);
  if (range !== null) return sequence(range[1] ?? "", range[2] ?? "", Number(range[3] ?? "1"));
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const piece of inner.match(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^]/g) ?? []) {
    if (piece === "{") depth++;
    if (piece === "}") depth--;
    if (piece === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += piece;
  }
  return parts.length === 0 ? null : [...parts, part];
}

function sequence(first: string, last: string, step: number): string[] | null {
  const letters = /[A-Za-z]/.test(first);
  if (letters !== /[A-Za-z]/.test(last)) return null;
  const from = letters ? first.charCodeAt(0) : Number(first);
  const to = letters ? last.charCodeAt(0) : Number(last);
  const by = Math.max(1, Math.abs(step));
  const count = Math.min(Math.floor(Math.abs(to - from) / by) + 1, EXPANSION_WORDS_MAX);
  const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  return Array.from({ length: count }, (_, i) => {
    const value = from + (to >= from ? i * by : -i * by);
    if (letters) return String.fromCharCode(value);
    return (value < 0 ? "-" : "") + String(Math.abs(value)).padStart(value < 0 ? width - 1 : width, "0");
  });
}
