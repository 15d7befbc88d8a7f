/** System calls on sockets. */
import { concatBytes } from "../../base/bytes.ts";
import { BLOCKED } from "../process/process.ts";
import { Socket } from "../socket/socket.ts";
import { E } from "./errno.ts";
import { FileCalls } from "./file-calls.ts";
import { leastBytes } from "./socket-io.ts";
import { MSG, SOCK, type Call, type Message, type OptionResult, type OptionValue, type SocketAddress } from "./sys.ts";

/** Bits of `type` that are no flags. */
const TYPE_MASK = 0xf;
const FLAGS = SOCK.NONBLOCK | SOCK.CLOEXEC;
/** Bytes that one sendmsg may carry (MAX_RW_COUNT is 2 GiB, which nobody here has). */
const SENDMSG_BYTES_MAX = 1 << 26;
/** Buffers of one sendmsg (UIO_MAXIOV). */
const SENDMSG_BUFFERS_MAX = 1024;

export class SocketCalls extends FileCalls {
  /** The socket behind a descriptor, or -EBADF, -ENOTSOCK. */
  #socket(fd: number): Socket | number {
    const file = this.process.files.get(fd);
    if (file instanceof Socket) return file;
    return file === null ? -E.EBADF : -E.ENOTSOCK;
  }

  *socket(domain: number, type: number, protocol: number): Call<number> {
    const price = this.enter("socket", -1, 0);
    if (price > 0) yield price;
    if ((type & ~(TYPE_MASK | FLAGS)) !== 0) return this.exit("socket", -E.EINVAL);
    const socket = this.services.sockets.create(domain, type & TYPE_MASK, protocol);
    if (typeof socket !== "number") socket.nonblocking = (type & SOCK.NONBLOCK) !== 0;
    return this.exit("socket", this.install(socket));
  }

  *bind(fd: number, address: SocketAddress): Call<number> {
    const price = this.enter("bind", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("bind", typeof socket === "number" ? socket : socket.bind(address));
  }

  *connect(fd: number, address: SocketAddress): Call<number> {
    const price = this.enter("connect", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    if (typeof socket === "number") return this.exit("connect", socket);
    let result = socket.connect(address);
    // A stream's connect goes on in the background; asked again it tells how far it is.
    if ((result === -E.EINPROGRESS || result === -E.EALREADY) && !socket.nonblocking) {
      result = yield* this.#waitForConnect(socket, address, result);
    } else if (socket.sentToLoopback) yield 0;
    return this.exit("connect", result);
  }

  /** inet_wait_for_connect. @param first what to say when SO_SNDTIMEO is over: the connection goes on being made. */
  *#waitForConnect(socket: Socket, address: SocketAddress, first: number): Call<number> {
    const timeout = socket.sendTimeout;
    this.startTimeout(timeout);
    let result = first;
    do {
      if (this.process.timedOut) {
        result = first;
        break;
      }
      if (!(yield* this.sleep(socket.waiters, timeout === 0))) {
        result = -E.EINTR;
        break;
      }
      result = socket.connect(address);
    } while (result === -E.EALREADY || result === -E.EINPROGRESS);
    this.stopTimeout(timeout);
    return result === -E.EISCONN ? 0 : result;
  }

  *listen(fd: number, backlog: number): Call<number> {
    const price = this.enter("listen", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("listen", typeof socket === "number" ? socket : socket.listen(backlog));
  }

  accept(fd: number, from: SocketAddress | null): Call<number> {
    return this.accept4(fd, from, 0);
  }

  *accept4(fd: number, from: SocketAddress | null, flags: number): Call<number> {
    const price = this.enter("accept", fd, 0);
    if (price > 0) yield price;
    if ((flags & ~FLAGS) !== 0) return this.exit("accept", -E.EINVAL);
    const socket = this.#socket(fd);
    if (typeof socket === "number") return this.exit("accept", socket);
    const process = this.process;
    const timeout = socket.receiveTimeout;
    let connection = socket.accept(from);
    if (connection === -E.EAGAIN && !socket.nonblocking) {
      this.startTimeout(timeout);
      do {
        if (!(yield* this.sleep(socket.waiters, timeout === 0))) {
          connection = -E.EINTR;
          break;
        }
        connection = socket.accept(from);
      } while (connection === -E.EAGAIN && !process.timedOut);
      this.stopTimeout(timeout);
    }
    // O_NONBLOCK is not inherited from the listener.
    if (typeof connection !== "number") connection.nonblocking = (flags & SOCK.NONBLOCK) !== 0;
    return this.exit("accept", this.install(connection));
  }

  *shutdown(fd: number, how: 0 | 1 | 2): Call<number> {
    const price = this.enter("shutdown", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    if (typeof socket === "number") return this.exit("shutdown", socket);
    if (how !== 0 && how !== 1 && how !== 2) return this.exit("shutdown", -E.EINVAL);
    const result = socket.shutdown(how);
    if (socket.sentToLoopback) yield 0;
    return this.exit("shutdown", result);
  }

  *sendto(fd: number, bytes: Uint8Array, flags: number, to: SocketAddress | null): Call<number> {
    const process = this.process;
    const file = process.files.get(fd);
    let price = this.enter("sendto", fd, bytes.length);
    if (price > 0) {
      if (file instanceof Socket) price += file.sendPrice(bytes.length);
      yield price;
    }
    if (!(file instanceof Socket)) return this.exit("sendto", file === null ? -E.EBADF : -E.ENOTSOCK);
    if (file.type === SOCK.STREAM) {
      const sent = yield* this.sendStream(file, bytes, flags, to);
      if (sent >= 0 && file.sentToLoopback) yield 0;
      return this.exit("sendto", sent);
    }
    let result = file.send(bytes, flags, to);
    if (result === -E.EAGAIN && !file.nonblocking && (flags & MSG.DONTWAIT) === 0) {
      process.timedOut = false;
      if (file.sendTimeout > 0) process.startTimeout(file.sendTimeout);
      do {
        if (process.takeInterrupt(file.sendTimeout === 0)) {
          result = -E.EINTR;
          break;
        }
        process.prepareWait(file.waiters);
        yield BLOCKED;
        process.finishWait();
        result = file.send(bytes, flags, to);
      } while (result === -E.EAGAIN && !process.timedOut);
      if (file.sendTimeout > 0) process.stopTimeout();
    }
    if (result === -E.EPIPE && (flags & MSG.NOSIGNAL) === 0) yield* this.brokenPipe();
    // What went to this machine itself is received before the call returns, as in Linux (local_bh_enable).
    if (result >= 0 && file.sentToLoopback) yield 0;
    return this.exit("sendto", result);
  }

  sendmsg(fd: number, buffers: readonly Uint8Array[], flags: number, to: SocketAddress | null): Call<number> {
    const [first] = buffers;
    if (buffers.length === 1 && first !== undefined) return this.sendto(fd, first, flags, to);
    return this.#gather(fd, buffers, flags, to);
  }

  *#gather(fd: number, buffers: readonly Uint8Array[], flags: number, to: SocketAddress | null): Call<number> {
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (buffers.length > SENDMSG_BUFFERS_MAX || bytes > SENDMSG_BYTES_MAX) return -E.EMSGSIZE;
    return yield* this.sendto(fd, concatBytes(buffers), flags, to);
  }

  recvfrom(fd: number, buffer: Uint8Array, flags: number, from: SocketAddress | null): Call<number> {
    return this.#receive(fd, buffer, flags, from);
  }

  recvmsg(fd: number, buffer: Uint8Array, flags: number, message: Message): Call<number> {
    return this.#receive(fd, buffer, flags, message);
  }

  *#receive(fd: number, buffer: Uint8Array, flags: number, into: SocketAddress | Message | null): Call<number> {
    const message = into !== null && "from" in into ? into : null;
    const from = message === null ? (into as SocketAddress | null) : null;
    const price = this.enter("recvfrom", fd, 0);
    if (price > 0) yield price;
    const process = this.process;
    const file = process.files.get(fd);
    if (!(file instanceof Socket)) return this.exit("recvfrom", file === null ? -E.EBADF : -E.ENOTSOCK);
    const least = leastBytes(file, buffer.length, flags);
    if (least > 1) {
      return this.exitCopied("recvfrom", yield* this.receiveAtLeast(file, { buffer, flags, from, message }, least));
    }
    let result = file.receive(buffer, flags, from, message);
    if (result === -E.EAGAIN && !file.nonblocking && (flags & (MSG.DONTWAIT | MSG.ERRQUEUE)) === 0) {
      process.timedOut = false;
      if (file.receiveTimeout > 0) process.startTimeout(file.receiveTimeout);
      do {
        if (process.takeInterrupt(file.receiveTimeout === 0)) {
          result = -E.EINTR;
          break;
        }
        process.prepareWait(file.waiters);
        yield BLOCKED;
        process.finishWait();
        result = file.receive(buffer, flags, from, message);
      } while (result === -E.EAGAIN && !process.timedOut);
      if (file.receiveTimeout > 0) process.stopTimeout();
    }
    return this.exitCopied("recvfrom", result);
  }

  *getsockname(fd: number, address: SocketAddress): Call<number> {
    const price = this.enter("getsockname", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("getsockname", typeof socket === "number" ? socket : socket.localAddress(address));
  }

  *getpeername(fd: number, address: SocketAddress): Call<number> {
    const price = this.enter("getpeername", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("getpeername", typeof socket === "number" ? socket : socket.peerAddress(address));
  }

  *setsockopt(fd: number, level: number, option: number, value: OptionValue): Call<number> {
    const price = this.enter("setsockopt", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("setsockopt", typeof socket === "number" ? socket : socket.setOption(level, option, value));
  }

  *getsockopt(fd: number, level: number, option: number): Call<OptionResult> {
    const price = this.enter("getsockopt", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    const result = typeof socket === "number" ? { error: socket } : socket.getOption(level, option);
    this.exit("getsockopt", "error" in result ? result.error : 0);
    return result;
  }
}
