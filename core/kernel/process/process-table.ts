/**
 * The processes of one machine: spawn, signals, exit, zombies and who inherits them. Pid 1 is the kernel's own reaper:
 * it runs nothing, adopts orphans and buries them at once.
 * Left out: fork (a child starts a program), sessions, users.
 */
import { assert } from "../../base/assert.ts";
import { utf8Encode } from "../../base/bytes.ts";
import { KIND } from "../../contract/trace-event.ts";
import type { KernelCore } from "../core.ts";
import { FILES_PER_PROCESS_MAX, PROCESSES_MAX } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import { SIGNALS, WNOHANG, WUNTRACED, type Program, type SpawnOptions, type Sys } from "../syscall/sys.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import type { SignalTarget, Tty } from "../vfs/tty.ts";
import type { Vfs } from "../vfs/vfs.ts";
import { ExecutableFinder, type Executable } from "./executable.ts";
import { ARGUMENTS_MAX, PID_MAX } from "./limits.ts";
import { Process, type ProcessHost } from "./process.ts";
import { isSignal, SignalState } from "./signals.ts";

/** Makes the system call interface of a new process. */
export type SysFactory = (process: Process) => Sys;

/** A program started by the host of the lab rather than by a process: a console's shell, a command of the timeline. */
export interface StartOptions {
  readonly program: Program | string;
  readonly argv: readonly string[];
  /** Descriptors 0, 1, 2... */
  readonly files: readonly OpenFile[];
  readonly environment: ReadonlyMap<string, string>;
  /** Absolute path; default /. */
  readonly directory?: string;
  /** Its controlling terminal, of which it becomes the foreground group. */
  readonly tty?: Tty;
}

/** Told when processes end, before a parent has looked at their status. */
export interface ProcessObserver {
  processExited(process: Process, status: number): void;
}

export class ProcessTable implements ProcessHost, SignalTarget {
  readonly init: Process;
  readonly #core: KernelCore;
  readonly #vfs: Vfs;
  readonly #createSys: SysFactory;
  readonly #executables: ExecutableFinder;
  readonly #processes = new Map<number, Process>();
  readonly #observers: ProcessObserver[] = [];
  #nextPid = 2;
  /** Processes ever started. */
  forks = 0;

  constructor(core: KernelCore, vfs: Vfs, createSys: SysFactory) {
    this.#core = core;
    this.#vfs = vfs;
    this.#createSys = createSys;
    this.init = new Process(core, this, {
      pid: 1,
      name: "init",
      argv: ["init"],
      parent: null,
      group: 1,
      environment: new Map(),
      directory: vfs.root,
      tty: null,
      signals: new SignalState(),
    });
    this.#processes.set(1, this.init);
    this.#executables = new ExecutableFinder(vfs, this.init);
  }

  observe(observer: ProcessObserver): void {
    this.#observers.push(observer);
  }

  get(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  /** In order of their start. */
  list(): readonly Process[] {
    return [...this.#processes.values()];
  }

  /** Starts a program as a child of init, leading a group of its own. @returns the process, or -errno. */
  start(options: StartOptions): Process | number {
    const directory = this.#vfs.directory(this.#vfs.root, options.directory ?? "/");
    if (typeof directory === "number") return directory;
    const executable = this.#executables.find(directory, options.environment, options.program, options.argv);
    if (typeof executable === "number") return executable;
    if (this.#processes.size >= PROCESSES_MAX) return -E.EAGAIN;
    const process = this.#create(this.init, executable, {
      environment: options.environment,
      directory,
      group: 0,
      tty: options.tty ?? null,
    });
    options.files.forEach((file, fd) => process.files.set(fd, file));
    if (options.tty !== undefined) options.tty.foreground = process.pid;
    this.#launch(process, executable);
    return process;
  }

  /** posix_spawn(3). @returns the child's pid or -errno. */
  spawn(parent: Process, program: Program | string, argv: readonly string[], options: SpawnOptions): number {
    const environment = options.environment ?? parent.environment;
    const directory =
      options.directory === undefined
        ? parent.directory
        : this.#vfs.directory(parent.directory, options.directory, parent);
    if (typeof directory === "number") return directory;
    if (argumentsLength(argv, environment) > ARGUMENTS_MAX) return -E.E2BIG;
    const executable = this.#executables.find(parent.directory, environment, program, argv);
    if (typeof executable === "number") return executable;
    const files = inheritedFiles(parent, options.files);
    if (typeof files === "number") return files;
    const group = options.group ?? parent.group;
    if (group !== 0 && !this.#hasGroup(group)) return -E.EPERM;
    if (this.#processes.size >= PROCESSES_MAX) return -E.EAGAIN;
    const process = this.#create(parent, executable, { environment, directory, group, tty: parent.tty });
    for (const [fd, file] of files) process.files.set(fd, file);
    this.#launch(process, executable);
    return process.pid;
  }

  /** kill(2). @param pid negative for a group, -1 for all but init and the caller. */
  kill(caller: Process, pid: number, signal: number): number {
    if (signal !== 0 && !isSignal(signal)) return -E.EINVAL;
    if (pid > 0) {
      const process = this.#processes.get(pid);
      if (process === undefined) return -E.ESRCH;
      this.signal(process, signal);
      return 0;
    }
    const group = pid === 0 ? caller.group : -pid;
    const targets = this.list().filter((process) =>
      pid === -1 ? process !== this.init && process !== caller : process.group === group,
    );
    if (targets.length === 0) return -E.ESRCH;
    for (const process of targets) this.signal(process, signal);
    return 0;
  }

  signalGroup(group: number, signal: number): void {
    for (const process of this.list()) if (process.group === group) this.signal(process, signal);
  }

  /** Sends a signal; 0 only asks whether one could. */
  signal(process: Process, signal: number): void {
    // Init takes no signals: without a handler of its own none reaches it in Linux either.
    if (signal === 0 || process.state === "Z" || process === this.init) return;
    if (signal === SIGNALS.CONT || signal === SIGNALS.KILL) process.continue();
    const effect = process.signals.post(signal);
    if (effect === "stop") {
      process.stop(signal);
      this.#tellParent(process);
    } else if (effect !== "nothing") process.wake();
  }

  setGroup(caller: Process, pid: number, group: number): number {
    const process = pid === 0 ? caller : this.#processes.get(pid);
    if (process === undefined || (process !== caller && process.parent !== caller)) return -E.ESRCH;
    const wanted = group === 0 ? process.pid : group;
    if (!Number.isInteger(wanted) || wanted < 0) return -E.EINVAL;
    if (wanted !== process.pid && !this.#hasGroup(wanted)) return -E.EPERM;
    process.group = wanted;
    return 0;
  }

  /**
   * A child that waitpid(2) can report now: an exited one is buried by that. @param pid as waitpid's.
   * @returns null when there are children but none is ready, -ECHILD when there are none to wait for.
   */
  reap(parent: Process, pid: number, flags: number): { pid: number; status: number } | null | number {
    let found = false;
    for (const child of parent.children) {
      if (!isMeant(child, pid, parent.group)) continue;
      found = true;
      if (child.state === "Z") {
        this.#bury(child);
        return { pid: child.pid, status: child.status };
      }
      if ((flags & WUNTRACED) !== 0 && child.state === "T" && child.unreportedStop !== 0) {
        const status = 256 + child.unreportedStop;
        child.unreportedStop = 0;
        return { pid: child.pid, status };
      }
    }
    if (!found) return -E.ECHILD;
    return (flags & WNOHANG) !== 0 ? { pid: 0, status: 0 } : null;
  }

  exit(process: Process, status: number): void {
    const trace = this.#core.trace;
    if (trace.active) trace.record(KIND["sched:sched_process_exit"], 0, 0, process.pid, status);
    process.dismantle(status);
    for (const child of process.children.splice(0)) {
      child.parent = this.init;
      this.init.children.push(child);
      if (child.state === "Z") this.#bury(child);
    }
    for (const observer of this.#observers) observer.processExited(process, status);
    const parent = process.parent;
    assert(parent !== null, "every process but init has a parent");
    if (parent === this.init) this.#bury(process);
    else {
      this.#tellParent(process);
      // Who ignores SIGCHLD outright gets no zombies (POSIX, SA_NOCLDWAIT).
      if (parent.signals.action(SIGNALS.CHLD) === "ignore") this.#bury(process);
    }
  }

  faulted(process: Process, error: unknown): void {
    const text = `${process.name}[${process.pid}]: segfault: ${String(error)}`;
    this.#core.printk(text);
    process.files.get(2)?.write(utf8Encode(`${text}\n`));
  }

  /** The machine has crashed: all processes are gone without having run. */
  shutdown(): void {
    for (const process of this.#processes.values()) if (process.state !== "Z") process.dismantle(0);
    this.#processes.clear();
  }

  checkInvariants(): void {
    for (const process of this.#processes.values()) {
      process.checkInvariants();
      if (process === this.init) continue;
      assert(process.parent !== null && process.parent.children.includes(process), "a parent knows its children");
      assert(process.parent.state !== "Z", "a dead parent has no children");
    }
  }

  #create(
    parent: Process,
    executable: Executable,
    options: Pick<Process, "environment" | "directory" | "tty"> & { readonly group: number },
  ): Process {
    const pid = this.#newPid();
    const process = new Process(this.#core, this, {
      pid,
      name: commandName(executable.argv[0] ?? ""),
      argv: executable.argv,
      parent,
      group: options.group === 0 ? pid : options.group,
      environment: new Map(options.environment),
      directory: options.directory,
      tty: options.tty,
      signals: parent.signals.inherited(),
    });
    parent.children.push(process);
    this.#processes.set(pid, process);
    this.forks++;
    return process;
  }

  #launch(process: Process, executable: Executable): void {
    const trace = this.#core.trace;
    if (trace.active) {
      trace.record(KIND["sched:sched_process_exec"], 0, 0, process.pid, trace.intern(process.name));
    }
    const sys = this.#createSys(process);
    process.run(() => executable.program(sys, executable.argv));
  }

  #newPid(): number {
    while (this.#processes.has(this.#nextPid) || this.#hasGroup(this.#nextPid)) this.#advancePid();
    const pid = this.#nextPid;
    this.#advancePid();
    return pid;
  }

  #advancePid(): void {
    this.#nextPid = this.#nextPid + 1 >= PID_MAX ? 2 : this.#nextPid + 1;
  }

  #hasGroup(group: number): boolean {
    for (const process of this.#processes.values()) if (process.group === group) return true;
    return false;
  }

  #tellParent(process: Process): void {
    const parent = process.parent;
    if (parent === null) return;
    this.signal(parent, SIGNALS.CHLD);
    parent.childWaiters.wake();
  }

  #bury(process: Process): void {
    const siblings = process.parent?.children ?? [];
    const at = siblings.indexOf(process);
    assert(at >= 0, "a dead process is buried once");
    siblings.splice(at, 1);
    this.#processes.delete(process.pid);
  }
}

/** comm: the last part of the path, at most 15 bytes (TASK_COMM_LEN). */
const commandName = (path: string): string => path.slice(path.lastIndexOf("/") + 1).slice(0, 15);

function isMeant(child: Process, pid: number, ownGroup: number): boolean {
  if (pid === -1) return true;
  if (pid > 0) return child.pid === pid;
  return child.group === (pid === 0 ? ownGroup : -pid);
}

function argumentsLength(argv: readonly string[], environment: ReadonlyMap<string, string>): number {
  let length = 0;
  for (const argument of argv) length += argument.length + 1;
  for (const [name, value] of environment) length += name.length + value.length + 2;
  return length;
}

/** What the child gets as which descriptor; -EBADF when it is to get one that is not open. */
function inheritedFiles(
  parent: Process,
  wanted: ReadonlyMap<number, number> | undefined,
): Map<number, OpenFile> | number {
  const files = new Map<number, OpenFile>();
  const pairs: Iterable<readonly [number, number]> = wanted ?? STANDARD_FILES;
  for (const [child, own] of pairs) {
    const file = isDescriptor(child) ? parent.files.get(own) : null;
    if (file !== null) files.set(child, file);
    else if (wanted !== undefined) return -E.EBADF;
  }
  return files;
}

const isDescriptor = (fd: number): boolean => Number.isInteger(fd) && fd >= 0 && fd < FILES_PER_PROCESS_MAX;

const STANDARD_FILES: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [2, 2],
];
