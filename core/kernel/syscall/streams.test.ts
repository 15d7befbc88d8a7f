/** System calls on connections, over the machine's own loopback. */
import { describe, expect, it } from "vitest";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { LoopbackMachine } from "../../../test/harness/loopback.ts";
import { at } from "../../../test/harness/process.ts";
import { emptyAddress } from "../socket/socket.ts";
import { E } from "./errno.ts";
import {
  AF,
  EPOLL,
  EPOLL_CTL,
  MSG,
  POLL,
  SIGNALS,
  SIOCINQ,
  SIOCOUTQ,
  SO,
  SOCK,
  SOL,
  TCP,
  type Call,
  type EpollEvent,
  type Message,
  type Program,
  type Sys,
} from "./sys.ts";

const PORT = 80;
const SERVER = at("127.0.0.1", PORT);
const KIB = 1024;

const stream = (sys: Sys): Call<number> => sys.socket(AF.INET, SOCK.STREAM, 0);
const message = (): Message => ({ from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null });

function* listener(sys: Sys, backlog = 5): Call<number> {
  const fd = yield* stream(sys);
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  yield* sys.bind(fd, SERVER);
  yield* sys.listen(fd, backlog);
  return fd;
}

/** Both ends of one connection, in one process. */
function* pair(sys: Sys): Call<[client: number, server: number]> {
  const listening = yield* listener(sys);
  const client = yield* stream(sys);
  yield* sys.connect(client, SERVER);
  const server = yield* sys.accept(listening, null);
  yield* sys.close(listening);
  return [client, server];
}

/** A program in a child, which has none of our descriptors. */
function* child(sys: Sys, body: (sys: Sys) => Call<unknown>): Call<number> {
  const program: Program = function* (own) {
    yield* body(own);
    return 0;
  };
  return yield* sys.spawn(program, ["child"], { files: new Map() });
}

const run = <T>(body: (sys: Sys) => Call<T>, span = 200 * SECOND): T => new LoopbackMachine().run(body, span);

function* text(sys: Sys, fd: number, flags = 0, bytes = 100): Call<string | number> {
  const buffer = new Uint8Array(bytes);
  const count = yield* sys.recvfrom(fd, buffer, flags, null);
  return count < 0 ? count : utf8Decode(buffer.subarray(0, count));
}

describe.each(["ideal", "modern", "1996"] as const)("a connection under profile %s", (costs) => {
  it("carries bytes both ways, ends, and leaves nothing behind", () => {
    const machine = new LoopbackMachine(costs);
    const seen = machine.run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.write(client, utf8Encode("ping"));
      const heard = yield* text(sys, server);
      yield* sys.sendto(server, utf8Encode("pong"), 0, null);
      const answered = yield* text(sys, client);
      yield* sys.shutdown(client, 1);
      const end = yield* text(sys, server);
      yield* sys.sendto(server, utf8Encode("last"), 0, null);
      yield* sys.close(server);
      return [heard, answered, end, yield* text(sys, client), yield* text(sys, client)];
    }, 200 * SECOND);
    expect(seen).toEqual(["ping", "pong", "", "last", ""]);
    expect(machine.core.skbs.outstanding).toBe(0);
    expect(machine.core.timers.armed).toBe(0);
    expect(machine.userland.sockets.list()).toEqual([]);
  });

  it("takes a megabyte in one blocking send, whatever the buffers", () => {
    const machine = new LoopbackMachine(costs);
    const totals = machine.run(function* (sys) {
      const listening = yield* listener(sys);
      yield* child(sys, function* (own) {
        const fd = yield* stream(own);
        yield* own.connect(fd, SERVER);
        yield* own.sendto(fd, new Uint8Array(KIB * KIB), 0, null);
      });
      const server = yield* sys.accept(listening, null);
      const buffer = new Uint8Array(10_000);
      let [total, count] = [0, 0];
      while ((count = yield* sys.read(server, buffer)) > 0) total += count;
      return [total, count];
    }, 200 * SECOND);
    expect(totals).toEqual([KIB * KIB, 0]);
    expect(machine.core.skbs.outstanding).toBe(0);
  });
});

describe("sending", () => {
  it("gives up after SO_SNDTIMEO with what was taken, then with EAGAIN", () => {
    const [first, waited, second] = run(function* (sys) {
      const [client] = yield* pair(sys);
      yield* sys.setsockopt(client, SOL.SOCKET, SO.SNDTIMEO, SECOND);
      const block = new Uint8Array(64 * KIB * KIB);
      const taken = yield* sys.sendto(client, block, 0, null);
      const since = sys.now();
      return [taken, since, yield* sys.sendto(client, block, 0, null)];
    });
    expect(first).toBeGreaterThan(64 * KIB);
    expect(first).toBeLessThan(64 * KIB * KIB);
    expect(waited).toBeGreaterThanOrEqual(SECOND);
    expect(second).toBe(-E.EAGAIN);
  });

  it("takes what fits with MSG_DONTWAIT, and is writable again when half of it has gone", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      let [taken, again] = [0, 0];
      // The send buffer grows as the connection does, until the window is closed.
      while ((again = yield* sys.sendto(client, new Uint8Array(KIB * KIB), MSG.DONTWAIT, null)) > 0) taken += again;
      const full = yield* sys.poll([{ fd: client, events: POLL.OUT, revents: 0 }], 0);
      const buffer = new Uint8Array(KIB * KIB);
      for (let left = taken; left > 0;) left -= yield* sys.read(server, buffer);
      return [taken > 0, again, full, yield* sys.poll([{ fd: client, events: POLL.OUT, revents: 0 }], SECOND)];
    });
    expect(seen).toEqual([true, -E.EAGAIN, 0, 1]);
  });

  it("returns EPIPE to a closed peer, with SIGPIPE unless MSG_NOSIGNAL says no", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.close(server);
      yield* sys.nanosleep(MILLISECOND);
      const first = yield* sys.sendto(client, utf8Encode("x"), MSG.NOSIGNAL, null);
      yield* sys.nanosleep(MILLISECOND);
      const second = yield* sys.sendto(client, utf8Encode("x"), MSG.NOSIGNAL, null);
      const third = yield* sys.sendto(client, utf8Encode("x"), MSG.NOSIGNAL, null);
      yield* sys.sigaction(SIGNALS.PIPE, "catch");
      const fourth = yield* sys.write(client, utf8Encode("x"));
      return [first, second, third, fourth, yield* sys.takeSignal()];
    });
    expect(seen).toEqual([1, -E.EPIPE, -E.EPIPE, -E.EPIPE, SIGNALS.PIPE]);
  });

  it("makes one piece of several buffers", () => {
    expect(
      run(function* (sys) {
        const [client, server] = yield* pair(sys);
        const sent = yield* sys.sendmsg(client, [utf8Encode("one "), utf8Encode("two")], 0, null);
        return [sent, yield* text(sys, server)];
      }),
    ).toEqual([7, "one two"]);
  });

  it("opens a connection with MSG_FASTOPEN, the second time with data in the SYN", () => {
    const machine = new LoopbackMachine();
    machine.core.sysctls.set("net.ipv4.tcp_fastopen", "3");
    const seen = machine.run(function* (sys) {
      const listening = yield* listener(sys);
      yield* sys.setsockopt(listening, SOL.TCP, TCP.FASTOPEN, 5);
      const heard: (string | number)[] = [];
      for (let i = 0; i < 2; i++) {
        const client = yield* stream(sys);
        heard.push(yield* sys.sendto(client, utf8Encode("hello"), MSG.FASTOPEN, SERVER));
        const server = yield* sys.accept(listening, null);
        heard.push(yield* text(sys, server));
        yield* sys.close(client);
        yield* sys.close(server);
      }
      return heard;
    });
    expect(seen).toEqual([5, "hello", 5, "hello"]);
    expect(machine.core.snmp.tcpExt).toMatchObject({ TCPFastOpenActive: 1, TCPFastOpenPassive: 1 });
  });
});

describe("receiving", () => {
  it("waits for all of it with MSG_WAITALL, and takes what there is with MSG_DONTWAIT", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.sendto(client, utf8Encode("abc"), 0, null);
      const now = yield* text(sys, server, MSG.WAITALL | MSG.DONTWAIT, 5);
      yield* sys.sendto(client, utf8Encode("def"), 0, null);
      yield* sys.sendto(client, utf8Encode("gh"), 0, null);
      const all = yield* text(sys, server, MSG.WAITALL, 5);
      yield* sys.sendto(client, utf8Encode("ij"), 0, null);
      yield* sys.shutdown(client, 1);
      return [now, all, yield* text(sys, server, MSG.WAITALL, 5), yield* text(sys, server, MSG.WAITALL, 5)];
    });
    expect(seen).toEqual(["abc", "defgh", "ij", ""]);
  });

  it("leaves with MSG_PEEK what it shows, also while it waits for more", () => {
    const seen = run(function* (sys) {
      const listening = yield* listener(sys);
      yield* child(sys, function* (own) {
        const fd = yield* stream(own);
        yield* own.connect(fd, SERVER);
        yield* own.sendto(fd, utf8Encode("ab"), 0, null);
        yield* own.nanosleep(SECOND);
        yield* own.sendto(fd, utf8Encode("cd"), 0, null);
        yield* own.nanosleep(5 * SECOND);
      });
      const server = yield* sys.accept(listening, null);
      const peeked = yield* text(sys, server, MSG.PEEK | MSG.WAITALL, 4);
      return [peeked, yield* text(sys, server), sys.now() >= SECOND];
    });
    expect(seen).toEqual(["abcd", "abcd", true]);
  });

  it("is woken for SO_RCVLOWAT bytes, by poll too, and gives up after SO_RCVTIMEO with what came", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.setsockopt(server, SOL.SOCKET, SO.RCVLOWAT, 10);
      yield* sys.setsockopt(server, SOL.SOCKET, SO.RCVTIMEO, SECOND);
      yield* sys.sendto(client, utf8Encode("12345"), 0, null);
      const ready = yield* sys.poll([{ fd: server, events: POLL.IN, revents: 0 }], SECOND);
      const before = sys.now();
      const few = yield* text(sys, server);
      const waited = sys.now() - before;
      const none = yield* text(sys, server);
      yield* sys.sendto(client, utf8Encode("1234567890"), 0, null);
      return [ready, few, waited, none, yield* text(sys, server)];
    });
    expect(seen).toEqual([0, "12345", SECOND, -E.EAGAIN, "1234567890"]);
  });

  it("reports a reset once, after what came before it", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.sendto(client, utf8Encode("bye"), 0, null);
      yield* sys.setsockopt(client, SOL.SOCKET, SO.LINGER, { on: true, seconds: 0 });
      yield* sys.close(client);
      yield* sys.nanosleep(MILLISECOND);
      const mask = { fd: server, events: POLL.IN | POLL.RDHUP, revents: 0 };
      yield* sys.poll([mask], 0);
      return [yield* text(sys, server, MSG.WAITALL), yield* text(sys, server), yield* text(sys, server), mask.revents];
    });
    expect(seen).toEqual(["bye", -E.ECONNRESET, "", POLL.IN | POLL.RDHUP | POLL.HUP | POLL.ERR]);
  });

  it("counts what is left with SIOCINQ, SIOCOUTQ and TCP_INQ", () => {
    const seen = run(function* (sys) {
      const [client, server] = yield* pair(sys);
      yield* sys.setsockopt(server, SOL.TCP, TCP.INQ, 1);
      yield* sys.sendto(client, utf8Encode("0123456789"), 0, null);
      yield* sys.shutdown(client, 1);
      yield* sys.nanosleep(SECOND);
      const counts = [yield* sys.ioctl(server, SIOCINQ), yield* sys.ioctl(client, SIOCOUTQ)];
      const told = message();
      for (let i = 0; i < 2; i++) {
        yield* sys.recvmsg(server, new Uint8Array(5), 0, told);
        counts.push(told.inq ?? -1);
      }
      return [...counts, yield* sys.ioctl(0, SIOCINQ), yield* sys.ioctl(server, 1)];
    });
    expect(seen).toEqual([10, 0, 6, 1, -E.EBADF, -E.ENOTTY]);
  });
});

describe("connecting and accepting", () => {
  it("is refused where nobody listens, and goes on in the background when it may not wait", () => {
    const seen = run(function* (sys) {
      const client = yield* stream(sys);
      const refused = yield* sys.connect(client, SERVER);
      const listening = yield* listener(sys);
      const other = yield* sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0);
      const results = [refused, yield* sys.connect(other, SERVER)];
      yield* sys.poll([{ fd: other, events: POLL.OUT, revents: 0 }], SECOND);
      results.push(yield* sys.connect(other, SERVER), yield* sys.connect(other, SERVER));
      return [...results, (yield* sys.accept(listening, null)) > 0];
    });
    expect(seen).toEqual([-E.ECONNREFUSED, -E.EINPROGRESS, 0, -E.EISCONN, true]);
  });

  it("waits no longer than SO_SNDTIMEO, and then knows that it is under way", () => {
    const seen = run(function* (sys) {
      // The queue of a backlog of 0 holds one connection: the SYN of a second one is dropped, again and again.
      yield* listener(sys, 0);
      yield* sys.connect(yield* stream(sys), SERVER);
      const late = yield* stream(sys);
      yield* sys.setsockopt(late, SOL.SOCKET, SO.SNDTIMEO, SECOND / 2);
      const start = sys.now();
      return [yield* sys.connect(late, SERVER), sys.now() - start, yield* sys.connect(late, SERVER)];
    });
    expect(seen).toEqual([-E.EINPROGRESS, SECOND / 2, -E.EALREADY]);
  });

  it("accepts no longer than SO_RCVTIMEO, not at all when it may not wait, and only on a listener", () => {
    const seen = run(function* (sys) {
      const listening = yield* listener(sys);
      yield* sys.setsockopt(listening, SOL.SOCKET, SO.RCVTIMEO, SECOND);
      const results = [yield* sys.accept(listening, null), sys.now()];
      yield* sys.fcntlNonblock(listening, true);
      results.push(yield* sys.accept(listening, null), yield* sys.accept(yield* stream(sys), null));
      return [...results, yield* sys.accept4(listening, null, 1)];
    });
    expect(seen).toEqual([-E.EAGAIN, SECOND, -E.EAGAIN, -E.EINVAL, -E.EINVAL]);
  });

  it("gives the flags of accept4 to the new socket, and none of the listener's", () => {
    const seen = run(function* (sys) {
      const listening = yield* listener(sys);
      for (let i = 0; i < 2; i++) yield* sys.connect(yield* stream(sys), SERVER);
      const nonblocking = yield* sys.accept4(listening, null, SOCK.NONBLOCK | SOCK.CLOEXEC);
      yield* sys.fcntlNonblock(listening, true);
      const blocking = yield* sys.accept(listening, null);
      yield* sys.setsockopt(blocking, SOL.SOCKET, SO.RCVTIMEO, SECOND);
      const before = sys.now();
      yield* text(sys, nonblocking);
      const at = sys.now();
      return [at - before, yield* text(sys, blocking), sys.now() - at];
    });
    expect(seen).toEqual([0, -E.EAGAIN, SECOND]);
  });

  it.each([
    ["catch", 0, -E.EINTR],
    ["restart", 0, "connected"],
    ["restart", 10 * SECOND, -E.EINTR],
    ["ignore", 0, "connected"],
  ] as const)("is interrupted by a signal with action %s and time-out %i: %s", (action, timeout, expected) => {
    const seen = run(function* (sys) {
      const listening = yield* listener(sys);
      yield* sys.setsockopt(listening, SOL.SOCKET, SO.RCVTIMEO, timeout);
      yield* sys.sigaction(SIGNALS.USR1, action);
      const parent = sys.pid;
      yield* child(sys, function* (own) {
        yield* own.nanosleep(SECOND);
        yield* own.kill(parent, SIGNALS.USR1);
        yield* own.nanosleep(SECOND);
        yield* own.connect(yield* stream(own), SERVER);
      });
      const fd = yield* sys.accept(listening, null);
      return fd >= 0 ? "connected" : fd;
    });
    expect(seen).toBe(expected);
  });
});

describe("closing", () => {
  it("waits with SO_LINGER until everything is acknowledged, but not for ever", () => {
    const machine = new LoopbackMachine();
    const spans = machine.run(function* (sys) {
      const [client] = yield* pair(sys);
      // Nobody reads: the window closes, and neither data nor FIN can be acknowledged.
      yield* sys.sendto(client, new Uint8Array(64 * KIB * KIB), MSG.DONTWAIT, null);
      yield* sys.setsockopt(client, SOL.SOCKET, SO.LINGER, { on: true, seconds: 3 });
      const start = sys.now();
      yield* sys.close(client);
      const stuck = sys.now() - start;
      const listening = yield* listener(sys);
      const quick = yield* stream(sys);
      yield* sys.connect(quick, SERVER);
      yield* sys.accept(listening, null);
      yield* sys.setsockopt(quick, SOL.SOCKET, SO.LINGER, { on: true, seconds: 3 });
      yield* sys.sendto(quick, utf8Encode("hello"), 0, null);
      const before = sys.now();
      const result = yield* sys.close(quick);
      return [stuck, result, sys.now() - before < SECOND];
    });
    expect(spans).toEqual([3 * SECOND, 0, true]);
  });
});

describe("epoll", () => {
  const event = (): EpollEvent => ({ events: 0, data: 0 });

  it("tells of connections, data and their end", () => {
    const seen = run(function* (sys) {
      const listening = yield* listener(sys);
      const epfd = yield* sys.epollCreate();
      yield* sys.epollCtl(epfd, EPOLL_CTL.ADD, listening, { events: EPOLL.IN, data: 1 });
      const client = yield* stream(sys);
      yield* sys.connect(client, SERVER);
      const masks: number[] = [];
      const [first, second] = [event(), event()];
      masks.push(yield* sys.epollWait(epfd, [first, second], 0), first.data);
      const server = yield* sys.accept4(listening, null, SOCK.NONBLOCK);
      const interest = EPOLL.IN | EPOLL.OUT | EPOLL.RDHUP | EPOLL.ET;
      yield* sys.epollCtl(epfd, EPOLL_CTL.ADD, server, { events: interest, data: 2 });
      masks.push(yield* sys.epollWait(epfd, [first, second], 0), first.events);
      yield* sys.sendto(client, utf8Encode("x"), 0, null);
      masks.push(yield* sys.epollWait(epfd, [first, second], 0), first.events);
      masks.push(yield* sys.epollWait(epfd, [first, second], 0));
      yield* sys.shutdown(client, 1);
      masks.push(yield* sys.epollWait(epfd, [first, second], 0), first.events);
      return masks;
    });
    const { IN, OUT, RDHUP } = EPOLL;
    expect(seen).toEqual([1, 1, 1, OUT, 1, IN | OUT, 0, 1, IN | OUT | RDHUP]);
  });
});
