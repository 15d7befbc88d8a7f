/**
 * Local ports: who may share one, and how a free one is found (Linux net/ipv4/inet_connection_sock.c,
 * inet_csk_get_port; inet_hashtables.c, __inet_hash_connect; RFC 6056, section 3.3.4). bind takes odd ports, connect
 * even ones, so that neither uses up what the other one needs.
 */
import { assert } from "../../base/assert.ts";
import type { Random } from "../../base/random.ts";
import { SipHash } from "../../base/siphash.ts";
import { IPV4_ANY } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from "../socket/limits.ts";
import { E } from "../syscall/errno.ts";
import { randomKey } from "./open/isn.ts";
import { TCP_STATE } from "./states.ts";
import type { TcpSock } from "./tcp-sock.ts";
import type { TimeWaitSock } from "./close/time-wait-sock.ts";

/** Who has a port: sockets, and TIME-WAIT records. */
export type PortOwner = TcpSock | TimeWaitSock;

/** A port that somebody has (struct inet_bind_bucket). Owners hang on one another: most ports have one. */
export class BindBucket {
  readonly port: number;
  /** Who has it, newest first. */
  first: PortOwner | null = null;
  /** Made by connect alone: others may connect from this port to elsewhere, but nobody may bind to it. */
  connectOnly = false;

  constructor(port: number) {
    this.port = port;
  }

  add(owner: PortOwner): void {
    const { first } = this;
    owner.bindBucket = this;
    owner.nextBound = first;
    if (first !== null) first.previousBound = owner;
    this.first = owner;
  }

  remove(owner: PortOwner): void {
    const { nextBound, previousBound } = owner;
    if (previousBound === null) this.first = nextBound;
    else previousBound.nextBound = nextBound;
    if (nextBound !== null) nextBound.previousBound = previousBound;
    owner.bindBucket = null;
    owner.nextBound = null;
    owner.previousBound = null;
  }
}

/** Whether this connection, from `port`, is none that is there already (__inet_check_established). */
export type IsUnique = (tcp: TcpSock, port: number) => boolean;

/** Counters that spread consecutive connects over the ports, those that count (INET_TABLE_PERTURB_SIZE is 64k). */
const PERTURB_SLOTS = 1024;

export class BindTable {
  readonly #random: Random;
  readonly #buckets = new Map<number, BindBucket>();
  readonly #perturb = new Map<number, number>();
  readonly #hash: SipHash;

  constructor(core: KernelCore) {
    this.#random = core.random("tcp/ports");
    this.#hash = new SipHash(randomKey(this.#random));
  }

  /**
   * inet_csk_get_port: takes `port`, or a free one when it is 0. A socket that has the port already is only checked.
   * @returns 0 or -EADDRINUSE.
   */
  bind(tcp: TcpSock, port: number): number {
    const chosen = port === 0 ? this.#ephemeral(tcp) : port;
    if (chosen === 0 || (port !== 0 && this.#conflicts(tcp, port, true))) return -E.EADDRINUSE;
    const bucket = this.#take(tcp, chosen);
    bucket.connectOnly = false;
    return 0;
  }

  /**
   * Finds a port for a connection whose other three quarters are known, and takes it (__inet_hash_connect).
   * @returns 0 or -EADDRNOTAVAIL.
   */
  bindToConnect(tcp: TcpSock, isUnique: IsUnique): number {
    const { low, count } = this.#range();
    const hash = this.#hash.hash([tcp.boundAddress, tcp.remoteAddress, tcp.remotePort]);
    const slot = (hash >>> 0) % PERTURB_SLOTS;
    const perturb = this.#perturb.get(slot) ?? 0;
    let offset = ((perturb + (this.#hash.high >>> 0)) % count) & ~1;
    for (let parity = 0; parity < 2; parity++, offset++) {
      for (let i = 0; i < count; i += 2) {
        const port = low + ((offset + i) % count);
        const bucket = this.#buckets.get(port);
        if (bucket !== undefined && (!bucket.connectOnly || !isUnique(tcp, port))) continue;
        this.#perturb.set(slot, (perturb + i + 2) >>> 0);
        this.#take(tcp, port).connectOnly = bucket === undefined || bucket.connectOnly;
        return 0;
      }
    }
    return -E.EADDRNOTAVAIL;
  }

  /** A child has its listener's port (__inet_inherit_port). */
  inherit(child: TcpSock, listener: TcpSock): void {
    const bucket = listener.bindBucket;
    // Redirected to another port than it has, a listener's bucket is not the child's.
    if (bucket?.port === child.localPort) bucket.add(child);
    else this.#take(child, child.localPort);
  }

  /** A TIME-WAIT record takes its socket's place (inet_twsk_bind_hash). */
  adopt(record: TimeWaitSock, tcp: TcpSock): void {
    tcp.bindBucket?.add(record);
  }

  release(owner: PortOwner): void {
    const bucket = owner.bindBucket;
    if (bucket === null) return;
    bucket.remove(owner);
    if (bucket.first === null) this.#buckets.delete(bucket.port);
  }

  clear(): void {
    this.#buckets.clear();
  }

  #take(tcp: TcpSock, port: number): BindBucket {
    tcp.localPort = port;
    const known = this.#buckets.get(port);
    const bucket = known ?? new BindBucket(port);
    if (known === undefined) this.#buckets.set(port, bucket);
    if (tcp.bindBucket !== bucket) {
      this.release(tcp);
      bucket.add(tcp);
    }
    return bucket;
  }

  #range(): { low: number; count: number } {
    return { low: EPHEMERAL_PORT_MIN, count: (EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1) & ~1 };
  }

  /** inet_csk_find_open_port. Who may reuse addresses looks in the lower half first, to keep ports for the others. */
  #ephemeral(tcp: TcpSock): number {
    const { low, count } = this.#range();
    const half = (count >> 1) & ~1;
    if (tcp.reuseAddress) {
      const port = this.#scan(tcp, low, half);
      if (port !== 0) return port;
      return this.#scan(tcp, low + half, count - half);
    }
    return this.#scan(tcp, low, count);
  }

  #scan(tcp: TcpSock, low: number, count: number): number {
    let offset = this.#random.below(count) | 1;
    for (let parity = 0; parity < 2; parity++, offset--) {
      for (let i = 0; i < count; i += 2) {
        const port = low + ((offset + i) % count);
        if (!this.#buckets.has(port) || !this.#conflicts(tcp, port, false)) return port;
      }
    }
    return 0;
  }

  /**
   * inet_csk_bind_conflict: whether an owner of the port keeps this socket off it. @param asked the program named the
   * port; one that is chosen for it is not shared by SO_REUSEADDR alone.
   */
  #conflicts(tcp: TcpSock, port: number, asked: boolean): boolean {
    const bucket = this.#buckets.get(port);
    if (bucket === undefined) return false;
    for (let other = bucket.first; other !== null; other = other.nextBound) {
      if (other === tcp) continue;
      if (tcp.device !== 0 && other.device !== 0 && tcp.device !== other.device) continue;
      // A listener wants all SYNs of its address: SO_REUSEADDR is about what connections leave behind.
      const reuses = tcp.reuseAddress && other.reuseAddress && other.state !== TCP_STATE.LISTEN;
      const shares = asked && (reuses || (tcp.reusePort && other.reusePort));
      if (!shares && overlaps(tcp, other)) return true;
    }
    return false;
  }

  checkInvariants(): void {
    for (const [port, bucket] of this.#buckets) {
      assert(bucket.first !== null && bucket.port === port, "a port in the table has owners");
      let before: PortOwner | null = null;
      for (let owner: PortOwner | null = bucket.first; owner !== null; owner = owner.nextBound) {
        assert(owner.localPort === port && owner.bindBucket === bucket, "an owner is listed under its port");
        assert(owner.previousBound === before, "an owner knows who comes before it");
        before = owner;
      }
    }
  }
}

/** inet_rcv_saddr_equal with wildcards. */
const overlaps = (a: TcpSock, b: PortOwner): boolean =>
  a.boundAddress === IPV4_ANY || b.boundAddress === IPV4_ANY || a.boundAddress === b.boundAddress;
