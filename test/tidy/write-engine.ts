/** `npm run engine`: makes the sandbox's engine anew, after quickjs-wasi has changed. Fetches Binaryen from npm. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARYEN, ENGINE, ENGINE_RECORD, engineRecord, enlargedSource, WASM_OPT } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "lastack-engine-"));
try {
  const enlarged = join(folder, "enlarged.wasm");
  writeFileSync(enlarged, enlargedSource());
  const npx = ["--yes", "--package", BINARYEN, "wasm-opt", ...WASM_OPT, enlarged, "-o", ENGINE];
  execFileSync("npx", npx, { stdio: "inherit" });
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(ENGINE_RECORD, engineRecord(readFileSync(ENGINE)));
console.log("resources/engine/quickjs.wasm: written");
