/**
 * Words of a packetdrill script: google/packetdrill's language as its own scanner splits it, so that text such as
 * `0...0.200`, `1:1001(1000)` or `S.5` falls apart in the same places. `#ifdef NAME` to `#endif` keep or skip what is
 * between them by the definitions given.
 * Left out: IPv6 addresses, which only scripts for IPv6 have.
 */
import { SyntaxProblem, type Place } from "./problem.ts";

export type TokenKind =
  | "option"
  | "integer"
  | "hex"
  | "float"
  | "word"
  | "address"
  | "string"
  | "shell"
  | "code"
  | "ellipsis"
  | "mark"
  | "end";

export interface Token extends Place {
  readonly kind: TokenKind;
  /** As written; without the quotes of a string, shell command or code. */
  readonly text: string;
}

/** What a name stands for (`-D NAME=VALUE`): a word, "a string" or `a shell command`, quotes included. */
export type Definitions = ReadonlyMap<string, string>;

interface Rule {
  readonly kind: TokenKind | "blank" | "directive";
  readonly pattern: RegExp;
}

/** Tried in this order at each place; where two fit, the longer one stands first. */
const RULES: readonly Rule[] = [
  { kind: "blank", pattern: /[ \t\r\n\f]+|\/\/[^\n]*|\/\*[^]*?\*\//y },
  { kind: "directive", pattern: /#[ \t]*(?:ifdef|ifndef|else|endif)\b[^\n]*/y },
  { kind: "code", pattern: /%\{[^]*?\}%/y },
  { kind: "shell", pattern: /`(?:\\[^]|[^`\\])*`/y },
  { kind: "string", pattern: /"(?:\\[^]|[^"\\])*"/y },
  { kind: "option", pattern: /--[A-Za-z0-9_]+(?:=(?:"[^"\n]*"|`[^`]*`|[^\s"`])*)?/y },
  { kind: "ellipsis", pattern: /\.\.\./y },
  { kind: "address", pattern: /\d+\.\d+\.\d+\.\d+/y },
  { kind: "float", pattern: /-?\d*\.\d+/y },
  { kind: "hex", pattern: /0x[0-9a-fA-F]+\b/y },
  { kind: "integer", pattern: /-?\d+(?![A-Za-z0-9_])/y },
  { kind: "word", pattern: /[A-Za-z0-9_]+/y },
  { kind: "mark", pattern: /[^\s]/y },
];

/** All tokens, the last of kind "end". @throws SyntaxProblem for a quote or comment that does not end. */
export function tokenize(text: string, definitions: Definitions): Token[] {
  const tokens: Token[] = [];
  const places = new PlaceCounter(text);
  const conditions: boolean[] = [];
  let at = 0;
  while (at < text.length) {
    const place = places.at(at);
    const { kind, length } = matchAt(text, at, place);
    const raw = text.slice(at, at + length);
    at += length;
    if (kind === "directive") followDirective(raw, conditions, definitions, place);
    else if (kind !== "blank" && conditions.every((holds) => holds)) {
      tokens.push(tokenOf(kind, raw, place, definitions));
    }
  }
  if (conditions.length > 0) throw new SyntaxProblem(places.at(at), "#endif expected before the end of the file");
  tokens.push({ kind: "end", text: "", ...places.at(at) });
  return tokens;
}

function matchAt(text: string, at: number, place: Place): { kind: Rule["kind"]; length: number } {
  const open = OPENERS.find((opener) => text.startsWith(opener.start, at));
  for (const { kind, pattern } of RULES) {
    // An opener whose end is missing must not fall through to a single mark.
    if (kind === "mark" && open !== undefined) throw new SyntaxProblem(place, `${open.name} does not end`);
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { kind, length: match[0].length };
  }
  throw new SyntaxProblem(place, "unexpected character");
}

const OPENERS = [
  { start: "/*", name: "a comment" },
  { start: "%{", name: "a piece of code" },
  { start: "`", name: "a shell command" },
  { start: '"', name: "a string" },
] as const;

function tokenOf(kind: TokenKind, raw: string, place: Place, definitions: Definitions): Token {
  if (kind === "word") {
    const value = definitions.get(raw);
    return value === undefined ? { kind, text: raw, ...place } : definedToken(value, place);
  }
  if (kind === "string" || kind === "shell") return { kind, text: raw.slice(1, -1), ...place };
  if (kind === "code") return { kind, text: raw.slice(2, -2), ...place };
  return { kind, text: raw, ...place };
}

function definedToken(value: string, place: Place): Token {
  if (value.startsWith('"')) return { kind: "string", text: value.slice(1, -1), ...place };
  if (value.startsWith("`")) return { kind: "shell", text: value.slice(1, -1), ...place };
  if (/^0x[0-9a-fA-F]+$/.test(value)) return { kind: "hex", text: value, ...place };
  return { kind: /^-?\d+$/.test(value) ? "integer" : "word", text: value, ...place };
}

function followDirective(raw: string, conditions: boolean[], definitions: Definitions, place: Place): void {
  const [, name = "", symbol = ""] = /^#[ \t]*(\w+)[ \t]*(\w*)/.exec(raw) ?? [];
  if (name === "ifdef" || name === "ifndef") {
    if (symbol === "") throw new SyntaxProblem(place, `a name expected behind #${name}`);
    conditions.push(definitions.has(symbol) === (name === "ifdef"));
    return;
  }
  const holds = conditions.pop();
  if (holds === undefined) throw new SyntaxProblem(place, `#${name} without #ifdef`);
  if (name === "else") conditions.push(!holds);
}

/** Lines and columns of ascending offsets. */
class PlaceCounter {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): Place {
    for (let end = this.#text.indexOf("\n", this.#at); end >= 0 && end < offset;) {
      this.#line++;
      this.#lineStart = end + 1;
      this.#at = end + 1;
      end = this.#text.indexOf("\n", this.#at);
    }
    return { line: this.#line, column: offset - this.#lineStart + 1 };
  }
}
