/**
 * Waiting for what runs in front, with the terminal handed over to it and taken back (POSIX.1-2024, XCU 2.11). A job
 * that stops (Ctrl-Z) is reported by waitpid with WUNTRACED.
 */
import { E } from "../../kernel/syscall/errno.ts";
import { SIGNALS, WUNTRACED, type Call } from "../../kernel/syscall/sys.ts";
import { writeText } from "../lib/output.ts";
import { interrupted, SIGNAL_TEXTS } from "../lib/signals.ts";
import { addJob, jobLine, noteExit, type Job } from "./jobs.ts";
import type { ShellState } from "./state.ts";

/** From here on a status tells of a child that stopped. */
const STOPPED = 256;

/** Waits for all of `pids`. @returns the status of the last one. */
export function* waitForeground(shell: ShellState, pids: readonly number[], group: number, text: string): Call<number> {
  if (shell.interactive) yield* shell.sys.tcsetpgrp(0, group);
  const last = pids.at(-1) ?? 0;
  const left = new Set(pids);
  let status = 0;
  let stopped = false;
  while (left.size > 0 && !stopped) {
    const done = yield* shell.sys.waitpid(-1, shell.interactive ? WUNTRACED : 0);
    if (done.pid === -E.EINTR) {
      // SIGINT went to the whole group: whether to stop is told by how the children end.
      yield* interrupted(shell.sys);
    } else if (done.pid < 0) break;
    else if (done.status >= STOPPED) stopped = left.has(done.pid);
    else if (!left.delete(done.pid)) noteExit(shell, done.pid, done.status);
    else if (done.pid === last) status = done.status;
  }
  if (shell.interactive) yield* shell.sys.tcsetpgrp(0, shell.sys.pid);
  if (stopped) {
    const job = addJob(shell, [...left], group, text);
    job.state = "stopped";
    yield* writeText(shell.sys, 2, `\n${jobLine(shell, job)}\n`);
    return 128 + SIGNALS.TSTP;
  }
  return yield* finish(shell, status);
}

/** Brings a job to the front. */
export function* resumeJob(shell: ShellState, job: Job): Call<number> {
  const at = shell.jobs.indexOf(job);
  if (at >= 0) shell.jobs.splice(at, 1);
  if (job.state === "stopped") yield* shell.sys.kill(-job.group, SIGNALS.CONT);
  if (job.pids.size === 0) return job.status;
  return yield* waitForeground(shell, [...job.pids], job.group, job.text);
}

function* finish(shell: ShellState, status: number): Call<number> {
  if (status === 128 + SIGNALS.INT) {
    if (shell.interactive) yield* writeText(shell.sys, 2, "\n");
    shell.jump ??= { kind: "interrupt" };
  } else if (status > 128 && status !== 128 + SIGNALS.PIPE) {
    const text = SIGNAL_TEXTS.get(status - 128);
    if (text !== undefined) yield* writeText(shell.sys, 2, `${text}\n`);
  }
  return status;
}
