/**
 * An interface for one VLAN of another interface, `eth0.10` (Linux net/8021q): what it sends is tagged, what arrives
 * tagged for it comes up here. It goes up and down with its parent. Left out: priority maps, and VLANs on VLANs' own
 * queueing disciplines (it has none, as on Linux).
 */
import type { MacAddress } from "../../wire/address.ts";
import { PACKET_OUTGOING, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { insertVlanTag, type Devices } from "./devices.ts";
import {
  DeviceStats,
  NO_TAPS,
  type DeviceChange,
  type DeviceObserver,
  type NetDevice,
  type PacketTap,
} from "./net-device.ts";
import type { Nic } from "./nic.ts";

export class VlanDevice implements NetDevice, DeviceObserver {
  readonly index: number;
  readonly name: string;
  readonly egress = null;
  readonly isLoopback = false;
  readonly isPointToPoint = false;
  readonly parent: Nic;
  readonly vlanId: number;
  readonly stats = new DeviceStats();
  taps: readonly PacketTap[] = NO_TAPS;
  promiscuity = 0;
  mtu: number;
  isUp = false;
  readonly #devices: Devices;

  /** Adds itself to the parent's devices as `parent.id`. @throws AssertionError when that VLAN exists: see `vlanOf`. */
  constructor(parent: Nic, vlanId: number) {
    this.parent = parent;
    this.vlanId = vlanId;
    this.#devices = parent.devices;
    this.name = `${parent.name}.${vlanId}`;
    this.index = this.#devices.newIndex();
    this.mtu = parent.mtu;
    this.#devices.add(this);
    this.#devices.addVlan(parent, vlanId, this);
    this.#devices.observe(this);
  }

  get mac(): MacAddress {
    return this.parent.mac;
  }

  get macChanges(): number {
    return this.parent.macChanges;
  }

  get carrier(): boolean {
    return this.parent.carrier;
  }

  get speed(): number {
    return this.parent.speed;
  }

  get txChecksumOffload(): boolean {
    return this.parent.txChecksumOffload;
  }

  get txSegmentationOffload(): boolean {
    return this.parent.txSegmentationOffload;
  }

  header(skb: SkBuff, target: MacAddress, etherType: number): void {
    this.parent.header(skb, target, etherType);
  }

  xmit(skb: SkBuff): number {
    const core = this.parent.core;
    if (!this.isUp) {
      this.stats.txDropped++;
      core.drop(skb, "DEV_READY");
      return -E.ENETDOWN;
    }
    skb.packetType = PACKET_OUTGOING;
    skb.deviceIndex = this.index;
    skb.macHeader = skb.data;
    if (this.#devices.hasTaps(this)) this.#devices.tap(skb, this);
    this.stats.txPackets++;
    this.stats.txBytes += skb.length;
    insertVlanTag(core, skb, this.vlanId);
    // Says that the tag is in the bytes already.
    skb.vlanId = this.vlanId;
    const result = this.parent.xmit(skb);
    if (result < 0) this.stats.txDropped++;
    return result;
  }

  setUp(up: boolean): void {
    // Linux refuses to bring it up while its parent is down (vlan_dev_open); it follows when the parent comes up.
    if (up === this.isUp || (up && !this.parent.isUp)) return;
    this.isUp = up;
    this.#devices.changed(this, up ? "up" : "down");
  }

  deviceChanged(device: NetDevice, what: DeviceChange): void {
    if (device !== this.parent) return;
    if (what === "up" || what === "down") this.setUp(what === "up");
    else if (what !== "mtu") this.#devices.changed(this, what);
    else if (this.mtu > this.parent.mtu) {
      this.mtu = this.parent.mtu;
      this.#devices.changed(this, "mtu");
    }
  }
}
