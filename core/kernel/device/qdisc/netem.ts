/**
 * Network emulation (net/sched/sch_netem.c, tc-netem(8)): delay, loss, duplication, corruption, reordering and rate of
 * what one interface sends. As on Linux, jitter reorders packets, unless a rate keeps them apart.
 * Left out: the four-state loss model, slots, packet overhead and cells of `rate`, ECN marking instead of loss, and
 * distributions of one's own.
 */
import { put8, u8 } from "../../../base/bytes.ts";
import { SECOND, type Nanoseconds } from "../../../base/time.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { checksumHelp } from "../../skb/checksum-help.ts";
import { CHECKSUM_NONE, type SkBuff } from "../../skb/skbuff.ts";
import { CorrelatedRandom, drawDelay, GilbertElliottLoss } from "./netem-random.ts";
import type { GilbertElliott, NetemDistribution } from "./netem-random.ts";
import { QdiscStats, type Qdisc, type QdiscContext } from "./qdisc.ts";
import { TimedQueue } from "./timed-queue.ts";
import { formatPercent, formatRate, formatTime } from "./units.ts";

/** A probability, and how much each draw leans on the one before. */
export interface Chance {
  readonly probability: number;
  readonly correlation: number;
}

export interface NetemSettings {
  /** Packets. */
  readonly limit: number;
  readonly delayNs: Nanoseconds;
  readonly jitterNs: Nanoseconds;
  readonly delayCorrelation: number;
  readonly distribution: NetemDistribution;
  readonly loss: Chance;
  readonly gilbertElliott: GilbertElliott | null;
  readonly duplicate: Chance;
  readonly corrupt: Chance;
  readonly reorder: Chance;
  /** Every so many packets one may overtake; 0 is no reordering. */
  readonly gap: number;
  /** 0 is no limit. */
  readonly rateBitsPerSecond: number;
}

export const NETEM_LIMIT_DEFAULT = 1000;
export const NO_CHANCE: Chance = { probability: 0, correlation: 0 };

export class Netem implements Qdisc {
  readonly kind = "netem";
  readonly canBypass = false;
  readonly takesLarge = false;
  readonly stats = new QdiscStats();
  readonly #context: QdiscContext;
  readonly #settings: NetemSettings;
  readonly #queue = new TimedQueue();
  readonly #delay: CorrelatedRandom;
  readonly #loss: CorrelatedRandom;
  readonly #duplicate: CorrelatedRandom;
  readonly #corrupt: CorrelatedRandom;
  readonly #reorder: CorrelatedRandom;
  readonly #bursts: GilbertElliottLoss | null;
  /** Packets delayed since one was last let through at once. */
  #counter = 0;
  /** When the last packet's bits have gone out, under a rate. */
  #lineFreeAt = 0;

  constructor(context: QdiscContext, settings: NetemSettings) {
    this.#context = context;
    this.#settings = settings;
    const random = context.random;
    this.#delay = new CorrelatedRandom(random, settings.delayCorrelation);
    this.#loss = new CorrelatedRandom(random, settings.loss.correlation);
    this.#duplicate = new CorrelatedRandom(random, settings.duplicate.correlation);
    this.#corrupt = new CorrelatedRandom(random, settings.corrupt.correlation);
    this.#reorder = new CorrelatedRandom(random, settings.reorder.correlation);
    this.#bursts = settings.gilbertElliott === null ? null : new GilbertElliottLoss(settings.gilbertElliott, random);
  }

  get length(): number {
    return this.#queue.length;
  }

  get backlogBytes(): number {
    return this.#queue.bytes;
  }

  get watchdogAt(): number {
    return this.#queue.firstAt;
  }

  enqueue(skb: SkBuff): boolean {
    // In Linux's order: a packet both lost and duplicated is sent once.
    let copies = this.#duplicate.chance(this.#settings.duplicate.probability) ? 2 : 1;
    if (this.#isLost()) {
      copies--;
      this.stats.dropped++;
    }
    if (copies === 0) {
      this.#context.core.drop(skb, "QDISC_LOSS");
      return false;
    }
    if (copies === 2) this.#insert(this.#context.core.skbs.clone(skb));
    return this.#insert(skb);
  }

  dequeue(): SkBuff | null {
    return this.#queue.firstAt <= this.#context.core.engine.now ? this.#queue.shift() : null;
  }

  #isLost(): boolean {
    return this.#bursts !== null ? this.#bursts.next() : this.#loss.chance(this.#settings.loss.probability);
  }

  #insert(skb: SkBuff): boolean {
    const settings = this.#settings;
    if (this.#corrupt.chance(settings.corrupt.probability)) this.#invertBit(skb);
    if (this.#queue.length >= settings.limit) {
      this.stats.dropped++;
      this.#context.core.drop(skb, "QDISC_OVERLIMIT");
      return false;
    }
    const now = this.#context.core.engine.now;
    if (this.#overtakes()) {
      this.#counter = 0;
      this.#queue.push(skb, now);
      return true;
    }
    this.#counter++;
    const delay = drawDelay(settings, this.#delay, this.#context.random);
    this.#queue.push(skb, settings.rateBitsPerSecond === 0 ? now + delay : this.#paced(skb, now, delay));
    return true;
  }

  #overtakes(): boolean {
    const { gap, reorder } = this.#settings;
    return gap > 0 && this.#counter >= gap - 1 && this.#reorder.next() <= reorder.probability;
  }

  /** The bits follow those of the packet before; the delay counts from now and is over by then, or not. */
  #paced(skb: SkBuff, now: number, delay: Nanoseconds): number {
    const start = Math.max(now, this.#lineFreeAt);
    const rest = Math.max(0, delay - (start - now));
    this.#lineFreeAt = start + rest + Math.ceil((skb.length * 8 * SECOND) / this.#settings.rateBitsPerSecond);
    return this.#lineFreeAt;
  }

  /** One random bit of the packet, headers included; the frame check sequence is computed after it and matches. */
  #invertBit(skb: SkBuff): void {
    const { core, random } = this.#context;
    checksumHelp(core, skb);
    core.skbs.makeWritable(skb);
    const at = skb.data + random.below(skb.headLength);
    put8(skb.bytes, at, u8(skb.bytes, at) ^ (1 << random.below(8)));
    skb.ipSummed = CHECKSUM_NONE;
  }

  reset(reason: DropReason): void {
    for (let skb = this.#queue.shift(); skb !== null; skb = this.#queue.shift()) {
      this.stats.dropped++;
      this.#context.core.drop(skb, reason);
    }
    this.#lineFreeAt = 0;
  }

  options(): string {
    const { limit, delayNs, jitterNs, delayCorrelation, gilbertElliott, gap, rateBitsPerSecond } = this.#settings;
    const words = [`limit ${limit}`];
    if (delayNs > 0 || jitterNs > 0) words.push(`delay ${formatTime(delayNs)}`);
    // tc puts two spaces in front of the jitter.
    if (jitterNs > 0) words.push(` ${formatTime(jitterNs)}${formatCorrelation(delayCorrelation)}`);
    if (gilbertElliott !== null) words.push(formatGilbertElliott(gilbertElliott));
    for (const name of ["loss", "duplicate", "reorder", "corrupt"] as const) {
      const chance = this.#settings[name];
      if (chance.probability === 0) continue;
      words.push(`${name} ${formatPercent(chance.probability)}${formatCorrelation(chance.correlation)}`);
    }
    if (rateBitsPerSecond > 0) words.push(`rate ${formatRate(rateBitsPerSecond)}`);
    if (gap > 0) words.push(`gap ${gap}`);
    return words.join(" ");
  }

  extra(): readonly string[] {
    return [];
  }
}

const formatCorrelation = (correlation: number): string => (correlation > 0 ? ` ${formatPercent(correlation)}` : "");

function formatGilbertElliott(model: GilbertElliott): string {
  const { p, r, lossBad, lossGood } = model;
  const change = `p ${formatPercent(p)} r ${formatPercent(r)}`;
  return `loss gemodel ${change} 1-h ${formatPercent(lossBad)} 1-k ${formatPercent(lossGood)}`;
}
