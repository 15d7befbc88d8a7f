/** jobs, fg, bg, wait, kill. */
import { E, strerror } from "../../../kernel/syscall/errno.ts";
import { SIGNALS, type Call } from "../../../kernel/syscall/sys.ts";
import { writeText } from "../../lib/output.ts";
import { interrupted, parseSignal, signalName, signalNames } from "../../lib/signals.ts";
import { resumeJob } from "../foreground.ts";
import { findJob, forgetJob, jobLine, noteExit, reapJobs, type Job } from "../jobs.ts";
import { descriptor, type Files, type ShellState } from "../state.ts";
import { refuse, say, type Builtin } from "./builtin.ts";

export const jobs: Builtin = function* (shell, words, files) {
  yield* reapJobs(shell);
  const lines = shell.jobs.map((job) => (words[1] === "-p" ? `${job.group}\n` : `${jobLine(shell, job)}\n`));
  for (const job of [...shell.jobs]) if (job.state === "done") forgetJob(shell, job);
  return yield* say(shell, files, lines.join(""));
};

export const foreground: Builtin = function* (shell, words, files) {
  if (!shell.interactive) return yield* refuse(shell, files, "fg: no job control");
  const job = findJob(shell, words[1]);
  if (job === null) return yield* refuse(shell, files, `fg: ${words[1] ?? "current"}: no such job`);
  yield* say(shell, files, `${job.text}\n`);
  return yield* resumeJob(shell, job);
};

export const background: Builtin = function* (shell, words, files) {
  if (!shell.interactive) return yield* refuse(shell, files, "bg: no job control");
  const job = findJob(shell, words[1]);
  if (job === null) return yield* refuse(shell, files, `bg: ${words[1] ?? "current"}: no such job`);
  job.state = "running";
  yield* shell.sys.kill(-job.group, SIGNALS.CONT);
  return yield* say(shell, files, `[${job.id}]+ ${job.text} &\n`);
};

export const wait: Builtin = function* (shell, words, files) {
  if (words.length === 1) {
    for (const job of [...shell.jobs]) {
      if ((yield* waitJob(shell, job, null)) === 130 && shell.jump !== null) return 130;
    }
    return 0;
  }
  let status = 0;
  for (const word of words.slice(1)) {
    const pid = /^\d+$/.test(word) ? Number(word) : null;
    const job =
      pid === null ? findJob(shell, word) : shell.jobs.find((each) => each.lastPid === pid || each.pids.has(pid));
    if (job !== null && job !== undefined) status = yield* waitJob(shell, job, pid);
    else if (pid !== null) status = yield* refuse(shell, files, `wait: pid ${pid} is not a child of this shell`, 127);
    else status = yield* refuse(shell, files, `wait: ${word}: no such job`, 127);
    if (shell.jump !== null) return status;
  }
  return status;
};

/** Until all of a job, or the one process of it, is over. */
function* waitJob(shell: ShellState, job: Job, pid: number | null): Call<number> {
  let status = job.status;
  while (pid === null ? job.pids.size > 0 : job.pids.has(pid)) {
    const done = yield* shell.sys.waitpid(-1, 0);
    if (done.pid > 0) {
      noteExit(shell, done.pid, done.status);
      if (done.pid === (pid ?? job.lastPid)) status = done.status;
    } else if (done.pid === -E.EINTR) {
      if (!(yield* interrupted(shell.sys))) continue;
      shell.jump = { kind: "interrupt" };
      return 130;
    } else break;
  }
  // An interactive shell says so before its next prompt, and forgets it then.
  if (job.pids.size === 0 && !shell.interactive) forgetJob(shell, job);
  return status;
}

/** `kill [-s NAME | -NAME | -number] pid|%job...`, `kill -l`. */
export const kill: Builtin = function* (shell, words, files) {
  const operands = words.slice(1);
  if (operands[0] === "-l") return yield* listSignals(shell, files, operands[1]);
  let signal: number | null = SIGNALS.TERM;
  if (operands[0] === "-s" || operands[0] === "-n") {
    signal = parseSignal(operands[1] ?? "");
    if (signal === null) return yield* refuse(shell, files, `kill: ${operands[1] ?? ""}: invalid signal specification`);
    operands.splice(0, 2);
  } else if (operands[0]?.startsWith("-") === true && operands[0] !== "--" && operands.length > 1) {
    signal = parseSignal(operands[0].slice(1));
    if (signal === null) {
      return yield* refuse(shell, files, `kill: ${operands[0].slice(1)}: invalid signal specification`);
    }
    operands.shift();
  }
  if (operands[0] === "--") operands.shift();
  if (operands.length === 0) {
    const usage = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n";
    yield* writeText(shell.sys, descriptor(files, 2), usage);
    return 2;
  }
  let status = 0;
  for (const operand of operands) {
    const problem = yield* killOne(shell, operand, signal);
    if (problem !== null) status = yield* refuse(shell, files, `kill: ${problem}`);
  }
  return status;
};

function* killOne(shell: ShellState, operand: string, signal: number): Call<string | null> {
  if (operand.startsWith("%")) {
    const job = findJob(shell, operand);
    if (job === null) return `${operand}: no such job`;
    const error = yield* shell.sys.kill(shell.interactive ? -job.group : job.group, signal);
    return error < 0 ? `(${job.group}) - ${strerror(error)}` : null;
  }
  if (!/^-?\d{1,9}$/.test(operand)) return `${operand}: arguments must be process or job IDs`;
  const error = yield* shell.sys.kill(Number(operand), signal);
  return error < 0 ? `(${operand}) - ${strerror(error)}` : null;
}

function* listSignals(shell: ShellState, files: Files, which: string | undefined): Call<number> {
  if (which !== undefined) {
    const number = parseSignal(which);
    if (number === null) return yield* refuse(shell, files, `kill: ${which}: invalid signal specification`);
    return yield* say(
      shell,
      files,
      `${/^\d/.test(which) ? signalName(number > 128 ? number - 128 : number) : number}\n`,
    );
  }
  const cells = signalNames().map(([number, name]) => `${String(number).padStart(2)}) SIG${name}`);
  const rows: string[] = [];
  for (let i = 0; i < cells.length; i += 5) rows.push(`${cells.slice(i, i + 5).join("\t")}\n`);
  return yield* say(shell, files, rows.join(""));
}
