/** A link of a lab as the world handles it, whether it is a cable of its own or a drop cable to a hub. */
import { assert } from "../base/assert.ts";
import type { DirectionChange } from "../contract/command.ts";
import type { Cable, Direction } from "../fabric/cable.ts";
import type { Hub } from "../fabric/hub.ts";
import type { ImpairmentSettings } from "../fabric/impairment.ts";
import type { LabDirection, LabLink } from "../lab/model.ts";

export type LinkWay = "both" | "forward" | "backward";

/** Frames of one link, both directions, for the conservation account. */
export interface LinkTally {
  readonly sent: number;
  readonly copies: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly inFlight: number;
}

export interface WorldLink {
  readonly lab: LabLink;
  /** Carries frames both ways: plugged in, and whole in both directions. */
  readonly isUp: boolean;
  /** Whether each way is whole. */
  readonly ways: { readonly forward: boolean; readonly backward: boolean };
  /** False for a cable of a hub: what it would do to frames, fault rules do. */
  readonly hasSettings: boolean;
  /** Of a cable to a hub: its port, and the end that is the hub's. Null for a cable of its own. */
  readonly medium: { readonly hub: string; readonly port: number; readonly hubEnd: 0 | 1 } | null;
  /** How fast a frame goes that way now; a rate of 0 takes no time to send. */
  pace(direction: 0 | 1): { readonly rateBps: number; readonly delayNs: number };
  setUp(up: boolean, way: LinkWay): void;
  configure(forward: DirectionChange, backward: DirectionChange): void;
  /** Changes both directions for a while. @returns how to put everything back. */
  impair(changes: Partial<ImpairmentSettings>): () => void;
  /** The node at that end is switched on or off. */
  setPower(end: 0 | 1, on: boolean): void;
  tally(): LinkTally;
  checkInvariants(): void;
}

/** The cable's settings for one direction of a lab's link; `queueFramesMax` null where the sender has its own queue. */
export function impairmentOf(direction: LabDirection, queueFramesMax: number | null): ImpairmentSettings {
  return {
    rateBitsPerSecond: direction.rateBps,
    delayNs: direction.delayNs,
    jitter: direction.jitter,
    loss: direction.loss,
    duplicate: direction.duplicate,
    reorder: reorderOf(direction.reorder),
    corrupt: direction.corrupt,
    bitErrorRate: direction.bitErrorRate,
    mtuBytes: direction.mtuBytes,
    queueFramesMax: queueFramesMax ?? Number.MAX_SAFE_INTEGER,
  };
}

const reorderOf = (reorder: LabDirection["reorder"]): ImpairmentSettings["reorder"] =>
  reorder === null ? null : { probability: reorder.probability, gapFrames: reorder.gap, earlyByNs: Infinity };

export class CableLink implements WorldLink {
  readonly lab: LabLink;
  readonly hasSettings = true;
  readonly medium = null;
  readonly #cable: Cable;

  constructor(lab: LabLink, cable: Cable) {
    this.lab = lab;
    this.#cable = cable;
  }

  get isUp(): boolean {
    return this.#cable.carrier && this.#cable.isWhole(0) && this.#cable.isWhole(1);
  }

  get ways(): { forward: boolean; backward: boolean } {
    const plugged = this.#cable.carrier;
    return { forward: plugged && this.#cable.isWhole(0), backward: plugged && this.#cable.isWhole(1) };
  }

  pace(direction: 0 | 1): { rateBps: number; delayNs: number } {
    const { rateBitsPerSecond, delayNs } = this.#cable.settings(direction);
    return { rateBps: rateBitsPerSecond, delayNs };
  }

  setUp(up: boolean, way: LinkWay): void {
    if (way === "both") {
      this.#cable.setPlugged(up);
      // Plugging a cable in anew mends a broken direction as well: it is what people mean by "up".
      if (up) for (const direction of [0, 1] as const) this.#cable.setWhole(direction, true);
    } else this.#cable.setWhole(way === "forward" ? 0 : 1, up);
  }

  configure(forward: DirectionChange, backward: DirectionChange): void {
    this.#configure(0, forward);
    this.#configure(1, backward);
  }

  impair(changes: Partial<ImpairmentSettings>): () => void {
    const before = [this.#cable.settings(0), this.#cable.settings(1)] as const;
    for (const direction of [0, 1] as const) this.#cable.configure(direction, changes);
    return () => {
      for (const direction of [0, 1] as const) this.#cable.configure(direction, before[direction]);
    };
  }

  setPower(end: 0 | 1, on: boolean): void {
    this.#cable.setPower(end, on);
  }

  tally(): LinkTally {
    const [a, b] = this.#cable.counters();
    return {
      sent: a.framesIn + b.framesIn,
      copies: a.framesDuplicated + b.framesDuplicated,
      delivered: a.framesDelivered + b.framesDelivered,
      dropped: a.framesDropped + b.framesDropped,
      inFlight: a.framesInFlight + b.framesInFlight,
    };
  }

  checkInvariants(): void {
    this.#cable.checkInvariants();
  }

  #configure(direction: Direction, change: DirectionChange): void {
    const { rateBps, queueFrames, reorder, ...same } = change;
    const current = this.#cable.settings(direction);
    // A sender with a queue of its own keeps it: see `impairmentOf`.
    const ownQueue = current.queueFramesMax !== Number.MAX_SAFE_INTEGER;
    this.#cable.configure(direction, {
      ...same,
      ...(rateBps !== undefined && { rateBitsPerSecond: rateBps }),
      ...(reorder !== undefined && { reorder: reorderOf(reorder) }),
      ...(queueFrames !== undefined && ownQueue && { queueFramesMax: queueFrames }),
    });
  }
}

/**
 * A station's cable to a hub. All cables of a hub are one medium, so it has a length and a plug, and no rate of its
 * own.
 */
export class HubLink implements WorldLink {
  readonly lab: LabLink;
  readonly hasSettings = false;
  readonly #hub: Hub;
  readonly #port: number;
  readonly #hubEnd: 0 | 1;
  #plugged: boolean;
  readonly #powered: [boolean, boolean] = [true, true];

  constructor(lab: LabLink, hub: Hub, port: number, hubEnd: 0 | 1) {
    assert(port < hub.ports.length, "the hub has that port");
    this.lab = lab;
    this.#hub = hub;
    this.#port = port;
    this.#hubEnd = hubEnd;
    this.#plugged = lab.up;
    this.#refresh();
  }

  get isUp(): boolean {
    return this.#plugged && this.#powered[0] && this.#powered[1];
  }

  get ways(): { forward: boolean; backward: boolean } {
    return { forward: this.isUp, backward: this.isUp };
  }

  get medium(): { hub: string; port: number; hubEnd: 0 | 1 } {
    return { hub: this.#hub.name, port: this.#port, hubEnd: this.#hubEnd };
  }

  pace(): { rateBps: number; delayNs: number } {
    return { rateBps: this.#hub.rateBitsPerSecond, delayNs: this.lab.forward.delayNs };
  }

  /** One way alone cannot be cut on a shared medium: either way cuts both. */
  setUp(up: boolean): void {
    this.#plugged = up;
    this.#refresh();
  }

  configure(): void {}

  impair(): () => void {
    return () => undefined;
  }

  setPower(end: 0 | 1, on: boolean): void {
    this.#powered[end] = on;
    // The hub itself is switched by its own commands; its end has nothing to add.
    if (end !== this.#hubEnd) this.#refresh();
  }

  tally(): LinkTally {
    const port = this.#hub.ports[this.#port];
    const counters = port?.counters();
    if (counters === undefined) return { sent: 0, copies: 0, delivered: 0, dropped: 0, inFlight: 0 };
    const dropped = counters.drops.reduce((sum, [, count]) => sum + count, 0);
    return {
      sent: counters.framesIn,
      copies: 0,
      delivered: counters.framesSent,
      dropped,
      inFlight: counters.queueFrames,
    };
  }

  checkInvariants(): void {}

  #refresh(): void {
    const station = this.#powered[this.#hubEnd === 0 ? 1 : 0];
    this.#hub.setPlugged(this.#port, this.#plugged && station);
  }
}
