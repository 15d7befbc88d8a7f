/** rm, mkdir, rmdir, cp, mv, touch (GNU coreutils), with the options people type most. */
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { command, usageError, type CommandSpec } from "../lib/command.ts";
import { copyStream } from "../lib/input.ts";
import { warn } from "../lib/output.ts";
import { NESTING_MAX } from "../limits.ts";

const spec = (name: string, operands: string, short: string): CommandSpec => ({
  name,
  usage: `Usage: ${name} [OPTION]... ${operands}`,
  short,
});

function* complain(sys: Sys, message: string): Call<1> {
  yield* warn(sys, `${message}\n`);
  return 1;
}

const RM = spec("rm", "FILE...", "rRfv");
export const rm = command(RM, function* (sys, args) {
  if (args.operands.length === 0) return args.has("f") ? 0 : yield* usageError(sys, RM, "missing operand");
  const recursive = args.has("r") || args.has("R");
  let status = 0;
  for (const path of args.operands) {
    const error = recursive ? yield* removeTree(sys, path, 0) : yield* removeFile(sys, path);
    if (error === null || (args.has("f") && error === strerror(E.ENOENT))) continue;
    status = yield* complain(sys, `rm: cannot remove '${path}': ${error}`);
  }
  return status;
});

function* removeFile(sys: Sys, path: string): Call<string | null> {
  const stat = yield* sys.stat(path);
  if (typeof stat === "number") return strerror(stat);
  if (stat.kind === "directory") return strerror(E.EISDIR);
  const error = yield* sys.unlink(path);
  return error < 0 ? strerror(error) : null;
}

function* removeTree(sys: Sys, path: string, depth: number): Call<string | null> {
  const stat = yield* sys.stat(path);
  if (typeof stat === "number") return strerror(stat);
  if (stat.kind !== "directory") return yield* removeFile(sys, path);
  const names = yield* sys.readdir(path);
  if (typeof names === "number") return strerror(names);
  if (depth > NESTING_MAX) return strerror(E.ENAMETOOLONG);
  for (const name of names) {
    if (name === "." || name === "..") continue;
    const error = yield* removeTree(sys, `${path}/${name}`, depth + 1);
    if (error !== null) return error;
  }
  const error = yield* sys.rmdir(path);
  return error < 0 ? strerror(error) : null;
}

const MKDIR = spec("mkdir", "DIRECTORY...", "pv");
export const mkdir = command(MKDIR, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, MKDIR, "missing operand");
  let status = 0;
  for (const path of args.operands) {
    const parts = args.has("p") ? parents(path) : [path];
    for (const part of parts) {
      const error = yield* sys.mkdir(part);
      if (error >= 0 || (args.has("p") && error === -E.EEXIST)) continue;
      status = yield* complain(sys, `mkdir: cannot create directory '${part}': ${strerror(error)}`);
      break;
    }
  }
  return status;
});

/** `a/b/c` to `a`, `a/b`, `a/b/c`. */
function parents(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  const root = path.startsWith("/") ? "/" : "";
  return parts.map((_, i) => root + parts.slice(0, i + 1).join("/"));
}

const RMDIR = spec("rmdir", "DIRECTORY...", "");
export const rmdir = command(RMDIR, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, RMDIR, "missing operand");
  let status = 0;
  for (const path of args.operands) {
    const error = yield* sys.rmdir(path);
    if (error < 0) status = yield* complain(sys, `rmdir: failed to remove '${path}': ${strerror(error)}`);
  }
  return status;
});

const TOUCH = spec("touch", "FILE...", "c");
export const touch = command(TOUCH, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, TOUCH, "missing file operand");
  let status = 0;
  for (const path of args.operands) {
    const fd = yield* sys.open(path, O.WRONLY | O.APPEND | (args.has("c") ? 0 : O.CREAT));
    if (fd >= 0) yield* sys.close(fd);
    else if (!args.has("c")) status = yield* complain(sys, `touch: cannot touch '${path}': ${strerror(fd)}`);
  }
  return status;
});

/** Where a source goes: into the target when that is a directory. */
function* targetOf(sys: Sys, source: string, target: string): Call<string> {
  const stat = yield* sys.stat(target);
  if (typeof stat === "number" || stat.kind !== "directory") return target;
  return `${target.replace(/\/$/, "")}/${source.replace(/\/+$/, "").replace(/^.*\//, "")}`;
}

type Action = (sys: Sys, source: string, target: string) => Call<string | null>;

function* each(sys: Sys, specification: CommandSpec, operands: readonly string[], action: Action): Call<number> {
  const target = operands.at(-1);
  const sources = operands.slice(0, -1);
  if (target === undefined) return yield* usageError(sys, specification, "missing file operand");
  if (sources.length === 0) {
    return yield* usageError(sys, specification, `missing destination file operand after '${target}'`);
  }
  const { name } = specification;
  if (sources.length > 1) {
    const stat = yield* sys.stat(target);
    if (typeof stat === "number" || stat.kind !== "directory") {
      return yield* complain(sys, `${name}: target '${target}': Not a directory`);
    }
  }
  let status = 0;
  for (const source of sources) {
    const stat = yield* sys.stat(source);
    const problem =
      typeof stat === "number"
        ? `cannot stat '${source}': ${strerror(stat)}`
        : yield* action(sys, source, yield* targetOf(sys, source, target));
    if (problem !== null) status = yield* complain(sys, `${name}: ${problem}`);
  }
  return status;
}

const CP = spec("cp", "SOURCE... DEST", "fv");
/** Left out: -r. */
export const cp = command(CP, (sys, args) => each(sys, CP, args.operands, copyFile));

function* copyFile(sys: Sys, source: string, target: string): Call<string | null> {
  const stat = yield* sys.stat(source);
  if (typeof stat !== "number" && stat.kind === "directory") return `-r not specified; omitting directory '${source}'`;
  if (source === target) return `'${source}' and '${target}' are the same file`;
  const from = yield* sys.open(source, O.RDONLY);
  if (from < 0) return `cannot open '${source}' for reading: ${strerror(from)}`;
  const to = yield* sys.open(target, O.WRONLY | O.CREAT | O.TRUNC);
  const { error, side } = to < 0 ? { error: to, side: "open" } : yield* copyStream(sys, from, to);
  yield* sys.close(from);
  if (to < 0) return `cannot create regular file '${target}': ${strerror(error)}`;
  yield* sys.close(to);
  return error < 0 ? `error ${side === "read" ? "reading" : "writing"} '${target}': ${strerror(error)}` : null;
}

const MV = spec("mv", "SOURCE... DEST", "fv");
export const mv = command(MV, (sys, args) =>
  each(sys, MV, args.operands, function* (s, source, target) {
    const error = yield* s.rename(source, target);
    return error < 0 ? `cannot move '${source}' to '${target}': ${strerror(error)}` : null;
  }),
);
