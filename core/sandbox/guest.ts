/**
 * One guest program in a runtime of its own: entered by its host, metered while it runs, and taken apart into data when
 * it fails. Whatever a guest hands over is checked here; nothing it does can do more than end it.
 */
import { AssertionError } from "../base/assert.ts";
import { utf8Encode } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import {
  GUEST_BUILTIN,
  GUEST_PAGE,
  type Guest,
  type GuestAnswer,
  type GuestError,
  type GuestErrorKind,
  type GuestHost,
  type GuestLimits,
  type GuestState,
} from "../runtime/sandbox-port.ts";
import { memoryError, NEIGHBOUR_ERROR, requestsError, sandboxError, stepsError } from "./guest-end.ts";
import { parseStack, readThrown } from "./guest-error.ts";
import { GuestPage } from "./guest-page.ts";
import type { ActiveRuntime, QuickJsInstance } from "./instance.ts";
import { evaluate, type StartedRuntime } from "./library.ts";
import { STEPS_RESERVE } from "./limits.ts";
import { METER } from "./metering.ts";
import type { ProgramModules } from "./program-modules.ts";
import { PROMISE, type Box } from "./quickjs-exports.ts";
import { Rejections } from "./rejections.ts";

/** What a guest needs of the sandbox it is in. */
export interface GuestPlace {
  readonly instance: QuickJsInstance;
  readonly started: StartedRuntime;
  /** Called after every entry: the instance may have grown. */
  countPages(): void;
  leave(guest: QuickJsGuest): void;
}

export interface QuickJsGuestOptions {
  readonly place: GuestPlace;
  readonly modules: ProgramModules;
  readonly configuration: unknown;
  readonly host: GuestHost;
  readonly limits: GuestLimits;
}

/** Memory on top of the limit, for the words that say that the limit was reached. */
const ERROR_MEMORY_BYTES = 1024 * 1024;

export class QuickJsGuest implements Guest, ActiveRuntime {
  readonly #place: GuestPlace;
  readonly #instance: QuickJsInstance;
  readonly #started: StartedRuntime;
  readonly #modules: ProgramModules;
  readonly #host: GuestHost;
  readonly #limits: GuestLimits;
  readonly #page: GuestPage;
  readonly #rejections: Rejections;
  #configuration: unknown;
  /** Given and not delivered yet. */
  readonly #answers: GuestAnswer[] = [];
  #main: Box | null = null;
  #state: GuestState = { kind: "waiting" };
  #isStopping = false;
  #isRefused = false;
  #exitStatus: number | null = null;
  #fuelLeft: number;
  #steps = 0;
  #isDisposed = false;
  constructor(options: QuickJsGuestOptions) {
    this.#place = options.place;
    this.#instance = options.place.instance;
    this.#started = options.place.started;
    this.#modules = options.modules;
    this.#host = options.host;
    this.#limits = options.limits;
    this.#configuration = options.configuration;
    this.#page = new GuestPage(this.#instance, this.#started.page);
    this.#rejections = new Rejections(this.#instance);
    this.#fuelLeft = this.#fuelMax;
  }

  get #fuelMax(): number {
    return this.#limits.stepsMax + STEPS_RESERVE;
  }

  get hasEnded(): boolean {
    return this.#state.kind === "failed" || this.#state.kind === "exited";
  }

  run(): GuestState {
    this.#enter(() => {
      if (this.#main === null) this.#begin();
      this.#deliver();
      this.#drain();
    });
    return this.#state;
  }

  refill(steps: number): void {
    this.#fuelLeft = Math.min(this.#fuelMax, this.#fuelLeft + steps);
  }

  settle(answer: GuestAnswer): void {
    this.#answers.push(answer);
  }

  #deliver(): void {
    for (const answer of this.#answers) {
      if (this.hasEnded) break;
      this.#page.write(answer);
      this.#call(this.#started.settle);
    }
    this.#answers.length = 0;
  }

  takeSteps(): number {
    const steps = this.#steps;
    this.#steps = 0;
    return steps;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (!this.hasEnded) this.#state = { kind: "exited", status: 0 };
    this.#place.leave(this);
  }

  /** Runs `work` in this guest's runtime, on what is left of its fuel. */
  #enter(work: () => void): void {
    if (this.hasEnded) return;
    const instance = this.#instance;
    if (instance.broken) return this.#fail(NEIGHBOUR_ERROR);
    const { exports } = instance;
    const fuel = exports[METER.fuel];
    fuel.value = this.#fuelLeft;
    try {
      if (instance.active !== this) {
        exports.qjs_set_runtime_and_context(this.#started.runtime, this.#started.context);
        instance.active = this;
      }
      work();
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      // A trap: the instance is in the middle of something and of no use to anybody.
      instance.broken = true;
      this.#fail(fuel.value < 0 ? stepsError(this.#limits, []) : sandboxError(String(error)));
    }
    this.#place.countPages();
    const left = Math.max(0, fuel.value);
    this.#steps += this.#fuelLeft - left;
    this.#fuelLeft = left;
  }

  #begin(): void {
    const { exports } = this.#instance;
    exports.qjs_set_memory_limit(this.#limits.memoryBytesMax);
    const text = utf8Encode(JSON.stringify(this.#configuration));
    this.#configuration = null;
    if (text.length > GUEST_PAGE.payloadBytes) return this.#fail(sandboxError("its arguments are too long"));
    this.#page.writeBytes(text);
    this.#call(this.#started.configure);
    const promise = evaluate(this.#instance, this.#modules.mainName, this.#modules.mainCode);
    if (promise === null) return this.#fail(memoryError());
    this.#main = promise;
    // Nothing has run yet: it did not compile, or an import could not be found.
    if (exports.qjs_is_exception(promise) !== 0) this.#fail(this.#takeException("syntax"));
  }

  #drain(): void {
    const { exports } = this.#instance;
    while (!this.hasEnded && exports.qjs_is_job_pending() !== 0) {
      if (exports.qjs_execute_pending_job() < 0) this.#fail(this.#takeException("thrown"));
    }
    if (this.hasEnded || this.#main === null) return;
    const reason = this.#rejections.first;
    if (reason !== null) return this.#fail(this.#errorOf("thrown", reason));
    if (this.#exitStatus !== null || this.#isRefused) return this.#fail(this.#takeException("thrown"));
    if (exports.qjs_promise_state(this.#main) === PROMISE.fulfilled) this.#state = { kind: "finished" };
  }

  #call(fn: Box): void {
    const { exports } = this.#instance;
    const result = exports.qjs_call(fn, this.#started.nothing, 0, 0);
    if (exports.qjs_is_exception(result) !== 0) this.#fail(this.#takeException("thrown"));
    exports.qjs_free_value(result);
  }

  /**
   * Ends the guest, for the reason that counts: an exit or a spent budget goes before the error they were made into.
   */
  #fail(error: GuestError): void {
    if (this.hasEnded) return;
    if (this.#exitStatus !== null) this.#state = { kind: "exited", status: this.#exitStatus };
    else if (this.#isRefused) this.#state = { kind: "failed", error: requestsError(error.frames) };
    else if (this.#isStopping) this.#state = { kind: "failed", error: stepsError(this.#limits, error.frames) };
    else this.#state = { kind: "failed", error };
  }

  #takeException(kind: GuestErrorKind): GuestError {
    const error = this.#instance.exports.qjs_get_exception();
    const result = this.#errorOf(kind, error);
    this.#instance.free(error);
    return result;
  }

  #errorOf(kind: GuestErrorKind, error: Box): GuestError {
    this.#instance.exports.qjs_set_memory_limit(this.#limits.memoryBytesMax + ERROR_MEMORY_BYTES);
    const { message, stack } = readThrown(this.#instance, error);
    const frames = parseStack(stack, (place) => this.#modules.sourceOf(place));
    if (kind === "syntax") return this.#modules.loadError(message, frames);
    const limit = this.#limits.memoryBytesMax / 1024 / 1024;
    const hint = message === "InternalError: out of memory" ? ` (a program may use ${limit} MiB)` : "";
    return { kind, message: message + hint, frames: frames.length > 0 ? frames : this.#modules.importFrames(message) };
  }

  // What the running guest asks for

  wallClock(): number {
    return this.#host.wallClock();
  }

  shouldStop(): boolean {
    if (this.#instance.exports[METER.fuel].value >= STEPS_RESERVE) return false;
    this.#isStopping = true;
    return true;
  }

  onCall(text: Box | null): Box | null {
    const instance = this.#instance;
    const { exports } = instance;
    const page = this.#page;
    if (text !== null && !page.takeText(text)) return null;
    page.read();
    switch (page.operation) {
      case GUEST_BUILTIN.encode:
        return exports.qjs_get_undefined();
      case GUEST_BUILTIN.decode:
        return exports.qjs_new_string(page.payload, page.length);
      case GUEST_BUILTIN.bareError:
        return instance.newBareError();
      case GUEST_BUILTIN.exit:
        return this.#exit();
      default:
        return this.#request();
    }
  }

  #request(): Box | null {
    const answer = this.#host.request(this.#page);
    if (answer === null) {
      this.#isRefused = true;
      this.#instance.throw("refused", true);
      return null;
    }
    if (this.#page.id === 0) this.#page.reply(answer);
    return this.#instance.exports.qjs_get_undefined();
  }

  #exit(): null {
    const status = this.#page.a;
    this.#exitStatus = Number.isFinite(status) ? Math.trunc(status) & 0xff : 1;
    this.#instance.throw("exit", true);
    return null;
  }

  onRejection(promise: Box, reason: Box, isHandled: boolean): void {
    this.#rejections.note(promise, reason, isHandled);
  }

  resolveModule(base: string, specifier: string): Result<string, string> {
    return this.#modules.resolve(base, specifier);
  }

  moduleSource(name: string): string | null {
    return this.#modules.source(name);
  }
}
