/**
 * The driver of before NAPI: each interrupt takes the received packets out of the ring one by one and queues them for
 * the softirq (netif_rx), whose queue is bounded. Above a certain load the CPU does nothing else: it queues packets
 * that nobody has time to process, and drops them after having worked on them. Receive livelock (Mogul and
 * Ramakrishnan, "Eliminating receive livelock in an interrupt-driven kernel", 1997, section 6.2; their ipintrq is our
 * backlog).
 */
import { assert } from "../../base/assert.ts";
import type { Nanoseconds } from "../../base/time.ts";
import type { Driver } from "./driver.ts";
import type { Nic } from "./nic.ts";

export class IrqDriver implements Driver {
  readonly irq: number;
  readonly name: string;
  readonly reclaimsOnSend = true;
  readonly polls = 0;
  /** Its packets lie in the backlog between interrupt and softirq. */
  readonly canPass = false;
  readonly #nic: Nic;
  /** The handler is due or runs; it will see what comes meanwhile. */
  #asserted = false;
  isPending = false;
  taken = 0;
  interrupts = 0;

  constructor(nic: Nic, irq: number) {
    this.#nic = nic;
    this.irq = irq;
    this.name = nic.name;
  }

  countPass(): void {
    assert(false, "packets of this driver go the long way");
  }

  request(): void {
    if (this.#asserted) return;
    this.#asserted = true;
    this.interrupts++;
    this.#nic.cpu.raiseIrq(this);
  }

  inputChanged(): void {
    if (this.#nic.receive.hasPackets) this.request();
  }

  stepCost(): Nanoseconds {
    return this.#nic.receive.hasPackets ? this.#nic.core.costs.irqPacket : 0;
  }

  step(): boolean {
    const { receive, transmit, devices } = this.#nic;
    transmit.reclaim();
    if (receive.hasPackets) {
      const skb = receive.takePacket();
      if (skb !== null) devices.netifRx(skb, this.#nic);
    }
    if (receive.hasPackets) return true;
    this.#asserted = false;
    transmit.armInterrupt();
    return false;
  }
}
