/**
 * Loads for a hub, and the theory to hold them against: Metcalfe and Boggs, "Ethernet: distributed packet switching for
 * local computer networks", CACM 19 (7), 1976, section 6.
 */
import { SECOND } from "../../core/base/time.ts";
import { drawExponential } from "../../core/fabric/distributions.ts";
import { Hub, type HubCounters } from "../../core/fabric/hub.ts";
import type { Frame } from "../../core/wire/frame.ts";
import { Collector, newContext, newFrame, station, atTime, run } from "./setup.ts";

export interface CsmaCdLoad {
  readonly stations: number;
  /** Without FCS. */
  readonly frameBytes: number;
  /** From every station to the hub. */
  readonly propagationNs: number;
  readonly durationNs: number;
  readonly seed: number;
  /** Frames per second of all stations together, in a Poisson process each; null for stations that always have one. */
  readonly framesPerSecond: number | null;
  /** A saturated station that got a frame through lets the others go first: for a random time up to this. */
  readonly courtesyNs?: number;
}

export interface CsmaCdResult {
  /** Share of the time in which whole frames, their preamble and the gap behind them held the medium. */
  readonly efficiency: number;
  readonly framesSent: number;
  readonly framesGivenUp: number;
  readonly framesPerStation: readonly number[];
  readonly meanDelayNs: number;
  /** Frames in a row from one station, on average. */
  readonly meanTrain: number;
  /** Pairs of frames that arrived at one place closer than one of them lasts. */
  readonly overlaps: number;
  readonly counters: HubCounters;
}

const RATE = 10_000_000;
const OVERHEAD_BYTES = 8 + 4 + 12;

/** Time that a frame takes with preamble, FCS and gap. */
export const frameNs = (frameBytes: number): number => ((frameBytes + OVERHEAD_BYTES) * 8 * SECOND) / RATE;

export function runCsmaCdLoad(load: CsmaCdLoad): CsmaCdResult {
  const context = newContext(load.seed);
  const names = Array.from({ length: load.stations }, (_, i) => ({ name: `p${i}`, propagationNs: load.propagationNs }));
  // One listener more, so that a single station has somebody to talk to.
  const ports = [...names, { name: "listener", propagationNs: load.propagationNs }];
  const hub = new Hub(context, { id: 0, name: "hub", ports, rateBitsPerSecond: RATE });
  const given: number[] = [];
  const senders: number[] = [];
  let trains = 0;
  let delayNs = 0;
  let last = -1;
  const listener = new Collector(context, hub.port(load.stations), (frame: Frame) => {
    delayNs += context.engine.now - (given[frame.packetId] ?? 0);
    const sender = senders[frame.packetId] ?? 0;
    if (sender !== last) trains++;
    last = sender;
  });
  const stations = names.map((_, index) => {
    const offer = (): void => {
      const id = given.push(context.engine.now) - 1;
      senders.push(index);
      hub
        .port(index)
        .transmit(newFrame(context, { to: station(99), from: station(index), length: load.frameBytes, id }));
    };
    const pause = context.engine.streams.get(`test:courtesy/${index}`);
    const next = (sent: boolean): void => {
      if (!sent || load.courtesyNs === undefined) offer();
      else atTime(context, context.engine.now + pause.below(Math.ceil(load.courtesyNs) + 1), offer);
    };
    const collector = new Saturator(context, hub.port(index), load.framesPerSecond === null ? next : undefined);
    if (load.framesPerSecond === null) atTime(context, 0, offer);
    else offerPoisson(load, { index, offer, context });
    return collector;
  });
  run(context, load.durationNs);
  hub.checkInvariants();
  const sent = stations.map((collector) => collector.sent);
  const framesSent = sent.reduce((sum, n) => sum + n, 0);
  return {
    efficiency: (framesSent * frameNs(load.frameBytes)) / load.durationNs,
    framesSent,
    framesGivenUp: stations.reduce((sum, collector) => sum + collector.givenUp, 0),
    framesPerStation: sent,
    meanDelayNs: delayNs / Math.max(1, listener.arrivals.length),
    meanTrain: listener.arrivals.length / Math.max(1, trains),
    overlaps: countOverlaps(listener, load.frameBytes),
    counters: hub.counters(),
  };
}

/** Has the next frame ready as soon as one has gone, sent or not. */
class Saturator extends Collector {
  readonly #next: ((sent: boolean) => void) | undefined;

  constructor(
    context: ConstructorParameters<typeof Collector>[0],
    port: ConstructorParameters<typeof Collector>[1],
    next: ((sent: boolean) => void) | undefined,
  ) {
    super(context, port);
    this.#next = next;
  }

  override frameSent(sent: boolean): void {
    super.frameSent(sent);
    this.#next?.(sent);
  }
}

function offerPoisson(
  load: CsmaCdLoad,
  who: { index: number; offer: () => void; context: ReturnType<typeof newContext> },
): void {
  const random = who.context.engine.streams.get(`test:load/${who.index}`);
  const meanNs = (SECOND * load.stations) / (load.framesPerSecond ?? 1);
  let at = 0;
  for (;;) {
    at += drawExponential(random, meanNs);
    if (at >= load.durationNs) return;
    atTime(who.context, at, who.offer);
  }
}

function countOverlaps(listener: Collector, frameBytes: number): number {
  const lasts = ((8 + Math.max(60, frameBytes) + 4) * 8 * SECOND) / RATE;
  let overlaps = 0;
  listener.arrivals.forEach((arrival, index) => {
    const before = listener.arrivals[index - 1];
    if (before !== undefined && arrival.at - before.at < lasts) overlaps++;
  });
  return overlaps;
}

/**
 * Metcalfe and Boggs: of Q stations that each send in a contention slot with probability 1/Q, one alone succeeds with
 * A = (1 - 1/Q)^(Q-1), after W = (1 - A) / A slots on average.
 */
export function theoreticalEfficiency(stations: number, frameTimeNs: number, slotNs: number): number {
  const alone = (1 - 1 / stations) ** (stations - 1);
  return frameTimeNs / (frameTimeNs + ((1 - alone) / alone) * slotNs);
}
