/**
 * A machine in memory for tests of the shell and its commands: files, pipes, processes, signals, a clock that jumps to
 * the next deadline when all wait, and sockets whose far end the test scripts. Blocking calls poll: simple, not fast.
 */
import { utf8Decode, utf8Encode } from "../../core/base/bytes.ts";
import type { Ipv4Address } from "../../core/wire/address.ts";
import { E } from "../../core/kernel/syscall/errno.ts";
import type { NetlinkReply, NetlinkRequest } from "../../core/kernel/syscall/netlink.ts";
import {
  SIGNALS,
  type Call,
  type Message,
  type OptionValue,
  type Program,
  type SignalAction,
  type SocketAddress,
} from "../../core/kernel/syscall/sys.ts";
import { FakeSys } from "./fake-calls.ts";

type FileNode = { content: Uint8Array; modified: number };
export type Datagram = { bytes: Uint8Array; from?: Partial<SocketAddress>; message?: Partial<Message>; at?: number };
export type FakeSocket = {
  domain: number;
  type: number;
  protocol: number;
  queue: Datagram[];
  errors: Datagram[];
  options: Map<string, OptionValue>;
  local: { address: number; port: number };
  peer: { address: number; port: number } | null;
};
export type Open = {
  kind: "file" | "tty" | "pipe-in" | "pipe-out" | "socket" | "null";
  path?: string;
  offset: number;
  append?: boolean;
  pipe?: { data: Uint8Array; readers: number; writers: number };
  socket?: FakeSocket;
  references: number;
};
export type Proc = {
  pid: number;
  parent: number;
  group: number;
  argv: readonly string[];
  run: Call<number> | null;
  files: Map<number, Open>;
  environment: Map<string, string>;
  directory: string;
  status: number | null;
  actions: Map<number, SignalAction>;
  caught: number[];
  fresh: boolean;
  stopped: boolean;
  /** A stop that waitpid has not told of. */
  news: boolean;
};

export class FakeMachine {
  time = 0;
  readonly files = new Map<string, FileNode>();
  readonly directories = new Set<string>(["/", "/bin", "/tmp", "/root", "/etc", "/dev"]);
  readonly programs: ReadonlyMap<string, Program>;
  readonly processes = new Map<number, Proc>();
  output = "";
  input = "";
  inputEnded = false;
  isTerminal = false;
  /** What netlink answers. */
  netlink: (request: NetlinkRequest) => NetlinkReply | number = () => -E.EOPNOTSUPP;
  /** Called for every datagram sent; answers by `deliver`. @returns bytes accepted or -errno. */
  onSend: (socket: FakeSocket, bytes: Uint8Array, to: SocketAddress | null) => number = (_s, bytes) => bytes.length;
  log: string[] = [];
  requests: NetlinkRequest[] = [];
  foreground = 0;
  /** Set when a process got somewhere since the round began. */
  progress = false;
  /** Deadlines of sleepers, gathered in each round. */
  wakeups: number[] = [];
  nextPid = 100;
  readonly timeline: { at: number; run: () => void }[] = [];

  constructor(programs: ReadonlyMap<string, Program>) {
    this.programs = programs;
  }

  write(path: string, text: string): void {
    this.files.set(path, { content: utf8Encode(text), modified: this.time });
  }

  read(path: string): string {
    return utf8Decode(this.files.get(path)?.content ?? new Uint8Array(0));
  }

  at(time: number, run: () => void): void {
    this.timeline.push({ at: time, run });
    this.timeline.sort((a, b) => a.at - b.at);
  }

  /** Runs a program to its end. @returns exit status. */
  run(program: Program | string, argv: readonly string[], limitNs = 3600e9): { status: number; output: string } {
    const before = this.output.length;
    const terminal: Open = { kind: "tty", offset: 0, references: 3 };
    const files = new Map([0, 1, 2].map((fd) => [fd, terminal]));
    const pid = this.start(program, argv, {
      files,
      environment: new Map([["PATH", "/bin"]]),
      directory: "/root",
      parent: 1,
    });
    const main = this.processes.get(pid);
    if (main === undefined) throw new Error("no such program");
    for (let turns = 0; main.status === null; turns++) {
      if (turns > 500_000 || this.time > limitNs) {
        throw new Error(`does not end; output so far: ${this.output.slice(-500)}`);
      }
      this.round();
    }
    return { status: main.status, output: this.output.slice(before) };
  }

  sh(script: string): { status: number; output: string } {
    return this.run("sh", ["sh", "-c", script]);
  }

  kill(pid: number, signal: number): number {
    const targets = [...this.processes.values()].filter(
      (each) => each.status === null && (pid < 0 ? each.group === -pid : each.pid === pid),
    );
    if (targets.length === 0) return -E.ESRCH;
    for (const target of targets) if (signal !== 0) this.#signal(target, signal);
    return 0;
  }

  #signal(target: Proc, signal: number): void {
    if (signal === SIGNALS.CONT) target.stopped = false;
    if (signal === SIGNALS.STOP) target.stopped = true;
    const action = target.actions.get(signal) ?? "default";
    if (action === "ignore" || signal === SIGNALS.CONT || signal === SIGNALS.STOP) return;
    if (action === "catch") {
      target.caught.push(signal);
      target.fresh = true;
    } else if (signal === SIGNALS.TSTP) {
      target.stopped = true;
      target.news = true;
      const parent = this.processes.get(target.parent);
      if (parent !== undefined) this.#signal(parent, SIGNALS.CHLD);
    } else if (signal !== SIGNALS.CHLD) this.#exit(target, 128 + signal);
  }

  #exit(process: Proc, status: number): void {
    process.status = status;
    for (const open of process.files.values()) this.release(open);
    process.files.clear();
    process.run = null;
    const parent = this.processes.get(process.parent);
    if (parent !== undefined && parent.status === null) this.#signal(parent, SIGNALS.CHLD);
  }

  release(open: Open): void {
    if (--open.references > 0) return;
    if (open.kind === "pipe-in" && open.pipe !== undefined) open.pipe.readers--;
    if (open.kind === "pipe-out" && open.pipe !== undefined) open.pipe.writers--;
  }

  start(
    program: Program | string,
    argv: readonly string[],
    how: {
      files: Map<number, Open>;
      environment: Map<string, string>;
      directory: string;
      parent: number;
      group?: number | undefined;
    },
  ): number {
    const found = typeof program === "string" ? this.programs.get(program.replace(/^\/bin\//, "")) : program;
    if (typeof program === "string" && !program.startsWith("/bin/") && program.includes("/")) {
      const path = program.replace(/^\.\//, `${how.directory}/`);
      if (this.directories.has(path)) return -E.EACCES;
      return this.files.has(path) ? -E.EACCES : -E.ENOENT;
    }
    if (found === undefined) return -E.ENOENT;
    const pid = this.nextPid++;
    const process: Proc = {
      pid,
      parent: how.parent,
      group: how.group === 0 ? pid : (how.group ?? this.processes.get(how.parent)?.group ?? pid),
      argv,
      run: null,
      files: how.files,
      environment: how.environment,
      directory: how.directory,
      status: null,
      actions: new Map(),
      caught: [],
      fresh: false,
      stopped: false,
      news: false,
    };
    process.run = found(new FakeSys(this, process), argv);
    this.processes.set(pid, process);
    return pid;
  }

  /** Each process once; when all wait, the clock jumps. */
  round(): void {
    this.wakeups = [];
    this.progress = false;
    for (const process of [...this.processes.values()]) {
      if (process.run === null || process.stopped) continue;
      const step = process.run.next();
      if (process.status !== null) continue;
      if (step.done === true) {
        this.#exit(process, step.value & 255);
        this.progress = true;
      }
    }
    if (this.progress) return;
    const event = this.timeline[0];
    const next = Math.min(event?.at ?? Infinity, ...this.wakeups.filter((each) => each > this.time));
    if (next === Infinity) throw new Error(`all processes wait for ever; output: ${this.output.slice(-500)}`);
    this.time = Math.max(this.time, next);
    while (this.timeline[0] !== undefined && this.timeline[0].at <= this.time) this.timeline.shift()?.run();
  }
}

export const ip = (text: string): Ipv4Address =>
  text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) as Ipv4Address;
