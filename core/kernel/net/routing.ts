/**
 * From destination to route, for packets of our own and for those to forward (Linux net/ipv4/route.c): FIB lookup, what
 * ICMP has taught about the destination, choice of source; cached per destination until anything changes.
 */
import { KIND } from "../../contract/trace-event.ts";
import { IPV4_LOOPBACK, isLimitedBroadcast, isMulticast, isZeroNetwork, type Ipv4Address } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import type { AddressTable } from "./addresses.ts";
import type { DeviceTable } from "./device-table.ts";
import type { Fib } from "./fib.ts";
import type { FibEntry } from "./fib-table.ts";
import { ROUTE_CACHE_ENTRIES_MAX } from "./limits.ts";
import type { FlowKey } from "./protocol.ts";
import { NO_METRICS, Route, type RouteMetrics, type RouteType } from "./route.ts";
import type { RouteExceptions } from "./route-exceptions.ts";

/** Index of the loopback interface. */
export const LOOPBACK_INDEX = 1;
/** An MTU above this would not fit the header's length field; loopback has one. */
const MTU_MAX = 0xffff;

/** What routing decides by. */
export interface RoutingSources {
  readonly devices: DeviceTable;
  readonly addresses: AddressTable;
  readonly fib: Fib;
  readonly exceptions: RouteExceptions;
}

export class Routing {
  readonly #core: KernelCore;
  readonly #sources: RoutingSources;
  /** By destination, for packets that may leave by any interface. Signed keys: small integers in V8. */
  readonly #cache = new Map<number, Route>();
  /** The one of them to an address of ours that was asked for last: a host gets nearly all of its packets for one. */
  #lastLocal: Route | null = null;
  /** That address, signed. */
  #lastAddress = 0;
  /** By interface bound to, then by destination. */
  readonly #bound = new Map<number, Map<number, Route>>();
  generation = 1;
  /** Times a full cache was emptied. */
  cacheOverflows = 0;

  constructor(core: KernelCore, sources: RoutingSources) {
    this.#core = core;
    this.#sources = sources;
  }

  /** Something that routes depend on has changed. */
  invalidate(): void {
    this.generation++;
    this.#lastLocal = null;
    // Clearing makes a new table even of an empty one, and a router gets its routes one by one.
    if (this.#cache.size > 0) this.#cache.clear();
    if (this.#bound.size > 0) this.#bound.clear();
  }

  /** ip_route_output_key: -ENETUNREACH, -EHOSTUNREACH, -EINVAL, -EACCES, -ENODEV. */
  output(key: FlowKey): Route | number {
    if (key.source === 0) return this.find(key.target, key.device);
    const { source, target } = key;
    if (isMulticast(source) || isLimitedBroadcast(source) || isZeroNetwork(source)) return -E.EINVAL;
    const owner = this.#sources.fib.local.lookup(source, 0);
    if (owner === null || owner.type !== "local") return -E.ENETUNREACH;
    // Group and broadcast packets leave by the interface that has the source address.
    if (key.device === 0 && owner.device !== null && (isMulticast(target) || isLimitedBroadcast(target))) {
      return this.find(target, owner.device.index);
    }
    return this.find(target, key.device);
  }

  /** The route to `target`, cached. @param deviceIndex 0 for any. */
  find(target: Ipv4Address, deviceIndex: number): Route | number {
    if (deviceIndex === 0 && (target | 0) === this.#lastAddress && this.#lastLocal !== null) return this.#lastLocal;
    const cache = deviceIndex === 0 ? this.#cache : this.#boundCache(deviceIndex);
    const known = this.#knownIn(cache, target);
    if (known !== null) {
      if (deviceIndex === 0 && known.type === "local" && !known.mayExpire) {
        this.#lastLocal = known;
        this.#lastAddress = target | 0;
      }
      return known;
    }
    const route = this.#resolve(target, deviceIndex);
    if (typeof route === "number") return route;
    if (cache.size >= ROUTE_CACHE_ENTRIES_MAX) {
      cache.clear();
      this.cacheOverflows++;
    }
    cache.set(target | 0, route);
    return route;
  }

  /** The route to `target` by any interface, if it is in the cache. */
  known(target: Ipv4Address): Route | null {
    return this.#knownIn(this.#cache, target);
  }

  #knownIn(cache: ReadonlyMap<number, Route>, target: Ipv4Address): Route | null {
    const known = cache.get(target | 0);
    if (known === undefined || (known.mayExpire && this.#core.engine.now >= known.expires)) return null;
    return known;
  }

  /** inet_addr_type. */
  addressType(address: Ipv4Address): RouteType {
    if (isZeroNetwork(address) || isLimitedBroadcast(address)) return "broadcast";
    if (isMulticast(address)) return "multicast";
    return this.#sources.fib.local.lookup(address, 0)?.type ?? "unicast";
  }

  #boundCache(deviceIndex: number): Map<number, Route> {
    let cache = this.#bound.get(deviceIndex);
    if (cache === undefined) {
      cache = new Map();
      this.#bound.set(deviceIndex, cache);
    }
    return cache;
  }

  #resolve(target: Ipv4Address, deviceIndex: number): Route | number {
    // 0.0.0.0 as a target means this machine.
    if (target === 0) return this.#resolve(IPV4_LOOPBACK, deviceIndex);
    let device: NetDevice | null = null;
    if (deviceIndex !== 0) {
      device = this.#sources.devices.byIndex(deviceIndex) ?? null;
      if (device === null) return -E.ENODEV;
      if (!device.isUp) return -E.ENETUNREACH;
      if (isMulticast(target) || isLimitedBroadcast(target)) return this.#onLink(target, device);
    }
    const entry = this.#sources.fib.lookup(target, deviceIndex);
    if (this.#core.trace.active) {
      const trace = this.#core.trace;
      trace.record(KIND["fib:fib_table_lookup"], 0, 0, target, entry?.gateway ?? 0, entry?.device?.index ?? 0);
    }
    // Bound to an interface without a route over it: the destination is taken to be on that link.
    if (entry === null) return device === null ? -E.ENETUNREACH : this.#onLink(target, device);
    switch (entry.type) {
      case "blackhole":
        return -E.EINVAL;
      case "unreachable":
        return -E.EHOSTUNREACH;
      case "prohibit":
        return -E.EACCES;
      case "local":
        return this.#localRoute(target, entry);
      case "unicast":
      case "broadcast":
        return this.#viaEntry(target, entry);
    }
  }

  #localRoute(target: Ipv4Address, entry: FibEntry): Route | number {
    const loopback = this.#sources.devices.byIndex(LOOPBACK_INDEX);
    if (!loopback) return -E.ENETUNREACH;
    return this.#make("local", target, loopback, {
      gateway: 0 as Ipv4Address,
      source: entry.source === 0 ? target : entry.source,
      mtu: 0,
    });
  }

  #viaEntry(target: Ipv4Address, entry: FibEntry): Route | number {
    const device = entry.device;
    if (device === null || !device.isUp) return -E.ENETUNREACH;
    const hop = entry.gateway === 0 ? target : entry.gateway;
    return this.#make(typeOnLink(target, entry), target, device, {
      gateway: entry.gateway,
      source: entry.source === 0 ? this.#sources.addresses.select(device, hop) : entry.source,
      mtu: entry.mtu,
      metrics: entry.metrics ?? NO_METRICS,
    });
  }

  #onLink(target: Ipv4Address, device: NetDevice): Route {
    const type = isMulticast(target) ? "multicast" : isLimitedBroadcast(target) ? "broadcast" : "unicast";
    const source = this.#sources.addresses.select(device, target);
    return this.#make(type, target, device, { gateway: 0 as Ipv4Address, source, mtu: 0 });
  }

  #make(
    type: RouteType,
    target: Ipv4Address,
    device: NetDevice,
    rest: { gateway: Ipv4Address; source: Ipv4Address; mtu: number; metrics?: RouteMetrics },
  ): Route {
    const metrics = rest.metrics ?? NO_METRICS;
    const linkMtu = Math.min(rest.mtu === 0 ? device.mtu : rest.mtu, MTU_MAX);
    const learned = type === "unicast" ? this.#sources.exceptions.find(target, this.#core.engine.now) : null;
    const hasMtu = learned !== null && learned.mtu !== 0 && !metrics.mtuLocked;
    const hasGateway = learned !== null && learned.gateway !== 0;
    const fields = {
      type,
      target,
      device,
      gateway: hasGateway ? learned.gateway : rest.gateway,
      source: rest.source,
      mtu: hasMtu ? Math.min(learned.mtu, linkMtu) : linkMtu,
      forwardMtu: linkMtu,
      mtuLocked: metrics.mtuLocked || (hasMtu && learned.mtuLocked),
      metrics,
      expires: Math.min(hasMtu ? learned.mtuExpires : Infinity, hasGateway ? learned.gatewayExpires : Infinity),
    };
    return new Route(fields, this.generation);
  }
}

function typeOnLink(target: Ipv4Address, entry: FibEntry): RouteType {
  if (isMulticast(target)) return "multicast";
  return isLimitedBroadcast(target) || entry.type === "broadcast" ? "broadcast" : "unicast";
}
