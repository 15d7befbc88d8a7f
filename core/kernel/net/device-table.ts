/** The interfaces of a machine as IP needs to know them; the device layer's table fits this by its shape. */
import type { DeviceObserver, FrameShortcut, NetDevice, PacketHandler } from "../device/net-device.ts";

export interface DeviceTable {
  byIndex(index: number): NetDevice | null | undefined;
  byName(name: string): NetDevice | null | undefined;
  addHandler(etherType: number, handler: PacketHandler): void;
  observe(observer: DeviceObserver): void;
  /** Who may take frames before packets are made of them. */
  shortcut: FrameShortcut | null;
  /** All NICs stop polling until the same reason is withdrawn: feedback from a queue that fills up. */
  inhibitInput(reason: string): void;
  allowInput(reason: string): void;
}
