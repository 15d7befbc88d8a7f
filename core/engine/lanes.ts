/**
 * The lanes of a run by number: whose events they have, and on which side of the lab. The two sides take turns in
 * running ahead (`engine.ts`), so machines that are joined by a cable had better be on different ones (fattree8, runs
 * of both in turn: 0.96 of the time without sides, median of eight).
 */
import { assert } from "../base/assert.ts";
import { grown } from "./event-slots.ts";
import { LANES_MAX, type Lane } from "./rank.ts";

export type Side = 0 | 1;

export class Lanes {
  /** By lane: the machine whose data its events touch. */
  owners = new Int32Array(64);
  /** By lane: the side of that machine. */
  sides = new Uint8Array(64);
  #count = 0;

  /** @param owner by default the lane is one itself, and `side` is its own; else it is on the owner's. */
  add(owner: Lane | undefined, side: Side): Lane {
    const lane = this.#count++;
    assert(lane < LANES_MAX, "there are 2^18 lanes");
    if (lane === this.owners.length) {
      this.owners = grown(this.owners);
      this.sides = grown(this.sides);
    }
    this.owners[lane] = owner ?? lane;
    this.sides[lane] = owner === undefined ? side : this.sideOf(owner);
    return lane;
  }

  sideOf(lane: Lane): Side {
    return this.sides[lane] === 1 ? 1 : 0;
  }
}
