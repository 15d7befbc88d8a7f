/** A lab while its names are being looked up: what later becomes the read-only model, still open for writing. */
import type { LabLink, LabNic } from "./model.ts";
import { suggest } from "./nearest.ts";
import type { ProblemList } from "./problem-list.ts";
import type { LabFile, MachineFile, NodeFile } from "./schema.ts";
import type { TreePath } from "./tree.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export type NicDraft = Mutable<LabNic>;

export type NodeDraft = {
  readonly index: number;
  readonly name: string;
  readonly file: NodeFile;
  /** In the order of their names. */
  nics: NicDraft[];
  readonly nicIndex: Map<string, number>;
  /** What the links have claimed. */
  readonly sockets: Map<string, { readonly index: number; readonly end: 0 | 1 }>;
};

export type LabDraft = {
  readonly file: LabFile;
  readonly problems: ProblemList;
  readonly nodes: readonly NodeDraft[];
  readonly nodeIndex: ReadonlyMap<string, number>;
  links: readonly LabLink[];
  readonly linkIndex: Map<string, number>;
};

export const machineOf = (node: NodeDraft): MachineFile | undefined =>
  node.file.kind === "host" || node.file.kind === "router" ? node.file : undefined;

/** Names that mean something else where a node is expected. */
const RESERVED = ["all", "drop", "localhost"];

export function draftLab(file: LabFile, problems: ProblemList): LabDraft {
  const entries = Object.entries(file.nodes);
  const nodes = entries.map(([name, node], index): NodeDraft => {
    if (RESERVED.includes(name)) {
      problems.error({ code: "lab/bad-name", title: `a node cannot be named "${name}"`, path: ["nodes"], key: name });
    }
    return { index, name, file: node, nics: [], nicIndex: new Map(), sockets: new Map() };
  });
  const nodeIndex = new Map(nodes.map((node) => [node.name, node.index]));
  return { file, problems, nodes, nodeIndex, links: [], linkIndex: new Map() };
}

/** The nearest of the valid names, which are not even listed once nobody will read it. */
export function hintFor(draft: LabDraft, name: string, valid: () => Iterable<string>): string {
  return draft.problems.full ? "" : suggest(name, [...valid()]);
}

/** The node of this name; a problem, and undefined, if there is none. */
export function findNode(draft: LabDraft, name: string, path: TreePath): NodeDraft | undefined {
  const index = draft.nodeIndex.get(name);
  if (index !== undefined) return draft.nodes[index];
  const hint = hintFor(draft, name, () => draft.nodeIndex.keys());
  draft.problems.error({ code: "lab/unknown-node", title: `there is no node "${name}"`, hint, path });
  return undefined;
}

/** As `findNode`, for what only a host or router can do. */
export function findHost(draft: LabDraft, name: string, path: TreePath): NodeDraft | undefined {
  const hosts = (): string[] => draft.nodes.filter((node) => machineOf(node) !== undefined).map((node) => node.name);
  const index = draft.nodeIndex.get(name);
  const node = index === undefined ? undefined : draft.nodes[index];
  if (node !== undefined && machineOf(node) !== undefined) return node;
  const title = node === undefined ? `there is no host "${name}"` : `"${name}" is a ${node.file.kind}, not a host`;
  draft.problems.error({ code: "lab/unknown-host", title, hint: hintFor(draft, name, hosts), path });
  return undefined;
}

/** Index of the link of this name. */
export function findLink(draft: LabDraft, name: string, path: TreePath): number | undefined {
  const index = draft.linkIndex.get(name);
  if (index !== undefined) return index;
  const hint = hintFor(draft, name, () => draft.linkIndex.keys());
  draft.problems.error({ code: "lab/unknown-link", title: `there is no link "${name}"`, hint, path });
  return undefined;
}

export function findNic(draft: LabDraft, node: NodeDraft, nic: string, path: TreePath): number | undefined {
  const index = node.nicIndex.get(nic);
  if (index !== undefined) return index;
  const hint = hintFor(draft, nic, () => node.nicIndex.keys());
  draft.problems.error({ code: "lab/unknown-nic", title: `"${node.name}" has no interface "${nic}"`, hint, path });
  return undefined;
}
