import { expect, test, vi } from "vitest";
import { TextWidths } from "./text-widths.ts";

const WIDTHS: Readonly<Record<string, number>> = { i: 2, m: 9, "1": 4, "8": 7 };
const measure = (character: string): number => WIDTHS[character] ?? 5;

test("a text is as wide as its characters", () => {
  const widths = new TextWidths(measure);
  expect(widths.of("")).toBe(0);
  expect(widths.of("mim")).toBe(20);
});

test("all digits are as wide as the widest", () => {
  expect(new TextWidths(measure).of("111")).toBe(21);
});

test("each character is measured once", () => {
  const spy = vi.fn(measure);
  const widths = new TextWidths(spy);
  const before = spy.mock.calls.length;
  expect(widths.of("→ mimi →")).toBe(5 + 5 + 22 + 5 + 5);
  widths.of("im →");
  expect(spy.mock.calls.slice(before).map(([character]) => character)).toEqual(["→", " ", "m", "i"]);
});

test("a character outside the first plane counts once", () => {
  expect(new TextWidths(measure).of("😀")).toBe(5);
});
