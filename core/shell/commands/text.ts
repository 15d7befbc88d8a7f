/** wc, sort, uniq, tee, seq, yes (GNU coreutils), in the C locale. */
import { strerror } from "../../kernel/syscall/errno.ts";
import { O } from "../../kernel/syscall/sys.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { parseDecimal } from "../lib/numbers.ts";
import { print, warn, writeAll } from "../lib/output.ts";
import { COLLECT_BYTES_MAX, COPY_BYTES, LOOP_TURN_NS } from "../limits.ts";
import { byCodeUnit } from "../sh/glob.ts";
import { eachInput } from "./lines.ts";

type Counts = { lines: number; words: number; bytes: number };

export const wc = command({ name: "wc", usage: "Usage: wc [-lwc] [FILE]...", short: "lwcm" }, function* (sys, args) {
  const rows: { counts: Counts; path: string }[] = [];
  const status = yield* eachInput(sys, "wc", args.operands, function* (reader, path) {
    const counts: Counts = { lines: 0, words: 0, bytes: 0 };
    for (let line = yield* reader.nextBytes(); line !== null; line = yield* reader.nextBytes()) {
      counts.lines += reader.terminated ? 1 : 0;
      counts.bytes += line.length + (reader.terminated ? 1 : 0);
      let inWord = false;
      for (const byte of line) {
        const space = byte === 32 || (byte >= 9 && byte <= 13);
        if (!space && !inWord) counts.words++;
        inWord = !space;
      }
    }
    rows.push({ counts, path: path === "-" && args.operands.length === 0 ? "" : path });
    return true;
  });
  if (rows.length > 1) {
    const total: Counts = { lines: 0, words: 0, bytes: 0 };
    for (const { counts } of rows) {
      total.lines += counts.lines;
      total.words += counts.words;
      total.bytes += counts.bytes;
    }
    rows.push({ counts: total, path: "total" });
  }
  const all = !args.has("l") && !args.has("w") && !args.has("c") && !args.has("m");
  const cells = rows.map(({ counts }) => [
    ...(all || args.has("l") ? [counts.lines] : []),
    ...(all || args.has("w") ? [counts.words] : []),
    ...(all || args.has("c") || args.has("m") ? [counts.bytes] : []),
  ]);
  const single = rows.length === 1 && cells[0]?.length === 1;
  // From a pipe wc cannot know how wide its numbers will be, and takes 7 columns.
  const widest = rows.some(({ path }) => path === "" || path === "-")
    ? 7
    : String(rows.at(-1)?.counts.bytes ?? 0).length;
  for (const [index, row] of rows.entries()) {
    const numbers = (cells[index] ?? []).map((cell) => String(cell).padStart(single ? 0 : widest)).join(" ");
    yield* print(sys, `${numbers}${row.path === "" ? "" : ` ${row.path}`}\n`);
  }
  return status;
});

export const sort = command(
  { name: "sort", usage: "Usage: sort [-nru] [-k FIELD] [-t SEPARATOR] [FILE]...", short: "nruk:t:f", usageStatus: 2 },
  function* (sys, args) {
    const lines: string[] = [];
    let size = 0;
    const status = yield* eachInput(sys, "sort", args.operands, function* (reader) {
      for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
        lines.push(line);
        size += line.length + 1;
        if (size > COLLECT_BYTES_MAX) return false;
      }
      return true;
    });
    if (size > COLLECT_BYTES_MAX) return yield* fail(sys, "sort: input is too large", 2);
    const field = Number(/^\d+/.exec(args.value("k") ?? "")?.[0] ?? "0");
    const separator = args.value("t");
    const key = (line: string): string => {
      if (field === 0) return line;
      const parts = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
      return parts.slice(field - 1).join(separator ?? " ");
    };
    const numeric = args.has("n") || /^\d.*n/.test(args.value("k") ?? "");
    const number = (line: string): number => Number(/^\s*(-?\d+(\.\d+)?)/.exec(key(line))?.[1] ?? "0");
    const order = (a: string, b: string): number =>
      (numeric ? number(a) - number(b) : 0) || (numeric ? 0 : byCodeUnit(key(a), key(b)));
    lines.sort((a, b) => (args.has("r") ? -1 : 1) * (order(a, b) || byCodeUnit(a, b)));
    const kept = args.has("u") ? lines.filter((line, i) => i === 0 || order(lines[i - 1] ?? "", line) !== 0) : lines;
    yield* print(sys, kept.map((line) => `${line}\n`).join(""));
    return status === 0 ? 0 : 2;
  },
);

export const uniq = command({ name: "uniq", usage: "Usage: uniq [-cdu] [FILE]", short: "cdu" }, function* (sys, args) {
  let last: string | null = null;
  let count = 0;
  const flush = function* () {
    if (last === null || (args.has("d") && count < 2) || (args.has("u") && count > 1)) return;
    yield* print(sys, `${args.has("c") ? `${String(count).padStart(7)} ` : ""}${last}\n`);
  };
  const status = yield* eachInput(sys, "uniq", args.operands.slice(0, 1), function* (reader) {
    for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
      if (line === last) count++;
      else {
        yield* flush();
        [last, count] = [line, 1];
      }
    }
    return true;
  });
  yield* flush();
  return status;
});

export const tee = command({ name: "tee", usage: "Usage: tee [-a] [FILE]...", short: "a" }, function* (sys, args) {
  const targets = [1];
  let status = 0;
  for (const path of args.operands) {
    const fd = yield* sys.open(path, O.WRONLY | O.CREAT | (args.has("a") ? O.APPEND : O.TRUNC));
    if (fd >= 0) targets.push(fd);
    else {
      yield* warn(sys, `tee: ${path}: ${strerror(fd)}\n`);
      status = 1;
    }
  }
  const buffer = new Uint8Array(COPY_BYTES);
  for (;;) {
    const count = yield* sys.read(0, buffer);
    if (count <= 0) return count < 0 ? 1 : status;
    for (const fd of targets) {
      if ((yield* writeAll(sys, fd, buffer.subarray(0, count))) < 0) status = 1;
    }
  }
});

const SEQ: CommandSpec = { name: "seq", usage: "Usage: seq [-s SEPARATOR] [FIRST [INCREMENT]] LAST", short: "s:w" };
const SEQ_COUNT_MAX = 1e7;
const seqCommand = command({ ...SEQ, stopAtOperand: true }, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, SEQ, "missing operand");
  const values: number[] = [];
  for (const operand of args.operands) {
    const value = parseDecimal(operand);
    if (value === null) return yield* usageError(sys, SEQ, `invalid floating point argument: '${operand}'`);
    values.push(value);
  }
  const [first = 1, step = 1, last = 1] =
    values.length === 1 ? [1, 1, values[0]] : values.length === 2 ? [values[0], 1, values[1]] : values;
  if (step === 0) return yield* usageError(sys, SEQ, "invalid Zero increment value: '0'");
  const decimals = Math.max(...args.operands.map((each) => each.split(".")[1]?.length ?? 0));
  const separator = args.value("s");
  for (let i = 0; i < SEQ_COUNT_MAX; i++) {
    const value = first + i * step;
    if (step > 0 ? value > last + step * 1e-9 : value < last + step * 1e-9) {
      if (separator !== undefined && i > 0) yield* print(sys, "\n");
      return 0;
    }
    const text = value.toFixed(decimals);
    const error = yield* print(sys, separator === undefined ? `${text}\n` : `${i > 0 ? separator : ""}${text}`);
    if (error < 0) return 1;
  }
  return 1;
});
/** A negative first number is an operand. */
export const seq: typeof seqCommand = (sys, argv) =>
  seqCommand(sys, /^-[\d.]/.test(argv[1] ?? "") ? [argv[0] ?? "", "--", ...argv.slice(1)] : argv);

export const yes = command({ name: "yes", usage: "Usage: yes [STRING]...", short: "" }, function* (sys, args) {
  const line = `${args.operands.length === 0 ? "y" : args.operands.join(" ")}\n`;
  // A block at a time; a terminal never blocks, so time has to pass by itself.
  const block = line.repeat(Math.max(1, Math.floor(4096 / line.length)));
  while ((yield* print(sys, block)) >= 0) yield* sys.compute(LOOP_TURN_NS * 10);
  return 1;
});
