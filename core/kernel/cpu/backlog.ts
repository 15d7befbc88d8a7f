/** What loopback and pre-NAPI drivers feed, polled like a device (process_backlog, net/core/dev.c). */
import { assert } from "../../base/assert.ts";
import { SkbQueue } from "../skb/skb-queue.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { NetCoreSysctls } from "../net-core-sysctls.ts";
import { Napi } from "./napi.ts";
import type { Softnet } from "./softnet.ts";

/** Takes packets out of the backlog. */
export interface BacklogSink {
  receiveQueued(skb: SkBuff): void;
}

export class Backlog extends Napi {
  readonly deviceIndex = 0;
  /** The driver's part was paid for in its interrupt handler. */
  readonly packetCost = 0;
  readonly queue = new SkbQueue();
  readonly #softnet: Softnet;
  readonly #sysctls: NetCoreSysctls;
  weight: number;
  sink: BacklogSink | null = null;

  constructor(softnet: Softnet, sysctls: NetCoreSysctls) {
    super();
    this.#softnet = softnet;
    this.#sysctls = sysctls;
    this.weight = sysctls.devWeight;
  }

  get hasPackets(): boolean {
    return this.queue.length > 0;
  }

  beginPoll(): void {
    this.weight = this.#sysctls.devWeight;
  }

  pollPacket(): void {
    const skb = this.queue.shift();
    assert(skb !== null && this.sink !== null, "a packet waits and somebody takes it");
    this.sink.receiveQueued(skb);
  }

  endPoll(): void {
    // Nothing is held back: GRO belongs to devices.
  }

  complete(): void {
    if (this.queue.length > 0) this.#softnet.schedule(this);
  }

  checkInvariants(): void {
    assert(this.queue.length === 0 || this.isScheduled, "a backlog with packets is scheduled");
  }
}
