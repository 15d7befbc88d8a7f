/**
 * The loopback interface (Linux drivers/net/loopback.c): what is sent comes back through this CPU's backlog. Packets
 * get an Ethernet header of zeros, so that captures of `lo` look as they do on Linux. Checksums that protocols left
 * open stay open and count as right, as nothing can damage them on the way.
 */
import { put16 } from "../../base/bytes.ts";
import { MAC_ZERO, type MacAddress } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import type { KernelCore } from "../core.ts";
import { PACKET_OUTGOING, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { Devices } from "./devices.ts";
import { LOOPBACK_MTU } from "./limits.ts";
import { DeviceStats, NO_TAPS, type NetDevice, type PacketTap } from "./net-device.ts";

export class Loopback implements NetDevice {
  readonly index: number;
  readonly name = "lo";
  readonly egress = null;
  readonly macChanges = 0;
  readonly isLoopback = true;
  readonly isPointToPoint = false;
  readonly mac: MacAddress = MAC_ZERO;
  mtu = LOOPBACK_MTU;
  isUp = false;
  readonly carrier = true;
  readonly speed = 0;
  readonly stats = new DeviceStats();
  readonly txChecksumOffload = true;
  readonly txSegmentationOffload = true;
  taps: readonly PacketTap[] = NO_TAPS;
  promiscuity = 0;
  readonly #core: KernelCore;
  readonly #devices: Devices;

  constructor(core: KernelCore, devices: Devices) {
    this.#core = core;
    this.#devices = devices;
    this.index = devices.newIndex();
  }

  /** Nothing: `xmit` puts the header of zeros in front, since protocols need not know that there is one. */
  header(skb: SkBuff, _target: MacAddress, etherType: number): void {
    skb.protocol = etherType;
  }

  xmit(skb: SkBuff): number {
    if (!this.isUp) {
      this.#core.drop(skb, "DEV_READY");
      return -E.ENETDOWN;
    }
    const skbs = this.#core.skbs;
    skbs.makeWritable(skb);
    skbs.ensureHeadroom(skb, ETHERNET_HEADER_BYTES);
    const at = skb.push(ETHERNET_HEADER_BYTES);
    skb.bytes.fill(0, at, at + ETHERNET.type);
    put16(skb.bytes, at + ETHERNET.type, skb.protocol === 0 ? ETHERTYPE_IPV4 : skb.protocol);
    skb.macHeader = at;
    skb.packetType = PACKET_OUTGOING;
    if (this.#devices.hasTaps(this)) this.#devices.tap(skb, this);
    // From here on it is a received packet: the sender's buffer is free again, as if it had gone out (skb_orphan).
    const account = skb.account;
    if (account !== null) {
      skb.account = null;
      account.uncharge(skb.truesize);
    }
    skb.nextHop = 0;
    skb.vlanId = -1;
    skb.timestamp = this.#core.engine.now;
    const bytes = skb.length;
    this.stats.txPackets++;
    this.stats.txBytes += bytes;
    if (!this.#devices.netifRx(skb, this)) return 0;
    this.stats.rxPackets++;
    this.stats.rxBytes += bytes;
    return 0;
  }

  setUp(up: boolean): void {
    if (up === this.isUp) return;
    this.isUp = up;
    this.#devices.changed(this, up ? "up" : "down");
  }
}
