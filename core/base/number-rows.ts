/**
 * Rows of eight numbers for objects of which there are thousands. V8 keeps a field that is no 32-bit integer in a box
 * of its own, so an object with five instants in it is five more cache lines to wait for at each look. Here they lie
 * side by side, and the array that holds them is one for all.
 */
import { assert } from "./assert.ts";

/** Numbers a row: a cache line of 64 bytes. */
const ROW_NUMBERS = 8;
const ROWS_MIN = 16;

export class NumberRows {
  /** Another array whenever a row was added: look it up here each time. */
  values = new Float64Array(ROWS_MIN * ROW_NUMBERS);
  #used = 0;

  /** Adds a row of zeros, which is never given back. @returns where in `values` it begins. */
  add(): number {
    const start = this.#used;
    this.#used += ROW_NUMBERS;
    if (this.#used > this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    assert(this.#used <= this.values.length, "a row lies inside the array");
    return start;
  }
}
