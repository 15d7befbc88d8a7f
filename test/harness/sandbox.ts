/** The sandbox for tests, as the Node host makes it: one engine for all tests of a process. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { transformSync } from "@swc/wasm-typescript";
import { GUEST_LIBRARY } from "../../core/runtime/guest-library.ts";
import { guestProgram } from "../../core/runtime/guest-process.ts";
import type { GuestLimits } from "../../core/runtime/sandbox-port.ts";
import { QuickJsEngine } from "../../core/sandbox/engine.ts";
import type { Program } from "../../core/kernel/syscall/sys.ts";

const require = createRequire(import.meta.url);

export const quickJsBytes = (): Uint8Array => readFileSync(require.resolve("quickjs-wasi/quickjs.wasm"));

let engine: QuickJsEngine | null = null;

export function testEngine(): QuickJsEngine {
  engine ??= new QuickJsEngine({ quickjs: quickJsBytes(), transform: transformSync, library: GUEST_LIBRARY });
  return engine;
}

/** A program of one file, main.ts, in a sandbox of its own. */
export function programOf(source: string, limits?: Partial<GuestLimits>): Program {
  const modules = new Map([["main.ts", source]]);
  return guestProgram(testEngine().open(), { modules, main: "main.ts" }, limits);
}
