/**
 * Programs that use TCP in every way that keeps the rules, drawn from a seed, and show a `StreamIntegrity` every byte.
 * `streams-serve PORT SEED UNTIL_S [wild]` accepts connections; on even ports both sides talk at the same time, on odd
 * ones the client asks and the server answers, with blocking calls. `streams-connect HOST PORT SEED [wild]` is a
 * client. A wild program also resets connections, closes them with bytes unread, and shuts its listener for a while.
 */
import { Random } from "../../core/base/random.ts";
import { MILLISECOND, SECOND } from "../../core/base/time.ts";
import type { StreamEnds, StreamIntegrity, StreamReader, StreamWriter } from "../../core/checkers/stream-integrity.ts";
import { E, errnoName } from "../../core/kernel/syscall/errno.ts";
import {
  AF,
  MSG,
  POLL,
  SO,
  SOCK,
  SOL,
  TCP,
  WNOHANG,
  type Call,
  type OptionValue,
  type PollFd,
  type Program,
  type SocketAddress,
  type Sys,
} from "../../core/kernel/syscall/sys.ts";
import { inetAddress } from "../../core/shell/lib/address.ts";
import { readHosts } from "../../core/shell/lib/hosts.ts";
import { formatIpv4 } from "../../core/wire/address.ts";

/** A client in a lab where nothing crashes asks again when the path is down just then. */
const CONNECT_TRIES = 20;
const BACKLOG_MAX = 20;
const CONNECTION_FD = 3;
/**
 * A SYN cookie says the client's number give or take three (check_tcp_syn_cookie: what is left over is the MSS), so
 * Linux loses a first segment of three bytes when another one completes the handshake in its place.
 */
const FIRST_WRITE_BYTES = 8;

/** Errors by which a path that is down shows while a connection is opened. */
const PATH_ERRORS = new Set([E.EHOSTUNREACH, E.ENETUNREACH, E.ETIMEDOUT]);

/** EINPROGRESS: the write has opened the connection (fast open) without taking a byte. */
const TRY_AGAIN = new Set([E.EAGAIN, E.EINTR, E.EINPROGRESS]);

const describe = (address: SocketAddress): string => `${formatIpv4(address.address)}:${address.port}`;

/**
 * @param peer as connect or accept had it: getpeername does not tell while a fast open waits for its first write, nor
 * after a reset.
 */
function* endsOf(sys: Sys, fd: number, peer: SocketAddress): Call<StreamEnds> {
  const here = inetAddress();
  yield* sys.getsockname(fd, here);
  return { local: describe(here), peer: describe(peer) };
}

/** What one side does with a connection. */
interface Plan {
  readonly bytes: number;
  readonly writeMax: number;
  readonly readMax: number;
  /** Share of calls before which it waits, and how long at most, ns. */
  readonly pauses: number;
  readonly pauseMax: number;
  readonly flags: readonly number[];
  /** `reset`: closes with SO_LINGER 0 after `enough` bytes. `leave`: closes then, whatever is unread. */
  readonly ending: "shutdown" | "reset" | "leave";
  readonly enough: number;
}

function drawPlan(random: Random, wild: boolean): Plan {
  const some = random.below(random.pick([1, 10, 2_000, 20_000, 60_000, 150_000]) + 1);
  const bytes = some === 0 ? 0 : Math.max(some, FIRST_WRITE_BYTES);
  const ending = wild && random.chance(0.25) ? random.pick(["reset", "leave"] as const) : "shutdown";
  // A byte at a time is for short streams.
  const least = Math.max(1, Math.floor(bytes / 300));
  return {
    bytes,
    writeMax: least + random.below(random.pick([10, 1_000, 5_000, 30_000])),
    readMax: 200 + random.below(random.pick([100, 3_000, 60_000])),
    pauses: random.pick([0, 0, 0.02, 0.2]),
    pauseMax: random.pick([1, 40, 300]) * MILLISECOND,
    flags: random.pick([[0], [0, MSG.MORE], [0, 0, MSG.EOR], [0, MSG.MORE, MSG.EOR]]),
    ending,
    enough: random.below(bytes + 1),
  };
}

/** Options of a socket that is still to be connected, or listens. */
function* setOptions(sys: Sys, fd: number, random: Random, wild: boolean): Call<void> {
  const set = (level: number, option: number, value: OptionValue): Call<number> =>
    sys.setsockopt(fd, level, option, value);
  if (random.chance(0.3)) yield* set(SOL.SOCKET, SO.SNDBUF, 2_000 + random.below(60_000));
  if (random.chance(0.3)) yield* set(SOL.SOCKET, SO.RCVBUF, 1_000 + random.below(60_000));
  if (random.chance(0.1)) yield* set(SOL.TCP, TCP.MAXSEG, 100 + random.below(1_300));
  if (random.chance(0.1)) yield* set(SOL.TCP, TCP.WINDOW_CLAMP, 2_000 + random.below(30_000));
  if (random.chance(0.3)) yield* set(SOL.TCP, TCP.CONGESTION, random.pick(["reno", "cubic", "lecture"]));
  if (random.chance(0.2)) yield* set(SOL.TCP, TCP.NODELAY, 1);
  if (random.chance(0.1)) yield* set(SOL.TCP, TCP.CORK, 1);
  if (random.chance(0.1)) yield* set(SOL.TCP, TCP.NOTSENT_LOWAT, 1_000 + random.below(20_000));
  if (random.chance(0.1)) yield* set(SOL.TCP, TCP.QUICKACK, random.below(2));
  if (random.chance(0.1)) yield* set(SOL.SOCKET, SO.MAX_PACING_RATE, 50_000 + random.below(5_000_000));
  // Where the peer may crash, silence has to end by itself: nothing else would tell one who only reads.
  if (!wild && random.chance(0.5)) return;
  yield* set(SOL.SOCKET, SO.KEEPALIVE, 1);
  yield* set(SOL.TCP, TCP.KEEPIDLE, 5 + random.below(20));
  yield* set(SOL.TCP, TCP.KEEPINTVL, 1 + random.below(5));
  yield* set(SOL.TCP, TCP.KEEPCNT, wild ? 2 + random.below(4) : 100);
  if (wild && random.chance(0.3)) yield* set(SOL.TCP, TCP.USER_TIMEOUT, 1_000 + random.below(20_000));
}

/** One side of a connection at work. */
class Talk {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #writer: StreamWriter;
  readonly #reader: StreamReader;
  readonly #buffer: Uint8Array;
  #isReading = true;
  #isWriting = true;
  /** The connection is gone: nothing more can be done with it. */
  #isBroken = false;

  constructor(
    sys: Sys,
    fd: number,
    streams: ReturnType<StreamIntegrity["open"]>,
    setting: { random: Random; plan: Plan },
  ) {
    this.#sys = sys;
    this.#fd = fd;
    this.#writer = streams.writer;
    this.#reader = streams.reader;
    this.#random = setting.random;
    this.#plan = setting.plan;
    this.#buffer = new Uint8Array(Math.max(this.#plan.readMax, this.#plan.writeMax + FIRST_WRITE_BYTES));
  }

  /** Both directions at once, with poll and calls that do not block. */
  *both(): Call<void> {
    yield* this.#sys.fcntlNonblock(this.#fd, true);
    while ((this.#isReading || this.#isWriting) && !this.#isBroken) {
      if (this.#hasEnough()) return yield* this.#giveUp();
      yield* this.#pause();
      const events = (this.#isReading ? POLL.IN : 0) | (this.#isWriting ? POLL.OUT : 0);
      const polled: PollFd = { fd: this.#fd, events, revents: 0 };
      if ((yield* this.#sys.poll([polled], -1)) < 0) return;
      if (this.#isReading && (polled.revents & ~POLL.OUT) !== 0) yield* this.#read(0);
      if (this.#isWriting && !this.#isBroken && (polled.revents & ~POLL.IN) !== 0) yield* this.#write();
    }
    yield* this.#close();
  }

  /** Asks, or answers, with calls that block. */
  *inTurn(first: "write" | "read"): Call<void> {
    for (const turn of first === "write" ? ["write", "read"] : ["read", "write"]) {
      while ((turn === "write" ? this.#isWriting : this.#isReading) && !this.#isBroken) {
        if (this.#hasEnough()) return yield* this.#giveUp();
        yield* this.#pause();
        if (turn === "write") yield* this.#write();
        else yield* this.#read(this.#random.chance(0.1) ? MSG.WAITALL : 0);
      }
    }
    yield* this.#close();
  }

  #hasEnough(): boolean {
    return this.#plan.ending !== "shutdown" && this.#writer.written + this.#reader.received >= this.#plan.enough;
  }

  *#pause(): Call<void> {
    const { pauses, pauseMax } = this.#plan;
    if (this.#random.chance(pauses)) yield* this.#sys.nanosleep(1 + this.#random.below(pauseMax));
  }

  *#write(): Call<void> {
    const { bytes, writeMax, flags } = this.#plan;
    const least = this.#writer.written === 0 ? FIRST_WRITE_BYTES : 1;
    const length = Math.min(least + this.#random.below(writeMax), bytes - this.#writer.written);
    if (length > 0) {
      const chunk = this.#buffer.subarray(0, length);
      this.#writer.next(chunk, length);
      const count = yield* this.#sys.sendto(this.#fd, chunk, MSG.NOSIGNAL | this.#random.pick(flags), null);
      if (count >= 0) this.#writer.wrote(count);
      else if (!TRY_AGAIN.has(-count)) this.#broken(-count);
      // Not yet: shutdown ends a connection that a fast open has just begun (inet_shutdown in SYN_SENT).
      return;
    }
    this.#isWriting = false;
    // The other side may read the end before the call that makes it returns.
    this.#writer.finish();
    const result = yield* this.#sys.shutdown(this.#fd, 1);
    if (result < 0) this.#broken(-result);
  }

  *#read(flags: number): Call<void> {
    const buffer = this.#buffer.subarray(0, 1 + this.#random.below(this.#plan.readMax));
    if (this.#random.chance(0.05)) {
      const seen = yield* this.#sys.recvfrom(this.#fd, buffer, MSG.PEEK | MSG.DONTWAIT, null);
      if (seen > 0) this.#reader.peek(buffer, seen);
      // A reset is told once, and afterwards the stream looks as if it had ended.
      if (seen < 0 && !TRY_AGAIN.has(-seen)) return this.#broken(-seen);
    }
    const count = yield* this.#sys.recvfrom(this.#fd, buffer, flags, null);
    if (count > 0) this.#reader.take(buffer, count);
    else if (count === 0) {
      this.#isReading = false;
      this.#reader.end();
    } else if (!TRY_AGAIN.has(-count)) this.#broken(-count);
  }

  #broken(error: number): void {
    this.#reader.fail(error);
    this.#writer.abort();
    this.#isBroken = true;
  }

  *#giveUp(): Call<void> {
    this.#reader.leave();
    // Closed with nothing unread it ends as it should; with something, it is reset. Both are all right.
    if (this.#plan.ending === "leave") this.#writer.finish();
    else {
      this.#writer.abort();
      yield* this.#sys.setsockopt(this.#fd, SOL.SOCKET, SO.LINGER, { on: true, seconds: 0 });
    }
    yield* this.#close();
  }

  *#close(): Call<void> {
    const closed = yield* this.#sys.close(this.#fd);
    if (closed < 0) this.#reader.fail(-closed);
  }
}

/** The programs, over one checker. */
export function streamPrograms(streams: StreamIntegrity): ReadonlyMap<string, Program> {
  const serve: Program = function* (sys, [, portText = "", seedText = "", untilText = "", mood]) {
    const wild = mood === "wild";
    const port = Number(portText);
    const random = new Random(Number(seedText), "serve");
    const until = Number(untilText) * SECOND;
    while (sys.now() < until) {
      const listener = yield* openListener(sys, port, random, wild);
      if (listener < 0) {
        streams.problem(`${yield* sys.hostname()}: port ${port} cannot be listened on: ${errnoName(listener)}`);
        return 1;
      }
      // A wild server goes away for a while: connections waiting for accept are reset, new ones refused.
      const closesAt = wild ? sys.now() + random.below(8 * SECOND) : until;
      while (sys.now() < Math.min(closesAt, until)) {
        const polled: PollFd = { fd: listener, events: POLL.IN, revents: 0 };
        yield* sys.poll([polled], Math.min(closesAt, until) - sys.now());
        const from = inetAddress();
        const fd = yield* sys.accept(listener, from);
        if (fd < 0) continue;
        const files = new Map([[CONNECTION_FD, fd]]);
        const seed = String(random.next32());
        const argv = ["streams-answer", portText, seed, mood ?? ""];
        yield* sys.spawn(answer(from), argv, { files });
        yield* sys.close(fd);
        if (random.chance(0.1)) yield* sys.nanosleep(random.below(300 * MILLISECOND));
        while ((yield* sys.waitpid(-1, WNOHANG)).pid > 0);
      }
      yield* sys.close(listener);
      if (wild) yield* sys.nanosleep(random.below(500 * MILLISECOND));
    }
    while ((yield* sys.waitpid(-1, 0)).pid > 0);
    return 0;
  };

  const answer = (peer: SocketAddress): Program =>
    function* (sys, [, portText = "", seedText = "", mood = ""]) {
      const random = new Random(Number(seedText), "answer");
      const plan = drawPlan(random, mood === "wild");
      const ends = yield* endsOf(sys, CONNECTION_FD, peer);
      const talk = new Talk(sys, CONNECTION_FD, streams.open(ends), { random, plan });
      if (Number(portText) % 2 === 0) yield* talk.both();
      else yield* talk.inTurn("read");
      return 0;
    };

  const connect: Program = function* (sys, [, host = "", portText = "", seedText = "", mood]) {
    const wild = mood === "wild";
    const random = new Random(Number(seedText), "connect");
    const plan = drawPlan(random, wild);
    const address = (yield* readHosts(sys)).resolve(host);
    const port = Number(portText);
    if (address === null) return 2;
    let error = 0;
    for (let tries = 0; tries < (wild ? 1 : CONNECT_TRIES); tries++) {
      const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      yield* setOptions(sys, fd, random, wild);
      // Who opens with its first write has to write.
      if (plan.bytes > 0 && random.chance(0.2)) yield* sys.setsockopt(fd, SOL.TCP, TCP.FASTOPEN_CONNECT, 1);
      const peer = inetAddress(address, port);
      error = yield* sys.connect(fd, peer);
      if (error >= 0) {
        const talk = new Talk(sys, fd, streams.open(yield* endsOf(sys, fd, peer)), { random, plan });
        if (port % 2 === 0) yield* talk.both();
        else yield* talk.inTurn("write");
        return 0;
      }
      yield* sys.close(fd);
      if (!PATH_ERRORS.has(-error)) break;
      yield* sys.nanosleep(SECOND);
    }
    if (!wild) streams.problem(`${yield* sys.hostname()} cannot connect to ${host}:${port}: ${errnoName(error)}`);
    return 1;
  };

  return new Map([
    ["streams-serve", serve],
    ["streams-connect", connect],
  ]);
}

function* openListener(sys: Sys, port: number, random: Random, wild: boolean): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  if (fd < 0) return fd;
  yield* setOptions(sys, fd, random, wild);
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  if (random.chance(0.2)) yield* sys.setsockopt(fd, SOL.TCP, TCP.DEFER_ACCEPT, 1 + random.below(3));
  const bound = yield* sys.bind(fd, inetAddress(undefined, port));
  if (bound < 0) return bound;
  const listening = yield* sys.listen(fd, wild ? random.below(BACKLOG_MAX) : BACKLOG_MAX);
  if (listening < 0) return listening;
  yield* sys.fcntlNonblock(fd, true);
  return fd;
}
