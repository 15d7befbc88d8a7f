/**
 * Every map of the Topology Zoo that lies beside the repository: read, written as a lab, read again. The maps are not
 * ours to ship, so without them the test is skipped, and says so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { importTopologyZoo } from "../../core/lab/import/topology-zoo.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { sample } from "../harness/long.ts";

const MAPS = new URL("../../../shared/data/topology-zoo/", import.meta.url);
const maps = existsSync(MAPS) ? readdirSync(MAPS).filter((name) => name.endsWith(".graphml")) : [];
/** Every fifth in the everyday loop. */
const files = sample(maps, 5);
if (files.length === 0) console.warn(`SKIPPED: no Topology Zoo maps in ${MAPS.pathname}`);

/** Counted in the text itself, so that our XML reader does not judge its own work. */
function countsOf(text: string) {
  const edges = [...text.matchAll(/<edge\s[^>]*>/g)].map(([tag]) => tag);
  const ends = edges.map((tag) => ["source", "target"].map((side) => new RegExp(`${side}="([^"]*)"`).exec(tag)?.[1]));
  return {
    nodes: (text.match(/<node\s/g) ?? []).length,
    edges: edges.length,
    loops: ends.filter(([a, b]) => a === b).length,
  };
}

describe.skipIf(files.length === 0)("Topology Zoo", { timeout: 60_000 }, () => {
  const totals = new Map<string, number>();

  test.each(files)("%s", (file) => {
    const text = readFileSync(new URL(file, MAPS), "utf8");
    const result = importTopologyZoo(text, file);
    expect(result.ok ? [] : result.error.map(formatProblem)).toEqual([]);
    if (!result.ok) return;
    for (const { code } of result.value.problems) totals.set(code, (totals.get(code) ?? 0) + 1);
    const lab = parseLab(result.value.text, file);
    expect(lab.ok ? lab.value.warnings.map(formatProblem) : lab.error.map(formatProblem)).toEqual([]);
    if (!lab.ok) return;
    const counts = countsOf(text);
    expect(lab.value.nodes.length).toBe(counts.nodes);
    expect(lab.value.links.length).toBe(counts.edges - counts.loops);
    expect(lab.value.nodes.every((node) => node.kind === "router" && node.at !== null)).toBe(true);
    for (const { forward, backward, cost } of lab.value.links) {
      expect(forward).toEqual(backward);
      expect(forward.delayNs).toBeGreaterThanOrEqual(1000);
      expect(cost).toBe(Math.round(forward.delayNs / 1000));
    }
    expect(importTopologyZoo(text, file)).toEqual(result);
  });

  test("the problems in all", () => {
    console.log(`${files.length} maps:`, Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1))));
    expect([...totals.keys()].every((code) => code.startsWith("import/"))).toBe(true);
  });
});
