/**
 * A process: a program's generator, run in steps by the CPU. What the generator yields is a price in ns, paid before it
 * goes on, or `BLOCKED`, after which it goes on when somebody wakes it. Killing a process abandons its generator where
 * it stands, as a kill does: no `finally` of the program runs.
 * Left out: threads, priorities, sessions. `cpuTime` is the time the process paid for itself, without surcharges by
 * what its system calls set off.
 */
import { AssertionError, assert } from "../../base/assert.ts";
import { TIME_MAX, type Nanoseconds } from "../../base/time.ts";
import type { KernelCore } from "../core.ts";
import { TASK_AGAIN, TASK_EXITED, TASK_SLEEPS, type Task, type TaskStep } from "../cpu/work.ts";
import type { Call, ProcessInfo, ProcessMemory, Trap } from "../syscall/sys.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import { DescriptorTable } from "../vfs/descriptor-table.ts";
import type { Directory, Opener } from "../vfs/inode.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import type { Tty } from "../vfs/tty.ts";
import { E } from "../syscall/errno.ts";
import type { SignalState } from "./signals.ts";
import { WaitEntry, WaitQueue, type Waiter } from "./wait-queue.ts";

/** Yielded by a system call that has put the process into a wait queue or armed its timer. */
export const BLOCKED: Trap = -1;
/** Exit status of a program that broke down: 128 + SIGSEGV. */
const STATUS_FAULT = 139;

/** What a process needs of the table it is in. */
export interface ProcessHost {
  /** Takes the process apart and tells its parent. */
  exit(process: Process, status: number): void;
  /** The program threw: a bug of its own, or of ours. */
  faulted(process: Process, error: unknown): void;
}

export interface ProcessOptions {
  readonly pid: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly parent: Process | null;
  readonly group: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly directory: Directory;
  readonly tty: Tty | null;
  readonly signals: SignalState;
}

export class Process implements Task, Waiter, TimerHandler, Opener {
  readonly pid: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly files = new DescriptorTable();
  readonly signals: SignalState;
  readonly children: Process[] = [];
  /** Woken when a child stops or exits. */
  readonly childWaiters = new WaitQueue();
  readonly started: number;
  parent: Process | null;
  group: number;
  directory: Directory;
  tty: Tty | null;
  state: ProcessInfo["state"] = "S";
  /** Exit status once it is a zombie. */
  status = 0;
  /** Signal that stopped it and that no waitpid has reported yet, or 0. */
  unreportedStop = 0;
  cpuTime: Nanoseconds = 0;
  /** System calls since the last step began; see `limits.ts`. */
  callsInStep = 0;
  /** Its price is for computing, not for system calls. */
  inUser = false;
  /** What the program keeps outside its generator. */
  memory: ProcessMemory | null = null;
  /** The deadline of the call that blocks now has passed. */
  timedOut = false;

  readonly #core: KernelCore;
  readonly #host: ProcessHost;
  readonly #timer = new KernelTimer(this);
  readonly #entry = new WaitEntry(this);
  /** Further places in queues, for poll; kept for the next one. */
  readonly #pollEntries: WaitEntry[] = [];
  #pollCount = 0;
  #start: (() => Call<number>) | null = null;
  #generator: Call<number> | null = null;
  #price: Nanoseconds = 0;
  #isWoken = false;

  constructor(core: KernelCore, host: ProcessHost, options: ProcessOptions) {
    this.#core = core;
    this.#host = host;
    this.pid = options.pid;
    this.name = options.name;
    this.argv = options.argv;
    this.parent = options.parent;
    this.group = options.group;
    this.environment = options.environment;
    this.directory = options.directory;
    this.tty = options.tty;
    this.signals = options.signals;
    this.started = core.engine.now;
  }

  /** Gives it what to run, and makes it runnable. The function is called in the process's own first step. */
  run(start: () => Call<number>): void {
    assert(this.#generator === null && this.#start === null, "a process runs one program");
    this.#start = start;
    this.wake();
  }

  stepCost(): Nanoseconds {
    return this.#price;
  }

  step(): TaskStep {
    if (this.state === "Z") return TASK_EXITED;
    this.cpuTime += this.#price;
    this.#price = 0;
    if (this.signals.fatal !== 0) {
      this.#host.exit(this, 128 + this.signals.fatal);
      return TASK_EXITED;
    }
    if (this.state === "T") return TASK_SLEEPS;
    this.state = "R";
    this.#isWoken = false;
    this.callsInStep = 0;
    return this.#resume();
  }

  #resume(): TaskStep {
    let trap: number;
    try {
      this.#generator ??= this.#begin();
      const result = this.#generator.next();
      if (result.done === true) {
        this.#host.exit(this, Number(result.value) & 0xff);
        return TASK_EXITED;
      }
      trap = result.value;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      return this.#fault(error);
    }
    if (trap === BLOCKED) {
      if (this.#isWoken || this.signals.fatal !== 0) return TASK_AGAIN;
      if (this.state === "R") this.state = "S";
      return TASK_SLEEPS;
    }
    if (!Number.isSafeInteger(trap) || trap < 0) return this.#fault(new Error(`illegal trap ${String(trap)}`));
    this.#price = trap;
    return TASK_AGAIN;
  }

  #begin(): Call<number> {
    assert(this.#start !== null, "a process that runs was given a program");
    return this.#start();
  }

  #fault(error: unknown): TaskStep {
    this.#host.faulted(this, error);
    this.#host.exit(this, STATUS_FAULT);
    return TASK_EXITED;
  }

  /** Makes it runnable; a stopped one looks again when it is continued. */
  wake(): void {
    this.#isWoken = true;
    if (this.state === "Z" || (this.state === "T" && this.signals.fatal === 0)) return;
    this.#core.cpu.wake(this);
  }

  stop(signal: number): void {
    if (this.state === "Z" || this.state === "T") return;
    this.state = "T";
    this.unreportedStop = signal;
  }

  continue(): void {
    if (this.state !== "T") return;
    this.state = "S";
    this.unreportedStop = 0;
    this.wake();
  }

  // Blocking. A call does `prepareWait`, yields BLOCKED, does `finishWait`, and looks again.

  prepareWait(queue: WaitQueue): void {
    queue.add(this.#entry);
  }

  finishWait(): void {
    this.#entry.queue?.remove(this.#entry);
    for (let i = 0; i < this.#pollCount; i++) {
      const entry = this.#pollEntries[i] as WaitEntry;
      entry.queue?.remove(entry);
    }
    this.#pollCount = 0;
  }

  /** Waits in one more queue than those before: poll. */
  alsoWait(queue: WaitQueue): void {
    if (this.#pollCount === this.#pollEntries.length) this.#pollEntries.push(new WaitEntry(this));
    queue.add(this.#pollEntries[this.#pollCount++] as WaitEntry);
  }

  /** From now on `timedOut` says whether `span` ns have passed. A span beyond the end of time never passes. */
  startTimeout(span: Nanoseconds): void {
    this.timedOut = false;
    if (span < TIME_MAX - this.#core.engine.now) this.#core.timers.arm(this.#timer, Math.floor(span));
  }

  stopTimeout(): void {
    this.#core.timers.cancel(this.#timer);
  }

  onTimer(): void {
    this.timedOut = true;
    this.wake();
  }

  /**
   * Whether a blocked call has to give up with -EINTR; true once per caught signal that came.
   * @param restarts the call is one that goes on by itself after a signal with action "restart".
   */
  takeInterrupt(restarts = false): boolean {
    if (!this.signals.isInterrupted) return false;
    this.signals.isInterrupted = false;
    return !(restarts && this.signals.onlyRestarts);
  }

  /** Lets go of all it holds; what remains is a zombie with a status. */
  dismantle(status: number): void {
    assert(this.state !== "Z", "a process exits once");
    this.state = "Z";
    this.status = status;
    this.finishWait();
    this.stopTimeout();
    this.files.closeAll();
    this.#generator = null;
    this.#start = null;
    this.memory?.release();
    this.memory = null;
  }

  openControllingTerminal(): OpenFile | number {
    return this.tty === null ? -E.ENXIO : this.tty.open();
  }

  info(): ProcessInfo {
    return {
      pid: this.pid,
      parent: this.parent?.pid ?? 0,
      group: this.group,
      command: this.name,
      argv: this.argv,
      state: this.state,
      tty: this.tty?.name ?? null,
      cpuTime: this.cpuTime,
      started: this.started,
    };
  }

  checkInvariants(): void {
    if (this.state !== "Z") return;
    assert(this.#entry.queue === null && this.#pollCount === 0, "a zombie waits for nothing");
    assert(this.files.entries().length === 0, "a zombie has no open files");
  }
}
