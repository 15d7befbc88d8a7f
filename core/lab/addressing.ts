/**
 * Addresses: the written ones are checked; every cabled NIC that the file does not mention gets one. A segment without
 * any is given a network of its own out of 10.0.0.0/8 (then 172.16.0.0/12 and 192.168.0.0/16, RFC 1918), members from
 * .1 up in the order of the file, so the same lab always has the same addresses.
 */
import { machineOf, type LabDraft, type NicDraft, type NodeDraft } from "./draft.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { LabAddress } from "./model.ts";
import { formatAddress, formatIpv4, inNetwork, maskOf, networkOf } from "./scalars.ts";
import type { MachineFile } from "./schema.ts";
import type { SegmentDraft } from "./segments.ts";
import type { TreePath } from "./tree.ts";

/** Every address in use, with who has it. */
type Owners = Map<number, string>;

/** Returns the addresses on `lo` of each node. */
export function assignAddresses(
  draft: LabDraft,
  segments: readonly SegmentDraft[],
): ReadonlyMap<NodeDraft, readonly LabAddress[]> {
  const owners: Owners = new Map();
  const loopbacks = new Map<NodeDraft, readonly LabAddress[]>();
  const written: LabAddress[] = [];
  for (const node of draft.nodes) {
    const addresses = machineOf(node)?.addresses ?? {};
    for (const [name, value] of Object.entries(addresses)) {
      const list = Array.isArray(value) ? value : [value];
      const path = ["nodes", node.name, "addresses", name];
      list.forEach((address, i) =>
        checkAddress(draft, owners, address, { node, path: Array.isArray(value) ? [...path, i] : path }),
      );
      written.push(...list);
      if (name === "lo") loopbacks.set(node, list);
      const nic = node.nics[node.nicIndex.get(name) ?? -1];
      if (nic !== undefined) nic.addresses = list;
    }
  }
  const free = new FreeNetworks(written);
  const narrow = segments.length > LAB_LIMITS.wideSegmentsMax;
  for (const segment of segments) fillSegment(draft, segment, { owners, free, narrow });
  return loopbacks;
}

function checkAddress(
  draft: LabDraft,
  owners: Owners,
  address: LabAddress,
  where: { node: NodeDraft; path: TreePath },
): void {
  const text = formatAddress(address);
  const top = address.address >>> 24;
  const hostBits = (address.address & ~maskOf(address.prefixLength)) >>> 0;
  const { path } = where;
  if (top === 0 || top === 127 || top >= 224) {
    draft.problems.error({ code: "lab/bad-address", title: `no interface can own ${text}`, path });
  } else if (address.prefixLength < 31 && hostBits === 0) {
    draft.problems.error({ code: "lab/bad-address", title: `${text} is the network itself, not a host in it`, path });
  } else if (address.prefixLength < 31 && hostBits === ~maskOf(address.prefixLength) >>> 0) {
    draft.problems.error({ code: "lab/bad-address", title: `${text} is the broadcast address of its network`, path });
  }
  const owner = owners.get(address.address);
  if (owner !== undefined) {
    draft.problems.error({
      code: "lab/duplicate-address",
      title: `${owner} already has ${formatIpv4(address.address)}`,
      path,
    });
  }
  owners.set(address.address, where.node.name);
}

type Pool = { readonly owners: Owners; readonly free: FreeNetworks; readonly narrow: boolean };

function fillSegment(draft: LabDraft, segment: SegmentDraft, pool: Pool): void {
  const members = segment.members.flatMap(({ node, nic }) => {
    const owner = draft.nodes[node];
    const card = owner?.nics[nic];
    return owner === undefined || card === undefined ? [] : [{ node: owner, nic: card }];
  });
  const silent = members.filter(({ node, nic }) => !isWritten(machineOf(node), nic));
  const first = members.find(({ nic }) => nic.addresses.length > 0)?.nic.addresses[0];
  if (first !== undefined) {
    segment.subnet = { network: networkOf(first.address, first.prefixLength), prefixLength: first.prefixLength };
    checkSubnets(draft, members);
  } else if (silent.length > 0) {
    const prefixLength = prefixFor(silent.length, pool.narrow);
    const network = pool.free.take(prefixLength);
    if (network === undefined) {
      const title = "no private network is left for this lab's segments";
      draft.problems.error({ code: "lab/out-of-addresses", title, hint: "write addresses", path: ["nodes"] });
      return;
    }
    segment.subnet = { network, prefixLength };
  }
  let next = 1;
  for (const { node, nic } of silent) {
    const address = freeAddress(segment.subnet, pool.owners, next);
    if (address === undefined || segment.subnet === null) {
      const title = `${node.name}:${nic.name} finds no free address in its segment's network`;
      draft.problems.error({ code: "lab/out-of-addresses", title, path: ["nodes"], key: node.name });
      return;
    }
    next = address - segment.subnet.network + 1;
    pool.owners.set(address, node.name);
    nic.addresses = [{ address, prefixLength: segment.subnet.prefixLength }];
  }
}

const isWritten = (machine: MachineFile | undefined, nic: NicDraft): boolean =>
  machine?.addresses?.[nic.name] !== undefined;

/** The widest is /24, so that people read the third octet as the network's number. */
function prefixFor(members: number, narrow: boolean): number {
  let prefixLength = narrow && members <= 2 ? 30 : 24;
  while (members + 2 > 2 ** (32 - prefixLength)) prefixLength--;
  return prefixLength;
}

function freeAddress(subnet: SegmentDraft["subnet"], owners: Owners, from: number): number | undefined {
  if (subnet === null) return undefined;
  const size = 2 ** (32 - subnet.prefixLength);
  // A /31 has two hosts and no broadcast address (RFC 3021).
  const last = size <= 2 ? size - 1 : size - 2;
  for (let host = size <= 2 ? from - 1 : from; host <= last; host++) {
    if (!owners.has(subnet.network + host)) return subnet.network + host;
  }
  return undefined;
}

/** Two hosts on a wire that are in no common network cannot talk; now and then that is the lesson, so it is allowed. */
function checkSubnets(draft: LabDraft, members: readonly { readonly node: NodeDraft; readonly nic: NicDraft }[]): void {
  const networks = new Map<string, number>();
  for (const { nic } of members) {
    for (const key of new Set(nic.addresses.map(networkKey))) networks.set(key, (networks.get(key) ?? 0) + 1);
  }
  const addressed = members.filter(({ nic }) => nic.addresses.length > 0);
  if (addressed.length < 2) return;
  for (const { node, nic } of addressed) {
    if (nic.addresses.some((address) => (networks.get(networkKey(address)) ?? 0) > 1)) continue;
    const [address] = nic.addresses;
    if (address === undefined) continue;
    const title = `${formatAddress(address)} shares its network with nobody else on its segment`;
    draft.problems.warning({ code: "lab/outside-subnet", title, path: ["nodes", node.name, "addresses", nic.name] });
  }
}

const networkKey = (address: LabAddress): string =>
  `${networkOf(address.address, address.prefixLength)}/${address.prefixLength}`;

/** Private networks in ascending order that overlap nothing that is written. */
class FreeNetworks {
  readonly #blocks: readonly LabAddress[] = [
    { address: 0x0a000000, prefixLength: 8 },
    { address: 0xac100000, prefixLength: 12 },
    { address: 0xc0a80000, prefixLength: 16 },
  ];
  readonly #used: readonly (readonly [from: number, to: number])[];
  #block = 0;
  #next = 0x0a000000;
  #passed = 0;

  constructor(written: readonly LabAddress[]) {
    this.#used = written
      .map(({ address, prefixLength }) => [networkOf(address, prefixLength), prefixLength] as const)
      .map(([network, prefixLength]) => [network, network + 2 ** (32 - prefixLength)] as const)
      .sort((a, b) => a[0] - b[0]);
  }

  /** Undefined when the private blocks are used up. */
  take(prefixLength: number): number | undefined {
    const size = 2 ** (32 - prefixLength);
    for (;;) {
      const block = this.#blocks[this.#block];
      if (block === undefined) return undefined;
      const start = Math.ceil(Math.max(this.#next, block.address) / size) * size;
      if (!inNetwork(start, block)) {
        this.#block++;
        this.#next = this.#blocks[this.#block]?.address ?? 0;
        continue;
      }
      const end = this.#overlap(start, start + size);
      this.#next = end ?? start + size;
      if (end === undefined) return start;
    }
  }

  /** End of a used network that overlaps; undefined for none. Starts only grow, so what is passed stays passed. */
  #overlap(start: number, end: number): number | undefined {
    for (;;) {
      const used = this.#used[this.#passed];
      if (used === undefined || used[0] >= end) return undefined;
      if (used[1] > start) return used[1];
      this.#passed++;
    }
  }
}
