/** Jobs: pipelines that run in the background or were stopped (POSIX.1-2024, XCU 2.11). */
import { type Call, WNOHANG } from "../../kernel/syscall/sys.ts";
import { writeText } from "../lib/output.ts";
import { SIGNAL_TEXTS } from "../lib/signals.ts";
import type { ShellState } from "./state.ts";

export type Job = {
  readonly id: number;
  /** Process group, or the pid of the last process where there is no job control. */
  readonly group: number;
  readonly text: string;
  /** Children not yet waited for. */
  readonly pids: Set<number>;
  readonly lastPid: number;
  status: number;
  state: "running" | "stopped" | "done";
};

/** Enters a job; its number is one above the highest in use. */
export function addJob(shell: ShellState, pids: readonly number[], group: number, text: string): Job {
  const job: Job = {
    id: shell.jobs.reduce((most, each) => Math.max(most, each.id), 0) + 1,
    group,
    text,
    pids: new Set(pids),
    lastPid: pids.at(-1) ?? 0,
    status: 0,
    state: "running",
  };
  shell.jobs.push(job);
  return job;
}

export function noteExit(shell: ShellState, pid: number, status: number): void {
  for (const job of shell.jobs) {
    if (!job.pids.delete(pid)) continue;
    if (pid === job.lastPid) job.status = status;
    if (job.pids.size === 0) job.state = "done";
  }
}

/** Collects children that have ended, without waiting. */
export function* reapJobs(shell: ShellState): Call<void> {
  while (shell.jobs.some((job) => job.pids.size > 0)) {
    const done = yield* shell.sys.waitpid(-1, WNOHANG);
    if (done.pid <= 0) return;
    noteExit(shell, done.pid, done.status);
  }
}

/** Says which jobs are over and forgets them, as an interactive shell does before its prompt. */
export function* reportJobs(shell: ShellState): Call<void> {
  yield* reapJobs(shell);
  for (const job of [...shell.jobs]) {
    if (job.state !== "done") continue;
    if (shell.interactive) yield* writeText(shell.sys, 2, `${jobLine(shell, job)}\n`);
    forgetJob(shell, job);
  }
}

export function forgetJob(shell: ShellState, job: Job): void {
  const at = shell.jobs.indexOf(job);
  if (at >= 0) shell.jobs.splice(at, 1);
}

/** `[1]+  Running                 sleep 100 &`. */
export function jobLine(shell: ShellState, job: Job): string {
  const rank = job === shell.jobs.at(-1) ? "+" : job === shell.jobs.at(-2) ? "-" : " ";
  const running = job.state === "running";
  return `[${job.id}]${rank}  ${stateText(job).padEnd(24)}${job.text}${running ? " &" : ""}`;
}

function stateText(job: Job): string {
  if (job.state === "running") return "Running";
  if (job.state === "stopped") return "Stopped";
  if (job.status === 0) return "Done";
  const signal = job.status > 128 ? SIGNAL_TEXTS.get(job.status - 128) : undefined;
  return signal ?? (job.status === 130 ? "Interrupt" : `Exit ${job.status}`);
}

/** By `%1`, `%+`, `%%`, `%-`, `%name`; without one the current job. */
export function findJob(shell: ShellState, spec: string | undefined): Job | null {
  if (spec === undefined || spec === "%%" || spec === "%+" || spec === "%") return shell.jobs.at(-1) ?? null;
  if (spec === "%-") return shell.jobs.at(-2) ?? null;
  const name = spec.replace(/^%/, "");
  if (/^\d+$/.test(name)) return shell.jobs.find((job) => job.id === Number(name)) ?? null;
  return shell.jobs.find((job) => job.text.startsWith(name)) ?? null;
}
