/**
 * One neighbour: the link address of a host on a link and how much it is trusted (RFC 4861, section 7.3, as Linux
 * applies it to ARP in net/core/neighbour.c). An unresolved neighbour keeps
 * packets up to a bound and drops the oldest beyond it. The Ethernet header is kept ready, so that sending to a
 * reachable neighbour is a copy of 14 bytes. Left out: application solicitation, and probes re-sent as broadcast
 * (mcast_resolicit).
 */
import { assert } from "../../base/assert.ts";
import { put16 } from "../../base/bytes.ts";
import { MILLISECOND, SECOND, type Nanoseconds } from "../../base/time.ts";
import { MAC_ZERO, type Ipv4Address, type MacAddress } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import type { NetDevice } from "../device/net-device.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { SkbQueue } from "../skb/skb-queue.ts";
import type { NeighbourState } from "../syscall/netlink.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import type { NeighbourTable } from "./neighbour-table.ts";
import { NUD, NUD_CONNECTED, NUD_IN_TIMER, NUD_VALID, nudName } from "./nud.ts";

/** Timers run out this much later at least (HZ/100). */
const TIMER_LEAST: Nanoseconds = 10 * MILLISECOND;

/** How an update may treat what is known (NEIGH_UPDATE_F_*). */
export interface UpdateFlags {
  /** A different link address replaces the known one. */
  readonly override: boolean;
  /** An administrator's word: changes permanent entries too. */
  readonly admin: boolean;
}

export class Neighbour implements TimerHandler {
  // First what a packet looks at: fields lie in memory in this order.
  readonly device: NetDevice;
  state: number = NUD.NONE;
  /** Dropped from the table: whoever still points here looks it up again. */
  dead = false;
  /** `macChanges` of the device when the header was written; -1 before. */
  #headerOf = -1;
  /**
   * The Ethernet header as 16-bit words: seven stores a packet. Copying 14 bytes in a loop was a quarter of forwarding.
   */
  #target0 = 0;
  #target1 = 0;
  #target2 = 0;
  #source0 = 0;
  #source1 = 0;
  #source2 = 0;
  readonly #table: NeighbourTable;
  readonly address: Ipv4Address;
  mac: MacAddress = MAC_ZERO;
  /** Instants of last use while unconfirmed, of last proof that it answers, and of last change. */
  used: number;
  confirmed: number;
  updated: number;
  probes = 0;
  readonly #queue = new SkbQueue();
  #queueBytes = 0;
  readonly #timer = new KernelTimer(this);

  constructor(table: NeighbourTable, device: NetDevice, address: Ipv4Address) {
    this.#table = table;
    this.device = device;
    this.address = address;
    this.used = table.core.engine.now;
    this.confirmed = this.used;
    this.updated = this.used;
  }

  get stateName(): NeighbourState {
    return nudName(this.state);
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** The packet whose address resolution is under way, for choosing the source of the question. */
  get firstQueued(): SkBuff | null {
    return this.#queue.first;
  }

  /** Sends an IP packet there, now or when the address is known. Takes ownership. @returns 0 or -ENOBUFS. */
  send(skb: SkBuff): number {
    if ((this.state & NUD_CONNECTED) !== 0 || this.#mayUse(skb)) return this.#transmit(skb);
    return 0;
  }

  /** The next hop has just shown that it takes our packets (neigh_confirm). */
  confirm(): void {
    this.confirmed = this.#table.core.engine.now;
  }

  /** Whether a packet to it goes out now, and nothing comes of that but a new instant of last use. */
  get canPass(): boolean {
    return !this.dead && (this.state & (NUD_CONNECTED | NUD.DELAY | NUD.PROBE)) !== 0;
  }

  /** A packet for which `canPass` held is sent there: notes it, and writes its Ethernet header at `at`. */
  pass(bytes: Uint8Array, at: number): void {
    if ((this.state & NUD_CONNECTED) === 0) this.used = this.#table.core.engine.now;
    this.#writeHeader(bytes, at);
  }

  #writeHeader(bytes: Uint8Array, at: number): void {
    if (this.#headerOf !== this.device.macChanges) this.#buildHeader();
    put16(bytes, at, this.#target0);
    put16(bytes, at + 2, this.#target1);
    put16(bytes, at + 4, this.#target2);
    put16(bytes, at + 6, this.#source0);
    put16(bytes, at + 8, this.#source1);
    put16(bytes, at + 10, this.#source2);
    put16(bytes, at + ETHERNET.type, ETHERTYPE_IPV4);
  }

  /**
   * Takes in what ARP or an administrator says (neigh_update).
   * @param mac null keeps the known address.
   */
  update(mac: MacAddress | null, state: number, flags: UpdateFlags): void {
    const now = this.#table.core.engine.now;
    const old = this.state;
    if (!flags.admin && (old & (NUD.NOARP | NUD.PERMANENT)) !== 0) return;
    if ((state & NUD_VALID) === 0) {
      this.#invalidate(state);
      return;
    }
    const wasValid = (old & NUD_VALID) !== 0;
    if (mac === null && !wasValid) return;
    const address = mac ?? this.mac;
    const differs = !wasValid || address !== this.mac;
    if ((state & NUD_CONNECTED) !== 0) this.confirmed = now;
    let next = state;
    if (wasValid && differs && !flags.override) return;
    // Hearing again what is known does not make a better state worse.
    if (wasValid && !differs && state === NUD.STALE && !flags.admin) next = old;
    if (next !== old || differs) this.updated = now;
    if (differs) {
      this.mac = address;
      this.#buildHeader();
      if ((next & NUD_CONNECTED) === 0) this.confirmed = now - 2 * this.#table.baseReachable;
    }
    if (next !== old) {
      this.#table.core.timers.cancel(this.#timer);
      if (next === NUD.PROBE) this.probes = 0;
      if ((next & NUD_IN_TIMER) !== 0) this.#arm(next === NUD.REACHABLE ? this.#table.reachableTime() : 0);
      this.#setState(next);
    } else if (differs) {
      this.#table.changed(this);
    }
    if (!wasValid) this.#flush();
  }

  /** neigh_timer_handler. */
  onTimer(): void {
    if (!this.#table.core.alive || this.dead) return;
    const now = this.#table.core.engine.now;
    const delay = this.#table.delayFirstProbe;
    let next = now + this.#table.retrans;
    switch (this.state) {
      case NUD.REACHABLE:
        if (now <= this.confirmed + this.#table.reachableTime()) {
          next = this.confirmed + this.#table.reachableTime();
        } else if (now <= this.used + delay) {
          this.updated = now;
          this.#setState(NUD.DELAY);
          next = now + delay;
        } else {
          this.updated = now;
          this.#setState(NUD.STALE);
          return;
        }
        break;
      case NUD.DELAY:
        if (now <= this.confirmed + delay) {
          this.updated = now;
          this.#setState(NUD.REACHABLE);
          next = this.confirmed + this.#table.reachableTime();
        } else {
          this.updated = now;
          this.probes = 0;
          this.#setState(NUD.PROBE);
        }
        break;
      case NUD.INCOMPLETE:
      case NUD.PROBE:
        break;
      default:
        return;
    }
    const solicits = (this.state & (NUD.INCOMPLETE | NUD.PROBE)) !== 0;
    if (solicits && this.probes >= this.#probesMax) {
      this.updated = now;
      this.#invalidate(NUD.FAILED);
      return;
    }
    this.#arm(Math.max(TIMER_LEAST, next - now));
    if (solicits) this.#probe();
  }

  /** Leaves the table: what waits is handed to `dispose`. */
  kill(dispose: (skb: SkBuff) => void): void {
    this.dead = true;
    this.#table.core.timers.cancel(this.#timer);
    this.#empty(dispose);
  }

  checkInvariants(): void {
    assert(this.#queue.length === 0 || this.state === NUD.INCOMPLETE, "packets wait for an unresolved neighbour only");
    assert(this.#queueBytes >= 0, "the queue's size is not negative");
    const needsTimer = (this.state & NUD_IN_TIMER) !== 0 && !this.dead;
    assert(!needsTimer || this.#timer.isPending, "a neighbour under way has its timer armed");
  }

  /** Whether the packet may go out now; otherwise it has been queued or dropped (__neigh_event_send). */
  #mayUse(skb: SkBuff): boolean {
    const table = this.#table;
    this.used = table.core.engine.now;
    if ((this.state & (NUD.DELAY | NUD.PROBE)) !== 0) return true;
    if (this.state === NUD.STALE) {
      this.updated = this.used;
      this.#setState(NUD.DELAY);
      this.#arm(table.delayFirstProbe);
      return true;
    }
    const starts = this.state !== NUD.INCOMPLETE;
    if (starts && table.solicitsMax === 0) {
      this.#setState(NUD.FAILED);
      table.core.drop(skb, "NEIGH_FAILED");
      return false;
    }
    if (starts) {
      // Counting starts at the number of unicast probes, which an unknown address cannot get.
      this.probes = table.unicastProbes;
      this.updated = this.used;
      this.#setState(NUD.INCOMPLETE);
      this.#arm(table.retrans);
    }
    this.#enqueue(skb);
    if (starts) this.#probe();
    return false;
  }

  #enqueue(skb: SkBuff): void {
    const table = this.#table;
    while (
      this.#queue.first !== null &&
      (this.#queueBytes + skb.truesize > table.queueBytesMax || this.#queue.length >= table.queueLengthMax)
    ) {
      const oldest = this.#queue.shift();
      if (oldest === null) break;
      this.#queueBytes -= oldest.truesize;
      table.unresolvedDiscards++;
      table.core.drop(oldest, "NEIGH_QUEUEFULL");
    }
    this.#queueBytes += skb.truesize;
    this.#queue.push(skb);
  }

  #transmit(skb: SkBuff): number {
    const device = this.device;
    const skbs = this.#table.core.skbs;
    if (skb.isShared) skbs.makeWritable(skb);
    if (skb.headroom < ETHERNET_HEADER_BYTES) skbs.ensureHeadroom(skb, ETHERNET_HEADER_BYTES);
    const at = skb.push(ETHERNET_HEADER_BYTES);
    this.#writeHeader(skb.bytes, at);
    skb.macHeader = at;
    skb.deviceIndex = device.index;
    return device.xmit(skb);
  }

  #buildHeader(): void {
    const { mac } = this;
    const source = this.device.mac;
    this.#headerOf = this.device.macChanges;
    this.#target0 = Math.floor(mac / 2 ** 32);
    this.#target1 = Math.floor(mac / 2 ** 16) & 0xffff;
    this.#target2 = mac & 0xffff;
    this.#source0 = Math.floor(source / 2 ** 32);
    this.#source1 = Math.floor(source / 2 ** 16) & 0xffff;
    this.#source2 = source & 0xffff;
  }

  /** An unknown neighbour is asked by broadcast, one that was reachable before only directly (neigh_max_probes). */
  get #probesMax(): number {
    return this.#table.unicastProbes + (this.state === NUD.PROBE ? 0 : this.#table.solicitsMax);
  }

  #probe(): void {
    this.probes++;
    this.#table.solicit(this, this.state === NUD.PROBE);
  }

  #flush(): void {
    // Sending may queue again when the state changes meanwhile: only what waits now is taken.
    for (let n = this.#queue.length; n > 0 && (this.state & NUD_VALID) !== 0; n--) {
      const skb = this.#queue.shift();
      if (skb === null) break;
      this.#queueBytes -= skb.truesize;
      this.send(skb);
    }
  }

  #invalidate(state: number): void {
    this.#table.core.timers.cancel(this.#timer);
    this.updated = this.#table.core.engine.now;
    this.#setState(state);
    this.#empty((skb) => {
      this.#table.unreachable(skb);
    });
  }

  #empty(dispose: (skb: SkBuff) => void): void {
    // Disposing sends ICMP errors, which may come back here: take a fixed number.
    for (let n = this.#queue.length; n > 0; n--) {
      const skb = this.#queue.shift();
      if (skb === null) break;
      this.#queueBytes -= skb.truesize;
      dispose(skb);
    }
  }

  #arm(span: Nanoseconds): void {
    this.#table.core.timers.arm(this.#timer, span);
  }

  /** The one writer of `state`. */
  #setState(state: number): void {
    if (this.state === state) return;
    this.state = state;
    this.#table.changed(this);
  }
}

/** Seconds of a sysctl as ns. */
export const seconds = (count: number): Nanoseconds => count * SECOND;
