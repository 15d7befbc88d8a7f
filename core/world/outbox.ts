/**
 * What machines say to those outside of the run. In a window one machine runs behind the other (engine/window.ts); what
 * they say is held back until all machines are past it, and comes out in the order in which it would have
 * without one.
 */
import type { VirtualTime } from "../base/time.ts";
import type { Engine } from "../engine/engine.ts";
import type { Rank } from "../engine/rank.ts";

type Say = (bytes: Uint8Array, at: VirtualTime) => void;

interface Held {
  readonly at: VirtualTime;
  readonly rank: Rank;
  readonly bytes: Uint8Array;
  readonly say: Say;
}

const NO_BYTES = new Uint8Array(0);

export class Outbox {
  readonly #engine: Engine;
  #held: Held[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @param bytes the caller's own, copied if they have to wait. */
  put(bytes: Uint8Array | null, say: Say): void {
    const { now: at, rankInWindow: rank } = this.#engine;
    if (rank >= 0) {
      this.#held.push({ at, rank, bytes: bytes === null ? NO_BYTES : new Uint8Array(bytes), say });
      return;
    }
    this.flush();
    say(bytes ?? NO_BYTES, at);
  }

  /** Says what nobody has anything to say before: a machine that is held up in a window keeps the others waiting. */
  flush(): void {
    if (this.#held.length === 0) return;
    const { nextTime } = this.#engine;
    // What one machine says at one instant stays in order: sorting is stable, and no two machines share a rank.
    const due = this.#held.filter(({ at }) => at < nextTime).sort((a, b) => a.at - b.at || a.rank - b.rank);
    this.#held = this.#held.filter(({ at }) => at >= nextTime);
    for (const { say, bytes, at } of due) say(bytes, at);
  }
}
