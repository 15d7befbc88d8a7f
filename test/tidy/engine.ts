/**
 * How resources/engine/quickjs.wasm is made of the one in quickjs-wasi. That one was compiled to be small, and a call
 * of a function of three instructions is most of many a bytecode's work: with such functions in line, guest programs
 * take a sixth less time. Binaryen does it, which is 100 MB and takes ten seconds; so it is done when quickjs-wasi has
 * changed, and not by everybody who installs. Frames are enlarged before (core/sandbox/stack-frames.ts): functions
 * that have others in line are not recognized any more.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { enlargeFrames } from "../../core/sandbox/stack-frames.ts";
import { ROOT } from "./tree.ts";

export const BINARYEN = "binaryen@132.0.0";
/** Larger functions in line (70, 100 and 200 were tried) make programs slower again. */
export const WASM_OPT = [
  "-O3",
  "--always-inline-max-function-size=20",
  "--flexible-inline-max-function-size=50",
  "--enable-bulk-memory",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-multivalue",
  "--enable-reference-types",
];
export const ENGINE = join(ROOT, "resources/engine/quickjs.wasm");
export const ENGINE_RECORD = join(ROOT, "resources/engine/quickjs.json");

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const require = createRequire(import.meta.url);

/** What Binaryen is given. */
export const enlargedSource = (): Uint8Array =>
  enlargeFrames(readFileSync(require.resolve("quickjs-wasi/quickjs.wasm")));

/** What it was made of, with what, and what came of it. Unless this is the one that lies there: `npm run engine`. */
export function engineRecord(engine: Uint8Array): string {
  const made = { source: hash(enlargedSource()), tool: BINARYEN, arguments: WASM_OPT, engine: hash(engine) };
  return `${JSON.stringify(made, null, 2)}\n`;
}
