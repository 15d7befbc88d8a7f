/**
 * One guest program in a runtime of its own: entered by its host, metered while it runs, and taken apart into data when
 * it fails. Whatever a guest hands over is checked here; nothing it does can do more than end it.
 */
import { AssertionError } from "../base/assert.ts";
import { utf8Encode } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import {
  GUEST_PAYLOAD_BYTES,
  type Guest,
  type GuestAnswer,
  type GuestError,
  type GuestErrorKind,
  type GuestHost,
  type GuestLimits,
  type GuestState,
} from "../runtime/sandbox-port.ts";
import { PROMISE, type Box, type RuntimePointer } from "./engine-exports.ts";
import type { GuestCall } from "./guest-call.ts";
import { memoryError, NEIGHBOUR_ERROR, requestsError, sandboxError, stepsError } from "./guest-end.ts";
import { parseStack, readThrown } from "./guest-error.ts";
import type { ActiveRuntime, EngineInstance } from "./instance.ts";
import { evaluate } from "./library.ts";
import { STEPS_RESERVE } from "./limits.ts";
import { METER } from "./metering.ts";
import type { ProgramModules } from "./program-modules.ts";
import { Rejections } from "./rejections.ts";

/** What a guest needs of the sandbox it is in. */
export interface GuestPlace {
  readonly instance: EngineInstance;
  readonly runtime: RuntimePointer;
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
  readonly #instance: EngineInstance;
  readonly #runtime: RuntimePointer;
  readonly #modules: ProgramModules;
  readonly #host: GuestHost;
  readonly #limits: GuestLimits;
  readonly #rejections: Rejections;
  #configuration: unknown;
  /** Given and not delivered yet. */
  readonly #answers: GuestAnswer[] = [];
  #hasBegun = false;
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
    this.#runtime = options.place.runtime;
    this.#modules = options.modules;
    this.#host = options.host;
    this.#limits = options.limits;
    this.#configuration = options.configuration;
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
      if (!this.#hasBegun) this.#begin();
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
    const { exports } = this.#instance;
    for (const answer of this.#answers) {
      if (this.hasEnded) break;
      const { operation, id, value, b = 0, c = 0, bytes } = answer;
      const length = bytes === undefined ? 0 : this.#write(bytes);
      if (exports.settle(operation, id, value, b, c, length) < 0) this.#fail(this.#takeException("thrown"));
    }
    this.#answers.length = 0;
  }

  /** Puts bytes where the running guest looks for them. @returns how many. */
  #write(bytes: Uint8Array): number {
    const fitting = bytes.length <= GUEST_PAYLOAD_BYTES ? bytes : bytes.subarray(0, GUEST_PAYLOAD_BYTES);
    this.#instance.bytes().set(fitting, this.#instance.exports.payload());
    return fitting.length;
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
      instance.enter(this.#runtime, this);
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
    this.#hasBegun = true;
    exports.set_memory_limit(this.#limits.memoryBytesMax);
    const text = utf8Encode(JSON.stringify(this.#configuration));
    this.#configuration = null;
    if (text.length > GUEST_PAYLOAD_BYTES) return this.#fail(sandboxError("its arguments are too long"));
    if (exports.configure(this.#write(text)) < 0) return this.#fail(this.#takeException("thrown"));
    const result = evaluate(this.#instance, this.#modules.mainName, this.#modules.mainCode);
    if (result === null) return this.#fail(memoryError());
    // Nothing has run yet: it did not compile, or an import could not be found.
    if (result < 0) this.#fail(this.#takeException("syntax"));
  }

  #drain(): void {
    if (this.hasEnded) return;
    const { exports } = this.#instance;
    if (exports.run_jobs() < 0) return this.#fail(this.#takeException("thrown"));
    const reason = this.#rejections.first;
    if (reason !== null) return this.#fail(this.#errorOf("thrown", reason));
    if (this.#exitStatus !== null || this.#isRefused) return this.#fail(this.#takeException("thrown"));
    if (exports.main_state() === PROMISE.fulfilled) this.#state = { kind: "finished" };
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
    const error = this.#instance.exports.take_exception();
    const result = this.#errorOf(kind, error);
    this.#instance.free(error);
    return result;
  }

  #errorOf(kind: GuestErrorKind, error: Box): GuestError {
    this.#instance.exports.set_memory_limit(this.#limits.memoryBytesMax + ERROR_MEMORY_BYTES);
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

  onCall(call: GuestCall): number | null {
    const answer = this.#host.request(call);
    if (answer === null) this.#isRefused = true;
    return answer;
  }

  onExit(status: number): void {
    this.#exitStatus = Number.isFinite(status) ? Math.trunc(status) & 0xff : 1;
  }

  onRejection(address: number, promise: Box, reason: Box, isHandled: boolean): void {
    this.#rejections.note(address, promise, reason, isHandled);
  }

  resolveModule(base: string, specifier: string): Result<string, string> {
    return this.#modules.resolve(base, specifier);
  }

  moduleSource(name: string): string | null {
    return this.#modules.source(name);
  }
}
