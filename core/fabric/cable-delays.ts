/**
 * How long what one machine does needs at least to reach another: what look-ahead stands on (engine/window.ts). A
 * shared medium has no such time, since a station that begins to send is in the others' way at once.
 */
import type { Nanoseconds } from "../base/time.ts";
import type { SideDelays } from "../engine/engine.ts";
import type { Side } from "../engine/lanes.ts";

/** One direction of a cable. */
export interface DelayedWay {
  readonly delayNsMin: Nanoseconds;
}

export class CableDelays {
  /** By the side that they lead away from and the side that they lead to. */
  readonly #ways: DelayedWay[][] = [[], [], [], []];
  #hasSharedMedium = false;
  #found: SideDelays | null = null;

  add(way: DelayedWay, from: Side, to: Side): void {
    this.#ways[2 * from + to]?.push(way);
    this.changed();
  }

  noteSharedMedium(): void {
    this.#hasSharedMedium = true;
  }

  /** A delay was changed. */
  changed(): void {
    this.#found = null;
  }

  /** The shortest of all cables; null with a shared medium. */
  get shortest(): SideDelays | null {
    if (this.#hasSharedMedium) return null;
    this.#found ??= {
      within: [this.#shortestOf(0, 0), this.#shortestOf(1, 1)],
      across: [this.#shortestOf(0, 1), this.#shortestOf(1, 0)],
    };
    return this.#found;
  }

  #shortestOf(from: Side, to: Side): Nanoseconds {
    const ways = this.#ways[2 * from + to] ?? [];
    return ways.reduce((shortest, { delayNsMin }) => Math.min(shortest, delayNsMin), Infinity);
  }
}
