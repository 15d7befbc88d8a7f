/** What happens to the lab: fault rules, the random schedule, the timeline. */
import { findHost, findLink, findNode, hintFor, type LabDraft } from "./draft.ts";
import { impairmentsOf } from "./impairments.ts";
import type {
  LabAction,
  LabFaultRule,
  LabFaultTarget,
  LabMatch,
  LabSchedule,
  LabTimelineEntry,
  LabVerdict,
} from "./model.ts";
import type { FaultFile, TimelineFile } from "./schema.ts";
import { member, type TreePath } from "./tree.ts";

export function resolveFaults(draft: LabDraft): readonly LabFaultRule[] {
  const list = member(draft.problems.tree, "faults");
  return (draft.file.faults ?? []).flatMap((file, i): LabFaultRule[] => {
    const path = ["faults", i];
    const on = targetOf(draft, file, path);
    const [fromNs, untilNs] = [file.from ?? 0, file.until ?? null];
    checkInterval(draft, fromNs, untilNs, path);
    if (on === undefined) return [];
    const source = draft.problems.place(member(list, i));
    return [
      {
        on,
        match: matchOf(file),
        probability: file.probability ?? 1,
        verdict: verdictOf(file),
        fromNs,
        untilNs,
        source,
      },
    ];
  });
}

function targetOf(draft: LabDraft, file: FaultFile, path: TreePath): LabFaultTarget | undefined {
  if (file.on === "*") return { kind: "all" };
  const link = draft.linkIndex.get(file.on);
  if (link !== undefined) return { kind: "link", link, direction: file.direction ?? "both" };
  if (file.direction !== undefined) {
    draft.problems.error({
      code: "lab/bad-direction",
      title: "only a link has directions",
      path: [...path, "direction"],
    });
  }
  const node = draft.nodeIndex.get(file.on);
  if (node !== undefined) return { kind: "node", node };
  unknownTarget(draft, file.on, [...path, "on"]);
  return undefined;
}

function unknownTarget(draft: LabDraft, name: string, path: TreePath): void {
  const hint = hintFor(draft, name, () => [...draft.nodeIndex.keys(), ...draft.linkIndex.keys()]);
  draft.problems.error({ code: "lab/unknown-target", title: `there is no node or link "${name}"`, hint, path });
}

function checkInterval(draft: LabDraft, fromNs: number, untilNs: number | null, path: TreePath): void {
  if (untilNs === null || untilNs > fromNs) return;
  draft.problems.error({ code: "lab/bad-time", title: "it ends before it starts", path: [...path, "until"] });
}

function matchOf({ match = {} }: FaultFile): LabMatch {
  return {
    protocol: match.protocol ?? null,
    source: match.source ?? null,
    destination: match.destination ?? null,
    sourcePort: match["source-port"] ?? null,
    destinationPort: match["destination-port"] ?? null,
    bytesMin: match["min-bytes"] ?? null,
    bytesMax: match["max-bytes"] ?? null,
    skip: match.skip ?? 0,
    every: match.every ?? 1,
    count: match.count ?? null,
  };
}

const verdictOf = ({ verdict }: FaultFile): LabVerdict =>
  typeof verdict === "string" ? { kind: verdict } : { kind: "delay", delayNs: verdict.delay };

export function resolveSchedule(draft: LabDraft, durationNs: number): LabSchedule | null {
  const file = draft.file.schedule;
  if (file === undefined) return null;
  const [fromNs, untilNs] = [file.from ?? 0, file.until ?? durationNs];
  checkInterval(draft, fromNs, untilNs, ["schedule"]);
  for (const key of ["mean-gap", "mean-length"] as const) {
    if (file[key] === 0) {
      draft.problems.error({ code: "lab/bad-time", title: "a mean of zero", path: ["schedule", key] });
    }
  }
  const on = (file.on ?? []).flatMap((name, i): LabSchedule["on"][number][] => {
    const [link, node] = [draft.linkIndex.get(name), draft.nodeIndex.get(name)];
    if (link !== undefined) return [{ kind: "link", link }];
    if (node !== undefined) return [{ kind: "node", node }];
    unknownTarget(draft, name, ["schedule", "on", i]);
    return [];
  });
  return {
    seed: file.seed ?? draft.file.seed ?? 1,
    fromNs,
    untilNs,
    meanGapNs: file["mean-gap"],
    meanLengthNs: file["mean-length"],
    kinds: [...new Set(file.kinds)],
    on,
    heal: file.heal ?? true,
    source: draft.problems.place(member(draft.problems.tree, "schedule")),
  };
}

export function resolveTimeline(draft: LabDraft): readonly LabTimelineEntry[] {
  const list = member(draft.problems.tree, "timeline");
  const entries = (draft.file.timeline ?? []).flatMap((file, i): LabTimelineEntry[] => {
    const action = actionOf(draft, file, ["timeline", i]);
    return action === undefined ? [] : [{ atNs: file.at, source: draft.problems.place(member(list, i)), ...action }];
  });
  return entries.sort((a, b) => a.atNs - b.atNs); // stable by ECMA-262
}

function actionOf(draft: LabDraft, file: TimelineFile, path: TreePath): LabAction | undefined {
  if ("host" in file) {
    const node = findHost(draft, file.host, [...path, "host"]);
    return node && { kind: "run", node: node.index, command: file.run };
  }
  if ("node" in file) {
    const node = findNode(draft, file.node, [...path, "node"]);
    return node && { kind: "node", node: node.index, action: file.do };
  }
  const link = findLink(draft, file.link, [...path, "link"]);
  if (link === undefined) return undefined;
  if (typeof file.do === "string") return { kind: "link", link, action: file.do };
  if (isAtHub(draft, link)) {
    draft.problems.warning({
      code: "lab/hub-cable",
      title: `"${file.link}" is a cable of a hub: all of them are one medium, which this does not change`,
      hint: "write a fault rule",
      path: [...path, "do"],
    });
  }
  const { forward = {}, backward = {}, ...both } = file.do.set;
  return {
    kind: "link-set",
    link,
    forward: { ...impairmentsOf(both), ...impairmentsOf(forward) },
    backward: { ...impairmentsOf(both), ...impairmentsOf(backward) },
  };
}

const isAtHub = (draft: LabDraft, link: number): boolean =>
  (draft.file.links?.[link]?.ends ?? []).some((end) => {
    const node = draft.nodeIndex.get(end.split(":")[0] ?? "");
    return node !== undefined && draft.nodes[node]?.file.kind === "hub";
  });
