import { expect, test } from "vitest";
import { editDistance } from "../base/edit-distance.ts";
import { nearestName, suggest } from "./nearest.ts";

test.each([
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["dealy", "delay", 1],
  ["same", "same", 0],
])("distance of %s and %s", (a, b, distance) => expect(editDistance(a, b)).toBe(distance));

test("only what is near is offered", () => {
  expect(nearestName("adresses", ["at", "addresses", "run"])).toBe("addresses");
  expect(nearestName("gateway", ["at", "run"])).toBeUndefined();
  expect(nearestName("x".repeat(100_000), ["x".repeat(100_000)])).toBeUndefined();
});

test("a short list is shown when nothing is near", () => {
  expect(suggest("zzz", ["host", "router"])).toBe("valid: host, router");
  expect(
    suggest(
      "zzz",
      Array.from({ length: 100 }, (_, i) => `node${i}`),
    ),
  ).toBe("");
});
