/**
 * The pieces of code in scripts, `%{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%`: the part of Python that looks at
 * numbers. Statements: assert, assignment, pass, and expressions alone. Expressions: everything with Python's
 * operators, chained comparisons, conditional expressions, tuples, lists, strings with %, and calls of builtins.
 * Left out: compound statements, attributes, subscripts and imports.
 */
import { CodeProblem, tokenizeCode, type CodeToken } from "./code-lexer.ts";
import { NESTING_MAX } from "./limits.ts";

export type CodeExpression =
  | { readonly kind: "value"; readonly value: number | string | boolean | null }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "sequence"; readonly items: readonly CodeExpression[] }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: CodeExpression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: CodeExpression;
      readonly right: CodeExpression;
    }
  /** Stops at the first operand that decides. */
  | {
      readonly kind: "logical";
      readonly operator: "and" | "or";
      readonly left: CodeExpression;
      readonly right: CodeExpression;
    }
  | { readonly kind: "compare"; readonly first: CodeExpression; readonly rest: readonly Comparison[] }
  | {
      readonly kind: "choice";
      readonly test: CodeExpression;
      readonly yes: CodeExpression;
      readonly no: CodeExpression;
    }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly CodeExpression[] };

export interface Comparison {
  readonly operator: string;
  readonly operand: CodeExpression;
}

/** `line` counts from 0 at the beginning of the piece; `text` is the statement's source. */
export type CodeStatement = { readonly line: number; readonly text: string } & (
  | { readonly kind: "assert"; readonly test: CodeExpression; readonly message: CodeExpression | null }
  | { readonly kind: "assign"; readonly name: string; readonly operator: string; readonly value: CodeExpression }
  | { readonly kind: "expression"; readonly value: CodeExpression }
  | { readonly kind: "pass" }
);

/** @throws CodeProblem */
export function parseCode(text: string): CodeStatement[] {
  return new CodeParser(text).statements();
}

const COMPARISONS = ["==", "!=", "<=", ">=", "<", ">"];
/** Binary operators from loosest to tightest; those of one level bind from left to right. */
const LEVELS: readonly (readonly string[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "//", "/", "%"]];
const COMPOUND = [
  "if",
  "for",
  "while",
  "def",
  "class",
  "import",
  "from",
  "try",
  "with",
  "return",
  "lambda",
  "del",
  "raise",
];

class CodeParser {
  readonly #text: string;
  readonly #tokens: readonly CodeToken[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenizeCode(text);
  }

  statements(): CodeStatement[] {
    const statements: CodeStatement[] = [];
    for (;;) {
      while (this.#next.kind === "newline" || this.#is(";")) this.#at++;
      if (this.#next.kind === "end") return statements;
      statements.push(this.#statement());
      if (!this.#endsStatement()) this.#fail("the end of the statement expected");
    }
  }

  get #next(): CodeToken {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as CodeToken;
  }

  #endsStatement(): boolean {
    return this.#next.kind === "newline" || this.#next.kind === "end" || this.#is(";");
  }

  #is(text: string): boolean {
    return this.#next.text === text && (this.#next.kind === "mark" || this.#next.kind === "name");
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #fail(message: string): never {
    const { text, kind, line } = this.#next;
    throw new CodeProblem(line, `${message}, ${kind === "end" ? "the end of the code" : `'${text.trim()}'`} found`);
  }

  #statement(): CodeStatement {
    const first = this.#next;
    const body = this.#body();
    const last = this.#tokens[this.#at - 1] ?? first;
    return { ...body, line: first.line, text: this.#text.slice(first.start, last.end) };
  }

  #body() {
    const { kind, text } = this.#next;
    if (this.#accept("pass")) return { kind: "pass" } as const;
    if (this.#accept("assert")) {
      const test = this.#expression();
      return { kind: "assert", test, message: this.#accept(",") ? this.#expression() : null } as const;
    }
    if (kind === "name" && COMPOUND.includes(text)) this.#fail("assert, an assignment or an expression expected");
    const operator = this.#tokens[this.#at + 1]?.text ?? "";
    if (kind === "name" && /^([-+*/%&|^]|\*\*|\/\/|<<|>>)?=$/.test(operator)) {
      this.#at += 2;
      return { kind: "assign", name: text, operator: operator.slice(0, -1), value: this.#tuple() } as const;
    }
    return { kind: "expression", value: this.#tuple() } as const;
  }

  /** `a, b` without brackets is a tuple. */
  #tuple(): CodeExpression {
    const first = this.#expression();
    if (!this.#is(",")) return first;
    const items = [first];
    while (this.#accept(",")) items.push(this.#expression());
    return { kind: "sequence", items };
  }

  #expression(): CodeExpression {
    if (++this.#depth > NESTING_MAX) this.#fail(`at most ${NESTING_MAX} nested expressions expected`);
    const yes = this.#logical("or");
    let result = yes;
    if (this.#accept("if")) {
      const test = this.#logical("or");
      if (!this.#accept("else")) this.#fail("'else' expected");
      result = { kind: "choice", test, yes, no: this.#expression() };
    }
    this.#depth--;
    return result;
  }

  #logical(operator: "and" | "or"): CodeExpression {
    const operand = (): CodeExpression => (operator === "or" ? this.#logical("and") : this.#not());
    let left = operand();
    while (this.#accept(operator)) left = { kind: "logical", operator, left, right: operand() };
    return left;
  }

  #not(): CodeExpression {
    let count = 0;
    while (this.#accept("not")) count++;
    let operand = this.#comparison();
    for (; count > 0; count--) operand = { kind: "unary", operator: "not", operand };
    return operand;
  }

  #comparison(): CodeExpression {
    const first = this.#binary(0);
    const rest: Comparison[] = [];
    for (;;) {
      let operator = COMPARISONS.find((mark) => this.#accept(mark));
      if (operator === undefined && this.#accept("in")) operator = "in";
      if (operator === undefined && this.#is("not") && this.#tokens[this.#at + 1]?.text === "in") {
        this.#at += 2;
        operator = "not in";
      }
      if (operator === undefined && this.#accept("is")) operator = this.#accept("not") ? "!=" : "==";
      if (operator === undefined) return rest.length === 0 ? first : { kind: "compare", first, rest };
      rest.push({ operator, operand: this.#binary(0) });
    }
  }

  #binary(level: number): CodeExpression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((mark) => this.#accept(mark));
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): CodeExpression {
    const signs: string[] = [];
    for (let sign = this.#sign(); sign !== undefined; sign = this.#sign()) signs.unshift(sign);
    return signs.reduce((operand: CodeExpression, operator) => ({ kind: "unary", operator, operand }), this.#power());
  }

  #sign(): string | undefined {
    return ["-", "+", "~"].find((mark) => this.#accept(mark));
  }

  /** Binds tighter than a sign in front, and from right to left. */
  #power(): CodeExpression {
    const left = this.#atom();
    return this.#accept("**") ? { kind: "binary", operator: "**", left, right: this.#unary() } : left;
  }

  #atom(): CodeExpression {
    const { kind, text } = this.#next;
    if (this.#accept("(")) return this.#bracketed(")");
    if (this.#accept("[")) return { kind: "sequence", items: this.#items("]").items };
    if (kind === "number") {
      this.#at++;
      return { kind: "value", value: Number(text) };
    }
    if (kind === "string") return this.#strings();
    if (kind !== "name") this.#fail("a value expected");
    this.#at++;
    if (this.#accept("(")) return { kind: "call", name: text, args: this.#items(")").items };
    const constant = CONSTANTS.get(text);
    return constant === undefined ? { kind: "name", name: text } : { kind: "value", value: constant };
  }

  #strings(): CodeExpression {
    let value = "";
    while (this.#next.kind === "string") {
      value += this.#next.text
        .slice(1, -1)
        .replace(/\\([^])/g, (_, character: string) => (character === "n" ? "\n" : character));
      this.#at++;
    }
    return { kind: "value", value };
  }

  /** `(x)` is x; `(x,)`, `(x, y)` and `()` are tuples. */
  #bracketed(close: string): CodeExpression {
    const { items, hasComma } = this.#items(close);
    const [only] = items;
    return only !== undefined && items.length === 1 && !hasComma ? only : { kind: "sequence", items };
  }

  #items(close: string): { items: CodeExpression[]; hasComma: boolean } {
    const items: CodeExpression[] = [];
    let hasComma = false;
    while (!this.#accept(close)) {
      items.push(this.#expression());
      if (this.#accept(close)) break;
      if (!this.#accept(",")) this.#fail(`',' or '${close}' expected`);
      hasComma = true;
    }
    return { items, hasComma };
  }
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["True", true],
  ["False", false],
  ["None", null],
]);
