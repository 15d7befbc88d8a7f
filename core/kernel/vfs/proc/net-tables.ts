/** /proc/net/arp (net/ipv4/arp.c) and /proc/net/route (net/ipv4/fib_trie.c). */
import { formatIpv4, formatMac, IPV4_ANY, MAC_ZERO, maskOf, type Ipv4Address } from "../../../wire/address.ts";
import type { NeighbourInfo, RouteInfo } from "../../syscall/netlink.ts";
import { hex, left, memoryHex } from "./format.ts";
import type { NetSources } from "./sources.ts";

const ARP_HEADER = "IP address       HW type     Flags       HW address            Mask     Device\n";
const ATF_COM = 2;
const ATF_PERM = 4;

export function procNetArp(net: NetSources): string {
  const reply = net.netlink({ kind: "neighbour-list" });
  if (typeof reply === "number" || reply.kind !== "neighbours") return ARP_HEADER;
  // Addresses that need no resolution are not shown.
  return (
    ARP_HEADER +
    reply.neighbours
      .filter((entry) => entry.state !== "NOARP")
      .map(arpLine)
      .join("")
  );
}

function arpLine(entry: NeighbourInfo): string {
  const isComplete = entry.mac !== null && entry.state !== "INCOMPLETE" && entry.state !== "FAILED";
  const flags = entry.state === "PERMANENT" ? ATF_COM | ATF_PERM : isComplete ? ATF_COM : 0;
  const mac = left(formatMac(isComplete ? (entry.mac ?? MAC_ZERO) : MAC_ZERO), 17);
  const type = left("0x1", 12);
  return `${left(formatIpv4(entry.address), 16)} ${type}${left(`0x${flags}`, 12)}${mac}     *        ${entry.device}\n`;
}

/** All its lines are padded to one length, as seq_setwidth does. */
const ROUTE_WIDTH = 127;
const ROUTE_HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
const RTF_UP = 1;
const RTF_GATEWAY = 2;
const RTF_HOST = 4;
const RTF_REJECT = 0x200;

export function procNetRoute(net: NetSources): string {
  const reply = net.netlink({ kind: "route-list", table: "main" });
  const routes = typeof reply === "number" || reply.kind !== "routes" ? [] : reply.routes;
  return [ROUTE_HEADER, ...routes.map(routeLine)].map((line) => `${left(line, ROUTE_WIDTH)}\n`).join("");
}

function routeLine(route: RouteInfo): string {
  const isReject = route.type === "unreachable" || route.type === "prohibit";
  const flags =
    (route.isUp ? RTF_UP : 0) |
    (route.via === null ? 0 : RTF_GATEWAY) |
    (route.prefixLength === 32 ? RTF_HOST : 0) |
    (isReject ? RTF_REJECT : 0);
  const cells = [
    route.device ?? "*",
    memoryHex(route.network),
    memoryHex(route.via ?? IPV4_ANY),
    hex(flags, 4),
    0,
    0,
    route.metric,
    memoryHex(maskOf(route.prefixLength) as Ipv4Address),
    0,
    0,
    0,
  ];
  return cells.join("\t");
}
