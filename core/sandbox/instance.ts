/**
 * One WebAssembly instance of the metered QuickJS, with the imports it wants. One or more JavaScript runtimes live in
 * it; whoever runs is `active`, and answers what the module asks. Everything the module could learn of the world
 * outside comes through here: a clock that stands where the guest's host says, no randomness, no files.
 */
import { utf8Decode, utf8Encode } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import { METER } from "./metering.ts";
import { CLASS_ERROR, type Box, type Pointer, type QuickJsExports } from "./quickjs-exports.ts";
import { WebAssembly, type WasmModule } from "./webassembly.ts";

/** Answers what a runtime asks while it runs. */
export interface ActiveRuntime {
  /** us since 1970. */
  wallClock(): number;
  /** Asked every few thousand steps: whether to stop with an error. */
  shouldStop(): boolean;
  /** The library calls its host. @returns what the call gives, or null after something was thrown. */
  onCall(text: Box | null): Box | null;
  /** A promise was rejected with no handler, or got one later. Both boxes are the receiver's. */
  onRejection(promise: Box, reason: Box, isHandled: boolean): void;
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

export class QuickJsInstance {
  readonly exports: QuickJsExports;
  active: ActiveRuntime | null = null;
  /** Why it cannot be used any more: it was stopped in the middle of something. */
  broken = false;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #doubles = new Float64Array(0);

  constructor(module: WasmModule) {
    const { exports } = new WebAssembly.Instance(module, {
      env: this.#environment(),
      wasi_snapshot_preview1: this.#wasi(),
    });
    this.exports = exports as QuickJsExports;
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

  // Values

  /** Copies text into the module's memory, with a final NUL; the caller frees it. Null when there is no room. */
  newText(text: string): { readonly pointer: Pointer; readonly length: number } | null {
    const encoded = utf8Encode(text);
    const pointer = this.exports.wasm_malloc(encoded.length + 1);
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
    this.exports.wasm_free(made.pointer);
    return result;
  }

  property(box: Box, name: string): Box | null {
    return this.withText(name, (pointer) => this.exports.qjs_get_prop_string(box, pointer));
  }

  setProperty(box: Box, name: string, value: Box): void {
    this.withText(name, (pointer) => this.exports.qjs_set_prop_string(box, pointer, value));
  }

  setGlobal(name: string, value: Box): void {
    const global = this.exports.qjs_get_global();
    this.setProperty(global, name, value);
    this.exports.qjs_free_value(global);
    this.exports.qjs_free_value(value);
  }

  newString(text: string): Box | null {
    return this.withText(text, (pointer, length) => this.exports.qjs_new_string(pointer, length));
  }

  /** `String(value)`; may run code of the guest. Empty when that fails. */
  textOf(box: Box, charactersMax: number): string {
    const { exports } = this;
    const lengthAt = exports.wasm_malloc(4);
    if (lengthAt === 0) return "";
    const text = exports.qjs_get_string_len(box, lengthAt);
    const length = this.u32(lengthAt);
    exports.wasm_free(lengthAt);
    if (text === 0) {
      this.free(exports.qjs_get_exception());
      return "";
    }
    const bytes = this.bytes();
    const decoded = utf8Decode(bytes.subarray(text, text + Math.min(length, charactersMax)));
    exports.qjs_free_cstring(text);
    return decoded;
  }

  free(box: Box): void {
    this.exports.qjs_free_value(box);
  }

  u32(at: number): number {
    this.#refresh();
    return this.#words[at >>> 2] ?? 0;
  }

  setU32(at: number, value: number): void {
    this.#refresh();
    this.#words[at >>> 2] = value;
  }

  /** Makes the running code throw. `isFinal`: nothing can catch it. */
  throw(message: string, isFinal = false): void {
    const { exports } = this;
    const error = exports.qjs_new_error();
    const text = this.newString(message);
    if (text !== null) {
      this.setProperty(error, "message", text);
      this.free(text);
    }
    if (isFinal) {
      exports.JS_SetUncatchableError(exports.qjs_get_context_ptr(), this.#value(error));
    }
    exports.qjs_throw(error);
    this.free(error);
  }

  /**
   * An error without a stack. QuickJS gives it one where it is thrown next: for a promise, at the `await` in the
   * program and not in here, where nobody would look.
   */
  newBareError(): Box {
    const { exports } = this;
    const box = exports.qjs_get_undefined();
    const value = exports.JS_NewObjectClass(exports.qjs_get_context_ptr(), CLASS_ERROR);
    new DataView(this.bytes().buffer).setBigInt64(box, value, true);
    return box;
  }

  #value(box: Box): bigint {
    return new DataView(this.bytes().buffer).getBigInt64(box, true);
  }

  #cString(at: number): string {
    const bytes = this.bytes();
    return utf8Decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  // Imports

  #environment(): Record<string, (...args: never[]) => number | void> {
    return {
      host_get_timezone_offset: () => 0,
      host_interrupt: () => (this.active?.shouldStop() === true ? 1 : 0),
      host_promise_rejection: (promise: Box, reason: Box, isHandled: number) => {
        this.active?.onRejection(promise, reason, isHandled !== 0);
      },
      host_module_normalize: (base: Pointer, specifier: Pointer) => {
        const name = this.active?.resolveModule(this.#cString(base), this.#cString(specifier));
        if (name?.ok === true) return this.newText(name.value)?.pointer ?? 0;
        this.throw(name?.error ?? "no module can be loaded");
        return 0;
      },
      host_module_load: (name: Pointer, lengthAt: Pointer) => {
        const source = this.active?.moduleSource(this.#cString(name)) ?? null;
        const text = source === null ? null : this.newText(source);
        if (text === null) return 0;
        this.setU32(lengthAt, text.length);
        return text.pointer;
      },
      // Its name, their length, `this`, and the arguments: how many, and where their boxes are listed.
      host_call: (...[, , , count = 0, values = 0]: number[]) =>
        this.active?.onCall(count > 0 ? (this.u32(values) as Box) : null) ?? 0,
    };
  }

  #wasi(): Record<string, (...args: never[]) => number> {
    return {
      clock_time_get: (_clock: number, _precision: bigint, at: number) => {
        const now = BigInt(this.active?.wallClock() ?? 0) * 1000n;
        new DataView(this.bytes().buffer).setBigUint64(at, now, true);
        return ERRNO_SUCCESS;
      },
      // QuickJS draws seeds from it: equal ones for all, as programs get their randomness from the machine.
      random_get: (at: number, length: number) => {
        this.bytes().fill(0, at, at + length);
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
