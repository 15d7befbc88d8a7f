/** iperf's TCP server: reads what comes on any number of connections, and reports how fast it came. */
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { EPOLL, EPOLL_CTL, SO, SOCK, type Call, type EpollEvent, type Sys } from "../../kernel/syscall/sys.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { fail } from "../lib/command.ts";
import { print } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { CLIENT_HEADER, clientLine, LINE, type Interval } from "./iperf-format.ts";
import type { IperfSettings } from "./iperf-settings.ts";
import { connectionText, headText, openTcp } from "./iperf-tcp.ts";

const BACKLOG = 128;
const EVENTS = 64;

type Stream = {
  readonly id: number;
  readonly fd: number;
  readonly group: Group;
  bytes: number;
  /** At the last interval report. */
  reportedBytes: number;
};

/** Streams of one client that run together: they are summed up. */
type Group = {
  readonly address: Ipv4Address;
  readonly start: number;
  readonly running: Set<Stream>;
  /** ns since the start, of the last interval report. */
  reportedAt: number;
  streams: number;
  bytes: number;
};

export class TcpServer {
  readonly #sys: Sys;
  readonly #settings: IperfSettings;
  readonly #buffer: Uint8Array;
  readonly #streams = new Map<number, Stream>();
  readonly #groups = new Map<Ipv4Address, Group>();
  #listener = -1;
  #epoll = -1;
  #nextId = 1;
  #finished = 0;
  #printedHeader = false;

  constructor(sys: Sys, settings: IperfSettings) {
    this.#sys = sys;
    this.#settings = settings;
    this.#buffer = new Uint8Array(settings.bytes);
  }

  *run(): Call<number> {
    const sys = this.#sys;
    const { port, tests } = this.#settings;
    this.#listener = yield* openTcp(sys, this.#settings, port);
    if (this.#listener < 0) return yield* fail(sys, `bind failed: ${strerror(this.#listener)}`);
    const error = yield* sys.listen(this.#listener, BACKLOG);
    if (error < 0) return yield* fail(sys, `listen failed: ${strerror(error)}`);
    yield* print(sys, `${LINE}\nServer listening on TCP port ${port}\n`);
    yield* print(sys, `${yield* headText(sys, this.#listener, this.#settings, SO.RCVBUF)}${LINE}\n`);
    yield* sys.fcntlNonblock(this.#listener, true);
    this.#epoll = yield* sys.epollCreate();
    yield* this.#watch(this.#listener);
    const events: EpollEvent[] = Array.from({ length: EVENTS }, () => ({ events: 0, data: 0 }));
    while (tests === 0 || this.#finished < tests) {
      const count = yield* sys.epollWait(this.#epoll, events, this.#timeout());
      if (count === -E.EINTR && (yield* interrupted(sys))) return 130;
      // Intervals end before what comes at this very moment.
      yield* this.#intervals();
      for (const { data } of events.slice(0, Math.max(0, count))) {
        if (data === this.#listener) yield* this.#accept();
        else yield* this.#read(data);
      }
    }
    return 0;
  }

  #watch(fd: number): Call<number> {
    return this.#sys.epollCtl(this.#epoll, EPOLL_CTL.ADD, fd, { events: EPOLL.IN, data: fd });
  }

  /** Until the next interval report. */
  #timeout(): number {
    const { interval } = this.#settings;
    if (interval <= 0) return -1;
    let next = Infinity;
    for (const group of this.#groups.values()) next = Math.min(next, group.start + group.reportedAt + interval);
    return next === Infinity ? -1 : Math.max(0, next - this.#sys.now());
  }

  *#accept(): Call<void> {
    const sys = this.#sys;
    const peer = inetAddress();
    const fd = yield* sys.accept4(this.#listener, peer, SOCK.NONBLOCK);
    if (fd < 0) return;
    let group = this.#groups.get(peer.address);
    if (group === undefined) {
      group = { address: peer.address, start: sys.now(), running: new Set(), reportedAt: 0, streams: 0, bytes: 0 };
      this.#groups.set(peer.address, group);
    }
    const stream: Stream = { id: this.#nextId++, fd, group, bytes: 0, reportedBytes: 0 };
    group.running.add(stream);
    group.streams++;
    this.#streams.set(fd, stream);
    yield* this.#watch(fd);
    yield* print(sys, yield* connectionText(sys, fd, stream.id, this.#settings));
  }

  *#read(fd: number): Call<void> {
    const stream = this.#streams.get(fd);
    if (stream === undefined) return;
    const count = yield* this.#sys.recvfrom(fd, this.#buffer, 0, null);
    if (count === -E.EAGAIN || count === -E.EINTR) return;
    if (count > 0) {
      stream.bytes += count;
      stream.group.bytes += count;
      return;
    }
    yield* this.#end(stream);
  }

  *#end(stream: Stream): Call<void> {
    const { fd, group } = stream;
    const to = this.#sys.now() - group.start;
    yield* this.#line(stream.id, { from: 0, to, bytes: stream.bytes });
    yield* this.#sys.close(fd);
    this.#streams.delete(fd);
    group.running.delete(stream);
    this.#finished++;
    if (group.running.size > 0) return;
    if (group.streams > 1) yield* this.#line("SUM", { from: 0, to, bytes: group.bytes });
    this.#groups.delete(group.address);
  }

  *#intervals(): Call<void> {
    const { interval } = this.#settings;
    if (interval <= 0) return;
    for (const group of this.#groups.values()) {
      while (this.#sys.now() - group.start >= group.reportedAt + interval) {
        const [from, to] = [group.reportedAt, group.reportedAt + interval];
        let sum = 0;
        for (const stream of group.running) {
          const bytes = stream.bytes - stream.reportedBytes;
          stream.reportedBytes = stream.bytes;
          sum += bytes;
          yield* this.#line(stream.id, { from, to, bytes });
        }
        if (group.running.size > 1) yield* this.#line("SUM", { from, to, bytes: sum });
        group.reportedAt = to;
      }
    }
  }

  *#line(id: number | "SUM", each: Interval): Call<void> {
    if (!this.#printedHeader) yield* print(this.#sys, `${CLIENT_HEADER}\n`);
    this.#printedHeader = true;
    yield* print(this.#sys, `${clientLine(id, each, this.#settings.format)}\n`);
  }
}
