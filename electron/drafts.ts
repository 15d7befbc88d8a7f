/**
 * Unsaved work, in the settings folder: one draft for the lab that is open, written a moment after each change. Drafts
 * of earlier runs of the application, which did not end as they should, are offered to the window.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Draft, KeepDraft } from "../core/contract/desktop/desktop.ts";
import type { Handles } from "./handles.ts";
import { DRAFTS_MAX, LAB_CHARACTERS_MAX } from "./limits.ts";
import { readState, writeState } from "./state-file.ts";

const schema = z.strictObject({
  path: z.string().min(1).max(4096).nullable(),
  name: z.string().max(1000),
  text: z.string().max(LAB_CHARACTERS_MAX),
  sources: z.record(z.string(), z.string()),
  keptAt: z.number(),
});

const ENDING = ".draft.json";

export class Drafts {
  readonly #folder: string;
  readonly #handles: Handles;
  #own: string = randomUUID();
  /** One write after the other: the last one given is the one that stays. */
  #writing: Promise<void> = Promise.resolve();
  /** The page that is open has nothing more to keep. */
  #isGivenUp = false;

  constructor(folder: string, handles: Handles) {
    this.#folder = join(folder, "drafts");
    this.#handles = handles;
  }

  /** Newest first. A new page asks, also one after a crash: what was its own draft is one of an earlier page. */
  async list(): Promise<readonly Draft[]> {
    this.#own = randomUUID();
    this.#isGivenUp = false;
    await this.#writing;
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith(ENDING));
    const drafts: Draft[] = [];
    for (const name of names) {
      const id = name.slice(0, -ENDING.length);
      const kept = await readState(join(this.#folder, name), schema);
      if (kept === null) continue;
      const { path, ...draft } = kept;
      drafts.push({ id, ...draft, file: path === null ? null : this.#handles.give(path) });
    }
    drafts.sort((a, b) => b.keptAt - a.keptAt);
    for (const { id } of drafts.slice(DRAFTS_MAX)) await this.#remove(id);
    return drafts.slice(0, DRAFTS_MAX);
  }

  keep({ handle, name, text, sources }: KeepDraft): Promise<void> {
    if (this.#isGivenUp) return this.#writing;
    const path = handle === null ? null : this.#handles.path(handle);
    const file = this.#file(this.#own);
    return this.#inTurn(() => writeState(file, { path, name, text, sources, keptAt: Date.now() }));
  }

  /** @param id null for that of the lab that is open. */
  drop(id: string | null): Promise<void> {
    return this.#inTurn(() => this.#remove(id ?? this.#own));
  }

  /** The draft of the lab that is open is not wanted, nor what its page, which is about to be closed, still sends. */
  giveUp(): Promise<void> {
    this.#isGivenUp = true;
    return this.drop(null);
  }

  /** All that was asked for is written, or gone: the application may end. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #remove(id: string): Promise<void> {
    return rm(this.#file(id), { force: true });
  }

  #file(id: string): string {
    return join(this.#folder, `${id}${ENDING}`);
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(write);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
