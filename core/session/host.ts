/**
 * The core's end of the contract: answers requests, runs the lab in slices between them, and hands out one push when it
 * is asked for the next. It has no clock and no timers of its own: whoever runs it (a Web Worker, Electron's utility
 * process, a test) gives it those.
 *
 * A slice takes a few ms, so a busy lab never keeps a request waiting. Going back is running again from the start: that
 * is done in slices too, and the answer comes when the instant is reached.
 */
import { TIME_MAX, type VirtualTime } from "../base/time.ts";
import type { JournalEntry } from "../contract/command.ts";
import type { Answer, MethodName, Params, Response } from "../contract/api/api.ts";
import type { ApiProblem } from "../contract/api/problem.ts";
import type { RunState } from "../contract/api/run-view.ts";
import { parseLab } from "../lab/parse.ts";
import type { Lab } from "../lab/model.ts";
import type { ProgramTable } from "../world/world.ts";
import { labProblem, labView } from "./lab-views.ts";
import { EVENTS_PER_LOOK, SLICE_MS, STEP_EVENTS_MAX, STEPS_BACK_MAX } from "./limits.ts";
import { KernelLook } from "./kernel-look.ts";
import { LiveRun } from "./live-run.ts";
import { Pacer } from "./pacer.ts";
import { answerLook } from "./looks.ts";
import { Session, type SessionOptions } from "./session.ts";
import { parseRequest, type ParsedRequest } from "./requests.ts";

export interface HostEnvironment {
  /** Wall clock, ms, from any origin. */
  nowMs(): number;
  /** Calls back once, after that many ms of wall time. */
  later(callback: () => void, ms: number): void;
  post(response: Response): void;
  readonly programs?: ProgramTable;
}

/** Where a run stands: after so many events, at that time. */
interface Position {
  readonly events: number;
  readonly time: number;
}

interface Seek {
  /** Request to answer when the position is reached. */
  readonly id: number;
  /** Without events: everything up to and including that time. */
  readonly to: { readonly events: number | null; readonly time: number };
  readonly answer: () => unknown;
}

/** Idle between looks at the clock while nothing is due, ms. */
const IDLE_MS = 4;

export class SessionHost {
  readonly #environment: HostEnvironment;
  readonly #pacer = new Pacer();
  #lab: Lab | null = null;
  #seed: number | undefined;
  #run: LiveRun | null = null;
  #seek: Seek | null = null;
  /** A closer look under way, and whom to answer. A newer one takes its place. */
  #look: { readonly id: number; readonly look: KernelLook } | null = null;
  readonly #steps: Position[] = [];
  #consoles = 0;
  /** Request of a client that waits for the next push. */
  #wanted: number | null = null;
  #changed = false;
  #rewound = false;
  #isTicking = false;

  constructor(environment: HostEnvironment) {
    this.#environment = environment;
  }

  /** A message from the client, whatever it is. */
  receive(message: unknown): void {
    const request = parseRequest(message);
    if (!request.ok) {
      const { id, message: title } = request.error;
      if (id !== null) this.#fail(id, problem("api/bad-request", title));
      return;
    }
    this.#dispatch(request.value);
  }

  #dispatch(request: ParsedRequest): void {
    const { id, method } = request;
    if (method === "host.ping") return this.#answer<"host.ping">(id, { time: this.#run?.session.now ?? 0 });
    if (method === "lab.open") return this.#open(id, request.params);
    const run = this.#run;
    if (run === null) return this.#fail(id, problem("run/no-lab", "No lab is open."));
    if (method === "frame.next") {
      this.#wanted = id;
      this.#pushIfDue();
      return;
    }
    if (this.#seek !== null && (method.startsWith("run.") || method === "console.open")) {
      return this.#fail(
        id,
        problem("run/busy", "The run is on its way to another instant.", "Try again when it is there."),
      );
    }
    if (request.method === "kernel.timeline") return this.#lookCloser(id, run, request.params);
    const look = answerLook(run, request);
    if (look !== null) {
      if (look.ok) this.#environment.post({ id, result: look.value });
      else this.#fail(id, look.error);
      return;
    }
    this.#control(run, request);
  }

  #control(run: LiveRun, request: ParsedRequest): void {
    const { id } = request;
    switch (request.method) {
      case "run.play":
        if (!this.#pacer.playing) this.#remember(run);
        this.#pacer.play(request.params.speed, this.#environment.nowMs(), run.session.now);
        this.#tick();
        return this.#answerState(id, run);
      case "run.pause":
        this.#pacer.pause();
        return this.#answerState(id, run);
      case "run.step":
        this.#pacer.pause();
        this.#remember(run);
        step(run, request.params);
        return this.#answerState(id, run);
      case "run.stepBack":
        return this.#stepBack(id, run);
      case "run.seek":
        this.#pacer.pause();
        this.#remember(run);
        return this.#goTo({ id, to: { events: null, time: request.params.time }, answer: () => this.#state() });
      case "run.inject":
        return this.#inject(id, run, request.params.command);
      case "console.open": {
        const console = ++this.#consoles;
        const done = run.session.inject({ kind: "shell", node: request.params.node, console });
        if (!done.ok) return this.#fail(id, problem("run/refused", sentence(done.error)));
        this.#change();
        return this.#answer<"console.open">(id, { console });
      }
      default:
        return this.#fail(id, problem("api/bad-request", `${request.method} is not answered here.`));
    }
  }

  #open(id: number, params: Params<"lab.open">): void {
    const parsed = parseLab(params.text, params.file);
    if (!parsed.ok) {
      const problems = parsed.error.map(labProblem);
      return this.#answer<"lab.open">(id, { lab: null, problems, run: null });
    }
    this.#pacer.pause();
    this.#lab = parsed.value;
    this.#seed = params.seed;
    this.#steps.length = 0;
    const journal = params.journal ?? [];
    this.#consoles = journal.reduce(
      (most, { command }) => Math.max(most, "console" in command ? command.console : 0),
      0,
    );
    const lab = labView(parsed.value);
    const problems = parsed.value.warnings.map(labProblem);
    this.#build(journal);
    const answer = (): Answer<"lab.open"> => ({ lab, problems, run: this.#state() });
    this.#goTo({ id, to: { events: null, time: params.time ?? 0 }, answer });
  }

  #build(journal: readonly JournalEntry[]): LiveRun {
    const run = new LiveRun(this.#lab as Lab, { ...this.#sessionOptions(), journal });
    this.#look = null;
    this.#run = run;
    this.#rewound = true;
    this.#change();
    return run;
  }

  #sessionOptions(): Pick<SessionOptions, "seed" | "programs"> {
    const { programs } = this.#environment;
    return {
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
      ...(programs === undefined ? {} : { programs }),
    };
  }

  #inject(id: number, run: LiveRun, command: Params<"run.inject">["command"]): void {
    const done = run.session.inject(command);
    if (!done.ok) return this.#fail(id, problem("run/refused", sentence(done.error)));
    if ("console" in command) this.#consoles = Math.max(this.#consoles, command.console);
    // What was ahead of a run that was wound back is another future now; steps back lead to before this.
    this.#tick();
    this.#answerState(id, run);
  }

  #lookCloser(id: number, run: LiveRun, of: Params<"kernel.timeline">): void {
    if (this.#look !== null) this.#fail(this.#look.id, problem("look/superseded", "A newer look took its place."));
    const { session } = run;
    const to = Math.min(of.to, session.now);
    // The future of a run that was wound back has not happened.
    const journal = session.journal.filter(({ at }) => at <= to);
    const again = new Session(session.lab, { ...this.#sessionOptions(), journal });
    this.#look = { id, look: new KernelLook(again, { node: of.node, from: Math.min(of.from, to), to }) };
    this.#tick();
  }

  #lookSlice({ id, look }: { readonly id: number; readonly look: KernelLook }): void {
    const until = this.#environment.nowMs() + SLICE_MS;
    do {
      const timeline = look.portion();
      if (timeline === null) continue;
      this.#look = null;
      return this.#answer<"kernel.timeline">(id, timeline);
    } while (this.#environment.nowMs() < until);
  }

  // Time

  #remember(run: LiveRun): void {
    const { eventCount: events, now: time } = run.session;
    const last = this.#steps.at(-1);
    if (last?.events === events && last.time === time) return;
    if (this.#steps.length >= STEPS_BACK_MAX) this.#steps.shift();
    this.#steps.push({ events, time });
  }

  #stepBack(id: number, run: LiveRun): void {
    this.#pacer.pause();
    const { eventCount, now } = run.session;
    let to = this.#steps.pop();
    while (to !== undefined && to.events === eventCount && to.time === now) to = this.#steps.pop();
    if (to === undefined) return this.#fail(id, problem("run/at-start", "There is no step to take back."));
    this.#goTo({ id, to, answer: () => this.#state() });
  }

  /** Runs to a position in slices; from the start when it lies behind. */
  #goTo(seek: Seek): void {
    let run = this.#run as LiveRun;
    const { session } = run;
    if (seek.to.time < session.now || (seek.to.events ?? Infinity) < session.eventCount) {
      run = this.#build(session.journal);
    }
    this.#seek = seek;
    this.#tick();
  }

  #seekSlice(run: LiveRun, seek: Seek): void {
    const { session } = run;
    const until = this.#environment.nowMs() + SLICE_MS;
    const { events, time } = seek.to;
    do {
      const left = events === null ? EVENTS_PER_LOOK : Math.min(EVENTS_PER_LOOK, events - session.eventCount);
      const done = left <= 0 ? 0 : session.advance(time as VirtualTime, left);
      if (done === 0) {
        session.advance(time as VirtualTime, 0);
        this.#seek = null;
        this.#change();
        this.#environment.post({ id: seek.id, result: seek.answer() });
        return;
      }
    } while (this.#environment.nowMs() < until);
  }

  /** Runs a slice now and more of them as long as there is reason to. */
  #tick(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#environment.later(() => {
      this.#isTicking = false;
      this.#slice();
    }, 0);
  }

  #slice(): void {
    const run = this.#run;
    if (run === null) return;
    let pause = 0;
    if (this.#seek !== null) this.#seekSlice(run, this.#seek);
    else if (this.#pacer.playing) pause = this.#playSlice(run) ? 0 : IDLE_MS;
    if (this.#look !== null && this.#seek === null) {
      this.#lookSlice(this.#look);
      pause = 0;
    }
    this.#pushIfDue();
    if (this.#seek === null && this.#look === null && !this.#pacer.playing) return;
    this.#isTicking = true;
    this.#environment.later(() => {
      this.#isTicking = false;
      this.#slice();
    }, pause);
  }

  /** @returns whether there is more to do at once. */
  #playSlice(run: LiveRun): boolean {
    const { session } = run;
    const until = this.#environment.nowMs() + SLICE_MS;
    const isFlatOut = this.#pacer.speed === "max";
    let isBusy = true;
    do {
      // Flat out a quiet lab is at its end; against the clock, time goes on without events.
      const end = isFlatOut
        ? Math.max(session.now, session.lab.durationNs)
        : this.#pacer.target(this.#environment.nowMs());
      isBusy = session.advance(end as VirtualTime, EVENTS_PER_LOOK) === EVENTS_PER_LOOK;
      if (isFlatOut && !isBusy) this.#pacer.pause();
    } while (isBusy && this.#environment.nowMs() < until);
    this.#pacer.reached(session.now, this.#environment.nowMs());
    this.#change();
    return isBusy;
  }

  // Answers

  #state(): RunState {
    return (this.#run as LiveRun).state(this.#pacer);
  }

  #answerState(id: number, run: LiveRun): void {
    this.#change();
    this.#environment.post({ id, result: run.state(this.#pacer) });
  }

  #answer<M extends MethodName>(id: number, result: Answer<M>): void {
    this.#environment.post({ id, result });
  }

  #fail(id: number, what: ApiProblem): void {
    this.#environment.post({ id, problem: what });
  }

  #change(): void {
    this.#changed = true;
    this.#pushIfDue();
  }

  #pushIfDue(): void {
    if (!this.#changed || this.#wanted === null || this.#run === null || this.#seek !== null) return;
    const id = this.#wanted;
    this.#wanted = null;
    this.#changed = false;
    const rewound = this.#rewound;
    this.#rewound = false;
    this.#answer<"frame.next">(id, this.#run.push(this.#pacer, rewound));
  }
}

function step(run: LiveRun, { unit, ns }: Params<"run.step">): void {
  const { session } = run;
  if (unit === "time") session.advance(Math.min(TIME_MAX, session.now + (ns ?? 1_000_000)) as VirtualTime);
  else if (unit === "event") session.advance(TIME_MAX as VirtualTime, 1);
  else {
    // Until a frame passes an interface: that is what "the next packet" is to whoever watches.
    const before = run.store.newest;
    for (let left = STEP_EVENTS_MAX; left > 0 && run.store.newest === before; left--) {
      if (session.nextTime === Infinity || session.advance(TIME_MAX as VirtualTime, 1) === 0) break;
    }
  }
}

function problem(code: string, title: string, hint = ""): ApiProblem {
  return { code, severity: "error", title, hint, file: "", line: 0, column: 0, definite: true };
}

/** `there is no node x` as a sentence. */
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
