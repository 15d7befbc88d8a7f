/** ps, killall, time, watch, xargs: commands about other commands (procps, util-linux, findutils). */
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { SIGNALS, type Call, type ProcessInfo, type Sys } from "../../kernel/syscall/sys.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { civilTime, clock, fixedPoint } from "../lib/format.ts";
import { LineReader } from "../lib/input.ts";
import { parseInteger, parseSeconds } from "../lib/numbers.ts";
import { print, warn } from "../lib/output.ts";
import { catchInterrupt, interrupted, parseSignal } from "../lib/signals.ts";
import { timeText } from "../sh/pipeline.ts";

const commandLine = (each: ProcessInfo): string =>
  each.state === "Z" ? `[${each.command}] <defunct>` : each.argv.join(" ") || `[${each.command}]`;

const psCommand = command(
  { name: "ps", usage: "Usage: ps [-e] [-f] | ps aux", short: "efAaux" },
  function* (sys, args) {
    const everything = args.has("e") || args.has("A") || args.has("a") || args.has("x");
    const processes = yield* sys.processes();
    const own = processes.find((each) => each.pid === sys.pid);
    const shown = processes.filter((each) => everything || each.tty === own?.tty);
    const userFormat = args.has("u");
    const lines = userFormat
      ? [
          "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND",
          ...shown.map((each) => auxLine(sys, each)),
        ]
      : args.has("f")
        ? ["UID          PID    PPID  C STIME TTY          TIME CMD", ...shown.map((each) => fullLine(sys, each))]
        : ["    PID TTY          TIME CMD", ...shown.map(shortLine)];
    yield* print(sys, `${lines.join("\n")}\n`);
    return 0;
  },
);

/** BSD style has no dash: `ps aux`. */
export const ps: typeof psCommand = (sys, argv) =>
  psCommand(sys, /^[auxef]+$/.test(argv[1] ?? "") ? [argv[0] ?? "", `-${argv[1] ?? ""}`, ...argv.slice(2)] : argv);

const terminal = (each: ProcessInfo): string => (each.tty ?? "?").padEnd(8);

function shortLine(each: ProcessInfo): string {
  const name = each.command + (each.state === "Z" ? " <defunct>" : "");
  return `${String(each.pid).padStart(7)} ${terminal(each)} ${clock(each.cpuTime)} ${name}`;
}

function startTime(sys: Sys, each: ProcessInfo): string {
  const started = Math.floor((sys.wallClock() - sys.now() + each.started) / SECOND);
  const { seconds } = civilTime(started);
  return clock(seconds * SECOND).slice(0, 5);
}

function fullLine(sys: Sys, each: ProcessInfo): string {
  const ids = `root     ${String(each.pid).padStart(7)} ${String(each.parent).padStart(7)}`;
  return `${ids}  0 ${startTime(sys, each)} ${terminal(each)} ${clock(each.cpuTime)} ${commandLine(each)}`;
}

function auxLine(sys: Sys, each: ProcessInfo): string {
  const age = Math.max(1, sys.now() - each.started);
  const percent = fixedPoint(Math.min(999, Math.floor((each.cpuTime * 1000) / age)), 1).padStart(4);
  const minutes = Math.floor(each.cpuTime / SECOND / 60);
  const time = `${minutes}:${String(Math.floor(each.cpuTime / SECOND) % 60).padStart(2, "0")}`.padStart(6);
  const ids = `root     ${String(each.pid).padStart(7)} ${percent}  0.0      0     0`;
  return `${ids} ${terminal(each)} ${each.state.padEnd(4)} ${startTime(sys, each)} ${time} ${commandLine(each)}`;
}

const KILLALL: CommandSpec = { name: "killall", usage: "Usage: killall [-s SIGNAL] NAME...", short: "s:qv" };
const killallCommand = command(KILLALL, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, { ...KILLALL, usageOnError: true }, "");
  const signal = parseSignal(args.value("s") ?? "TERM");
  if (signal === null) return yield* fail(sys, `${args.value("s") ?? ""}: unknown signal; killall -l lists signals.`);
  let status = 0;
  for (const name of args.operands) {
    const targets = (yield* sys.processes()).filter((each) => each.command === name && each.pid !== sys.pid);
    if (targets.length === 0) {
      yield* warn(sys, `${name}: no process found\n`);
      status = 1;
    }
    for (const each of targets) yield* sys.kill(each.pid, signal);
  }
  return status;
});
/** `killall -9 name`. */
export const killall: typeof killallCommand = (sys, argv) => {
  const signal = /^-([A-Z]+|\d+)$/.exec(argv[1] ?? "")?.[1];
  return killallCommand(sys, signal === undefined ? argv : [argv[0] ?? "", "-s", signal, ...argv.slice(2)]);
};

const inPath = (name: string): string => (name.includes("/") ? name : `/bin/${name}`);

const TIME: CommandSpec = { name: "time", usage: "Usage: time COMMAND [ARG]...", short: "p", stopAtOperand: true };
export const time = command(TIME, function* (sys, args) {
  const name = args.operands[0];
  if (name === undefined) return yield* usageError(sys, { ...TIME, usageOnError: true }, "");
  const start = sys.now();
  const pid = yield* sys.spawn(inPath(name), args.operands);
  if (pid < 0) return yield* fail(sys, `time: cannot run ${name}: ${strerror(pid)}`, 127);
  const { status } = yield* waitFor(sys, pid);
  yield* warn(sys, timeText(sys.now() - start));
  return status;
});

function* waitFor(sys: Sys, pid: number): Call<{ pid: number; status: number }> {
  for (;;) {
    const done = yield* sys.waitpid(pid, 0);
    if (done.pid !== -E.EINTR) return done;
  }
}

const WATCH: CommandSpec = {
  name: "watch",
  usage: "Usage: watch [-n SECONDS] COMMAND...",
  short: "n:t",
  stopAtOperand: true,
};
export const watch = command(WATCH, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, { ...WATCH, usageOnError: true }, "");
  const interval = parseSeconds(args.value("n") ?? "2");
  if (interval === null) return yield* fail(sys, `watch: failed to parse argument: '${args.value("n") ?? ""}'`);
  const text = args.operands.join(" ");
  yield* catchInterrupt(sys);
  for (;;) {
    yield* print(
      sys,
      `\x1b[H\x1b[2J${args.has("t") ? "" : `Every ${fixedPoint(Math.max(1, interval / 1e8), 1)}s: ${text}\n\n`}`,
    );
    const pid = yield* sys.spawn("/bin/sh", ["sh", "-c", text]);
    if (pid < 0) return yield* fail(sys, `watch: ${strerror(pid)}`);
    yield* waitFor(sys, pid);
    if (yield* interrupted(sys)) return 0;
    if ((yield* sys.nanosleep(Math.max(interval, 1e8))) < 0 && (yield* interrupted(sys))) return 0;
  }
});

const XARGS_WORDS_MAX = 5_000;
export const xargs = command(
  {
    name: "xargs",
    usage: "Usage: xargs [-n MAX] [-I REPLACE] [COMMAND [ARG]...]",
    short: "n:I:r",
    stopAtOperand: true,
  },
  function* (sys, args) {
    const most = parseInteger(args.value("n") ?? String(XARGS_WORDS_MAX), 1, XARGS_WORDS_MAX);
    if (most === null) return yield* fail(sys, `xargs: invalid number "${args.value("n") ?? ""}" for -n option`);
    const base = args.operands.length === 0 ? ["echo"] : args.operands;
    const replace = args.value("I");
    const reader = new LineReader(sys, 0);
    let words: string[] = [];
    let status = 0;
    const run = function* (argv: readonly string[]): Call<boolean> {
      const pid = yield* sys.spawn(inPath(argv[0] ?? ""), argv);
      if (pid < 0) {
        status = yield* fail(sys, `xargs: ${argv[0] ?? ""}: ${strerror(pid)}`, 127);
        return false;
      }
      const done = yield* waitFor(sys, pid);
      if (done.status !== 0) status = 123;
      return done.status !== 128 + SIGNALS.INT;
    };
    for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
      if (replace !== undefined) {
        const value = line.trim();
        if (value !== "" && !(yield* run(base.map((each) => each.replaceAll(replace, value))))) return status;
        continue;
      }
      words.push(...line.split(/\s+/).filter((word) => word !== ""));
      while (words.length >= most) {
        if (!(yield* run([...base, ...words.slice(0, most)]))) return status;
        words = words.slice(most);
      }
    }
    if (replace === undefined && (words.length > 0 || (!args.has("r") && status === 0))) {
      yield* run([...base, ...words]);
    }
    return status;
  },
);
