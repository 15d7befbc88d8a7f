/** Being written: signatures first. */
import type { KernelCore } from "../core.ts";
import type { Cpu } from "../cpu/cpu.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { DeviceObserver, NetDevice, PacketHandler, PacketTap } from "./net-device.ts";

export declare class Devices {
  /** Makes and adds `lo` (index 1) itself. */
  constructor(core: KernelCore, cpus: readonly Cpu[]);
  readonly loopback: NetDevice;
  /** Index for the next device: a device's constructor asks, then calls `add`. */
  newIndex(): number;
  add(device: NetDevice): void;
  remove(device: NetDevice): void;
  list(): readonly NetDevice[];
  byName(name: string): NetDevice | null;
  byIndex(index: number): NetDevice | null;
  addHandler(etherType: number, handler: PacketHandler): void;
  /** @param device null for all. */
  addTap(tap: PacketTap, device: NetDevice | null): void;
  removeTap(tap: PacketTap, device: NetDevice | null): void;
  observe(observer: DeviceObserver): void;
  changed(device: NetDevice, what: "up" | "down" | "carrier" | "no-carrier" | "mtu"): void;
  /** netif_receive_skb: `skb.data` at the Ethernet header. Softirq. */
  receive(skb: SkBuff, device: NetDevice): void;
  /** netif_rx: into the CPU's backlog. @returns false when it was full and the packet died. */
  netifRx(skb: SkBuff, device: NetDevice): boolean;
  inhibitInput(reason: string): void;
  allowInput(reason: string): void;
  queuedPackets(): number;
  checkInvariants(): void;
  shutdown(): void;
}
