/** How a network interface card is built: what a lab file says of it, in base units. */
import type { MacAddress } from "../../wire/address.ts";
import type { TransmitPort } from "../../wire/frame.ts";
import type { KernelCore } from "../core.ts";
import type { Cpu } from "../cpu/cpu.ts";
import type { Devices } from "./devices.ts";

/**
 * - `napi`: the interrupt is masked while the CPU polls, at most 64 packets a turn.
 * - `irq`: one interrupt a packet; the handler queues it for the softirq (before NAPI).
 * - `poll`: the interrupt starts polling without any quota, and transmission is looked after when no packet is left
 *   (Mogul and Ramakrishnan 1997, section 6.5: the variant that starves itself).
 */
export type NicDriver = "napi" | "irq" | "poll";

/** ethtool -C: an interrupt waits this long after the first packet, or for that many packets. */
export interface NicCoalescing {
  rxNs: number;
  rxFrames: number;
  txNs: number;
  txFrames: number;
}

/** ethtool -K. */
export interface NicOffload {
  txChecksum: boolean;
  rxChecksum: boolean;
  gro: boolean;
  /** Large TCP packets are cut up by the card, else in software. */
  tso: boolean;
  /** Software cuts up as late as it can. Only shown: without it Linux's TCP builds large packets too. */
  gso: boolean;
}

export interface NicOptions {
  readonly core: KernelCore;
  readonly devices: Devices;
  /** CPU that takes its interrupts. */
  readonly cpu: Cpu;
  readonly name: string;
  readonly mac: MacAddress;
  /** Interrupt number, unique on the machine. */
  readonly irq: number;
  /** Where it sends; null until `connect`. */
  readonly port?: TransmitPort | null;
  /** 1500 by default. */
  readonly mtu?: number;
  readonly driver?: NicDriver;
  /** Descriptors, powers of two not needed; 256 by default. */
  readonly rxRing?: number;
  readonly txRing?: number;
  readonly coalesce?: Partial<NicCoalescing>;
  readonly offload?: Partial<NicOffload>;
  /** As after `tc qdisc add dev X root`; `pfifo_fast` by default. The spec has been checked by `parseQdisc`. */
  readonly qdisc?: string;
  /** 802.1Q identifier put on every untagged frame sent and taken off on arrival; null for none. */
  readonly vlan?: number | null;
}
