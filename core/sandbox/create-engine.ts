/** The sandbox with LastAck's own library, out of what its host has at hand. */
import { GUEST_LIBRARY } from "../runtime/guest-library.ts";
import { QuickJsEngine } from "./engine.ts";
import type { SwcTransform } from "./strip-types.ts";

export interface SandboxAssets {
  /** resources/engine/quickjs.wasm. */
  readonly quickjs: Uint8Array;
  /** `transformSync` of @swc/wasm-typescript. */
  readonly transform: SwcTransform;
}

export function createEngine(assets: SandboxAssets): QuickJsEngine {
  return new QuickJsEngine({ ...assets, library: GUEST_LIBRARY });
}
