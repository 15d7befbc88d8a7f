import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { readFullYaml } from "./full-yaml.ts";
import { readQuickYaml } from "./quick-yaml.ts";
import { offsetOf, keyOffsetOf, treeValue } from "./tree.ts";
import { runs } from "../../test/harness/long.ts";

const quick = (text: string): unknown => {
  const reading = readQuickYaml(text);
  return reading.ok ? treeValue(reading.tree) : "left to the other reader";
};

/** Where the quick reader answers at all, the complete one gives the same answer. */
function agrees(text: string): boolean {
  const reading = readQuickYaml(text);
  if (!reading.ok) return false;
  const full = readFullYaml(text);
  expect(full, JSON.stringify(text)).toMatchObject({ ok: true });
  if (full.ok) expect(treeValue(reading.tree), JSON.stringify(text)).toEqual(treeValue(full.value));
  return true;
}

describe("is read quickly", () => {
  test.each([
    ["", null],
    ["a: 1\nb: two # three\n", { a: 1, b: "two" }],
    ["a:\n  b:\n    - x\n    - y: 1\n      z: 2\n  c: d\n", { a: { b: ["x", { y: 1, z: 2 }], c: "d" } }],
    ["a:\n- 1\n- 2\nb: 3\n", { a: [1, 2], b: 3 }],
    ["- - 1\n  - 2\n-\n  - 3\n", [[1, 2], [3]]],
    ["a: { b: [1, 2.5, -3e2], c: {}, d: [] } # end", { a: { b: [1, 2.5, -300], c: {}, d: [] } }],
    ["a: [\n  1, # one\n  # two\n  2,\n  ]\n", { a: [1, 2] }],
    ['{\n"a": 1,\n"b":[true]\n}\n', { a: 1, b: [true] }],
    ["a: { host: h1:eth0, url: http://x/y#z }", { a: { host: "h1:eth0", url: "http://x/y#z" } }],
    ["t: |\n  one\n\n    two\n  three\n\nn: 1\n", { t: "one\n\n  two\nthree\n", n: 1 }],
    ["t: |-\n  one\nu: |+\n  two\n\n", { t: "one", u: "two\n\n" }],
    ['a: \'it\'\'s\'\nb: "q\\"\\n"\nc: "#"\n', { a: "it's", b: 'q"\n', c: "#" }],
    [
      "a: ~\nb:\nc: null\nd: 0x10\ne: 0o10\nf: .inf\ng: 1996\nh: 02:00:00:00:00:01\n",
      { a: null, b: null, c: null, d: 16, e: 8, f: Infinity, g: 1996, h: "02:00:00:00:00:01" },
    ],
    ["a: -x\nb: ?y\nc: a - b\n", { a: "-x", b: "?y", c: "a - b" }],
  ])("%j", (text, value) => {
    expect(quick(text)).toEqual(value);
    expect(agrees(text)).toBe(true);
  });
});

test.each([
  "a: &x 1\n",
  "a: *x\n",
  "a: !!str 1\n",
  "--- \na: 1\n",
  "a: one\n  two\n",
  "a: >\n  folded\n",
  "a: 1\na: 2\n",
  "? a\n: b\n",
  "a:\tb\n",
  "a: b: c\n",
  "a: [1, 2\n",
  "  a: 1\n b: 2\n",
  "1: x\n",
  "__proto__: 1\n",
  `a: ${"[".repeat(100)}`,
])("%j is left to the other reader", (text) => expect(quick(text)).toBe("left to the other reader"));

test("whatever the text, the two readers never disagree", { timeout: 120_000 }, () => {
  const bits = [
    "a",
    "b1",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "'",
    '"',
    "#",
    " # x\n",
    "|\n",
    "1",
    "0x1",
    "null",
    "~",
    "true",
    "?",
    "&",
    "*",
    "!",
    ">",
    "%",
    "@",
    "\\",
    "\t",
    ".",
    "é",
  ];
  const numRuns = runs(8000);
  let answered = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 14 }), (parts) => {
      if (agrees(parts.join(""))) answered++;
    }),
    { numRuns, seed: 1 },
  );
  expect(answered).toBeGreaterThan(numRuns / 20);
});

test("well-formed documents are answered, and equally", { timeout: 120_000 }, () => {
  const line = fc.constantFrom(
    "a: 1",
    "b: x y",
    "c:",
    "- 1",
    "- a: 2",
    "d: { e: [1, {f: g}], h: 'i' }",
    "k: |",
    "# c",
    "",
    "l: [",
    "]",
    "- - 3",
    'm: "n" # o',
    "text here",
  );
  const indented = fc.tuple(fc.constantFrom(0, 0, 0, 2, 2, 4, 1), line).map(([n, text]) => " ".repeat(n) + text);
  const numRuns = runs(6000);
  let answered = 0;
  fc.assert(
    fc.property(fc.array(indented, { maxLength: 8 }), (lines) => {
      if (agrees(lines.join("\n"))) answered++;
      if (agrees(`${lines.join("\n")}\n`)) answered++;
    }),
    { numRuns, seed: 2 },
  );
  expect(answered).toBeGreaterThan(numRuns / 6);
});

test("offsets point at keys and values", () => {
  const text = "a: 1\nb:\n  - { c: d }\n";
  const reading = readQuickYaml(text);
  if (!reading.ok) throw new Error("not read");
  expect(offsetOf(reading.tree, ["b", 0, "c"])).toBe(text.indexOf("d }"));
  expect(keyOffsetOf(reading.tree, ["b", 0], "c")).toBe(text.indexOf("c:"));
});
