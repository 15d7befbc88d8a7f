/**
 * Starts a JavaScript runtime with the guest library in it: the modules that programs import, and under them a kernel
 * module that talks to the host and takes away what a run cannot repeat. What is left lies in the instance's
 * memory, which can be kept as an image and given to program after program.
 */
import { assert } from "../base/assert.ts";
import { bad, good, type Result } from "../base/result.ts";
import { PROMISE, type Box, type RuntimePointer } from "./engine-exports.ts";
import type { ActiveRuntime, EngineInstance } from "./instance.ts";
import { STACK_BYTES_MAX } from "./limits.ts";
import { METER } from "./metering.ts";

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

/** Sets the library's modules apart from the program's, whose paths have no colon. */
const PREFIX = "lastack:";
/** Name of the module that loads all others. */
const ENTRY = `${PREFIX}./entry`;
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
export function startRuntime(instance: EngineInstance, library: LibraryModules): RuntimePointer | null {
  const { exports } = instance;
  exports[METER.fuel].value = LIBRARY_FUEL;
  // The engine makes the new runtime the one that runs, also when there is no memory for all of it.
  instance.active = null;
  const runtime = instance.withText(JSON.stringify(library.boot), (boot, length) =>
    exports.start(STACK_BYTES_MAX, boot, length),
  );
  if (runtime === null || runtime === 0) return null;
  instance.active = new Starter(instance, library);
  // The rest is loaded as well: programs start sooner, and have `console` whatever they import.
  const isReady =
    startModule(instance, library.kernel, library.source(library.kernel) ?? "") &&
    startModule(instance, ENTRY, library.importAll());
  instance.active = null;
  return isReady ? runtime : null;
}

/** Evaluates one module of the library. @returns false without memory for it. */
function startModule(instance: EngineInstance, name: string, source: string): boolean {
  const { exports } = instance;
  const result = evaluate(instance, name, source);
  if (result === null) return false;
  if (result < 0) throw new Error(`library: ${exceptionText(instance)}`);
  assert(exports.run_jobs() === 0 && exports.main_state() === PROMISE.fulfilled, "the library starts");
  return true;
}

/** Starts a module in the runtime that runs. @returns -1 after something was thrown; null without memory for it. */
export function evaluate(instance: EngineInstance, name: string, source: string): number | null {
  return instance.withText(source, (code, length) =>
    instance.withText(name, (file) => instance.exports.evaluate(code, length, file)),
  );
}

function exceptionText(instance: EngineInstance): string {
  const error = instance.exports.take_exception();
  const stack = instance.property(error, "stack");
  return `${instance.textOf(error, 500)} ${stack === null ? "" : instance.textOf(stack, 500)}`;
}

/** Answers the runtime while the library is started: modules, and nothing else. */
class Starter implements ActiveRuntime {
  readonly #instance: EngineInstance;
  readonly #library: LibraryModules;

  constructor(instance: EngineInstance, library: LibraryModules) {
    this.#instance = instance;
    this.#library = library;
  }

  wallClock(): number {
    return 0;
  }

  shouldStop(): boolean {
    return false;
  }

  onCall(): null {
    throw new Error("the library calls nobody while it starts");
  }

  onExit(): void {
    throw new Error("the library does not end");
  }

  onRejection(_address: number, promise: Box, reason: Box): void {
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
