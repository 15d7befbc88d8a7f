/**
 * Queueing disciplines as a device sees them (struct Qdisc). Left out: classes and filters, so every discipline stands
 * alone at the root; multiple transmit queues.
 */
import type { DropReason } from "../../../contract/drop-reason.ts";
import type { Random } from "../../../base/random.ts";
import type { KernelCore } from "../../core.ts";
import type { SkBuff } from "../../skb/skbuff.ts";

/** Counters of `tc -s qdisc`. */
export class QdiscStats {
  sentBytes = 0;
  sentPackets = 0;
  dropped = 0;
  overlimits = 0;
  requeues = 0;
}

export interface Qdisc {
  /** As tc names it. */
  readonly kind: string;
  /** An empty one may be passed by: it would hand the packet out again at once (TCQ_F_CAN_BYPASS). */
  readonly canBypass: boolean;
  /**
   * Packets of many segments join as one, as in Linux. A discipline that one sets to look at queues or to shape gets
   * them cut up: it then counts, delays and drops what goes on the wire.
   */
  readonly takesLarge: boolean;
  readonly stats: QdiscStats;
  /** Packets held, and their bytes. */
  readonly length: number;
  readonly backlogBytes: number;
  /** Takes ownership. @returns false when this packet was dropped; a discipline may drop others and accept this one. */
  enqueue(skb: SkBuff): boolean;
  /** The next packet that may leave now, or null. */
  dequeue(): SkBuff | null;
  /** When `dequeue` said null with packets held: the instant at which to ask again. Infinity otherwise. */
  readonly watchdogAt: number;
  /** Drops everything. */
  reset(reason: DropReason): void;
  /** Parameters as `tc qdisc show` prints them after `root refcnt 2`. */
  options(): string;
  /** Further lines of `tc -s qdisc`. */
  extra(): readonly string[];
}

/** What a discipline needs of its device. */
export interface QdiscContext {
  readonly core: KernelCore;
  /** Draws of this device's discipline. */
  readonly random: Random;
  /** txqueuelen. */
  queueLength(): number;
  readonly mtu: number;
}
