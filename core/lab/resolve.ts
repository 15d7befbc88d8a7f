/**
 * Meaning: names become indices, defaults are applied, addresses are given out, and what cannot be meant is told.
 * When `problems` has errors afterwards the lab is incomplete and must not be used.
 */
import { assignAddresses } from "./addressing.ts";
import { draftLab, machineOf, type LabDraft, type NodeDraft } from "./draft.ts";
import { resolveChecks } from "./resolve-checks.ts";
import { resolveFaults, resolveSchedule, resolveTimeline } from "./resolve-events.ts";
import { resolveMeasurements } from "./resolve-measurements.ts";
import { resolveMachine } from "./resolve-host.ts";
import { claimSockets, HUB_RATE_BPS, resolveLinks } from "./resolve-links.ts";
import { draftNics } from "./resolve-nics.ts";
import type { Lab, LabAddress, LabNode } from "./model.ts";
import type { ProblemList } from "./problem-list.ts";
import type { LabFile } from "./schema.ts";
import { findSegments, type SegmentDraft } from "./segments.ts";
import { member, type Tree } from "./tree.ts";

const DURATION_NS = 10_000_000_000;
/** Linux's bridge: 300 s (IEEE 802.1D-1998, table 7-5); the table is a small access switch's. */
const AGEING_NS = 300_000_000_000;
const SWITCH_TABLE = 1024;

export function resolveLab(file: LabFile, problems: ProblemList): Lab {
  const draft = draftLab(file, problems);
  const sockets = claimSockets(draft);
  draftNics(draft);
  draft.links = resolveLinks(draft, sockets);
  const segments = findSegments(draft, draft.links);
  const loopbacks = assignAddresses(draft, segments);
  const durationNs = file.duration ?? DURATION_NS;
  if (durationNs === 0) problems.error({ code: "lab/bad-time", title: "a run of no length", path: ["duration"] });
  return {
    file: problems.file,
    name: file.name ?? problems.file.replace(/^.*[/\\]/, "").replace(/\.ya?ml$/, ""),
    text: file.text ?? "",
    seed: file.seed ?? 1,
    routing: file.routing ?? "auto",
    durationNs,
    nodes: resolveNodes(draft, segments, loopbacks),
    links: draft.links,
    segments,
    faults: resolveFaults(draft),
    schedule: resolveSchedule(draft, durationNs),
    timeline: resolveTimeline(draft),
    checks: resolveChecks(draft, durationNs),
    measurements: resolveMeasurements(draft, durationNs),
    warnings: [],
  };
}

function resolveNodes(
  draft: LabDraft,
  segments: readonly SegmentDraft[],
  loopbacks: ReadonlyMap<NodeDraft, readonly LabAddress[]>,
): readonly LabNode[] {
  const trees = member(draft.problems.tree, "nodes");
  return draft.nodes.map((node): LabNode => {
    const { file } = node;
    const common = {
      index: node.index,
      name: node.name,
      at: file.at === undefined ? null : { x: file.at[0], y: file.at[1] },
      nics: node.nics,
      // The nodes stand in the tree in this order: names are never looked up one by one.
      source: draft.problems.place(nodeTree(trees, node.index)),
    };
    if (file.kind === "hub") return { ...common, kind: "hub", rateBps: file.rate ?? HUB_RATE_BPS };
    if (file.kind === "switch") {
      return { ...common, kind: "switch", ageingNs: file.ageing ?? AGEING_NS, tableMax: file.table ?? SWITCH_TABLE };
    }
    const machine = machineOf(node) ?? file;
    return resolveMachine(draft, { common, node, machine, loopback: loopbacks.get(node) ?? [], segments });
  });
}

const nodeTree = (nodes: Tree | undefined, index: number): Tree | undefined =>
  nodes?.kind === "map" ? nodes.values[index] : undefined;
