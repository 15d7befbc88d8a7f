/**
 * Shell patterns (POSIX.1-2024, XCU 2.14): `*`, `?`, `[...]` with ranges, classes and negation; a backslash quotes.
 * Matching backtracks only over the last star, so it takes at most length of text times length of pattern.
 */
import { CHARACTER_CLASSES } from "../lib/character-classes.ts";

type Element =
  | { readonly kind: "star" }
  | { readonly kind: "any" }
  | { readonly kind: "character"; readonly value: string }
  | { readonly kind: "set"; readonly negated: boolean; readonly matches: (character: string) => boolean };

/** Whether a pattern has anything but literal characters. */
export const isPattern = (pattern: string): boolean => /^(?:[^\\*?[]|\\[^])*[*?[]/.test(pattern);

export const quotePattern = (text: string): string => text.replace(/[\\*?[\]]/g, "\\$&");
export const unquotePattern = (pattern: string): string => pattern.replace(/\\([^])/g, "$1");

export function matchesPattern(text: string, pattern: string): boolean {
  const elements = compile(pattern);
  let at = 0;
  let element = 0;
  let starElement = -1;
  let starAt = 0;
  while (at < text.length) {
    const here = elements[element];
    if (here?.kind === "star") {
      starElement = element++;
      starAt = at;
    } else if (here !== undefined && matchesOne(here, text.charAt(at))) {
      element++;
      at++;
    } else if (starElement >= 0) {
      element = starElement + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (elements[element]?.kind === "star") element++;
  return element === elements.length;
}

function matchesOne(element: Element, character: string): boolean {
  switch (element.kind) {
    case "star":
      return false;
    case "any":
      return true;
    case "character":
      return element.value === character;
    case "set":
      return element.matches(character) !== element.negated;
  }
}

function compile(pattern: string): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*") elements.push({ kind: "star" });
    else if (character === "?") elements.push({ kind: "any" });
    else if (character === "\\" && at + 1 < pattern.length) {
      elements.push({ kind: "character", value: pattern.charAt(++at) });
    } else if (character === "[") {
      const set = bracket(pattern, at);
      elements.push(set === null ? { kind: "character", value: "[" } : set.element);
      if (set !== null) at = set.end;
    } else elements.push({ kind: "character", value: character });
  }
  return elements;
}

/** The bracket expression at `start`; null when it is never closed, and then `[` stands for itself. */
function bracket(pattern: string, start: number): { readonly element: Element; readonly end: number } | null {
  let at = start + 1;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at++;
  const singles = new Set<string>();
  const ranges: (readonly [string, string])[] = [];
  const classes: RegExp[] = [];
  for (let first = true; ; first = false) {
    if (at >= pattern.length) return null;
    if (pattern[at] === "]" && !first) break;
    const name = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12));
    const known = CHARACTER_CLASSES.get(name?.[1] ?? "");
    if (name !== null && known !== undefined) {
      classes.push(known);
      at += name[0].length;
      continue;
    }
    if (pattern[at] === "\\" && at + 1 < pattern.length) at++;
    const low = pattern.charAt(at++);
    if (pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]") {
      ranges.push([low, pattern.charAt(at + 1)]);
      at += 2;
    } else singles.add(low);
  }
  const matches = (character: string): boolean =>
    singles.has(character) ||
    ranges.some(([low, high]) => character >= low && character <= high) ||
    classes.some((each) => each.test(character));
  return { element: { kind: "set", negated, matches }, end: at };
}
