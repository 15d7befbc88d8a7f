/**
 * How long what one machine does needs at least to reach another: what look-ahead stands on (engine/window.ts). A
 * shared medium has no such time, since a station that begins to send is in the others' way at once.
 */
import type { Nanoseconds } from "../base/time.ts";

/** One direction of a cable. */
export interface DelayedWay {
  readonly delayNsMin: Nanoseconds;
}

export class CableDelays {
  readonly #ways: DelayedWay[] = [];
  #hasSharedMedium = false;
  /** -1: to be found out. */
  #shortestNs = -1;

  add(way: DelayedWay): void {
    this.#ways.push(way);
    this.changed();
  }

  noteSharedMedium(): void {
    this.#hasSharedMedium = true;
  }

  /** A delay was changed. */
  changed(): void {
    this.#shortestNs = -1;
  }

  /** Of all cables; Infinity when there are none, 0 with a shared medium. */
  get shortestNs(): Nanoseconds {
    if (this.#hasSharedMedium) return 0;
    if (this.#shortestNs < 0) {
      this.#shortestNs = this.#ways.reduce((shortest, { delayNsMin }) => Math.min(shortest, delayNsMin), Infinity);
    }
    return this.#shortestNs;
  }
}
