/**
 * A TUN interface (Linux drivers/net/tun.c in tun mode): whole IP packets go to and come from whoever holds its other
 * end, a tunnel's program or an interpreter of packet scripts. No link layer: no addresses, no ARP, no header (NOARP,
 * POINTOPOINT). It takes packets with their checksum open and larger than its MTU when segmentation offload is on, and
 * tells the other end the segment size, as the virtio header of /dev/net/tun does.
 * Left out: several queues, tap mode, the other end's own queue (it takes each packet at once).
 */
import { assert } from "../../base/assert.ts";
import { copyBytes, u8 } from "../../base/bytes.ts";
import { KIND } from "../../contract/trace-event.ts";
import { MAC_ZERO, type MacAddress } from "../../wire/address.ts";
import { ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import type { Random } from "../../base/random.ts";
import type { KernelCore } from "../core.ts";
import { checksumHelp } from "../skb/checksum-help.ts";
import { PACKET_OUTGOING, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import type { DeviceControl, Devices } from "./devices.ts";
import { segmentGso } from "./gso.ts";
import { TUN_MTU_DEFAULT, TUN_QUEUE_LENGTH_DEFAULT } from "./limits.ts";
import { DeviceStats, NO_TAPS, type NetDevice, type PacketTap } from "./net-device.ts";
import { PfifoFast } from "./qdisc/pfifo-fast.ts";
import type { Qdisc, QdiscContext } from "./qdisc/qdisc.ts";

/** A packet that came out of the machine. The bytes are the receiver's to keep; checksums are complete. */
export interface TunPacket {
  readonly bytes: Uint8Array;
  /** Payload bytes per segment when it is larger than one (gso_size), else 0. */
  readonly gsoSize: number;
  /** Segments it stands for; at least 1. */
  readonly segments: number;
}

/** Who reads /dev/net/tun. */
export interface TunSink {
  onPacket(packet: TunPacket): void;
}

const START_XMIT = KIND["net:net_dev_start_xmit"];

export class TunDevice implements NetDevice, DeviceControl, QdiscContext, TimerHandler {
  readonly index: number;
  readonly name: string;
  readonly egress = null;
  readonly macChanges = 0;
  readonly isLoopback = false;
  readonly isPointToPoint = true;
  readonly mac: MacAddress = MAC_ZERO;
  readonly speed = 10_000_000;
  readonly stats = new DeviceStats();
  taps: readonly PacketTap[] = NO_TAPS;
  promiscuity = 0;
  isUp = false;
  txChecksumOffload = true;
  /** Large TCP packets come whole, `ethtool -K NAME tso`; and software cuts up what does not, `gso`. */
  tso = true;
  gso = true;
  txQueueLength = TUN_QUEUE_LENGTH_DEFAULT;
  qdisc: Qdisc;
  /** Major number; 0 for the default discipline. */
  qdiscHandle = 0;
  /** Null: nobody has the device open, so it has no carrier. */
  #sink: TunSink | null = null;
  #mtu: number = TUN_MTU_DEFAULT;
  #running = false;
  readonly core: KernelCore;
  readonly random: Random;
  readonly #devices: Devices;
  readonly #watchdog = new KernelTimer(this);

  /** Adds itself to the devices. @throws AssertionError when the name is taken. */
  constructor(core: KernelCore, devices: Devices, name: string) {
    this.core = core;
    this.#devices = devices;
    this.name = name;
    this.index = devices.newIndex();
    this.random = core.random(`${name}/qdisc`);
    this.qdisc = new PfifoFast(this);
    devices.add(this, this);
  }

  get device(): NetDevice {
    return this;
  }

  /** The other end is told the segment size, so it takes large packets while either switch is on. */
  get txSegmentationOffload(): boolean {
    return this.tso || this.gso;
  }

  get carrier(): boolean {
    return this.#sink !== null;
  }

  get mtu(): number {
    return this.#mtu;
  }

  set mtu(bytes: number) {
    if (bytes === this.#mtu) return;
    this.#mtu = bytes;
    this.#devices.changed(this, "mtu");
  }

  queueLength(): number {
    return this.txQueueLength;
  }

  /** Opens the other end; null closes it. */
  attach(sink: TunSink | null): void {
    if (sink === this.#sink) return;
    const had = this.#sink !== null;
    this.#sink = sink;
    if (had !== (sink !== null)) this.#devices.changed(this, sink === null ? "no-carrier" : "carrier");
  }

  /** Nothing: there is no link layer. */
  header(skb: SkBuff, _target: MacAddress, etherType: number): void {
    skb.protocol = etherType;
  }

  setUp(up: boolean): void {
    if (up === this.isUp) return;
    this.isUp = up;
    if (!up) this.#drain("DEV_READY");
    this.#devices.changed(this, up ? "up" : "down");
  }

  // Out of the machine

  /** Takes a packet with `data` at its IP header. */
  xmit(skb: SkBuff): number {
    if (!this.isUp || this.#sink === null) {
      this.stats.txDropped++;
      this.core.drop(skb, this.isUp ? "LINK_DOWN" : "DEV_READY");
      return this.isUp ? -E.ENOBUFS : -E.ENETDOWN;
    }
    if (skb.gsoSize === 0 && skb.length > this.#mtu) {
      this.stats.txErrors++;
      this.stats.txDropped++;
      this.core.drop(skb, "PKT_TOO_BIG");
      return -E.EMSGSIZE;
    }
    skb.packetType = PACKET_OUTGOING;
    skb.deviceIndex = this.index;
    if (this.#devices.hasTaps(this)) this.#devices.tapBare(skb, this);
    if (skb.gsoSize === 0 || this.txSegmentationOffload) return this.#queue(skb);
    let result = 0;
    for (const segment of segmentGso(this.core, skb)) result = this.#queue(segment) || result;
    return result;
  }

  #queue(skb: SkBuff): number {
    const qdisc = this.qdisc;
    if (qdisc.canBypass && qdisc.length === 0 && !this.#running) {
      this.#running = true;
      this.#handOver(skb);
      this.#running = false;
      return 0;
    }
    const accepted = qdisc.enqueue(skb);
    this.#run();
    if (accepted) return 0;
    this.stats.txDropped++;
    return -E.ENOBUFS;
  }

  /** The reader takes everything at once, so only a discipline that delays holds packets (__qdisc_run). */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    for (let skb = this.qdisc.dequeue(); skb !== null; skb = this.qdisc.dequeue()) this.#handOver(skb);
    this.#running = false;
    const again = this.qdisc.watchdogAt;
    if (again !== Infinity) this.core.timers.arm(this.#watchdog, Math.max(0, again - this.core.engine.now));
  }

  onTimer(_timer: KernelTimer): void {
    this.#run();
  }

  /** tun_net_xmit and tun_do_read: the sender's memory is free again before anybody has read it (skb_orphan). */
  #handOver(skb: SkBuff): void {
    const { core } = this;
    const sink = this.#sink;
    if (sink === null) {
      core.drop(skb, "LINK_DOWN");
      return;
    }
    if (core.costs.transmit > 0) core.cpu.charge(core.costs.transmit);
    if (core.trace.active) core.traceSkb(START_XMIT, skb, this.index, skb.length);
    this.qdisc.stats.sentPackets++;
    this.qdisc.stats.sentBytes += skb.length;
    this.stats.txPackets++;
    this.stats.txBytes += skb.length;
    core.skbs.linearize(skb);
    checksumHelp(core, skb);
    const packet = { bytes: skb.view().slice(), gsoSize: skb.gsoSize, segments: Math.max(1, skb.gsoSegments) };
    core.consume(skb);
    sink.onPacket(packet);
  }

  // Into the machine

  /**
   * The other end writes a packet (tun_get_user): it comes up by this CPU's backlog.
   * @param gsoSize payload bytes of each segment it stands for; 0 for a packet that is one segment.
   */
  inject(bytes: Uint8Array, gsoSize = 0, segments = 0): void {
    const { core } = this;
    assert(bytes.length > 0, "a packet has bytes");
    const skb = core.skbs.alloc(bytes.length);
    copyBytes(bytes, 0, skb.bytes, skb.put(bytes.length), bytes.length);
    skb.gsoSize = gsoSize;
    skb.gsoSegments = segments;
    skb.timestamp = core.engine.now;
    if (!this.isUp || u8(bytes, 0) >>> 4 !== 4) {
      this.stats.rxDropped++;
      core.drop(skb, this.isUp ? "UNHANDLED_PROTO" : "DEV_READY");
      return;
    }
    skb.protocol = ETHERTYPE_IPV4;
    this.stats.rxPackets++;
    this.stats.rxBytes += bytes.length;
    this.#devices.netifRx(skb, this);
  }

  // Configuration and life

  /** @param handle major number, 0 for the default discipline. What the old one held is lost. */
  replaceQdisc(qdisc: Qdisc, handle: number): void {
    this.#drain("QDISC_DROP");
    this.qdisc = qdisc;
    this.qdiscHandle = handle;
  }

  #drain(reason: "DEV_READY" | "QDISC_DROP" | "NODE_DOWN"): void {
    this.qdisc.reset(reason);
    if (this.#watchdog.isPending) this.core.timers.cancel(this.#watchdog);
  }

  inputChanged(): void {
    // Whoever writes into a tun is not held up by the machine behind it.
  }

  queuedPackets(): number {
    return this.qdisc.length;
  }

  checkInvariants(): void {
    assert(!this.#running, "the queue is not run between events");
  }

  shutdown(): void {
    this.#drain("NODE_DOWN");
  }
}
