/**
 * The polled driver (Linux's NAPI; Mogul and Ramakrishnan 1997, section 6.4): the interrupt masks itself and puts the
 * card on the poll list; the poll reclaims sent frames, takes up to its weight of received ones, and unmasks the
 * interrupt when it finds no more.
 *
 * Without quota it is the paper's cautionary variant (section 6.5): it takes received packets as long as there are any,
 * and looks after transmission when there are none.
 */
import type { Nanoseconds } from "../../base/time.ts";
import { Napi, NAPI_WEIGHT } from "../cpu/napi.ts";
import type { Softnet } from "../cpu/softnet.ts";
import type { Driver } from "./driver.ts";
import type { Nic } from "./nic.ts";

export class NapiDriver extends Napi implements Driver {
  readonly irq: number;
  readonly name: string;
  readonly deviceIndex: number;
  readonly reclaimsOnSend: boolean;
  readonly packetCost: Nanoseconds;
  readonly weight: number;
  readonly #nic: Nic;
  readonly #softnet: Softnet;
  /** The interrupt is off: it is pending or the card is being polled. Cards mask it themselves as they raise it. */
  masked = false;
  isPending = false;
  taken = 0;
  interrupts = 0;

  constructor(nic: Nic, irq: number, hasQuota: boolean) {
    super();
    this.weight = hasQuota ? NAPI_WEIGHT : Infinity;
    this.#nic = nic;
    this.irq = irq;
    this.name = nic.name;
    this.deviceIndex = nic.index;
    this.reclaimsOnSend = hasQuota;
    this.packetCost = nic.core.costs.pollPacket;
    this.#softnet = nic.cpu.softnet;
  }

  get canPass(): boolean {
    return !this.masked && this.reclaimsOnSend && this.#nic.cpu.isStill;
  }

  countPass(): void {
    const { cpu } = this.#nic;
    cpu.hard.count(this);
    this.interrupts++;
    this.polls++;
    cpu.passed++;
  }

  request(): void {
    if (this.masked) return;
    this.masked = true;
    const { cpu } = this.#nic;
    if (!cpu.servesAtOnce) {
      cpu.raiseIrq(this);
      return;
    }
    this.interrupts++;
    cpu.serve(this, this);
  }

  inputChanged(): void {
    if (this.hasPackets) this.request();
  }

  // Hard IRQ

  stepCost(): Nanoseconds {
    return 0;
  }

  step(): boolean {
    this.interrupts++;
    this.#softnet.schedule(this);
    return false;
  }

  // Softirq

  get hasPackets(): boolean {
    return this.#nic.receive.hasPackets;
  }

  beginPoll(): void {
    if (this.reclaimsOnSend) this.#nic.transmit.reclaim();
  }

  pollPacket(): void {
    const skb = this.#nic.receive.takePacket();
    if (skb !== null) this.#nic.receive.deliver(skb);
  }

  endPoll(): void {
    this.#nic.receive.gro.flush();
    if (!this.reclaimsOnSend) this.#nic.transmit.reclaim();
  }

  complete(): void {
    this.masked = false;
    // What came in between polling dry and here would not raise the interrupt by itself.
    if (this.hasPackets) this.request();
    this.#nic.transmit.armInterrupt();
  }
}
