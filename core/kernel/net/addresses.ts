/**
 * IPv4 addresses per interface, with Linux's rules for primary and secondary ones and for the choice of a source
 * (net/ipv4/devinet.c). The first address of a subnet on an interface is primary; later ones are secondary and go with
 * it.
 * Left out: labels, peers, lifetimes, and promotion of secondaries.
 */
import {
  broadcastOf,
  inNetwork,
  isLoopback,
  isMulticast,
  isReserved,
  isZeroNetwork,
  type Ipv4Address,
} from "../../wire/address.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import { ADDRESSES_PER_DEVICE_MAX, GROUPS_MAX } from "./limits.ts";

export interface InterfaceAddress {
  readonly device: NetDevice;
  readonly address: Ipv4Address;
  readonly prefixLength: number;
  /** Null on loopback and below /31. */
  readonly broadcast: Ipv4Address | null;
  readonly scope: "global" | "host";
  readonly secondary: boolean;
}

/** 224.0.0.1: every host is a member (RFC 1112, section 4). */
export const ALL_HOSTS_GROUP = 0xe0000001 as Ipv4Address;

/** One of 32 bits for an address, by its hash (Fibonacci hashing, Knuth, volume 3, 6.4). */
const bitOf = (address: number): number => 1 << (Math.imul(address, 0x9e3779b1) >>> 27);

export class AddressTable {
  readonly #byDevice = new Map<number, InterfaceAddress[]>();
  /** Keys are signed, so that V8 keeps them as small integers. */
  readonly #owners = new Map<number, InterfaceAddress[]>();
  /** A bit for each of the owners' keys, several of which may share one: few packets come from an address of ours. */
  #ownerBits = 0;
  readonly #groups = new Map<number, number>([[ALL_HOSTS_GROUP | 0, 1]]);

  /** The new entry, or -EEXIST, -EINVAL, -ENOBUFS. */
  add(device: NetDevice, address: Ipv4Address, prefixLength: number): InterfaceAddress | number {
    if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32) return -E.EINVAL;
    if (isZeroNetwork(address) || isMulticast(address) || isReserved(address) || address === 0xffffffff) {
      return -E.EINVAL;
    }
    const list = this.#byDevice.get(device.index) ?? [];
    if (list.some((other) => other.address === address && other.prefixLength === prefixLength)) return -E.EEXIST;
    if (list.length >= ADDRESSES_PER_DEVICE_MAX) return -E.ENOBUFS;
    const entry: InterfaceAddress = {
      device,
      address,
      prefixLength,
      broadcast: device.isLoopback || prefixLength >= 31 ? null : broadcastOf(address, prefixLength),
      scope: isLoopback(address) ? "host" : "global",
      secondary: list.some((other) => other.prefixLength === prefixLength && inNetwork(address, other)),
    };
    list.push(entry);
    this.#byDevice.set(device.index, list);
    const owners = this.#owners.get(address | 0);
    if (owners === undefined) this.#owners.set(address | 0, [entry]);
    else owners.push(entry);
    this.#ownerBits |= bitOf(address);
    return entry;
  }

  /** What went away: the address and, if it was primary, its secondaries. Empty when there was none. */
  remove(device: NetDevice, address: Ipv4Address, prefixLength: number): InterfaceAddress[] {
    const list = this.#byDevice.get(device.index) ?? [];
    const victim = list.find((entry) => entry.address === address && entry.prefixLength === prefixLength);
    if (victim === undefined) return [];
    const gone = list.filter(
      (entry) =>
        entry === victim ||
        (!victim.secondary && entry.secondary && entry.prefixLength === prefixLength && inNetwork(address, entry)),
    );
    this.#byDevice.set(
      device.index,
      list.filter((entry) => !gone.includes(entry)),
    );
    for (const entry of gone) {
      const owners = (this.#owners.get(entry.address | 0) ?? []).filter((other) => other !== entry);
      if (owners.length === 0) this.#owners.delete(entry.address | 0);
      else this.#owners.set(entry.address | 0, owners);
    }
    this.#ownerBits = 0;
    for (const key of this.#owners.keys()) this.#ownerBits |= bitOf(key);
    return gone;
  }

  /**
   * Whether an interface has exactly this address. 127.0.0.2 is local too, but by its route: see `IpStack.addressType`.
   */
  isLocal(address: Ipv4Address): boolean {
    return (this.#ownerBits & bitOf(address)) !== 0 && this.#owners.has(address | 0);
  }

  isLocalOn(address: Ipv4Address, device: NetDevice): boolean {
    return this.#owners.get(address | 0)?.some((entry) => entry.device === device) ?? false;
  }

  on(device: NetDevice): readonly InterfaceAddress[] {
    return this.#byDevice.get(device.index) ?? [];
  }

  /** All, by interface number and then in the order they were added. */
  entries(): InterfaceAddress[] {
    return [...this.#byDevice.entries()].sort(([a], [b]) => a - b).flatMap(([, list]) => list);
  }

  /**
   * Source for packets to `target` over `device`: its primary address on the target's subnet, else its first, else any
   * interface's (inet_select_addr). 0 when the machine has none.
   */
  select(device: NetDevice, target: Ipv4Address): Ipv4Address {
    let first: InterfaceAddress | null = null;
    for (const entry of this.on(device)) {
      if (entry.secondary || (entry.scope === "host" && !device.isLoopback)) continue;
      first ??= entry;
      if (inNetwork(target, entry)) return entry.address;
    }
    if (first !== null) return first.address;
    return this.entries().find((entry) => !entry.secondary && entry.scope === "global")?.address ?? (0 as Ipv4Address);
  }

  isMember(group: Ipv4Address): boolean {
    return this.#groups.has(group | 0);
  }

  /** Memberships are counted; IGMP is not spoken, so they matter on the link only. @returns 0, -EINVAL, -ENOBUFS. */
  joinGroup(group: Ipv4Address): number {
    if (!isMulticast(group)) return -E.EINVAL;
    const count = this.#groups.get(group | 0) ?? 0;
    if (count === 0 && this.#groups.size >= GROUPS_MAX) return -E.ENOBUFS;
    this.#groups.set(group | 0, count + 1);
    return 0;
  }

  /** @returns 0 or -EADDRNOTAVAIL. */
  leaveGroup(group: Ipv4Address): number {
    const count = this.#groups.get(group | 0) ?? 0;
    if (count === 0) return -E.EADDRNOTAVAIL;
    if (count === 1) this.#groups.delete(group | 0);
    else this.#groups.set(group | 0, count - 1);
    return 0;
  }
}
