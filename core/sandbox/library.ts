/**
 * Starts a JavaScript runtime with the guest library in it: the modules that programs import, and under them a kernel
 * module that talks to the host and takes away what a run cannot repeat. What is left is a few numbers, so the memory
 * of a started runtime can be kept as an image and given to program after program.
 */
import { assert, present } from "../base/assert.ts";
import { bad, good, type Result } from "../base/result.ts";
import { GUEST_PAGE } from "../runtime/sandbox-port.ts";
import type { ActiveRuntime, QuickJsInstance } from "./instance.ts";
import { STACK_BYTES_MAX } from "./limits.ts";
import { METER } from "./metering.ts";
import { EVAL_MODULE, INTRINSICS, PROMISE, type Box, type Pointer } from "./quickjs-exports.ts";

/** JavaScript by the name that programs import, `lastack/socket`; and what the kernel module is told first. */
export interface GuestLibrary {
  readonly modules: ReadonlyMap<string, string>;
  /** Names that only other modules of the library may import. */
  readonly hidden: ReadonlySet<string>;
  /** The hidden module that is started first. */
  readonly kernel: string;
  /** Plain data. */
  readonly boot: unknown;
}

/** A started runtime: pointers into the memory of its instance. */
export interface StartedRuntime {
  readonly runtime: number;
  readonly context: number;
  /** The page that the library shares with its host. */
  readonly page: Pointer;
  readonly settle: Box;
  /** The value undefined, for calls. */
  readonly nothing: Box;
  readonly configure: Box;
}

/** Sets the library's modules apart from the program's, whose paths have no colon. */
const PREFIX = "lastack:";
/** Name of the module that loads all others. */
const ENTRY = `${PREFIX}./entry`;
/** Globals that the kernel module takes away before any program runs. */
const GLOBAL = { host: "lastackHost", boot: "lastackBoot" } as const;

/** More than starting the library takes. */
const LIBRARY_FUEL = 1e9;

export const isLibraryName = (name: string): boolean => name.startsWith(PREFIX);

/** Module names of a library, and of those that may import them. */
export class LibraryModules {
  readonly #library: GuestLibrary;

  constructor(library: GuestLibrary) {
    this.#library = library;
  }

  /** The module that a bare specifier means, or null when it is none of the library's. */
  resolve(base: string, specifier: string): string | null {
    const { modules, hidden } = this.#library;
    if (isLibraryName(base) && base !== ENTRY) {
      return `${PREFIX}${specifier.replace(/^\.\//, "lastack/").replace(/\.ts$/, "")}`;
    }
    return modules.has(specifier) && !hidden.has(specifier) ? `${PREFIX}${specifier}` : null;
  }

  source(name: string): string | null {
    return this.#library.modules.get(name.slice(PREFIX.length)) ?? null;
  }

  /** What a program may import, for an error message. */
  get names(): readonly string[] {
    return [...this.#library.modules.keys()].filter((name) => !this.#library.hidden.has(name));
  }

  /** A module that loads them all. */
  importAll(): string {
    return this.names.map((name) => `import "${name}";\n`).join("");
  }

  get kernel(): string {
    return `${PREFIX}${this.#library.kernel}`;
  }

  get boot(): unknown {
    return this.#library.boot;
  }
}

/** Adds a runtime to the instance. Null when there is no memory left for it. */
export function startRuntime(instance: QuickJsInstance, library: LibraryModules): StartedRuntime | null {
  const { exports } = instance;
  exports[METER.fuel].value = LIBRARY_FUEL;
  exports.qjs_set_runtime_and_context(0, 0);
  if (exports.qjs_init2(INTRINSICS) !== 0) return null;
  exports.qjs_set_max_stack_size(STACK_BYTES_MAX);
  exports.qjs_set_interrupt_handler(1);
  exports.qjs_set_promise_rejection_handler(1);
  exports.qjs_set_module_loader(1);
  instance.active = new Starter(instance, library);
  const boot = instance.newString(JSON.stringify(library.boot));
  // Its name is copied at every call, so it is short.
  const host = instance.withText("h", (name, length) => exports.qjs_new_host_function(name, length, 0));
  if (boot === null || host === null) return null;
  instance.setGlobal(GLOBAL.boot, boot);
  instance.setGlobal(GLOBAL.host, host);
  const promise = evaluate(instance, library.kernel, library.source(library.kernel) ?? "");
  // The rest is loaded as well: programs start sooner, and have `console` whatever they import.
  const rest = promise === null ? null : evaluate(instance, ENTRY, library.importAll());
  if (promise === null || rest === null) return null;
  for (const box of [promise, rest]) {
    if (exports.qjs_is_exception(box) !== 0) throw new Error(`library: ${exceptionText(instance)}`);
  }
  drainJobs(instance);
  for (const box of [promise, rest]) {
    assert(exports.qjs_promise_state(box) === PROMISE.fulfilled, "the library starts");
  }
  const namespace = exports.qjs_promise_result(promise);
  const started = {
    runtime: exports.qjs_get_runtime_ptr(),
    context: exports.qjs_get_context_ptr(),
    page: pagePointer(instance, namespace),
    settle: present(instance.property(namespace, "settle"), "the library's settle"),
    nothing: exports.qjs_get_undefined(),
    configure: present(instance.property(namespace, "configure"), "the library's configure"),
  };
  instance.free(promise);
  instance.free(rest);
  instance.free(namespace);
  instance.active = null;
  return started;
}

/** Runs a module. @returns a promise, or an exception's mark; null without memory for the text. */
export function evaluate(instance: QuickJsInstance, name: string, source: string): Box | null {
  return instance.withText(source, (code, length) =>
    instance.withText(name, (file) => instance.exports.qjs_eval(code, length, file, EVAL_MODULE)),
  );
}

function drainJobs({ exports }: QuickJsInstance): void {
  while (exports.qjs_is_job_pending() !== 0) {
    assert(exports.qjs_execute_pending_job() >= 0, "the library's own jobs do not fail");
  }
}

function pagePointer(instance: QuickJsInstance, namespace: Box): Pointer {
  const { exports } = instance;
  const page = present(instance.property(namespace, "page"), "the library's page");
  const lengthAt = exports.wasm_malloc(4);
  const pointer = exports.qjs_get_array_buffer(page, lengthAt);
  const length = instance.u32(lengthAt);
  assert(length === GUEST_PAGE.headerBytes + GUEST_PAGE.payloadBytes && pointer % 8 === 0, "the page is as agreed");
  exports.wasm_free(lengthAt);
  instance.free(page);
  return pointer;
}

function exceptionText(instance: QuickJsInstance): string {
  const error = instance.exports.qjs_get_exception();
  const stack = instance.property(error, "stack");
  const text = `${instance.textOf(error, 500)} ${stack === null ? "" : instance.textOf(stack, 500)}`;
  instance.free(error);
  return text;
}

/** Answers the runtime while the library is started: modules, and nothing else. */
class Starter implements ActiveRuntime {
  readonly #instance: QuickJsInstance;
  readonly #library: LibraryModules;

  constructor(instance: QuickJsInstance, library: LibraryModules) {
    this.#instance = instance;
    this.#library = library;
  }

  wallClock(): number {
    return 0;
  }

  shouldStop(): boolean {
    return false;
  }

  onCall(): Box | null {
    this.#instance.throw("the library calls nobody while it starts");
    return null;
  }

  onRejection(promise: Box, reason: Box): void {
    this.#instance.free(promise);
    this.#instance.free(reason);
  }

  resolveModule(base: string, specifier: string): Result<string, string> {
    const name = this.#library.resolve(base, specifier);
    return name === null ? bad(`no module ${specifier}`) : good(name);
  }

  moduleSource(name: string): string | null {
    return this.#library.source(name);
  }
}
