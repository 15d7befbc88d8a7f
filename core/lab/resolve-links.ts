/** Links: which socket each end is plugged into, and what each direction does. */
import { findNode, type LabDraft, type NodeDraft } from "./draft.ts";
import { CABLE_DEFAULT, impairmentsOf } from "./impairments.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { LabDirection, LabEnd, LabLink } from "./model.ts";
import type { ImpairmentsFile, LinkFile } from "./schema.ts";
import { member } from "./tree.ts";

type End = { readonly node: NodeDraft; readonly nic: string };

/**
 * Claims a socket for every end: the ones named first, so that a bare `h1` never takes what a later `h1:eth0` asks for.
 * The NICs themselves do not exist yet; `resolveLinks` looks them up later.
 */
export function claimSockets(draft: LabDraft): readonly (readonly [End, End] | undefined)[] {
  const files = draft.file.links ?? [];
  const ends = files.map((link, index): (End | undefined)[] => [
    namedEnd(draft, link, index, 0),
    namedEnd(draft, link, index, 1),
  ]);
  const next = new Map<NodeDraft, number>();
  return ends.map((pair, index) => {
    const [a, b] = [pair[0], pair[1]].map((end, side) => freeEnd(end, { index, end: side as 0 | 1 }, next));
    return a === undefined || b === undefined ? undefined : [a, b];
  });
}

/** `nic` is empty when the file leaves the socket open. */
function namedEnd(draft: LabDraft, link: LinkFile, index: number, end: 0 | 1): End | undefined {
  const path = ["links", index, "ends", end];
  const [name = "", nic, ...rest] = link.ends[end].split(":");
  const node = findNode(draft, name, path);
  if (node === undefined || nic === undefined) return node && { node, nic: "" };
  if (
    rest.length > 0 ||
    !/^[A-Za-z][A-Za-z0-9_.-]*$/.test(nic) ||
    nic.length > LAB_LIMITS.nicNameCharactersMax ||
    nic === "lo"
  ) {
    draft.problems.error({
      code: "lab/bad-end",
      title: `"${nic}" cannot be an interface with a cable`,
      hint: "write h1 or h1:eth0",
      path,
    });
    return undefined;
  }
  const taken = node.sockets.get(nic);
  if (taken !== undefined) {
    const other = taken.index === index ? "the other end of this link" : `link ${taken.index + 1}`;
    draft.problems.error({ code: "lab/socket-taken", title: `${name}:${nic} already holds ${other}`, path });
    return undefined;
  }
  node.sockets.set(nic, { index, end });
  return { node, nic };
}

function freeEnd(end: End | undefined, claim: { index: number; end: 0 | 1 }, next: Map<NodeDraft, number>) {
  if (end === undefined || end.nic !== "") return end;
  const { node } = end;
  let number = next.get(node) ?? 0;
  while (node.sockets.has(`eth${number}`)) number++;
  next.set(node, number + 1);
  node.sockets.set(`eth${number}`, claim);
  return { node, nic: `eth${number}` };
}

/** Once every node has its NICs. Links with a bad end are left out: the lab is refused anyway. */
export function resolveLinks(
  draft: LabDraft,
  sockets: readonly (readonly [End, End] | undefined)[],
): readonly LabLink[] {
  const files = draft.file.links ?? [];
  nameLinks(draft, files, sockets);
  const names = new Map([...draft.linkIndex].map(([name, index]) => [index, name]));
  const list = member(draft.problems.tree, "links");
  const links: LabLink[] = [];
  files.forEach((file, index) => {
    const ends = sockets[index];
    if (ends === undefined) return;
    const [forward, backward] = directionsOf(draft, file, ends, index);
    links.push({
      index,
      name: names.get(index) ?? "",
      ends: [endOf(ends[0]), endOf(ends[1])],
      forward,
      backward,
      cost: file.cost ?? draft.file.defaults?.link?.cost ?? 1,
      up: file.state !== "down",
      source: draft.problems.place(member(list, index)),
    });
  });
  return links;
}

const endOf = ({ node, nic }: End): LabEnd => ({ node: node.index, nic: node.nicIndex.get(nic) ?? 0 });

/** Names that are written come first, so that a made-up one gives way. */
function nameLinks(
  draft: LabDraft,
  files: readonly LinkFile[],
  sockets: readonly (readonly [End, End] | undefined)[],
): void {
  const taken = new Set(draft.nodeIndex.keys());
  files.forEach(({ name }, index) => {
    if (name === undefined) return;
    if (taken.has(name)) {
      const title = `"${name}" is already the name of ${draft.nodeIndex.has(name) ? "a node" : "another link"}`;
      draft.problems.error({ code: "lab/duplicate-name", title, path: ["links", index, "name"] });
    }
    taken.add(name);
  });
  const used = new Map<string, number>();
  files.forEach((file, index) => {
    const ends = sockets[index];
    const base = `${ends?.[0].node.name ?? ""}-${ends?.[1].node.name ?? index}`;
    let name = file.name;
    for (let n = used.get(base) ?? 1; name === undefined; n++) {
      const candidate = n === 1 ? base : `${base}.${n}`;
      if (!taken.has(candidate)) name = candidate;
      used.set(base, n + 1);
    }
    taken.add(name);
    if (ends !== undefined || file.name !== undefined) draft.linkIndex.set(name, index);
  });
}

function directionsOf(
  draft: LabDraft,
  file: LinkFile,
  ends: readonly [End, End],
  index: number,
): [LabDirection, LabDirection] {
  const defaults = draft.file.defaults?.link;
  const none: ImpairmentsFile = {};
  const common = { ...CABLE_DEFAULT, ...impairmentsOf(defaults ?? none) };
  const hub = hubRate(draft, file, ends, index);
  const own = impairmentsOf(file);
  return (["forward", "backward"] as const).map((way) => ({
    ...common,
    ...impairmentsOf(defaults?.[way] ?? none),
    ...own,
    ...impairmentsOf(file[way] ?? none),
    ...hub,
  })) as [LabDirection, LabDirection];
}

/** A hub has one rate for all its cables. */
function hubRate(draft: LabDraft, file: LinkFile, ends: readonly [End, End], index: number): Partial<LabDirection> {
  const rates = ends.flatMap(({ node }) => (node.file.kind === "hub" ? [node.file.rate ?? HUB_RATE_BPS] : []));
  const rateBps = rates[0];
  if (rateBps === undefined) return {};
  if (rates.some((rate) => rate !== rateBps)) {
    draft.problems.error({
      code: "lab/hub-rate",
      title: "two hubs of different rates on one cable",
      path: ["links", index],
    });
  }
  const written = [file.rate, file.forward?.rate, file.backward?.rate].find((rate) => rate !== undefined);
  if (written !== undefined && written !== rateBps) {
    const hint = "set the rate at the hub";
    draft.problems.error({
      code: "lab/hub-rate",
      title: "a cable at a hub runs at the hub's rate",
      hint,
      path: ["links", index],
    });
  }
  return { rateBps };
}

/** 10BASE-T, the fastest for which CSMA/CD was common. */
export const HUB_RATE_BPS = 10_000_000;
