/**
 * Moves the run of one lab through virtual time: plays it against the wall clock, steps, seeks, goes back. Going back
 * is running again from the start. All of it happens in slices of a few ms, one for each call of `slice`.
 */
import type { JournalEntry } from "../contract/command.ts";
import type { FramePush, RunState, Speed } from "../contract/api/run-view.ts";
import type { Lab } from "../lab/model.ts";
import { CaptureStore } from "./capture-store.ts";
import { Journey, type Goal, type Position } from "./journey.ts";
import { EVENTS_PER_LOOK, RUN_TIME_MAX, SLICE_MS, STEPS_BACK_MAX } from "./limits.ts";
import { LiveRun } from "./live-run.ts";
import { Pacer } from "./pacer.ts";
import type { SessionOptions } from "./session.ts";

/** What a run is a function of, besides its lab and journal. */
export type RunOptions = Pick<SessionOptions, "seed" | "guests">;

/** Told once, when the journey is over: it arrived, was stopped on its way, or gave way to something newer. */
export type OnArrival = (how: "arrived" | "stopped" | "superseded") => void;

/** What is left to do after a slice: more at once, a look at the clock in a while, nothing. */
export type Rest = "busy" | "waiting" | "still";

export class Player {
  readonly #lab: Lab;
  readonly #options: RunOptions;
  readonly #nowMs: () => number;
  readonly #pacer = new Pacer();
  readonly #store = new CaptureStore();
  #run: LiveRun;
  #journey: { readonly journey: Journey; readonly onArrival: OnArrival } | null = null;
  /** Where steps back lead, latest last. */
  readonly #marks: Position[] = [];
  #isRewound = true;

  constructor(lab: Lab, options: RunOptions & { readonly journal: readonly JournalEntry[] }, nowMs: () => number) {
    const { journal, ...same } = options;
    this.#lab = lab;
    this.#options = same;
    this.#nowMs = nowMs;
    this.#run = this.#build(journal);
  }

  /** Another one after each step back. */
  get run(): LiveRun {
    return this.#run;
  }

  get isTravelling(): boolean {
    return this.#journey !== null;
  }

  get state(): RunState {
    return this.#run.state(this.#pacer);
  }

  push(): FramePush {
    const isRewound = this.#isRewound;
    this.#isRewound = false;
    return this.#run.push(this.#pacer, isRewound);
  }

  play(speed: Speed): void {
    if (!this.#pacer.playing) this.#mark();
    this.#pacer.play(speed, this.#nowMs(), this.#run.session.now);
  }

  /** Stops playing, and any journey where it is. */
  pause(): void {
    this.#pacer.pause();
    this.#end("stopped");
  }

  /** Sets out for `goal`; a later call of `slice` arrives. */
  travel(goal: Goal, onArrival: OnArrival): void {
    this.#pacer.pause();
    this.#mark();
    this.#depart(goal, onArrival);
  }

  /** To where a run that is opened again had been: nothing that a step could take back. */
  resume(goal: Goal, onArrival: OnArrival): void {
    this.#depart(goal, onArrival);
  }

  /** To where the run stood before the last step, journey or play. @returns false when there was none. */
  stepBack(onArrival: OnArrival): boolean {
    this.#pacer.pause();
    const { time, events } = this.#run.position;
    let to = this.#marks.pop();
    while (to !== undefined && (to.time > time || (to.time === time && to.events >= events))) to = this.#marks.pop();
    if (to === undefined) return false;
    this.#depart({ kind: "position", position: to }, onArrival);
    return true;
  }

  /** The run is given up for another one. */
  abandon(): void {
    this.#end("superseded");
    this.#run.session.close();
  }

  slice(): Rest {
    if (this.#journey !== null) return this.#travelSlice(this.#journey);
    return this.#pacer.playing ? this.#playSlice() : "still";
  }

  #travelSlice({ journey }: { readonly journey: Journey }): Rest {
    const until = this.#nowMs() + SLICE_MS;
    do {
      const hasArrived = journey.portion(this.#run);
      // Each time: only so many are kept, and those that are under way at last are the newest.
      if (journey.isJump) this.#run.forgetPast();
      if (!hasArrived) continue;
      this.#end("arrived");
      return "still";
    } while (this.#nowMs() < until);
    return "busy";
  }

  #playSlice(): Rest {
    const { session } = this.#run;
    const until = this.#nowMs() + SLICE_MS;
    const isFlatOut = this.#pacer.speed === "max";
    let isBusy = true;
    while (isBusy) {
      // Flat out a lab is at its end when its time is over; against the clock, time goes on without events.
      const end = isFlatOut ? Math.max(session.now, session.lab.durationNs) : this.#pacer.target(this.#nowMs());
      isBusy = this.#run.advance(Math.min(end, RUN_TIME_MAX), EVENTS_PER_LOOK) === EVENTS_PER_LOOK;
      if (this.#nowMs() >= until) break;
    }
    this.#pacer.reached(session.now, this.#nowMs());
    if ((isFlatOut && !isBusy) || session.now >= RUN_TIME_MAX) {
      this.#pacer.pause();
      return "still";
    }
    return isBusy ? "busy" : "waiting";
  }

  #depart(goal: Goal, onArrival: OnArrival): void {
    this.#end("superseded");
    const { session, position } = this.#run;
    const isBehind =
      (goal.kind === "time" && goal.time < position.time) ||
      (goal.kind === "position" && (goal.position.time < position.time || goal.position.events < position.events));
    if (isBehind) {
      this.#run.session.close();
      this.#run = this.#build(session.journal);
      this.#isRewound = true;
    }
    this.#journey = { journey: new Journey(this.#run, goal), onArrival };
  }

  #end(how: Parameters<OnArrival>[0]): void {
    const journey = this.#journey;
    this.#journey = null;
    journey?.onArrival(how);
  }

  #build(journal: readonly JournalEntry[]): LiveRun {
    this.#store.clear();
    return new LiveRun(this.#lab, { ...this.#options, journal }, this.#store);
  }

  #mark(): void {
    const position = this.#run.position;
    const last = this.#marks.at(-1);
    if (last?.events === position.events && last.time === position.time) return;
    if (this.#marks.length >= STEPS_BACK_MAX) this.#marks.shift();
    this.#marks.push(position);
  }
}
