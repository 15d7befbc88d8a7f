/**
 * How much the large tests try. The everyday loop (`npx vitest run`) takes a sample, so that it is worth running often;
 * `npm test` sets LASTACK_LONG=1 and tries everything.
 */
export const LONG = process.env["LASTACK_LONG"] === "1";

/** Cases of a table: all of them, or one in `every`. */
export const sample = <T>(all: readonly T[], every: number): readonly T[] =>
  LONG ? all : all.filter((_, at) => at % every === 0);

/** Draws of a property: all of them, or a tenth. */
export const runs = (all: number): number => (LONG ? all : Math.ceil(all / 10));
