/**
 * The sandbox: QuickJS instances in a pool, and programs in them. While there are few programs each has an instance to
 * itself; beyond that they share, several runtimes to an instance. An instance is made ready by copying the image of
 * one in which the library has just been started, and so it starts the same way however often it was used before.
 */
import { present } from "../base/assert.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { Guest, GuestError, GuestOptions, Sandbox, SandboxEngine } from "../runtime/sandbox-port.ts";
import { memoryError } from "./guest-end.ts";
import { QuickJsGuest } from "./guest.ts";
import { EngineInstance, type MemoryImage } from "./instance.ts";
import type { RuntimePointer } from "./engine-exports.ts";
import { LibraryModules, startRuntime, type GuestLibrary } from "./library.ts";
import {
  GUEST_MEMORY_BYTES_MAX,
  INSTANCE_PAGES_MAX,
  INSTANCES_MAX,
  POOLED_INSTANCES_MAX,
  POOLED_PAGES_MAX,
  RUNTIMES_READY,
  STEPS_MAX,
  WORLD_PAGES_MAX,
} from "./limits.ts";
import { meterModule } from "./metering.ts";
import { ProgramModules } from "./program-modules.ts";
import { TypeStripper, type SwcTransform } from "./strip-types.ts";
import { WebAssembly, type WasmModule } from "./webassembly.ts";

export interface EngineOptions {
  /** resources/engine/quickjs.wasm. */
  readonly quickjs: Uint8Array;
  /** `transformSync` of @swc/wasm-typescript. */
  readonly transform: SwcTransform;
  readonly library: GuestLibrary;
}

/** What a new instance is made of. */
interface Ready {
  readonly image: MemoryImage;
  /** Runtimes in it, for as many programs. */
  readonly runtimes: readonly RuntimePointer[];
}

export class QuickJsEngine implements SandboxEngine {
  readonly library: LibraryModules;
  readonly stripper: TypeStripper;
  readonly #options: EngineOptions;
  readonly #pool: EngineInstance[] = [];
  #module: WasmModule | null = null;
  #ready: Ready | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.library = new LibraryModules(options.library);
    this.stripper = new TypeStripper(options.transform);
  }

  open(): Sandbox {
    return new QuickJsSandbox(this);
  }

  /** An instance in which the library has just been started, in several runtimes. */
  take(): { instance: EngineInstance; runtimes: readonly RuntimePointer[] } {
    const { image, runtimes } = this.#prepare();
    const instance = this.#pool.pop() ?? this.#newInstance();
    instance.restore(image);
    return { instance, runtimes };
  }

  giveBack(instance: EngineInstance): void {
    if (instance.broken || instance.realPages > POOLED_PAGES_MAX) return;
    if (this.#pool.length < POOLED_INSTANCES_MAX) this.#pool.push(instance);
  }

  #newInstance(): EngineInstance {
    this.#module ??= new WebAssembly.Module(meterModule(this.#options.quickjs));
    return new EngineInstance(this.#module);
  }

  #prepare(): Ready {
    if (this.#ready !== null) return this.#ready;
    const instance = this.#newInstance();
    instance.exports._initialize();
    const runtimes = Array.from({ length: RUNTIMES_READY }, () =>
      present(startRuntime(instance, this.library), "memory for the library"),
    );
    this.#ready = { image: instance.image(), runtimes };
    this.#pool.push(instance);
    return this.#ready;
  }
}

/** An instance in use, with the guests in it. */
interface Slot {
  readonly instance: EngineInstance;
  readonly guests: Set<QuickJsGuest>;
  /** Runtimes in it that no guest has had yet. */
  readonly unused: RuntimePointer[];
  /** Pages it had when it was last looked at. */
  pages: number;
}

class QuickJsSandbox implements Sandbox {
  readonly #engine: QuickJsEngine;
  /** By place; null where there is no instance now. */
  readonly #slots: (Slot | null)[] = [];
  /** Of all instances. */
  #pages = 0;

  constructor(engine: QuickJsEngine) {
    this.#engine = engine;
  }

  start(options: GuestOptions): Result<Guest, GuestError> {
    const { library, stripper } = this.#engine;
    const modules = new ProgramModules(library, stripper, options.modules, options.main);
    const problem = modules.check();
    if (problem !== null) return bad(problem);
    const at = this.#leastUsed();
    const slot = this.#slots[at] ?? this.#open(at);
    const runtime = this.#runtime(slot);
    if (runtime === null) return bad(memoryError());
    const guest = new QuickJsGuest({
      place: {
        instance: slot.instance,
        runtime,
        countPages: () => this.#countPages(slot),
        leave: (leaving) => this.#leave(at, leaving),
      },
      modules,
      configuration: options.configuration,
      host: options.host,
      limits: { stepsMax: STEPS_MAX, memoryBytesMax: GUEST_MEMORY_BYTES_MAX, ...options.limits },
    });
    slot.guests.add(guest);
    return good(guest);
  }

  close(): void {
    for (const slot of this.#slots) {
      for (const guest of slot?.guests ?? []) guest.dispose();
    }
  }

  /** The place with the fewest guests, the first of them: depends on the order of starts and ends alone. */
  #leastUsed(): number {
    const crowd = (at: number): number => {
      const slot = this.#slots[at];
      return slot?.instance.broken === true ? Infinity : (slot?.guests.size ?? 0);
    };
    let best = 0;
    for (let at = 1; at < INSTANCES_MAX; at++) if (crowd(at) < crowd(best)) best = at;
    return best;
  }

  #open(at: number): Slot {
    const { instance, runtimes } = this.#engine.take();
    const slot = { instance, guests: new Set<QuickJsGuest>(), unused: [...runtimes], pages: 0 };
    this.#slots[at] = slot;
    this.#countPages(slot);
    return slot;
  }

  /** A runtime for one more guest; null without memory for it. */
  #runtime(slot: Slot): RuntimePointer | null {
    if (slot.instance.broken) return null;
    const runtime = slot.unused.shift() ?? startRuntime(slot.instance, this.#engine.library);
    this.#countPages(slot);
    return runtime;
  }

  /** Counts what the instance has taken. */
  #countPages(slot: Slot): void {
    const { pages } = slot.instance;
    if (pages === slot.pages) return;
    this.#pages += pages - slot.pages;
    slot.pages = pages;
    this.#grantPages();
  }

  /** What is left for all is offered to each: who comes first gets it. */
  #grantPages(): void {
    const left = Math.max(0, WORLD_PAGES_MAX - this.#pages);
    for (const slot of this.#slots) {
      if (slot !== null) slot.instance.pagesMax = Math.min(INSTANCE_PAGES_MAX, slot.pages + left);
    }
  }

  #leave(at: number, guest: QuickJsGuest): void {
    const slot = this.#slots[at];
    if (slot === null || slot === undefined || !slot.guests.delete(guest) || slot.guests.size > 0) return;
    this.#slots[at] = null;
    this.#pages -= slot.pages;
    this.#grantPages();
    this.#engine.giveBack(slot.instance);
  }
}
