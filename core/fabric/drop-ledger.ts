/** Where frames died in the fabric, and of what: one counter per place and reason. */
import { assert } from "../base/assert.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import { DropCounters } from "../trace/drop-counters.ts";

/** All places of a run that can drop. */
export class DropLedger {
  readonly #places = new Map<string, DropCounters>();

  /** The counters of that place, the same ones at every call. */
  at(place: string): DropCounters {
    assert(place !== "", "a place has a name");
    let counters = this.#places.get(place);
    if (counters === undefined) {
      counters = new DropCounters();
      this.#places.set(place, counters);
    }
    return counters;
  }

  /** Every place and reason with its count, in the order in which the places were made. */
  entries(): { place: string; reason: DropReason; count: number }[] {
    return [...this.#places].flatMap(([place, counters]) =>
      counters.entries().map(([reason, count]) => ({ place, reason, count })),
    );
  }

  get total(): number {
    let sum = 0;
    for (const counters of this.#places.values()) sum += counters.total;
    return sum;
  }
}
