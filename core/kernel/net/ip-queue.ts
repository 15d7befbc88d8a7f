/**
 * Packet filtering by a program: packets on their way through are put aside at the FORWARD hook and go on when the
 * program has said so, after Linux's ip_queue (net/ipv4/netfilter/ip_queue.c). The queue is bounded. With feedback on,
 * it stops the NICs' input when it is three quarters full and lets it go on below one quarter, or after 1 ms in case
 * the program hangs: section 6.6.1 of Mogul and Ramakrishnan, "Eliminating receive livelock in an interrupt-driven
 * kernel", 1997.
 * Left out: copying modes, and changed packets.
 */
import { assert } from "../../base/assert.ts";
import { MILLISECOND } from "../../base/time.ts";
import type { KernelCore } from "../core.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { SkbQueue } from "../skb/skb-queue.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import type { DeviceTable } from "./device-table.ts";
import type { IpSysctls } from "./ip-sysctls.ts";

const INHIBITOR = "ip_queue";
/** One clock tick of the paper's machine. */
const FEEDBACK_TIMEOUT = MILLISECOND;

/** Where accepted packets go on. */
export interface QueueOutlet {
  resume(skb: SkBuff): void;
}

export class IpQueue implements TimerHandler {
  readonly #core: KernelCore;
  readonly #devices: DeviceTable;
  readonly #sysctls: IpSysctls;
  readonly #waiting = new SkbQueue();
  readonly #taken = new Set<SkBuff>();
  readonly #timer = new KernelTimer(this);
  #outlet: QueueOutlet | null = null;
  #listener: (() => void) | null = null;
  #inhibiting = false;
  /** Packets refused because the queue was full. */
  overflows = 0;

  constructor(core: KernelCore, devices: DeviceTable, sysctls: IpSysctls) {
    this.#core = core;
    this.#devices = devices;
    this.#sysctls = sysctls;
  }

  install(outlet: QueueOutlet): void {
    this.#outlet = outlet;
  }

  /** True while a reader is registered: only then are packets put aside. */
  get isOpen(): boolean {
    return this.#listener !== null;
  }

  /** Packets not yet taken. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Registers the reader, whose `listener` is told when the queue stops being empty. False when there is one already.
   */
  open(listener: () => void): boolean {
    if (this.#listener !== null) return false;
    this.#listener = listener;
    return true;
  }

  /** The reader is gone: what waits, and what it took without a verdict, is dropped. */
  close(): void {
    this.#listener = null;
    this.#flush("NETFILTER_DROP");
    this.#release();
  }

  /** Puts a packet aside; owns it. */
  push(skb: SkBuff): void {
    assert(this.#listener !== null, "packets are queued for a reader");
    const most = this.#sysctls.queueLengthMax;
    if (this.#waiting.length >= most) {
      this.overflows++;
      this.#core.drop(skb, "IP_QUEUE_FULL");
    } else {
      this.#waiting.push(skb);
    }
    if (this.#sysctls.queueFeedback === 1 && this.#waiting.length * 4 >= most * 3) this.#inhibit();
    if (this.#waiting.length === 1) this.#listener();
  }

  /** The oldest packet, `data` at its IP header; null when none waits. The reader owes a verdict on it. */
  take(): SkBuff | null {
    const skb = this.#waiting.shift();
    if (skb !== null) this.#taken.add(skb);
    if (this.#inhibiting && this.#waiting.length * 4 < this.#sysctls.queueLengthMax) this.#release();
    return skb;
  }

  /** Sends a taken packet on its way, or drops it. */
  verdict(skb: SkBuff, accept: boolean): void {
    assert(this.#taken.delete(skb), "a verdict is about a packet that was taken");
    if (accept && this.#outlet !== null) this.#outlet.resume(skb);
    else this.#core.drop(skb, "NETFILTER_DROP");
  }

  onTimer(): void {
    if (this.#core.alive) this.#release();
  }

  queuedPackets(): number {
    return this.#waiting.length + this.#taken.size;
  }

  checkInvariants(): void {
    assert(this.#listener !== null || this.queuedPackets() === 0, "nothing waits without a reader");
  }

  shutdown(): void {
    this.#listener = null;
    this.#flush("NODE_DOWN");
  }

  #flush(reason: "NETFILTER_DROP" | "NODE_DOWN"): void {
    for (let skb = this.#waiting.shift(); skb !== null; skb = this.#waiting.shift()) this.#core.drop(skb, reason);
    for (const skb of this.#taken) this.#core.drop(skb, reason);
    this.#taken.clear();
  }

  #inhibit(): void {
    if (this.#inhibiting) return;
    this.#inhibiting = true;
    this.#devices.inhibitInput(INHIBITOR);
    this.#core.timers.arm(this.#timer, FEEDBACK_TIMEOUT);
  }

  #release(): void {
    if (!this.#inhibiting) return;
    this.#inhibiting = false;
    this.#core.timers.cancel(this.#timer);
    this.#devices.allowInput(INHIBITOR);
  }
}
