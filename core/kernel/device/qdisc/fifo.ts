/** pfifo and bfifo (net/sched/sch_fifo.c), bounded in packets or in bytes, and noqueue, which holds nothing. */
import type { DropReason } from "../../../contract/drop-reason.ts";
import { ETHERNET_HEADER_BYTES } from "../../../wire/ethernet.ts";
import { SkbQueue } from "../../skb/skb-queue.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";

export class Fifo implements Qdisc {
  readonly kind: "pfifo" | "bfifo";
  readonly canBypass: boolean;
  readonly takesLarge = false;
  readonly stats = new QdiscStats();
  readonly watchdogAt = Infinity;
  readonly #context: QdiscContext;
  readonly #queue = new SkbQueue();
  /** Null follows txqueuelen: that many packets, or as many bytes as they may have. */
  readonly #limit: number | null;

  constructor(context: QdiscContext, kind: "pfifo" | "bfifo", limit: number | null = null) {
    this.#context = context;
    this.kind = kind;
    this.#limit = limit;
    this.canBypass = kind === "pfifo" ? this.limit >= 1 : this.limit >= context.mtu + ETHERNET_HEADER_BYTES;
  }

  get limit(): number {
    if (this.#limit !== null) return this.#limit;
    const packets = Math.max(1, this.#context.queueLength());
    return this.kind === "pfifo" ? packets : packets * (this.#context.mtu + ETHERNET_HEADER_BYTES);
  }

  get length(): number {
    return this.#queue.length;
  }

  get backlogBytes(): number {
    return this.#queue.bytes;
  }

  enqueue(skb: SkBuff): boolean {
    const fits = this.kind === "pfifo" ? this.#queue.length < this.limit : this.#queue.bytes + skb.length <= this.limit;
    if (!fits) {
      this.stats.dropped++;
      this.#context.core.drop(skb, "QDISC_DROP");
      return false;
    }
    this.#queue.push(skb);
    return true;
  }

  dequeue(): SkBuff | null {
    return this.#queue.shift();
  }

  reset(reason: DropReason): void {
    for (let skb = this.#queue.shift(); skb !== null; skb = this.#queue.shift()) {
      this.stats.dropped++;
      this.#context.core.drop(skb, reason);
    }
  }

  options(): string {
    return `limit ${this.limit}${this.kind === "pfifo" ? "p" : "b"}`;
  }

  extra(): readonly string[] {
    return [];
  }
}

export class NoQueue implements Qdisc {
  readonly kind = "noqueue";
  readonly canBypass = true;
  readonly takesLarge = true;
  readonly stats = new QdiscStats();
  readonly watchdogAt = Infinity;
  readonly length = 0;
  readonly backlogBytes = 0;
  readonly #context: QdiscContext;

  constructor(context: QdiscContext) {
    this.#context = context;
  }

  /** Reached only when the ring is full. */
  enqueue(skb: SkBuff): boolean {
    this.stats.dropped++;
    this.#context.core.drop(skb, "TX_RING_FULL");
    return false;
  }

  dequeue(): null {
    return null;
  }

  reset(_reason: DropReason): void {
    // Nothing is ever held.
  }

  options(): string {
    return "";
  }

  extra(): readonly string[] {
    return [];
  }
}
