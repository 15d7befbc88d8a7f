/** How a network interface card is built: what a lab file says of it, in base units. */
import type { MacAddress } from "../../wire/address.ts";
import type { TransmitPort } from "../../wire/frame.ts";
import type { KernelCore } from "../core.ts";
import type { Cpu } from "../cpu/cpu.ts";
import type { Devices } from "./devices.ts";
import { TX_COALESCE_FRAMES_DEFAULT, TX_COALESCE_NS_DEFAULT } from "./limits.ts";

/**
 * - `napi`: the interrupt is masked while the CPU polls, at most 64 packets a turn.
 * - `irq`: one interrupt a packet; the handler queues it for the softirq (before NAPI).
 * - `poll`: the interrupt starts polling without any quota, and transmission is looked after when no packet is left
 *   (Mogul and Ramakrishnan 1997, section 6.5: the variant that starves itself).
 */
export type NicDriver = "napi" | "irq" | "poll";

/** ethtool -C: an interrupt waits this long after the first packet, or for that many packets. */
export interface NicCoalescing {
  readonly rxNs: number;
  readonly rxFrames: number;
  readonly txNs: number;
  readonly txFrames: number;
}

/** ethtool -K. */
export interface NicOffload {
  readonly txChecksum: boolean;
  readonly rxChecksum: boolean;
  readonly gro: boolean;
  /** Large TCP packets are cut up by the card, else in software. */
  readonly tso: boolean;
  /** Software cuts up as late as it can. Only shown: without it Linux's TCP builds large packets too. */
  readonly gso: boolean;
}

const COALESCING_DEFAULT: NicCoalescing = {
  rxNs: 0,
  rxFrames: 1,
  txNs: TX_COALESCE_NS_DEFAULT,
  txFrames: TX_COALESCE_FRAMES_DEFAULT,
};

const OFFLOAD_DEFAULT: NicOffload = { txChecksum: true, rxChecksum: true, gro: true, tso: true, gso: true };

export const coalescingOf = (given: Partial<NicCoalescing> | undefined): NicCoalescing =>
  sharedOr(COALESCING_DEFAULT, given);
export const offloadOf = (given: Partial<NicOffload> | undefined): NicOffload => sharedOr(OFFLOAD_DEFAULT, given);

/** Cards with the usual settings share one record, which every frame of all of them looks at. */
function sharedOr<T extends object>(usual: T, given: Partial<T> | undefined): T {
  const all = { ...usual, ...given };
  return (Object.keys(usual) as (keyof T)[]).every((name) => all[name] === usual[name]) ? usual : all;
}

/** Where a card is put in. */
export interface NicSlot {
  readonly core: KernelCore;
  readonly devices: Devices;
  /** CPU that takes its interrupts. */
  readonly cpu: Cpu;
  /** Interrupt number, unique on the machine. */
  readonly irq: number;
}

export interface NicOptions {
  readonly name: string;
  readonly mac: MacAddress;
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
