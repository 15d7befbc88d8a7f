/** System calls on sockets, and poll(2). */
import type { Nanoseconds } from "../../base/time.ts";
import { POLL_FDS_MAX } from "../process/limits.ts";
import { BLOCKED } from "../process/process.ts";
import { Socket } from "../socket/socket.ts";
import { E } from "./errno.ts";
import { FileCalls } from "./file-calls.ts";
import { MSG, POLL, SOCK, type Call, type Message, type PollFd, type SocketAddress } from "./sys.ts";

/** Bits of `type` that are flags (SOCK_NONBLOCK, SOCK_CLOEXEC). */
const TYPE_MASK = 0xf;
const SOCK_CLOEXEC = 0o2000000;

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
    if ((type & ~(TYPE_MASK | SOCK.NONBLOCK | SOCK_CLOEXEC)) !== 0) return this.exit("socket", -E.EINVAL);
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
    if (result === -E.EINPROGRESS && !socket.nonblocking) {
      const process = this.process;
      do {
        if (process.takeInterrupt()) return this.exit("connect", -E.EINTR);
        process.prepareWait(socket.waiters);
        yield BLOCKED;
        process.finishWait();
        result = socket.connect(address);
      } while (result === -E.EALREADY || result === -E.EINPROGRESS);
      if (result === -E.EISCONN) result = 0;
    }
    return this.exit("connect", result);
  }

  *listen(fd: number, backlog: number): Call<number> {
    const price = this.enter("listen", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("listen", typeof socket === "number" ? socket : socket.listen(backlog));
  }

  *accept(fd: number, from: SocketAddress | null): Call<number> {
    const price = this.enter("accept", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    if (typeof socket === "number") return this.exit("accept", socket);
    const process = this.process;
    let connection = socket.accept(from);
    while (connection === -E.EAGAIN && !socket.nonblocking) {
      if (process.takeInterrupt()) return this.exit("accept", -E.EINTR);
      process.prepareWait(socket.waiters);
      yield BLOCKED;
      process.finishWait();
      connection = socket.accept(from);
    }
    return this.exit("accept", this.install(connection));
  }

  *shutdown(fd: number, how: 0 | 1 | 2): Call<number> {
    const price = this.enter("shutdown", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    if (typeof socket === "number") return this.exit("shutdown", socket);
    return this.exit("shutdown", how >= 0 && how <= 2 ? socket.shutdown(how) : -E.EINVAL);
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
    let result = file.send(bytes, flags, to);
    if (result === -E.EAGAIN && !file.nonblocking && (flags & MSG.DONTWAIT) === 0) {
      process.timedOut = false;
      if (file.sendTimeout > 0) process.startTimeout(file.sendTimeout);
      do {
        if (process.takeInterrupt()) {
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
    let result = file.receive(buffer, flags, from, message);
    if (result === -E.EAGAIN && !file.nonblocking && (flags & (MSG.DONTWAIT | MSG.ERRQUEUE)) === 0) {
      process.timedOut = false;
      if (file.receiveTimeout > 0) process.startTimeout(file.receiveTimeout);
      do {
        if (process.takeInterrupt()) {
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

  *setsockopt(fd: number, level: number, option: number, value: number | string | Uint8Array): Call<number> {
    const price = this.enter("setsockopt", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    return this.exit("setsockopt", typeof socket === "number" ? socket : socket.setOption(level, option, value));
  }

  *getsockopt(fd: number, level: number, option: number): Call<{ value: number | string } | { error: number }> {
    const price = this.enter("getsockopt", fd, 0);
    if (price > 0) yield price;
    const socket = this.#socket(fd);
    const result = typeof socket === "number" ? { error: socket } : socket.getOption(level, option);
    this.exit("getsockopt", "error" in result ? result.error : 0);
    return result;
  }

  *poll(fds: PollFd[], timeout: Nanoseconds): Call<number> {
    const price = this.enter("poll", -1, 0);
    if (price > 0) yield price;
    if (fds.length > POLL_FDS_MAX) return this.exit("poll", -E.EINVAL);
    const process = this.process;
    let ready = this.#scan(fds);
    if (ready > 0 || timeout === 0) return this.exit("poll", ready);
    process.timedOut = false;
    if (timeout > 0) process.startTimeout(timeout);
    do {
      if (process.takeInterrupt()) {
        ready = -E.EINTR;
        break;
      }
      for (const entry of fds) {
        const file = process.files.get(entry.fd);
        if (file !== null) process.alsoWait(file.waiters);
      }
      yield BLOCKED;
      process.finishWait();
      ready = this.#scan(fds);
    } while (ready === 0 && !process.timedOut);
    if (timeout > 0) process.stopTimeout();
    return this.exit("poll", ready);
  }

  /** Fills in `revents`. @returns how many have any. */
  #scan(fds: PollFd[]): number {
    let ready = 0;
    for (const entry of fds) {
      entry.revents = 0;
      if (entry.fd < 0) continue;
      const file = this.process.files.get(entry.fd);
      // ERR and HUP are reported whether they were asked for or not.
      if (file === null) entry.revents = POLL.NVAL;
      else entry.revents = file.pollMask() & (entry.events | POLL.ERR | POLL.HUP);
      if (entry.revents !== 0) ready++;
    }
    return ready;
  }
}
