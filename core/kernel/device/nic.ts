/** Being written: signatures first. */
import type { MacAddress } from "../../wire/address.ts";
import type { Frame, FrameSink, TransmitPort } from "../../wire/frame.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { DeviceStats, NetDevice, PacketTap } from "./net-device.ts";
import type { NicOptions } from "./nic-options.ts";

/** Sees every frame at the connector, checksums finished, for captures of a link. */
export interface FrameTap {
  /** @param dropReason why the NIC did not take it; null when it did. */
  onFrame(nic: Nic, frame: Frame, direction: "in" | "out", dropReason: DropReason | null): void;
}

export declare class Nic implements NetDevice, FrameSink {
  /** Adds itself to `options.devices`; attaches itself to `options.port`. Starts administratively down. */
  constructor(options: NicOptions);
  readonly index: number;
  readonly name: string;
  readonly isLoopback: boolean;
  mac: MacAddress;
  mtu: number;
  readonly isUp: boolean;
  readonly carrier: boolean;
  readonly speed: number;
  readonly stats: DeviceStats;
  readonly txChecksumOffload: boolean;
  readonly taps: PacketTap[];
  promiscuity: number;
  frameTap: FrameTap | null;
  connect(port: TransmitPort): void;
  header(skb: SkBuff, target: MacAddress, etherType: number): void;
  xmit(skb: SkBuff): number;
  setUp(up: boolean): void;
  receiveFrame(frame: Frame): void;
  carrierChanged(up: boolean): void;
  frameSent(sent: boolean): void;
  ethtoolStatistics(): ReadonlyMap<string, number>;
  queuedPackets(): number;
  checkInvariants(): void;
  shutdown(): void;
}
