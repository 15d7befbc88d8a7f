/**
 * What a console printed, kept so that a pane that is opened again can show it. Bounded; the oldest text goes first.
 */

const KEPT_CHARACTERS = 512 * 1024;

export class OutputBuffer {
  #text = "";
  readonly #listeners = new Set<(text: string | null) => void>();

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    // At a line's beginning, and seldom: cutting copies all of it.
    if (this.#text.length > 2 * KEPT_CHARACTERS) {
      const from = this.#text.indexOf("\n", this.#text.length - KEPT_CHARACTERS);
      this.#text = this.#text.slice(from + 1);
    }
    for (const listener of this.#listeners) listener(text);
  }

  /** None of it has happened. */
  clear(): void {
    this.#text = "";
    for (const listener of this.#listeners) listener(null);
  }

  /** @param listener gets new text, or null when what was shown is void. @returns how to stop. */
  follow(listener: (text: string | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
