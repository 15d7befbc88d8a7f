/**
 * The sending half of a network card: queueing discipline, descriptor ring, completion interrupt (Linux
 * net/sched/sch_generic.c and the transmit side of a driver).
 *
 * A descriptor is free again when its frame has left the port, which the port tells in advance; so freeing takes no
 * event of its own. The completion interrupt is asked for only when somebody is waiting for it: a stopped queue, a
 * socket whose send buffer the frame fills, or a CPU whose time it costs. Left out: byte queue limits (BQL), so up to a
 * ring full of packets waits behind the discipline's back; make the ring small to see the discipline at work.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { KIND } from "../../contract/trace-event.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../../engine/event-queue.ts";
import { PHASES, rankOf } from "../../engine/rank.ts";
import { ETHERNET_HEADER_BYTES } from "../../wire/ethernet.ts";
import { FRAME_BYTES_MIN, SENT_LATER, type Frame, type TransmitPort } from "../../wire/frame.ts";
import type { KernelCore } from "../core.ts";
import { checksumHelp } from "../skb/checksum-help.ts";
import { CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, HEADROOM_BYTES, type SkBuff } from "../skb/skbuff.ts";
import { copyOut } from "../skb/skb-pool.ts";
import { E } from "../syscall/errno.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import { insertVlanTag } from "./devices.ts";
import { segmentGso } from "./gso.ts";
import type { FrameEgress } from "./net-device.ts";
import type { Nic } from "./nic.ts";
import type { Qdisc } from "./qdisc/qdisc.ts";
import { TxRing } from "./ring.ts";

const START_XMIT = KIND["net:net_dev_start_xmit"];
const NET_DEV_QUEUE = KIND["net:net_dev_queue"];
const TX_RING = KIND["nic:tx_ring"];

export class NicTransmit implements EventHandler, TimerHandler, FrameEgress {
  ring: TxRing;
  qdisc: Qdisc;
  readonly #nic: Nic;
  readonly #core: KernelCore;
  /** Completions cost CPU time under this profile, so they are to be seen. */
  readonly #costly: boolean;
  readonly #watchdog: KernelTimer;
  /** The ring was full: the discipline is asked again when a quarter of it is free (netif_stop_queue). */
  stopped = false;
  /** Times that happened. */
  stops = 0;
  /** Frames reclaimed by interrupt or poll, ever. */
  reclaimed = 0;
  /**
   * Segments of a large packet that the ring had no room for; they go before anything else. Null until there was one.
   */
  #pieces: Ring<SkBuff> | null = null;
  #running = false;
  #event: EventId = NO_EVENT;
  #eventAt = 0;

  constructor(nic: Nic, size: number, qdisc: Qdisc) {
    this.#nic = nic;
    this.#core = nic.core;
    this.ring = new TxRing(size);
    this.qdisc = qdisc;
    this.#costly = nic.core.costs.irq > 0 || nic.core.costs.transmitDone > 0;
    this.#watchdog = new KernelTimer(this);
  }

  /** Takes a packet that is complete down to its Ethernet header. @returns 0 or -ENOBUFS. */
  send(skb: SkBuff): number {
    const qdisc = this.qdisc;
    if (qdisc.canBypass && this.queuedPackets() === 0 && !this.stopped && this.#hasRoom()) {
      this.#start(skb);
      if (this.#pieces !== null && this.#pieces.length > 0) this.run();
      return 0;
    }
    if (this.#core.trace.active) this.#core.traceSkb(NET_DEV_QUEUE, skb, this.#nic.index, skb.length);
    const accepted = qdisc.enqueue(skb);
    this.run();
    return accepted ? 0 : -E.ENOBUFS;
  }

  /** Moves packets from the discipline to the ring while both have what it takes (__qdisc_run). */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    const qdisc = this.qdisc;
    while (!this.stopped && this.queuedPackets() > 0) {
      if (!this.#hasRoom()) {
        this.#stop();
        break;
      }
      const skb = this.#pieces?.shift() ?? qdisc.dequeue();
      if (skb === null) break;
      this.#start(skb);
    }
    this.#running = false;
    const again = qdisc.watchdogAt;
    if (!this.stopped && again !== Infinity) {
      this.#core.timers.arm(this.#watchdog, Math.max(0, again - this.#core.engine.now));
    }
  }

  onTimer(_timer: KernelTimer): void {
    this.run();
  }

  /** The completion interrupt is due. */
  onEvent(_code: number, _subject: unknown): void {
    this.#event = NO_EVENT;
    if (this.#core.alive && this.ring.length > 0) this.#nic.driver.request();
  }

  /**
   * For the driver: frees the descriptors whose frames have left, and lets a stopped queue go on. @returns how many.
   */
  reclaim(): number {
    const count = this.ring.reclaim(this.#core.engine.now);
    if (count > 0) {
      this.reclaimed += count;
      const cost = this.#core.costs.transmitDone;
      if (cost > 0) this.#core.cpu.charge(cost * count);
      if (this.#core.trace.active) this.#traceRing();
    }
    if (this.stopped && this.ring.free * 4 >= this.ring.size) {
      this.stopped = false;
      this.run();
    }
    return count;
  }

  /** A frame on a shared medium has left, or was given up after too many collisions. */
  frameSent(sent: boolean): void {
    const now = this.#core.engine.now;
    // None when the ring was replaced while the frame was on its way.
    if (!this.ring.finishOldestUnknown(now)) return;
    if (!sent) {
      this.#nic.stats.txErrors++;
      this.#nic.stats.txAbortedErrors++;
    }
    this.armInterrupt();
  }

  /** Asks for a completion interrupt at the right time, when somebody waits for one. */
  armInterrupt(): void {
    const ring = this.ring;
    if (ring.length === 0 || !this.#isAwaited) return;
    const at = this.#interruptAt();
    if (at === Infinity || (this.#event !== NO_EVENT && this.#eventAt <= at)) return;
    this.#cancelInterrupt();
    this.#eventAt = Math.max(at, this.#core.engine.now);
    this.#event = this.#core.engine.after(
      this.#eventAt - this.#core.engine.now,
      rankOf(PHASES.irq, this.#core.lane),
      this,
      0,
    );
  }

  #interruptAt(): number {
    const ring = this.ring;
    const { txNs, txFrames } = this.#nic.coalesce;
    let at = ring.doneAt(0) + txNs;
    if (ring.length >= txFrames) at = Math.min(at, ring.doneAt(txFrames - 1));
    // A stopped queue wakes at a quarter, and goes on at once when it may.
    if (this.stopped) at = Math.min(at, ring.doneAt(Math.min(ring.length, Math.ceil(ring.size / 4)) - 1));
    return at;
  }

  #cancelInterrupt(): void {
    if (this.#event !== NO_EVENT) this.#core.engine.cancel(this.#event);
    this.#event = NO_EVENT;
  }

  #hasRoom(): boolean {
    if (this.ring.free > 0) return true;
    // A driver without quota does not look after transmission while packets arrive: that is its defect.
    if (!this.#nic.driver.reclaimsOnSend || this.stopped) return false;
    return this.#reclaimInSend() > 0;
  }

  /** Frees descriptors without letting the queue run: the caller is what runs it. */
  #reclaimInSend(): number {
    const count = this.ring.reclaim(this.#core.engine.now);
    this.reclaimed += count;
    const cost = this.#core.costs.transmitDone;
    if (cost > 0 && count > 0) this.#core.cpu.charge(cost * count);
    return count;
  }

  #stop(): void {
    this.stopped = true;
    this.stops++;
    this.armInterrupt();
  }

  /** A large packet becomes segments, of which the first goes now; any other goes as it is (validate_xmit_skb). */
  #start(skb: SkBuff): void {
    if (skb.gsoSize === 0) {
      this.#transmit(skb);
      return;
    }
    const pieces = (this.#pieces ??= new Ring());
    for (const segment of segmentGso(this.#core, skb)) pieces.push(segment);
    const first = pieces.shift();
    if (first !== undefined) this.#transmit(first);
  }

  /** The driver's start_xmit: the packet becomes a frame and is handed to the port. */
  #transmit(skb: SkBuff): void {
    const core = this.#core;
    const nic = this.#nic;
    const port = nic.port;
    assert(port !== null, "a card with carrier has a port");
    if (core.costs.transmit > 0) core.cpu.charge(core.costs.transmit);
    if (core.trace.active) core.traceSkb(START_XMIT, skb, nic.index, skb.length);
    const stats = this.qdisc.stats;
    stats.sentPackets++;
    stats.sentBytes += skb.length;
    if (skb.vlanId < 0 && nic.portVlan !== null) insertVlanTag(core, skb, nic.portVlan);
    if (skb.ipSummed === CHECKSUM_PARTIAL && !nic.offload.txChecksum) checksumHelp(core, skb);
    nic.stats.txPackets++;
    nic.stats.txBytes += skb.length;
    this.ring.push(skb.account, skb.truesize);
    skb.account = null;
    const frame = this.#toFrame(skb);
    if (nic.frameTap !== null) nic.showFrame(frame, "out", null);
    this.#handOver(frame, port);
  }

  /** The port gets the frame, whose descriptor is the newest. */
  #handOver(frame: Frame, port: TransmitPort): void {
    const nic = this.#nic;
    const doneAt = port.transmit(frame);
    if (this.#core.trace.active) this.#traceRing();
    if (doneAt === SENT_LATER) nic.isHalfDuplex = true;
    else this.ring.setNewestDone(doneAt);
    if (!this.#isAwaited) return;
    if (this.#event === NO_EVENT || this.ring.length === nic.coalesce.txFrames) this.armInterrupt();
  }

  /** Somebody waits for descriptors to come back. */
  get #isAwaited(): boolean {
    return this.stopped || this.ring.accounts > 0 || this.#costly;
  }

  /** Whether the next poll of the card has nothing to do for those who sent, other than to free descriptors. */
  get isQuiet(): boolean {
    return !this.#isAwaited;
  }

  canPass(frame: Frame): boolean {
    const nic = this.#nic;
    if (!nic.isPlain || nic.port === null || frame.length < FRAME_BYTES_MIN) return false;
    if (frame.length > nic.mtu + ETHERNET_HEADER_BYTES) return false;
    return !this.stopped && this.qdisc.canBypass && this.queuedPackets() === 0 && this.#hasRoom();
  }

  pass(frame: Frame): void {
    const nic = this.#nic;
    const port = nic.port;
    assert(port !== null, "a card that lets frames pass has a port");
    const qdisc = this.qdisc.stats;
    qdisc.sentPackets++;
    qdisc.sentBytes += frame.length;
    nic.stats.txPackets++;
    nic.stats.txBytes += frame.length;
    this.ring.push(null, 0);
    nic.showFrame(frame, "out", null);
    this.#handOver(frame, port);
  }

  /** Without a copy when nobody else has the packet's memory, else gathered into memory of its own. */
  #toFrame(skb: SkBuff): Frame {
    const core = this.#core;
    const length = Math.max(skb.length, FRAME_BYTES_MIN);
    const block = skb.block;
    assert(block !== null, "a packet in use has a block");
    const start = skb.data;
    const ipSummed = skb.ipSummed;
    const checksumStart = skb.checksumStart - start;
    let frame: Frame;
    const packetId = skb.packetId;
    const { cause, checksumOffset } = skb;
    if (skb.users === 1 && block.references === 1 && skb.frags === null && start + length <= skb.end) {
      if (skb.tail - start < length) block.bytes.fill(0, skb.tail, start + length);
      frame = core.frames.acquire(block, start, length);
      core.skbs.recycle(skb);
    } else {
      const own = core.skbs.blocks.acquire(HEADROOM_BYTES + length);
      const at = own.start + HEADROOM_BYTES;
      copyOut(skb, 0, own.bytes, at, skb.length);
      if (skb.length < length) own.bytes.fill(0, at + skb.length, at + length);
      frame = core.frames.acquire(own, at, length);
      core.skbs.free(skb);
    }
    frame.packetId = packetId;
    frame.cause = cause;
    if (ipSummed === CHECKSUM_PARTIAL) {
      frame.checksumStart = checksumStart;
      frame.checksumOffset = checksumOffset;
    } else {
      frame.checksumGood = ipSummed === CHECKSUM_UNNECESSARY;
    }
    return frame;
  }

  /** The port's code has set the trace's registers to its own place. */
  #traceRing(): void {
    this.#nic.enterTrace();
    this.#core.trace.record(TX_RING, 0, this.#core.engine.cause, this.#nic.index, this.ring.length, this.ring.size);
  }

  /** Puts another discipline in place; what the old one held is lost, as with `tc qdisc replace`. */
  replaceQdisc(qdisc: Qdisc): void {
    this.drain("QDISC_DROP");
    this.qdisc = qdisc;
  }

  /** Drops what waits in the discipline (dev_deactivate). */
  drain(reason: DropReason): void {
    for (let piece = this.#pieces?.shift(); piece !== undefined; piece = this.#pieces?.shift()) {
      this.#core.drop(piece, reason);
    }
    this.qdisc.reset(reason);
    if (this.#watchdog.isPending) this.#core.timers.cancel(this.#watchdog);
  }

  resize(size: number): void {
    this.#cancelInterrupt();
    this.ring.clear();
    this.ring = new TxRing(size);
    this.stopped = false;
    this.run();
  }

  queuedPackets(): number {
    return this.qdisc.length + (this.#pieces?.length ?? 0);
  }

  /** The machine is off. Frames handed over belong to the wire already. */
  shutdown(): void {
    this.drain("NODE_DOWN");
    this.#cancelInterrupt();
    this.ring.clear();
  }

  checkInvariants(): void {
    assert(this.ring.length <= this.ring.size, "a ring holds what it can");
    assert(this.ring.accounts <= this.ring.length, "accounts belong to descriptors");
    assert(this.qdisc.length >= 0, "a discipline holds no negative number of packets");
    if (this.stopped) assert(this.queuedPackets() > 0 || this.ring.length > 0, "a stopped queue has a reason");
  }
}
