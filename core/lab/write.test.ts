import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { parseLab } from "./parse.ts";
import type { Lab } from "./model.ts";
import { labSchema } from "./schema.ts";
import { readDocument } from "./document.ts";
import { treeValue } from "./tree.ts";
import { editLab, formatLab, type LabInput } from "./write.ts";
import { runs } from "../../test/harness/long.ts";

function parsed(text: string): Lab {
  const lab = parseLab(text, "x");
  if (!lab.ok) throw new Error(lab.error[0]?.title);
  return lab.value;
}

function edited(text: string, ...edits: Parameters<typeof editLab>[1]): string {
  const result = editLab(text, edits);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** Without places in the file, which writing may move. */
const meaning = (lab: Lab): unknown =>
  JSON.parse(
    JSON.stringify(lab, (key, value: unknown) =>
      key === "source" ? undefined : value instanceof Map ? [...value] : value,
    ),
  );

const WRITTEN = `# My lab
lastack: 1 # the format

name: one
nodes:
  # the hosts
  b: { kind: host } # comes first
  a:
    kind: host
    # why not
    run:
      - echo 1 # said

  s: { kind: switch }

links:
  # the cable
  - { ends: [ b, s ], loss: 1% } # lossy
  - { ends: [ a, s ] }
`;

describe("editing", { timeout: 120_000 }, () => {
  test("nothing changes nothing", () => expect(edited(WRITTEN)).toBe(WRITTEN));

  test("comments and order stay", () => {
    const text = edited(
      WRITTEN,
      { path: ["links", 0, "loss"], value: "5%" },
      { path: ["nodes", "c"], value: { kind: "host", at: [1, 2] } },
      { path: ["links", 2], value: { ends: ["c", "s"], delay: "2ms" } },
      { path: ["seed"], value: 9 },
      { path: ["nodes", "a", "run"], value: undefined },
      { path: ["timeline"], value: [{ at: "1s", node: "s", do: "crash" }] },
    );
    expect(text).toBe(`# My lab
lastack: 1 # the format

name: one
nodes:
  # the hosts
  b: { kind: host } # comes first
  a:
    kind: host

  s: { kind: switch }
  c: { kind: host, at: [ 1, 2 ] }

links:
  # the cable
  - { ends: [ b, s ], loss: 5% } # lossy
  - { ends: [ a, s ] }
  - { ends: [ c, s ], delay: 2ms }
seed: 9
timeline:
  - { at: 1s, node: s, do: crash }
`);
    expect(parsed(text).links.map((link) => link.name)).toEqual(["b-s", "a-s", "c-s"]);
  });

  test("a place that is not there is an error, not a surprise", () => {
    for (const path of [["name", "x"], ["links", "x"], ["links", 7], ["nodes", 0], []]) {
      expect(editLab(WRITTEN, [{ path, value: 1 }]).ok, path.join(".")).toBe(false);
    }
    expect(editLab("a: [", []).ok).toBe(false);
    expect(editLab("just text", [{ path: ["a"], value: 1 }]).ok).toBe(false);
  });

  test("any edit of any text returns", () => {
    const step = fc.oneof(fc.constantFrom("nodes", "a", "links", "ends", "x"), fc.nat(3));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const result = editLab(WRITTEN, [{ path, value: value as unknown }]);
        if (result.ok) expect(edited(result.value)).toBe(result.value);
      }),
    );
  });
});

const word = fc.constantFrom("a", "b", "c", "d", "e");
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const percent = fc.integer({ min: 0, max: 1000 }).map((n) => `${n / 10}%`);
const text = fc.oneof(
  fc.string(),
  fc.constantFrom("two\nlines\n", " - odd: #", "true", "1", "a\tb", "", "x\n\n", "'\""),
);

const labs: fc.Arbitrary<LabInput> = fc
  .record({
    name: optional(fc.string({ minLength: 1 })),
    text: optional(text),
    seed: optional(fc.nat()),
    nodes: fc.dictionary(
      word,
      fc.record(
        {
          kind: fc.constant("host" as const),
          at: optional(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.nat(99))),
          run: optional(fc.array(fc.string({ minLength: 1 }), { maxLength: 2 })),
          files: optional(fc.dictionary(fc.constantFrom("/a", "/b c"), text)),
        },
        { requiredKeys: ["kind"] },
      ),
      { minKeys: 1, noNullPrototype: true },
    ),
    losses: fc.array(fc.tuple(word, word, percent, optional(fc.integer({ min: 1, max: 9_999_999 }))), { maxLength: 4 }),
  })
  .map(({ losses, nodes, ...head }) => {
    const links = losses
      .filter(([a, b]) => a in nodes && b in nodes)
      .map(([a, b, loss, us]) => ({
        ends: [a, b] as [string, string],
        loss,
        ...(us !== undefined && { delay: `${us}us` }),
      }));
    return JSON.parse(JSON.stringify({ lastack: 1, ...head, nodes, links })) as LabInput;
  });

describe("a lab that is written and read", { timeout: 120_000 }, () => {
  test("is the same lab", () => {
    fc.assert(
      fc.property(labs, (lab) => {
        const document = readDocument(formatLab(lab), "x");
        expect(document.ok && treeValue(document.value.tree)).toEqual(lab);
        if (!labSchema.safeParse(lab).success) return;
        expect(parseLab(formatLab(lab), "x").ok).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });

  test("does not change by being read and written again", () => {
    fc.assert(
      fc.property(labs, (lab) => {
        const once = formatLab(lab);
        const twice = edited(once);
        expect(twice).toBe(once);
        if (parseLab(once, "x").ok) expect(meaning(parsed(twice))).toEqual(meaning(parsed(once)));
      }),
      { numRuns: runs(100) },
    );
  });
});
