/** Names of counters, as checks and measurements write them. Which counters a machine has is for the machine to say. */
import { DROP_REASONS, type DropReason } from "../contract/drop-reason.ts";
import { findNic, findNode, hintFor, machineOf, type LabDraft } from "./draft.ts";
import type { LabCounter } from "./model.ts";
import type { TreePath } from "./tree.ts";

const FORMS =
  "such as h1 Udp.InDatagrams, h1:eth0 rx_packets, h1 tcp 5001 snd_cwnd, hub1 collisions, h1 drop NO_SOCKET or " +
  "drop NO_SOCKET";

/**
 * `h1 Udp.InDatagrams`, `h1:eth0 rx_packets`, `h1 tcp 5001 snd_cwnd`, `hub1 collisions`, `h1 drop NO_SOCKET`,
 * `drop NO_SOCKET`.
 */
export function counterOf(draft: LabDraft, text: string, path: TreePath): LabCounter | undefined {
  const words = text.trim().split(/\s+/);
  if (words.length === 2 && words[0] === "drop") return dropOf(draft, null, words[1] ?? "", path);
  const [place = "", second = "", third] = words;
  const [name = "", nic] = place.split(":");
  if (words.length === 3 && second === "drop" && third !== undefined && nic === undefined) {
    const node = findNode(draft, name, path);
    return node && dropOf(draft, node.index, third, path);
  }
  if (words.length === 4 && second === "tcp" && nic === undefined) return tcpOf(draft, words, path);
  if (words.length !== 2) return badCounter(draft, text, path);
  const node = findNode(draft, name, path);
  if (node === undefined) return undefined;
  if (nic !== undefined) {
    const index = findNic(draft, node, nic, path);
    return index === undefined ? undefined : { kind: "nic", node: node.index, nic: index, name: second };
  }
  if (machineOf(node) === undefined) return { kind: "fabric", node: node.index, name: second };
  return /^[A-Za-z0-9]+\.\w+$/.test(second)
    ? { kind: "snmp", node: node.index, name: second }
    : badCounter(draft, text, path);
}

/** `h1 tcp 5001 snd_cwnd`. */
function tcpOf(draft: LabDraft, words: readonly string[], path: TreePath): LabCounter | undefined {
  const [name = "", , port = "", field = ""] = words;
  const node = findNode(draft, name, path);
  if (node === undefined) return undefined;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isPort || !/^[a-z_]+$/.test(field) || machineOf(node) === undefined) {
    return badCounter(draft, words.join(" "), path);
  }
  return { kind: "tcp", node: node.index, port: Number(port), field };
}

function dropOf(draft: LabDraft, node: number | null, word: string, path: TreePath): LabCounter | undefined {
  const reason = DROP_REASONS.find((known) => known === word.toUpperCase());
  if (reason !== undefined) return { kind: "drop", node, reason };
  const hint = hintFor(draft, word.toUpperCase(), (): readonly DropReason[] => DROP_REASONS);
  draft.problems.error({ code: "lab/unknown-reason", title: `no packet dies of "${word.slice(0, 64)}"`, hint, path });
  return undefined;
}

function badCounter(draft: LabDraft, text: string, path: TreePath): undefined {
  draft.problems.error({
    code: "lab/bad-counter",
    title: `"${text.slice(0, 64)}" is no counter`,
    hint: FORMS,
    path,
  });
  return undefined;
}
