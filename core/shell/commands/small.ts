/**
 * The commands of a few lines: echo, printf, true, false, test, pwd, env, id, clear, hostname, uname, sleep, kill,
 * dmesg.
 */
import { strerror } from "../../kernel/syscall/errno.ts";
import type { Program } from "../../kernel/syscall/sys.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { parseSleep } from "../lib/numbers.ts";
import { print, warn } from "../lib/output.ts";
import { formatPrintf } from "../lib/printf.ts";
import { echoText } from "../sh/builtins/output.ts";
import { testOperands } from "../sh/builtins/test.ts";
import { BUILTINS } from "../sh/builtins/builtins.ts";
import { EXECUTOR } from "../sh/execute.ts";
import { ShellState, STANDARD_FILES } from "../sh/state.ts";

export const echo: Program = function* (sys, argv) {
  return (yield* print(sys, echoText(argv.slice(1)))) < 0 ? 1 : 0;
};

export const printf: Program = function* (sys, argv) {
  const [format, ...values] = argv.slice(1);
  if (format === undefined) {
    return yield* fail(sys, "printf: missing operand\nTry 'printf --help' for more information.");
  }
  const result = formatPrintf(format, values);
  if (!result.ok) return yield* fail(sys, `printf: ${result.error}`);
  yield* print(sys, result.value.text);
  for (const problem of result.value.problems) yield* warn(sys, `printf: ${problem}\n`);
  return result.value.problems.length > 0 ? 1 : 0;
};

export const yesTrue: Program = function* () {
  return 0;
};

export const noFalse: Program = function* () {
  return 1;
};

export const test: Program = function* (sys, argv) {
  const operands = argv.slice(1);
  if (argv[0] === "[" && operands.pop() !== "]") return yield* fail(sys, "[: missing ']'", 2);
  const result = yield* testOperands(sys, operands);
  if (!result.ok) return yield* fail(sys, `${argv[0] ?? "test"}: ${result.error}`, 2);
  return result.value ? 0 : 1;
};

export const pwd: Program = function* (sys) {
  yield* print(sys, `${yield* sys.getcwd()}\n`);
  return 0;
};

/** The builtin does the work; a shell state around it knows no jobs. */
export const kill: Program = function* (sys, argv) {
  const builtin = BUILTINS.get("kill");
  const shell = new ShellState(sys, EXECUTOR);
  shell.name = "kill";
  return builtin === undefined ? 1 : yield* builtin(shell, argv, STANDARD_FILES);
};

export const env = command(
  { name: "env", usage: "Usage: env [-i] [NAME=VALUE]... [COMMAND [ARG]...]", short: "iu:", stopAtOperand: true },
  function* (sys, args) {
    const environment = new Map(args.has("i") ? [] : sys.environment);
    for (const [letter, name] of args.given) if (letter === "u") environment.delete(name);
    let at = 0;
    for (; args.operands[at]?.includes("=") === true; at++) {
      const [name = "", ...value] = (args.operands[at] ?? "").split("=");
      environment.set(name, value.join("="));
    }
    const words = args.operands.slice(at);
    if (words.length === 0) {
      yield* print(sys, [...environment].map(([name, value]) => `${name}=${value}\n`).join(""));
      return 0;
    }
    const name = words[0] ?? "";
    const pid = yield* sys.spawn(name.includes("/") ? name : `/bin/${name}`, words, { environment });
    if (pid < 0) return yield* fail(sys, `env: '${name}': ${strerror(pid)}`, 127);
    return (yield* sys.waitpid(pid, 0)).status;
  },
);

export const id = command({ name: "id", usage: "Usage: id [-u|-g|-un]", short: "ugn" }, function* (sys, args) {
  const short = args.has("n") ? "root" : "0";
  yield* print(sys, `${args.has("u") || args.has("g") ? short : "uid=0(root) gid=0(root) groups=0(root)"}\n`);
  return 0;
});

export const clear: Program = function* (sys) {
  yield* print(sys, "\x1b[H\x1b[2J\x1b[3J");
  return 0;
};

export const hostname = command(
  { name: "hostname", usage: "Usage: hostname [-s]", short: "sf" },
  function* (sys, args) {
    if (args.operands.length > 0) return yield* fail(sys, "hostname: you must be root to change the host name");
    yield* print(sys, `${yield* sys.hostname()}\n`);
    return 0;
  },
);

/** The kernel whose behaviour is followed. */
const RELEASE = "6.1.0-lastack";

export const uname = command(
  { name: "uname", usage: "Usage: uname [-asnrvm]", short: "asnrvmo" },
  function* (sys, args) {
    const parts: readonly (readonly [string, string])[] = [
      ["s", "Linux"],
      ["n", yield* sys.hostname()],
      ["r", RELEASE],
      ["v", "#1 SMP"],
      ["m", "x86_64"],
      ["o", "GNU/Linux"],
    ];
    const chosen = parts.filter(([letter]) => args.has("a") || args.has(letter));
    yield* print(sys, `${(chosen.length === 0 ? parts.slice(0, 1) : chosen).map(([, text]) => text).join(" ")}\n`);
    return 0;
  },
);

const SLEEP: CommandSpec = { name: "sleep", usage: "Usage: sleep NUMBER[smhd]...", short: "" };
export const sleep = command(SLEEP, function* (sys, args) {
  if (args.operands.length === 0) return yield* usageError(sys, SLEEP, "missing operand");
  let span = 0;
  for (const operand of args.operands) {
    const each = parseSleep(operand);
    if (each === null) return yield* usageError(sys, SLEEP, `invalid time interval '${operand}'`);
    span += each;
  }
  return (yield* sys.nanosleep(span)) < 0 ? 1 : 0;
});

export const dmesg = command({ name: "dmesg", usage: "Usage: dmesg", short: "TtH" }, function* (sys) {
  for (const line of yield* sys.syslog()) yield* print(sys, `${line}\n`);
  return 0;
});
