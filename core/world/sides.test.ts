import { expect, test } from "vitest";
import { parseLab } from "../lab/parse.ts";
import { sidesOf } from "./sides.ts";

function sides(names: readonly string[], links: readonly (readonly [string, string])[]): Record<string, number> {
  const text = [
    "lastack: 1",
    "name: sides",
    "nodes:",
    ...names.map((name) => `  ${name}: { kind: switch }`),
    ...(links.length > 0 ? ["links:"] : []),
    ...links.map(([a, b]) => `  - { ends: [${a}, ${b}] }`),
  ].join("\n");
  const lab = parseLab(text, "sides.lab.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const found = sidesOf(lab.value);
  return Object.fromEntries(lab.value.nodes.map(({ name, index }) => [name, found[index] ?? -1]));
}

test("no cable of a tree has both its ends on one side, in whatever order the nodes are", () => {
  const links = [
    ["d", "a"],
    ["a", "c"],
    ["c", "b"],
    ["e", "c"],
  ] as const;
  for (const names of [
    ["a", "b", "c", "d", "e"],
    ["e", "d", "c", "b", "a"],
  ]) {
    const found = sides(names, links);
    for (const [from, to] of links) expect(found[from]).not.toBe(found[to]);
  }
});

test("one cable of a triangle has; nodes without cables are on one side", () => {
  const links = [
    ["a", "b"],
    ["b", "c"],
    ["c", "a"],
  ] as const;
  const found = sides(["a", "b", "c", "lonely"], links);
  expect(links.filter(([from, to]) => found[from] === found[to])).toEqual([["b", "c"]]);
  expect(found["lonely"]).toBe(0);
});
