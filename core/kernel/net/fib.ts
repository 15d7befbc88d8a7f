/**
 * The forwarding information base: the tables `local` (our own and broadcast addresses) and `main` (everything else),
 * asked in that order, with the checks Linux makes before it takes a route (net/ipv4/fib_semantics.c, fib_check_nh).
 * Left out: policy rules, other tables, multipath, nexthop objects.
 */
import { networkOf, type Ipv4Address } from "../../wire/address.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import type { RouteInfo, RouteSpec } from "../syscall/netlink.ts";
import type { AddressTable } from "./addresses.ts";
import type { DeviceTable } from "./device-table.ts";
import { FibTable, type FibEntry } from "./fib-table.ts";

export class Fib {
  readonly local = new FibTable();
  readonly main = new FibTable();
  readonly #devices: DeviceTable;
  readonly #addresses: AddressTable;

  constructor(devices: DeviceTable, addresses: AddressTable) {
    this.#devices = devices;
    this.#addresses = addresses;
  }

  /** @param deviceIndex 0 for any. */
  lookup(target: Ipv4Address, deviceIndex: number): FibEntry | null {
    return this.local.lookup(target, deviceIndex) ?? this.main.lookup(target, deviceIndex);
  }

  /** @returns 0, -EINVAL, -ENODEV, -ENETDOWN, -ENETUNREACH, -EEXIST. */
  add(spec: RouteSpec, protocol: RouteInfo["protocol"], replace: boolean): number {
    const type = spec.type ?? "unicast";
    if (!isPrefix(spec)) return -E.EINVAL;
    const source = spec.source ?? (0 as Ipv4Address);
    if (source !== 0 && !this.#addresses.isLocal(source)) return -E.EINVAL;
    const named = spec.device === null ? null : this.#devices.byName(spec.device);
    if (spec.device !== null && !named) return -E.ENODEV;
    let device: NetDevice | null = null;
    if (type === "unicast") {
      const found = this.#nextHopDevice(spec, named ?? null);
      if (typeof found === "number") return found;
      device = found;
    } else if (spec.via !== null) {
      return -E.EINVAL;
    }
    const entry: FibEntry = {
      type,
      network: spec.network,
      prefixLength: spec.prefixLength,
      gateway: spec.via ?? (0 as Ipv4Address),
      device,
      metric: spec.metric ?? 0,
      source,
      mtu: spec.mtu ?? 0,
      ...metricsOf(spec),
      protocol,
      scope: type === "unicast" && spec.via === null ? "link" : "global",
    };
    return this.main.insert(entry, replace ? "replace" : "new");
  }

  /** Takes away the first route that fits what the specification names. @returns 0 or -ESRCH. */
  remove(spec: RouteSpec): number {
    if (!isPrefix(spec)) return -E.EINVAL;
    const entry = this.main
      .exactly(spec.network, spec.prefixLength)
      .find(
        (known) =>
          (spec.via === null || known.gateway === spec.via) &&
          (spec.device === null || known.device?.name === spec.device) &&
          (spec.metric === undefined || known.metric === spec.metric) &&
          (spec.type === undefined || known.type === spec.type) &&
          (spec.source === undefined || known.source === spec.source),
      );
    return entry !== undefined && this.main.remove(entry) ? 0 : -E.ESRCH;
  }

  /** The device went down: every route over it is gone, but not the addresses we answer for (fib_disable_ip). */
  flushDevice(device: NetDevice): void {
    for (const entry of this.main.entries()) if (entry.device === device) this.main.remove(entry);
    for (const entry of this.local.entries()) {
      if (entry.device === device && entry.type === "broadcast") this.local.remove(entry);
    }
  }

  /** Routes with that preferred source went with the address (fib_sync_down_addr). */
  flushSource(address: Ipv4Address): void {
    for (const entry of this.main.entries()) if (entry.source === address) this.main.remove(entry);
  }

  #nextHopDevice(spec: RouteSpec, named: NetDevice | null): NetDevice | number {
    if (spec.via === null) {
      if (named === null) return -E.ENODEV;
      return named.isUp ? named : -E.ENETDOWN;
    }
    // A router has to be a neighbour: a route to it must lead onto a link.
    const towards = this.lookup(spec.via, named?.index ?? 0);
    if (towards === null) return -E.ENETUNREACH;
    if (towards.type !== "unicast") return -E.EINVAL;
    if (towards.gateway !== 0 || towards.device === null) return -E.ENETUNREACH;
    return towards.device.isUp ? towards.device : -E.ENETDOWN;
  }
}

function metricsOf({ mtuLocked = false, advmss = 0, initcwnd = 0 }: RouteSpec): Pick<FibEntry, "metrics"> {
  return mtuLocked || advmss > 0 || initcwnd > 0 ? { metrics: { mtuLocked, advmss, initCwnd: initcwnd } } : {};
}

const isPrefix = (spec: RouteSpec): boolean =>
  Number.isInteger(spec.prefixLength) &&
  spec.prefixLength >= 0 &&
  spec.prefixLength <= 32 &&
  networkOf(spec.network, spec.prefixLength) === spec.network;
