/** `npm run engine`: makes the sandbox's engine anew, after its sources have changed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enlargeFrames } from "../../core/sandbox/stack-frames.ts";
import {
  CLANG,
  CLANG_ARGUMENTS,
  ENGINE,
  ENGINE_RECORD,
  ENGINE_SOURCE,
  engineRecord,
  PACKAGES,
  QUICKJS,
  QUICKJS_SOURCES,
  QUICKJS_VERSION,
} from "./engine.ts";
import { ROOT } from "./tree.ts";

function refuse(why: string): never {
  console.error(`${why}\nThe engine is made on Debian, with packages ${PACKAGES}`);
  console.error(`(qjs-src ${QUICKJS_VERSION}, or QUICKJS=FOLDER with QuickJS-ng's sources).`);
  process.exit(1);
}

const header = join(QUICKJS, "quickjs.h");
if (!existsSync(header)) refuse(`There is no ${header}.`);
const [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"].map(
  (part) => new RegExp(`define QJS_VERSION_${part}\\s+(\\d+)`).exec(readFileSync(header, "utf8"))?.[1],
);
const found = `${major}.${minor}.${patch}`;
if (found !== QUICKJS_VERSION) refuse(`QuickJS-ng in ${QUICKJS} is ${found}, not ${QUICKJS_VERSION}.`);

const folder = mkdtempSync(join(tmpdir(), "lastack-engine-"));
try {
  const compiled = join(folder, "engine.wasm");
  const sources = [ENGINE_SOURCE, ...QUICKJS_SOURCES.map((name) => join(QUICKJS, name))];
  // Names of files are in the text of assertions.
  const places = [`-I${QUICKJS}`, `-ffile-prefix-map=${QUICKJS}=quickjs`];
  const result = spawnSync(CLANG, [...places, ...sources, ...CLANG_ARGUMENTS, "-o", compiled], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (result.error !== undefined) refuse(`${CLANG} cannot be run: ${result.error.message}.`);
  if (result.status !== 0) process.exit(1);
  writeFileSync(ENGINE, enlargeFrames(readFileSync(compiled)));
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(ENGINE_RECORD, engineRecord(readFileSync(ENGINE)));
console.log("resources/engine/quickjs.wasm: written");
