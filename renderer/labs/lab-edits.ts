/**
 * Edits of a lab as changes to its text, so that what a person has written around them stays. Each takes the text and
 * gives the new one, or says in a sentence why it cannot be done. Addresses are not written: core/lab gives every
 * cabled interface one.
 */
import { bad, good, type Result } from "../../core/base/result.ts";
import type { LabView, NodeKind } from "../../core/contract/api/lab-view.ts";
import { editLab, type LabEdit } from "../../core/lab/write.ts";
import { asList, asRecord, readSource, type LabSource } from "./lab-source.ts";
import { removalsOf, renamesOf } from "./references.ts";

export type LabEditResult = Result<string, string>;

export interface Place {
  readonly x: number;
  readonly y: number;
}

const NAME = /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const RESERVED = ["all", "drop", "localhost"];
const PREFIXES: Readonly<Record<NodeKind, string>> = { host: "h", router: "r", switch: "s", hub: "hub" };

/** `h4` after h1, h2, h3. */
export function freeName(taken: ReadonlySet<string>, kind: NodeKind): string {
  for (let number = 1; ; number++) {
    const name = PREFIXES[kind] + String(number);
    if (!taken.has(name)) return name;
  }
}

/** What is wrong with a name for a node; "" when nothing is. */
export function nameFault(name: string, taken: ReadonlySet<string>): string {
  if (!NAME.test(name) || name.length > 63) {
    return "A name has letters, digits, dots and hyphens, and begins with a letter.";
  }
  if (RESERVED.includes(name)) return `“${name}” means something else in labs.`;
  return taken.has(name) ? `There is already a “${name}”.` : "";
}

export interface NewNode {
  readonly name: string;
  readonly kind: NodeKind;
  readonly at: Place;
  /** Further keys of the lab file. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface NewLink {
  /** `h1`, or `h1:eth0`. */
  readonly ends: readonly [string, string];
  readonly settings?: Readonly<Record<string, unknown>>;
}

export function addElements(
  text: string,
  added: { readonly nodes?: readonly NewNode[]; readonly links?: readonly NewLink[] },
): LabEditResult {
  return withSource(text, (source) => {
    const nodes = (added.nodes ?? []).map(({ name, kind, at, settings }): LabEdit => {
      const value = { kind, at: [Math.round(at.x), Math.round(at.y)], ...settings };
      return { path: ["nodes", name], value };
    });
    const links = (added.links ?? []).map(({ ends, settings }, index): LabEdit => {
      const path = ["links", source.links.length + index];
      return { path, value: { ends: [...ends], ...settings } };
    });
    // A list that is not there yet would be made as a map by a path with an index.
    const first: LabEdit[] =
      links.length > 0 && !Array.isArray(source.whole["links"]) ? [{ path: ["links"], value: [] }] : [];
    return [...nodes, ...first, ...links];
  });
}

/** Nodes take their links along. */
export function removeElements(
  text: string,
  view: LabView,
  gone: { readonly nodes: readonly string[]; readonly links: readonly string[] },
): LabEditResult {
  return withSource(text, (source) => {
    const nodes = new Set(gone.nodes);
    const links = view.links.filter(
      ({ name, ends }) => gone.links.includes(name) || ends.some(({ node }) => nodes.has(view.nodes[node]?.name ?? "")),
    );
    const indices = new Set(links.map(({ index }) => index));
    const names = new Set([...nodes, ...links.map(({ name }) => name)]);
    return [
      ...pinnedEnds(source, view, indices),
      ...removalsOf(source, names),
      ...[...indices].sort((a, b) => b - a).map((index): LabEdit => ({ path: ["links", index], value: undefined })),
      ...[...nodes].map((name): LabEdit => ({ path: ["nodes", name], value: undefined })),
    ];
  });
}

/** A bare `h1` takes the first free socket: without the links that go, others would move to another interface. */
function pinnedEnds(source: LabSource, view: LabView, gone: ReadonlySet<number>): LabEdit[] {
  const touched = new Set(
    view.links.filter(({ index }) => gone.has(index)).flatMap(({ ends }) => ends.map((e) => e.node)),
  );
  return view.links.flatMap((link): LabEdit[] => {
    if (gone.has(link.index)) return [];
    return link.ends.flatMap((end, side): LabEdit[] => {
      const node = view.nodes[end.node];
      const written = asList(source.links[link.index]?.["ends"])[side];
      if (node === undefined || !touched.has(end.node) || written !== node.name || node.cpus === 0) return [];
      return [{ path: ["links", link.index, "ends", side], value: `${node.name}:${end.nic}` }];
    });
  });
}

export function moveNodes(text: string, places: ReadonlyMap<string, Place>): LabEditResult {
  return withSource(text, () =>
    [...places].map(([name, { x, y }]): LabEdit => ({
      path: ["nodes", name, "at"],
      value: [Math.round(x), Math.round(y)],
    })),
  );
}

/** @param links names of links that follow, old to new */
export function renameNode(
  text: string,
  from: string,
  to: string,
  links: ReadonlyMap<string, string> = new Map(),
): LabEditResult {
  const source = readSource(text);
  if (!source.ok) return source;
  const fault = nameFault(to, new Set(Object.keys(source.value.nodes)));
  if (fault !== "") return bad(fault);
  const { text: plain } = source.value;
  const at = source.value.nodeKeyAt(from);
  const quote = plain[at] === '"' || plain[at] === "'" ? 1 : 0;
  if (plain.slice(at + quote, at + quote + from.length) !== from) return bad(`${from} cannot be renamed here.`);
  const others = editLab(plain, renamesOf(source.value, new Map([[from, to], ...links])));
  if (!others.ok) return others;
  // The other edits come after or before the key and may have moved it: look for it again.
  const again = readSource(others.value);
  if (!again.ok) return again;
  const keyAt = again.value.nodeKeyAt(from) + quote;
  return good(others.value.slice(0, keyAt) + to + others.value.slice(keyAt + from.length));
}

/** Sets keys of a link; undefined removes one. */
export function setLink(text: string, index: number, settings: Readonly<Record<string, unknown>>): LabEditResult {
  return withSource(text, () =>
    Object.entries(settings).map(([key, value]): LabEdit => ({ path: ["links", index, key], value })),
  );
}

export function setLabSeed(text: string, seed: number): LabEditResult {
  return withSource(text, () => [{ path: ["seed"], value: seed }]);
}

/** What copying takes: settings of nodes without their place and addresses, and the links between them. */
export interface LabPiece {
  readonly nodes: readonly { name: string; kind: NodeKind; at: Place; settings: Record<string, unknown> }[];
  readonly links: readonly { ends: readonly [string, string]; settings: Record<string, unknown> }[];
}

export function copyPiece(
  text: string,
  view: LabView,
  names: readonly string[],
  places: ReadonlyMap<string, Place>,
): LabPiece {
  const source = readSource(text);
  if (!source.ok) return { nodes: [], links: [] };
  const chosen = new Set(names);
  const nodes = view.nodes.flatMap((node) => {
    if (!chosen.has(node.name)) return [];
    const {
      kind: _kind,
      at: _at,
      addresses: _addresses,
      gateway: _gateway,
      routes: _routes,
      ...settings
    } = asRecord(source.value.nodes[node.name]);
    return [{ name: node.name, kind: node.kind, at: places.get(node.name) ?? { x: 0, y: 0 }, settings }];
  });
  const links = view.links.flatMap((link) => {
    const ends = link.ends.map(({ node }) => view.nodes[node]?.name ?? "") as [string, string];
    if (!ends.every((name) => chosen.has(name))) return [];
    const { ends: _ends, name: _name, ...settings } = asRecord(source.value.links[link.index]);
    return [{ ends, settings }];
  });
  return { nodes, links };
}

/** @returns also the names that the pasted nodes got. */
export function pastePiece(
  text: string,
  piece: LabPiece,
  offset: Place,
): Result<{ readonly text: string; readonly names: readonly string[] }, string> {
  const source = readSource(text);
  if (!source.ok) return source;
  const taken = new Set(Object.keys(source.value.nodes));
  const renamed = new Map<string, string>();
  const nodes = piece.nodes.map(({ name, kind, at, settings }): NewNode => {
    const free = freeName(taken, kind);
    taken.add(free);
    renamed.set(name, free);
    return { name: free, kind, at: { x: at.x + offset.x, y: at.y + offset.y }, settings };
  });
  const links = piece.links.map(({ ends, settings }): NewLink => {
    const [a, b] = ends.map((end) => renamed.get(end) ?? end) as [string, string];
    return { ends: [a, b], settings };
  });
  const result = addElements(text, { nodes, links });
  return result.ok ? good({ text: result.value, names: [...renamed.values()] }) : result;
}

export const EMPTY_LAB = `lastack: 1
name: Untitled
seed: 1
duration: 60s
defaults: { link: { rate: 100Mbps, delay: 1ms } }
nodes: {}
links: []
`;

function withSource(text: string, edits: (source: LabSource) => readonly LabEdit[]): LabEditResult {
  const source = readSource(text);
  return source.ok ? editLab(source.value.text, edits(source.value)) : source;
}
