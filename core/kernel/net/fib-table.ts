/**
 * One routing table: longest-prefix match, then lowest metric (RFC 1812, section 5.2.4.3; Linux net/ipv4/fib_trie.c by
 * its behaviour). One hash map per prefix length in use, asked from long to short: at most 33 probes whatever the
 * number of routes, and results are cached above. Left out: type-of-service routes and multipath.
 */
import { assert } from "../../base/assert.ts";
import { maskOf, networkOf, type Ipv4Address } from "../../wire/address.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import type { RouteInfo } from "../syscall/netlink.ts";
import { ROUTES_MAX } from "./limits.ts";
import type { RouteMetrics } from "./route.ts";

/** A route as configured (struct fib_alias with its nexthop). */
export interface FibEntry {
  readonly type: RouteInfo["type"];
  readonly network: Ipv4Address;
  readonly prefixLength: number;
  /** 0 for a route onto a link. */
  readonly gateway: Ipv4Address;
  /** Null for routes that lead nowhere: blackhole, unreachable, prohibit. */
  readonly device: NetDevice | null;
  readonly metric: number;
  /** Preferred source, 0 for none. */
  readonly source: Ipv4Address;
  /** 0 for the device's. */
  readonly mtu: number;
  /** Absent for all routes but those configured with one of them. */
  readonly metrics?: RouteMetrics;
  readonly protocol: RouteInfo["protocol"];
  readonly scope: RouteInfo["scope"];
}

export class FibTable {
  readonly #byLength: (Map<number, FibEntry[]> | null)[] = new Array<Map<number, FibEntry[]> | null>(33).fill(null);
  /** Prefix lengths in use, longest first. */
  #lengths: number[] = [];
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** @param deviceIndex 0 for any. Null when nothing matches. */
  lookup(target: Ipv4Address, deviceIndex: number): FibEntry | null {
    for (const length of this.#lengths) {
      // Keys are signed, so that V8 keeps them as small integers.
      const entries = this.#byLength[length]?.get(target & maskOf(length));
      if (entries === undefined) continue;
      for (const entry of entries) {
        if (deviceIndex === 0 || entry.device === null || entry.device.index === deviceIndex) return entry;
      }
    }
    return null;
  }

  /** Entries of exactly that prefix, lowest metric first. */
  exactly(network: Ipv4Address, prefixLength: number): readonly FibEntry[] {
    return this.#byLength[prefixLength]?.get(network | 0) ?? [];
  }

  /**
   * "new" refuses a second route with the same prefix and metric, "replace" puts the new one in its place, "append"
   * keeps both unless they leave by the same device. @returns 0, -EEXIST or -ENOBUFS.
   */
  insert(entry: FibEntry, mode: "new" | "replace" | "append"): number {
    assert(networkOf(entry.network, entry.prefixLength) === entry.network, "a prefix has no host bits");
    if (this.#count >= ROUTES_MAX) return -E.ENOBUFS;
    const entries = this.#entriesFor(entry);
    const twin = entries.findIndex(
      (other) => other.metric === entry.metric && (mode !== "append" || other.device === entry.device),
    );
    if (twin >= 0 && mode !== "replace") return -E.EEXIST;
    if (twin >= 0) {
      entries[twin] = entry;
      return 0;
    }
    const behind = entries.findIndex((other) => other.metric > entry.metric);
    entries.splice(behind < 0 ? entries.length : behind, 0, entry);
    this.#count++;
    return 0;
  }

  #entriesFor(entry: FibEntry): FibEntry[] {
    let map = this.#byLength[entry.prefixLength] ?? null;
    if (map === null) {
      map = new Map();
      this.#byLength[entry.prefixLength] = map;
      this.#lengths = [...this.#lengths, entry.prefixLength].sort((a, b) => b - a);
    }
    let entries = map.get(entry.network | 0);
    if (entries === undefined) {
      entries = [];
      map.set(entry.network | 0, entries);
    }
    return entries;
  }

  /** @returns whether it was there. */
  remove(entry: FibEntry): boolean {
    const map = this.#byLength[entry.prefixLength];
    const entries = map?.get(entry.network | 0);
    const index = entries?.indexOf(entry) ?? -1;
    if (!map || entries === undefined || index < 0) return false;
    entries.splice(index, 1);
    this.#count--;
    if (entries.length === 0) map.delete(entry.network | 0);
    if (map.size === 0) {
      this.#byLength[entry.prefixLength] = null;
      this.#lengths = this.#lengths.filter((length) => length !== entry.prefixLength);
    }
    return true;
  }

  /** All entries in the order `ip route` lists them: by network, longer prefixes first, then by metric. */
  entries(): FibEntry[] {
    const all: FibEntry[] = [];
    for (const length of this.#lengths) {
      for (const entries of this.#byLength[length]?.values() ?? []) all.push(...entries);
    }
    return all.sort((a, b) => a.network - b.network || b.prefixLength - a.prefixLength || a.metric - b.metric);
  }
}
