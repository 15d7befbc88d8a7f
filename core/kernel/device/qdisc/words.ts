/** The words of a tc command line, one after the other. */
import { bad, type Result } from "../../../base/result.ts";

export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#words = text.split(/\s+/).filter((word) => word !== "");
  }

  next(): string | undefined {
    return this.#words[this.#at++];
  }

  /** Takes the next word if `parse` can read it; else leaves it and says undefined. */
  value<T>(parse: (text: string) => T | undefined): T | undefined {
    const word = this.#words[this.#at];
    const value = word === undefined ? undefined : parse(word);
    if (value !== undefined) this.#at++;
    return value;
  }

  /** Takes the next word if it is that one. */
  take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  unknown(kind: string, word: string): Result<never, string> {
    return bad(`${kind}: What is "${word}"?`);
  }

  illegal(word: string): Result<never, string> {
    const found = this.#words[this.#at];
    return bad(`Illegal "${word}"${found === undefined ? ": a value is missing" : `: "${found}"`}`);
  }
}
