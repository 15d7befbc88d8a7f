/**
 * The neighbours of one machine: lookup, bounds and garbage collection (struct neigh_table with Linux's gc_thresh1 to
 * 3, net/core/neighbour.c). Collection is checked every half reachable time, and only while there are more entries than
 * gc_thresh1, so a quiet machine has no timer.
 */
import { KIND } from "../../contract/trace-event.ts";
import type { Random } from "../../base/random.ts";
import { MILLISECOND, SECOND, type Nanoseconds } from "../../base/time.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import { MAC_ZERO, type Ipv4Address, type MacAddress } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import type { NetDevice } from "../device/net-device.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { NeighbourInfo } from "../syscall/netlink.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import { NeighbourSysctls } from "./ip-sysctls.ts";
import { Neighbour, seconds } from "./neighbour.ts";
import { NUD, NUD_VALID } from "./nud.ts";

/** What the table needs from ARP and ICMP. */
export interface NeighbourResolver {
  /** Asks for the neighbour's address. @param direct to its last known address instead of everybody. */
  solicit(neighbour: Neighbour, direct: boolean): void;
  /** A packet could not be delivered: tells its sender. The packet stays with the caller. */
  reportUnreachable(skb: SkBuff): void;
}

/** The reachable time is drawn anew this often (RFC 4861, section 6.3.4 asks for "a few hours"; Linux: 300 s). */
const REDRAW_AFTER: Nanoseconds = 300 * SECOND;
/** An entry changed this recently survives forced collection, and collection is forced at most this often. */
const FORCED_GC_AGE: Nanoseconds = 5 * SECOND;
/** Device indices above the 32 bits of an address make a key below 2^53. */
const KEY_SHIFT = 2 ** 32;
const ADMIN = { override: true, admin: true } as const;

export class NeighbourTable implements TimerHandler {
  readonly core: KernelCore;
  readonly #sysctls: NeighbourSysctls;
  readonly #random: Random;
  readonly #entries = new Map<number, Neighbour>();
  readonly #gcTimer = new KernelTimer(this);
  #resolver: NeighbourResolver | null = null;
  #reachable: Nanoseconds = WIDE_ZERO;
  #reachableDrawnAt = -Infinity;
  #reachableBaseMs = 0;
  #lastForcedGc = -Infinity;
  /** Packets pushed out of the queue of an unresolved neighbour, and entries refused for want of room. */
  unresolvedDiscards = 0;
  tableFulls = 0;

  constructor(core: KernelCore) {
    this.core = core;
    this.#sysctls = new NeighbourSysctls(core.sysctls);
    this.#random = core.random("neighbour");
  }

  install(resolver: NeighbourResolver): void {
    this.#resolver = resolver;
  }

  get size(): number {
    return this.#entries.size;
  }

  get baseReachable(): Nanoseconds {
    return this.#sysctls.baseReachableMs * MILLISECOND;
  }

  get delayFirstProbe(): Nanoseconds {
    return seconds(this.#sysctls.delayFirstProbeS);
  }

  get retrans(): Nanoseconds {
    return this.#sysctls.retransMs * MILLISECOND;
  }

  get unicastProbes(): number {
    return this.#sysctls.unicastSolicit;
  }

  get solicitsMax(): number {
    return this.#sysctls.multicastSolicit;
  }

  get queueBytesMax(): number {
    return this.#sysctls.queueBytesMax;
  }

  get queueLengthMax(): number {
    return this.#sysctls.queueLengthMax;
  }

  get locktime(): Nanoseconds {
    return this.#sysctls.locktime * 10 * MILLISECOND;
  }

  /** How long a confirmation lasts: 0.5 to 1.5 times the base, at random, so that hosts do not probe in step. */
  reachableTime(): Nanoseconds {
    const now = this.core.engine.now;
    const baseMs = this.#sysctls.baseReachableMs;
    if (now - this.#reachableDrawnAt >= REDRAW_AFTER || baseMs !== this.#reachableBaseMs) {
      this.#reachableDrawnAt = now;
      this.#reachableBaseMs = baseMs;
      this.#reachable = this.#random.below(baseMs * MILLISECOND) + (baseMs * MILLISECOND) / 2;
    }
    return this.#reachable;
  }

  find(device: NetDevice, address: Ipv4Address): Neighbour | null {
    return this.#entries.get(device.index * KEY_SHIFT + address) ?? null;
  }

  /** The entry, made when there is none; null when the table is full. */
  findOrCreate(device: NetDevice, address: Ipv4Address): Neighbour | null {
    const known = this.find(device, address);
    if (known !== null) return known;
    if (!this.#makeRoom()) {
      this.tableFulls++;
      // Once per time the table fills up: a scan of a large subnet would drown the log.
      if (this.tableFulls === 1) this.core.printk("neighbour: arp_cache: neighbor table overflow!");
      return null;
    }
    const entry = new Neighbour(this, device, address);
    this.#entries.set(device.index * KEY_SHIFT + address, entry);
    if (this.#entries.size >= this.#sysctls.gcThreshold1 && !this.#gcTimer.isPending) this.#armGc();
    return entry;
  }

  remove(entry: Neighbour): void {
    this.#entries.delete(entry.device.index * KEY_SHIFT + entry.address);
    entry.kill((skb) => {
      this.core.drop(skb, "NEIGH_FAILED");
    });
  }

  /** @param device null for all. Permanent entries stay unless told otherwise (`ip neigh flush`, neigh_ifdown). */
  flush(device: NetDevice | null, permanentToo = false): void {
    for (const entry of [...this.#entries.values()]) {
      if (device !== null && entry.device !== device) continue;
      if (entry.state === NUD.PERMANENT && !permanentToo) continue;
      this.remove(entry);
    }
  }

  /** An administrator's entry: PERMANENT or REACHABLE. @returns 0 or -ENOBUFS. */
  set(device: NetDevice, address: Ipv4Address, mac: MacAddress, permanent: boolean): number {
    const entry = this.findOrCreate(device, address);
    if (entry === null) return -E.ENOBUFS;
    entry.update(mac, permanent ? NUD.PERMANENT : NUD.REACHABLE, ADMIN);
    return 0;
  }

  entries(): IterableIterator<Neighbour> {
    return this.#entries.values();
  }

  list(): NeighbourInfo[] {
    const now = this.core.engine.now;
    return [...this.#entries.values()].map((entry) => ({
      address: entry.address,
      device: entry.device.name,
      mac: (entry.state & NUD_VALID) !== 0 && entry.mac !== MAC_ZERO ? entry.mac : null,
      state: entry.stateName,
      used: now - entry.used,
      confirmed: now - entry.confirmed,
      updated: now - entry.updated,
      queued: entry.queued,
      probes: entry.probes,
    }));
  }

  // What entries call.

  changed(entry: Neighbour): void {
    const trace = this.core.trace;
    if (trace.active) trace.record(KIND["neigh:neigh_update"], 0, 0, entry.device.index, entry.address, entry.state);
  }

  solicit(entry: Neighbour, direct: boolean): void {
    this.#resolver?.solicit(entry, direct);
  }

  /** Takes ownership of a packet whose next hop did not answer. */
  unreachable(skb: SkBuff): void {
    this.#resolver?.reportUnreachable(skb);
    this.core.drop(skb, "NEIGH_FAILED");
  }

  // Collection.

  onTimer(): void {
    if (!this.core.alive) return;
    const now = this.core.engine.now;
    const stale = seconds(this.#sysctls.gcStaleS);
    if (this.#entries.size < this.#sysctls.gcThreshold1) return;
    for (const entry of [...this.#entries.values()]) {
      if ((entry.state & (NUD.PERMANENT | NUD.INCOMPLETE | NUD.REACHABLE | NUD.DELAY | NUD.PROBE)) !== 0) continue;
      const lastUse = Math.max(entry.used, entry.confirmed);
      if (entry.state === NUD.FAILED || now > lastUse + stale) this.remove(entry);
    }
    if (this.#entries.size >= this.#sysctls.gcThreshold1) this.#armGc();
  }

  queuedPackets(): number {
    let count = 0;
    for (const entry of this.#entries.values()) count += entry.queued;
    return count;
  }

  checkInvariants(): void {
    for (const entry of this.#entries.values()) entry.checkInvariants();
  }

  shutdown(): void {
    for (const entry of this.#entries.values()) {
      entry.kill((skb) => {
        this.core.drop(skb, "NODE_DOWN");
      });
    }
    this.#entries.clear();
    this.core.timers.cancel(this.#gcTimer);
  }

  #armGc(): void {
    this.core.timers.arm(this.#gcTimer, Math.floor(this.baseReachable / 2));
  }

  /** neigh_alloc's bounds: above gc_thresh2 old entries go every 5 s, above gc_thresh3 at once. */
  #makeRoom(): boolean {
    const size = this.#entries.size;
    const now = this.core.engine.now;
    const hard = this.#sysctls.gcThreshold3;
    if (size < hard && (size < this.#sysctls.gcThreshold2 || now - this.#lastForcedGc <= FORCED_GC_AGE)) {
      return true;
    }
    this.#lastForcedGc = now;
    let surplus = size - this.#sysctls.gcThreshold2 + 1;
    for (const entry of [...this.#entries.values()]) {
      if (surplus <= 0) break;
      if (entry.state === NUD.PERMANENT) continue;
      const recent = entry.state !== NUD.FAILED && now <= entry.updated + FORCED_GC_AGE;
      if (recent || (entry.state & (NUD.INCOMPLETE | NUD.PROBE | NUD.DELAY)) !== 0) continue;
      this.remove(entry);
      surplus--;
    }
    return this.#entries.size < hard;
  }
}
