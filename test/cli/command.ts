/** Runs the built command line as a person would, and says what it printed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILT = join(ROOT, "dist/lastack.js");

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCommand {
  /** Resolves once standard output contains `text`. */
  seen(text: string): Promise<void>;
  /** What it has printed up to now. */
  output(): string;
  interrupt(): void;
  readonly outcome: Promise<Outcome>;
}

/**
 * Builds dist/lastack.js unless it is current: tests of the command line test what people run. Several test files may
 * do this at a time, and others run the file meanwhile, so each builds for itself and puts the result in place at once.
 */
export function build(): void {
  const newest = Math.max(...["core", "package.json", "vite.config.ts"].map((name) => newestUnder(join(ROOT, name))));
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs > newest) return;
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const own = join(ROOT, `out/build-${process.pid}`);
  for (const more of [[], ["--mode", "launcher"]]) {
    const args = [vite, "build", "--logLevel", "warn", "--outDir", own, ...more];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT });
    if (status !== 0) throw new Error(`the build failed:\n${stderr.toString()}`);
  }
  // The command line itself last: what it loads must be there before it.
  const files = readdirSync(own, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(own, join(entry.parentPath, entry.name)))
    .sort((a, b) => Number(a === "lastack.js") - Number(b === "lastack.js"));
  for (const name of files) {
    mkdirSync(dirname(join(ROOT, "dist", name)), { recursive: true });
    renameSync(join(own, name), join(ROOT, "dist", name));
  }
  rmSync(own, { recursive: true });
}

/** Time of the latest change in a file or folder, ms. Tests are not part of the build. */
function newestUnder(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || path.endsWith(".test.ts")) return 0;
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestUnder(join(path, name))));
}

export function lastack(args: readonly string[], input = ""): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUILT, ...args], {
    cwd: ROOT,
    input,
    timeout: 60_000,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, out: stdout, err: stderr };
}

export function startLastack(args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [BUILT, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    for (const watcher of watchers) watcher();
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return {
    seen: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => void (out.includes(text) && (watchers.delete(look), resolve()));
        watchers.add(look);
        child.once("close", () => reject(new Error(`ended without printing '${text}':\n${out}\n${err}`)));
        look();
      }),
    output: () => out,
    interrupt: () => void child.kill("SIGINT"),
    outcome: new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err }))),
  };
}

/** A folder for one test file's outputs, and how to remove it. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), "lastack-"));

  file(name: string, content?: string | Uint8Array): string {
    const path = join(this.path, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Output of a program on the path; null when it is not there. */
export function output(command: string, args: readonly string[]): string | null {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) return null;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
