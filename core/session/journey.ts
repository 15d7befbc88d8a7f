/**
 * On the way to another instant: going there may take long, so it is done in portions, between which others get their
 * turn. Only forwards; whoever wants to go back starts with a run that stands at the beginning.
 */
import type { VirtualTime } from "../base/time.ts";
import { EVENTS_PER_LOOK, RUN_TIME_MAX, STEP_EVENTS_MAX, STEP_TIME_MAX } from "./limits.ts";
import type { LiveRun } from "./live-run.ts";

/** Where a run stands: at that time, after so many events. */
export interface Position {
  readonly time: number;
  readonly events: number;
}

export type Goal =
  /** Everything up to and including that instant has happened. */
  | { readonly kind: "time"; readonly time: number }
  | { readonly kind: "position"; readonly position: Position }
  /** The next event, whenever it is. */
  | { readonly kind: "event" }
  /** A frame passes an interface: what "the next packet" is to whoever watches. */
  | { readonly kind: "frame" };

export class Journey {
  readonly #goal: Goal;
  readonly #start: Position;
  readonly #frames: number;

  constructor(run: LiveRun, goal: Goal) {
    this.#goal = goal;
    this.#start = run.position;
    this.#frames = run.store.newest;
  }

  /** What happened on the way is of no interest to whoever watches; a step is taken to see it. */
  get isJump(): boolean {
    return this.#goal.kind === "time" || this.#goal.kind === "position";
  }

  /** One portion. @returns whether it has arrived. */
  portion(run: LiveRun): boolean {
    const goal = this.#goal;
    switch (goal.kind) {
      case "time":
        return run.advance(Math.min(goal.time, RUN_TIME_MAX), EVENTS_PER_LOOK) < EVENTS_PER_LOOK;
      case "position": {
        const { time, events } = goal.position;
        const missing = events - run.position.events;
        if (missing > 0 && run.advance(time, Math.min(EVENTS_PER_LOOK, missing)) > 0) return false;
        // Time alone goes on to where it was: further events of that very instant stay ahead.
        run.advance(time, 0);
        return true;
      }
      case "event":
        this.#next(run, Infinity);
        return true;
      case "frame":
        return this.#untilFrame(run);
    }
  }

  #untilFrame(run: LiveRun): boolean {
    for (let left = EVENTS_PER_LOOK; left > 0; left--) {
      if (!this.#next(run, this.#start.time + STEP_TIME_MAX)) return true;
      if (run.store.newest > this.#frames) return true;
    }
    return run.position.events - this.#start.events >= STEP_EVENTS_MAX;
  }

  /** @returns false when nothing happens until then. */
  #next(run: LiveRun, until: number): boolean {
    const next = run.session.nextTime as VirtualTime;
    if (next > until || next > RUN_TIME_MAX) return false;
    run.advance(next, 1);
    return true;
  }
}
