/**
 * The two sides of a lab, which take turns in running ahead (engine/lanes.ts). Joined nodes are on different ones
 * wherever that can be: then each side runs ahead by two delays, a frame's way there and back, and not by one. In a
 * star or a tree no cable has both its ends on one side; where there is a ring of odd length, some cables do.
 */
import type { Side } from "../engine/lanes.ts";
import type { Lab } from "../lab/model.ts";

/** @returns the side of each node, by index. */
export function sidesOf(lab: Lab): Side[] {
  const joined = lab.nodes.map((): number[] => []);
  for (const { ends } of lab.links) {
    joined[ends[0].node]?.push(ends[1].node);
    joined[ends[1].node]?.push(ends[0].node);
  }
  const sides = new Map<number, Side>();
  // The first node of each part that hangs together, then by distance from it.
  for (const { index } of lab.nodes) {
    if (sides.has(index)) continue;
    const found = [index];
    sides.set(index, 0);
    for (const at of found) {
      for (const next of joined[at] ?? []) {
        if (sides.has(next)) continue;
        sides.set(next, sides.get(at) === 0 ? 1 : 0);
        found.push(next);
      }
    }
  }
  return lab.nodes.map(({ index }) => sides.get(index) ?? 0);
}
