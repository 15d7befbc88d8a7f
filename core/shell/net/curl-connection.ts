/** One TCP connection of curl: opened within a time, read through a buffer, kept for the next URL of the same host. */
import { concatBytes } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { E } from "../../kernel/syscall/errno.ts";
import { AF, POLL, SO, SOCK, SOL, TCP, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";

const READ_BYTES = 16_384;
/** curl probes an idle connection after a minute, and every minute from then on. */
const KEEPALIVE_SECONDS = 60;

export interface ConnectOptions {
  readonly address: Ipv4Address;
  readonly port: number;
  /** Virtual ns at which connecting is given up; Infinity never. */
  readonly deadline: number;
  readonly keepAlive: boolean;
  /** The request may go with the SYN. */
  readonly fastOpen: boolean;
}

export class CurlConnection {
  readonly number: number;
  readonly host: string;
  readonly port: number;
  readonly #sys: Sys;
  readonly #fd: number;
  /** Received and not yet used. */
  #buffer: Uint8Array = new Uint8Array(0);
  isClosed = false;

  private constructor(sys: Sys, fd: number, name: { number: number; host: string; port: number }) {
    this.#sys = sys;
    this.#fd = fd;
    this.number = name.number;
    this.host = name.host;
    this.port = name.port;
  }

  /** @returns the connection or -errno; -EINPROGRESS when the time was over. */
  static *open(
    sys: Sys,
    name: { number: number; host: string; port: number },
    options: ConnectOptions,
  ): Call<CurlConnection | number> {
    const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
    if (fd < 0) return fd;
    yield* sys.setsockopt(fd, SOL.TCP, TCP.NODELAY, 1);
    if (options.keepAlive) {
      yield* sys.setsockopt(fd, SOL.SOCKET, SO.KEEPALIVE, 1);
      yield* sys.setsockopt(fd, SOL.TCP, TCP.KEEPIDLE, KEEPALIVE_SECONDS);
      yield* sys.setsockopt(fd, SOL.TCP, TCP.KEEPINTVL, KEEPALIVE_SECONDS);
    }
    if (options.fastOpen) yield* sys.setsockopt(fd, SOL.TCP, TCP.FASTOPEN_CONNECT, 1);
    const left = options.deadline - sys.now();
    if (left !== Infinity) yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDTIMEO, Math.max(1, left));
    const result = yield* sys.connect(fd, inetAddress(options.address, options.port));
    if (result === 0) return new CurlConnection(sys, fd, name);
    yield* sys.close(fd);
    return result;
  }

  /** Both ends, as `[local, peer]`. */
  *ends(): Call<[{ address: Ipv4Address; port: number }, { address: Ipv4Address; port: number }]> {
    const [local, peer] = [inetAddress(), inetAddress()];
    yield* this.#sys.getsockname(this.#fd, local);
    yield* this.#sys.getpeername(this.#fd, peer);
    return [local, peer];
  }

  /** Whether the server has left it alone since the last answer. */
  *isAlive(): Call<boolean> {
    if (this.isClosed || this.#buffer.length > 0) return false;
    return (yield* this.#sys.poll([{ fd: this.#fd, events: POLL.IN, revents: 0 }], 0)) === 0;
  }

  /** @returns 0 or -errno; -EAGAIN when the time was over. */
  *send(bytes: Uint8Array, deadline: number): Call<number> {
    for (let at = 0; at < bytes.length;) {
      yield* this.#limit(SO.SNDTIMEO, deadline);
      const sent = yield* this.#sys.sendto(this.#fd, bytes.subarray(at), 0, null);
      if (sent < 0) return sent;
      at += sent;
    }
    return 0;
  }

  *#limit(option: number, deadline: number): Call<void> {
    if (deadline === Infinity) return;
    const left = Math.max(1, deadline - this.#sys.now());
    yield* this.#sys.setsockopt(this.#fd, SOL.SOCKET, option, left);
  }

  /** What is in the buffer, after more was read into it if `wanted` says so. */
  get buffered(): Uint8Array {
    return this.#buffer;
  }

  /** Uses up the first bytes of the buffer. */
  take(count: number): Uint8Array {
    const taken = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** Reads more into the buffer. @returns bytes, 0 at the end, or -errno; -EAGAIN when the time was over. */
  *fill(deadline: number): Call<number> {
    const buffer = new Uint8Array(READ_BYTES);
    yield* this.#limit(SO.RCVTIMEO, deadline);
    const count = yield* this.#sys.recvfrom(this.#fd, buffer, 0, null);
    if (count === -E.EINTR) return count;
    if (count > 0) this.#buffer = concatBytes([this.#buffer, buffer.subarray(0, count)]);
    return count;
  }

  *close(): Call<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    yield* this.#sys.close(this.#fd);
  }
}

/** Virtual ns at which a span of seconds from now ends. */
export const deadlineOf = (now: number, seconds: number): number =>
  seconds === Infinity ? Infinity : now + Math.round(seconds * SECOND);
