/** Broadcast domains: which NICs of hosts and routers hear one another's ARP requests. */
import { machineOf, type LabDraft } from "./draft.ts";
import type { LabLink, LabSegment } from "./model.ts";

export type SegmentDraft = { -readonly [Key in keyof LabSegment]: LabSegment[Key] } & {
  members: { readonly node: number; readonly nic: number }[];
};

/**
 * Numbered in the order of their first member. Cables that are down at the start count as well: addresses must not
 * depend on whether somebody has pulled a plug.
 */
export function findSegments(draft: LabDraft, links: readonly LabLink[]): SegmentDraft[] {
  const wires = new Wires(draft.nodes.length + links.length);
  const wireOf = (link: number): number => draft.nodes.length + link;
  links.forEach((link, position) => {
    for (const { node } of link.ends) {
      const device = draft.nodes[node];
      if (device !== undefined && machineOf(device) === undefined) wires.join(wireOf(position), node);
    }
  });
  const positions = new Map(links.map((link, position) => [link.index, position]));
  const segments: SegmentDraft[] = [];
  const known = new Map<string, SegmentDraft>();
  for (const node of draft.nodes) {
    if (machineOf(node) === undefined) continue;
    for (const nic of node.nics) {
      const position = nic.link === null ? undefined : positions.get(nic.link.index);
      if (position === undefined) continue;
      const key = `${wires.root(wireOf(position))}/${nic.vlan ?? ""}`;
      let segment = known.get(key);
      if (segment === undefined) {
        segment = { index: segments.length, subnet: null, vlan: nic.vlan, members: [] };
        known.set(key, segment);
        segments.push(segment);
      }
      segment.members.push({ node: node.index, nic: nic.index });
      nic.segment = segment.index;
    }
  }
  return segments;
}

/** Union-find over switches, hubs and cables. */
class Wires {
  readonly #above: number[];

  constructor(size: number) {
    this.#above = Array.from({ length: size }, (_, i) => i);
  }

  root(of: number): number {
    let here = of;
    for (let above = this.#at(here); above !== here; above = this.#at(here)) {
      this.#above[here] = this.#at(above); // halve the way for the next one who asks
      here = above;
    }
    return here;
  }

  join(a: number, b: number): void {
    this.#above[this.root(a)] = this.root(b);
  }

  #at(index: number): number {
    return this.#above[index] as number;
  }
}
