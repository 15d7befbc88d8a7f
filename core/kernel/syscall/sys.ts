/**
 * The system call interface: all that a program can do. Programs are generator functions; a call is used as
 * `const n = yield* sys.read(fd, buffer)` and may suspend the process in virtual time. As in the kernel's own ABI, a
 * call returns a result >= 0 or `-errno` (errno.ts); nothing here throws at a program.
 * Left out: users and permissions (everybody is root), fork (see `spawn`), close-on-exec (a child gets only what
 * `spawn` names), and all of ioctl but the three requests about queues.
 */
import type { Nanoseconds } from "../../base/time.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import type { NetlinkReply, NetlinkRequest } from "./netlink.ts";
import type { TcpInfo } from "./tcp-info.ts";

/** What a suspended process hands to its scheduler. Programs pass it through with `yield*` and never look inside. */
export type Trap = number;
export type Call<T> = Generator<Trap, T, void>;

/** A program. The value it returns is its exit status, 0 to 255. */
export type Program = (sys: Sys, argv: readonly string[]) => Call<number>;

export const AF = { UNSPEC: 0, UNIX: 1, INET: 2, NETLINK: 16, PACKET: 17 } as const;
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
export const MSG = {
  OOB: 1,
  PEEK: 2,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  EOR: 0x80,
  WAITALL: 0x100,
  ERRQUEUE: 0x2000,
  NOSIGNAL: 0x4000,
  MORE: 0x8000,
  FASTOPEN: 0x2000_0000,
} as const;
export const SOL = { IP: 0, SOCKET: 1, TCP: 6, UDP: 17, RAW: 255, PACKET: 263 } as const;
/** Option names at SOL.SOCKET. */
export const SO = {
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  PRIORITY: 12,
  LINGER: 13,
  REUSEPORT: 15,
  RCVLOWAT: 18,
  SNDLOWAT: 19,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  BINDTODEVICE: 25,
  TIMESTAMP: 29,
  ACCEPTCONN: 30,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  MARK: 36,
  PROTOCOL: 38,
  DOMAIN: 39,
  MAX_PACING_RATE: 47,
  MEMINFO: 55,
  BUF_LOCK: 72,
} as const;
/** Option names at SOL.IP. */
export const IP = {
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  OPTIONS: 4,
  RECVOPTS: 6,
  PKTINFO: 8,
  MTU_DISCOVER: 10,
  RECVERR: 11,
  RECVTTL: 12,
  RECVTOS: 13,
  MTU: 14,
  MINTTL: 21,
} as const;
/** Option names at SOL.TCP (tcp(7), include/uapi/linux/tcp.h). Spans are in s unless the name or a comment says ms. */
export const TCP = {
  NODELAY: 1,
  MAXSEG: 2,
  CORK: 3,
  KEEPIDLE: 4,
  KEEPINTVL: 5,
  KEEPCNT: 6,
  SYNCNT: 7,
  LINGER2: 8,
  DEFER_ACCEPT: 9,
  WINDOW_CLAMP: 10,
  /** Reads as TcpInfo. */
  INFO: 11,
  QUICKACK: 12,
  CONGESTION: 13,
  THIN_LINEAR_TIMEOUTS: 16,
  THIN_DUPACK: 17,
  /** ms. */
  USER_TIMEOUT: 18,
  /** Length of the queue of connections that have data but no finished handshake. */
  FASTOPEN: 23,
  /** ms since boot, as in the timestamps sent. */
  TIMESTAMP: 24,
  NOTSENT_LOWAT: 25,
  CC_INFO: 26,
  /** connect() waits for the first write, which may then go with the SYN. */
  FASTOPEN_CONNECT: 30,
  /** 16 or 32 bytes. */
  FASTOPEN_KEY: 33,
  FASTOPEN_NO_COOKIE: 34,
  INQ: 36,
  RTO_MAX_MS: 44,
  RTO_MIN_US: 45,
  DELACK_MAX_US: 46,
} as const;
/** Requests of ioctl about sockets: bytes to be read, not yet acknowledged, not yet sent. */
export const SIOCINQ = 0x541b;
export const SIOCOUTQ = 0x5411;
export const SIOCOUTQNSD = 0x894b;
/** Values of IP_MTU_DISCOVER. */
export const PMTUDISC = { DONT: 0, WANT: 1, DO: 2, PROBE: 3 } as const;
/** Option name at SOL.RAW: bit set of ICMP types not wanted. */
export const ICMP_FILTER = 1;
/**
 * Option names at SOL.PACKET. ADD_MEMBERSHIP and DROP_MEMBERSHIP take an interface index and mean promiscuous mode;
 * STATISTICS reads as text, `packets drops`, and starts counting again.
 */
export const PACKET_OPTION = { ADD_MEMBERSHIP: 1, DROP_MEMBERSHIP: 2, STATISTICS: 6 } as const;
/** sockaddr_ll and AF.PACKET: packets of every ethertype. */
export const ETH_P_ALL = 3;
/** RDHUP: the peer has finished sending. HUP: both directions are over. */
export const POLL = { IN: 1, PRI: 2, OUT: 4, ERR: 8, HUP: 0x10, NVAL: 0x20, RDHUP: 0x2000 } as const;
/** Bits beyond POLL's in the events of epoll: edge-triggered, and once until it is set again. */
export const EPOLL = { ...POLL, ONESHOT: 0x4000_0000, ET: -0x8000_0000 } as const;
export const EPOLL_CTL = { ADD: 1, DEL: 2, MOD: 3 } as const;
/** open(2) flags. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: 0o200000,
} as const;
export const SIGNALS = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
} as const;
export const WNOHANG = 1;
/** waitpid also reports a child that was stopped, once, with status 256 + signal. */
export const WUNTRACED = 2;

/** sockaddr_in and sockaddr_ll in one record; calls fill it in. */
export interface SocketAddress {
  /** AF.INET or AF.PACKET. */
  family: number;
  address: Ipv4Address;
  port: number;
  /** sockaddr_ll: interface, ethertype, packet type (skbuff.ts PACKET_*). */
  device: number;
  protocol: number;
  packetType: number;
}

export interface PollFd {
  fd: number;
  events: number;
  revents: number;
}

export interface EpollEvent {
  /** EPOLL bits. */
  events: number;
  /** The program's own, handed back with the event. */
  data: number;
}

/** SO_LINGER. */
export interface Linger {
  readonly on: boolean;
  readonly seconds: number;
}

/** Numbers for int options, ns for timeouts, text for SO_BINDTODEVICE and TCP_CONGESTION. */
export type OptionValue = number | string | Uint8Array | Linger;
/** The value (an array for SO_MEMINFO and TCP_FASTOPEN_KEY), or -errno apart from it, since values may be negative. */
export type OptionResult = { value: number | string | Linger | TcpInfo | readonly number[] } | { error: number };

/** Ancillary data of a received message; a field stays null unless its option was asked for. */
export interface Message {
  from: SocketAddress;
  /** Set to MSG.TRUNC and the like. */
  flags: number;
  ttl: number | null;
  tos: number | null;
  /** Arrival at the socket, virtual ns. */
  timestamp: number | null;
  /** IP_PKTINFO: where it arrived, and the address it was sent to. */
  packetInfo?: { device: number; target: Ipv4Address } | null;
  /** TCP_INQ: bytes that are left to be read; 1 at the end of the stream. */
  inq?: number | null;
  /** Trailing part of IP_RECVERR: struct sock_extended_err plus who sent the ICMP error. */
  error: {
    errno: number;
    origin: "local" | "icmp";
    type: number;
    code: number;
    info: number;
    offender: Ipv4Address;
  } | null;
}

export interface Stat {
  readonly kind: "file" | "directory" | "pipe" | "socket" | "tty" | "device";
  readonly size: number;
  /** Virtual ns. */
  readonly modified: number;
  readonly inode: number;
  readonly links: number;
}

/** How a child starts: which of the parent's descriptors it gets as which. Unnamed ones are not inherited. */
export interface SpawnOptions {
  /** Child descriptor to parent descriptor; default 0, 1, 2 as they are. */
  readonly files?: ReadonlyMap<number, number>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly directory?: string;
  /** Process group: 0 a new one led by the child; undefined the parent's. */
  readonly group?: number;
}

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
  readonly argv: readonly string[];
  readonly state: "R" | "S" | "D" | "T" | "Z";
  readonly tty: string | null;
  /** CPU time in ns, start in virtual ns. */
  readonly cpuTime: Nanoseconds;
  readonly started: number;
}

export type SignalAction = "default" | "ignore" | "catch" | "restart";

/** What a program keeps outside its generator (a sandbox's memory): a killed generator cannot let go of it. */
export interface ProcessMemory {
  release(): void;
}

export interface Sys {
  readonly pid: number;
  readonly environment: ReadonlyMap<string, string>;

  // Sockets
  socket(domain: number, type: number, protocol: number): Call<number>;
  bind(fd: number, address: SocketAddress): Call<number>;
  connect(fd: number, address: SocketAddress): Call<number>;
  listen(fd: number, backlog: number): Call<number>;
  accept(fd: number, from: SocketAddress | null): Call<number>;
  /** @param flags SOCK.NONBLOCK, SOCK.CLOEXEC, for the new descriptor. */
  accept4(fd: number, from: SocketAddress | null, flags: number): Call<number>;
  shutdown(fd: number, how: 0 | 1 | 2): Call<number>;
  /** @param to null on a connected socket. */
  sendto(fd: number, bytes: Uint8Array, flags: number, to: SocketAddress | null): Call<number>;
  /** Several buffers as one message, or as one piece of a stream. */
  sendmsg(fd: number, buffers: readonly Uint8Array[], flags: number, to: SocketAddress | null): Call<number>;
  /** @param from filled in when given. */
  recvfrom(fd: number, buffer: Uint8Array, flags: number, from: SocketAddress | null): Call<number>;
  recvmsg(fd: number, buffer: Uint8Array, flags: number, message: Message): Call<number>;
  getsockname(fd: number, address: SocketAddress): Call<number>;
  getpeername(fd: number, address: SocketAddress): Call<number>;
  setsockopt(fd: number, level: number, option: number, value: OptionValue): Call<number>;
  getsockopt(fd: number, level: number, option: number): Call<OptionResult>;
  /** @param request SIOCINQ and the like. @returns the number asked for, or -errno. */
  ioctl(fd: number, request: number): Call<number>;
  /** @param timeout ns; -1 waits for ever. @returns how many have events, 0 on time-out, -EINTR. */
  poll(fds: PollFd[], timeout: Nanoseconds): Call<number>;
  epollCreate(): Call<number>;
  /** @param event ignored by EPOLL_CTL.DEL. @returns 0 or -errno. */
  epollCtl(epfd: number, operation: number, fd: number, event: EpollEvent): Call<number>;
  /**
   * @param events filled in; its length is the most that are reported. @param timeout ns; -1 waits for ever.
   * @returns how many were filled in, 0 on time-out, or -errno.
   */
  epollWait(epfd: number, events: EpollEvent[], timeout: Nanoseconds): Call<number>;

  // Files
  open(path: string, flags: number): Call<number>;
  read(fd: number, buffer: Uint8Array): Call<number>;
  write(fd: number, bytes: Uint8Array): Call<number>;
  close(fd: number): Call<number>;
  /** @returns 0 and fills in read end and write end. */
  pipe(ends: [number, number]): Call<number>;
  dup2(from: number, to: number): Call<number>;
  fcntlNonblock(fd: number, on: boolean): Call<number>;
  isatty(fd: number): Call<boolean>;
  /**
   * How a terminal hands on keys (termios): "canonical" in lines that it edits and echoes itself, "raw" each byte at
   * once and unseen (no ICANON, no ECHO). Keys that are signals stay so (ISIG). @returns 0 or -errno.
   */
  tcsetattr(fd: number, mode: "canonical" | "raw"): Call<number>;
  unlink(path: string): Call<number>;
  mkdir(path: string): Call<number>;
  rmdir(path: string): Call<number>;
  rename(from: string, to: string): Call<number>;
  /** Waits until what was written to the file, and all changes of names, will survive a crash. */
  fsync(fd: number): Call<number>;
  /**
   * The same without waiting, for who has more to do (aio_fsync).
   * @returns 0 when it is done, -errno, or -EINPROGRESS and fills in a descriptor that is readable when it is done:
   * `read` then gives the result.
   */
  aioFsync(fd: number, completion: [number]): Call<number>;
  stat(path: string): Call<Stat | number>;
  readdir(path: string): Call<string[] | number>;
  chdir(path: string): Call<number>;
  getcwd(): Call<string>;

  // Processes
  /**
   * Starts a program given as a function or as a path or name looked up in PATH. @returns the child's pid or -errno.
   */
  spawn(program: Program | string, argv: readonly string[], options?: SpawnOptions): Call<number>;
  /**
   * @param pid -1 for any child. @returns pid and status (128 + signal when killed), pid 0 with WNOHANG and none ready,
   * or -errno as pid.
   */
  waitpid(pid: number, flags: number): Call<{ pid: number; status: number }>;
  /** @param pid negative for a process group. */
  kill(pid: number, signal: number): Call<number>;
  /**
   * "catch": a blocked call returns -EINTR, and `takeSignal` tells which signal came. "restart" is that with
   * SA_RESTART: calls that can be restarted go on; poll, nanosleep and those with a time-out do not. KILL and STOP
   * cannot be changed: -EINVAL.
   */
  sigaction(signal: number, action: SignalAction): Call<number>;
  /** The oldest caught signal not yet taken, or 0. */
  takeSignal(): Call<number>;
  setpgid(pid: number, group: number): Call<number>;
  /** Makes a process group the terminal's foreground group: it gets Ctrl-C. */
  tcsetpgrp(fd: number, group: number): Call<number>;
  processes(): Call<ProcessInfo[]>;

  // Time and the rest
  /** Virtual ns since the lab was switched on. A vDSO call: never suspends. */
  now(): number;
  /** Wall clock in ns since 1970: virtual time on top of the lab's fixed epoch. */
  wallClock(): number;
  /** @returns 0, or -EINTR. */
  nanosleep(span: Nanoseconds): Call<number>;
  /** Uses the CPU for that long, as a computation would. */
  compute(span: Nanoseconds): Call<void>;
  /** What that many steps of an interpreted program cost on this machine, for `compute`. */
  interpreterPrice(steps: number): Nanoseconds;
  /** The process's memory: released when it ends, however it ends. */
  holdMemory(memory: ProcessMemory): void;
  /** Leaves a mark in the trace: a state or a decision of the program's own, and what it is about. Never suspends. */
  mark(kind: "state" | "decide", text: string, about: string): void;
  hostname(): Call<string>;
  /** Uniform 32-bit number from the machine's seeded pool (getrandom). */
  random32(): Call<number>;
  /** Kernel log lines, as dmesg prints them. */
  syslog(): Call<readonly string[]>;
  /** rtnetlink, sock_diag, ethtool and sysctl as typed records. @returns -errno on failure. */
  netlink(request: NetlinkRequest): Call<NetlinkReply | number>;
}
