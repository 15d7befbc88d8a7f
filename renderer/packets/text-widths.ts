/**
 * How wide texts are, as the sum of their characters' widths: a browser asked for each text would have to lay it out.
 * Pairs that stand closer make a text narrower than that, so it is a bound rather than a size.
 */

/** Width of a character in px, of whatever font the texts are in. */
export type MeasureCharacter = (character: string) => number;

const DIGITS = "0123456789";

export class TextWidths {
  readonly #measure: MeasureCharacter;
  readonly #known = new Map<string, number>();

  constructor(measure: MeasureCharacter) {
    this.#measure = measure;
    // As `tabular-nums` sets them: each as wide as the widest.
    const digit = Math.max(...Array.from(DIGITS, measure));
    for (const character of DIGITS) this.#known.set(character, digit);
  }

  /** px. */
  of(text: string): number {
    let width = 0;
    for (const character of text) {
      let own = this.#known.get(character);
      if (own === undefined) this.#known.set(character, (own = this.#measure(character)));
      width += own;
    }
    return width;
  }
}

/** @param font as in CSS, with its size. */
export function measureIn(font: string): MeasureCharacter {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return () => Infinity;
  context.font = font;
  return (character) => context.measureText(character).width;
}
