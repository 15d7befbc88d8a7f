/**
 * Kathleen Nichols' windowed minimum (Linux lib/win_minmax.c): the best measurement of the last `windowUs`, and the
 * second and third best of later parts, which take over as the window moves on.
 */

/** Larger than any measurement, and a small integer for V8: every connection has three of them. */
const NOTHING = 0x7fffffff;

export class WindowedMin {
  #best = NOTHING;
  #bestAtUs = 0;
  #second = NOTHING;
  #secondAtUs = 0;
  #third = NOTHING;
  #thirdAtUs = 0;

  /** The minimum, or `otherwise` when nothing was measured yet. */
  valueOr(otherwise: number): number {
    return this.#best === NOTHING ? otherwise : this.#best;
  }

  see(measured: number, nowUs: number, windowUs: number): void {
    if (measured <= this.#best || nowUs - this.#thirdAtUs > windowUs) {
      this.#best = measured;
      this.#bestAtUs = nowUs;
      this.#setSecond(measured, nowUs);
      return;
    }
    if (measured <= this.#second) this.#setSecond(measured, nowUs);
    else if (measured <= this.#third) this.#setThird(measured, nowUs);
    const ageUs = nowUs - this.#bestAtUs;
    if (ageUs > windowUs) {
      this.#moveUp(measured, nowUs);
      if (nowUs - this.#bestAtUs > windowUs) this.#moveUp(measured, nowUs);
    } else if (this.#secondAtUs === this.#bestAtUs && ageUs > windowUs / 4) {
      // A quarter of the window without a better one: start the second best afresh.
      this.#setSecond(measured, nowUs);
    } else if (this.#thirdAtUs === this.#secondAtUs && ageUs > windowUs / 2) this.#setThird(measured, nowUs);
  }

  #setSecond(measured: number, nowUs: number): void {
    this.#second = measured;
    this.#secondAtUs = nowUs;
    this.#setThird(measured, nowUs);
  }

  #setThird(measured: number, nowUs: number): void {
    this.#third = measured;
    this.#thirdAtUs = nowUs;
  }

  /** The best is too old: the others take over. */
  #moveUp(measured: number, nowUs: number): void {
    this.#best = this.#second;
    this.#bestAtUs = this.#secondAtUs;
    this.#second = this.#third;
    this.#secondAtUs = this.#thirdAtUs;
    this.#setThird(measured, nowUs);
  }
}
