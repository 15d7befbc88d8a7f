/**
 * A lab as a MiniEdit `.mn` file, version 2 (Mininet, examples/miniedit.py). What that format cannot say is lost:
 * faults, timeline, checks, sysctls, further addresses of a host and those of routers, hubs (they become switches), and
 * of a cable everything but rate, delay, jitter, loss and queue of its forward direction.
 */
import { formatDuration } from "../../base/time.ts";
import type { Lab, LabHost, LabLink, LabNode } from "../model.ts";
import { formatAddress, formatIpv4 } from "../scalars.ts";

export function exportMininet(lab: Lab): string {
  const hosts = lab.nodes.filter((node) => node.kind === "host");
  const others = lab.nodes.filter((node) => node.kind !== "host");
  const document = {
    application: { dpctl: "", ipBase: "10.0.0.0/8", startCLI: "0", switchType: "ovs", terminalType: "xterm" },
    controllers: [],
    hosts: hosts.map((node, i) => hostOf(node as LabHost, i + 1)),
    links: lab.links.map((link) => linkOf(lab, link)),
    switches: others.map((node, i) => switchOf(node, i + 1)),
    version: "2",
  };
  return `${JSON.stringify(document, null, 4)}\n`;
}

/** MiniEdit adds up positions as text: they must be strings. Nodes without one stand in a row. */
function placeOf(node: LabNode, number: number): { number: string; x: string; y: string } {
  const { x, y } = node.at ?? { x: 100 + 80 * (node.index % 12), y: 100 + 80 * Math.floor(node.index / 12) };
  return { number: String(number), x: x.toFixed(1), y: y.toFixed(1) };
}

function hostOf(node: LabHost, number: number) {
  const address = node.nics[0]?.addresses[0];
  return {
    ...placeOf(node, number),
    opts: {
      hostname: node.name,
      nodeNum: number,
      sched: "host",
      ...(address !== undefined && { ip: formatAddress(address) }),
      ...(node.gateway !== null && { defaultRoute: formatIpv4(node.gateway) }),
      ...(node.run.length > 0 && { startCommand: node.run.join("; ") }),
    },
  };
}

function switchOf(node: LabNode, number: number) {
  const switchType = node.kind === "router" ? "legacyRouter" : "legacySwitch";
  return { ...placeOf(node, number), opts: { controllers: [], hostname: node.name, nodeNum: number, switchType } };
}

function linkOf(lab: Lab, { ends, forward }: LabLink) {
  const [src, dest] = ends.map((end) => lab.nodes[end.node]?.name ?? "");
  const loss = forward.loss?.kind === "independent" ? forward.loss.probability * 100 : 0;
  return {
    src,
    dest,
    opts: {
      bw: forward.rateBps / 1e6,
      delay: timeOf(forward.delayNs),
      ...(forward.jitter !== null && { jitter: timeOf(forward.jitter.spreadNs) }),
      // Percentages are decimal fractions at heart: ten digits hide that 0.07 * 100 is 7.000000000000001.
      ...(loss > 0 && { loss: Number(loss.toFixed(10)) }),
      max_queue_size: forward.queueFrames,
    },
  };
}

/** tc has no nanoseconds: below a microsecond, decimals. */
function timeOf(ns: number): string {
  return ns < 1000 ? `${ns / 1000}us` : formatDuration(ns);
}
