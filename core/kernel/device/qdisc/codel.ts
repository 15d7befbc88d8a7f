/**
 * CoDel, controlled delay (RFC 8289; include/net/codel_impl.h): once packets have waited longer than `target` for a
 * whole `interval`, one is dropped (or marked), and then the next ones at shortening gaps of interval / sqrt(count).
 * The inverse square root is Linux's Newton step in 16-bit fixed point, so that the gaps are the same.
 * Left out: ce_threshold.
 */
import { put16, put8, u16, u8 } from "../../../base/bytes.ts";
import type { Nanoseconds } from "../../../base/time.ts";
import { checksumAdjust16 } from "../../../wire/checksum.ts";
import { ECN, ECN_MASK, IPV4 } from "../../../wire/ipv4.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../../wire/ethernet.ts";
import type { KernelCore } from "../../core.ts";
import type { SkBuff } from "../../skb/skbuff.ts";

export interface CodelSettings {
  readonly targetNs: Nanoseconds;
  readonly intervalNs: Nanoseconds;
  readonly ecn: boolean;
}

/** The queue that CoDel controls, and what it does with a packet that has to go. */
export interface CodelQueue {
  /** Takes the first packet out; null when empty. */
  shift(): SkBuff | null;
  /** Bytes still in it. */
  readonly backlogBytes: number;
  drop(skb: SkBuff): void;
  /** @returns false when the packet cannot be marked. */
  mark(skb: SkBuff): boolean;
}

const INVERSE_SQRT_ONE = 0xffff;

export class Codel {
  readonly #settings: CodelSettings;
  /** A queue of less than one packet of this size cannot stand. */
  readonly #mtu: number;
  count = 0;
  lastCount = 0;
  dropping = false;
  /** 1 / sqrt(count) as a fraction of 2^16. */
  #inverseSqrt = 0;
  #firstAboveTime = 0;
  #dropNext = 0;
  /** How long the last packet had waited, ns. */
  delayNs = 0;

  constructor(settings: CodelSettings, mtu: number) {
    this.#settings = settings;
    this.#mtu = mtu;
  }

  /** The next packet to send, which has `timestamp` of its arrival in the queue; others may be dropped on the way. */
  dequeue(queue: CodelQueue, now: number): SkBuff | null {
    let skb = queue.shift();
    if (skb === null) {
      this.dropping = false;
      return null;
    }
    const overdue = this.#shouldDrop(skb, queue, now);
    if (this.dropping) {
      if (!overdue) this.dropping = false;
      else skb = this.#dropOnSchedule(skb, queue, now);
    } else if (overdue) {
      skb = this.#startDropping(skb, queue, now);
    }
    return skb;
  }

  #dropOnSchedule(first: SkBuff, queue: CodelQueue, now: number): SkBuff | null {
    let skb: SkBuff | null = first;
    while (skb !== null && this.dropping && now >= this.#dropNext) {
      this.count++;
      this.#newtonStep();
      if (this.#settings.ecn && queue.mark(skb)) {
        this.#dropNext = this.#after(this.#dropNext);
        return skb;
      }
      queue.drop(skb);
      skb = queue.shift();
      if (this.#shouldDrop(skb, queue, now)) this.#dropNext = this.#after(this.#dropNext);
      else this.dropping = false;
    }
    return skb;
  }

  #startDropping(first: SkBuff, queue: CodelQueue, now: number): SkBuff | null {
    let skb: SkBuff | null = first;
    if (!(this.#settings.ecn && queue.mark(first))) {
      queue.drop(first);
      skb = queue.shift();
      this.#shouldDrop(skb, queue, now);
    }
    this.dropping = true;
    // After a short pause the rate that controlled the queue last time is a good start (RFC 8289, section 5.4).
    const delta = this.count - this.lastCount;
    if (delta > 1 && now - this.#dropNext < 16 * this.#settings.intervalNs) {
      this.count = delta;
      this.#newtonStep();
    } else {
      this.count = 1;
      this.#inverseSqrt = INVERSE_SQRT_ONE;
    }
    this.lastCount = this.count;
    this.#dropNext = this.#after(now);
    return skb;
  }

  #shouldDrop(skb: SkBuff | null, queue: CodelQueue, now: number): boolean {
    if (skb === null) {
      this.#firstAboveTime = 0;
      return false;
    }
    this.delayNs = now - skb.timestamp;
    if (this.delayNs < this.#settings.targetNs || queue.backlogBytes <= this.#mtu) {
      this.#firstAboveTime = 0;
      return false;
    }
    if (this.#firstAboveTime === 0) {
      this.#firstAboveTime = now + this.#settings.intervalNs;
      return false;
    }
    return now > this.#firstAboveTime;
  }

  /** One step of Newton's method: r' = r * (3 - count * r^2) / 2. All products stay below 2^53. */
  #newtonStep(): void {
    const r = this.#inverseSqrt;
    const rest = Math.max(0, Math.floor((3 * 2 ** 32 - this.count * r * r) / 4));
    this.#inverseSqrt = Math.floor(Math.floor((rest * r) / 2 ** 15) / 2 ** 16);
  }

  #after(start: number): number {
    return start + Math.floor((this.#settings.intervalNs * this.#inverseSqrt) / 2 ** 16);
  }
}

/**
 * Says "congestion experienced" in the IP header of an ECN-capable packet (RFC 3168, section 5). @returns false for
 * others.
 */
export function markCongestion(core: KernelCore, skb: SkBuff): boolean {
  const ip = ETHERNET_HEADER_BYTES;
  if (skb.headLength < ip + IPV4.options || u16(skb.bytes, skb.data + ETHERNET.type) !== ETHERTYPE_IPV4) return false;
  const tos = u8(skb.bytes, skb.data + ip + IPV4.tos);
  if ((tos & ECN_MASK) === ECN.NOT_ECT) return false;
  if ((tos & ECN_MASK) === ECN.CE) return true;
  core.skbs.makeWritable(skb);
  const bytes = skb.bytes;
  const at = skb.data + ip;
  const before = u16(bytes, at);
  put8(bytes, at + IPV4.tos, tos | ECN.CE);
  put16(bytes, at + IPV4.checksum, checksumAdjust16(u16(bytes, at + IPV4.checksum), before, u16(bytes, at)));
  return true;
}
