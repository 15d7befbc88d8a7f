/**
 * A session host without a window: time is a number that goes on by a little at each look at the clock, so that slices
 * end as they would on a real machine, and the same way in every run.
 */
import type { Answer, MethodName, Params, Response } from "../../core/contract/api/api.ts";
import type { ApiProblem } from "../../core/contract/api/problem.ts";
import type { FramePush, RunState } from "../../core/contract/api/run-view.ts";
import { SessionHost } from "../../core/session/host.ts";

/** Wall time that passes between two looks at the clock. */
const LOOK_MS = 1;
/** Turns until an answer must have come. */
const TURNS_MAX = 1_000_000;

export class HostBench {
  nowMs = 0;
  readonly host: SessionHost;
  /** Every answer as it came, in order. */
  readonly posted: Response[] = [];
  #later: { readonly at: number; readonly callback: () => void }[] = [];
  #ids = 0;

  constructor() {
    this.host = new SessionHost({
      engine: null,
      nowMs: () => (this.nowMs += LOOK_MS),
      later: (callback, ms) => void this.#later.push({ at: this.nowMs + ms, callback }),
      // What crosses a port is cloned: an answer that cannot be would fail here.
      post: (response) => void this.posted.push(structuredClone(response)),
    });
  }

  get isIdle(): boolean {
    return this.#later.length === 0;
  }

  /** Sends a request. @returns its id. */
  send<M extends MethodName>(method: M, params: Params<M>): number {
    const id = ++this.#ids;
    this.host.receive(structuredClone({ id, method, params }));
    return id;
  }

  /** The answer to a request, if there is one. */
  responseTo(id: number): Response | undefined {
    return this.posted.find((response) => response.id === id);
  }

  /** Asks, and lets the host run until it answers. @throws when it answers with a problem. */
  ask<M extends MethodName>(method: M, params: Params<M>): Answer<M> {
    const response = this.#await(this.send(method, params));
    if ("problem" in response) throw new Error(`${method}: ${response.problem.code}: ${response.problem.title}`);
    return response.result as Answer<M>;
  }

  /** Asks for what must fail. */
  refused<M extends MethodName>(method: M, params: Params<M>): ApiProblem {
    const response = this.#await(this.send(method, params));
    if (!("problem" in response)) throw new Error(`${method} was answered: ${JSON.stringify(response.result)}`);
    return response.problem;
  }

  open(text: string, more: Omit<Params<"lab.open">, "text" | "file"> = {}): RunState {
    const { run, problems } = this.ask("lab.open", { text, file: "test.lab.yaml", ...more });
    if (run === null) throw new Error(problems.map(({ title }) => title).join("\n"));
    return run;
  }

  /** The next push: what changed since the last one. */
  push(): FramePush {
    return this.ask("frame.next", {});
  }

  /** One turn of the host's event loop. @returns false when it has nothing to do. */
  turn(): boolean {
    const next = this.#later.shift();
    if (next === undefined) return false;
    this.nowMs = Math.max(this.nowMs, next.at);
    next.callback();
    return true;
  }

  /** Lets wall time pass. */
  passMs(ms: number): void {
    const until = this.nowMs + ms;
    while (this.nowMs < until && this.turn());
    this.nowMs = Math.max(this.nowMs, until);
  }

  /** Until the host has nothing left to do. */
  settle(): void {
    for (let turns = 0; this.turn(); turns++) if (turns > TURNS_MAX) throw new Error("the host never rests");
  }

  #await(id: number): Response {
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      const response = this.responseTo(id);
      if (response !== undefined) return response;
      if (!this.turn()) break;
    }
    throw new Error("no answer");
  }
}
