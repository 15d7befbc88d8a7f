/**
 * A learning switch: store and forward, as the transparent bridge of IEEE 802.1D. Learns where addresses are, forwards
 * to a known one, floods what is unknown, broadcast or multicast, and filters what is already on the right segment.
 * With port VLANs set it is a bridge of 802.1Q. Looks at nothing beyond the Ethernet header.
 *
 * Left out: the spanning tree protocol (a loop of switches storms, bounded by queues), IGMP snooping, priorities,
 * pause frames, cut-through. Group addresses reserved for neighbouring bridges are not forwarded (802.1D, table 7-10).
 */
import { assert } from "../base/assert.ts";
import { u16, u32 } from "../base/bytes.ts";
import { Ring } from "../base/ring.ts";
import { SECOND, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import { KIND } from "../contract/trace-event.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../engine/event-queue.ts";
import { PHASES, rankOf, type Lane, type Rank } from "../engine/rank.ts";
import { isGroupMacAt, readMac } from "../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES } from "../wire/ethernet.ts";
import type { Frame, TransmitPort } from "../wire/frame.ts";
import type { FabricContext } from "./context.ts";
import { coveredBits, invertBit, ownBytes } from "./damage.ts";
import { VERDICT } from "./fault-rules.ts";
import {
  PORTS_MAX,
  SWITCH_PAUSED_FRAMES_MAX,
  SWITCH_PENDING_FRAMES_MAX,
  SWITCH_QUEUE_FRAMES_DEFAULT,
  SWITCH_TABLE_DEFAULT,
} from "./limits.ts";
import { LEARNED, MacTable, NO_PORT, type MacEntry } from "./mac-table.ts";
import { FabricPlace } from "./place.ts";
import { NO_VLAN, VLAN_REFUSED, classify, dress, isMember, type PortVlans } from "./port-vlans.ts";
import { SwitchPort, type PortOwner, type SwitchPortCounters } from "./switch-port.ts";

export interface SwitchOptions {
  /** Number in the trace's `switch` field. */
  readonly id: number;
  /** Unique in the lab. */
  readonly name: string;
  /** A new one by default. */
  readonly lane?: Lane | undefined;
  /** One name per port. */
  readonly ports: readonly string[];
  /** How long an address is remembered; 300 s as in 802.1D and Linux's bridge. */
  readonly ageingNs?: Nanoseconds;
  readonly tableMax?: number;
  readonly queueFramesMax?: number;
  /** From the last bit in to the first bit out, when nothing waits. */
  readonly forwardDelayNs?: Nanoseconds;
}

export type NodeState = "on" | "off" | "paused";

const AGEING_NS_DEFAULT = 300 * SECOND;

/** Event codes: the oldest frame in `#pending` is due; or, from 1 on, a frame that a rule delayed at a port. */
const FORWARD_DUE = 0;
/** 1 + 2 * port, plus 1 on the way out. */
const DELAY_OVER = 1;

/** A frame inside, with the port it came in by. */
type HeldFrame = { readonly frame: Frame; readonly port: SwitchPort; readonly due: VirtualTime };
/** A frame that a rule delays, with the event that ends it. */
type DelayedFrame = { readonly port: SwitchPort; readonly vlan: number; readonly event: EventId };

export class Switch implements PortOwner, EventHandler {
  readonly name: string;
  readonly rank: Rank;
  readonly ports: readonly SwitchPort[];
  readonly #context: FabricContext;
  readonly #place: FabricPlace;
  readonly #table: MacTable;
  readonly #forwardDelayNs: Nanoseconds;
  readonly #pending = new Ring<HeldFrame>();
  readonly #held = new Ring<HeldFrame>();
  readonly #delayed = new Map<Frame, DelayedFrame>();
  #armed: EventId = NO_EVENT;
  #state: NodeState = "on";
  #vlanAware = false;
  /** Copies made by flooding and by rules. */
  #copies = 0;
  #tableFull = 0;

  constructor(context: FabricContext, options: SwitchOptions) {
    assert(options.ports.length <= PORTS_MAX, "a switch has a bounded number of ports");
    this.#context = context;
    this.name = options.name;
    this.rank = rankOf(PHASES.wire, options.lane ?? context.engine.addLane());
    this.#place = new FabricPlace(context, options.id, options.name);
    this.#forwardDelayNs = options.forwardDelayNs ?? 0;
    this.#table = new MacTable({
      clock: context.engine,
      entriesMax: options.tableMax ?? SWITCH_TABLE_DEFAULT,
      ageingNs: options.ageingNs ?? AGEING_NS_DEFAULT,
    });
    const queueFramesMax = options.queueFramesMax ?? SWITCH_QUEUE_FRAMES_DEFAULT;
    this.ports = options.ports.map(
      (name, index) =>
        new SwitchPort(context, this, { index, name, switchId: options.id, switchName: options.name, queueFramesMax }),
    );
  }

  get state(): NodeState {
    return this.#state;
  }

  /** Plugs a cable end or hub port into port `index`. */
  connect(index: number, out: TransmitPort): void {
    this.#port(index).connect(out);
  }

  /** Sets a port's VLANs. From the first call on the switch is VLAN-aware, and a port without VLANs passes nothing. */
  setVlans(index: number, vlans: PortVlans): void {
    this.#vlanAware = true;
    this.#port(index).vlans = vlans;
    this.#table.forgetPort(index);
  }

  /** The forwarding database, aged entries left out. */
  fdb(): MacEntry[] {
    return this.#table.entries();
  }

  /** New addresses that found the table full. */
  get tableFull(): number {
    return this.#tableFull;
  }

  counters(): SwitchPortCounters[] {
    return this.ports.map((port) => port.counters());
  }

  /** Power off: what is inside is lost. Take carrier from the cables as well: `Cable.setPower`. */
  crash(): void {
    this.#state = "off";
    for (const port of this.ports) port.dropQueue("NODE_DOWN");
    for (const ring of [this.#pending, this.#held]) {
      for (let held = ring.shift(); held !== undefined; held = ring.shift()) {
        held.port.place.drop(held.frame, "NODE_DOWN");
      }
    }
    for (const [frame, { port, event }] of this.#delayed) {
      this.#context.engine.cancel(event);
      port.place.drop(frame, "NODE_DOWN");
    }
    this.#delayed.clear();
    this.#context.engine.cancel(this.#armed);
    this.#armed = NO_EVENT;
    this.#table.clear();
  }

  /** Power on, with an empty table. Also restarts a switch that is on. */
  reboot(): void {
    if (this.#state !== "off") this.crash();
    this.#state = "on";
  }

  /** The switch stops looking at what comes in, and holds a bounded number of frames. Its queues go on draining. */
  pause(): void {
    if (this.#state === "on") this.#state = "paused";
  }

  /** What was held goes on its way now, in order. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "on";
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) {
      this.#enter(held.port, held.frame);
    }
  }

  frameArrived(port: SwitchPort, frame: Frame): void {
    if (this.#state === "off") port.place.drop(frame, "NODE_DOWN");
    else if (this.#state === "on") this.#enter(port, frame);
    else if (this.#held.length >= SWITCH_PAUSED_FRAMES_MAX) port.place.drop(frame, "NODE_PAUSED");
    else this.#held.push({ frame, port, due: this.#context.engine.now });
  }

  portWentDown(port: SwitchPort): void {
    if (this.#table.forgetPort(port.index) > 0) this.#place.record(KIND["switch:forget"], null, port.index, 0);
  }

  onEvent(code: number, subject: unknown): void {
    if (code === FORWARD_DUE) this.#forwardDue();
    else this.#delayOver(subject as Frame, (code - DELAY_OVER) % 2 === 1);
  }

  /** @throws AssertionError when a frame was lost without a reason, or made out of nothing. */
  checkInvariants(): void {
    let balance = this.#copies - this.#pending.length - this.#held.length - this.#delayed.size;
    for (const port of this.ports) {
      port.checkInvariants();
      balance += port.rxPackets - port.txPackets - port.queueFrames - port.place.drops.total;
    }
    assert(balance === 0, "every frame is forwarded, dropped, or inside");
    assert(this.#pending.length === 0 || this.#armed !== NO_EVENT, "a frame inside will be forwarded");
    this.#table.checkInvariants();
  }

  #port(index: number): SwitchPort {
    const port = this.ports[index];
    assert(port !== undefined, "the switch has that port");
    return port;
  }

  /** Fault rules, then the checks that the port's hardware makes. */
  #enter(port: SwitchPort, given: Frame): void {
    const faults = this.#context.faults;
    let frame = given;
    if (faults.active) {
      const verdict = faults.judge(port.entry, frame);
      if (verdict === VERDICT.drop) return port.place.drop(frame, "FAULT_RULE");
      if (verdict === VERDICT.delay) return this.#delay(port, frame, NO_VLAN, DELAY_OVER + 2 * port.index);
      if (verdict === VERDICT.corrupt) frame = this.#corrupted(frame);
      if (verdict === VERDICT.duplicate) this.#accept(port, this.#copy(frame));
    }
    this.#accept(port, frame);
  }

  #accept(port: SwitchPort, frame: Frame): void {
    if (!frame.fcsGood) return port.place.drop(frame, "FCS_ERROR");
    if (frame.length < ETHERNET_HEADER_BYTES) return port.place.drop(frame, "PKT_TOO_SMALL");
    if (this.#forwardDelayNs === 0) return this.#forward(port, frame);
    if (this.#pending.length >= SWITCH_PENDING_FRAMES_MAX) return port.place.drop(frame, "SWITCH_QUEUE_FULL");
    this.#pending.push({ frame, port, due: (this.#context.engine.now + this.#forwardDelayNs) as VirtualTime });
    if (this.#armed === NO_EVENT) this.#arm();
  }

  #arm(): void {
    this.#armed = this.#context.engine.at(this.#pending.at(0).due, this.rank, this, FORWARD_DUE);
  }

  #forwardDue(): void {
    const held = this.#pending.shift();
    assert(held !== undefined, "a frame is due");
    if (this.#pending.length > 0) this.#arm();
    else this.#armed = NO_EVENT;
    this.#forward(held.port, held.frame);
  }

  #forward(from: SwitchPort, frame: Frame): void {
    const vlan = this.#vlanAware ? classify(from.vlans, frame) : NO_VLAN;
    if (vlan === VLAN_REFUSED) return from.place.drop(frame, "VLAN_FILTER");
    const { bytes, start } = frame;
    this.#learn(from, frame, vlan);
    if (isGroupMacAt(bytes, start + ETHERNET.target)) {
      if (isReserved(bytes, start)) from.place.drop(frame, "SWITCH_NO_PORT");
      else this.#flood(from, frame, vlan);
      return;
    }
    const index = this.#table.lookup(bytes, start + ETHERNET.target, vlan);
    if (index === NO_PORT) this.#flood(from, frame, vlan);
    else if (index === from.index) from.place.drop(frame, "SWITCH_SAME_PORT");
    else this.#leave(this.ports[index] as SwitchPort, frame, vlan);
  }

  #learn(from: SwitchPort, frame: Frame, vlan: number): void {
    const at = frame.start + ETHERNET.source;
    // A group address as a source is an error of the sender (802.1D, 7.8).
    if (isGroupMacAt(frame.bytes, at)) return;
    const learned = this.#table.learn(frame.bytes, at, vlan, from.index);
    if (learned === LEARNED.refreshed) return;
    if (learned === LEARNED.full) this.#tableFull++;
    else if (this.#context.trace.active) {
      this.#place.record(KIND["switch:learn"], frame, from.index, readMac(frame.bytes, at));
    }
  }

  /** Sends a copy out of every other port of the VLAN that has a carrier. */
  #flood(from: SwitchPort, frame: Frame, vlan: number): void {
    let last: SwitchPort | null = null;
    let count = 0;
    for (const port of this.ports) {
      if (port === from || !port.carrier || (this.#vlanAware && !isMember(port.vlans, vlan))) continue;
      // One port late, so that the last one gets the frame itself and not a copy.
      if (last !== null) this.#leave(last, this.#copy(frame), vlan);
      last = port;
      count++;
    }
    if (last === null) return from.place.drop(frame, "SWITCH_NO_PORT");
    this.#place.record(KIND["switch:flood"], frame, from.index, count);
    this.#leave(last, frame, vlan);
  }

  #leave(port: SwitchPort, given: Frame, vlan: number): void {
    const { faults } = this.#context;
    let frame = given;
    if (faults.active) {
      const verdict = faults.judge(port.exit, frame);
      if (verdict === VERDICT.drop) return port.place.drop(frame, "FAULT_RULE");
      if (verdict === VERDICT.delay) return this.#delay(port, frame, vlan, DELAY_OVER + 2 * port.index + 1);
      if (verdict === VERDICT.corrupt) frame = this.#corrupted(frame);
      if (verdict === VERDICT.duplicate) this.#send(port, this.#copy(frame), vlan);
    }
    this.#send(port, frame, vlan);
  }

  #send(port: SwitchPort, frame: Frame, vlan: number): void {
    port.send(this.#vlanAware ? dress(this.#context.frames, port.vlans, frame, vlan) : frame);
  }

  #copy(frame: Frame): Frame {
    this.#copies++;
    return this.#context.frames.share(frame);
  }

  #corrupted(frame: Frame): Frame {
    const own = ownBytes(this.#context.frames, frame);
    invertBit(own, this.#context.engine.streams.get(`switch:${this.name}/corrupt`).below(coveredBits(own)));
    return own;
  }

  #delay(port: SwitchPort, frame: Frame, vlan: number, code: number): void {
    const event = this.#context.engine.after(this.#context.faults.delayNs, this.rank, this, code, frame);
    this.#delayed.set(frame, { port, vlan, event });
  }

  #delayOver(frame: Frame, leaving: boolean): void {
    const delayed = this.#delayed.get(frame);
    assert(delayed !== undefined, "a delay ends once");
    this.#delayed.delete(frame);
    if (leaving) this.#send(delayed.port, frame, delayed.vlan);
    else this.#accept(delayed.port, frame);
  }
}

/** 01-80-C2-00-00-00 to -0F: spanning tree, pause, link aggregation, LLDP. They concern the next bridge only. */
const isReserved = (bytes: Uint8Array, at: number): boolean =>
  u16(bytes, at) === 0x0180 && u32(bytes, at + 2) >>> 4 === 0xc200000;
