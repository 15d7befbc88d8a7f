/**
 * Token bucket filter (net/sched/sch_tbf.c, tc-tbf(8)): packets leave at `rate`, after a pause up to `burst` bytes at
 * once. Tokens are counted in bits times 10^9, so that the rate is exact for any packet size and nothing is rounded.
 * Left out: peakrate, inner disciplines, and the overhead and mpu corrections.
 */
import { SECOND, type Nanoseconds } from "../../../base/time.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { SkbQueue } from "../../skb/skb-queue.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";
import { formatRate, formatSize, formatTime } from "./units.ts";

export interface TbfSettings {
  readonly rateBitsPerSecond: number;
  /** At most `TBF_BURST_BYTES_MAX`: beyond, tokens would not be exact. */
  readonly burstBytes: number;
  /** Bytes that may wait. */
  readonly limitBytes: number;
}

/** Its bits times 10^9 stay below 2^53. */
export const TBF_BURST_BYTES_MAX = 1_000_000;

export class Tbf implements Qdisc {
  readonly kind = "tbf";
  readonly canBypass = false;
  readonly takesLarge = false;
  readonly stats = new QdiscStats();
  watchdogAt = Infinity;
  readonly #context: QdiscContext;
  readonly #settings: TbfSettings;
  readonly #queue = new SkbQueue();
  readonly #tokensMax: number;
  /** Time in which an empty bucket fills up. */
  readonly #fillNs: Nanoseconds;
  #tokens: number;
  #filledAt: number;

  constructor(context: QdiscContext, settings: TbfSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#tokensMax = settings.burstBytes * 8 * SECOND;
    this.#fillNs = Math.ceil(this.#tokensMax / settings.rateBitsPerSecond);
    this.#tokens = this.#tokensMax;
    this.#filledAt = context.core.engine.now;
  }

  get length(): number {
    return this.#queue.length;
  }

  get backlogBytes(): number {
    return this.#queue.bytes;
  }

  enqueue(skb: SkBuff): boolean {
    // A packet larger than the bucket could never leave.
    const reason = skb.length > this.#settings.burstBytes ? "PKT_TOO_BIG" : "QDISC_DROP";
    if (reason === "PKT_TOO_BIG" || this.#queue.bytes + skb.length > this.#settings.limitBytes) {
      this.stats.dropped++;
      this.#context.core.drop(skb, reason);
      return false;
    }
    this.#queue.push(skb);
    return true;
  }

  dequeue(): SkBuff | null {
    this.watchdogAt = Infinity;
    const first = this.#queue.first;
    if (first === null) return null;
    const now = this.#context.core.engine.now;
    const elapsed = Math.min(now - this.#filledAt, this.#fillNs);
    const tokens = Math.min(this.#tokensMax, this.#tokens + elapsed * this.#settings.rateBitsPerSecond);
    const price = first.length * 8 * SECOND;
    if (tokens < price) {
      this.watchdogAt = now + Math.ceil((price - tokens) / this.#settings.rateBitsPerSecond);
      this.stats.overlimits++;
      return null;
    }
    this.#tokens = tokens - price;
    this.#filledAt = now;
    return this.#queue.shift();
  }

  reset(reason: DropReason): void {
    for (let skb = this.#queue.shift(); skb !== null; skb = this.#queue.shift()) {
      this.stats.dropped++;
      this.#context.core.drop(skb, reason);
    }
    this.watchdogAt = Infinity;
    this.#tokens = this.#tokensMax;
    this.#filledAt = this.#context.core.engine.now;
  }

  options(): string {
    const { rateBitsPerSecond, burstBytes, limitBytes } = this.#settings;
    const latency = Math.max(0, Math.floor(((limitBytes - burstBytes) * 8 * SECOND) / rateBitsPerSecond));
    return `rate ${formatRate(rateBitsPerSecond)} burst ${formatSize(burstBytes)} lat ${formatTime(latency)}`;
  }

  extra(): readonly string[] {
    return [];
  }
}
