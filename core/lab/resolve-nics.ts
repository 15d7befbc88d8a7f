/** NICs of a node: what its links, `addresses` and `nics` name, in the order of their names. */
import { machineOf, type LabDraft, type NicDraft, type NodeDraft } from "./draft.ts";
import { CABLE_DEFAULT, impairmentsOf } from "./impairments.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { LinkFile, NicFile } from "./schema.ts";
import { formatMac } from "./scalars.ts";

/** Linux's ring and qdisc of an Ethernet card that nobody has tuned; the rings are e1000's. */
const RING_DESCRIPTORS = 256;
const QDISC = "pfifo_fast";

export function draftNics(draft: LabDraft): void {
  for (const node of draft.nodes) {
    const machine = machineOf(node);
    const names = new Set([
      ...node.sockets.keys(),
      ...Object.keys(machine?.nics ?? {}),
      ...Object.keys(machine?.addresses ?? {}),
    ]);
    names.delete("lo");
    if (machine?.nics?.["lo"] !== undefined) {
      const title = "lo is no card and has no settings";
      draft.problems.error({ code: "lab/bad-name", title, path: ["nodes", node.name, "nics", "lo"] });
    }
    if (names.size > LAB_LIMITS.nicsPerNodeMax) {
      const title = `${names.size} interfaces: a node has at most ${LAB_LIMITS.nicsPerNodeMax}`;
      draft.problems.error({ code: "lab/too-many-nics", title, path: ["nodes", node.name] });
    }
    const sorted = [...names].sort(byNameAndNumber).slice(0, LAB_LIMITS.nicsPerNodeMax);
    node.nics = sorted.map((name, index) => nicOf(draft, node, name, index));
    sorted.forEach((name, index) => node.nicIndex.set(name, index));
  }
  checkMacs(draft);
}

/** eth2 before eth10. */
function byNameAndNumber(a: string, b: string): number {
  const [headA, numberA] = splitNumber(a);
  const [headB, numberB] = splitNumber(b);
  if (headA !== headB) return headA < headB ? -1 : 1;
  return numberA - numberB || (a < b ? -1 : 1);
}

function splitNumber(name: string): [string, number] {
  const match = /^(.*?)(\d*)$/.exec(name);
  return [match?.[1] ?? name, Number(match?.[2] ?? "")];
}

function nicOf(draft: LabDraft, node: NodeDraft, name: string, index: number): NicDraft {
  const link = node.sockets.get(name) ?? null;
  const own: NicFile = machineOf(node)?.nics?.[name] ?? {};
  const defaults = draft.file.defaults?.nic ?? {};
  const all: NicFile = { ...defaults, ...own };
  const coalesce = { ...defaults.coalesce, ...own.coalesce };
  const offload = { ...defaults.offload, ...own.offload };
  return {
    index,
    name,
    mac: own.mac ?? autoMac(node.index, index),
    mtuBytes: all.mtu ?? (link === null ? CABLE_DEFAULT.mtuBytes : cableMtu(draft, link.index, link.end)),
    addresses: [],
    vlan: own.vlan ?? null,
    link,
    segment: null,
    driver: all.driver ?? "napi",
    rxRing: all["rx-ring"] ?? RING_DESCRIPTORS,
    txRing: all["tx-ring"] ?? RING_DESCRIPTORS,
    coalesce: { rxNs: (coalesce["rx-usecs"] ?? 0) * 1000, rxFrames: coalesce["rx-frames"] ?? 1 },
    offload: {
      txChecksum: offload["tx-checksum"] ?? true,
      rxChecksum: offload["rx-checksum"] ?? true,
      gro: offload.gro ?? true,
    },
    qdisc: all.qdisc ?? QDISC,
  };
}

/** A host is told what its cable takes, or else every narrow cable would be a black hole. */
function cableMtu(draft: LabDraft, link: number, end: 0 | 1): number {
  const file: LinkFile | undefined = draft.file.links?.[link];
  const defaults = draft.file.defaults?.link ?? {};
  const way = end === 0 ? "forward" : "backward";
  const layers = [defaults, defaults[way] ?? {}, file ?? {}, file?.[way] ?? {}].map(
    (layer) => impairmentsOf(layer).mtuBytes,
  );
  return layers.findLast((mtu) => mtu !== undefined) ?? CABLE_DEFAULT.mtuBytes;
}

/**
 * Locally administered 02:00:..., then the NIC's high octet, the node, and the NIC's low octet: unique by limits.ts.
 */
function autoMac(node: number, nic: number): number {
  return 0x020000000000 + (nic >> 8) * 2 ** 24 + node * 256 + (nic & 255);
}

function checkMacs(draft: LabDraft): void {
  const owners = new Map<number, string>();
  for (const node of draft.nodes) {
    for (const nic of node.nics) {
      const owner = owners.get(nic.mac);
      if (owner !== undefined) {
        const title = `${node.name}:${nic.name} and ${owner} both have ${formatMac(nic.mac)}`;
        const written = machineOf(node)?.nics?.[nic.name]?.mac !== undefined ? node.name : owner.split(":")[0];
        const path = [
          "nodes",
          written ?? "",
          "nics",
          written === node.name ? nic.name : (owner.split(":")[1] ?? ""),
          "mac",
        ];
        draft.problems.error({ code: "lab/duplicate-mac", title, path });
      }
      owners.set(nic.mac, `${node.name}:${nic.name}`);
    }
  }
}
