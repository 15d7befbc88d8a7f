/**
 * `routing: auto`: the routes that a link-state protocol would have settled on, computed at once. Every machine that
 * forwards is a node, every broadcast domain a pseudo-node reached at the cost of the sender's cable and left for free
 * (OSPF, RFC 2328, section 2.1.2); Dijkstra from each machine; ties go to the machine named first in the lab.
 * Left out: the protocol itself, its messages and its convergence time, and more than one path to a destination.
 */
import { KeyedHeap } from "../base/heap.ts";
import type { Lab, LabHost, LabNode } from "../lab/model.ts";

/** One computed route of one machine. Addresses are 32-bit integers. */
export interface ComputedRoute {
  readonly network: number;
  readonly prefixLength: number;
  readonly via: number;
  /** Index into the host's NICs. */
  readonly nic: number;
  readonly metric: number;
}

/** Whether a link carries frames in both directions now, by link index. */
export type LinkState = readonly boolean[];

type Attachment = { readonly node: number; readonly nic: number; readonly address: number; readonly cost: number };
/** Machines that reach each other without a router, now. */
type Group = {
  readonly segment: number;
  readonly members: readonly Attachment[];
  /** Those worth a look from elsewhere: machines that forward, or have an address of their own on `lo`. */
  readonly targets: readonly Attachment[];
};
type Edge = { readonly own: Attachment; readonly other: Attachment };
type Destination = {
  readonly network: number;
  readonly prefixLength: number;
  readonly key: number;
  readonly attached: readonly { node: number; cost: number }[];
};

/** Routes by node index; nodes without any are missing. */
export function computeRoutes(lab: Lab, up: LinkState): Map<number, ComputedRoute[]> {
  const graph = new RoutingGraph(lab, up);
  const routes = new Map<number, ComputedRoute[]>();
  for (const node of lab.nodes) {
    if (!isMachine(node)) continue;
    const found = graph.defaultOnly(node) ?? graph.routesFrom(node);
    if (found.length > 0) routes.set(node.index, found);
  }
  return routes;
}

export const isMachine = (node: LabNode): node is LabHost => node.kind === "host" || node.kind === "router";

const forwards = (node: LabNode | undefined): boolean =>
  node !== undefined && isMachine(node) && node.sysctls.get("net.ipv4.ip_forward") === "1";

class RoutingGraph {
  readonly #lab: Lab;
  readonly #groups: Group[];
  /** Groups that a node is in, as indexes. */
  readonly #groupsOf = new Map<number, number[]>();
  readonly #destinations: Destination[];
  /** Ways out of a node, as far as they were asked for. */
  readonly #edges = new Map<number, readonly Edge[]>();

  constructor(lab: Lab, up: LinkState) {
    this.#lab = lab;
    this.#groups = groupsOf(lab, up);
    this.#groups.forEach((group, index) => {
      for (const member of group.members) {
        const known = this.#groupsOf.get(member.node);
        if (known === undefined) this.#groupsOf.set(member.node, [index]);
        else known.push(index);
      }
    });
    this.#destinations = destinationsOf(lab, this.#groups);
  }

  /** A machine behind one router needs one route; null when it has to choose. */
  defaultOnly(node: LabHost): ComputedRoute[] | null {
    if (forwards(node)) return null;
    let only: ComputedRoute | null = null;
    for (const { own, other } of this.#neighbours(node.index)) {
      if (!forwards(this.#lab.nodes[other.node])) continue;
      if (only !== null) return null;
      only = { network: 0, prefixLength: 0, via: other.address, nic: own.nic, metric: own.cost };
    }
    return only === null ? [] : [only];
  }

  routesFrom(node: LabHost): ComputedRoute[] {
    const { distance, firstHop } = this.#shortestPaths(node.index);
    // A subnet behind a cut cable of this machine is reached another way, as if the connected route were withdrawn.
    const own = (this.#groupsOf.get(node.index) ?? []).map((index) => (this.#groups[index] as Group).segment);
    const connected = new Set(own.map((segment) => prefixKey(this.#lab.segments[segment]?.subnet)));
    const routes: ComputedRoute[] = [];
    for (const destination of this.#destinations) {
      if (connected.has(destination.key) || isAttached(destination, node.index)) continue;
      let best = Infinity;
      let hop: Edge | undefined;
      for (const { node: target, cost } of destination.attached) {
        const total = (distance.get(target) ?? Infinity) + cost;
        if (total >= best) continue;
        best = total;
        hop = firstHop.get(target);
      }
      if (hop === undefined) continue;
      const { network, prefixLength } = destination;
      routes.push({
        network,
        prefixLength,
        via: hop.other.address,
        nic: hop.own.nic,
        metric: Math.min(best, 2 ** 31 - 1),
      });
    }
    return routes;
  }

  #neighbours(node: number): readonly Edge[] {
    const known = this.#edges.get(node);
    if (known !== undefined) return known;
    const edges: Edge[] = [];
    for (const index of this.#groupsOf.get(node) ?? []) {
      const { members, targets } = this.#groups[index] as Group;
      for (const own of members) {
        if (own.node !== node) continue;
        for (const other of targets) if (other.node !== node) edges.push({ own, other });
      }
    }
    this.#edges.set(node, edges);
    return edges;
  }

  #shortestPaths(source: number): {
    distance: Map<number, number>;
    firstHop: Map<number, Edge>;
  } {
    const distance = new Map([[source, 0]]);
    const firstHop = new Map<number, Edge>();
    const settled = new Set<number>();
    const heap = new KeyedHeap();
    heap.push(0, source);
    while (heap.length > 0) {
      const { key, value: node } = heap.pop();
      if (settled.has(node)) continue;
      settled.add(node);
      if (node !== source && !forwards(this.#lab.nodes[node])) continue;
      const before = firstHop.get(node);
      for (const edge of this.#neighbours(node)) {
        const { own, other } = edge;
        const through = key + own.cost;
        if (through >= (distance.get(other.node) ?? Infinity)) continue;
        distance.set(other.node, through);
        firstHop.set(other.node, before ?? edge);
        heap.push(through, other.node);
      }
    }
    return { distance, firstHop };
  }
}

/** One number for each prefix; -1 for none. */
const prefixKey = (subnet: { network: number; prefixLength: number } | null | undefined): number =>
  subnet === null || subnet === undefined ? -1 : subnet.network * 64 + subnet.prefixLength;

function isAttached({ attached }: Destination, node: number): boolean {
  for (const at of attached) if (at.node === node) return true;
  return false;
}

const isTarget = (node: LabNode | undefined): boolean =>
  forwards(node) || (node !== undefined && isMachine(node) && node.loopback.length > 0);

/** Splits each segment into what hangs together over links that are up. */
function groupsOf(lab: Lab, up: LinkState): Group[] {
  const component = components(lab, up);
  const groups: Group[] = [];
  for (const segment of lab.segments) {
    const byComponent = new Map<number, Attachment[]>();
    for (const { node, nic } of segment.members) {
      const socket = lab.nodes[node]?.nics[nic];
      const link = socket?.link;
      const primary = socket?.addresses[0];
      if (link === null || link === undefined || primary === undefined || up[link.index] !== true) continue;
      const attachment = { node, nic, address: primary.address, cost: lab.links[link.index]?.cost ?? 1 };
      const key = component(node, nic);
      const known = byComponent.get(key);
      if (known === undefined) byComponent.set(key, [attachment]);
      else known.push(attachment);
    }
    for (const members of byComponent.values()) {
      const targets = members.filter(({ node }) => isTarget(lab.nodes[node]));
      groups.push({ segment: segment.index, members, targets });
    }
  }
  return groups;
}

/** Union-find over sockets: a cable joins its two ends, a switch or hub joins all of its own. */
function components(lab: Lab, up: LinkState): (node: number, nic: number) => number {
  const offsets: number[] = [];
  let count = 0;
  for (const node of lab.nodes) {
    offsets.push(count);
    count += Math.max(1, node.nics.length);
  }
  const parent = new Int32Array(count).map((_, index) => index);
  const find = (start: number): number => {
    let at = start;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number; // halve the path on the way
      at = parent[at] as number;
    }
    return at;
  };
  const socket = (node: number, nic: number): number => (offsets[node] as number) + nic;
  for (const node of lab.nodes) {
    if (isMachine(node)) continue;
    for (const nic of node.nics) parent[find(socket(node.index, nic.index))] = find(socket(node.index, 0));
  }
  for (const link of lab.links) {
    if (up[link.index] !== true) continue;
    const [a, b] = link.ends;
    parent[find(socket(a.node, a.nic))] = find(socket(b.node, b.nic));
  }
  return (node, nic) => find(socket(node, nic));
}

function destinationsOf(lab: Lab, groups: readonly Group[]): Destination[] {
  const byPrefix = new Map<number, Destination & { readonly attached: { node: number; cost: number }[] }>();
  const add = (network: number, prefixLength: number, node: number, cost: number): void => {
    const key = prefixKey({ network, prefixLength });
    const known = byPrefix.get(key);
    if (known === undefined) byPrefix.set(key, { network, prefixLength, key, attached: [{ node, cost }] });
    else known.attached.push({ node, cost });
  };
  for (const group of groups) {
    const subnet = lab.segments[group.segment]?.subnet;
    if (subnet === null || subnet === undefined) continue;
    for (const member of group.members) {
      if (forwards(lab.nodes[member.node])) add(subnet.network, subnet.prefixLength, member.node, member.cost);
    }
  }
  for (const node of lab.nodes) {
    if (!isMachine(node)) continue;
    for (const { address } of node.loopback) add(address, 32, node.index, 0);
  }
  return [...byPrefix.values()];
}
