/** Pipelines and background lists: each member is a process of its own, all in one process group. */
import type { CommandNode, Pipeline, Statement } from "unbash";
import { strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call } from "../../kernel/syscall/sys.ts";
import { MILLISECOND } from "../../base/time.ts";
import { fixedPoint } from "../lib/format.ts";
import { writeText } from "../lib/output.ts";
import { JOBS_MAX } from "../limits.ts";
import { waitForeground } from "./foreground.ts";
import { addJob, reapJobs } from "./jobs.ts";
import { startSimple } from "./simple.ts";
import type { Files, ShellState } from "./state.ts";
import { spawnSubshell } from "./subshell.ts";

export type RunNode = (shell: ShellState, node: Statement["command"], files: Files) => Call<number>;

export function* runPipeline(shell: ShellState, node: Pipeline, files: Files, run: RunNode): Call<number> {
  const negated = node.prefixes.filter((each) => each.type === "Negation").length % 2 === 1;
  const timed = node.prefixes.some((each) => each.type === "Time");
  const start = shell.sys.now();
  const [only] = node.commands;
  let status = 0;
  if (node.commands.length === 1 && only !== undefined) {
    if (negated) shell.conditions++;
    status = yield* run(shell, only, files);
    if (negated) shell.conditions--;
  } else if (node.commands.length > 1) {
    const started = yield* startMembers(shell, node, files, run);
    if (started.pids.length > 0) {
      const text = shell.source.slice(node.pos, node.end);
      status = yield* waitForeground(shell, started.pids, started.group, text);
    }
    if (started.lastStatus !== null) status = started.lastStatus;
  }
  if (timed) yield* writeText(shell.sys, files.get(2) ?? -1, timeText(shell.sys.now() - start));
  return negated ? (status === 0 ? 1 : 0) : status;
}

/** What `time` prints: virtual time. User and system time are left out, as nobody keeps them of processes gone. */
export function timeText(span: number): string {
  const elapsed = Math.floor(span / MILLISECOND);
  return `\nreal\t${Math.floor(elapsed / 60_000)}m${fixedPoint(elapsed % 60_000, 3)}s\n`;
}

type Started = {
  readonly pids: readonly number[];
  readonly group: number;
  /** Set when the last member could not even be started. */
  readonly lastStatus: number | null;
};

function* startMembers(shell: ShellState, node: Pipeline, files: Files, run: RunNode): Call<Started> {
  const pids: number[] = [];
  let lastStatus: number | null = null;
  let input = -1;
  for (const [index, member] of node.commands.entries()) {
    const last = index === node.commands.length - 1;
    const ends: [number, number] = [-1, -1];
    if (!last) {
      const error = yield* shell.sys.pipe(ends);
      if (error < 0) {
        yield* writeText(shell.sys, files.get(2) ?? -1, `${shell.name}: pipe error: ${strerror(error)}\n`);
        lastStatus = 1;
        break;
      }
    }
    const own = new Map(files);
    if (input >= 0) own.set(0, input);
    if (!last) own.set(1, ends[1]);
    if (node.operators[index] === "|&") own.set(2, ends[1]);
    const group = shell.interactive ? (pids[0] ?? 0) : undefined;
    const pid = yield* startMember(shell, member, { files: own, group }, run);
    if (pid > 0) pids.push(pid);
    lastStatus = pid > 0 ? null : -pid;
    if (input >= 0) yield* shell.sys.close(input);
    if (!last) yield* shell.sys.close(ends[1]);
    input = ends[0];
  }
  if (input >= 0) yield* shell.sys.close(input);
  return { pids, group: pids[0] ?? 0, lastStatus };
}

type Placement = { readonly files: Files; readonly group: number | undefined };

/** @returns a pid, or minus the exit status when nothing was started. */
function* startMember(
  shell: ShellState,
  node: Statement["command"] | CommandNode,
  placement: Placement,
  run: RunNode,
): Call<number> {
  if (node.type === "Command") return yield* startSimple(shell, node, placement);
  const pid = yield* spawnSubshell(shell, placement, (child) => run(child, node, child.files));
  if (pid > 0) return pid;
  yield* writeText(shell.sys, placement.files.get(2) ?? -1, `${shell.name}: fork: ${strerror(pid)}\n`);
  return -126;
}

/** `... &`. @returns 0, or the status of what could not be started. */
export function* startBackground(
  shell: ShellState,
  node: Statement["command"],
  files: Files,
  how: { readonly text: string; readonly runNode: RunNode },
): Call<number> {
  yield* reapJobs(shell);
  if (shell.jobs.length >= JOBS_MAX) {
    yield* writeText(shell.sys, files.get(2) ?? -1, `${shell.name}: too many jobs\n`);
    return 1;
  }
  const own = new Map(files);
  // Without job control a background command must not compete for the shell's input (XCU 2.9.3.1).
  const nothing = shell.interactive ? -1 : yield* shell.sys.open("/dev/null", O.RDONLY);
  if (nothing >= 0) own.set(0, nothing);
  const started =
    node.type === "Pipeline" && node.prefixes.length === 0 && node.commands.length > 1
      ? yield* startMembers(shell, node, own, how.runNode)
      : yield* startAlone(shell, node, own, how.runNode);
  if (nothing >= 0) yield* shell.sys.close(nothing);
  const last = started.pids.at(-1);
  if (last === undefined) return started.lastStatus ?? 1;
  shell.background = last;
  const job = addJob(shell, started.pids, shell.interactive ? started.group : last, how.text);
  if (shell.interactive) yield* writeText(shell.sys, files.get(2) ?? -1, `[${job.id}] ${last}\n`);
  return 0;
}

function* startAlone(shell: ShellState, node: Statement["command"], files: Files, run: RunNode): Call<Started> {
  const group = shell.interactive ? 0 : undefined;
  const pid = yield* startMember(shell, node, { files, group }, run);
  return pid > 0 ? { pids: [pid], group: pid, lastStatus: null } : { pids: [], group: 0, lastStatus: -pid };
}
