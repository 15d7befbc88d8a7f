/**
 * rtnetlink's requests about addresses, routes and neighbours (rtnetlink(7)), answered from the network layer's tables.
 */
import type { Ipv4Address } from "../../wire/address.ts";
import { E } from "../syscall/errno.ts";
import type { AddressInfo, NetlinkReply, NetlinkRequest, RouteInfo } from "../syscall/netlink.ts";
import type { InterfaceAddress } from "./addresses.ts";
import type { FibEntry } from "./fib-table.ts";
import type { IpStack } from "./ip-stack.ts";
import { FlowKey } from "./protocol.ts";
import { NO_METRICS, type Route, type RouteMetrics } from "./route.ts";

const DONE: NetlinkReply = { kind: "done" };
const done = (result: number): NetlinkReply | number => (result < 0 ? result : DONE);

/** Null for a request that is not about these. */
export function handleNetRequest(stack: IpStack, request: NetlinkRequest): NetlinkReply | number | null {
  switch (request.kind) {
    case "address-list":
    case "address-add":
    case "address-delete":
    case "address-flush":
      return handleAddress(stack, request);
    case "route-list":
    case "route-add":
    case "route-replace":
    case "route-delete":
    case "route-get":
      return handleRoute(stack, request);
    case "neighbour-list":
    case "neighbour-add":
    case "neighbour-replace":
    case "neighbour-delete":
    case "neighbour-flush":
      return handleNeighbour(stack, request);
    case "link-list":
    case "link-set":
    case "qdisc-list":
    case "qdisc-set":
    case "qdisc-delete":
    case "ethtool-get":
    case "ethtool-set":
    case "socket-list":
    case "sysctl-list":
    case "sysctl-get":
    case "sysctl-set":
      return null;
  }
}

function handleAddress(
  stack: IpStack,
  request: Extract<NetlinkRequest, { kind: `address-${string}` }>,
): NetlinkReply | number {
  switch (request.kind) {
    case "address-list": {
      if (request.device !== undefined && !stack.devices.byName(request.device)) return -E.ENODEV;
      const entries = stack.addresses.entries();
      const wanted = entries.filter((entry) => (request.device ?? entry.device.name) === entry.device.name);
      return { kind: "addresses", addresses: wanted.map(addressInfo) };
    }
    case "address-add":
      return done(stack.addAddress(request.device, request.address, request.prefixLength));
    case "address-delete":
      return done(stack.removeAddress(request.device, request.address, request.prefixLength));
    case "address-flush": {
      const device = stack.devices.byName(request.device);
      if (!device) return -E.ENODEV;
      for (let first = stack.addresses.on(device)[0]; first !== undefined; first = stack.addresses.on(device)[0]) {
        stack.removeAddress(device.name, first.address, first.prefixLength);
      }
      return DONE;
    }
  }
}

function handleRoute(
  stack: IpStack,
  request: Extract<NetlinkRequest, { kind: `route-${string}` }>,
): NetlinkReply | number {
  switch (request.kind) {
    case "route-list": {
      const table = request.table ?? "main";
      const local = table === "main" ? [] : stack.fib.local.entries().map((entry) => routeInfo(entry, "local"));
      const main = table === "local" ? [] : stack.fib.main.entries().map((entry) => routeInfo(entry, "main"));
      return { kind: "routes", routes: [...main, ...local] };
    }
    case "route-add":
      return done(stack.addRoute(request.route));
    case "route-replace":
      return done(stack.addRoute(request.route, "boot", true));
    case "route-delete":
      return done(stack.removeRoute(request.route));
    case "route-get": {
      const key = new FlowKey();
      key.target = request.address;
      key.source = request.from ?? (0 as Ipv4Address);
      const route = stack.routeOutput(key);
      if (typeof route === "number") return route;
      return { kind: "routes", routes: [resolvedInfo(stack, route, key.source)] };
    }
  }
}

function handleNeighbour(
  stack: IpStack,
  request: Extract<NetlinkRequest, { kind: `neighbour-${string}` }>,
): NetlinkReply | number {
  if (request.kind === "neighbour-list") return { kind: "neighbours", neighbours: stack.neighbours.list() };
  const device = request.device === undefined ? null : stack.devices.byName(request.device);
  if (device === undefined || (device === null && request.device !== undefined)) return -E.ENODEV;
  if (request.kind === "neighbour-flush") {
    stack.neighbours.flush(device);
    return DONE;
  }
  if (device === null) return -E.ENODEV;
  const known = stack.neighbours.find(device, request.address);
  if (request.kind === "neighbour-delete") {
    if (known === null) return -E.ENOENT;
    stack.neighbours.remove(known);
    return DONE;
  }
  if (request.mac === undefined) return -E.EINVAL;
  if (request.kind === "neighbour-add" && known !== null) return -E.EEXIST;
  return done(stack.neighbours.set(device, request.address, request.mac, request.permanent ?? true));
}

function addressInfo(entry: InterfaceAddress): AddressInfo {
  return {
    device: entry.device.name,
    deviceIndex: entry.device.index,
    address: entry.address,
    prefixLength: entry.prefixLength,
    broadcast: entry.broadcast,
    scope: entry.scope,
    secondary: entry.secondary,
  };
}

function routeInfo(entry: FibEntry, table: "main" | "local"): RouteInfo {
  return {
    table,
    type: entry.type,
    network: entry.network,
    prefixLength: entry.prefixLength,
    via: entry.gateway === 0 ? null : entry.gateway,
    device: entry.device?.name ?? null,
    deviceIndex: entry.device?.index ?? 0,
    protocol: entry.protocol,
    scope: entry.scope,
    metric: entry.metric,
    source: entry.source === 0 ? null : entry.source,
    mtu: entry.mtu === 0 ? null : entry.mtu,
    mtuExpires: null,
    ...metricsInfo(entry.metrics ?? NO_METRICS),
    isUp: entry.device === null || (entry.device.isUp && entry.device.carrier),
  };
}

const metricsInfo = ({
  mtuLocked,
  advmss,
  initCwnd,
}: RouteMetrics): Pick<RouteInfo, "mtuLocked" | "advmss" | "initcwnd"> => ({ mtuLocked, advmss, initcwnd: initCwnd });

/** What `ip route get` shows: the decision for one destination. */
function resolvedInfo(stack: IpStack, route: Route, from: Ipv4Address): RouteInfo {
  const learned = stack.exceptions.find(route.target, stack.now);
  const hasMtu = learned !== null && learned.mtu !== 0;
  return {
    table: route.type === "local" ? "local" : "main",
    // Group addresses leave like any other; rtnetlink's type for them is not in the listing's union.
    type: route.type === "multicast" ? "unicast" : route.type,
    network: route.target,
    prefixLength: 32,
    via: route.gateway === 0 ? null : route.gateway,
    device: route.device.name,
    deviceIndex: route.device.index,
    protocol: learned !== null && learned.gateway !== 0 ? "redirect" : "kernel",
    scope: route.type === "local" ? "host" : route.gateway === 0 ? "link" : "global",
    metric: 0,
    source: from !== 0 ? from : route.source === 0 ? null : route.source,
    mtu: hasMtu ? route.mtu : null,
    mtuExpires: hasMtu ? learned.mtuExpires : null,
    ...metricsInfo(route.metrics),
    isUp: route.device.isUp && route.device.carrier,
  };
}
