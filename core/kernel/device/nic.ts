/**
 * A network interface card with its driver: what ties the receiving half (nic-receive.ts), the sending half
 * (nic-transmit.ts) and the driver together and shows them as a `NetDevice`. Left out: several queues (RSS), multicast
 * filtering (all groups are let in), flow control by pause frames, wake-on-LAN.
 */
import { copyBytes, put16, u16, u32 } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { dropReasonNumber } from "../../contract/drop-reason.ts";
import { KIND } from "../../contract/trace-event.ts";
import { isGroupMacAt, putMac, readMac, type MacAddress } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import { CHECKSUM_DONE, finishChecksum, type Frame, type FrameSink, type TransmitPort } from "../../wire/frame.ts";
import { VLAN_TAG_BYTES } from "../../wire/vlan.ts";
import type { KernelCore } from "../core.ts";
import type { Cpu } from "../cpu/cpu.ts";
import { PACKET_OUTGOING, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { DeviceControl, Devices } from "./devices.ts";
import type { Driver } from "./driver.ts";
import { ethtoolStatistics } from "./ethtool.ts";
import { segmentGso } from "./gso.ts";
import { transportChecksumGood } from "./hardware-checksum.ts";
import { IrqDriver } from "./irq-driver.ts";
import { RING_DESCRIPTORS_DEFAULT, TX_QUEUE_LENGTH_DEFAULT } from "./limits.ts";
import { linkStatistics } from "./link-statistics.ts";
import { NapiDriver } from "./napi-driver.ts";
import { DeviceStats, NO_TAPS } from "./net-device.ts";
import type { FrameEgress, FrameIngress, NetDevice, PacketTap } from "./net-device.ts";
import { coalescingOf, offloadOf } from "./nic-options.ts";
import type { NicCoalescing, NicDriver, NicOffload, NicOptions, NicSlot } from "./nic-options.ts";
import { NicReceive } from "./nic-receive.ts";
import { NicTransmit } from "./nic-transmit.ts";
import { createQdisc } from "./qdisc/parse.ts";
import type { Qdisc, QdiscContext } from "./qdisc/qdisc.ts";

const KFREE_SKB = KIND["skb:kfree_skb"];

/** Sees every frame at the card's connector, checksum finished, for captures of a link. */
export interface FrameTap {
  /** @param dropReason why the card did not take it; null when it did. The frame is not kept. */
  onFrame(nic: Nic, frame: Frame, direction: "in" | "out", dropReason: DropReason | null): void;
}

export class Nic implements FrameIngress, FrameSink, DeviceControl, QdiscContext {
  // First what every frame touches: fields lie in memory in the order of their declaration, and every cache line is a
  // miss when there are thousands of cards.
  readonly core: KernelCore;
  isUp = false;
  carrier = false;
  promiscuity = 0;
  #mac: MacAddress;
  /** Its halves: integers are compared without a look into a box. */
  #macHigh = 0;
  #macLow = 0;
  macChanges = 0;
  #mtu: number;
  frameTap: FrameTap | null = null;
  readonly receive: NicReceive;
  readonly driver: Driver;
  readonly devices: Devices;
  readonly cpu: Cpu;
  /** Replaced, never changed: see nic-options.ts. */
  coalesce: NicCoalescing;
  offload: NicOffload;
  readonly stats = new DeviceStats();
  readonly index: number;
  /** VLAN that all of this port's frames are tagged for on the wire; null for none. */
  readonly portVlan: number | null;
  readonly transmit: NicTransmit;
  port: TransmitPort | null = null;
  readonly isLoopback = false;
  readonly isPointToPoint = false;

  readonly name: string;
  taps: readonly PacketTap[] = NO_TAPS;
  readonly driverKind: NicDriver;
  #random: Random | null = null;
  txQueueLength = TX_QUEUE_LENGTH_DEFAULT;
  #promiscuous = false;
  qdiscHandle = 0;
  /** The port is on a shared medium: it cannot tell in advance when a frame will have left. */
  isHalfDuplex = false;
  /** Frames for other machines, which the address filter kept out. */
  filtered = 0;

  /**
   * Adds itself to `options.devices` and attaches itself to the port, if one is given. Starts administratively down.
   */
  constructor({ core, devices, cpu, irq }: NicSlot, options: NicOptions) {
    this.core = core;
    this.devices = devices;
    this.cpu = cpu;
    this.name = options.name;
    this.#mac = options.mac;
    this.#splitMac();
    this.#mtu = options.mtu ?? 1500;
    this.index = devices.newIndex();
    this.portVlan = options.vlan ?? null;
    this.coalesce = coalescingOf(options.coalesce);
    this.offload = offloadOf(options.offload);
    this.receive = new NicReceive(this, options.rxRing ?? RING_DESCRIPTORS_DEFAULT);
    const qdisc = createQdisc(options.qdisc ?? "pfifo_fast", this);
    this.transmit = new NicTransmit(this, options.txRing ?? RING_DESCRIPTORS_DEFAULT, qdisc);
    const driver = options.driver ?? "napi";
    this.driverKind = driver;
    this.driver = driver === "irq" ? new IrqDriver(this, irq) : new NapiDriver(this, irq, driver === "napi");
    devices.add(this, this);
    if (options.port !== undefined && options.port !== null) this.connect(options.port);
  }

  get device(): NetDevice {
    return this;
  }

  /** For its queueing discipline: most have no need of it. */
  get random(): Random {
    return (this.#random ??= this.core.random(`qdisc:${this.name}`));
  }

  get egress(): FrameEgress {
    return this.transmit;
  }

  /** In use, and nothing it does with a frame takes time or is seen by a program or the trace. */
  get isPlain(): boolean {
    const { core, offload } = this;
    if (!core.isFree || core.trace.active || !core.alive) return false;
    if (!this.isUp || !this.carrier || this.devices.hasTaps(this)) return false;
    return this.portVlan === null && offload.rxChecksum && offload.txChecksum;
  }

  get speed(): number {
    return this.port?.rateBitsPerSecond ?? 0;
  }

  get txChecksumOffload(): boolean {
    return this.offload.txChecksum;
  }

  get txSegmentationOffload(): boolean {
    return this.offload.tso;
  }

  get mac(): MacAddress {
    return this.#mac;
  }

  set mac(mac: MacAddress) {
    this.#mac = mac;
    this.macChanges++;
    this.#splitMac();
  }

  #splitMac(): void {
    this.#macHigh = Math.floor(this.#mac / 2 ** 32);
    this.#macLow = (this.#mac - this.#macHigh * 2 ** 32) | 0;
  }

  get mtu(): number {
    return this.#mtu;
  }

  set mtu(bytes: number) {
    if (bytes === this.#mtu) return;
    this.#mtu = bytes;
    this.devices.changed(this, "mtu");
  }

  queueLength(): number {
    return this.txQueueLength;
  }

  /** Plugs the cable in. */
  connect(port: TransmitPort): void {
    this.port = port;
    port.attach(this);
    if (port.carrier !== this.carrier) this.carrierChanged(port.carrier);
  }

  // Down

  header(skb: SkBuff, target: MacAddress, etherType: number): void {
    const skbs = this.core.skbs;
    skbs.makeWritable(skb);
    skbs.ensureHeadroom(skb, ETHERNET_HEADER_BYTES);
    const at = skb.push(ETHERNET_HEADER_BYTES);
    const bytes = skb.bytes;
    putMac(bytes, at + ETHERNET.target, target);
    putMac(bytes, at + ETHERNET.source, this.mac);
    put16(bytes, at + ETHERNET.type, etherType);
    skb.macHeader = at;
    skb.protocol = etherType;
  }

  xmit(skb: SkBuff): number {
    if (!this.isUp || !this.carrier) return this.#refuse(skb);
    const room = this.#mtu + ETHERNET_HEADER_BYTES + (skb.vlanId >= 0 ? VLAN_TAG_BYTES : 0);
    if (skb.gsoSize === 0 && skb.length > room) {
      this.stats.txErrors++;
      this.stats.txDropped++;
      this.core.drop(skb, "PKT_TOO_BIG");
      return -E.EMSGSIZE;
    }
    skb.packetType = PACKET_OUTGOING;
    skb.deviceIndex = this.index;
    if (skb.gsoSize === 0 || this.offload.tso) this.#showTaps(skb);
    if (skb.gsoSize === 0 || (this.offload.tso && this.transmit.qdisc.takesLarge)) return this.#enqueue(skb);
    // Some of it on its way is success: the sender would send all of it again otherwise (as in tbf_segment).
    let result = -E.ENOBUFS;
    for (const segment of segmentGso(this.core, skb)) {
      if (!this.offload.tso) this.#showTaps(segment);
      if (this.#enqueue(segment) === 0) result = 0;
    }
    return result;
  }

  #showTaps(skb: SkBuff): void {
    if (!this.devices.hasTaps(this)) return;
    skb.macHeader = skb.data;
    this.devices.tap(skb, this);
  }

  #enqueue(skb: SkBuff): number {
    const result = this.transmit.send(skb);
    if (result < 0) this.stats.txDropped++;
    return result;
  }

  /** Down, the device takes nothing; without carrier, its queue is noop_qdisc, which drops (dev_deactivate). */
  #refuse(skb: SkBuff): number {
    this.stats.txDropped++;
    if (!this.isUp) {
      this.core.drop(skb, "DEV_READY");
      return -E.ENETDOWN;
    }
    this.stats.txCarrierErrors++;
    this.core.drop(skb, "LINK_DOWN");
    return -E.ENOBUFS;
  }

  // Up

  receiveFrame(frame: Frame): void {
    if (this.devices.shortcut?.take(frame, this) === true) return;
    if (this.core.trace.active) this.enterTrace();
    const reason = this.#verdict(frame);
    if (this.frameTap !== null) this.showFrame(frame, "in", reason === "FILTERED" ? null : reason);
    if (reason === null) {
      this.receive.accept(frame);
    } else if (reason === "FILTERED") {
      this.filtered++;
      this.core.frames.release(frame);
    } else {
      this.dropFrame(frame, reason);
    }
  }

  /** What the card does with a frame before a descriptor is spent on it; null when it is taken. */
  #verdict(frame: Frame): DropReason | "FILTERED" | null {
    const stats = this.stats;
    if (!this.core.alive) return "NODE_DOWN";
    if (!this.isUp) return "DEV_READY";
    if (!frame.fcsGood) {
      stats.rxErrors++;
      stats.rxCrcErrors++;
      return "FCS_ERROR";
    }
    if (frame.length < ETHERNET_HEADER_BYTES) {
      stats.rxErrors++;
      stats.rxFrameErrors++;
      return "PKT_TOO_SMALL";
    }
    const bytes = frame.bytes;
    const at = frame.start;
    const isGroup = isGroupMacAt(bytes, at);
    if (!isGroup && readMac(bytes, at) !== this.mac && this.promiscuity === 0) return "FILTERED";
    const room = this.#mtu + ETHERNET_HEADER_BYTES;
    if (frame.length > room && !(frame.length <= room + VLAN_TAG_BYTES && isTaggedAt(bytes, at))) {
      stats.rxErrors++;
      stats.rxOverErrors++;
      return "PKT_TOO_BIG";
    }
    if (this.receive.ring.isFull) {
      stats.rxDropped++;
      stats.rxFifoErrors++;
      return this.cpu.isFrozen ? "NODE_PAUSED" : "FULL_RING";
    }
    if (isGroup) stats.multicast++;
    return null;
  }

  canPass(frame: Frame): boolean {
    if (!this.isPlain || this.coalesce.rxNs !== 0 || !frame.fcsGood || frame.wasShared) return false;
    if (frame.length < ETHERNET_HEADER_BYTES || frame.length > this.#mtu + ETHERNET_HEADER_BYTES) return false;
    const { bytes, start } = frame;
    if ((u32(bytes, start + 2) | 0) !== this.#macLow || u16(bytes, start) !== this.#macHigh) return false;
    return this.receive.canPass && this.transmit.isQuiet && this.driver.canPass;
  }

  countPass(frame: Frame): void {
    const { stats } = this;
    this.showFrame(frame, "in", null);
    stats.rxPackets++;
    stats.rxBytes += frame.length;
    this.receive.ring.pass();
    this.driver.countPass();
    this.transmit.reclaim();
    if (frame.checksumStart !== CHECKSUM_DONE || frame.checksumGood) return;
    frame.checksumGood = transportChecksumGood(frame.bytes, frame.start, frame.length);
  }

  carrierChanged(up: boolean): void {
    if (up === this.carrier) return;
    this.carrier = up;
    if (!this.core.alive) return;
    if (this.core.trace.active) this.enterTrace();
    if (!up) this.transmit.drain("LINK_DOWN");
    if (this.isUp) this.#announceLink();
    this.devices.changed(this, up ? "carrier" : "no-carrier");
  }

  frameSent(sent: boolean): void {
    if (this.core.alive) this.transmit.frameSent(sent);
  }

  setUp(up: boolean): void {
    if (up === this.isUp) return;
    this.isUp = up;
    if (up) {
      if (this.carrier) this.#announceLink();
    } else {
      this.transmit.drain("DEV_READY");
      this.receive.clear("DEV_READY");
    }
    this.devices.changed(this, up ? "up" : "down");
  }

  #announceLink(): void {
    const link = this.carrier ? `Up ${formatSpeed(this.speed)} ${this.isHalfDuplex ? "Half" : "Full"} Duplex` : "Down";
    this.core.printk(`${this.name}: NIC Link is ${link}`);
  }

  // For the halves and the driver

  /** A frame dies in the card, before there was an sk_buff. */
  dropFrame(frame: Frame, reason: DropReason): void {
    this.core.drops.count(reason);
    if (this.core.trace.active) {
      this.core.trace.record(KFREE_SKB, frame.packetId, frame.cause, dropReasonNumber(reason));
    }
    this.core.frames.release(frame);
  }

  showFrame(frame: Frame, direction: "in" | "out", reason: DropReason | null): void {
    if (this.frameTap === null) return;
    this.finishShared(frame);
    this.frameTap.onFrame(this, frame, direction, reason);
  }

  /**
   * Fills in the checksum left open, in bytes of this frame's own: others that share them still have it open, and would
   * sum up a finished one a second time.
   */
  finishShared(frame: Frame): void {
    const shared = frame.block;
    if (frame.checksumStart === CHECKSUM_DONE || shared === null) return;
    if (shared.references > 1) {
      const blocks = this.core.skbs.blocks;
      // Of the same size, so that a socket's memory account does not change by being looked at.
      const own = blocks.acquire(shared.capacity);
      const start = own.start + frame.start - shared.start;
      copyBytes(shared.bytes, frame.start, own.bytes, start, frame.length);
      frame.lieIn(own, start);
      blocks.release(shared);
    }
    finishChecksum(frame);
  }

  /** Sets the trace's registers to this machine and what its CPU runs. */
  enterTrace(): void {
    if (this.cpu.isExecuting) this.cpu.enterTrace();
    else this.core.enterTrace();
  }

  inputChanged(): void {
    this.driver.inputChanged();
  }

  /** @param handle major number, 0 for the default discipline. What the old one held is lost. */
  replaceQdisc(qdisc: Qdisc, handle: number): void {
    this.qdiscHandle = handle;
    this.transmit.replaceQdisc(qdisc);
  }

  /** IFF_PROMISC, as `ip link set promisc` sets it; packet sockets count into `promiscuity` on their own. */
  setPromiscuous(on: boolean): void {
    if (on === this.#promiscuous) return;
    this.#promiscuous = on;
    this.promiscuity += on ? 1 : -1;
  }

  /** By the names of struct rtnl_link_stats64. */
  statistics(): ReadonlyMap<string, number> {
    return linkStatistics(this.stats);
  }

  ethtoolStatistics(): ReadonlyMap<string, number> {
    return ethtoolStatistics(this);
  }

  queuedPackets(): number {
    return this.receive.queuedPackets() + this.transmit.queuedPackets();
  }

  checkInvariants(): void {
    this.transmit.checkInvariants();
  }

  shutdown(): void {
    this.receive.clear("NODE_DOWN");
    this.transmit.shutdown();
  }
}

const isTaggedAt = (bytes: Uint8Array, at: number): boolean => u16(bytes, at + ETHERNET.type) === ETHERTYPE_VLAN;

/** `1 Gbps`, `100 Mbps`. */
function formatSpeed(bitsPerSecond: number): string {
  if (bitsPerSecond <= 0) return "Unknown speed";
  if (bitsPerSecond % 1e9 === 0) return `${bitsPerSecond / 1e9} Gbps`;
  return `${bitsPerSecond / 1e6} Mbps`;
}
