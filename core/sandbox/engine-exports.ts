/**
 * What the engine's module exports (engine/engine.c, engine/calls.c say what each does). A *box* is a pointer to a
 * JavaScript value on the module's heap, which whoever received it frees; a pointer is the same number. Both are plain
 * numbers in WebAssembly: the brands keep them apart here.
 */
import type { Brand } from "../base/brand.ts";
import type { METER } from "./metering.ts";
import type { WasmGlobal, WasmMemory } from "./webassembly.ts";

export type Box = Brand<number, "Box">;
export type Pointer = Brand<number, "Pointer">;
/** A runtime in an instance: one program's. */
export type RuntimePointer = Brand<number, "RuntimePointer">;

/** Values of main_state: JSPromiseStateEnum. */
export const PROMISE = { pending: 0, fulfilled: 1, rejected: 2 } as const;

export interface EngineExports {
  readonly memory: WasmMemory;
  readonly __stack_pointer: WasmGlobal;
  readonly [METER.fuel]: WasmGlobal;
  readonly [METER.pages]: WasmGlobal;
  readonly [METER.pagesMax]: WasmGlobal;
  _initialize(): void;
  take_memory(bytes: number): Pointer;
  give_memory(pointer: Pointer): void;

  // Runtimes
  start(stackBytesMax: number, boot: Pointer, length: number): RuntimePointer;
  enter(runtime: RuntimePointer): void;
  set_memory_limit(bytes: number): void;

  // Running: -1 after something was thrown
  evaluate(code: Pointer, length: number, name: Pointer): number;
  main_state(): number;
  run_jobs(): number;

  // Calls
  payload(): Pointer;
  configure(length: number): number;
  settle(operation: number, id: number, value: number, b: number, c: number, length: number): number;

  // Errors: 0 for what cannot be had
  take_exception(): Box;
  throw_error(message: Pointer, length: number): void;
  free_box(box: Box): void;
  is_object(box: Box): number;
  property(box: Box, name: Pointer): Box;
  text_of(box: Box, lengthAt: Pointer): Pointer;
  free_text(text: Pointer): void;
}
