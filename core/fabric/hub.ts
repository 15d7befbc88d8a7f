/**
 * A hub with everything on it: one shared half-duplex medium with CSMA/CD (IEEE 802.3, clauses 4 and 9). Stations lie
 * around the hub at distances given as propagation delays, so a signal from i is heard at j after delay(i) + delay(j)
 * and the repeater's own. All stations at one distance hear the same at the same instant and share an event.
 *
 * Several hubs in a row are one medium as well: make one `Hub` with the ports of all, each at its distance from a
 * common centre. Left out: per-port impairments (fault rules do for them), partitioning of a port that collides
 * without end (clause 9.6.6), and the half-heard bits of a signal that was cut.
 */
import { assert } from "../base/assert.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import { KIND } from "../contract/trace-event.ts";
import type { EventHandler } from "../engine/event-queue.ts";
import { PHASES, rankOf, type Rank } from "../engine/rank.ts";
import type { Frame } from "../wire/frame.ts";
import type { FabricContext } from "./context.ts";
import type { Medium, Signal, Station } from "./csma-cd.ts";
import { coveredBits, invertBit, ownBytes } from "./damage.ts";
import { FaultPoint, VERDICT, edgeNames } from "./fault-rules.ts";
import { HubPort, type HubPortCounters } from "./hub-port.ts";
import { DELAY_NS_MAX, HUB_QUEUE_FRAMES_DEFAULT, PORTS_MAX } from "./limits.ts";
import { FabricPlace } from "./place.ts";
import type { NodeState } from "./switch.ts";

export interface HubPortPlan {
  /** Unique on the hub. */
  readonly name: string;
  /** From the station to the hub, in ns: 5 a metre. */
  readonly propagationNs?: Nanoseconds;
  /** The NIC that is plugged in directly, for fault rules on its node; none for a switch port. */
  readonly edge?: { readonly node: string; readonly nic: string } | null;
  /** Further names for fault rules, of the cable or of other hubs: on the way to the hub, and away from it. */
  readonly ruleNames?: { readonly in: readonly string[]; readonly out: readonly string[] };
}

export interface HubOptions {
  /** Number in the trace's `hub` field. */
  readonly id: number;
  /** Unique in the lab. */
  readonly name: string;
  readonly ports: readonly HubPortPlan[];
  /** 10 Mbit/s unless given; 100 Mbit/s is the other one that was built. */
  readonly rateBitsPerSecond?: number;
  readonly repeaterDelayNs?: Nanoseconds;
  /** Frames waiting at each port. */
  readonly queueFramesMax?: number;
}

export interface HubCounters {
  /** Times at which signals met, however many (etherStatsCollisions). */
  readonly collisions: number;
  /** Frames sent without a collision. */
  readonly frames: number;
  /** Copies made of them, one a receiver: all were delivered, dropped, or are being delayed by a rule. */
  readonly copies: number;
  readonly delivered: number;
  readonly delayed: number;
  readonly drops: readonly (readonly [reason: DropReason, count: number])[];
  readonly ports: readonly HubPortCounters[];
}

/** Stations at one distance from the hub. */
type Circle = { readonly propagationNs: Nanoseconds; readonly stations: HubStation[]; readonly signals: Set<Signal> };
type HubStation = {
  readonly port: HubPort;
  readonly entry: FaultPoint;
  readonly exit: FaultPoint;
  readonly circle: Circle;
  plugged: boolean;
};

/** Event codes: 0 ends a rule's delay, then two a circle, on and off. */
const DELAY_OVER = 0;
const SIGNAL_CODES = 1;

/** A copy that a rule holds back. */
type DelayedCopy = { readonly frame: Frame; readonly station: HubStation };

export class Hub implements Medium, EventHandler {
  readonly name: string;
  readonly rank: Rank;
  readonly rateBitsPerSecond: number;
  readonly ports: readonly HubPort[];
  readonly #context: FabricContext;
  readonly #place: FabricPlace;
  readonly #repeaterDelayNs: Nanoseconds;
  readonly #stations: readonly HubStation[];
  readonly #circles: Circle[] = [];
  readonly #byPort = new Map<Station, HubStation>();
  /** Signals that not everyone has heard the end of. */
  readonly #live = new Set<Signal>();
  /** Signals whose sources have not ended them. */
  #sending = 0;
  #colliding = false;
  #state: NodeState = "on";
  #collisions = 0;
  #framesCarried = 0;
  #copies = 0;
  #delivered = 0;
  #delayed = 0;

  constructor(context: FabricContext, options: HubOptions) {
    this.name = options.name;
    this.rank = rankOf(PHASES.wire, context.engine.addLane());
    context.delays.noteSharedMedium();
    this.rateBitsPerSecond = options.rateBitsPerSecond ?? 10_000_000;
    assert(this.rateBitsPerSecond > 0, "a shared medium has a rate");
    assert(options.ports.length <= PORTS_MAX, "a hub has a bounded number of ports");
    this.#context = context;
    this.#place = new FabricPlace(context, options.id, options.name);
    this.#repeaterDelayNs = options.repeaterDelayNs ?? 0;
    this.#stations = options.ports.map((plan, index) => this.#station(context, options, { plan, index }));
    this.ports = this.#stations.map((station) => station.port);
  }

  get state(): NodeState {
    return this.#state;
  }

  /** The port of that index: what a NIC or switch port transmits to. */
  port(index: number): HubPort {
    return this.#at(index).port;
  }

  /** Plugs a station's cable in or out. What waits in its adapter is lost with the carrier. */
  setPlugged(index: number, plugged: boolean): void {
    const station = this.#at(index);
    station.plugged = plugged;
    this.#refreshCarrier(station);
  }

  /** Power off: no port has a carrier, and what is on the medium is lost. */
  crash(): void {
    this.#state = "off";
    for (const signal of this.#live) {
      signal.dead = "NODE_DOWN";
      if (signal.frame !== null) this.#dropOriginal(signal.frame, "NODE_DOWN");
      signal.frame = null;
    }
    this.#live.clear();
    for (const circle of this.#circles) circle.signals.clear();
    for (const station of this.#stations) this.#refreshCarrier(station);
  }

  /** Power on. Also restarts a hub that is on. */
  reboot(): void {
    if (this.#state !== "off") this.crash();
    this.#state = "on";
    for (const station of this.#stations) this.#refreshCarrier(station);
  }

  /** The repeater stops repeating: stations go on sending, hear nobody, and nobody hears them. A hub has no memory. */
  pause(): void {
    if (this.#state === "on") this.#state = "paused";
  }

  resume(): void {
    if (this.#state === "paused") this.#state = "on";
  }

  counters(): HubCounters {
    return {
      collisions: this.#collisions,
      frames: this.#framesCarried,
      copies: this.#copies,
      delivered: this.#delivered,
      delayed: this.#delayed,
      drops: this.#place.drops.entries(),
      ports: this.ports.map((port) => port.counters()),
    };
  }

  /** @throws AssertionError when a frame was lost without a reason, or made out of nothing. */
  checkInvariants(): void {
    for (const port of this.ports) port.checkInvariants();
    assert(this.#copies === this.#delivered + this.#delayed + this.#place.drops.total, "every copy has a fate");
    assert(this.#sending >= 0 && this.#sending <= this.ports.length, "each station sends one signal at most");
  }

  onEvent(code: number, subject: unknown): void {
    if (code === DELAY_OVER) {
      const { frame, station } = subject as DelayedCopy;
      this.#delayed--;
      this.#hand(station, frame);
      return;
    }
    const circle = this.#circles[(code - SIGNAL_CODES) >> 1] as Circle;
    if ((code - SIGNAL_CODES) % 2 === 0) this.#signalOn(circle, subject as Signal);
    else this.#signalOff(circle, subject as Signal);
  }

  // The medium, as the stations see it.

  begin(source: Station): Signal {
    const signal: Signal = {
      source,
      startedAt: this.#context.engine.now,
      whole: false,
      frame: null,
      dead: this.#state === "on" ? null : "NODE_PAUSED",
      groupsLeft: this.#circles.length,
      receivers: 0,
      copies: 1,
      lateNs: 0,
    };
    this.#sending++;
    if (signal.dead === null) {
      this.#live.add(signal);
      this.#spread(signal, 0);
    }
    return signal;
  }

  end(signal: Signal, frame: Frame | null): void {
    this.#sending--;
    if (this.#sending === 0) this.#colliding = false;
    if (frame !== null) {
      this.#framesCarried++;
      if (signal.dead === null) this.#judge(signal, frame);
      else this.#dropOriginal(frame, signal.dead);
    }
    if (signal.dead === null) this.#spread(signal, 1);
  }

  collided(): void {
    if (this.#colliding) return;
    this.#colliding = true;
    this.#collisions++;
    this.#place.record(KIND["hub:collision"], null, this.#sending, 0);
  }

  #at(index: number): HubStation {
    const station = this.#stations[index];
    assert(station !== undefined, "the hub has that port");
    return station;
  }

  #station(context: FabricContext, options: HubOptions, at: { plan: HubPortPlan; index: number }): HubStation {
    const { plan, index } = at;
    const hub = options.name;
    const propagationNs = plan.propagationNs ?? 0;
    assert(Number.isSafeInteger(propagationNs) && propagationNs >= 0, "propagation is a whole number of ns");
    assert(propagationNs <= DELAY_NS_MAX, "propagation is at most an hour");
    const queueFramesMax = options.queueFramesMax ?? HUB_QUEUE_FRAMES_DEFAULT;
    const port = new HubPort(context, this, { index, name: plan.name, hubName: hub, queueFramesMax });
    let circle = this.#circles.find((known) => known.propagationNs === propagationNs);
    if (circle === undefined) {
      circle = { propagationNs, stations: [], signals: new Set() };
      this.#circles.push(circle);
    }
    const edge = (way: "in" | "out"): string[] => (plan.edge ? edgeNames(plan.edge.node, plan.edge.nic, way) : []);
    const own = `${hub}:${plan.name}`;
    const station: HubStation = {
      port,
      // The hub's own name stands at the way in only: a rule on the hub judges each frame once.
      entry: new FaultPoint(() => [
        "*",
        hub,
        `${hub}/in`,
        own,
        `${own}/in`,
        ...edge("out"),
        ...(plan.ruleNames?.in ?? []),
      ]),
      exit: new FaultPoint(() => [`${hub}/out`, own, `${own}/out`, ...edge("in"), ...(plan.ruleNames?.out ?? [])]),
      circle,
      plugged: true,
    };
    circle.stations.push(station);
    this.#byPort.set(port, station);
    return station;
  }

  #refreshCarrier(station: HubStation): void {
    const up = station.plugged && this.#state !== "off";
    let heard = 0;
    for (const signal of station.circle.signals) if (signal.source !== station.port) heard++;
    station.port.setCarrier(up, heard);
  }

  /** Carries a signal's begin (0) or end (1) to every circle. */
  #spread(signal: Signal, edge: 0 | 1): void {
    const outward = (this.#byPort.get(signal.source)?.circle.propagationNs ?? 0) + this.#repeaterDelayNs;
    this.#circles.forEach((circle, index) => {
      const span = outward + circle.propagationNs;
      if (span > 0) this.#context.engine.after(span, this.rank, this, SIGNAL_CODES + 2 * index + edge, signal);
      else if (edge === 0) this.#signalOn(circle, signal);
      else this.#signalOff(circle, signal);
    });
  }

  #signalOn(circle: Circle, signal: Signal): void {
    if (signal.dead !== null) return;
    circle.signals.add(signal);
    for (const { port } of circle.stations) if (port !== signal.source && port.carrier) port.signalOn(signal);
  }

  #signalOff(circle: Circle, signal: Signal): void {
    if (signal.dead !== null) return;
    circle.signals.delete(signal);
    for (const station of circle.stations) {
      if (station.port === signal.source || !station.port.carrier) continue;
      const good = station.port.signalOff(signal);
      if (signal.frame !== null) this.#copyTo(station, signal, good);
    }
    signal.groupsLeft--;
    if (signal.groupsLeft > 0) return;
    this.#live.delete(signal);
    if (signal.frame === null) return;
    if (signal.receivers === 0) this.#dropOriginal(signal.frame, "SWITCH_NO_PORT");
    else this.#context.frames.release(signal.frame);
    signal.frame = null;
  }

  /** What rules say about a frame as it enters the hub; the signal keeps it for the receivers, or it ends here. */
  #judge(signal: Signal, frame: Frame): void {
    const { faults } = this.#context;
    const station = this.#byPort.get(signal.source);
    const verdict = faults.active && station !== undefined ? faults.judge(station.entry, frame) : VERDICT.pass;
    signal.whole = true;
    if (verdict === VERDICT.drop) {
      this.#dropOriginal(frame, "FAULT_RULE");
      return;
    }
    if (verdict === VERDICT.duplicate) signal.copies = 2;
    if (verdict === VERDICT.delay) signal.lateNs = faults.delayNs;
    signal.frame = verdict === VERDICT.corrupt ? this.#corrupted(frame) : frame;
  }

  #dropOriginal(frame: Frame, reason: DropReason): void {
    this.#copies++;
    this.#place.drop(frame, reason);
  }

  #copyTo(station: HubStation, signal: Signal, good: boolean): void {
    const original = signal.frame;
    assert(original !== null, "a copy has an original");
    signal.receivers++;
    for (let i = 0; i < signal.copies; i++) {
      this.#copies++;
      const copy = this.#context.frames.share(original);
      if (!good) this.#place.drop(copy, "COLLISION_FRAGMENT");
      else if (signal.lateNs > 0) this.#delay(station, copy, signal.lateNs);
      else this.#leave(station, copy);
    }
  }

  /** Rules at the way out of the hub. */
  #leave(station: HubStation, given: Frame): void {
    const { faults } = this.#context;
    let frame = given;
    const verdict = faults.active ? faults.judge(station.exit, frame) : VERDICT.pass;
    if (verdict === VERDICT.drop) {
      this.#place.drop(frame, "FAULT_RULE");
      return;
    }
    if (verdict === VERDICT.delay) {
      this.#delay(station, frame, faults.delayNs);
      return;
    }
    if (verdict === VERDICT.corrupt) frame = this.#corrupted(frame);
    if (verdict === VERDICT.duplicate) {
      this.#copies++;
      this.#hand(station, this.#context.frames.share(frame));
    }
    this.#hand(station, frame);
  }

  #delay(station: HubStation, frame: Frame, spanNs: Nanoseconds): void {
    this.#delayed++;
    this.#context.engine.after(spanNs, this.rank, this, DELAY_OVER, { frame, station } satisfies DelayedCopy);
  }

  #hand(station: HubStation, frame: Frame): void {
    const { port } = station;
    if (!port.carrier) {
      this.#place.drop(frame, this.#state === "off" ? "NODE_DOWN" : "LINK_DOWN");
      return;
    }
    this.#place.record(KIND["link:arrive"], frame, 1, frame.length);
    this.#delivered++;
    if (!port.hand(frame)) {
      this.#delivered--;
      this.#place.drop(frame, "LINK_DOWN");
    }
  }

  #corrupted(frame: Frame): Frame {
    const own = ownBytes(this.#context.frames, frame);
    invertBit(own, this.#context.engine.streams.get(`hub:${this.name}/corrupt`).below(coveredBits(own)));
    return own;
  }
}
