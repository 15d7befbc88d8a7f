/**
 * head and tail (GNU coreutils): -n, -c for head, and tail -f, which looks for growth once a second as tail does
 * without inotify.
 */
import { SECOND } from "../../base/time.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { command, fail } from "../lib/command.ts";
import type { LineReader } from "../lib/input.ts";
import { parseInteger } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { COLLECT_BYTES_MAX } from "../limits.ts";
import { eachInput } from "./lines.ts";

const LINES_MAX = 1e9;

/** `head -5` for `head -n 5`. */
const oldStyle = (argv: readonly string[]): readonly string[] =>
  /^-\d+$/.test(argv[1] ?? "") ? [argv[0] ?? "", "-n", (argv[1] ?? "").slice(1), ...argv.slice(2)] : argv;

const headCommand = command(
  { name: "head", usage: "Usage: head [-n LINES | -c BYTES] [FILE]...", short: "n:c:q" },
  function* (sys, args) {
    const bytes = args.has("c") ? parseInteger(args.value("c"), 0, LINES_MAX) : undefined;
    const lines = parseInteger(args.value("n") ?? "10", 0, LINES_MAX);
    if (lines === null) return yield* fail(sys, `head: invalid number of lines: '${args.value("n") ?? ""}'`);
    if (bytes === null) return yield* fail(sys, `head: invalid number of bytes: '${args.value("c") ?? ""}'`);
    let first = true;
    return yield* eachInput(sys, "head", args.operands, function* (reader, path) {
      if (args.operands.length > 1) yield* print(sys, `${first ? "" : "\n"}==> ${path} <==\n`);
      first = false;
      if (bytes === undefined) yield* copyLines(sys, reader, lines);
      else yield* copyBytes(sys, reader, bytes);
      return true;
    });
  },
);

function* copyLines(sys: Sys, reader: LineReader, count: number): Call<void> {
  for (let i = 0; i < count; i++) {
    const line = yield* reader.next();
    if (line === null) return;
    if ((yield* print(sys, line + (reader.terminated ? "\n" : ""))) < 0) return;
  }
}

function* copyBytes(sys: Sys, reader: LineReader, count: number): Call<void> {
  let left = count;
  while (left > 0) {
    const line = yield* reader.next();
    if (line === null) return;
    const text = (line + (reader.terminated ? "\n" : "")).slice(0, left);
    left -= text.length;
    yield* print(sys, text);
  }
}

const tailCommand = command(
  { name: "tail", usage: "Usage: tail [-f] [-n [+]LINES] [FILE]...", short: "n:fqF" },
  function* (sys, args) {
    const given = args.value("n") ?? "10";
    const count = parseInteger(given.replace(/^[+-]/, ""), 0, LINES_MAX);
    if (count === null) return yield* fail(sys, `tail: invalid number of lines: '${given}'`);
    let first = true;
    return yield* eachInput(sys, "tail", args.operands, function* (reader, path) {
      if (args.operands.length > 1) yield* print(sys, `${first ? "" : "\n"}==> ${path} <==\n`);
      first = false;
      yield* given.startsWith("+") ? printFrom(sys, reader, count) : printLast(sys, reader, count);
      // Only the last file is followed: the files are read one after the other.
      if ((args.has("f") || args.has("F")) && path !== "-") yield* follow(sys, path);
      return true;
    });
  },
);

function* printFrom(sys: Sys, reader: LineReader, first: number): Call<void> {
  let number = 0;
  for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
    if (++number >= first) yield* print(sys, line + (reader.terminated ? "\n" : ""));
  }
}

function* printLast(sys: Sys, reader: LineReader, count: number): Call<void> {
  let kept: string[] = [];
  let size = 0;
  for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
    kept.push(line + (reader.terminated ? "\n" : ""));
    size += line.length + 1;
    // Trimmed now and then, so that the cost per line stays constant.
    if (kept.length > 2 * count + 100 || size > COLLECT_BYTES_MAX) {
      kept = count === 0 ? [] : kept.slice(-count);
      size = kept.reduce((sum, each) => sum + each.length, 0);
    }
  }
  yield* print(sys, count === 0 ? "" : kept.slice(-count).join(""));
}

function* follow(sys: Sys, path: string): Call<void> {
  const fd = yield* sys.open(path, 0);
  if (fd < 0) return;
  const buffer = new Uint8Array(65_536);
  const stat = yield* sys.stat(path);
  // Skip what has been shown: a file's offset moves by reading only.
  for (let left = typeof stat === "number" ? 0 : stat.size; left > 0;) {
    const count = yield* sys.read(fd, buffer.subarray(0, Math.min(left, buffer.length)));
    if (count <= 0) break;
    left -= count;
  }
  for (;;) {
    const count = yield* sys.read(fd, buffer);
    if (count < 0) return;
    if (count > 0) yield* sys.write(1, buffer.subarray(0, count));
    else if ((yield* sys.nanosleep(SECOND)) < 0) return;
  }
}

export const head: typeof headCommand = (sys, argv) => headCommand(sys, oldStyle(argv));
export const tail: typeof tailCommand = (sys, argv) => tailCommand(sys, oldStyle(argv));
