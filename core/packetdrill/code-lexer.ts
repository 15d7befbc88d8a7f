/** Words of the code in scripts, as Python splits them: lines end statements, save inside brackets. */

/** What the code says that this subset of Python does not know; `line` from 0. */
export class CodeProblem extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

export interface CodeToken {
  readonly kind: "number" | "string" | "name" | "mark" | "newline" | "end";
  readonly text: string;
  readonly line: number;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
}

/** Tried in this order at each place; what is blank counts for nothing. */
const RULES: readonly { readonly kind: CodeToken["kind"] | "blank"; readonly pattern: RegExp }[] = [
  { kind: "blank", pattern: /[ \t\r\f]+|\\\r?\n|#[^\n]*/y },
  { kind: "newline", pattern: /\n/y },
  { kind: "number", pattern: /0[xX][0-9a-fA-F]+|\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+|\d+(?:[eE][-+]?\d+)?/y },
  { kind: "string", pattern: /"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'/y },
  { kind: "name", pattern: /[A-Za-z_]\w*/y },
  { kind: "mark", pattern: /\*\*=?|\/\/=?|<<=?|>>=?|[-+*/%&|^=!<>]=|[-+*/%&|^=<>(),;:~[\]]/y },
];

/** Kind and text of what begins at `at`; null where no word of Python begins. */
function matchAt(text: string, at: number): { kind: CodeToken["kind"] | "blank"; raw: string } | null {
  for (const { kind, pattern } of RULES) {
    pattern.lastIndex = at;
    const [raw] = pattern.exec(text) ?? [];
    if (raw !== undefined) return { kind, raw };
  }
  return null;
}

/** @throws CodeProblem */
export function tokenizeCode(text: string): CodeToken[] {
  const tokens: CodeToken[] = [];
  let line = 0;
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const match = matchAt(text, at);
    if (match === null) throw new CodeProblem(line, `'${text.charAt(at)}' is not part of the code understood here`);
    const { kind, raw } = match;
    if (raw === "(" || raw === "[") depth++;
    if (raw === ")" || raw === "]") depth--;
    // Inside brackets a line may end anywhere.
    if (kind !== "blank" && !(kind === "newline" && depth > 0)) {
      tokens.push({ kind, text: raw, line, start: at, end: at + raw.length });
    }
    line += raw.split("\n").length - 1;
    at += raw.length;
  }
  tokens.push({ kind: "end", text: "", line, start: text.length, end: text.length });
  return tokens;
}
