/** The sandbox's engine on Node: loaded only when a lab has programs, since it is four megabytes. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createEngine } from "../sandbox/create-engine.ts";
import type { GuestSupport } from "../session/session.ts";

/** Beside what was built. */
const BUILT_WASM = "quickjs.wasm";

export async function loadEngine(): Promise<GuestSupport["engine"]> {
  const { transformSync } = await import("@swc/wasm-typescript");
  return createEngine({ quickjs: quickJsBytes(), transform: transformSync });
}

function quickJsBytes(): Uint8Array {
  const built = fileURLToPath(new URL(BUILT_WASM, import.meta.url));
  if (existsSync(built)) return readFileSync(built);
  return readFileSync(fileURLToPath(new URL(`../../resources/engine/${BUILT_WASM}`, import.meta.url)));
}
