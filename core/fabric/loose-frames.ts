/**
 * Frames of one direction of a cable that others may pass: reordered, or late by a fault rule. Each has an arrival
 * event of its own, where frames in order share one (frame-pipe.ts). Made with the first such frame; most cables have
 * none.
 */
import { assert } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../engine/event-queue.ts";
import type { Rank } from "../engine/rank.ts";
import type { Frame } from "../wire/frame.ts";
import { IN_FLIGHT_FRAMES_MAX } from "./limits.ts";

/** Codes: from here on, 2 * slot, plus 1 when the far edge's rules have spoken already. 0 is the pipe's. */
const LOOSE_ARRIVES = 1;

type LooseFrame = { frame: Frame | null; event: EventId };

export class LooseFrames implements EventHandler {
  readonly #engine: Engine;
  readonly #rank: Rank;
  readonly #arrive: (frame: Frame, judged: boolean) => void;
  readonly #slots: LooseFrame[] = [];
  readonly #free: number[] = [];

  /** @param rank of their arrivals. @param arrive takes a frame that has come. */
  constructor(engine: Engine, rank: Rank, arrive: (frame: Frame, judged: boolean) => void) {
    this.#engine = engine;
    this.#rank = rank;
    this.#arrive = arrive;
  }

  get count(): number {
    return this.#slots.length - this.#free.length;
  }

  /**
   * @param judged the rules at the far edge have delayed it there and will not be asked again.
   * @returns false, and takes nothing, when `IN_FLIGHT_FRAMES_MAX` are on their way.
   */
  add(frame: Frame, arrival: number, judged: boolean): boolean {
    if (this.#free.length === 0 && this.#slots.length >= IN_FLIGHT_FRAMES_MAX) return false;
    const slot = this.#free.pop() ?? this.#slots.push({ frame: null, event: NO_EVENT }) - 1;
    const loose = this.#slots[slot] as LooseFrame;
    const code = LOOSE_ARRIVES + 2 * slot + (judged ? 1 : 0);
    loose.frame = frame;
    loose.event = this.#engine.at(arrival as VirtualTime, this.#rank, this, code);
    return true;
  }

  onEvent(code: number): void {
    const slot = (code - LOOSE_ARRIVES) >> 1;
    const loose = this.#slots[slot] as LooseFrame;
    const { frame } = loose;
    assert(frame !== null, "a loose frame arrives once");
    loose.frame = null;
    this.#free.push(slot);
    this.#arrive(frame, ((code - LOOSE_ARRIVES) & 1) === 1);
  }

  /** Takes all of them off the wire. @param drop gets each. */
  dropAll(drop: (frame: Frame) => void): void {
    this.#slots.forEach((loose, slot) => {
      if (loose.frame === null) return;
      this.#engine.cancel(loose.event);
      drop(loose.frame);
      loose.frame = null;
      this.#free.push(slot);
    });
  }
}
