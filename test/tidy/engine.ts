/**
 * How resources/engine/quickjs.wasm is made: core/sandbox/engine with QuickJS-ng in it, by Clang, for size. For speed
 * (-O2, -O3) it is half as large again and gains about a tenth, and its interpreter needs half as much again of the
 * machine's stack for each call. Compiler and sources are in Debian and not in npm; so it is made when something of
 * ours has changed, and not by everybody who installs. Frames are enlarged at the end (core/sandbox/stack-frames.ts).
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

export const ENGINE = join(ROOT, "resources/engine/quickjs.wasm");
export const ENGINE_RECORD = join(ROOT, "resources/engine/quickjs.json");
export const ENGINE_SOURCE = "core/sandbox/engine/engine.c";

/** Where Debian's package of the source puts it. */
export const QUICKJS = process.env["QUICKJS"] ?? "/usr/src/quickjs-ng";
export const QUICKJS_VERSION = "0.17.0";
/** The other files of QuickJS that are compiled; engine.c includes the main one. */
export const QUICKJS_SOURCES = ["libregexp.c", "libunicode.c", "dtoa.c"];
export const PACKAGES = "clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32 qjs-src";
export const CLANG = "clang-19";
export const CLANG_ARGUMENTS = [
  "--target=wasm32-wasi",
  "-mexec-model=reactor",
  "-Os",
  // QuickJS has warnings of its own.
  "-w",
  "-D_GNU_SOURCE",
  "-D_WASI_EMULATED_PROCESS_CLOCKS",
  "-D_WASI_EMULATED_SIGNAL",
  // The same bits everywhere.
  "-ffp-contract=off",
  "-fno-math-errno",
  // What metering knows (core/sandbox/wasm-binary.ts), and the browsers of the last five years.
  "-mbulk-memory",
  "-msign-ext",
  "-mnontrapping-fptoint",
  "-mmutable-globals",
  "-fuse-ld=lld",
  "-Wl,-z,stack-size=1048576",
  // What overruns the stack traps rather than writes over data.
  "-Wl,--stack-first",
  "-Wl,--export=__stack_pointer",
  "-Wl,--strip-all",
  "-lwasi-emulated-process-clocks",
  "-lwasi-emulated-signal",
  "-lm",
];

/** What the engine is made of in this repository. */
const INPUTS = [
  ENGINE_SOURCE,
  "core/sandbox/engine/calls.c",
  "core/sandbox/engine/pending.c",
  "core/sandbox/engine/memory.c",
];
/** Rewrites it. */
const TOOLS = ["core/sandbox/stack-frames.ts", "core/sandbox/wasm-sections.ts", "core/sandbox/wasm-binary.ts"];

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What it was made of, with what, and what came of it. Unless this is the one that lies there: `npm run engine`. */
export function engineRecord(engine: Uint8Array): string {
  const inputs = [...INPUTS, ...TOOLS].map((path) => [path, hash(readFileSync(join(ROOT, path)))]);
  const made = {
    quickjs: QUICKJS_VERSION,
    tool: CLANG,
    arguments: CLANG_ARGUMENTS,
    inputs: Object.fromEntries(inputs),
    engine: hash(engine),
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}
