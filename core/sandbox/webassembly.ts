/**
 * The part of the WebAssembly JavaScript interface that is used here. Node, browsers and Electron have it; TypeScript
 * knows it as part of the DOM only, which the core does without.
 */
export interface WasmMemory {
  /** Another object after the memory has grown. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: number;
}

export type WasmModule = object;

type WasmImports = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => number | void>>>>;

interface WasmApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => { readonly exports: unknown };
}

export const WebAssembly = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
