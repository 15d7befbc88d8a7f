/** Walks over tokens: what is next, is it this, take it or say what was expected instead. */
import { SyntaxProblem, type Place } from "./problem.ts";
import type { Token, TokenKind } from "./lexer.ts";
import { NESTING_MAX } from "./limits.ts";

export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.ahead(0);
  }

  /** The token `count` behind the next one; behind the end there is only the end. */
  ahead(count: number): Token {
    return this.#tokens[Math.min(this.#at + count, this.#tokens.length - 1)] as Token;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Whether the next token is that mark or word. */
  is(text: string, kind: TokenKind = "mark"): boolean {
    return this.next.kind === kind && this.next.text === text;
  }

  /** Takes the next token when it is that one. */
  accept(text: string, kind: TokenKind = "mark"): boolean {
    if (!this.is(text, kind)) return false;
    this.take();
    return true;
  }

  expect(text: string, kind: TokenKind = "mark"): Token {
    if (!this.is(text, kind)) this.fail(`'${text}' expected`);
    return this.take();
  }

  expectKind(kind: TokenKind, what: string): Token {
    if (this.next.kind !== kind) this.fail(`${what} expected`);
    return this.take();
  }

  /** A number from 0 to `most`. */
  expectNumber(what: string, most: number): number {
    const token = this.next;
    if (token.kind !== "integer" && token.kind !== "hex") this.fail(`${what} expected`);
    const value = Number(token.text);
    if (!(value >= 0 && value <= most)) this.fail(`${what} from 0 to ${most} expected`);
    this.take();
    return value;
  }

  /** Reads what may contain itself, to a bounded depth. */
  nested<T>(read: () => T): T {
    if (++this.#depth > NESTING_MAX) this.fail(`at most ${NESTING_MAX} nested brackets expected`);
    const value = read();
    this.#depth--;
    return value;
  }

  /** @throws SyntaxProblem at the next token, saying what is there. */
  fail(message: string): never {
    throw new SyntaxProblem(this.next, `${message}, ${describe(this.next)} found`);
  }

  failAt(place: Place, message: string): never {
    throw new SyntaxProblem(place, message);
  }
}

function describe(token: Token): string {
  if (token.kind === "end") return "the end of the file";
  const text = token.text.length > 30 ? `${token.text.slice(0, 30)}...` : token.text;
  if (token.kind === "string") return `"${text}"`;
  if (token.kind === "shell") return "a shell command";
  return token.kind === "code" ? "a piece of code" : `'${text}'`;
}
