/** A lab as the workbench draws it. */
import type { DirectionView, LabView, LinkView, NodeView } from "../contract/api/lab-view.ts";
import type { Lab, LabDirection, LabLink, LabNode } from "../lab/model.ts";
import { formatIpv4, formatMac, type Ipv4Address, type MacAddress } from "../wire/address.ts";

export function labView(lab: Lab): LabView {
  return {
    file: lab.file,
    name: lab.name,
    text: lab.text,
    seed: lab.seed,
    durationNs: lab.durationNs,
    nodes: lab.nodes.map(nodeView),
    links: lab.links.map((link) => linkView(lab, link)),
  };
}

function nodeView(node: LabNode): NodeView {
  return {
    index: node.index,
    name: node.name,
    kind: node.kind,
    at: node.at,
    cpus: node.kind === "host" || node.kind === "router" ? node.cpus : 0,
    line: node.source.line,
    nics: node.nics.map((nic) => ({
      name: nic.name,
      mac: formatMac(nic.mac as MacAddress),
      addresses: nic.addresses.map(
        ({ address, prefixLength }) => `${formatIpv4(address as Ipv4Address)}/${prefixLength}`,
      ),
      link: nic.link?.index ?? null,
    })),
  };
}

function linkView(lab: Lab, link: LabLink): LinkView {
  const [a, b] = link.ends;
  const nodes = [lab.nodes[a.node], lab.nodes[b.node]];
  return {
    index: link.index,
    name: link.name,
    ends: [
      { node: a.node, nic: nodes[0]?.nics[a.nic]?.name ?? "" },
      { node: b.node, nic: nodes[1]?.nics[b.nic]?.name ?? "" },
    ],
    forward: directionView(link.forward),
    backward: directionView(link.backward),
    hasSettings: !nodes.some((node) => node?.kind === "hub"),
  };
}

function directionView(direction: LabDirection): DirectionView {
  const { rateBps, delayNs, jitter, loss, duplicate, reorder, corrupt, mtuBytes, queueFrames } = direction;
  return { rateBps, delayNs, jitter, loss, duplicate, reorder, corrupt, mtuBytes, queueFrames };
}
