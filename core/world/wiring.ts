/**
 * Lays the cables of a lab: a `Cable` between two sockets, one `Hub` for every group of hubs that are joined (they are
 * one collision domain), a `Switch` for every switch. Says for each socket where its owner transmits.
 */
import { present } from "../base/assert.ts";
import { Cable } from "../fabric/cable.ts";
import type { Lane } from "../engine/rank.ts";
import type { FabricContext } from "../fabric/context.ts";
import { Hub, type HubPortPlan } from "../fabric/hub.ts";
import { Switch } from "../fabric/switch.ts";
import type { Lab, LabEnd, LabHub, LabLink, LabNode } from "../lab/model.ts";
import type { TransmitPort } from "../wire/frame.ts";
import { CableLink, HubLink, impairmentOf, type WorldLink } from "./link.ts";
import { isMachine } from "./routing.ts";

export interface Wiring {
  /** By link index. Links between two hubs have no life of their own and are missing. */
  readonly links: readonly (WorldLink | null)[];
  readonly switches: ReadonlyMap<number, Switch>;
  /** By node index; joined hubs share one. */
  readonly hubs: ReadonlyMap<number, Hub>;
  /** Port that the owner of a socket transmits to; null without a cable. */
  port(node: number, nic: number): TransmitPort | null;
}

const socketKey = ({ node, nic }: LabEnd): string => `${node}/${nic}`;

/** @param lanes of the lab's nodes, by index. */
export function wire(context: FabricContext, lab: Lab, lanes: readonly Lane[]): Wiring {
  const ports = new Map<string, TransmitPort>();
  const switches = new Map<number, Switch>();
  for (const node of lab.nodes) {
    if (node.kind !== "switch") continue;
    switches.set(
      node.index,
      new Switch(context, {
        id: node.index,
        name: node.name,
        lane: lanes[node.index],
        ports: node.nics.map((nic) => nic.name),
        ageingNs: node.ageingNs,
        tableMax: node.tableMax,
      }),
    );
  }
  const media = layHubs(context, lab);
  const links = lab.links.map((link) => {
    const drop = media.links.get(link.index);
    if (drop !== undefined) {
      if (drop === null) return null;
      ports.set(socketKey(drop.station), drop.hub.port(drop.port));
      return new HubLink(link, drop.hub, drop.port, drop.hubEnd);
    }
    const cable = layCable(context, lab, link, lanes);
    link.ends.forEach((end, index) => ports.set(socketKey(end), present(cable.ends[index], "a cable end")));
    return new CableLink(link, cable);
  });
  for (const node of lab.nodes) {
    const owner = switches.get(node.index);
    if (owner === undefined) continue;
    for (const nic of node.nics) {
      const port = ports.get(socketKey({ node: node.index, nic: nic.index }));
      if (port !== undefined) owner.connect(nic.index, port);
    }
    setVlans(lab, node, owner);
  }
  return { links, switches, hubs: media.hubs, port: (node, nic) => ports.get(socketKey({ node, nic })) ?? null };
}

function layCable(context: FabricContext, lab: Lab, link: LabLink, lanes: readonly Lane[]): Cable {
  const [near, far] = link.ends.map((end) => present(lab.nodes[end.node], "the node of an end"));
  const laneOf = ({ node }: LabEnd): Lane => present(lanes[node], "the lane of a node");
  const edge = (node: LabNode | undefined, end: LabEnd): { node: string; nic: string } | null =>
    node !== undefined && isMachine(node) ? { node: node.name, nic: node.nics[end.nic]?.name ?? "" } : null;
  // A machine queues in its own qdisc and ring; a switch port relies on its own queue as well.
  return new Cable(context, {
    id: link.index,
    name: link.name,
    forward: impairmentOf(link.forward, null),
    backward: impairmentOf(link.backward, null),
    plugged: link.up,
    owners: [laneOf(link.ends[0]), laneOf(link.ends[1])],
    edges: [edge(near, link.ends[0]), edge(far, link.ends[1])],
  });
}

/**
 * An access port for every VLAN its cable's far NIC is in; ports towards switches carry all VLANs of the lab tagged.
 */
function setVlans(lab: Lab, node: LabNode, owner: Switch): void {
  const vlans = new Set(lab.segments.flatMap((segment) => (segment.vlan === null ? [] : [segment.vlan])));
  if (vlans.size === 0) return;
  for (const nic of node.nics) owner.setVlans(nic.index, { untagged: 1, tagged: vlans });
}

interface HubDrop {
  readonly hub: Hub;
  readonly port: number;
  readonly station: LabEnd;
  readonly hubEnd: 0 | 1;
}

/** Joins hubs into media. A link between two hubs maps to null: it only adds length. */
function layHubs(context: FabricContext, lab: Lab): { hubs: Map<number, Hub>; links: Map<number, HubDrop | null> } {
  const hubs = new Map<number, Hub>();
  const links = new Map<number, HubDrop | null>();
  for (const node of lab.nodes) {
    if (node.kind !== "hub" || hubs.has(node.index)) continue;
    const distance = hubsJoinedTo(lab, node);
    const joined = lab.nodes.filter(({ index }) => distance.has(index)).map(({ name }) => name);
    const plans: HubPortPlan[] = [];
    const drops: { link: LabLink; station: LabEnd; hubEnd: 0 | 1 }[] = [];
    for (const link of lab.links) {
      const inside = link.ends.map((end) => distance.get(end.node));
      if (inside[0] === undefined && inside[1] === undefined) continue;
      if (inside[0] !== undefined && inside[1] !== undefined) {
        links.set(link.index, null);
        continue;
      }
      const hubEnd = inside[0] === undefined ? 1 : 0;
      const station = link.ends[hubEnd === 0 ? 1 : 0];
      const owner = present(lab.nodes[station.node], "the node of an end");
      plans.push({
        name: link.name,
        propagationNs: link.forward.delayNs + present(inside[hubEnd], "a distance"),
        edge: isMachine(owner) ? { node: owner.name, nic: owner.nics[station.nic]?.name ?? "" } : null,
        ruleNames: hubRuleNames(link, hubEnd, joined),
      });
      drops.push({ link, station, hubEnd });
    }
    const hub = new Hub(context, { id: node.index, name: node.name, ports: plans, rateBitsPerSecond: node.rateBps });
    for (const index of distance.keys()) hubs.set(index, hub);
    drops.forEach(({ link, station, hubEnd }, port) => links.set(link.index, { hub, port, station, hubEnd }));
  }
  return { hubs, links };
}

/**
 * A rule on a station's cable sees what that station sends and gets; a rule on any of several joined hubs means the one
 * medium that they are, and sees each frame once.
 */
function hubRuleNames(link: LabLink, hubEnd: 0 | 1, hubs: readonly string[]): NonNullable<HubPortPlan["ruleNames"]> {
  const [towards, away] = hubEnd === 1 ? ["forward", "backward"] : ["backward", "forward"];
  return {
    in: [link.name, `${link.name}/${towards}`, ...hubs.flatMap((hub) => [hub, `${hub}/in`])],
    out: [link.name, `${link.name}/${away}`, ...hubs.map((hub) => `${hub}/out`)],
  };
}

/** Hubs that hang together with this one, with their distance from it in ns. */
function hubsJoinedTo(lab: Lab, start: LabHub): Map<number, number> {
  const distance = new Map([[start.index, 0]]);
  const waiting = [start.index];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const link of lab.links) {
      const [a, b] = link.ends;
      if (a.node !== at && b.node !== at) continue;
      const other = a.node === at ? b.node : a.node;
      if (lab.nodes[other]?.kind !== "hub" || distance.has(other)) continue;
      distance.set(other, present(distance.get(at), "a distance") + link.forward.delayNs);
      waiting.push(other);
    }
  }
  return distance;
}
