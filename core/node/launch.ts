/**
 * What `dist/lastack.js` is: loads the bundled program beside it, `lastack.cjs`, with what V8 made of it the last time.
 * Two megabytes of source take a tenth of a second to be looked through, and every function of theirs is compiled when
 * it is first called; V8 can keep that (v8.dev/blog/code-caching-for-devs), and Node 20 offers it for scripts only.
 * A cache is made by the first run of each command that ends well, since only what ran is in it. Without one, or where
 * none can be written, everything is as before, a little later.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";

/** What Node makes of a CommonJS module (nodejs.org/api/modules.html, "The module wrapper"). */
type ModuleFunction = (...[exports, require, module, file, folder]: readonly unknown[]) => void;

/** A file system takes names of 255 bytes. */
const KEY_CHARACTERS_MAX = 200;

const bundle = fileURLToPath(import.meta.url).replace(/\.js$/, ".cjs");
const folder = dirname(bundle);
const source = readFileSync(bundle);
const cacheFile = join(folder, "assets", `${cacheKey()}.v8-cache`);
const cachedData = readOrNothing(cacheFile);
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source.toString()}\n})`, {
  filename: bundle,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  ...(cachedData !== undefined && { cachedData }),
});

if (cachedData === undefined || script.cachedDataRejected === true) {
  process.once("exit", (code) => {
    if (code === 0) writeIfPossible(cacheFile, script.createCachedData());
  });
}

// Known to whoever requires it: parts that are loaded later take helpers out of it, and must not run it again.
const require = createRequire(bundle);
const module = new Module(bundle);
require.cache[bundle] = module;
(script.runInThisContext() as ModuleFunction)(module.exports, require, module, bundle, folder);

/**
 * What it was made of: of the source, V8 itself only compares the length. A change is told by its time, as by make(1):
 * a sum over the text would take as long as the cache saves on a small lab.
 */
function cacheKey(): string {
  const { version, arch, execArgv, argv } = process;
  const { mtimeMs, size } = statSync(bundle);
  const command = /^[a-z]+$/.test(argv[2] ?? "") ? argv[2] : "";
  const made = [version, arch, size, mtimeMs, command, ...execArgv].join("-");
  return made.replace(/[^\w.-]+/g, "").slice(0, KEY_CHARACTERS_MAX);
}

function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** In place at once: others may start meanwhile, and V8 takes a part for the whole. */
function writeIfPossible(path: string, data: Uint8Array): void {
  const own = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(own, data);
    renameSync(own, path);
  } catch {
    // A folder of somebody else's, or a full disk: the next run takes as long as this one did.
    removeIfPossible(own);
  }
}

/** A part of a cache, which nobody would read. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Then it stays.
  }
}
