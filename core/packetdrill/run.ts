/**
 * Runs a script: its events in order, each at its time, on a machine of its own. What is expected is compared with what
 * happens; the first difference ends the run.
 */
import { AssertionError, unreachable } from "../base/assert.ts";
import { instant, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import type { Action, CallAction, CodeAction, PacketAction, Script, ScriptEvent, ShellCommand } from "./ast.ts";
import { CallTable } from "./call-table.ts";
import { CodeProblem } from "./code-lexer.ts";
import { parseCode } from "./code-parse.ts";
import { CodeAssertion, runCode } from "./code-run.ts";
import type { CodeValue } from "./code-value.ts";
import { CommandProblem } from "./command-result.ts";
import { Environment } from "./environment.ts";
import { ANY_TIME_WAIT, CALL_STUCK, CALL_WAIT, PACKET_WAIT, TOLERANCE_PER_MILLE } from "./limits.ts";
import { specText } from "./packet-text.ts";
import { Packets } from "./packets.ts";
import { failed, RunFailure, unsupported } from "./problem.ts";
import type { Settings } from "./settings.ts";
import { ShellInterpreter } from "./shell-commands.ts";
import { CONSTANTS, takeSnapshot } from "./snapshot.ts";
import { SystemCalls, type RunningCall } from "./system-calls.ts";
import { seconds, Timeline, timelineLine } from "./timeline.ts";

/** An event with its times as spans from the script's start. */
interface Timed {
  readonly event: ScriptEvent;
  readonly line: number;
  /** What the event's own time counts from. */
  readonly base: Nanoseconds;
  readonly at: Nanoseconds;
  readonly end: Nanoseconds;
  readonly isAny: boolean;
}

/** Code with what was to be seen when its turn came. */
interface PendingCode {
  readonly action: CodeAction;
  readonly values: ReadonlyMap<string, number>;
}

export class Runner {
  readonly timeline = new Timeline();
  /** What code prints. */
  readonly output: string[] = [];
  readonly #script: Script;
  readonly #settings: Settings;
  readonly #environment: Environment;
  readonly #shell: ShellInterpreter;
  readonly #calls: SystemCalls;
  readonly #packets: Packets;
  readonly #code: PendingCode[] = [];
  #start: VirtualTime;
  #lastAt: Nanoseconds = 0;
  #lastWasInjected = false;
  #blocking: { readonly call: RunningCall; readonly end: Nanoseconds; readonly startedAt: Nanoseconds } | null = null;

  constructor(script: Script, settings: Settings) {
    this.#script = script;
    this.#settings = settings;
    this.#environment = new Environment(settings);
    const table = new CallTable(settings);
    this.#shell = new ShellInterpreter(this.#environment);
    this.#calls = new SystemCalls(this.#environment, table);
    this.#packets = new Packets(this.#environment, table, this.timeline);
    this.#start = this.#environment.now;
  }

  /** @throws RunFailure at the first thing that is not as the script says. */
  run(): void {
    const { init, events, cleanup } = this.#script;
    if (init !== null) this.#command(init);
    this.#start = this.#environment.nextStart();
    this.#packets.startAt = this.#start;
    this.#environment.advance(this.#start);
    const [first] = events;
    if (first !== undefined && (first.time.kind === "any" || first.time.at !== 0)) {
      throw failed(first.line, "the first event has to be at time 0");
    }
    for (const event of events) this.#step(event);
    this.#finishBlocking();
    if (cleanup !== null) this.#command(cleanup);
    this.#runCode();
    this.#environment.shutdown();
  }

  // Time

  get #scriptNow(): Nanoseconds {
    return this.#environment.now - this.#start;
  }

  #live(span: Nanoseconds): VirtualTime {
    return instant(this.#start + span);
  }

  /**
   * When an event is due. Spans count from the event before; between injected packets from when that one was due, so
   * that their distances add up.
   */
  #timed(event: ScriptEvent): Timed {
    const { time, line } = event;
    const isInjected = event.action.kind === "packet" && event.action.direction === "in";
    if (time.kind === "absolute" || time.kind === "absolute-range") {
      if (time.at < this.#lastAt && this.#lastWasAbsolute) throw failed(line, "time goes backwards");
      const end = "end" in time ? time.end : time.at;
      return { event, line, base: 0, at: time.at, end, isAny: false };
    }
    const base = this.#lastWasInjected && isInjected ? this.#lastAt : this.#scriptNow;
    if (time.kind === "any") return { event, line, base, at: base, end: base, isAny: true };
    const end = "end" in time ? time.end : time.at;
    return { event, line, base, at: base + time.at, end: base + end, isAny: false };
  }

  #lastWasAbsolute = false;

  /** The tolerance grows with the span that is waited for. */
  #tolerance(at: Nanoseconds, from: Nanoseconds = this.#lastAt): Nanoseconds {
    return Math.max(this.#settings.tolerance, Math.floor(((at - from) * TOLERANCE_PER_MILLE) / 1000));
  }

  /** @throws RunFailure when something was not in time. */
  #checkTime(
    { at, end, line, isAny }: Omit<Timed, "event" | "base">,
    actual: Nanoseconds,
    what: string,
    from?: Nanoseconds,
  ): void {
    const tolerance = this.#tolerance(at, from);
    if (isAny || (actual >= at - tolerance && actual <= end + tolerance)) return;
    const expected = at === end ? `at ${seconds(at)} s` : `from ${seconds(at)} to ${seconds(end)} s`;
    throw failed(
      line,
      `${what} expected ${expected}, happened at ${seconds(actual)} s; tolerance ${seconds(tolerance)} s`,
    );
  }

  /** Lets time pass until the event is due. */
  #waitFor(timed: Timed, what: string): void {
    if (timed.at > this.#scriptNow) this.#environment.advance(this.#live(timed.at));
    this.#collectBlocking();
    this.#checkTime(timed, this.#scriptNow, what);
  }

  // Events

  #step(event: ScriptEvent): void {
    const timed = this.#timed(event);
    this.#act(timed, event.action);
    this.#lastAt = timed.at;
    this.#lastWasAbsolute = timed.base === 0 && event.time.kind.startsWith("absolute");
    this.#lastWasInjected = event.action.kind === "packet" && event.action.direction === "in";
  }

  #act(timed: Timed, action: Action): void {
    switch (action.kind) {
      case "packet":
        if (action.direction === "out") return this.#expect(timed, action);
        this.#waitFor(timed, "the injected packet");
        return this.#packets.inject(action, timed.line);
      case "call":
        return this.#call(timed, action);
      case "command":
        this.#waitFor(timed, "the command");
        return this.#command(action);
      case "code":
        this.#waitFor(timed, "the code");
        this.#environment.settle();
        this.#code.push({ action, values: takeSnapshot(this.#calls) });
        return;
      default:
        return unreachable(action);
    }
  }

  #command(command: ShellCommand): void {
    let status: number;
    try {
      status = this.#shell.run(command.text);
    } catch (error) {
      if (!(error instanceof CommandProblem)) throw error;
      throw new RunFailure(error.kind, command.line, error.message);
    }
    if (status !== 0) throw failed(command.line, `the command ended with status ${status}`);
  }

  // Packets

  #expect(timed: Timed, action: PacketAction): void {
    const environment = this.#environment;
    const { line } = timed;
    const until = timed.isAny ? this.#scriptNow + ANY_TIME_WAIT : Math.max(timed.end, this.#scriptNow) + PACKET_WAIT;
    const wait = (): boolean => {
      environment.advanceWhile(this.#live(until), () => !environment.hasSent);
      return environment.hasSent;
    };
    const sniffed = this.#packets.sniff(action, line, wait);
    const differences = this.#packets.compare(action, sniffed);
    if (differences.length > 0) {
      const found = sniffed.entries.map(timelineLine).join("\n");
      const expected = `${seconds(timed.at).padStart(12)} > ${specText(action)}`;
      throw failed(line, `${differences.join("; ")}\n  expected\n${expected}\n  actual\n${found}`);
    }
    const at = this.#packets.scriptTime(sniffed.packet.at);
    this.#checkTime(timed, at, `the packet ${specText(action)}`);
  }

  // System calls

  #call(timed: Timed, action: CallAction): void {
    this.#awaitBlocking();
    this.#waitFor(timed, `${action.name}()`);
    const environment = this.#environment;
    const call = this.#calls.begin(action, timed.line);
    environment.settle();
    if (action.end !== null) {
      this.#blocking = { call, end: timed.base + action.end, startedAt: timed.at };
      return;
    }
    // It was not said to block; as there is nobody to inject anything meanwhile, only a timer can end it.
    if (call.endedAt === null) {
      environment.advanceWhile(instant(environment.now + CALL_STUCK), () => call.endedAt === null);
      if (call.endedAt === null) throw failed(timed.line, `${action.name}() blocks and never returns`);
    }
    this.#calls.finish(call);
  }

  /** One call may be under way: the next one waits a little for it. */
  #awaitBlocking(): void {
    const call = this.#blocking?.call ?? null;
    if (call === null) return;
    const environment = this.#environment;
    if (call.endedAt === null) {
      environment.advanceWhile(instant(environment.now + CALL_WAIT), () => call.endedAt === null);
    }
    if (call.endedAt === null) throw failed(call.line, `${call.action.name}() is still under way`);
    this.#collectBlocking();
  }

  /** Takes in the result of a call that has returned meanwhile. */
  #collectBlocking(): void {
    const blocking = this.#blocking;
    if (blocking === null || blocking.call.endedAt === null) return;
    const { call, end, startedAt } = blocking;
    this.#blocking = null;
    this.#calls.finish(call);
    const timed = { at: end, end, line: call.line, isAny: false };
    this.#checkTime(timed, blocking.call.endedAt - this.#start, `the return of ${call.action.name}()`, startedAt);
  }

  #finishBlocking(): void {
    this.#environment.settle();
    this.#awaitBlocking();
  }

  // Code

  /** As in packetdrill, all code runs when the script is over, each piece with what was to be seen at its time. */
  #runCode(): void {
    const names = new Map<string, CodeValue>(CONSTANTS);
    for (const { action, values } of this.#code) {
      for (const [name, value] of values) names.set(name, value);
      this.#runPiece(action, names);
    }
  }

  #runPiece(action: CodeAction, names: Map<string, CodeValue>): void {
    try {
      runCode(parseCode(action.text), names, (text) => this.output.push(text));
    } catch (error) {
      if (error instanceof CodeAssertion) throw failed(action.line + error.line, error.message);
      if (error instanceof CodeProblem) throw unsupported(action.line + error.line, error.message);
      throw error;
    }
  }
}

/** What went wrong in a run, with the line of the script, 0 for none. */
export function explainRun(error: unknown): { kind: "fail" | "unsupported"; line: number; reason: string } {
  if (error instanceof RunFailure) return { kind: error.kind, line: error.line, reason: error.message };
  // A broken invariant of the stack is what scripts are there to find: the other scripts go on.
  if (error instanceof AssertionError) {
    const [, at = ""] = /\n\s+at (?:assert|present)[^\n]*\n\s+at ([^\n]*)/.exec(error.stack ?? "") ?? [];
    return { kind: "fail", line: 0, reason: `assertion of the stack: ${error.message} (${at})` };
  }
  if (error instanceof Error) {
    return { kind: "fail", line: 0, reason: `bug of the stack: ${error.stack ?? error.message}` };
  }
  throw error;
}
