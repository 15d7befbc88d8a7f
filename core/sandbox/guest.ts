/**
 * One guest program in a runtime of its own: entered by its host, metered while it runs, and taken apart into data when
 * it fails. Whatever a guest hands over is checked here; nothing it does can do more than end it.
 */
import { AssertionError } from "../base/assert.ts";
import { utf8Decode, utf8Encode } from "../base/bytes.ts";
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
  type GuestRequest,
  type GuestState,
} from "../runtime/sandbox-port.ts";
import { parseStack, readThrown } from "./guest-error.ts";
import type { ActiveRuntime, QuickJsInstance } from "./instance.ts";
import { evaluate, type StartedRuntime } from "./library.ts";
import { STEPS_RESERVE } from "./limits.ts";
import { METER } from "./metering.ts";
import type { ProgramModules } from "./program-modules.ts";
import { PROMISE, type Box, type Pointer } from "./quickjs-exports.ts";
import { Rejections } from "./rejections.ts";

/** What a guest needs of the sandbox it is in. */
export interface GuestPlace {
  readonly instance: QuickJsInstance;
  readonly started: StartedRuntime;
  /** Called around every entry: the instance may grow while it runs, within what all instances may have. */
  grantPages(): void;
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
const EMPTY_BYTES = new Uint8Array(0);

export class QuickJsGuest implements Guest, ActiveRuntime, GuestRequest {
  readonly #place: GuestPlace;
  readonly #instance: QuickJsInstance;
  readonly #started: StartedRuntime;
  readonly #modules: ProgramModules;
  readonly #host: GuestHost;
  readonly #limits: GuestLimits;
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
  // The request being made.
  operation = 0;
  id = 0;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  #length = 0;

  constructor(options: QuickJsGuestOptions) {
    this.#place = options.place;
    this.#instance = options.place.instance;
    this.#started = options.place.started;
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
      this.#writeAnswer(answer);
      this.#call(this.#started.settle);
    }
    this.#answers.length = 0;
  }

  #writeAnswer(answer: GuestAnswer): void {
    const at = this.#started.page / 8;
    const doubles = this.#instance.doubles();
    const { bytes } = answer;
    const length = Math.min(bytes?.length ?? 0, GUEST_PAGE.payloadBytes);
    doubles[at + GUEST_PAGE.operation] = answer.operation;
    doubles[at + GUEST_PAGE.id] = answer.id;
    doubles[at + GUEST_PAGE.a] = answer.value;
    doubles[at + GUEST_PAGE.b] = answer.b ?? 0;
    doubles[at + GUEST_PAGE.c] = answer.c ?? 0;
    doubles[at + GUEST_PAGE.length] = length;
    if (bytes !== undefined && length > 0) {
      this.#instance.bytes().set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#payload);
    }
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

  get #payload(): Pointer {
    return (this.#started.page + GUEST_PAGE.headerBytes) as Pointer;
  }

  /** Runs `work` in this guest's runtime, on what is left of its fuel. */
  #enter(work: () => void): void {
    if (this.hasEnded) return;
    const instance = this.#instance;
    if (instance.broken) return this.#fail(NEIGHBOUR_ERROR);
    const { exports } = instance;
    const fuel = exports[METER.fuel];
    this.#place.grantPages();
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
    this.#place.grantPages();
    this.#steps += this.#fuelLeft - Math.max(0, fuel.value);
    this.#fuelLeft = Math.max(0, fuel.value);
  }

  #begin(): void {
    const { exports } = this.#instance;
    exports.qjs_set_memory_limit(this.#limits.memoryBytesMax);
    const text = utf8Encode(JSON.stringify(this.#configuration));
    this.#configuration = null;
    if (text.length > GUEST_PAGE.payloadBytes) return this.#fail(sandboxError("its arguments are too long"));
    this.#instance.bytes().set(text, this.#payload);
    this.#instance.doubles()[this.#started.page / 8 + GUEST_PAGE.length] = text.length;
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
    const self = exports.qjs_get_undefined();
    const result = exports.qjs_call(fn, self, 0, 0);
    exports.qjs_free_value(self);
    if (exports.qjs_is_exception(result) !== 0) this.#fail(this.#takeException("thrown"));
    exports.qjs_free_value(result);
  }

  /** Ends the guest, for the reason that counts: an exit or a spent budget goes before the error they were made into. */
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
    return { kind, message: message + hint, frames };
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
    if (text !== null && !this.#takeText(text)) return null;
    const doubles = instance.doubles();
    const at = this.#started.page / 8;
    this.operation = doubles[at + GUEST_PAGE.operation] ?? 0;
    this.#length = Math.max(0, Math.min(doubles[at + GUEST_PAGE.length] ?? 0, GUEST_PAGE.payloadBytes)) | 0;
    if (this.operation === GUEST_BUILTIN.encode) return exports.qjs_get_undefined();
    if (this.operation === GUEST_BUILTIN.decode) {
      return exports.qjs_new_string(this.#payload, this.#length);
    }
    if (this.operation === GUEST_BUILTIN.bareError) return instance.newBareError();
    // What the library left out arrives as NaN.
    this.a = doubles[at + GUEST_PAGE.a] || 0;
    if (this.operation === GUEST_BUILTIN.exit) return this.#exit();
    this.id = doubles[at + GUEST_PAGE.id] ?? 0;
    this.b = doubles[at + GUEST_PAGE.b] || 0;
    this.c = doubles[at + GUEST_PAGE.c] || 0;
    this.d = doubles[at + GUEST_PAGE.d] || 0;
    const answer = this.#host.request(this);
    if (answer === null) {
      this.#isRefused = true;
      instance.throw("refused", true);
      return null;
    }
    if (this.id === 0) doubles[at + GUEST_PAGE.a] = answer;
    return exports.qjs_get_undefined();
  }

  bytes(): Uint8Array {
    if (this.#length === 0) return EMPTY_BYTES;
    return this.#instance.bytes().slice(this.#payload, this.#payload + this.#length);
  }

  text(): string {
    return utf8Decode(this.#instance.bytes().subarray(this.#payload, this.#payload + this.#length));
  }

  /** Puts a string into the page, as UTF-8. */
  #takeText(box: Box): boolean {
    const instance = this.#instance;
    const { exports } = instance;
    const lengthAt = (this.#started.page + GUEST_PAGE.length * 8) as Pointer;
    const text = exports.qjs_get_string_len(box, lengthAt);
    if (text === 0) return false;
    const length = instance.u32(lengthAt);
    if (length > GUEST_PAGE.payloadBytes) {
      exports.qjs_free_cstring(text);
      instance.throw(`a text of more than ${GUEST_PAGE.payloadBytes} bytes`);
      return false;
    }
    instance.bytes().copyWithin(this.#payload, text, text + length);
    exports.qjs_free_cstring(text);
    instance.doubles()[lengthAt / 8] = length;
    return true;
  }

  #exit(): null {
    this.#exitStatus = Number.isFinite(this.a) ? Math.trunc(this.a) & 0xff : 1;
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

function stepsError(limits: GuestLimits, frames: GuestError["frames"]): GuestError {
  const steps = String(limits.stepsMax).replace(/\B(?=(\d{3})+$)/g, ",");
  const message = `used up its ${steps} steps: it computes on and on, and no time passes`;
  return { kind: "steps", message, frames };
}

function requestsError(frames: GuestError["frames"]): GuestError {
  return { kind: "requests", message: "has begun more calls than the machine takes without waiting for any", frames };
}

function sandboxError(message: string): GuestError {
  return { kind: "sandbox", message: `the sandbox broke down: ${message}`, frames: [] };
}

const NEIGHBOUR_ERROR: GuestError = {
  kind: "neighbour",
  message: "stopped along with a program in the same instance, which was cut off in the middle of an operation",
  frames: [],
};

function memoryError(): GuestError {
  return { kind: "memory", message: "the memory for all programs is used up", frames: [] };
}
