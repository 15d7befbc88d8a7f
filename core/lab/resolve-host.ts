/** What makes a node a machine: profile, CPUs, gateway, routes, sysctls, files, commands at boot. */
import { findNic, type LabDraft, type NodeDraft } from "./draft.ts";
import type { LabAddress, LabHost, LabRoute } from "./model.ts";
import { suggest } from "./nearest.ts";
import { programsOf } from "./resolve-programs.ts";
import { formatIpv4, inNetwork } from "./scalars.ts";
import type { MachineFile } from "./schema.ts";
import type { SegmentDraft } from "./segments.ts";

export type MachineParts = {
  readonly common: Pick<LabHost, "index" | "name" | "at" | "nics" | "source">;
  readonly node: NodeDraft;
  readonly machine: MachineFile;
  readonly loopback: readonly LabAddress[];
  readonly segments: readonly SegmentDraft[];
};

export function resolveMachine(draft: LabDraft, parts: MachineParts): LabHost {
  const { common, node, machine } = parts;
  const defaults = draft.file.defaults?.host;
  // Written out, as spreading two objects costs more than all the rest here, times 20,000 nodes.
  return {
    index: common.index,
    name: common.name,
    at: common.at,
    nics: common.nics,
    source: common.source,
    kind: machine.kind,
    profile: machine.profile ?? defaults?.profile ?? draft.file.profile ?? "ideal",
    cpus: machine.cpus ?? defaults?.cpus ?? 1,
    loopback: parts.loopback,
    gateway: gatewayOf(draft, parts),
    routes: routesOf(draft, node, machine),
    sysctls: sysctlsOf(draft, node, machine),
    files: new Map(Object.entries(machine.files ?? {})),
    run: machine.run ?? [],
    programs: programsOf(draft, node, machine),
    diskSyncNs: machine.disk?.fsync ?? null,
  };
}

const onLink = (node: NodeDraft, address: number): boolean =>
  node.nics.some((nic) => nic.addresses.some((own) => inNetwork(address, own)));

function gatewayOf(draft: LabDraft, { node, machine, segments }: MachineParts): number | null {
  if (machine.gateway === undefined) {
    const guess = draft.file.routing === "static" && machine.kind === "host";
    return guess ? firstRouter(draft, node, segments) : null;
  }
  const path = ["nodes", node.name, "gateway"];
  const text = formatIpv4(machine.gateway);
  if (!onLink(node, machine.gateway)) {
    const hint = "a gateway is a neighbour: it needs an address in one of this node's networks";
    draft.problems.error({
      code: "lab/gateway-unreachable",
      title: `no interface is in the network of ${text}`,
      hint,
      path,
    });
  } else if (!ownsAddress(draft, node, machine.gateway, segments)) {
    draft.problems.warning({ code: "lab/unknown-gateway", title: `no neighbour has the address ${text}`, path });
  }
  return machine.gateway;
}

function ownsAddress(draft: LabDraft, node: NodeDraft, address: number, segments: readonly SegmentDraft[]): boolean {
  return node.nics.some((nic) =>
    (segments[nic.segment ?? -1]?.members ?? []).some((member) =>
      draft.nodes[member.node]?.nics[member.nic]?.addresses.some((own) => own.address === address),
    ),
  );
}

/** The first router on the first segment that has one. */
function firstRouter(draft: LabDraft, node: NodeDraft, segments: readonly SegmentDraft[]): number | null {
  for (const nic of node.nics) {
    for (const member of segments[nic.segment ?? -1]?.members ?? []) {
      const neighbour = draft.nodes[member.node];
      const address = neighbour?.nics[member.nic]?.addresses[0]?.address;
      if (neighbour?.file.kind === "router" && address !== undefined && onLink(node, address)) return address;
    }
  }
  return null;
}

function routesOf(draft: LabDraft, node: NodeDraft, machine: MachineFile): readonly LabRoute[] {
  return (machine.routes ?? []).map((route, i) => {
    const path = ["nodes", node.name, "routes", i];
    const nic = route.dev === undefined ? null : (findNic(draft, node, route.dev, [...path, "dev"]) ?? null);
    if (route.via !== undefined && !onLink(node, route.via)) {
      const title = `no interface is in the network of the next hop ${formatIpv4(route.via)}`;
      draft.problems.error({ code: "lab/gateway-unreachable", title, path: [...path, "via"] });
    }
    return {
      network: route.to.address,
      prefixLength: route.to.prefixLength,
      via: route.via ?? null,
      nic,
      metric: route.metric ?? 0,
    };
  });
}

/** Where sysctls live (Linux, Documentation/admin-guide/sysctl). Whether one exists is for the kernel to say. */
const SYSCTL_ROOTS = ["net.core", "net.ipv4", "net.ipv6", "kernel", "vm", "fs", "dev"];

function sysctlsOf(draft: LabDraft, node: NodeDraft, machine: MachineFile): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  if (machine.kind === "router") all.set("net.ipv4.ip_forward", "1");
  const add = (table: MachineFile["sysctls"], path: readonly string[]): void => {
    for (const [name, value] of Object.entries(table ?? {})) {
      if (!SYSCTL_ROOTS.some((root) => name.startsWith(`${root}.`))) {
        const root = name
          .split(".")
          .slice(0, name.startsWith("net.") ? 2 : 1)
          .join(".");
        const hint = suggest(root, SYSCTL_ROOTS);
        draft.problems.error({
          code: "lab/unknown-sysctl",
          title: `no sysctl starts with "${root}"`,
          hint,
          path,
          key: name,
        });
      }
      all.set(name, typeof value === "boolean" ? String(Number(value)) : String(value));
    }
  };
  add(draft.file.defaults?.host?.sysctls, ["defaults", "host", "sysctls"]);
  add(machine.sysctls, ["nodes", node.name, "sysctls"]);
  return all;
}
