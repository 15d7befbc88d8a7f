/**
 * Waiting on sockets, for all calls that read and write them: sends that go on until everything is taken, receives that
 * wait for a least number of bytes, SO_RCVTIMEO and SO_SNDTIMEO, SO_LINGER (tcp_sendmsg, tcp_recvmsg, inet_release and
 * sock_intr_errno in Linux). A call that was interrupted starts again by itself when its signal says so, unless it has
 * a time-out (signal(7)).
 */
import type { WaitQueue } from "../process/wait-queue.ts";
import { BLOCKED } from "../process/process.ts";
import type { Socket } from "../socket/socket.ts";
import { E } from "./errno.ts";
import { MSG, SIGNALS, SIOCINQ, SOCK, type Call, type Message, type SocketAddress } from "./sys.ts";
import { SyscallBase } from "./syscall-base.ts";

/** Where a received message goes. */
export interface ReceiveInto {
  readonly buffer: Uint8Array;
  readonly flags: number;
  readonly from: SocketAddress | null;
  readonly message: Message | null;
}

/** Bytes that a blocking receive waits for (sock_rcvlowat). Datagrams come whole or not at all. */
export function leastBytes(socket: Socket, wanted: number, flags: number): number {
  if (socket.type !== SOCK.STREAM) return 0;
  return (flags & MSG.WAITALL) !== 0 ? wanted : Math.min(socket.rcvLowat, wanted);
}

/** Whether more waiting cannot bring more: the error is left for the next call. */
const isOver = (socket: Socket): boolean => socket.error !== 0 && socket.ioctl(SIOCINQ) <= 0;

export class SocketIo extends SyscallBase {
  /** Waits for a wake-up. @returns false when a signal has to end the call instead. */
  protected *sleep(waiters: WaitQueue, restarts: boolean): Call<boolean> {
    const process = this.process;
    if (process.takeInterrupt(restarts)) return false;
    process.prepareWait(waiters);
    yield BLOCKED;
    process.finishWait();
    return true;
  }

  /** From now on `process.timedOut` tells whether the span has passed; 0 never passes. */
  protected startTimeout(span: number): void {
    this.process.timedOut = false;
    if (span > 0) this.process.startTimeout(span);
  }

  protected stopTimeout(span: number): void {
    if (span > 0) this.process.stopTimeout();
  }

  /** Sends all of a piece of a stream. @returns bytes taken, fewer only after an error, a signal or a time-out. */
  protected *sendStream(socket: Socket, bytes: Uint8Array, flags: number, to: SocketAddress | null): Call<number> {
    let result = socket.send(bytes, flags, to);
    const isFinished = result === bytes.length && !socket.isConnecting;
    const waits = result >= 0 || result === -E.EAGAIN || result === -E.EINPROGRESS;
    if (!isFinished && waits && !socket.nonblocking && (flags & MSG.DONTWAIT) === 0) {
      this.startTimeout(socket.sendTimeout);
      result = yield* this.#sendRest(socket, bytes, flags, { result, to });
      this.stopTimeout(socket.sendTimeout);
    }
    if (result === -E.EPIPE && (flags & MSG.NOSIGNAL) === 0) yield* this.brokenPipe();
    return result;
  }

  *#sendRest(
    socket: Socket,
    bytes: Uint8Array,
    flags: number,
    first: { readonly result: number; readonly to: SocketAddress | null },
  ): Call<number> {
    const process = this.process;
    let total = Math.max(0, first.result);
    let opens = socket.isConnecting;
    for (;;) {
      if (process.timedOut) return total > 0 ? total : opens ? -E.EINPROGRESS : -E.EAGAIN;
      if (!(yield* this.sleep(socket.waiters, socket.sendTimeout === 0))) return total > 0 ? total : -E.EINTR;
      if (socket.isConnecting) continue;
      if (opens) {
        // What went with the SYN is lost when nobody is there, and counts for nothing then.
        const error = this.#outcome(socket, first.to);
        if (error < 0) return error;
        opens = false;
      }
      if (total > 0 && (socket.error !== 0 || socket.isSendShut)) return total;
      while (total < bytes.length) {
        const sent = socket.send(total === 0 ? bytes : bytes.subarray(total), flags & ~MSG.FASTOPEN, null);
        if (sent === -E.EAGAIN) break;
        if (sent < 0) return total > 0 ? total : sent;
        total += sent;
      }
      if (total === bytes.length) return total;
    }
  }

  /** How a connection that a send has opened came out. */
  #outcome(socket: Socket, to: SocketAddress | null): number {
    if (to === null) return socket.takeError();
    const result = socket.connect(to);
    return result === -E.EISCONN ? 0 : result;
  }

  /**
   * Receives at least `least` bytes of a stream, unless it ends before. @returns bytes received, 0 at the end of the
   * stream, or -errno when there were none.
   */
  protected *receiveAtLeast(socket: Socket, into: ReceiveInto, least: number): Call<number> {
    const { buffer, flags, from, message } = into;
    const process = this.process;
    const peeks = (flags & MSG.PEEK) !== 0;
    const waits = !socket.nonblocking && (flags & MSG.DONTWAIT) === 0;
    this.startTimeout(waits ? socket.receiveTimeout : 0);
    let total = 0;
    let failure = 0;
    for (;;) {
      const result = socket.receive(peeks || total === 0 ? buffer : buffer.subarray(total), flags, from, message);
      if (result > 0) total = peeks ? result : total + result;
      failure = result < 0 ? result : 0;
      if (result === 0 || total >= least || (failure < 0 && failure !== -E.EAGAIN)) break;
      if (!waits || process.timedOut) break;
      // The end of the stream may have come along with its last bytes: nothing would wake us then.
      if (total > 0 && socket.isReceiveShut) break;
      if (!(yield* this.sleep(socket.waiters, socket.receiveTimeout === 0))) {
        failure = -E.EINTR;
        break;
      }
      if (total > 0 && isOver(socket)) break;
    }
    this.stopTimeout(waits ? socket.receiveTimeout : 0);
    return total > 0 ? total : failure;
  }

  /** SO_LINGER: waits until what was sent is acknowledged, or for too long. The socket is closed already. */
  protected *linger(socket: Socket): Call<void> {
    this.startTimeout(socket.lingerNs);
    while (socket.isClosing && !this.process.timedOut) {
      if (!(yield* this.sleep(socket.waiters, false))) break;
    }
    this.stopTimeout(socket.lingerNs);
  }

  /** The reader is gone: SIGPIPE, which by default ends the process before the call returns. */
  protected *brokenPipe(): Call<void> {
    this.services.processes.signal(this.process, SIGNALS.PIPE);
    if (this.process.signals.fatal !== 0) yield 0;
  }
}
