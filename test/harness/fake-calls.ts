/** The system calls of the fake machine. */
import { concatBytes, utf8Decode, utf8Encode } from "../../core/base/bytes.ts";
import { E } from "../../core/kernel/syscall/errno.ts";
import type { NetlinkReply, NetlinkRequest } from "../../core/kernel/syscall/netlink.ts";
import {
  O,
  POLL,
  SIGNALS,
  WUNTRACED,
  type Call,
  type Message,
  type OptionResult,
  type OptionValue,
  type ProcessInfo,
  type Program,
  type SignalAction,
  type SocketAddress,
  type SpawnOptions,
  type Stat,
  type Sys,
} from "../../core/kernel/syscall/sys.ts";
import type { FakeMachine, FakeSocket, Open, Proc } from "./fake-sys.ts";

const PIPE_BYTES = 65_536;

export class FakeSys implements Sys {
  readonly pid: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly #machine: FakeMachine;
  readonly #process: Proc;

  constructor(machine: FakeMachine, process: Proc) {
    this.#machine = machine;
    this.#process = process;
    this.pid = process.pid;
    this.environment = process.environment;
  }

  /** Yields until `ready` gives a number; a caught signal ends it with -EINTR. */
  *#wait(ready: () => number | null, deadline = Infinity): Call<number> {
    this.#process.fresh = false;
    this.#machine.progress = true;
    for (;;) {
      const value = ready();
      if (value !== null) {
        this.#machine.progress = true;
        return value;
      }
      if (this.#process.fresh) {
        this.#machine.progress = true;
        this.#process.fresh = false;
        return -E.EINTR;
      }
      if (deadline <= this.#machine.time) {
        this.#machine.progress = true;
        return 0;
      }
      if (deadline !== Infinity) this.#machine.wakeups.push(deadline);
      yield -1;
    }
  }

  #path(path: string): string {
    const parts: string[] = [];
    for (const part of (path.startsWith("/") ? path : `${this.#process.directory}/${path}`).split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return `/${parts.join("/")}`;
  }

  #add(open: Open): number {
    let fd = 3;
    while (this.#process.files.has(fd)) fd++;
    this.#process.files.set(fd, open);
    return fd;
  }

  *socket(domain: number, type: number, protocol: number): Call<number> {
    const socket: FakeSocket = {
      domain,
      type,
      protocol,
      queue: [],
      errors: [],
      options: new Map(),
      local: { address: 0, port: 0 },
      peer: null,
    };
    return this.#add({ kind: "socket", offset: 0, references: 1, socket });
  }
  #socket(fd: number): FakeSocket | undefined {
    return this.#process.files.get(fd)?.socket;
  }
  *bind(fd: number, address: SocketAddress): Call<number> {
    const socket = this.#socket(fd);
    if (socket === undefined) return -E.ENOTSOCK;
    socket.local = { address: address.address, port: address.port === 0 ? 40_000 + fd : address.port };
    return 0;
  }
  *connect(fd: number, address: SocketAddress): Call<number> {
    const socket = this.#socket(fd);
    if (socket === undefined) return -E.ENOTSOCK;
    socket.peer = { address: address.address, port: address.port };
    return 0;
  }
  *listen(): Call<number> {
    return -E.EOPNOTSUPP;
  }
  *accept(): Call<number> {
    return -E.EOPNOTSUPP;
  }
  *accept4(): Call<number> {
    return -E.EOPNOTSUPP;
  }
  sendmsg(fd: number, buffers: readonly Uint8Array[], flags: number, to: SocketAddress | null): Call<number> {
    return this.sendto(fd, concatBytes(buffers), flags, to);
  }
  *ioctl(): Call<number> {
    return -E.ENOTTY;
  }
  *epollCreate(): Call<number> {
    return -E.ENOSYS;
  }
  *epollCtl(): Call<number> {
    return -E.ENOSYS;
  }
  *epollWait(): Call<number> {
    return -E.ENOSYS;
  }
  *shutdown(): Call<number> {
    return 0;
  }
  *sendto(fd: number, bytes: Uint8Array, _flags: number, to: SocketAddress | null): Call<number> {
    const socket = this.#socket(fd);
    if (socket === undefined) return -E.ENOTSOCK;
    if (socket.local.port === 0) socket.local.port = 40_000 + fd;
    return this.#machine.onSend(socket, bytes.slice(), to === null ? null : { ...to });
  }
  *recvfrom(fd: number, buffer: Uint8Array, flags: number, from: SocketAddress | null): Call<number> {
    const message = { from: from ?? ({} as SocketAddress) } as Message;
    return yield* this.recvmsg(fd, buffer, flags, message);
  }
  *recvmsg(fd: number, buffer: Uint8Array, flags: number, message: Message): Call<number> {
    const socket = this.#socket(fd);
    if (socket === undefined) return -E.ENOTSOCK;
    const queue = (flags & 0x2000) !== 0 ? socket.errors : socket.queue;
    return yield* this.#wait(() => {
      const datagram = queue.shift();
      if (datagram === undefined) return (flags & 0x2040) !== 0 ? -E.EAGAIN : null;
      if (datagram.bytes.length === 0 && datagram.message?.error?.origin === "local") {
        return -datagram.message.error.errno;
      }
      Object.assign(
        message.from,
        { family: 2, address: 0, port: 0, device: 0, protocol: 0, packetType: 0 },
        datagram.from,
      );
      const from = message.from;
      Object.assign(message, {
        flags: 0,
        ttl: null,
        tos: null,
        timestamp: datagram.at ?? this.#machine.time,
        error: null,
      });
      Object.assign(message, datagram.message);
      message.from = from;
      buffer.set(datagram.bytes.subarray(0, buffer.length));
      return Math.min(datagram.bytes.length, buffer.length);
    });
  }
  *getsockname(fd: number, address: SocketAddress): Call<number> {
    Object.assign(address, this.#socket(fd)?.local);
    return 0;
  }
  *getpeername(fd: number, address: SocketAddress): Call<number> {
    Object.assign(address, this.#socket(fd)?.peer);
    return 0;
  }
  *setsockopt(fd: number, level: number, option: number, value: OptionValue): Call<number> {
    this.#socket(fd)?.options.set(`${level}/${option}`, value);
    return 0;
  }
  *getsockopt(fd: number, level: number, option: number): Call<OptionResult> {
    const value = this.#socket(fd)?.options.get(`${level}/${option}`);
    return typeof value === "number" || typeof value === "string" ? { value } : { value: 0 };
  }
  *poll(fds: { fd: number; events: number; revents: number }[], timeout: number): Call<number> {
    const deadline = timeout < 0 ? Infinity : this.#machine.time + timeout;
    return yield* this.#wait(() => {
      let count = 0;
      for (const each of fds) {
        each.revents = this.#revents(each.fd) & (each.events | POLL.ERR | POLL.HUP | POLL.NVAL);
        if (each.revents !== 0) count++;
      }
      return count > 0 ? count : null;
    }, deadline);
  }
  #revents(fd: number): number {
    const open = this.#process.files.get(fd);
    if (open === undefined) return POLL.NVAL;
    const { socket, pipe } = open;
    if (socket !== undefined) {
      return POLL.OUT | (socket.queue.length > 0 ? POLL.IN : 0) | (socket.errors.length > 0 ? POLL.ERR : 0);
    }
    if (open.kind === "pipe-in" && pipe !== undefined) {
      return (pipe.data.length > 0 ? POLL.IN : 0) | (pipe.writers === 0 ? POLL.HUP : 0);
    }
    if (open.kind === "tty") return POLL.OUT | (this.#machine.input !== "" || this.#machine.inputEnded ? POLL.IN : 0);
    return POLL.IN | POLL.OUT;
  }

  *open(path: string, flags: number): Call<number> {
    const full = this.#path(path);
    if (full === "/dev/null") return this.#add({ kind: "null", offset: 0, references: 1 });
    if (full === "/dev/tty") return this.#add({ kind: "tty", offset: 0, references: 1 });
    if (this.#machine.directories.has(full)) {
      return (flags & 3) === 0 ? this.#add({ kind: "null", offset: 0, references: 1 }) : -E.EISDIR;
    }
    const node = this.#machine.files.get(full);
    if (node === undefined) {
      if ((flags & O.CREAT) === 0) return -E.ENOENT;
      if (!this.#machine.directories.has(full.replace(/\/[^/]*$/, "") || "/")) return -E.ENOENT;
    }
    if (node === undefined || (flags & O.TRUNC) !== 0) this.#machine.write(full, "");
    return this.#add({ kind: "file", path: full, offset: 0, append: (flags & O.APPEND) !== 0, references: 1 });
  }
  *read(fd: number, buffer: Uint8Array): Call<number> {
    const open = this.#process.files.get(fd);
    if (open === undefined) return -E.EBADF;
    if (open.kind === "null") return 0;
    if (open.kind === "file") {
      const content = this.#machine.files.get(open.path ?? "")?.content ?? new Uint8Array(0);
      const part = content.subarray(open.offset, open.offset + buffer.length);
      buffer.set(part);
      open.offset += part.length;
      return part.length;
    }
    if (open.kind === "tty") {
      return yield* this.#wait(() => {
        const machine = this.#machine;
        if (machine.input === "") return machine.inputEnded ? 0 : null;
        const line = machine.input.slice(0, machine.input.indexOf("\n") + 1) || machine.input;
        const bytes = utf8Encode(line).subarray(0, buffer.length);
        machine.input = machine.input.slice(utf8Decode(bytes).length);
        buffer.set(bytes);
        return bytes.length;
      });
    }
    const pipe = open.pipe;
    if (pipe === undefined) return -E.EINVAL;
    return yield* this.#wait(() => {
      if (pipe.data.length === 0) return pipe.writers === 0 ? 0 : null;
      const part = pipe.data.subarray(0, buffer.length);
      buffer.set(part);
      pipe.data = pipe.data.slice(part.length);
      return part.length;
    });
  }
  *write(fd: number, bytes: Uint8Array): Call<number> {
    const open = this.#process.files.get(fd);
    if (open === undefined) return -E.EBADF;
    if (open.kind === "null") return bytes.length;
    if (open.kind === "tty") {
      this.#machine.output += utf8Decode(bytes);
      return bytes.length;
    }
    if (open.kind === "file") {
      const node = this.#machine.files.get(open.path ?? "");
      if (node === undefined) return bytes.length;
      const at = open.append === true ? node.content.length : open.offset;
      const head = node.content.subarray(0, at);
      node.content = concatBytes([head, bytes, node.content.subarray(at + bytes.length)]);
      open.offset = at + bytes.length;
      return bytes.length;
    }
    const pipe = open.pipe;
    if (pipe === undefined) return -E.EINVAL;
    return yield* this.#wait(() => {
      if (pipe.readers === 0) {
        this.#machine.kill(this.pid, SIGNALS.PIPE);
        return -E.EPIPE;
      }
      const room = PIPE_BYTES - pipe.data.length;
      if (room <= 0) return null;
      const part = bytes.subarray(0, room);
      pipe.data = concatBytes([pipe.data, part]);
      return part.length;
    });
  }
  *close(fd: number): Call<number> {
    const open = this.#process.files.get(fd);
    if (open === undefined) return -E.EBADF;
    this.#process.files.delete(fd);
    this.#machine.release(open);
    return 0;
  }
  *pipe(ends: [number, number]): Call<number> {
    const pipe = { data: new Uint8Array(0), readers: 1, writers: 1 };
    ends[0] = this.#add({ kind: "pipe-in", offset: 0, pipe, references: 1 });
    ends[1] = this.#add({ kind: "pipe-out", offset: 0, pipe, references: 1 });
    return 0;
  }
  *dup2(from: number, to: number): Call<number> {
    const open = this.#process.files.get(from);
    if (open === undefined) return -E.EBADF;
    open.references++;
    this.#process.files.set(to, open);
    return to;
  }
  *fcntlNonblock(): Call<number> {
    return 0;
  }
  *isatty(fd: number): Call<boolean> {
    return this.#machine.isTerminal && this.#process.files.get(fd)?.kind === "tty";
  }
  *tcsetattr(fd: number, _mode: "canonical" | "raw"): Call<number> {
    return this.#machine.isTerminal && this.#process.files.get(fd)?.kind === "tty" ? 0 : -E.ENOTTY;
  }
  *unlink(path: string): Call<number> {
    if (this.#machine.directories.has(this.#path(path))) return -E.EISDIR;
    return this.#machine.files.delete(this.#path(path)) ? 0 : -E.ENOENT;
  }
  *mkdir(path: string): Call<number> {
    const full = this.#path(path);
    if (this.#machine.directories.has(full) || this.#machine.files.has(full)) return -E.EEXIST;
    if (!this.#machine.directories.has(full.replace(/\/[^/]*$/, "") || "/")) return -E.ENOENT;
    this.#machine.directories.add(full);
    return 0;
  }
  *rmdir(path: string): Call<number> {
    const full = this.#path(path);
    const inside = [...this.#machine.files.keys(), ...this.#machine.directories].some((each) =>
      each.startsWith(`${full}/`),
    );
    if (inside) return -E.ENOTEMPTY;
    return this.#machine.directories.delete(full) ? 0 : -E.ENOENT;
  }
  *rename(from: string, to: string): Call<number> {
    const node = this.#machine.files.get(this.#path(from));
    if (node === undefined) return -E.ENOENT;
    this.#machine.files.delete(this.#path(from));
    this.#machine.files.set(this.#path(to), node);
    return 0;
  }
  *stat(path: string): Call<Stat | number> {
    const full = this.#path(path);
    const common = { modified: 0, inode: 1, links: 1 };
    if (this.#machine.directories.has(full)) return { kind: "directory", size: 40, ...common };
    const node = this.#machine.files.get(full);
    if (node !== undefined) return { kind: "file", size: node.content.length, ...common, modified: node.modified };
    if (full.startsWith("/bin/") && this.#machine.programs.has(full.slice(5))) {
      return { kind: "file", size: 0, ...common };
    }
    if (full === "/dev/null") return { kind: "device", size: 0, ...common };
    return -E.ENOENT;
  }
  *readdir(path: string): Call<string[] | number> {
    const full = this.#path(path);
    if (!this.#machine.directories.has(full)) return this.#machine.files.has(full) ? -E.ENOTDIR : -E.ENOENT;
    const prefix = full === "/" ? "/" : `${full}/`;
    const names = [...this.#machine.files.keys(), ...this.#machine.directories]
      .filter((each) => each !== full && each.startsWith(prefix) && !each.slice(prefix.length).includes("/"))
      .map((each) => each.slice(prefix.length));
    return full === "/bin" ? [...names, ...this.#machine.programs.keys()] : names;
  }
  *chdir(path: string): Call<number> {
    const full = this.#path(path);
    if (!this.#machine.directories.has(full)) return this.#machine.files.has(full) ? -E.ENOTDIR : -E.ENOENT;
    this.#process.directory = full;
    return 0;
  }
  *getcwd(): Call<string> {
    return this.#process.directory;
  }

  *spawn(program: Program | string, argv: readonly string[], options: SpawnOptions = {}): Call<number> {
    const files = new Map<number, Open>();
    const wanted = options.files ?? new Map([0, 1, 2].map((fd) => [fd, fd]));
    for (const [child, parent] of wanted) {
      const open = this.#process.files.get(parent);
      if (open === undefined) continue;
      open.references++;
      files.set(child, open);
    }
    const pid = this.#machine.start(program, argv, {
      files,
      environment: new Map(options.environment ?? this.environment),
      directory: options.directory ?? this.#process.directory,
      parent: this.pid,
      group: options.group,
    });
    if (pid < 0) for (const open of files.values()) this.#machine.release(open);
    return pid;
  }
  *waitpid(pid: number, flags: number): Call<{ pid: number; status: number }> {
    let status = 0;
    const result = yield* this.#wait(() => {
      const children = [...this.#machine.processes.values()].filter(
        (each) => each.parent === this.pid && (pid === -1 || each.pid === pid),
      );
      if (children.length === 0) return -E.ECHILD;
      const halted = children.find((each) => each.stopped && each.news);
      if (halted !== undefined && (flags & WUNTRACED) !== 0) {
        halted.news = false;
        status = 256 + SIGNALS.TSTP;
        return halted.pid;
      }
      const done = children.find((each) => each.status !== null);
      if (done === undefined) return (flags & 1) !== 0 ? 0 : null;
      status = done.status ?? 0;
      this.#machine.processes.delete(done.pid);
      return done.pid;
    });
    return { pid: result, status };
  }
  *kill(pid: number, signal: number): Call<number> {
    return this.#machine.kill(pid, signal);
  }
  *sigaction(signal: number, action: SignalAction): Call<number> {
    this.#process.actions.set(signal, action);
    return 0;
  }
  *takeSignal(): Call<number> {
    return this.#process.caught.shift() ?? 0;
  }
  *setpgid(pid: number, group: number): Call<number> {
    const target = this.#machine.processes.get(pid === 0 ? this.pid : pid);
    if (target !== undefined) target.group = group === 0 ? target.pid : group;
    return 0;
  }
  *tcsetpgrp(_fd: number, group: number): Call<number> {
    this.#machine.foreground = group;
    return 0;
  }
  *processes(): Call<ProcessInfo[]> {
    return [...this.#machine.processes.values()].map((each) => ({
      pid: each.pid,
      parent: each.parent,
      group: each.group,
      command: each.argv[0] ?? "",
      argv: each.argv,
      state: each.status !== null ? "Z" : each.stopped ? "T" : each.pid === this.pid ? "R" : "S",
      tty: "pts/0",
      cpuTime: 0,
      started: 0,
    }));
  }
  now(): number {
    return this.#machine.time;
  }
  wallClock(): number {
    return 1_767_225_600e9 + this.#machine.time;
  }
  *nanosleep(span: number): Call<number> {
    return yield* this.#wait(() => null, this.#machine.time + span);
  }
  *compute(span: number): Call<void> {
    const end = this.#machine.time + span;
    this.#machine.progress = true;
    while (this.#machine.time < end) {
      this.#machine.wakeups.push(end);
      yield -1;
    }
  }
  *hostname(): Call<string> {
    return "h1";
  }
  *random32(): Call<number> {
    return 0x12345678;
  }
  interpreterPrice(): number {
    return 0;
  }
  holdMemory(): void {}
  mark(): void {}
  *fsync(): Call<number> {
    return 0;
  }
  *aioFsync(): Call<number> {
    return 0;
  }
  *syslog(): Call<readonly string[]> {
    return this.#machine.log;
  }
  *netlink(request: NetlinkRequest): Call<NetlinkReply | number> {
    this.#machine.requests.push(request);
    return this.#machine.netlink(request);
  }
}
