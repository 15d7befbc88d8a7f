/**
 * What quickjs-wasi's module exports, as far as it is used. A *box* is a pointer to a JavaScript value on the module's
 * heap, which whoever received it frees; a pointer is the same number. Both are plain numbers in WebAssembly: the
 * brands keep them apart here.
 */
import type { Brand } from "../base/brand.ts";
import type { METER } from "./metering.ts";
import type { WasmGlobal, WasmMemory } from "./webassembly.ts";

export type Box = Brand<number, "Box">;
export type Pointer = Brand<number, "Pointer">;

/** JS_EVAL_TYPE_MODULE. */
export const EVAL_MODULE = 1;
/** Values of qjs_promise_state. */
export const PROMISE = { pending: 0, fulfilled: 1, rejected: 2 } as const;
/** JS_CLASS_ERROR. */
export const CLASS_ERROR = 3;
/** quickjs-wasi's flags of qjs_init2: all but what a run cannot repeat. */
const INTRINSIC = { weakReferences: 1 << 9, performance: 1 << 10 } as const;
export const INTRINSICS = ~(INTRINSIC.weakReferences | INTRINSIC.performance);

export interface QuickJsExports {
  readonly memory: WasmMemory;
  readonly __stack_pointer: WasmGlobal;
  readonly [METER.fuel]: WasmGlobal;
  readonly [METER.pages]: WasmGlobal;
  readonly [METER.pagesMax]: WasmGlobal;
  _initialize(): void;
  wasm_malloc(bytes: number): Pointer;
  wasm_free(pointer: Pointer): void;

  // Runtimes
  qjs_init2(intrinsics: number): number;
  qjs_get_runtime_ptr(): number;
  qjs_get_context_ptr(): number;
  qjs_set_runtime_and_context(runtime: number, context: number): void;
  qjs_set_memory_limit(bytes: number): void;
  qjs_set_max_stack_size(bytes: number): void;
  qjs_set_interrupt_handler(on: number): void;
  qjs_set_promise_rejection_handler(on: number): void;
  qjs_set_module_loader(on: number): void;

  // Running
  qjs_eval(code: Pointer, length: number, file: Pointer, flags: number): Box;
  qjs_call(fn: Box, self: Box, count: number, values: number): Box;
  qjs_is_job_pending(): number;
  qjs_execute_pending_job(): number;

  // Values
  qjs_free_value(box: Box): void;
  qjs_is_exception(box: Box): number;
  qjs_is_object(box: Box): number;
  qjs_get_exception(): Box;
  qjs_get_undefined(): Box;
  qjs_get_global(): Box;
  qjs_new_string(text: Pointer, length: number): Box;
  qjs_new_error(): Box;
  qjs_throw(box: Box): void;
  qjs_new_host_function(name: Pointer, length: number, unused: number): Box;
  qjs_get_prop_string(box: Box, name: Pointer): Box;
  qjs_set_prop_string(box: Box, name: Pointer, value: Box): void;
  qjs_get_string_len(box: Box, length: Pointer): Pointer;
  qjs_free_cstring(text: Pointer): void;
  qjs_get_array_buffer(box: Box, length: Pointer): Pointer;
  qjs_get_value_ptr(box: Box): number;
  qjs_promise_state(box: Box): number;
  qjs_promise_result(box: Box): Box;

  // QuickJS's own functions, which pass values as 64-bit numbers
  JS_NewObjectClass(context: number, kind: number): bigint;
  JS_SetUncatchableError(context: number, value: bigint): void;
}
