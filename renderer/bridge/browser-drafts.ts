/** Unsaved work in the browser's storage, one draft a window: a closed or crashed window's draft is found by the next. */
import type { Draft } from "../../core/contract/desktop/desktop.ts";
import { ApiError } from "./api-error.ts";

const PREFIX = "lastack.draft.";
const OWN = "lastack.window";

type KeyValueStore = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class BrowserDrafts {
  readonly #store: KeyValueStore;
  readonly #id: string;

  /** @param session outlives a reload of this window, and nothing else. */
  constructor(store: KeyValueStore, session: KeyValueStore) {
    this.#store = store;
    this.#id = session.getItem(OWN) ?? crypto.randomUUID();
    session.setItem(OWN, this.#id);
  }

  /** Of this window (before it was reloaded) and of others. */
  list(): Draft[] {
    const keys = Array.from({ length: this.#store.length }, (_, at) => this.#store.key(at) ?? "");
    const drafts = keys.filter((key) => key.startsWith(PREFIX)).map((key) => this.#read(key.slice(PREFIX.length)));
    return drafts.filter((draft) => draft !== null).sort((a, b) => b.keptAt - a.keptAt);
  }

  keep(name: string, text: string): void {
    try {
      this.#store.setItem(PREFIX + this.#id, JSON.stringify({ name, text, keptAt: Date.now() }));
    } catch {
      throw new ApiError({
        code: "draft/full",
        severity: "warning",
        title: "The browser has no room left to keep unsaved work.",
        hint: "Save the lab to a file.",
        file: name,
        line: 0,
        column: 0,
        definite: true,
      });
    }
  }

  drop(id: string = this.#id): void {
    this.#store.removeItem(PREFIX + id);
  }

  /** Null for what some other version, or a person, has put there. */
  #read(id: string): Draft | null {
    try {
      const value: unknown = JSON.parse(this.#store.getItem(PREFIX + id) ?? "");
      const { name, text, keptAt } = value as Readonly<Record<string, unknown>>;
      if (typeof name !== "string" || typeof text !== "string" || typeof keptAt !== "number") return null;
      return { id, file: null, name, text, keptAt };
    } catch {
      return null;
    }
  }
}
