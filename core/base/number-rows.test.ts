import { expect, it } from "vitest";
import { NumberRows } from "./number-rows.ts";

it("keeps every row's numbers, also beyond 32 bits, while rows are added", () => {
  const rows = new NumberRows();
  const starts: number[] = [];
  for (let row = 0; row < 100; row++) {
    const start = rows.add();
    starts.push(start);
    expect([...rows.values.subarray(start, start + 8)]).toEqual(new Array<number>(8).fill(0));
    for (let i = 0; i < 8; i++) rows.values[start + i] = row * 2 ** 40 + i;
  }
  const seen = starts.map((start) => [...rows.values.subarray(start, start + 8)]);
  expect(seen).toEqual(starts.map((_, row) => Array.from({ length: 8 }, (__, i) => row * 2 ** 40 + i)));
});
