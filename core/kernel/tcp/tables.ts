/**
 * Which connection or listener a segment is for (Linux net/ipv4/inet_hashtables.c). Connections, requests and TIME-WAIT
 * records are in one table by ports, then addresses; listeners in another, by port. Who may have which port is in
 * bind-table.ts.
 */
import { assert } from "../../base/assert.ts";
import { IPV4_ANY, type Ipv4Address } from "../../wire/address.ts";
import type { RequestSock } from "./open/request-sock.ts";
import { TCP_STATE } from "./states.ts";
import type { TcpSock } from "./tcp-sock.ts";
import type { TimeWaitSock } from "./close/time-wait-sock.ts";

export type TableEntry = TcpSock | TimeWaitSock | RequestSock;

/** Addresses and ports of a segment or connection, seen from here. One record per user, filled in per packet. */
export interface Lookup {
  boundAddress: Ipv4Address;
  localPort: number;
  remoteAddress: Ipv4Address;
  remotePort: number;
  /** Interface the packet came in by; 0 matches any. */
  device: number;
}

export const emptyLookup = (): Lookup => ({
  boundAddress: IPV4_ANY,
  localPort: 0,
  remoteAddress: IPV4_ANY,
  remotePort: 0,
  device: 0,
});

const NO_MATCH = -1;

const BUCKETS_MIN = 8;

export class TcpTables {
  /**
   * By hash of the ports: the newest of a bucket; the others hang behind it, so that a segment touches nothing but
   * sockets. As in Linux; a Map would be two more lines of memory to wait for.
   */
  #buckets: (TableEntry | null)[] = new Array<TableEntry | null>(BUCKETS_MIN).fill(null);
  #count = 0;
  readonly #listeners = new Map<number, TcpSock[]>();
  /** Differs per machine, so that SO_REUSEPORT groups do not split alike everywhere. */
  readonly #hashSeed: number;
  timeWaits = 0;

  constructor(hashSeed: number) {
    this.#hashSeed = hashSeed;
  }

  /** __inet_lookup_established. */
  find(key: Readonly<Lookup>): TableEntry | null {
    let entry = this.#buckets[this.#bucketOf(key)] as TableEntry | null;
    for (; entry !== null; entry = entry.nextInTable) {
      if (entry.remotePort !== key.remotePort || entry.localPort !== key.localPort) continue;
      if (entry.remoteAddress !== key.remoteAddress || entry.boundAddress !== key.boundAddress) continue;
      if (entry.device === 0 || key.device === 0 || entry.device === key.device) return entry;
    }
    return null;
  }

  /** Newest first among equals. @throws AssertionError when the same connection is there already. */
  insert(entry: TableEntry): void {
    assert(this.find(entry) === null, "a connection is in the table once");
    if (++this.#count > this.#buckets.length) this.#grow();
    this.#put(entry);
    if (!entry.isTcp && !entry.isRequest) this.timeWaits++;
  }

  /** @returns whether it was there. */
  remove(entry: TableEntry): boolean {
    const bucket = this.#bucketOf(entry);
    let before: TableEntry | null = null;
    let at = this.#buckets[bucket] as TableEntry | null;
    while (at !== entry) {
      if (at === null) return false;
      before = at;
      at = at.nextInTable;
    }
    if (before === null) this.#buckets[bucket] = entry.nextInTable;
    else before.nextInTable = entry.nextInTable;
    entry.nextInTable = null;
    this.#count--;
    if (!entry.isTcp && !entry.isRequest) this.timeWaits--;
    return true;
  }

  #bucketOf({ localPort, remotePort }: Pick<Lookup, "localPort" | "remotePort">): number {
    const hash = Math.imul((localPort << 16) | remotePort, 0x9e3779b1);
    return (hash >>> 16) & (this.#buckets.length - 1);
  }

  #put(entry: TableEntry): void {
    const bucket = this.#bucketOf(entry);
    entry.nextInTable = this.#buckets[bucket] as TableEntry | null;
    this.#buckets[bucket] = entry;
  }

  /** Twice the buckets, each with its entries in the order they had. */
  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<TableEntry | null>(old.length * 2).fill(null);
    for (const newest of old) {
      let oldest: TableEntry | null = null;
      for (let entry = newest; entry !== null;) {
        const next = entry.nextInTable;
        entry.nextInTable = oldest;
        oldest = entry;
        entry = next;
      }
      for (let entry = oldest; entry !== null;) {
        const next = entry.nextInTable;
        this.#put(entry);
        entry = next;
      }
    }
  }

  addListener(tcp: TcpSock): void {
    const listeners = this.#listeners.get(tcp.localPort);
    if (listeners === undefined) this.#listeners.set(tcp.localPort, [tcp]);
    else listeners.unshift(tcp);
  }

  removeListener(tcp: TcpSock): void {
    const listeners = this.#listeners.get(tcp.localPort);
    const at = listeners?.indexOf(tcp) ?? -1;
    if (listeners === undefined || at < 0) return;
    if (listeners.length === 1) this.#listeners.delete(tcp.localPort);
    else listeners.splice(at, 1);
  }

  /** __inet_lookup_listener. */
  findListener(key: Readonly<Lookup>): TcpSock | null {
    const listeners = this.#listeners.get(key.localPort);
    if (listeners === undefined) return null;
    let best: TcpSock | null = null;
    let bestScore = NO_MATCH;
    for (const listener of listeners) {
      const points = listenerScore(listener, key);
      if (points <= bestScore) continue;
      best = listener;
      bestScore = points;
    }
    return best?.reusePort === true ? this.#pickOfGroup(listeners, key, bestScore) : best;
  }

  /**
   * SO_REUSEPORT: SYNs are spread over the group, and one peer's ports stay with one socket (reuseport_select_sock).
   */
  #pickOfGroup(listeners: readonly TcpSock[], key: Readonly<Lookup>, points: number): TcpSock {
    const group = listeners.filter((one) => one.reusePort && listenerScore(one, key) === points);
    let hash = Math.imul(key.remoteAddress ^ this.#hashSeed, 0x9e3779b1);
    hash = Math.imul(hash ^ (key.remotePort << 16) ^ key.localPort, 0x85ebca6b);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const chosen = group[Math.floor((hash / 2 ** 32) * group.length)];
    assert(chosen !== undefined, "a group has members");
    return chosen;
  }

  /** Everything in the table of connections, in no order that means anything. It must not change meanwhile. */
  *entries(): Generator<TableEntry> {
    for (const newest of this.#buckets) {
      for (let entry = newest; entry !== null; entry = entry.nextInTable) yield entry;
    }
  }

  *listeners(): Generator<TcpSock> {
    for (const listeners of this.#listeners.values()) yield* listeners;
  }

  clear(): void {
    this.#buckets = new Array<TableEntry | null>(BUCKETS_MIN).fill(null);
    this.#count = 0;
    this.#listeners.clear();
    this.timeWaits = 0;
  }

  checkInvariants(): void {
    let count = 0;
    for (const entry of this.entries()) {
      count++;
      assert(entry.localPort !== 0 && entry.remotePort >= 0, "a connection in the table has ports");
      if (entry.isTcp) {
        assert(entry.isHashed, "a connection in the table knows it");
        assert(
          entry.state !== TCP_STATE.CLOSE && entry.state !== TCP_STATE.LISTEN,
          "what is closed is not in the table",
        );
      }
    }
    assert(count === this.#count, "connections in the table are counted");
    for (const listener of this.listeners()) assert(listener.state === TCP_STATE.LISTEN, "a listener listens");
  }
}

/** compute_score: a bound address outweighs everything, as Linux looks for those first. */
function listenerScore(listener: TcpSock, key: Readonly<Lookup>): number {
  let points = 1;
  if (listener.boundAddress !== IPV4_ANY) {
    if (listener.boundAddress !== key.boundAddress) return NO_MATCH;
    points += 4;
  }
  if (listener.device !== 0) {
    if (listener.device !== key.device) return NO_MATCH;
    points += 2;
  }
  return points;
}
