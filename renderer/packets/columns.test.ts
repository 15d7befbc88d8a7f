/** Widths of columns in lists of all widths. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COLUMNS, fitted, setRoom, titleOf, type Widths } from "./columns.ts";

const usual = Object.fromEntries(COLUMNS.map(({ id, width }) => [id, width])) as Widths;
const sum = (widths: Widths): number => Object.values(widths).reduce((all, width) => all + width, 0);
const least = COLUMNS.reduce((all, column) => all + column.least, 0);

describe("columns in a narrow list", () => {
  test("are as wide as usual where there is room", () => {
    expect(fitted(usual, Infinity)).toEqual(usual);
    expect(fitted(usual, sum(usual))).toEqual(usual);
  });

  test("fit until each is at its least, and are no narrower then", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), (room) => {
        const widths = fitted(usual, room);
        for (const { id, width, least: narrowest } of COLUMNS) {
          expect(widths[id]).toBeGreaterThanOrEqual(narrowest);
          expect(widths[id]).toBeLessThanOrEqual(width);
        }
        if (room < least || room > sum(usual)) return;
        expect(sum(widths)).toBeLessThanOrEqual(room);
        expect(sum(widths)).toBeGreaterThanOrEqual(room - COLUMNS.length);
      }),
    );
  });

  test("keep a width that somebody has set", () => {
    const own = { ...usual, source: 300 };
    expect(fitted(own, 500).source).toBe(300);
    expect(fitted(own, 500).info).toBe(110);
  });

  test("has short heads where the whole word would not fit", () => {
    const titles = (room: number): string[] => {
      setRoom(room);
      return COLUMNS.map(titleOf);
    };
    expect(titles(Infinity)).toEqual(COLUMNS.map(({ title }) => title));
    expect(titles(least).filter((title) => COLUMNS.every((column) => column.title !== title))).toEqual(["Len"]);
    setRoom(Infinity);
  });
});
