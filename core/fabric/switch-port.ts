/**
 * A port of a switch: counts what comes in and hands it to the switch, and keeps what goes out in a bounded queue of
 * its own, so that a crashed switch takes its queues along. An event is needed only while frames wait.
 */
import { assert } from "../base/assert.ts";
import { Ring } from "../base/ring.ts";
import { TIME_ZERO, type VirtualTime } from "../base/time.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../engine/event-queue.ts";
import type { Rank } from "../engine/rank.ts";
import { SENT_LATER, type Frame, type FrameSink, type TransmitPort } from "../wire/frame.ts";
import type { FabricContext } from "./context.ts";
import { FaultPoint } from "./fault-rules.ts";
import { FabricPlace } from "./place.ts";
import { NO_VLAN, type PortVlans } from "./port-vlans.ts";

/** What a port tells of itself; names as in /sys/class/net/X/statistics. */
export interface SwitchPortCounters {
  readonly name: string;
  readonly carrier: boolean;
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  /** Waiting to be sent. */
  readonly queueFrames: number;
  readonly queueFramesPeak: number;
  readonly drops: readonly (readonly [reason: DropReason, count: number])[];
}

/** What a port needs of its switch. */
export interface PortOwner {
  /** Of all that happens in it. */
  readonly rank: Rank;
  frameArrived(port: SwitchPort, frame: Frame): void;
  portWentDown(port: SwitchPort): void;
}

export interface SwitchPortOptions {
  readonly index: number;
  readonly name: string;
  readonly switchId: number;
  readonly switchName: string;
  readonly queueFramesMax: number;
}

export class SwitchPort implements FrameSink, EventHandler {
  readonly index: number;
  readonly name: string;
  readonly place: FabricPlace;
  /** Where rules see frames come in and go out. */
  readonly entry: FaultPoint;
  readonly exit: FaultPoint;
  vlans: PortVlans = { untagged: NO_VLAN, tagged: new Set() };
  rxPackets = 0;
  rxBytes = 0;
  readonly #owner: PortOwner;
  readonly #engine: Engine;
  readonly #queueFramesMax: number;
  readonly #queue = new Ring<Frame>();
  #out: TransmitPort | null = null;
  /** When the frame given to the link last has left; and whether a shared medium will say so instead. */
  #freeAt: VirtualTime = TIME_ZERO;
  #awaitsSent = false;
  #armed: EventId = NO_EVENT;
  #txPackets = 0;
  #txBytes = 0;
  #queueFramesPeak = 0;

  constructor(context: FabricContext, owner: PortOwner, options: SwitchPortOptions) {
    const { switchName: node, name: port } = options;
    this.index = options.index;
    this.name = port;
    this.#owner = owner;
    this.#engine = context.engine;
    this.#queueFramesMax = options.queueFramesMax;
    this.place = new FabricPlace(context, options.switchId, node, `${node}:${port}`);
    // The switch's own name stands at the way in only: a rule on the switch judges each crossing once.
    this.entry = new FaultPoint(() => [node, `${node}/in`, `${node}:${port}`, `${node}:${port}/in`]);
    this.exit = new FaultPoint(() => [`${node}/out`, `${node}:${port}`, `${node}:${port}/out`]);
  }

  /** Plugs a cable end or hub port in. */
  connect(out: TransmitPort): void {
    assert(this.#out === null, "a port takes one cable");
    this.#out = out;
    out.attach(this);
  }

  get carrier(): boolean {
    return this.#out !== null && this.#out.carrier;
  }

  get queueFrames(): number {
    return this.#queue.length;
  }

  get txPackets(): number {
    return this.#txPackets;
  }

  receiveFrame(frame: Frame): void {
    this.rxPackets++;
    this.rxBytes += frame.length;
    this.#owner.frameArrived(this, frame);
  }

  carrierChanged(up: boolean): void {
    if (up) return;
    this.dropQueue("LINK_DOWN");
    this.#owner.portWentDown(this);
  }

  frameSent(): void {
    this.#awaitsSent = false;
    this.#sendNext();
  }

  onEvent(): void {
    this.#armed = NO_EVENT;
    this.#sendNext();
  }

  /** Sends a frame, or queues it behind those that wait. */
  send(frame: Frame): void {
    const queue = this.#queue;
    if (queue.length === 0 && !this.#awaitsSent && this.#freeAt <= this.#engine.now) {
      this.#transmit(frame);
      return;
    }
    if (queue.length >= this.#queueFramesMax) {
      this.place.drop(frame, "SWITCH_QUEUE_FULL");
      return;
    }
    queue.push(frame);
    if (queue.length > this.#queueFramesPeak) this.#queueFramesPeak = queue.length;
    this.#arm();
  }

  /** Empties the queue, as a crash or a cut does. */
  dropQueue(reason: DropReason): void {
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
      this.place.drop(frame, reason);
    }
    this.#engine.cancel(this.#armed);
    this.#armed = NO_EVENT;
    this.#freeAt = TIME_ZERO;
  }

  counters(): SwitchPortCounters {
    return {
      name: this.name,
      carrier: this.carrier,
      rxPackets: this.rxPackets,
      rxBytes: this.rxBytes,
      txPackets: this.#txPackets,
      txBytes: this.#txBytes,
      queueFrames: this.#queue.length,
      queueFramesPeak: this.#queueFramesPeak,
      drops: this.place.drops.entries(),
    };
  }

  checkInvariants(): void {
    const wakes = this.#awaitsSent || this.#armed !== NO_EVENT;
    assert(this.#queue.length === 0 || wakes, "a frame that waits will be sent");
    assert(this.#queue.length <= this.#queueFramesMax, "the queue keeps its limit");
  }

  #arm(): void {
    if (this.#awaitsSent || this.#armed !== NO_EVENT) return;
    const now = this.#engine.now;
    this.#armed = this.#engine.at(this.#freeAt > now ? this.#freeAt : now, this.#owner.rank, this, 0);
  }

  #sendNext(): void {
    const frame = this.#queue.shift();
    if (frame === undefined) return;
    this.#transmit(frame);
    if (this.#queue.length > 0) this.#arm();
  }

  #transmit(frame: Frame): void {
    const out = this.#out;
    if (out === null || !out.carrier) {
      this.place.drop(frame, "LINK_DOWN");
      return;
    }
    this.#txPackets++;
    this.#txBytes += frame.length;
    // Set before the call: a hub may report the frame as sent from inside it.
    this.#awaitsSent = true;
    const free = out.transmit(frame);
    if (free === SENT_LATER) return;
    this.#awaitsSent = false;
    this.#freeAt = free;
  }
}
