/**
 * A full-duplex point-to-point cable (twisted pair or fibre) between two ports, with settings of its own per direction.
 * Carrier is up at both ends while it is plugged in and both machines are on. A cut of one direction alone goes
 * unnoticed by either end, as with one broken strand between media converters: what protocols like UDLD (RFC 5171)
 * exist for.
 */
import { assert } from "../base/assert.ts";
import { KIND } from "../contract/trace-event.ts";
import type { Lane } from "../engine/rank.ts";
import { CableEnd, type DirectionCounters } from "./cable-end.ts";
import type { FabricContext } from "./context.ts";
import { FaultPoint, edgeNames } from "./fault-rules.ts";
import { PERFECT_CABLE, type ImpairmentSettings } from "./impairment.ts";
import { FabricPlace } from "./place.ts";

/** The socket that an end is plugged into, for fault rules on that node. */
export interface CableEdge {
  readonly node: string;
  readonly nic: string;
}

export interface CableOptions {
  /** Number in the trace's `link` field. */
  readonly id: number;
  /** Unique in the lab. */
  readonly name: string;
  /** From `ends[0]` to `ends[1]`; what is not given is as in `PERFECT_CABLE`. */
  readonly forward?: Partial<ImpairmentSettings>;
  readonly backward?: Partial<ImpairmentSettings>;
  /** False for a cable that starts unplugged. */
  readonly plugged?: boolean;
  /** Null for a switch's or hub's end: those ask the rules of their ports themselves. */
  readonly edges?: readonly [CableEdge | null, CableEdge | null];
  /** Lanes of the machines or switches at the ends. */
  readonly owners?: readonly [Lane, Lane];
}

/** 0: from `ends[0]` to `ends[1]`; 1: back. */
export type Direction = 0 | 1;

export class Cable {
  readonly id: number;
  readonly name: string;
  /** Where the two NICs or switch ports transmit and attach their sinks. */
  readonly ends: readonly [CableEnd, CableEnd];
  readonly #place: FabricPlace;
  #plugged: boolean;
  readonly #powered: [boolean, boolean] = [true, true];
  readonly #whole: [boolean, boolean] = [true, true];

  constructor(context: FabricContext, options: CableOptions) {
    this.id = options.id;
    this.name = options.name;
    this.#place = new FabricPlace(context, options.id, options.name);
    this.#plugged = options.plugged ?? true;
    this.ends = [makeEnd(context, options, 0), makeEnd(context, options, 1)];
    CableEnd.join(...this.ends);
    for (const end of this.ends) end.setState(this.#plugged, true);
  }

  /** Whether both ends see a carrier. */
  get carrier(): boolean {
    return this.#plugged && this.#powered[0] && this.#powered[1];
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  isWhole(direction: Direction): boolean {
    return this.#whole[direction];
  }

  /** Unplugs the cable or plugs it in. Frames in flight and in the queues are lost with it; both sinks are told. */
  setPlugged(plugged: boolean): void {
    this.#plugged = plugged;
    this.#refresh();
  }

  /** Switches the machine at that end off or on: without power there is no carrier. */
  setPower(end: 0 | 1, on: boolean): void {
    this.#powered[end] = on;
    this.#refresh();
  }

  /** Breaks or mends one direction. Nobody is told: carrier stays up, and frames that way are dropped as LINK_DOWN. */
  setWhole(direction: Direction, whole: boolean): void {
    this.#whole[direction] = whole;
    this.#refresh();
  }

  settings(direction: Direction): ImpairmentSettings {
    return this.ends[direction].settings;
  }

  /** Changes what is named, for frames sent from now on. @throws AssertionError on values out of range. */
  configure(direction: Direction, changes: Partial<ImpairmentSettings>): void {
    const end = this.ends[direction];
    end.configure({ ...end.settings, ...changes });
  }

  counters(): [forward: DirectionCounters, backward: DirectionCounters] {
    return [this.ends[0].counters(), this.ends[1].counters()];
  }

  checkInvariants(): void {
    for (const end of this.ends) end.checkInvariants();
    assert(this.carrier || this.ends.every((end) => end.inFlight === 0), "nothing is on a dead cable");
  }

  #refresh(): void {
    const up = this.carrier;
    const changed = this.ends[0].carrier !== up;
    // Both ends first: a sink that answers at once must find the whole cable in its new state.
    this.ends[0].setState(up, this.#whole[0]);
    this.ends[1].setState(up, this.#whole[1]);
    if (!changed) return;
    this.#place.record(KIND["link:carrier"], null, up ? 1 : 0, 0);
    for (const end of this.ends) end.tellSink();
  }
}

function makeEnd(context: FabricContext, options: CableOptions, direction: Direction): CableEnd {
  const way = direction === 0 ? "forward" : "backward";
  const near = options.edges?.[direction];
  const far = options.edges?.[direction === 0 ? 1 : 0];
  return new CableEnd(context, {
    cableId: options.id,
    cableName: options.name,
    direction,
    settings: { ...PERFECT_CABLE, ...options[way] },
    sender: options.owners?.[direction],
    receiver: options.owners?.[direction === 0 ? 1 : 0],
    entry: new FaultPoint(() => [
      "*",
      options.name,
      `${options.name}/${way}`,
      ...(near ? edgeNames(near.node, near.nic, "out") : []),
    ]),
    exit: new FaultPoint(() => (far ? edgeNames(far.node, far.nic, "in") : [])),
  });
}
