/**
 * The core's end of the contract: answers requests, runs the lab in slices between them, and hands out one push when it
 * is asked for the next. It has no clock and no timers of its own: whoever runs it (a Web Worker, Electron's utility
 * process, a test) gives it those. A slice takes a few ms, so a busy lab keeps no request waiting for long.
 */
import { MILLISECOND } from "../base/time.ts";
import type { Answer, MethodName, Params, Response } from "../contract/api/api.ts";
import type { ApiProblem } from "../contract/api/problem.ts";
import { parseLab } from "../lab/parse.ts";
import type { Goal } from "./journey.ts";
import { KernelLook } from "./kernel-look.ts";
import { labView } from "./lab-views.ts";
import { SLICE_MS } from "./limits.ts";
import { LOOKS, type LookMethod } from "./looks.ts";
import { Player, type Rest, type RunOptions } from "./player.ts";
import { apiProblem, labProblem, refusalProblem, sentence } from "./problem.ts";
import { parseRequest, type ParsedRequest } from "./requests.ts";
import { Session, type GuestSupport } from "./session.ts";

export interface HostEnvironment {
  /** Wall clock, ms, from any origin. */
  nowMs(): number;
  /** Calls back once, after that many ms of wall time. */
  later(callback: () => void, ms: number): void;
  post(response: Response): void;
  /** For guest programs; without it they cannot run. Asked for when a lab is opened. */
  readonly engine: GuestSupport["engine"] | null;
}

/** Methods that do something to the run. */
type ControlMethod = Exclude<MethodName, LookMethod | "lab.open" | "frame.next" | "host.ping" | "kernel.timeline">;

type RequestOf<M extends MethodName> = Extract<ParsedRequest, { method: M }>;

/** The lab that is open. */
interface Opened {
  readonly player: Player;
  readonly options: RunOptions;
  /** Highest console number in use. */
  consoles: number;
}

/** Until the next look at the clock while nothing is due, ms. */
const WAIT_MS = 4;
const STEP_NS = MILLISECOND;

export class SessionHost {
  readonly #environment: HostEnvironment;
  #open: Opened | null = null;
  /** A closer look under way, and whom to answer. A newer one takes its place. */
  #look: { readonly id: number; readonly look: KernelLook } | null = null;
  /** The request for the next push, until there is something to push. */
  #wanted: number | null = null;
  #hasChanged = false;
  #isTicking = false;

  constructor(environment: HostEnvironment) {
    this.#environment = environment;
  }

  /** A message from the client, whatever it is. */
  receive(message: unknown): void {
    const request = parseRequest(message);
    if (request.ok) this.#dispatch(request.value);
    else if (request.error.id !== null) {
      this.#fail(request.error.id, apiProblem("api/bad-request", request.error.message));
    }
  }

  #dispatch(request: ParsedRequest): void {
    const { id, method } = request;
    if (method === "host.ping") return this.#answer<"host.ping">(id, { time: this.#open?.player.state.time ?? 0 });
    if (method === "frame.next") return this.#want(id);
    if (method === "lab.open") return this.#openLab(request);
    const open = this.#open;
    if (open === null) return this.#fail(id, apiProblem("run/no-lab", "No lab is open."));
    if (isLook(request)) return this.#answerLook(open, request);
    if (method === "kernel.timeline") return this.#lookCloser(open, request);
    if (open.player.isTravelling && method !== "run.pause") {
      const hint = "Try again when it is there, or pause it.";
      return this.#fail(id, apiProblem("run/busy", "The run is on its way to another instant.", hint));
    }
    this.#control(open, request);
  }

  #control(open: Opened, request: RequestOf<ControlMethod>): void {
    const { id } = request;
    const { player } = open;
    switch (request.method) {
      case "run.play":
        player.play(request.params.speed);
        return this.#answerState(id);
      case "run.pause":
        player.pause();
        return this.#answerState(id);
      case "run.step":
        return this.#travel(open, id, stepGoal(player, request.params));
      case "run.seek":
        return this.#travel(open, id, { kind: "time", time: request.params.time });
      case "run.stepBack":
        if (player.stepBack((how) => this.#arrived(id, how))) return this.#tick();
        return this.#fail(id, apiProblem("run/at-start", "There is no step to take back."));
      case "run.inject": {
        const { command } = request.params;
        const done = player.run.inject(command);
        if (!done.ok) return this.#fail(id, apiProblem("run/refused", sentence(done.error)));
        if ("console" in command) open.consoles = Math.max(open.consoles, command.console);
        return this.#answerState(id);
      }
      case "console.open": {
        const console = ++open.consoles;
        const done = player.run.inject({ kind: "shell", node: request.params.node, console });
        if (!done.ok) return this.#fail(id, apiProblem("run/refused", sentence(done.error)));
        this.#changed();
        return this.#answer<"console.open">(id, { console, run: player.state });
      }
    }
  }

  #openLab({ id, params }: RequestOf<"lab.open">): void {
    const parsed = parseLab(params.text, params.file);
    if (!parsed.ok) {
      return this.#answer<"lab.open">(id, { lab: null, problems: parsed.error.map(labProblem), run: null });
    }
    const lab = parsed.value;
    const { seed, journal = [], sources = [] } = params;
    const { engine } = this.#environment;
    const guests =
      engine === null ? undefined : { engine, sources: new Map(sources.map(({ path, text }) => [path, text])) };
    const options: RunOptions = { ...(seed !== undefined && { seed }), ...(guests !== undefined && { guests }) };
    this.#open?.player.abandon();
    this.#abandonLook();
    const player = new Player(lab, { ...options, journal }, () => this.#environment.nowMs());
    const consoles = journal.reduce(
      (most, { command }) => Math.max(most, "console" in command ? command.console : 0),
      0,
    );
    this.#open = { player, options, consoles };
    player.resume(resumeGoal(params), (how) => {
      if (how === "superseded") return this.#failSuperseded(id);
      const refused = player.run.session.refused.map(refusalProblem);
      const problems = [...lab.warnings.map(labProblem), ...refused];
      this.#changed();
      this.#answer<"lab.open">(id, { lab: labView(lab), problems, run: player.state });
    });
    this.#tick();
  }

  // Time

  #travel({ player }: Opened, id: number, goal: Goal): void {
    player.travel(goal, (how) => this.#arrived(id, how));
    this.#tick();
  }

  #arrived(id: number, how: "arrived" | "stopped" | "superseded"): void {
    if (how === "superseded") this.#failSuperseded(id);
    else this.#answerState(id);
  }

  /** Runs a slice soon, and more of them as long as there is reason to. */
  #tick(ms = 0): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#environment.later(() => {
      this.#isTicking = false;
      this.#slice();
    }, ms);
  }

  #slice(): void {
    if (this.#open === null) return;
    const { player } = this.#open;
    const rests: Rest[] = [player.slice()];
    // A push in the middle of a journey would show instants that nobody asked for.
    if (!player.isTravelling) {
      rests.push(this.#lookSlice(), this.#filterSlice(this.#open));
      if (rests[0] !== "still") this.#changed();
      this.#pushIfDue();
    }
    if (rests.includes("busy")) this.#tick();
    else if (rests.includes("waiting")) this.#tick(WAIT_MS);
  }

  #filterSlice({ player }: Opened): Rest {
    const { packets } = player.run;
    if (!packets.isLooking) return "still";
    const until = this.#environment.nowMs() + SLICE_MS;
    while (packets.isLooking && this.#environment.nowMs() < until) packets.lookOn();
    this.#hasChanged = true;
    return packets.isLooking ? "busy" : "still";
  }

  // Looks

  #answerLook(open: Opened, request: RequestOf<LookMethod>): void {
    // One method's look with that very method's params; TypeScript cannot tell them apart by the index.
    const look = LOOKS[request.method] as (
      run: typeof open.player.run,
      params: unknown,
    ) => ReturnType<(typeof LOOKS)[LookMethod]>;
    const answer = look(open.player.run, request.params);
    if (answer.ok) this.#environment.post({ id: request.id, result: answer.value });
    else this.#fail(request.id, answer.error);
    if (open.player.run.packets.isLooking) this.#tick();
  }

  #lookCloser({ player, options }: Opened, { id, params }: RequestOf<"kernel.timeline">): void {
    this.#abandonLook();
    const { session } = player.run;
    const to = Math.min(params.to, session.now);
    // The future of a run that was wound back has not happened.
    const journal = session.journal.filter(({ at }) => at <= to);
    const again = new Session(session.lab, { ...options, journal });
    const look = new KernelLook(again, { node: params.node, from: Math.min(params.from, to), to });
    this.#look = { id, look };
    this.#tick();
  }

  #lookSlice(): Rest {
    if (this.#look === null) return "still";
    const { id, look } = this.#look;
    const until = this.#environment.nowMs() + SLICE_MS;
    do {
      const timeline = look.portion();
      if (timeline === null) continue;
      this.#look = null;
      this.#answer<"kernel.timeline">(id, timeline);
      return "still";
    } while (this.#environment.nowMs() < until);
    return "busy";
  }

  #abandonLook(): void {
    if (this.#look === null) return;
    this.#look.look.abandon();
    this.#failSuperseded(this.#look.id);
    this.#look = null;
  }

  // Answers

  #answer<M extends MethodName>(id: number, result: Answer<M>): void {
    this.#environment.post({ id, result });
  }

  #answerState(id: number): void {
    if (this.#open === null) return;
    this.#changed();
    this.#environment.post({ id, result: this.#open.player.state });
    this.#tick();
  }

  #fail(id: number, what: ApiProblem): void {
    this.#environment.post({ id, problem: what });
  }

  #failSuperseded(id: number): void {
    this.#fail(id, apiProblem("run/superseded", "Something newer took its place."));
  }

  // Pushes

  #want(id: number): void {
    if (this.#wanted !== null) this.#failSuperseded(this.#wanted);
    this.#wanted = id;
    this.#pushIfDue();
  }

  /** Not pushed at once: what changes in one turn goes together. */
  #changed(): void {
    this.#hasChanged = true;
    this.#tick();
  }

  #pushIfDue(): void {
    const player = this.#open?.player;
    if (!this.#hasChanged || this.#wanted === null || player === undefined || player.isTravelling) return;
    const id = this.#wanted;
    this.#wanted = null;
    this.#hasChanged = false;
    this.#answer<"frame.next">(id, player.push());
  }
}

function isLook(request: ParsedRequest): request is RequestOf<LookMethod> {
  return Object.hasOwn(LOOKS, request.method);
}

/** Without a time nothing has happened yet. */
function resumeGoal({ time, events }: Params<"lab.open">): Goal {
  if (time !== undefined && events === undefined) return { kind: "time", time };
  return { kind: "position", position: { time: time ?? 0, events: events ?? 0 } };
}

function stepGoal(player: Player, { unit, ns }: Params<"run.step">): Goal {
  if (unit === "event") return { kind: "event" };
  if (unit === "packet") return { kind: "frame" };
  return { kind: "time", time: player.state.time + (ns ?? STEP_NS) };
}
