/**
 * What all sockets share (struct sock, net/core/sock.c): buffers with their accounting, the pending error, the error
 * queue of IP_RECVERR, and the operations a protocol fills in. Operations never block: they answer -EAGAIN, and the
 * system call layer waits on `waiters`.
 * Left out: socket filters, memory pressure over all sockets, ancillary data on sending.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes } from "../../base/bytes.ts";
import type { Nanoseconds } from "../../base/time.ts";
import { IPV4_ANY, type Ipv4Address } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import {
  AF,
  MSG,
  POLL,
  SIOCOUTQ,
  type Message,
  type OptionResult,
  type OptionValue,
  type SocketAddress,
} from "../syscall/sys.ts";
import { OpenFile, type FileKind } from "../vfs/open-file.ts";
import { ERROR_QUEUE_MAX } from "./limits.ts";
import type { QueuedError } from "./queued-error.ts";
import { SocketMemory } from "./socket-memory.ts";

export interface SocketSettings {
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  readonly inode: number;
}

export abstract class Socket extends OpenFile {
  readonly kind: FileKind = "socket";
  readonly core: KernelCore;
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  readonly inode: number;
  // Options of SOL_SOCKET.
  reuseAddress = false;
  reusePort = false;
  broadcast = false;
  timestamps = false;
  keepAlive = false;
  priority = 0;
  mark = 0;
  /** SO_BINDTODEVICE: interface index, 0 for any. */
  device = 0;
  receiveBufferBytes: number;
  sendBufferBytes: number;
  /** The program chose the size: no auto-tuning (SOCK_RCVBUF_LOCK, SOCK_SNDBUF_LOCK). */
  receiveBufferLocked = false;
  sendBufferLocked = false;
  /** SO_RCVLOWAT: bytes that must be there before a stream's reader is woken. */
  rcvLowat = 1;
  /** SO_LINGER, and its span in ns. */
  lingers = false;
  lingerNs: Nanoseconds = 0;
  /** SO_MAX_PACING_RATE: bytes a second. */
  maxPacingRate = Infinity;
  /** The fq queueing discipline paces: see MemoryAccount.pacedBelow. */
  isPacedBelow = false;
  /** ns, 0 for ever. */
  receiveTimeout: Nanoseconds = 0;
  sendTimeout: Nanoseconds = 0;
  readonly receiveMemory: SocketMemory = new SocketMemory(this, false);
  readonly sendMemory: SocketMemory = new SocketMemory(this, true);
  /** Pending error, a positive errno that the next call reports (sk_err). */
  error = 0;
  readonly errorQueue: QueuedError[] = [];
  /** Packets lost because the receive buffer was full (sk_drops). */
  drops = 0;
  isReceiveShut = false;
  isSendShut = false;
  isClosed = false;

  /** @param receiveBytes buffers of a protocol that has its own defaults. */
  constructor(
    core: KernelCore,
    settings: SocketSettings,
    receiveBytes = core.netCore.rmemDefault,
    sendBytes = core.netCore.wmemDefault,
  ) {
    super();
    this.core = core;
    this.domain = settings.domain;
    this.type = settings.type;
    this.protocol = settings.protocol;
    this.inode = settings.inode;
    this.receiveBufferBytes = receiveBytes;
    this.sendBufferBytes = sendBytes;
  }

  // What a protocol fills in. All return a result >= 0 or -errno.

  bind(_address: SocketAddress): number {
    return -E.EOPNOTSUPP;
  }

  connect(_address: SocketAddress): number {
    return -E.EOPNOTSUPP;
  }

  listen(_backlog: number): number {
    return -E.EOPNOTSUPP;
  }

  /** A connection that is ready, -EAGAIN when none is. */
  accept(_from: SocketAddress | null): Socket | number {
    return -E.EOPNOTSUPP;
  }

  shutdown(_how: 0 | 1 | 2): number {
    return -E.EOPNOTSUPP;
  }

  /** @param to null on a connected socket. */
  abstract send(bytes: Uint8Array, flags: number, to: SocketAddress | null): number;
  /** @param from and @param message are filled in when given. */
  abstract receive(buffer: Uint8Array, flags: number, from: SocketAddress | null, message: Message | null): number;
  abstract localAddress(address: SocketAddress): number;
  abstract peerAddress(address: SocketAddress): number;
  /** What `ss` shows; the owner is filled in by who knows processes. */
  abstract info(): Omit<SocketInfo, "process"> | null;

  /** Price of sending that many bytes beyond the system call and the copy, ns. */
  sendPrice(_bytes: number): Nanoseconds {
    return 0;
  }

  /** True after a send that went to this machine itself: its softirq is served before the call returns. */
  sentToLoopback = false;

  setOption(_level: number, _option: number, _value: OptionValue): number {
    return -E.ENOPROTOOPT;
  }

  getOption(_level: number, _option: number): OptionResult {
    return { error: -E.ENOPROTOOPT };
  }

  /** What a kept route was asked for with has changed. */
  forgetRoute(): void {}

  /** IP_MTU: of the path to the connected peer. */
  pathMtu(): OptionResult {
    return { error: -E.ENOTCONN };
  }

  /** SO_MEMINFO: the numbers of enum sk_meminfo. */
  memoryInfo(): number[] {
    const { receiveMemory, sendMemory, receiveBufferBytes, sendBufferBytes, drops } = this;
    return [receiveMemory.used, receiveBufferBytes, sendMemory.used, sendBufferBytes, 0, 0, 0, 0, drops];
  }

  override ioctl(request: number): number {
    return request === SIOCOUTQ ? this.sendMemory.used : super.ioctl(request);
  }

  /** A connection is being made: a blocking call waits for the outcome. */
  get isConnecting(): boolean {
    return false;
  }

  /** Closed, but what was sent is not acknowledged yet: close waits as long as SO_LINGER says. */
  get isClosing(): boolean {
    return false;
  }

  override read(buffer: Uint8Array): number {
    return this.receive(buffer, 0, null, null);
  }

  override write(bytes: Uint8Array): number {
    return this.send(bytes, 0, null);
  }

  /** The pending error as -errno, and no longer pending; 0 for none (sock_error). */
  takeError(): number {
    const error = this.error;
    this.error = 0;
    return -error;
  }

  reportError(errno: number): void {
    this.error = errno;
    this.waiters.wake();
  }

  /** IP_RECVERR: keeps the error, and reports it (sock_queue_err_skb). */
  queueError(error: QueuedError): void {
    if (this.errorQueue.length >= ERROR_QUEUE_MAX) {
      this.drops++;
      return;
    }
    this.errorQueue.push(error);
    this.waiters.wake();
  }

  /** recvmsg with MSG_ERRQUEUE. Never waits. */
  protected receiveError(buffer: Uint8Array, from: SocketAddress | null, message: Message | null): number {
    const error = this.errorQueue.shift();
    if (error === undefined) return -E.EAGAIN;
    this.error = this.errorQueue.find((next) => next.origin === "icmp")?.errno ?? 0;
    const count = Math.min(buffer.length, error.payload.length);
    copyBytes(error.payload, 0, buffer, 0, count);
    const target = from ?? message?.from;
    if (target !== undefined) fillAddress(target, error.target, error.port);
    if (message !== null) {
      clearMessage(message);
      message.flags = MSG.ERRQUEUE | (count < error.payload.length ? MSG.TRUNC : 0);
      const { errno, origin, type, code, info, offender } = error;
      message.error = { errno, origin, type, code, info, offender };
    }
    return count;
  }

  /** POLL bits of a socket without connections (datagram_poll), except POLL.IN. */
  protected basicPollMask(): number {
    let mask = 0;
    if (this.error !== 0 || this.errorQueue.length > 0) mask |= POLL.ERR;
    if (this.isReceiveShut) mask |= POLL.IN;
    if (this.isReceiveShut && this.isSendShut) mask |= POLL.HUP;
    if (this.sendMemory.used * 2 <= this.sendBufferBytes) mask |= POLL.OUT;
    return mask;
  }

  /** A packet of ours has left, or was dropped below us: `sendMemory` has room again. */
  sendMemoryFreed(): void {
    // Linux wakes writers when half of the buffer is free, so that they do not run for every packet
    // (sock_def_write_space).
    if (this.sendMemory.used * 2 <= this.sendBufferBytes) this.waiters.wake(POLL.OUT);
  }

  queuedPackets(): number {
    return 0;
  }

  /** The machine has crashed: frees what the socket holds. */
  abstract crash(): void;

  checkInvariants(): void {
    assert(this.receiveMemory.used >= 0 && this.sendMemory.used >= 0, "accounts are not negative");
  }
}

export function fillAddress(to: SocketAddress, address: Ipv4Address, port: number): void {
  to.family = AF.INET;
  to.address = address;
  to.port = port;
  to.device = 0;
  to.protocol = 0;
  to.packetType = 0;
}

export function emptyAddress(): SocketAddress {
  return { family: AF.INET, address: IPV4_ANY, port: 0, device: 0, protocol: 0, packetType: 0 };
}

export function clearMessage(message: Message): void {
  message.flags = 0;
  message.ttl = null;
  message.tos = null;
  message.timestamp = null;
  message.error = null;
  message.packetInfo = null;
}
