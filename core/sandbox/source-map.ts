/** Source maps, revision 3: from a place in generated code back to the source. One source a map; names are skipped. */
import type { CodePlace } from "./guest-error.ts";

interface Segment {
  /** Column in the generated line, from 0; then line and column in the source, from 0. */
  readonly column: number;
  readonly sourceLine: number;
  readonly sourceColumn: number;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export class SourceMap {
  /** By generated line, in order of columns. */
  readonly #lines: readonly (readonly Segment[])[];

  /** @param json as a compiler of ours wrote it: not from outside. */
  constructor(json: string) {
    const { mappings } = JSON.parse(json) as { mappings: string };
    let sourceLine = 0;
    let sourceColumn = 0;
    this.#lines = mappings.split(";").map((line) => {
      let column = 0;
      return line.split(",").flatMap((text) => {
        const [columnStep = 0, , lineStep, sourceStep] = decodeNumbers(text);
        column += columnStep;
        if (lineStep === undefined || sourceStep === undefined) return [];
        sourceLine += lineStep;
        sourceColumn += sourceStep;
        return [{ column, sourceLine, sourceColumn }];
      });
    });
  }

  /** Lines and columns count from 1. */
  sourceOf(place: CodePlace): CodePlace {
    let best: Segment | null = null;
    for (const segment of this.#lines[place.line - 1] ?? []) {
      if (segment.column > place.column - 1) break;
      best = segment;
    }
    return best === null ? place : { ...place, line: best.sourceLine + 1, column: best.sourceColumn + 1 };
  }
}

/** Base64 VLQ: five bits a digit, low ones first; the sixth says that more follow, the lowest of all is the sign. */
function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    numbers.push((value & 1) === 0 ? value >> 1 : -(value >> 1));
    value = 0;
    shift = 0;
  }
  return numbers;
}
