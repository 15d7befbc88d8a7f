/**
 * One WebAssembly instance of the metered engine, with the imports it wants. One or more JavaScript runtimes live in
 * it; whoever runs is `active`, and answers what the module asks. Everything the module could learn of the world
 * outside comes through here: a clock that stands where the guest's host says, and no files.
 */
import { utf8Decode, utf8Encode } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import type { Box, EngineExports, Pointer, RuntimePointer } from "./engine-exports.ts";
import { GuestCall } from "./guest-call.ts";
import { METER } from "./metering.ts";
import { WebAssembly, type WasmModule } from "./webassembly.ts";

/** Answers what a runtime asks while it runs. */
export interface ActiveRuntime {
  /** us since 1970. */
  wallClock(): number;
  /** Asked every few thousand steps: whether to stop with an error. */
  shouldStop(): boolean;
  /** @returns the answer, for a call that wants it at once; null to stop the guest. */
  onCall(call: GuestCall): number | null;
  onExit(status: number): void;
  /** A promise was rejected with no handler, or got one later. Both boxes are the receiver's. */
  onRejection(address: number, promise: Box, reason: Box, isHandled: boolean): void;
  /** The name of the module that `specifier` means in module `base`, or why there is none. */
  resolveModule(base: string, specifier: string): Result<string, string>;
  moduleSource(name: string): string | null;
}

/** A memory as it was at one moment, together with all there is of state outside it. */
export interface MemoryImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stackPointer: number;
}

const PAGE_BYTES = 65_536;
const ERRNO_SUCCESS = 0;
const ERRNO_BADF = 8;
/** Parts of one write that are looked at. */
const VECTORS_MAX = 16;

export class EngineInstance {
  readonly exports: EngineExports;
  active: ActiveRuntime | null = null;
  /** Why it cannot be used any more: it was stopped in the middle of something. */
  broken = false;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #doubles = new Float64Array(0);

  constructor(module: WasmModule) {
    const { exports } = new WebAssembly.Instance(module, {
      env: this.#environment(new GuestCall(this)),
      wasi_snapshot_preview1: this.#wasi(),
    });
    this.exports = exports as EngineExports;
  }

  /** Makes a runtime the one that runs. */
  enter(runtime: RuntimePointer, active: ActiveRuntime): void {
    if (this.active === active) return;
    this.exports.enter(runtime);
    this.active = active;
  }

  // Memory

  bytes(): Uint8Array<ArrayBuffer> {
    this.#refresh();
    return this.#bytes;
  }

  doubles(): Float64Array {
    this.#refresh();
    return this.#doubles;
  }

  /** The buffer is another one after the memory has grown; views of the old one are empty then. */
  #refresh(): void {
    if (this.#bytes.length > 0) return;
    const { buffer } = this.exports.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  get pages(): number {
    return this.exports[METER.pages].value;
  }

  set pagesMax(pages: number) {
    this.exports[METER.pagesMax].value = pages;
  }

  get realPages(): number {
    return this.exports.memory.buffer.byteLength / PAGE_BYTES;
  }

  image(): MemoryImage {
    return {
      bytes: this.bytes().slice(0, this.pages * PAGE_BYTES),
      stackPointer: this.exports.__stack_pointer.value,
    };
  }

  restore(image: MemoryImage): void {
    const missing = image.bytes.length / PAGE_BYTES - this.realPages;
    if (missing > 0) this.exports.memory.grow(missing);
    const bytes = this.bytes();
    bytes.set(image.bytes);
    bytes.fill(0, image.bytes.length);
    this.exports.__stack_pointer.value = image.stackPointer;
    this.exports[METER.pages].value = image.bytes.length / PAGE_BYTES;
    this.active = null;
  }

  /** Copies text into the module's memory, with a final NUL; the caller frees it. Null when there is no room. */
  newText(text: string): { readonly pointer: Pointer; readonly length: number } | null {
    const encoded = utf8Encode(text);
    const pointer = this.exports.take_memory(encoded.length + 1);
    if (pointer === 0) return null;
    const bytes = this.bytes();
    bytes.set(encoded, pointer);
    bytes[pointer + encoded.length] = 0;
    return { pointer, length: encoded.length };
  }

  /** Runs `use` with the text in memory. */
  withText<T>(text: string, use: (pointer: Pointer, length: number) => T): T | null {
    const made = this.newText(text);
    if (made === null) return null;
    const result = use(made.pointer, made.length);
    this.exports.give_memory(made.pointer);
    return result;
  }

  u32(at: number): number {
    this.#refresh();
    return this.#words[at >>> 2] ?? 0;
  }

  setU32(at: number, value: number): void {
    this.#refresh();
    this.#words[at >>> 2] = value;
  }

  #cString(at: number): string {
    const bytes = this.bytes();
    return utf8Decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  // Values

  property(box: Box, name: string): Box | null {
    return this.withText(name, (pointer) => this.exports.property(box, pointer)) || null;
  }

  /** `String(value)`; may run code of the guest. Empty when that fails. */
  textOf(box: Box, charactersMax: number): string {
    const { exports } = this;
    const lengthAt = exports.take_memory(4);
    if (lengthAt === 0) return "";
    const text = exports.text_of(box, lengthAt);
    const length = this.u32(lengthAt);
    exports.give_memory(lengthAt);
    if (text === 0) return "";
    const decoded = utf8Decode(this.bytes().subarray(text, text + Math.min(length, charactersMax)));
    exports.free_text(text);
    return decoded;
  }

  free(box: Box): void {
    this.exports.free_box(box);
  }

  // Imports

  #environment(call: GuestCall): Record<string, (...args: never[]) => number | void> {
    return {
      host_interrupt: () => (this.active?.shouldStop() === true ? 1 : 0),
      host_call: (at: Pointer) => {
        const answer = this.active?.onCall(call.read(at)) ?? null;
        if (answer === null) return 1;
        if (call.id === 0) call.reply(at, answer);
        return 0;
      },
      host_exit: (status: number) => this.active?.onExit(status),
      host_rejection: (address: number, promise: Box, reason: Box, isHandled: number) =>
        this.active?.onRejection(address, promise, reason, isHandled !== 0),
      host_module_normalize: (base: Pointer, specifier: Pointer) => {
        const name = this.active?.resolveModule(this.#cString(base), this.#cString(specifier));
        if (name?.ok === true) return this.newText(name.value)?.pointer ?? 0;
        this.withText(name?.error ?? "no module can be loaded", this.exports.throw_error);
        return 0;
      },
      host_module_load: (name: Pointer, lengthAt: Pointer) => {
        const source = this.active?.moduleSource(this.#cString(name)) ?? null;
        const text = source === null ? null : this.newText(source);
        if (text === null) return 0;
        this.setU32(lengthAt, text.length);
        return text.pointer;
      },
    };
  }

  #wasi(): Record<string, (...args: never[]) => number> {
    return {
      clock_time_get: (_clock: number, _precision: bigint, at: number) => {
        const now = BigInt(this.active?.wallClock() ?? 0) * 1000n;
        new DataView(this.bytes().buffer).setBigUint64(at, now, true);
        return ERRNO_SUCCESS;
      },
      // Complaints of failed assertions: taken and thrown away, or the module would try for ever.
      fd_write: (_fd: number, vectors: number, count: number, writtenAt: number) => {
        let written = 0;
        for (let i = 0; i < Math.min(count, VECTORS_MAX); i++) written += this.u32(vectors + 8 * i + 4);
        this.setU32(writtenAt, written);
        return ERRNO_SUCCESS;
      },
      fd_close: () => ERRNO_BADF,
      fd_fdstat_get: () => ERRNO_BADF,
      fd_seek: () => ERRNO_BADF,
    };
  }
}
