/**
 * fq, fair queueing with pacing (net/sched/sch_fq.c, tc-fq(8)): each socket's packets are a flow, flows take turns by
 * bytes, new ones first, and a packet waits for the time at which its sender says it may leave (earliest departure
 * time). Sockets whose packets pass here learn that they are paced below, and only stamp their packets.
 * Left out: the three priority bands, garbage collection by age (an empty flow is forgotten at once when it owes
 * nothing), CE marking by delay, and the horizon beyond which packets are dropped.
 */
import { KeyedHeap } from "../../../base/heap.ts";
import { Ring } from "../../../base/ring.ts";
import { SECOND } from "../../../base/time.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import type { MemoryAccount } from "../../skb/memory-account.ts";
import { SkbQueue } from "../../skb/skb-queue.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { flowHash } from "./flow-hash.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";
import { formatRate } from "./units.ts";

export interface FqSettings {
  /** Packets of all flows, and of one. */
  readonly limit: number;
  readonly flowLimit: number;
  /** Bytes of a turn, and of a new flow's first one. */
  readonly quantum: number;
  readonly initialQuantum: number;
  /** Bits a second that no flow exceeds; Infinity without. */
  readonly maxRate: number;
  /** False: departure times are passed over. */
  readonly pacing: boolean;
}

class Flow {
  readonly id: number;
  readonly queue = new SkbQueue();
  credit: number;
  /** The flow's own rate lets its next packet go then, ns. */
  timeNext = 0;
  isThrottled = false;
  isListed = false;

  constructor(id: number, credit: number) {
    this.id = id;
    this.credit = credit;
  }
}

export class Fq implements Qdisc {
  readonly kind = "fq";
  readonly canBypass = false;
  readonly takesLarge = false;
  readonly stats = new QdiscStats();
  readonly #context: QdiscContext;
  readonly #settings: FqSettings;
  readonly #flows = new Map<MemoryAccount | number, Flow>();
  readonly #byId = new Map<number, Flow>();
  readonly #newFlows = new Ring<Flow>();
  readonly #oldFlows = new Ring<Flow>();
  /** Flows that wait for a time, by that time. */
  readonly #throttled = new KeyedHeap();
  readonly #perturbation: number;
  #nextId = 0;
  #throttles = 0;
  #flowLimited = 0;
  length = 0;
  backlogBytes = 0;
  watchdogAt = Infinity;

  constructor(context: QdiscContext, settings: FqSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#perturbation = context.random.next32();
  }

  enqueue(skb: SkBuff): boolean {
    const flow = this.#flowOf(skb);
    if (this.length >= this.#settings.limit || flow.queue.length >= this.#settings.flowLimit) {
      if (this.length < this.#settings.limit) this.#flowLimited++;
      this.stats.dropped++;
      this.#context.core.drop(skb, "QDISC_DROP");
      return false;
    }
    flow.queue.push(skb);
    this.length++;
    this.backlogBytes += skb.length;
    if (!flow.isListed && !flow.isThrottled) {
      flow.isListed = true;
      this.#newFlows.push(flow);
    }
    return true;
  }

  dequeue(): SkBuff | null {
    const now = this.#context.core.engine.now;
    this.#release(now);
    for (;;) {
      const list = this.#newFlows.length > 0 ? this.#newFlows : this.#oldFlows;
      if (list.length === 0) {
        this.watchdogAt = this.#throttled.length > 0 ? this.#firstThrottled() : Infinity;
        return null;
      }
      const flow = list.at(0);
      if (flow.credit <= 0) {
        flow.credit += this.#settings.quantum;
        list.shift();
        this.#oldFlows.push(flow);
        continue;
      }
      const next = flow.queue.first;
      if (next === null) {
        list.shift();
        this.#retire(flow, list);
        continue;
      }
      const at = this.#settings.pacing ? Math.max(next.timestamp, flow.timeNext) : flow.timeNext;
      if (at > now) {
        list.shift();
        this.#throttle(flow, at);
        continue;
      }
      return this.#take(flow, now);
    }
  }

  #take(flow: Flow, now: number): SkBuff | null {
    const skb = flow.queue.shift();
    if (skb === null) return null;
    const length = skb.length;
    this.length--;
    this.backlogBytes -= length;
    flow.credit -= length;
    const { maxRate } = this.#settings;
    if (maxRate !== Infinity) flow.timeNext = now + Math.floor((length * 8 * SECOND) / maxRate);
    return skb;
  }

  /** A new flow that ran empty waits one round among the old ones, or it would always be first. */
  #retire(flow: Flow, list: Ring<Flow>): void {
    if (list === this.#newFlows && this.#oldFlows.length > 0) {
      this.#oldFlows.push(flow);
      return;
    }
    flow.isListed = false;
  }

  #throttle(flow: Flow, at: number): void {
    flow.isListed = false;
    flow.isThrottled = true;
    this.#throttles++;
    this.#throttled.push(at, flow.id);
  }

  #firstThrottled(): number {
    const first = this.#throttled.pop();
    this.#throttled.push(first.key, first.value);
    return first.key;
  }

  /** Flows whose time has come take their turn again. */
  #release(now: number): void {
    while (this.#throttled.length > 0) {
      const { key, value } = this.#throttled.pop();
      if (key > now) {
        this.#throttled.push(key, value);
        return;
      }
      const flow = this.#byId.get(value);
      if (flow === undefined) continue;
      flow.isThrottled = false;
      flow.isListed = true;
      this.#oldFlows.push(flow);
    }
  }

  /** By the socket that sent it; what nobody here sent by its addresses and ports. */
  #flowOf(skb: SkBuff): Flow {
    skb.account?.pacedBelow?.();
    if (skb.account === null && skb.hash === 0) skb.hash = flowHash(skb, this.#perturbation);
    const key = skb.account ?? skb.hash;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      if (this.#flows.size >= FLOWS_MAX) this.#forgetIdle();
      flow = new Flow(this.#nextId++, this.#settings.initialQuantum);
      this.#flows.set(key, flow);
      this.#byId.set(flow.id, flow);
    }
    return flow;
  }

  #forgetIdle(): void {
    for (const [key, flow] of this.#flows) {
      if (flow.isListed || flow.isThrottled || flow.queue.length > 0) continue;
      this.#flows.delete(key);
      this.#byId.delete(flow.id);
    }
  }

  reset(reason: DropReason): void {
    for (const flow of this.#flows.values()) {
      for (let skb = flow.queue.shift(); skb !== null; skb = flow.queue.shift()) {
        this.stats.dropped++;
        this.#context.core.drop(skb, reason);
      }
    }
    this.#flows.clear();
    this.#byId.clear();
    this.#newFlows.clear();
    this.#oldFlows.clear();
    while (this.#throttled.length > 0) this.#throttled.pop();
    this.length = 0;
    this.backlogBytes = 0;
    this.watchdogAt = Infinity;
  }

  options(): string {
    const { limit, flowLimit, quantum, initialQuantum, maxRate, pacing } = this.#settings;
    const rate = maxRate === Infinity ? "" : ` maxrate ${formatRate(maxRate)}`;
    const head = `limit ${limit}p flow_limit ${flowLimit}p quantum ${quantum}b initial_quantum ${initialQuantum}b`;
    return `${head}${rate}${pacing ? "" : " nopacing"}`;
  }

  extra(): readonly string[] {
    const throttled = this.#throttled.length;
    return [
      `flows ${this.#flows.size} (throttled ${throttled})`,
      `throttled ${this.#throttles} flows_plimit ${this.#flowLimited}`,
    ];
  }
}

/** Flows remembered before the idle ones are forgotten. */
const FLOWS_MAX = 4096;
