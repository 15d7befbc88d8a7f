/**
 * One end of a cable and the direction that leads away from it: a transmitter with a short queue, then a pipe of
 * `delayNs`. After IEEE 802.3: preamble, frame padded to 60 bytes, FCS and an inter-packet gap occupy the wire; a frame
 * has arrived with its last bit, and the transmitter is free one gap later. A delay fills the pipe and never the
 * transmitter, so it costs no throughput.
 *
 * Frames in order share one armed event, that of the oldest; only frames that others may pass get events of their own.
 * This is the hottest code of the fabric: with no impairment, rule or trace a frame takes the short way of `transmit`.
 *
 * Left out: auto-negotiation, pause frames, and any part of a frame before its last bit (no cut-through).
 */
import { assert } from "../base/assert.ts";
import { u16 } from "../base/bytes.ts";
import { Ring } from "../base/ring.ts";
import { SECOND, TIME_ZERO, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import { KIND } from "../contract/trace-event.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../engine/event-queue.ts";
import { PHASES, rankOf, type Lane, type Rank } from "../engine/rank.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_VLAN } from "../wire/ethernet.ts";
import {
  FCS_BYTES,
  FRAME_BYTES_MIN,
  GAP_BYTES,
  PREAMBLE_BYTES,
  type Frame,
  type FramePool,
  type FrameSink,
  type TransmitPort,
} from "../wire/frame.ts";
import { VLAN_TAG_BYTES } from "../wire/vlan.ts";
import type { CableDelays } from "./cable-delays.ts";
import type { FabricContext } from "./context.ts";
import { coveredBits, invertBit, ownBytes } from "./damage.ts";
import { VERDICT, type FaultPoint, type FaultRules } from "./fault-rules.ts";
import { Impairer } from "./impairer.ts";
import { assertSettings, isUnimpaired, type ImpairmentSettings } from "./impairment.ts";
import { FramePipe, PIPE_NUMBERS } from "./frame-pipe.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";
import { LooseFrames } from "./loose-frames.ts";
import { FabricPlace } from "./place.ts";

/** Numbers of a direction in its row, behind those of its pipe. */
const ARMED = PIPE_NUMBERS;
const BUSY_UNTIL = PIPE_NUMBERS + 1;
/** Durations of a frame of `#timedLength` bytes: until its last bit, and until the next frame may start. */
const BODY_NS = PIPE_NUMBERS + 2;
const SLOT_NS = PIPE_NUMBERS + 3;
const DELAY_NS = PIPE_NUMBERS + 4;

/** Event code: the oldest frame of the pipe arrives. Those from 1 on are of loose frames. */
const OLDEST_ARRIVES = 0;

/** What a direction did so far. framesIn + framesDuplicated = framesDelivered + framesDropped + framesInFlight. */
export interface DirectionCounters {
  readonly name: string;
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesDelivered: number;
  readonly bytesDelivered: number;
  readonly framesDuplicated: number;
  readonly framesDropped: number;
  /** Waiting for the wire or on it. */
  readonly framesInFlight: number;
  readonly drops: readonly (readonly [reason: DropReason, count: number])[];
}

export interface CableEndOptions {
  readonly cableId: number;
  readonly cableName: string;
  /** 0 leads from `ends[0]` to `ends[1]`, 1 back. */
  readonly direction: 0 | 1;
  readonly settings: ImpairmentSettings;
  /** Lane of the machine or switch that it leads away from. */
  readonly sender?: Lane | undefined;
  /** Lane of the machine or switch that it leads to; unknown, what arrives is nobody else's. */
  readonly receiver?: Lane | undefined;
  /** Where rules see a frame as it enters this direction and as it leaves it. */
  readonly entry: FaultPoint;
  readonly exit: FaultPoint;
}

export class CableEnd extends FramePipe implements TransmitPort, EventHandler {
  // A frame's way through, first what its arrival touches, then what its sending does: fields lie in memory in the
  // order of their declaration (the pipe's come before), and every cache line is a miss when there are thousands of
  // cables.
  readonly #engine: Engine;
  readonly #rank: Rank;
  readonly #trace: TraceRecorder;
  readonly #faults: FaultRules;
  #receiver: FrameSink | null = null;
  #framesDelivered = 0;
  #bytesDelivered = 0;

  /** Up, whole, and nothing but rate, delay, MTU and queue limit to obey. */
  #plain = false;
  #framesIn = 0;
  #bytesIn = 0;
  /** Longest frame that needs no second look. */
  #lengthMax = 0;
  // Of the settings, which are an object of their own.
  #queueFramesMax = 0;
  #rateBitsPerSecond = 0;
  /** Length of the frame that was timed last. */
  #timedLength = -1;
  /** What this end sees. Set by the cable. */
  carrier = false;
  /** Whether the wire that leads away from here is whole: a cut one way is seen by neither end. Set by the cable. */
  #whole = true;
  #settings: ImpairmentSettings;
  /** Starts of the frames that wait for the transmitter, or had to. */
  readonly #starts = new Ring<VirtualTime>();

  /** `h1-s1/forward`: also the key of its drop counters and random streams. */
  readonly name: string;
  readonly #direction: 0 | 1;
  readonly #frames: FramePool;
  readonly #delays: CableDelays;
  readonly #entry: FaultPoint;
  readonly #exit: FaultPoint;
  readonly #impairer: Impairer;
  readonly #place: FabricPlace;
  #peer: CableEnd | null = null;
  #sink: FrameSink | null = null;
  #loose: LooseFrames | null = null;
  #framesDuplicated = 0;

  constructor(context: FabricContext, options: CableEndOptions) {
    super(context.numbers);
    assertSettings(options.settings);
    this.name = `${options.cableName}/${options.direction === 0 ? "forward" : "backward"}`;
    this.#direction = options.direction;
    this.numbers.values[this.row + ARMED] = NO_EVENT;
    this.#engine = context.engine;
    const lane = context.engine.addLane(options.receiver);
    this.#rank = rankOf(PHASES.wire, lane);
    context.delays.add(this, context.engine.sideOf(options.sender ?? lane), context.engine.sideOf(lane));
    this.#delays = context.delays;
    this.#frames = context.frames;
    this.#trace = context.trace;
    this.#faults = context.faults;
    this.#entry = options.entry;
    this.#exit = options.exit;
    this.#settings = options.settings;
    this.#impairer = new Impairer(context.engine.streams, this.name, options.settings);
    this.#place = new FabricPlace(context, options.cableId, options.cableName, this.name);
    this.#precompute();
  }

  /** Makes two ends the ends of one cable. */
  static join(a: CableEnd, b: CableEnd): void {
    assert(a.#peer === null && b.#peer === null, "an end belongs to one cable");
    a.#peer = b;
    b.#peer = a;
  }

  get rateBitsPerSecond(): number {
    return this.#rateBitsPerSecond;
  }

  get settings(): ImpairmentSettings {
    return this.#settings;
  }

  /** What a frame needs at least to the far end, whatever its length, ns. */
  get delayNsMin(): Nanoseconds {
    const { delayNs, jitter, reorder } = this.#settings;
    return jitter === null && reorder === null ? delayNs : 0;
  }

  /** Holds for frames transmitted from now on; those in flight keep what they were sent under. */
  configure(settings: ImpairmentSettings): void {
    assertSettings(settings);
    this.#settings = settings;
    this.#impairer.configure(settings);
    this.#delays.changed();
    this.#precompute();
  }

  attach(sink: FrameSink): void {
    assert(this.#peer !== null, "an end is attached after its cable was made");
    this.#sink = sink;
    this.#peer.#receiver = sink;
  }

  /**
   * For the cable: whether this end sees a carrier, and whether its outgoing wire is whole. Drops what was on its way.
   */
  setState(carrier: boolean, whole: boolean): void {
    const passed = this.carrier && this.#whole;
    this.carrier = carrier;
    this.#whole = whole;
    this.#precompute();
    if (passed && !(carrier && whole)) this.#dropAll();
  }

  tellSink(): void {
    this.#sink?.carrierChanged(this.carrier);
  }

  transmit(frame: Frame): VirtualTime {
    const now = this.#engine.now;
    this.#framesIn++;
    this.#bytesIn += frame.length;
    if (!this.#plain || this.#trace.active || this.#faults.active) return this.#transmitWatched(frame, now);
    const start = this.#admit(frame, now);
    if (start < 0) return now;
    const { values } = this.numbers;
    const row = this.row;
    const body = values[row + BODY_NS] as number;
    this.#enqueue(frame, (start + body + (values[row + DELAY_NS] as number)) as VirtualTime);
    return values[row + BUSY_UNTIL] as VirtualTime;
  }

  onEvent(): void {
    this.#deliverOldest();
  }

  get inFlight(): number {
    return this.count + (this.#loose?.count ?? 0);
  }

  counters(): DirectionCounters {
    return {
      name: this.name,
      framesIn: this.#framesIn,
      bytesIn: this.#bytesIn,
      framesDelivered: this.#framesDelivered,
      bytesDelivered: this.#bytesDelivered,
      framesDuplicated: this.#framesDuplicated,
      framesDropped: this.#place.drops.total,
      framesInFlight: this.inFlight,
      drops: this.#place.drops.entries(),
    };
  }

  /** @throws AssertionError when a frame was lost without a reason, or made out of nothing. */
  checkInvariants(): void {
    const fates = this.#framesDelivered + this.#place.drops.total + this.inFlight;
    assert(this.#framesIn + this.#framesDuplicated === fates, "every frame is delivered, dropped or in flight");
    assert(this.count === 0 || this.numbers.values[this.row + ARMED] !== NO_EVENT, "a frame in the pipe will arrive");
    this.checkPipe();
  }

  #precompute(): void {
    const { delayNs, mtuBytes, queueFramesMax, rateBitsPerSecond } = this.#settings;
    this.#plain = this.carrier && this.#whole && isUnimpaired(this.#settings);
    this.#lengthMax = mtuBytes + ETHERNET_HEADER_BYTES;
    // No limit is Infinity, which V8 would put into a box.
    this.#queueFramesMax = Math.min(queueFramesMax, IN_FLIGHT_FRAMES_MAX);
    this.#rateBitsPerSecond = rateBitsPerSecond;
    this.numbers.values[this.row + DELAY_NS] = delayNs;
    this.#timedLength = -1;
  }

  /** Reserves the wire. @returns when the frame starts, or -1 when it was dropped instead. */
  #admit(frame: Frame, now: VirtualTime): number {
    const length = frame.length;
    if (length > this.#lengthMax && this.#isTooLong(frame)) {
      this.#place.drop(frame, "LINK_MTU");
      return -1;
    }
    const { values } = this.numbers;
    const row = this.row;
    let start: number = now;
    if ((values[row + BUSY_UNTIL] as number) > now) {
      start = values[row + BUSY_UNTIL] as number;
      if (this.#waiting(now) >= this.#queueFramesMax) {
        this.#place.drop(frame, "LINK_QUEUE_FULL");
        return -1;
      }
      this.#starts.push(start as VirtualTime);
    }
    if (length !== this.#timedLength) this.#time(length);
    values[row + BUSY_UNTIL] = start + (values[row + SLOT_NS] as number);
    return start;
  }

  /** The tag of 802.1Q comes on top of the largest frame (IEEE 802.3, 3.2.7). */
  #isTooLong(frame: Frame): boolean {
    const tagged =
      frame.length >= ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES &&
      u16(frame.bytes, frame.start + ETHERNET.type) === ETHERTYPE_VLAN;
    return frame.length > this.#lengthMax + (tagged ? VLAN_TAG_BYTES : 0);
  }

  /** Frames that have been accepted and not started. */
  #waiting(now: VirtualTime): number {
    const starts = this.#starts;
    while (starts.length > 0 && starts.at(0) <= now) starts.shift();
    return starts.length;
  }

  /** Rounds up to whole ns. Exact: bits * 1e9 stays below 2^53 for every frame. */
  #time(length: number): void {
    const rate = this.#rateBitsPerSecond;
    const bodyBits = (PREAMBLE_BYTES + Math.max(length, FRAME_BYTES_MIN) + FCS_BYTES) * 8;
    const { values } = this.numbers;
    values[this.row + BODY_NS] = rate === 0 ? 0 : Math.ceil((bodyBits * SECOND) / rate);
    values[this.row + SLOT_NS] = rate === 0 ? 0 : Math.ceil(((bodyBits + GAP_BYTES * 8) * SECOND) / rate);
    this.#timedLength = length;
  }

  /** The long way: carrier, fault rules, trace, impairments, in this order. */
  #transmitWatched(given: Frame, now: VirtualTime): VirtualTime {
    let frame = given;
    if (!this.carrier) {
      this.#place.drop(frame, "LINK_DOWN");
      return now;
    }
    const verdict = this.#faults.judge(this.#entry, frame);
    const lateNs = verdict === VERDICT.delay ? this.#faults.delayNs : 0;
    if (verdict === VERDICT.drop) {
      this.#place.drop(frame, "FAULT_RULE");
      return now;
    }
    const start = this.#admit(frame, now);
    if (start < 0) return now;
    const free = this.numbers.values[this.row + BUSY_UNTIL] as VirtualTime;
    this.#place.record(KIND["link:transmit"], frame, this.#direction, frame.length);
    if (start > now) this.#place.record(KIND["link:queue"], frame, this.#direction, this.#starts.length);
    // What happens on the wire takes the transmitter's time all the same.
    if (!this.#whole || this.#impairer.loses()) {
      this.#place.drop(frame, this.#whole ? "LINK_LOSS" : "LINK_DOWN");
      return free;
    }
    frame = this.#damaged(frame, verdict === VERDICT.corrupt);
    const twin = verdict === VERDICT.duplicate || this.#impairer.duplicates() ? this.#duplicate(frame) : null;
    this.#launch(frame, start, lateNs);
    if (twin !== null) this.#launch(twin, start, lateNs);
    return free;
  }

  #duplicate(frame: Frame): Frame {
    this.#framesDuplicated++;
    return this.#frames.share(frame);
  }

  /** Bit errors of the link, and one more when a rule or `corrupt` says so. */
  #damaged(given: Frame, byRule: boolean): Frame {
    const impairer = this.#impairer;
    const bits = coveredBits(given);
    let frame = given;
    for (let bad = impairer.nextBadBit(0, bits); bad >= 0; bad = impairer.nextBadBit(bad + 1, bits)) {
      if (frame.fcsGood) frame = ownBytes(this.#frames, frame);
      invertBit(frame, bad);
    }
    if (!byRule && !impairer.corrupts()) return frame;
    frame = ownBytes(this.#frames, frame);
    invertBit(frame, impairer.pickBit(bits));
    return frame;
  }

  /** Sends a frame down the pipe, or past it when order is not to be kept. */
  #launch(frame: Frame, start: number, lateNs: Nanoseconds): void {
    const { reorder, delayNs } = this.#settings;
    const lastBit = start + (this.numbers.values[this.row + BODY_NS] as number);
    if (this.#impairer.overtakes()) {
      this.#setLoose(frame, lastBit + Math.max(0, delayNs - (reorder?.earlyByNs ?? 0)) + lateNs, false);
      return;
    }
    const arrival = lastBit + this.#impairer.delayNs() + lateNs;
    if (lateNs > 0 || reorder !== null) this.#setLoose(frame, arrival, false);
    else this.#enqueue(frame, arrival as VirtualTime);
  }

  #enqueue(frame: Frame, arrival: VirtualTime): void {
    if (!this.push(frame, arrival, this.#engine.now)) {
      this.#place.drop(frame, "LINK_QUEUE_FULL");
      return;
    }
    if (this.numbers.values[this.row + ARMED] === NO_EVENT) this.#arm();
  }

  #arm(): void {
    const event = this.#engine.at(this.nextArrival, this.#rank, this, OLDEST_ARRIVES);
    this.numbers.values[this.row + ARMED] = event;
  }

  #deliverOldest(): void {
    const frame = this.shift();
    // Armed before the sink runs, so that whatever the sink does finds the pipe in order.
    if (this.count > 0) this.#arm();
    else this.numbers.values[this.row + ARMED] = NO_EVENT;
    this.#deliver(frame, false);
  }

  /** @param judged the rules at the far edge have delayed it there and will not be asked again. */
  #setLoose(frame: Frame, arrival: number, judged: boolean): void {
    this.#loose ??= new LooseFrames(this.#engine, this.#rank, (come, wasJudged) => this.#deliver(come, wasJudged));
    if (!this.#loose.add(frame, arrival, judged)) this.#place.drop(frame, "LINK_QUEUE_FULL");
  }

  #deliver(frame: Frame, judged: boolean): void {
    if (this.#trace.active || this.#faults.active) this.#deliverWatched(frame, judged);
    else this.#hand(frame);
  }

  #deliverWatched(given: Frame, judged: boolean): void {
    let frame = given;
    const verdict = judged ? VERDICT.pass : this.#faults.judge(this.#exit, frame);
    if (verdict === VERDICT.drop) {
      this.#place.drop(frame, "FAULT_RULE");
      return;
    }
    if (verdict === VERDICT.delay) {
      this.#setLoose(frame, this.#engine.now + this.#faults.delayNs, true);
      return;
    }
    if (verdict === VERDICT.corrupt) {
      frame = ownBytes(this.#frames, frame);
      invertBit(frame, this.#impairer.pickBit(coveredBits(frame)));
    }
    this.#place.record(KIND["link:arrive"], frame, this.#direction, frame.length);
    const twin = verdict === VERDICT.duplicate ? this.#duplicate(frame) : null;
    this.#hand(frame);
    if (twin !== null) this.#hand(twin);
  }

  #hand(frame: Frame): void {
    const receiver = this.#receiver;
    if (receiver === null) {
      this.#place.drop(frame, "LINK_DOWN");
      return;
    }
    this.#framesDelivered++;
    this.#bytesDelivered += frame.length;
    this.#engine.cause = frame.cause;
    receiver.receiveFrame(frame);
  }

  /** The wire was cut: what waits for it and what is on it is lost, and the transmitter stops. */
  #dropAll(): void {
    const { values } = this.numbers;
    this.#engine.cancel(values[this.row + ARMED] as EventId);
    values[this.row + ARMED] = NO_EVENT;
    while (this.count > 0) this.#place.drop(this.shift(), "LINK_DOWN");
    this.forgetOrder();
    this.#loose?.dropAll((frame) => this.#place.drop(frame, "LINK_DOWN"));
    this.#starts.clear();
    values[this.row + BUSY_UNTIL] = TIME_ZERO;
  }
}
