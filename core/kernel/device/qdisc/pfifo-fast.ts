/**
 * pfifo_fast, Linux's default (net/sched/sch_generic.c): three bands, strictly in order, picked by the packet's
 * priority through a fixed map (tc-pfifo_fast(8)). Each band holds txqueuelen packets.
 */
import type { DropReason } from "../../../contract/drop-reason.ts";
import { SkbQueue } from "../../skb/skb-queue.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";

/** Band by priority 0..15: TC_PRIO_INTERACTIVE and _CONTROL go first, bulk last. */
const BAND_BY_PRIORITY = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1] as const;

export class PfifoFast implements Qdisc {
  readonly kind = "pfifo_fast";
  readonly canBypass = true;
  /** With a limit set it is there to be looked at: it then counts what goes on the wire. */
  readonly takesLarge: boolean;
  readonly stats = new QdiscStats();
  readonly watchdogAt = Infinity;
  readonly #context: QdiscContext;
  readonly #bands = [new SkbQueue(), new SkbQueue(), new SkbQueue()] as const;
  /** Null follows txqueuelen. */
  readonly #limit: number | null;
  length = 0;

  constructor(context: QdiscContext, limit: number | null = null) {
    this.#context = context;
    this.#limit = limit;
    this.takesLarge = limit === null;
  }

  get backlogBytes(): number {
    return this.#bands.reduce((sum, band) => sum + band.bytes, 0);
  }

  enqueue(skb: SkBuff): boolean {
    const band = this.#bands[BAND_BY_PRIORITY[skb.priority & 15] as 0 | 1 | 2];
    if (band.length >= (this.#limit ?? this.#context.queueLength())) {
      this.stats.dropped++;
      this.#context.core.drop(skb, "QDISC_DROP");
      return false;
    }
    band.push(skb);
    this.length++;
    return true;
  }

  dequeue(): SkBuff | null {
    if (this.length === 0) return null;
    this.length--;
    return this.#bands[0].shift() ?? this.#bands[1].shift() ?? this.#bands[2].shift();
  }

  reset(reason: DropReason): void {
    for (let skb = this.dequeue(); skb !== null; skb = this.dequeue()) {
      this.stats.dropped++;
      this.#context.core.drop(skb, reason);
    }
  }

  options(): string {
    return "bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1";
  }

  extra(): readonly string[] {
    return [];
  }
}
