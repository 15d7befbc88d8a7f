/**
 * The receiving half of a network card: the descriptor ring that frames are written into, interrupt coalescing, and
 * turning a frame into an sk_buff. The driver decides when (drivers/).
 */
import { copyBytes, u16, u8 } from "../../base/bytes.ts";
import { KIND } from "../../contract/trace-event.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../../engine/event-queue.ts";
import { PHASES, rankOf } from "../../engine/rank.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import { CHECKSUM_DONE, type Frame } from "../../wire/frame.ts";
import { IPPROTO_TCP, IPV4 } from "../../wire/ipv4.ts";
import { VLAN_ID_MASK, VLAN_TAG_BYTES } from "../../wire/vlan.ts";
import type { KernelCore } from "../core.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, HEADROOM_BYTES } from "../skb/skbuff.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { removeVlanTag, type Devices } from "./devices.ts";
import { Gro } from "./gro.ts";
import { transportChecksumGood } from "./hardware-checksum.ts";
import type { Nic } from "./nic.ts";
import { RxRing } from "./ring.ts";

const RX_RING = KIND["nic:rx_ring"];

export class NicReceive implements EventHandler {
  ring: RxRing;
  readonly gro: Gro;
  readonly #nic: Nic;
  readonly #core: KernelCore;
  readonly #devices: Devices;
  /** The coalescing delay that is running. */
  #event: EventId = NO_EVENT;
  /** Frames since the last interrupt was asked for. */
  #sinceInterrupt = 0;

  constructor(nic: Nic, size: number) {
    this.#nic = nic;
    this.#core = nic.core;
    this.#devices = nic.devices;
    this.ring = new RxRing(size);
    this.gro = new Gro(nic);
  }

  /** Whether the driver may take a frame now. */
  get hasPackets(): boolean {
    return this.ring.length > 0 && !this.#devices.inputInhibited;
  }

  /** Whether a frame written now would be the only one, and taken at once. */
  get canPass(): boolean {
    return this.ring.length === 0 && this.#sinceInterrupt === 0 && !this.#devices.inputInhibited;
  }

  /** The card writes the frame into a free descriptor, which the caller has made sure of, and asks for an interrupt. */
  accept(frame: Frame): void {
    this.ring.push(frame);
    if (this.#core.trace.active) {
      frame.cause = this.#core.trace.record(
        RX_RING,
        frame.packetId,
        frame.cause,
        this.#nic.index,
        this.ring.length,
        this.ring.size,
      );
    }
    const coalesce = this.#nic.coalesce;
    if (coalesce.rxNs === 0 || ++this.#sinceInterrupt >= coalesce.rxFrames) this.#interrupt();
    else if (this.#event === NO_EVENT) {
      this.#event = this.#core.engine.after(coalesce.rxNs, rankOf(PHASES.irq, this.#core.lane), this, 0);
    }
  }

  onEvent(_code: number, _subject: unknown): void {
    this.#event = NO_EVENT;
    if (this.#core.alive && this.ring.length > 0) this.#interrupt();
  }

  #interrupt(): void {
    this.#sinceInterrupt = 0;
    if (this.#event !== NO_EVENT) {
      this.#core.engine.cancel(this.#event);
      this.#event = NO_EVENT;
    }
    // While input is inhibited the ring fills in silence; the driver asks for the interrupt when it may take packets.
    if (!this.#devices.inputInhibited) this.#nic.driver.request();
  }

  /** Takes the oldest frame out of the ring, for the driver; null when the card's VLAN filter refused it. */
  takePacket(): SkBuff | null {
    const frame = this.ring.shift();
    const nic = this.#nic;
    nic.stats.rxPackets++;
    nic.stats.rxBytes += frame.length;
    const summed = this.#checksumState(frame);
    const skb = this.#toSkb(frame);
    skb.ipSummed = summed;
    skb.deviceIndex = nic.index;
    skb.timestamp = this.#core.engine.now;
    if (nic.portVlan !== null && !this.#stripTag(skb, nic.portVlan)) return null;
    return skb;
  }

  /** Hands a packet up, through GRO when that is on and could do something with it. */
  deliver(skb: SkBuff): void {
    if (this.#nic.offload.gro && isTcp(skb)) this.gro.receive(skb);
    else this.#devices.receive(skb, this.#nic);
  }

  /** What the card says about the transport checksum. An open one is right by construction, as with virtio. */
  #checksumState(frame: Frame): number {
    if (!this.#nic.offload.rxChecksum) {
      if (frame.checksumStart !== CHECKSUM_DONE) this.#nic.finishShared(frame);
      return CHECKSUM_NONE;
    }
    if (frame.checksumStart !== CHECKSUM_DONE) return CHECKSUM_PARTIAL;
    if (frame.checksumGood) return CHECKSUM_UNNECESSARY;
    return transportChecksumGood(frame.bytes, frame.start, frame.length) ? CHECKSUM_UNNECESSARY : CHECKSUM_NONE;
  }

  /** DMA: the sk_buff takes over the frame's memory when nobody else has it, else a copy of the bytes. */
  #toSkb(frame: Frame): SkBuff {
    const skbs = this.#core.skbs;
    const frames = this.#core.frames;
    const { start, length, packetId, cause, checksumStart, checksumOffset } = frame;
    let skb: SkBuff;
    if (frame.block !== null && frame.block.references === 1) {
      const block = frames.takeBlock(frame);
      skb = skbs.adopt(block, block.start, block.end);
      skb.data = start;
    } else {
      const block = skbs.blocks.acquire(HEADROOM_BYTES + length);
      const at = block.start + HEADROOM_BYTES;
      copyBytes(frame.bytes, start, block.bytes, at, length);
      frames.release(frame);
      skb = skbs.adopt(block, block.start, block.end);
      skb.data = at;
    }
    skb.tail = skb.data + length;
    skb.packetId = packetId;
    skb.cause = cause;
    skb.checksumStart = skb.data + checksumStart;
    skb.checksumOffset = checksumOffset;
    skb.checksumPaid = true;
    return skb;
  }

  /** rx-vlan-offload and rx-vlan-filter of a port that belongs to one VLAN. @returns false when the packet died. */
  #stripTag(skb: SkBuff, id: number): boolean {
    const at = skb.data;
    const isTagged =
      skb.headLength >= ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES && u16(skb.bytes, at + ETHERNET.type) === ETHERTYPE_VLAN;
    if (!isTagged || (u16(skb.bytes, at + ETHERNET_HEADER_BYTES) & VLAN_ID_MASK) !== id) {
      this.#nic.stats.rxDropped++;
      this.#core.drop(skb, "VLAN_FILTER");
      return false;
    }
    removeVlanTag(this.#core, skb);
    return true;
  }

  /** Frames in the ring and packets that GRO holds. */
  queuedPackets(): number {
    return this.ring.length + this.gro.held;
  }

  /** Every frame in the ring dies. */
  clear(reason: "NODE_DOWN" | "DEV_READY"): void {
    this.gro.drop(reason);
    while (this.ring.length > 0) this.#nic.dropFrame(this.ring.shift(), reason);
    this.#sinceInterrupt = 0;
    if (this.#event !== NO_EVENT) this.#core.engine.cancel(this.#event);
    this.#event = NO_EVENT;
  }

  /** A new ring of that size (ethtool -G): what was in the old one is lost. */
  resize(size: number): void {
    this.clear("DEV_READY");
    this.ring = new RxRing(size);
  }
}

/** Whether it is IPv4 TCP without options or tags: all that GRO merges. */
function isTcp(skb: SkBuff): boolean {
  const bytes = skb.bytes;
  const at = skb.data;
  if (skb.headLength < ETHERNET_HEADER_BYTES + IPV4.options) return false;
  if (u8(bytes, at + ETHERNET_HEADER_BYTES + IPV4.protocol) !== IPPROTO_TCP) return false;
  return u16(bytes, at + ETHERNET.type) === ETHERTYPE_IPV4;
}
