/**
 * A station's access to a shared medium: the MAC of IEEE 802.3, clause 4, half duplex. Deference and interframe gap,
 * collision detection and jam, truncated binary exponential backoff, and giving up after 16 attempts. The host's NIC or
 * the switch port attached here hands over frames and is told when each has gone (`frameSent`).
 *
 * Carrier is what reaches this station's place on the medium: a signal that started elsewhere is not heard until it has
 * travelled here, which is why there are collisions at all. Signals of the same instant count as not heard yet.
 *
 * Left out: bursting and carrier extension (1 Gbit/s half duplex, which nobody built), SQE test, and capture of the
 * bytes of a fragment.
 */
import { assert, present } from "../base/assert.ts";
import { Ring } from "../base/ring.ts";
import { SECOND, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import { KIND } from "../contract/trace-event.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../engine/event-queue.ts";
import type { Random } from "../base/random.ts";
import { ETHERNET_HEADER_BYTES } from "../wire/ethernet.ts";
import {
  FCS_BYTES,
  FRAME_BYTES_MIN,
  PREAMBLE_BYTES,
  SENT_LATER,
  type Frame,
  type FrameSink,
  type TransmitPort,
} from "../wire/frame.ts";
import { VLAN_TAG_BYTES } from "../wire/vlan.ts";
import type { FabricContext } from "./context.ts";
import {
  ATTEMPTS_MAX,
  BACKOFF_EXPONENT_MAX,
  GAP_BITS,
  GAP_DEAF_BITS,
  HUB_MTU_BYTES,
  JAM_BITS,
  PREAMBLE_BITS,
  SLOT_BITS,
  type Medium,
  type Signal,
  type Station,
} from "./csma-cd.ts";
import { FabricPlace } from "./place.ts";
import { isTagged } from "./port-vlans.ts";

/** Names after RFC 2665 (dot3Stats) and RFC 2819 (etherStats). */
export interface HubPortCounters {
  readonly name: string;
  readonly carrier: boolean;
  readonly framesIn: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  /** Frames whose first attempt waited for the medium. */
  readonly deferredTransmissions: number;
  /** Frames that got through after one collision, and after more. */
  readonly singleCollisionFrames: number;
  readonly multipleCollisionFrames: number;
  /** Attempts that collided. */
  readonly collisions: number;
  readonly lateCollisions: number;
  readonly excessiveCollisions: number;
  readonly backoffs: number;
  /** Remains of collisions between others, heard here. */
  readonly fragments: number;
  readonly queueFrames: number;
  readonly drops: readonly (readonly [reason: DropReason, count: number])[];
}

export interface HubPortOptions {
  readonly index: number;
  readonly name: string;
  readonly hubName: string;
  readonly queueFramesMax: number;
}

/** `deferring`: the medium is busy, or the gap behind the last signal not yet over. */
type MacState = "idle" | "deferring" | "sending" | "jamming" | "backing-off";

const GAP_OVER = 0;
const FRAME_OVER = 1;
const JAM_OVER = 2;
const BACKOFF_OVER = 3;

export class HubPort implements TransmitPort, Station, EventHandler {
  readonly name: string;
  carrier = true;
  readonly #medium: Medium;
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #place: FabricPlace;
  readonly #queueFramesMax: number;
  readonly #slotNs: Nanoseconds;
  readonly #gapNs: Nanoseconds;
  readonly #deafNs: Nanoseconds;
  readonly #jamNs: Nanoseconds;
  readonly #preambleNs: Nanoseconds;
  #sink: FrameSink | null = null;

  /** The first is the one being sent. */
  readonly #queue = new Ring<Frame>();
  #state: MacState = "idle";
  #attempts = 0;
  /** This attempt collided after the slot time. */
  #late = false;
  #deferred = false;
  #signal: Signal | null = null;
  #event: EventId = NO_EVENT;

  /** Signals of others at this place, and since when there is at least one. */
  #heard = 0;
  #heardSince = 0;
  /** When the medium fell silent here, own signal included; the gap counts from then. */
  #quietSince = -Infinity;
  #receiving: Signal | null = null;
  #damaged = false;

  #framesIn = 0;
  #framesSent = 0;
  #framesReceived = 0;
  #deferredTransmissions = 0;
  #singleCollisionFrames = 0;
  #multipleCollisionFrames = 0;
  #collisions = 0;
  #lateCollisions = 0;
  #excessiveCollisions = 0;
  #backoffs = 0;
  #fragments = 0;

  constructor(context: FabricContext, medium: Medium, options: HubPortOptions) {
    const location = `${options.hubName}:${options.name}`;
    this.name = options.name;
    this.#medium = medium;
    this.#engine = context.engine;
    this.#random = context.engine.streams.get(`hub:${location}/backoff`);
    this.#place = new FabricPlace(context, options.index, options.hubName, location);
    this.#queueFramesMax = options.queueFramesMax;
    this.#slotNs = bitsNs(SLOT_BITS, medium);
    this.#gapNs = bitsNs(GAP_BITS, medium);
    this.#deafNs = bitsNs(GAP_DEAF_BITS, medium);
    this.#jamNs = bitsNs(JAM_BITS, medium);
    this.#preambleNs = bitsNs(PREAMBLE_BITS, medium);
  }

  get rateBitsPerSecond(): number {
    return this.#medium.rateBitsPerSecond;
  }

  attach(sink: FrameSink): void {
    this.#sink = sink;
  }

  /** @returns `SENT_LATER`, or the present instant when the frame was dropped on the spot. */
  transmit(frame: Frame): VirtualTime | typeof SENT_LATER {
    this.#framesIn++;
    const reason = this.#refusal(frame);
    if (reason !== null) {
      this.#place.drop(frame, reason);
      return this.#engine.now;
    }
    this.#queue.push(frame);
    this.#place.record(KIND["link:transmit"], frame, 0, frame.length);
    if (this.#state === "idle") this.#request();
    return SENT_LATER;
  }

  /** Passes a received frame to whoever is attached. */
  hand(frame: Frame): boolean {
    if (this.#sink === null) return false;
    this.#framesReceived++;
    this.#engine.cause = frame.cause;
    this.#sink.receiveFrame(frame);
    return true;
  }

  onEvent(code: number): void {
    this.#event = NO_EVENT;
    if (code === GAP_OVER) this.#start();
    else if (code === FRAME_OVER) this.#frameOver();
    else if (code === JAM_OVER) this.#jamOver();
    else this.#request();
  }

  signalOn(signal: Signal): void {
    const now = this.#engine.now;
    this.#heard++;
    if (this.#heard > 1 || this.#state === "sending" || this.#state === "jamming") this.#damaged = true;
    if (this.#heard === 1) {
      this.#heardSince = now;
      this.#damaged = this.#state === "sending" || this.#state === "jamming";
      this.#receiving = signal;
      // The gap starts anew when this signal ends, unless it is as good as over.
      if (this.#state === "deferring" && now < this.#gapEnd() - this.#deafNs) this.#disarm();
    }
    if (this.#state === "sending") this.#collide();
  }

  signalOff(signal: Signal): boolean {
    assert(this.#heard > 0, "a signal that ends was heard");
    const good = signal === this.#receiving && !this.#damaged && signal.whole;
    if (signal === this.#receiving) this.#receiving = null;
    this.#heard--;
    if (this.#heard === 0) {
      if (this.#damaged || !signal.whole) this.#fragments++;
      this.#quietSince = this.#engine.now;
      if (this.#state === "deferring" && this.#event === NO_EVENT) this.#arm(GAP_OVER, this.#gapEnd());
    }
    return good;
  }

  /** Carrier as the hub's power and this station's cable make it. Without it, everything waiting here is lost. */
  setCarrier(up: boolean, signalsHere: number): void {
    if (up === this.carrier) return;
    this.carrier = up;
    this.#heard = up ? signalsHere : 0;
    this.#heardSince = this.#engine.now;
    this.#damaged = true; // the beginning of what is heard now was missed
    this.#receiving = null;
    this.#quietSince = this.#engine.now;
    if (up) this.#sink?.carrierChanged(true);
    else this.#reset();
  }

  counters(): HubPortCounters {
    return {
      name: this.name,
      carrier: this.carrier,
      framesIn: this.#framesIn,
      framesSent: this.#framesSent,
      framesReceived: this.#framesReceived,
      deferredTransmissions: this.#deferredTransmissions,
      singleCollisionFrames: this.#singleCollisionFrames,
      multipleCollisionFrames: this.#multipleCollisionFrames,
      collisions: this.#collisions,
      lateCollisions: this.#lateCollisions,
      excessiveCollisions: this.#excessiveCollisions,
      backoffs: this.#backoffs,
      fragments: this.#fragments,
      queueFrames: this.#queue.length,
      drops: this.#place.drops.entries(),
    };
  }

  /** @throws AssertionError when a frame was lost without a reason, or would wait for ever. */
  checkInvariants(): void {
    const fates = this.#framesSent + this.#place.drops.total + this.#queue.length;
    assert(this.#framesIn === fates, "every frame is sent, dropped or queued");
    assert((this.#state === "idle") === (this.#queue.length === 0), "the MAC works while there are frames");
    const wakes = this.#event !== NO_EVENT || (this.#state === "deferring" && this.#heard > 0);
    assert(this.#state === "idle" || wakes, "a frame that waits will be sent");
    assert((this.#signal !== null) === (this.#state === "sending" || this.#state === "jamming"), "one signal at most");
  }

  #refusal(frame: Frame): DropReason | null {
    if (!this.carrier) return "LINK_DOWN";
    const tagBytes = isTagged(frame) ? VLAN_TAG_BYTES : 0;
    if (frame.length > HUB_MTU_BYTES + ETHERNET_HEADER_BYTES + tagBytes) return "LINK_MTU";
    return this.#queue.length >= this.#queueFramesMax ? "LINK_QUEUE_FULL" : null;
  }

  #gapEnd(): number {
    return this.#quietSince + this.#gapNs;
  }

  #arm(code: number, at: number): void {
    assert(this.#event === NO_EVENT, "a station waits for one thing");
    this.#event = this.#engine.at(at as VirtualTime, this.#medium.rank, this, code);
  }

  #disarm(): void {
    this.#engine.cancel(this.#event);
    this.#event = NO_EVENT;
  }

  /** Sends as soon as the medium has been silent for a gap. */
  #request(): void {
    const now = this.#engine.now;
    const gapEnd = this.#gapEnd();
    const unheard = this.#heard === 0 || this.#heardSince === now;
    if (gapEnd <= now && unheard) {
      this.#start();
      return;
    }
    this.#state = "deferring";
    if (!unheard && this.#attempts === 0 && !this.#deferred) {
      this.#deferred = true;
      this.#deferredTransmissions++;
    }
    if (this.#heard === 0 || (now >= gapEnd - this.#deafNs && now < gapEnd)) this.#arm(GAP_OVER, gapEnd);
  }

  #start(): void {
    const frame = this.#queue.at(0);
    this.#state = "sending";
    this.#late = false;
    if (this.#receiving !== null) this.#damaged = true;
    const bits = (PREAMBLE_BYTES + Math.max(frame.length, FRAME_BYTES_MIN) + FCS_BYTES) * 8;
    this.#arm(FRAME_OVER, this.#engine.now + bitsNs(bits, this.#medium));
    this.#signal = this.#medium.begin(this);
    // Others may be heard already: they started in the deaf part of the gap, or in this very instant.
    if (this.#heard > 0) this.#collide();
  }

  /** The preamble is completed, then the jam makes sure that everyone notices (4.2.3.2.4). */
  #collide(): void {
    if (this.#state !== "sending") return;
    const now = this.#engine.now;
    const startedAt = this.#signal?.startedAt ?? now;
    this.#disarm();
    this.#state = "jamming";
    this.#collisions++;
    this.#late = now - startedAt > this.#slotNs;
    if (this.#late) this.#lateCollisions++;
    this.#medium.collided();
    this.#arm(JAM_OVER, Math.max(now, startedAt + this.#preambleNs) + this.#jamNs);
  }

  #takeSignal(): Signal {
    const signal = present(this.#signal, "the signal of a sending station");
    this.#signal = null;
    this.#quietSince = this.#engine.now;
    return signal;
  }

  #takeFrame(): Frame {
    this.#attempts = 0;
    this.#deferred = false;
    return present(this.#queue.shift(), "the frame being sent");
  }

  /**
   * The station is ready for what comes before the others hear of it: with no propagation they answer from in there.
   */
  #frameOver(): void {
    const signal = this.#takeSignal();
    this.#framesSent++;
    if (this.#attempts === 1) this.#singleCollisionFrames++;
    if (this.#attempts > 1) this.#multipleCollisionFrames++;
    const frame = this.#takeFrame();
    this.#next();
    this.#medium.end(signal, frame);
    this.#sink?.frameSent(true);
  }

  #jamOver(): void {
    const signal = this.#takeSignal();
    this.#attempts++;
    const excessive = this.#attempts >= ATTEMPTS_MAX;
    if (excessive && !this.#late) this.#excessiveCollisions++;
    if (this.#late || excessive) {
      this.#place.drop(this.#takeFrame(), this.#late ? "LATE_COLLISION" : "EXCESSIVE_COLLISIONS");
      this.#next();
      this.#medium.end(signal, null);
      this.#sink?.frameSent(false);
      return;
    }
    this.#backOff();
    this.#medium.end(signal, null);
  }

  #backOff(): void {
    const slots = this.#random.below(2 ** Math.min(this.#attempts, BACKOFF_EXPONENT_MAX));
    this.#backoffs++;
    this.#place.record(KIND["hub:backoff"], this.#queue.at(0), this.#attempts, slots);
    this.#state = "backing-off";
    if (slots === 0) this.#request();
    else this.#arm(BACKOFF_OVER, this.#engine.now + slots * this.#slotNs);
  }

  #next(): void {
    if (this.#queue.length > 0) this.#request();
    else this.#state = "idle";
  }

  /** Carrier is gone: the MAC starts afresh. */
  #reset(): void {
    this.#disarm();
    this.#state = "idle";
    this.#attempts = 0;
    this.#deferred = false;
    const signal = this.#signal;
    this.#signal = null;
    if (signal !== null) this.#medium.end(signal, null);
    let lost = 0;
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift(), lost++) {
      this.#place.drop(frame, "LINK_DOWN");
    }
    this.#sink?.carrierChanged(false);
    for (; lost > 0; lost--) this.#sink?.frameSent(false);
  }
}

/** Time of so many bits, in ns. */
export function bitsNs(bits: number, medium: { readonly rateBitsPerSecond: number }): Nanoseconds {
  return Math.ceil((bits * SECOND) / medium.rateBitsPerSecond);
}
