/** System calls on processes, signals and time, and the rest. */
import { KIND } from "../../contract/trace-event.ts";
import { TIME_MAX, type Nanoseconds } from "../../base/time.ts";
import { COMPUTE_SLICE_NS } from "../process/limits.ts";
import { BLOCKED } from "../process/process.ts";
import { E } from "./errno.ts";
import type { NetlinkReply, NetlinkRequest } from "./netlink.ts";
import { PollCalls } from "./poll-calls.ts";
import type { Call, ProcessInfo, ProcessMemory, Program, SignalAction, SpawnOptions, Sys } from "./sys.ts";

const MARKS = { state: KIND["program:state"], decide: KIND["program:decide"] } as const;

/** System calls of one process. */
export class SysImpl extends PollCalls implements Sys {
  get pid(): number {
    return this.process.pid;
  }

  get environment(): ReadonlyMap<string, string> {
    return this.process.environment;
  }

  *spawn(program: Program | string, argv: readonly string[], options: SpawnOptions = {}): Call<number> {
    const price = this.enter("execve", -1, 0);
    if (price > 0) yield price;
    return this.exit("execve", this.services.processes.spawn(this.process, program, argv, options));
  }

  *waitpid(pid: number, flags: number): Call<{ pid: number; status: number }> {
    const price = this.enter("wait4", -1, 0);
    if (price > 0) yield price;
    const process = this.process;
    let child = this.services.processes.reap(process, pid, flags);
    while (child === null) {
      if (process.takeInterrupt(true)) {
        child = -E.EINTR;
        break;
      }
      process.prepareWait(process.childWaiters);
      yield BLOCKED;
      process.finishWait();
      child = this.services.processes.reap(process, pid, flags);
    }
    if (typeof child === "number") child = { pid: child, status: 0 };
    this.exit("wait4", child.pid);
    return child;
  }

  *kill(pid: number, signal: number): Call<number> {
    const price = this.enter("kill", -1, 0);
    if (price > 0) yield price;
    const result = this.services.processes.kill(this.process, pid, signal);
    // It may have been for ourselves: then the call does not return, or only when we are continued.
    if (this.process.signals.fatal !== 0 || this.process.state === "T") yield 0;
    return this.exit("kill", result);
  }

  *sigaction(signal: number, action: SignalAction): Call<number> {
    const price = this.enter("rt_sigaction", -1, 0);
    if (price > 0) yield price;
    return this.exit("rt_sigaction", this.process.signals.setAction(signal, action));
  }

  /** What a signal handler would have done: no call into the kernel. */
  *takeSignal(): Call<number> {
    return this.process.signals.take();
  }

  *setpgid(pid: number, group: number): Call<number> {
    const price = this.enter("setpgid", -1, 0);
    if (price > 0) yield price;
    return this.exit("setpgid", this.services.processes.setGroup(this.process, pid, group));
  }

  *processes(): Call<ProcessInfo[]> {
    const price = this.enter("getdents", -1, 0);
    if (price > 0) yield price;
    this.exit("getdents", 0);
    return this.services.processes.list().map((process) => process.info());
  }

  now(): number {
    return this.core.engine.now;
  }

  wallClock(): number {
    return this.services.epochNs + this.core.engine.now;
  }

  *nanosleep(span: Nanoseconds): Call<number> {
    const price = this.enter("nanosleep", -1, 0);
    if (price > 0) yield price;
    if (!(span >= 0)) return this.exit("nanosleep", -E.EINVAL);
    const process = this.process;
    process.startTimeout(span);
    while (!process.timedOut) {
      if (process.takeInterrupt()) {
        process.stopTimeout();
        return this.exit("nanosleep", -E.EINTR);
      }
      yield BLOCKED;
    }
    return this.exit("nanosleep", 0);
  }

  *compute(span: Nanoseconds): Call<void> {
    const process = this.process;
    let left = Number.isFinite(span) ? Math.min(Math.floor(span), TIME_MAX) : 0;
    while (left > 0) {
      const slice = Math.min(left, COMPUTE_SLICE_NS);
      process.inUser = true;
      yield slice;
      process.inUser = false;
      left -= slice;
    }
  }

  interpreterPrice(steps: number): Nanoseconds {
    const { interpreterKilostep } = this.costs;
    return interpreterKilostep === 0 ? 0 : Math.floor((interpreterKilostep * steps) / 1000);
  }

  holdMemory(memory: ProcessMemory): void {
    this.process.memory = memory;
  }

  mark(kind: "state" | "decide", text: string, about: string): void {
    const trace = this.core.trace;
    if (!trace.active) return;
    trace.record(MARKS[kind], 0, this.core.engine.cause, this.process.pid, trace.intern(text), trace.intern(about));
  }

  *hostname(): Call<string> {
    const price = this.enter("uname", -1, 0);
    if (price > 0) yield price;
    this.exit("uname", 0);
    return this.core.hostname;
  }

  *random32(): Call<number> {
    const price = this.enter("getrandom", -1, 4);
    if (price > 0) yield price;
    this.exit("getrandom", 4);
    return this.services.random.next32();
  }

  *syslog(): Call<readonly string[]> {
    const price = this.enter("syslog", -1, 0);
    if (price > 0) yield price;
    this.exit("syslog", 0);
    return this.core.log.slice();
  }

  *netlink(request: NetlinkRequest): Call<NetlinkReply | number> {
    const price = this.enter("netlink", -1, 0);
    if (price > 0) yield price;
    const reply = this.services.netlink(request);
    this.exit("netlink", typeof reply === "number" ? reply : 0);
    return reply;
  }
}
