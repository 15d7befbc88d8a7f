/**
 * A session: one lab being run. The facade that every host uses (CLI, worker, Electron's utility process); it has no
 * clock of its own and knows no files. A run is a function of lab, seed and journal, so going back is running again.
 */
import { assert } from "../base/assert.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { VirtualTime } from "../base/time.ts";
import type { CapturedFrame, CaptureInterface, CaptureListener } from "../contract/capture.ts";
import type { Command, JournalEntry } from "../contract/command.ts";
import type { RunReport } from "../contract/run-report.ts";
import { WORLD } from "../engine/rank.ts";
import type { Lab } from "../lab/model.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import type { GuestSupport } from "../world/guests.ts";
import { World, type ProgramTable } from "../world/world.ts";

export type { GuestSupport };

export interface SessionOptions {
  /** Overrides the lab's seed. */
  readonly seed?: number;
  /** A recorded journal to run again, or commands for the start: `{ at: 0, events: 0, command }`. */
  readonly journal?: readonly JournalEntry[];
  /** Events the recorder keeps. */
  readonly traceEvents?: number;
  /** Programs in /bin besides the shell's. */
  readonly programs?: ProgramTable;
  /** For the lab's guest programs. */
  readonly guests?: GuestSupport;
}

export interface RefusedEntry {
  readonly entry: JournalEntry;
  /** Why, as `there is no node h3`. */
  readonly problem: string;
}

/** Hears what is printed, and at which virtual ns. */
type ConsoleListener = (console: number, bytes: Uint8Array, at: number) => void;
const NOBODY: readonly CaptureListener[] = [];

type Capture = { readonly interfaces: ReadonlySet<number>; readonly listener: CaptureListener };

export class Session {
  readonly lab: Lab;
  readonly seed: number;
  readonly #options: SessionOptions;
  #world: World;
  #journal: JournalEntry[];
  /** Entries applied so far; those behind are the future of a run that was wound back. */
  #applied = 0;
  /** Output up to this instant was delivered to listeners before a step back, and is not delivered twice. */
  #deliveredUntil = -1;
  #refused: RefusedEntry[] = [];
  readonly #captures = new Set<Capture>();
  /** By interface: asked for every captured frame. */
  #listeners: readonly (readonly CaptureListener[])[] = [];
  readonly #consoleListeners = new Set<ConsoleListener>();

  constructor(lab: Lab, options: SessionOptions = {}) {
    this.lab = lab;
    this.seed = options.seed ?? lab.seed;
    this.#options = options;
    this.#journal = [...(options.journal ?? [])];
    assert(isInOrder(this.#journal), "a journal is in order of time and events");
    this.#world = this.#build();
    this.#applyDue();
  }

  get now(): VirtualTime {
    return this.#world.engine.now;
  }

  get digest(): string {
    return this.#world.engine.digest.value;
  }

  get eventCount(): number {
    return this.#world.engine.eventCount;
  }

  /** Instant of the next event or journal entry, or Infinity. */
  get nextTime(): number {
    return Math.min(this.#world.engine.nextTime, this.#journal[this.#applied]?.at ?? Infinity);
  }

  /**
   * Nothing is under way but periodic housekeeping: no packet, no runnable program, no entry of timeline or journal.
   */
  get isQuiet(): boolean {
    return this.#applied === this.#journal.length && this.#world.isQuiet;
  }

  get journal(): readonly JournalEntry[] {
    return this.#journal;
  }

  /** Entries that did not fit the lab when their turn came. */
  get refused(): readonly RefusedEntry[] {
    return this.#refused;
  }

  get trace(): TraceRecorder {
    return this.#world.trace;
  }

  get world(): World {
    return this.#world;
  }

  /**
   * Runs up to and including `until`, at most `eventsMax` events. @returns the number of events run, where they are
   * bounded.
   */
  advance(until: VirtualTime, eventsMax: number = Infinity): number {
    return eventsMax === Infinity ? this.run(until) : this.#run(until, eventsMax, false);
  }

  /**
   * As `advance`, for hosts that only want to get on: bounded by about so many events, it ends when all that is due
   * before `now` has happened, and machines may have run ahead of one another meanwhile (`Engine.advanceApart`).
   */
  run(until: VirtualTime, eventsAbout: number = Infinity): number {
    return this.#run(until, eventsAbout, true);
  }

  #run(until: VirtualTime, eventsMax: number, apart: boolean): number {
    const engine = this.#world.engine;
    let left = eventsMax;
    for (;;) {
      const entry = this.#journal[this.#applied];
      const next = entry === undefined || entry.at > until ? until : entry.at - 1;
      if (apart && next >= engine.now) left -= engine.advanceApart(next as VirtualTime, left);
      if (entry === undefined || entry.at > until) {
        if (!apart) left -= engine.advance(until, left);
        break;
      }
      // An entry written by hand says 0 events: it comes after all that happens up to its instant.
      const events = entry.events > engine.eventCount ? entry.events - engine.eventCount : Infinity;
      left -= engine.advance(entry.at as VirtualTime, Math.min(left, events));
      // Without events left to run, the clock still goes on to where the next one is due, past entries on the way.
      if (!this.#applyDue() && left <= 0) break;
    }
    return eventsMax === Infinity ? 0 : eventsMax - left;
  }

  /** Goes to instant `to`: forwards by running, backwards by running again from the start. */
  seek(to: VirtualTime): void {
    if (to < this.now) {
      this.#deliveredUntil = Math.max(this.#deliveredUntil, this.now);
      this.#world.close();
      this.#world = this.#build();
      this.#applied = 0;
      this.#refused = [];
      this.#applyDue();
    }
    this.advance(to);
  }

  /**
   * Journals a command and applies it now. After a step back this starts a new future: the old one's entries are gone.
   * @returns what is wrong with the command, as a sentence; nothing has happened then.
   */
  inject(command: Command): Result<void, string> {
    const problem = this.#world.check(command);
    if (problem !== null) return bad(problem);
    if (this.#applied < this.#journal.length) {
      this.#journal.length = this.#applied;
      this.#deliveredUntil = -1;
    }
    const engine = this.#world.engine;
    this.#journal.push({ at: engine.now, events: engine.eventCount, command });
    this.#applyDue();
    return good(undefined);
  }

  get captureInterfaces(): readonly CaptureInterface[] {
    return this.#world.captureInterfaces;
  }

  get names(): readonly { readonly name: string; readonly address: number }[] {
    return this.#world.names;
  }

  /** Hands every frame that passes one of the interfaces to `listener` from now on. @returns how to stop. */
  capture(interfaces: readonly number[], listener: CaptureListener): () => void {
    const capture = { interfaces: new Set(interfaces), listener };
    this.#captures.add(capture);
    this.#refreshTaps();
    return () => {
      this.#captures.delete(capture);
      this.#refreshTaps();
    };
  }

  onConsole(listener: ConsoleListener): () => void {
    this.#consoleListeners.add(listener);
    return () => this.#consoleListeners.delete(listener);
  }

  /** Gives back the memory of guest programs. The session is not used after this. */
  close(): void {
    this.#world.close();
  }

  report(): RunReport {
    return this.#world.report();
  }

  #build(): World {
    const world = new World(this.lab, {
      seed: this.seed,
      traceEvents: this.#options.traceEvents,
      programs: this.#options.programs,
      guests: this.#options.guests,
    });
    world.onConsole = (id, bytes, at) => {
      if (at <= this.#deliveredUntil) return;
      for (const listener of this.#consoleListeners) listener(id, bytes, at);
    };
    world.onFrame = (frame) => this.#deliver(frame);
    this.#world = world;
    this.#refreshTaps();
    return world;
  }

  #deliver(frame: CapturedFrame): void {
    if (frame.time <= this.#deliveredUntil) return;
    const listeners = this.#listeners[frame.interface] ?? NOBODY;
    for (let i = 0; i < listeners.length; i++) listeners[i]?.onFrame(frame);
  }

  #refreshTaps(): void {
    const listeners = this.#world.captureInterfaces.map((): CaptureListener[] => []);
    for (const { interfaces, listener } of this.#captures) {
      for (const index of interfaces) listeners[index]?.push(listener);
    }
    this.#listeners = listeners;
    this.#world.tap(new Set(listeners.flatMap((some, index) => (some.length > 0 ? [index] : []))));
  }

  /** Applies the entries whose place in the order of events has come. @returns whether there were any. */
  #applyDue(): boolean {
    const engine = this.#world.engine;
    for (let any = false; ; any = true) {
      const entry = this.#journal[this.#applied];
      if (entry === undefined || entry.at > engine.now) return any;
      // One that counts more events than there were up to its instant is from another run: it comes after them all.
      if (entry.events > engine.eventCount && engine.nextTime <= entry.at) return any;
      engine.advance(entry.at as VirtualTime, 0);
      this.#applied++;
      engine.digest.mixText(WORLD, JSON.stringify(entry.command));
      // A journal may come from before its lab was edited.
      const problem = this.#world.check(entry.command);
      if (problem === null) this.#world.apply(entry.command);
      else this.#refused.push({ entry, problem });
    }
  }
}

function isInOrder(journal: readonly JournalEntry[]): boolean {
  return journal.every((entry, index) => {
    const before = journal[index - 1];
    return before === undefined || before.at < entry.at || (before.at === entry.at && before.events <= entry.events);
  });
}
