/**
 * A lab's topology as text: boxes in a row when the lab is a chain, else one line per link. Enough to see what is being
 * run; the workbench draws it.
 */
import { formatDuration } from "../base/time.ts";
import type { Lab, LabDirection, LabLink, LabNode } from "../lab/model.ts";
import { formatIpv4, type Ipv4Address } from "../wire/address.ts";
import { NODE_LIMITS } from "./limits.ts";

/** Boxes wider than this do not fit on a terminal line. */
const CHAIN_COLUMNS_MAX = 110;

export function topologyText(lab: Lab): string[] {
  const chain = chainOf(lab);
  const picture = chain === null ? null : drawChain(chain);
  return picture ?? linkLines(lab);
}

/** Nodes from one end to the other with the links between them; null unless the lab is one chain. */
function chainOf(lab: Lab): { nodes: LabNode[]; links: LabLink[] } | null {
  const linksOf = lab.nodes.map((node) => lab.links.filter(({ ends }) => ends.some((end) => end.node === node.index)));
  const start = lab.nodes.find((node) => linksOf[node.index]?.length === 1);
  if (start === undefined || lab.links.length !== lab.nodes.length - 1) return null;
  const nodes = [start];
  const links: LabLink[] = [];
  for (let node = start; ;) {
    const next = linksOf[node.index]?.find((link) => !links.includes(link));
    if (next === undefined) break;
    const far = lab.nodes[next.ends[next.ends[0].node === node.index ? 1 : 0].node];
    if (far === undefined || nodes.includes(far)) return null;
    links.push(next);
    nodes.push(far);
    node = far;
  }
  return nodes.length === lab.nodes.length ? { nodes, links } : null;
}

const BOX_ROWS = 5;
/** Rows of the gap between two boxes that hold the link's properties and its line. */
const LABEL_ROW = 0;
const LINE_ROW = 1;

function drawChain(chain: { nodes: LabNode[]; links: LabLink[] }): string[] | null {
  if (chain.nodes.length < 2) return null;
  const rows = new Array<string>(BOX_ROWS).fill("");
  chain.nodes.forEach((node, index) => {
    const box = boxOf(node);
    const link = chain.links[index];
    const label = link === undefined ? "" : ` ${directionText(link.forward)} `;
    box.forEach((line, row) => {
      const gap = row === LABEL_ROW ? label : (row === LINE_ROW ? "-" : " ").repeat(label.length);
      rows[row] += line + gap;
    });
  });
  const lines = rows.map((row) => row.trimEnd());
  return Math.max(...lines.map(({ length }) => length)) > CHAIN_COLUMNS_MAX ? null : lines;
}

function boxOf(node: LabNode): string[] {
  const all = node.nics.flatMap((nic) => nic.addresses.map(addressText));
  const [first = "", second = ""] = all.length > 2 ? [`${all.length} addresses`] : all;
  const texts = [`${node.name} (${node.kind})`, first, second];
  const width = Math.max(...texts.map(({ length }) => length));
  const frame = `+${"-".repeat(width + 2)}+`;
  return [frame, ...texts.map((text) => `| ${text.padEnd(width)} |`), frame];
}

/** One line per link, aligned, the first ones of a large lab. */
function linkLines(lab: Lab): string[] {
  const shown = lab.links.slice(0, NODE_LIMITS.pictureLinksMax);
  const texts = shown.map((link) => ({
    left: endText(lab, link, 0),
    right: endText(lab, link, 1),
    label: directionText(link.forward),
  }));
  const leftWidth = Math.max(0, ...texts.map(({ left }) => left.length));
  const labelWidth = Math.max(0, ...texts.map(({ label }) => label.length));
  const lines = texts.map(
    ({ left, right, label }) => `${left.padStart(leftWidth)} ---${label.padEnd(labelWidth, "-")}--- ${right}`,
  );
  const more = lab.links.length - shown.length;
  if (more > 0) lines.push(`... and ${more} more links between ${lab.nodes.length} nodes`);
  const lonely = lab.nodes.filter(({ nics }) => nics.every(({ link }) => link === null));
  if (lonely.length > 0) lines.push(`without a cable: ${lonely.map(({ name }) => name).join(", ")}`);
  return lines;
}

function endText(lab: Lab, link: LabLink, end: 0 | 1): string {
  const { node, nic } = link.ends[end];
  const owner = lab.nodes[node];
  const socket = owner?.nics[nic];
  const address = socket?.addresses[0];
  return `${owner?.name}:${socket?.name}${address === undefined ? "" : ` ${addressText(address)}`}`;
}

const addressText = ({ address, prefixLength }: { address: number; prefixLength: number }): string =>
  `${formatIpv4(address as Ipv4Address)}/${prefixLength}`;

function directionText(direction: LabDirection): string {
  const parts = [rateText(direction.rateBps)];
  if (direction.delayNs > 0) parts.push(formatDuration(direction.delayNs));
  if (direction.loss !== null) parts.push("loss");
  return parts.join(" ");
}

export function rateText(rateBps: number): string {
  for (const [unit, size] of [
    ["Gbps", 1e9],
    ["Mbps", 1e6],
    ["kbps", 1e3],
  ] as const) {
    if (rateBps >= size) return `${Number((rateBps / size).toFixed(3))}${unit}`;
  }
  return `${rateBps}bps`;
}
