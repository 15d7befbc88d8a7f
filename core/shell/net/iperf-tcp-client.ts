/** iperf's TCP client: one or several streams that send as fast as they can, or at a rate, for a time or an amount. */
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { EPOLL, EPOLL_CTL, POLL, SO, type Call, type EpollEvent, type Sys } from "../../kernel/syscall/sys.ts";
import type { TcpInfo } from "../../kernel/syscall/tcp-info.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { fail } from "../lib/command.ts";
import { print, warn } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { CLIENT_HEADER, clientLine, ENHANCED_HEADER, enhancedText, LINE, type Interval } from "./iperf-format.ts";
import type { IperfSettings } from "./iperf-settings.ts";
import { connectionText, headText, infoOf, openTcp } from "./iperf-tcp.ts";

/** How long the client waits for the server to have read everything. */
const CLOSE_WAIT = 10 * SECOND;

type Stream = {
  readonly id: number;
  readonly fd: number;
  bytes: number;
  writes: number;
  errors: number;
  /** At the last report. */
  reported: { bytes: number; writes: number; errors: number; retransmits: number };
  isOver: boolean;
  /** Its readiness is waited for; with a rate it waits for its time instead. */
  isWatched: boolean;
};

export class TcpClient {
  readonly #sys: Sys;
  readonly #settings: IperfSettings;
  readonly #address: Ipv4Address;
  readonly #block: Uint8Array;
  readonly #streams: Stream[] = [];
  #epoll = -1;
  #start = 0;
  #reportedAt = 0;
  #wasInterrupted = false;

  constructor(sys: Sys, settings: IperfSettings, address: Ipv4Address) {
    this.#sys = sys;
    this.#settings = settings;
    this.#address = address;
    this.#block = new Uint8Array(settings.bytes);
  }

  *run(): Call<number> {
    const sys = this.#sys;
    const failure = yield* this.#connectAll();
    if (failure < 0) return yield* fail(sys, `connect failed: ${strerror(failure)}`);
    yield* print(sys, `${this.#settings.enhanced ? ENHANCED_HEADER : CLIENT_HEADER}\n`);
    this.#epoll = yield* sys.epollCreate();
    for (const stream of this.#streams) {
      yield* sys.fcntlNonblock(stream.fd, true);
      yield* sys.epollCtl(this.#epoll, EPOLL_CTL.ADD, stream.fd, { events: EPOLL.OUT, data: stream.id });
    }
    this.#start = sys.now();
    yield* this.#sendAll();
    yield* this.#finish();
    yield* this.#report(0, sys.now() - this.#start, true);
    return this.#wasInterrupted ? 130 : 0;
  }

  /** @returns 0 or -errno of the first stream that could not be opened. */
  *#connectAll(): Call<number> {
    const sys = this.#sys;
    const { port, tests } = this.#settings;
    for (let id = 1; id <= Math.max(1, tests); id++) {
      const fd = yield* openTcp(sys, this.#settings, 0);
      const error = fd < 0 ? fd : yield* sys.connect(fd, inetAddress(this.#address, port));
      if (error < 0) return error;
      if (id === 1) {
        const head = `Client connecting to ${formatIpv4(this.#address)}, TCP port ${port}`;
        yield* print(sys, `${LINE}\n${head}${this.#enhancedHead()}\n`);
        yield* print(sys, `${yield* headText(sys, fd, this.#settings, SO.SNDBUF)}${LINE}\n`);
      }
      yield* print(sys, yield* connectionText(sys, fd, id, this.#settings));
      const reported = { bytes: 0, writes: 0, errors: 0, retransmits: 0 };
      this.#streams.push({ id, fd, bytes: 0, writes: 0, errors: 0, reported, isOver: false, isWatched: true });
    }
    return 0;
  }

  /** What -e adds to the head. */
  #enhancedHead(): string {
    const { enhanced, tests, bytes } = this.#settings;
    if (!enhanced) return "";
    return ` with pid ${this.#sys.pid} (${Math.max(1, tests)} flows)\nWrite buffer size: ${bytes} Byte`;
  }

  *#sendAll(): Call<void> {
    const sys = this.#sys;
    const { time, interval } = this.#settings;
    const events: EpollEvent[] = this.#streams.map(() => ({ events: 0, data: 0 }));
    for (;;) {
      const elapsed = sys.now() - this.#start;
      if (elapsed >= time || this.#streams.every((stream) => stream.isOver)) break;
      const until = Math.min(time, interval > 0 ? this.#reportedAt + interval : Infinity, this.#nextDue());
      const wait = until === Infinity ? -1 : Math.max(0, until - elapsed);
      const count = yield* sys.epollWait(this.#epoll, events, wait);
      if (count === -E.EINTR && (yield* interrupted(sys))) {
        this.#wasInterrupted = true;
        return;
      }
      for (const { data } of events.slice(0, Math.max(0, count))) yield* this.#write(this.#streams[data - 1] as Stream);
      yield* this.#wakePaced();
      yield* this.#intervals();
    }
    yield* this.#intervals();
  }

  /** When the next stream that is held back by its rate may send, since the start. */
  #nextDue(): number {
    let due = Infinity;
    for (const stream of this.#streams) {
      if (!stream.isOver && !stream.isWatched) due = Math.min(due, this.#dueAt(stream));
    }
    return due;
  }

  #dueAt = (stream: Stream): number => Math.round((stream.bytes * 8 * SECOND) / this.#settings.rate);

  *#wakePaced(): Call<void> {
    if (this.#settings.rate === Infinity) return;
    const elapsed = this.#sys.now() - this.#start;
    for (const stream of this.#streams) {
      if (!stream.isOver && !stream.isWatched && this.#dueAt(stream) <= elapsed) yield* this.#watch(stream, true);
    }
  }

  *#watch(stream: Stream, on: boolean): Call<void> {
    stream.isWatched = on;
    const event = { events: on ? EPOLL.OUT : 0, data: stream.id };
    yield* this.#sys.epollCtl(this.#epoll, EPOLL_CTL.MOD, stream.fd, event);
  }

  *#write(stream: Stream): Call<void> {
    const left = this.#settings.amount - stream.bytes;
    const block = left < this.#block.length ? this.#block.subarray(0, left) : this.#block;
    const sent = yield* this.#sys.sendto(stream.fd, block, 0, null);
    if (sent === -E.EAGAIN) return;
    if (sent < 0) {
      stream.errors++;
      yield* warn(this.#sys, `write failed: ${strerror(sent)}\n`);
      yield* this.#end(stream);
      return;
    }
    stream.writes++;
    stream.bytes += sent;
    if (stream.bytes >= this.#settings.amount) yield* this.#end(stream);
    else if (this.#settings.rate !== Infinity) yield* this.#watch(stream, false);
  }

  *#end(stream: Stream): Call<void> {
    stream.isOver = true;
    yield* this.#sys.epollCtl(this.#epoll, EPOLL_CTL.DEL, stream.fd, { events: 0, data: 0 });
  }

  /** Says that there is no more, and waits until the server has it all: what is in the buffer counts as sent. */
  *#finish(): Call<void> {
    const sys = this.#sys;
    for (const { fd } of this.#streams) yield* sys.shutdown(fd, 1);
    const deadline = sys.now() + CLOSE_WAIT;
    for (const { fd } of this.#streams) {
      const left = Math.max(0, deadline - sys.now());
      if ((yield* sys.poll([{ fd, events: POLL.IN, revents: 0 }], left)) < 0) return;
    }
  }

  *#intervals(): Call<void> {
    const { interval, time } = this.#settings;
    if (interval <= 0) return;
    const elapsed = Math.min(this.#sys.now() - this.#start, time);
    while (elapsed >= this.#reportedAt + interval) {
      yield* this.#report(this.#reportedAt, this.#reportedAt + interval, false);
      this.#reportedAt += interval;
    }
  }

  /** One line a stream, and their sum. @param isTotal of the whole test. */
  *#report(from: number, to: number, isTotal: boolean): Call<void> {
    const sys = this.#sys;
    const { format, enhanced } = this.#settings;
    let sum = 0;
    for (const stream of this.#streams) {
      const each: Interval = { from, to, bytes: isTotal ? stream.bytes : stream.bytes - stream.reported.bytes };
      sum += each.bytes;
      const info = enhanced ? yield* infoOf(sys, stream.fd) : null;
      const extra = enhanced ? this.#enhanced(stream, each, { info, isTotal }) : "";
      stream.reported = {
        bytes: stream.bytes,
        writes: stream.writes,
        errors: stream.errors,
        retransmits: info?.tcpi_total_retrans ?? 0,
      };
      yield* print(sys, `${clientLine(stream.id, each, format)}${extra}\n`);
    }
    if (this.#streams.length > 1) yield* print(sys, `${clientLine("SUM", { from, to, bytes: sum }, format)}\n`);
  }

  #enhanced(
    stream: Stream,
    each: Interval,
    { info, isTotal }: { readonly info: TcpInfo | null; readonly isTotal: boolean },
  ): string {
    const since = isTotal ? { writes: 0, errors: 0, retransmits: 0 } : stream.reported;
    return enhancedText(each, {
      writes: stream.writes - since.writes,
      errors: stream.errors - since.errors,
      retransmits: (info?.tcpi_total_retrans ?? 0) - since.retransmits,
      cwndBytes: (info?.tcpi_snd_cwnd ?? 0) * (info?.tcpi_snd_mss ?? 0),
      rttUs: info?.tcpi_rtt ?? 0,
      rttvarUs: info?.tcpi_rttvar ?? 0,
    });
  }
}
