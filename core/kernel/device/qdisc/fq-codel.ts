/**
 * FlowQueue-CoDel (RFC 8290; net/sched/sch_fq_codel.c): packets are sorted into flows by hash, flows take turns by
 * deficit round robin with new ones first, and CoDel keeps each flow's queue short. When the whole is over its limit,
 * the fattest flow loses half of its backlog, at most `drop_batch` packets.
 * Left out: ce_threshold and filters that classify by hand.
 */
import type { DropReason } from "../../../contract/drop-reason.ts";
import { Ring } from "../../../base/ring.ts";
import { ETHERNET_HEADER_BYTES } from "../../../wire/ethernet.ts";
import { SkbQueue } from "../../skb/skb-queue.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { Codel, markCongestion, type CodelQueue, type CodelSettings } from "./codel.ts";
import { flowHash } from "./flow-hash.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";
import { formatSize, formatTime } from "./units.ts";

export interface FqCodelSettings extends CodelSettings {
  /** Packets in all flows together. */
  readonly limit: number;
  readonly flows: number;
  /** Bytes a flow may send per turn. */
  readonly quantum: number;
  readonly memoryLimit: number;
  readonly dropBatch: number;
}

/** On neither list. */
const DETACHED = 0;
const NEW = 1;
const OLD = 2;

class Flow implements CodelQueue {
  readonly queue = new SkbQueue();
  readonly codel: Codel;
  readonly #owner: FqCodel;
  deficit = 0;
  list: typeof DETACHED | typeof NEW | typeof OLD = DETACHED;

  constructor(owner: FqCodel, codel: Codel) {
    this.#owner = owner;
    this.codel = codel;
  }

  get backlogBytes(): number {
    return this.queue.bytes;
  }

  shift(): SkBuff | null {
    const skb = this.queue.shift();
    if (skb !== null) this.#owner.removed(skb);
    return skb;
  }

  drop(skb: SkBuff): void {
    this.#owner.dropCongested(skb);
  }

  mark(skb: SkBuff): boolean {
    return this.#owner.mark(skb);
  }
}

export class FqCodel implements Qdisc {
  readonly kind = "fq_codel";
  readonly canBypass = false;
  readonly takesLarge = false;
  readonly stats = new QdiscStats();
  readonly watchdogAt = Infinity;
  readonly #context: QdiscContext;
  readonly #settings: FqCodelSettings;
  /** Made when their first packet comes: most of a thousand never see one. */
  readonly #flows = new Map<number, Flow>();
  readonly #newFlows = new Ring<Flow>();
  readonly #oldFlows = new Ring<Flow>();
  readonly #perturbation: number;
  #memoryUsage = 0;
  #maxPacket = 0;
  #dropOverlimit = 0;
  #newFlowCount = 0;
  #ecnMarks = 0;
  length = 0;
  backlogBytes = 0;

  constructor(context: QdiscContext, settings: FqCodelSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#perturbation = context.random.next32();
  }

  enqueue(skb: SkBuff): boolean {
    const flow = this.#flowOf(skb);
    skb.timestamp = this.#context.core.engine.now;
    flow.queue.push(skb);
    this.length++;
    this.backlogBytes += skb.length;
    this.#memoryUsage += skb.truesize;
    this.#maxPacket = Math.max(this.#maxPacket, skb.length);
    if (flow.list === DETACHED) {
      flow.list = NEW;
      flow.deficit = this.#settings.quantum;
      this.#newFlows.push(flow);
      this.#newFlowCount++;
    }
    if (this.length > this.#settings.limit || this.#memoryUsage > this.#settings.memoryLimit) this.#dropFromFattest();
    return true;
  }

  dequeue(): SkBuff | null {
    const now = this.#context.core.engine.now;
    for (;;) {
      const list = this.#newFlows.length > 0 ? this.#newFlows : this.#oldFlows;
      if (list.length === 0) return null;
      const flow = list.at(0);
      if (flow.deficit <= 0) {
        flow.deficit += this.#settings.quantum;
        list.shift();
        this.#appendOld(flow);
        continue;
      }
      const skb = flow.codel.dequeue(flow, now);
      if (skb !== null) {
        flow.deficit -= skb.length;
        return skb;
      }
      list.shift();
      // A new flow that ran empty waits one round among the old ones, or it would always be first (RFC 8290, 4.2).
      if (list === this.#newFlows && this.#oldFlows.length > 0) this.#appendOld(flow);
      else flow.list = DETACHED;
    }
  }

  /** For flows: a packet has left the queue, to be sent or dropped. */
  removed(skb: SkBuff): void {
    this.length--;
    this.backlogBytes -= skb.length;
    this.#memoryUsage -= skb.truesize;
  }

  dropCongested(skb: SkBuff): void {
    this.stats.dropped++;
    this.#context.core.drop(skb, "QDISC_CONGESTED");
  }

  mark(skb: SkBuff): boolean {
    if (!markCongestion(this.#context.core, skb)) return false;
    this.#ecnMarks++;
    return true;
  }

  #flowOf(skb: SkBuff): Flow {
    if (skb.hash === 0) skb.hash = flowHash(skb, this.#perturbation);
    const bucket = Math.floor((skb.hash * this.#settings.flows) / 2 ** 32);
    let flow = this.#flows.get(bucket);
    if (flow === undefined) {
      flow = new Flow(this, new Codel(this.#settings, this.#context.mtu + ETHERNET_HEADER_BYTES));
      this.#flows.set(bucket, flow);
    }
    return flow;
  }

  #appendOld(flow: Flow): void {
    flow.list = OLD;
    this.#oldFlows.push(flow);
  }

  #dropFromFattest(): void {
    let fattest: Flow | null = null;
    for (const flow of this.#flows.values()) {
      if (fattest === null || flow.queue.bytes > fattest.queue.bytes) fattest = flow;
    }
    if (fattest === null) return;
    const threshold = fattest.queue.bytes / 2;
    let bytes = 0;
    let count = 0;
    for (; count < this.#settings.dropBatch && (count === 0 || bytes < threshold); count++) {
      const skb = fattest.shift();
      if (skb === null) break;
      bytes += skb.length;
      this.stats.dropped++;
      this.#dropOverlimit++;
      this.#context.core.drop(skb, "QDISC_OVERLIMIT");
    }
    // CoDel learns of these drops as well, or it would start from nothing when they end (fq_codel_drop).
    fattest.codel.count += count;
  }

  reset(reason: DropReason): void {
    for (const flow of this.#flows.values()) {
      for (let skb = flow.shift(); skb !== null; skb = flow.shift()) {
        this.stats.dropped++;
        this.#context.core.drop(skb, reason);
      }
    }
    this.#flows.clear();
    this.#newFlows.clear();
    this.#oldFlows.clear();
  }

  options(): string {
    const { limit, flows, quantum, targetNs, intervalNs, memoryLimit, ecn, dropBatch } = this.#settings;
    const times = `target ${formatTime(targetNs)} interval ${formatTime(intervalNs)}`;
    const tail = `memory_limit ${formatSize(memoryLimit)}${ecn ? " ecn" : ""} drop_batch ${dropBatch}`;
    return `limit ${limit}p flows ${flows} quantum ${quantum} ${times} ${tail}`;
  }

  extra(): readonly string[] {
    const counts =
      `drop_overlimit ${this.#dropOverlimit} new_flow_count ${this.#newFlowCount} ` + `ecn_mark ${this.#ecnMarks}`;
    return [
      `maxpacket ${this.#maxPacket} ${counts}`,
      `new_flows_len ${this.#newFlows.length} old_flows_len ${this.#oldFlows.length}`,
    ];
  }
}
