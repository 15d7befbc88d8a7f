import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import { E } from "../syscall/errno.ts";
import { AF, EPOLL, EPOLL_CTL, O, POLL, SIGNALS, SOCK, type Call, type EpollEvent, type Sys } from "../syscall/sys.ts";
import { at, TestMachine } from "../../../test/harness/process.ts";

const { ADD, MOD, DEL } = EPOLL_CTL;
const event = (events: number, data = 0): EpollEvent => ({ events, data });
const slots = (count: number): EpollEvent[] => Array.from({ length: count }, () => event(0));
const run = <T>(body: (sys: Sys) => Call<T>): T => new TestMachine().run(body);
const byte = Uint8Array.of(1);

/** What an immediate wait reports, as `data:events`. */
function* reported(sys: Sys, epfd: number, most = 8): Call<string> {
  const events = slots(most);
  const count = yield* sys.epollWait(epfd, events, 0);
  return events
    .slice(0, Math.max(0, count))
    .map(({ data, events: bits }) => `${data}:${bits}`)
    .join(" ");
}

/** A pipe whose read end is watched. */
function* watched(sys: Sys, epfd: number, events: number, data = 7): Call<[number, number]> {
  const ends: [number, number] = [0, 0];
  yield* sys.pipe(ends);
  yield* sys.epollCtl(epfd, ADD, ends[0], event(events, data));
  return ends;
}

describe("epoll reports", () => {
  it("level by level until there is nothing left to read", () => {
    const seen = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      const [reader, writer] = yield* watched(sys, epfd, EPOLL.IN);
      const texts = [yield* reported(sys, epfd)];
      yield* sys.write(writer, byte);
      texts.push(yield* reported(sys, epfd), yield* reported(sys, epfd));
      yield* sys.read(reader, new Uint8Array(9));
      texts.push(yield* reported(sys, epfd));
      yield* sys.close(writer);
      texts.push(yield* reported(sys, epfd));
      return texts;
    });
    expect(seen).toEqual(["", "7:1", "7:1", "", `7:${POLL.HUP}`]);
  });

  it("once per arrival when edge-triggered", () => {
    const seen = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      const [, writer] = yield* watched(sys, epfd, EPOLL.IN | EPOLL.ET);
      const texts: string[] = [];
      for (let i = 0; i < 2; i++) {
        yield* sys.write(writer, byte);
        texts.push(yield* reported(sys, epfd), yield* reported(sys, epfd));
      }
      return texts;
    });
    expect(seen).toEqual(["7:1", "", "7:1", ""]);
  });

  it("once until it is set again with ONESHOT, errors included", () => {
    const seen = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      const [reader, writer] = yield* watched(sys, epfd, EPOLL.IN | EPOLL.ONESHOT);
      yield* sys.write(writer, byte);
      const texts = [yield* reported(sys, epfd)];
      yield* sys.close(writer);
      texts.push(yield* reported(sys, epfd));
      yield* sys.epollCtl(epfd, MOD, reader, event(EPOLL.IN | EPOLL.ONESHOT, 8));
      texts.push(yield* reported(sys, epfd));
      return texts;
    });
    expect(seen).toEqual(["7:1", "", `8:${POLL.IN | POLL.HUP}`]);
  });

  it("all files in turn when there is room for few events", () => {
    const seen = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      for (let data = 1; data <= 3; data++) {
        const [, writer] = yield* watched(sys, epfd, EPOLL.IN, data);
        yield* sys.write(writer, byte);
      }
      const texts: string[] = [];
      for (let i = 0; i < 3; i++) texts.push(yield* reported(sys, epfd, 2));
      return texts;
    });
    expect(seen).toEqual(["1:1 2:1", "3:1 1:1", "2:1 3:1"]);
  });

  it("a datagram that comes while it waits, and a signal with EINTR", () => {
    const seen = run(function* (sys) {
      const server = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.bind(server, at("10.0.0.1", 7));
      const epfd = yield* sys.epollCreate();
      yield* sys.epollCtl(epfd, ADD, server, event(EPOLL.IN, 5));
      const results: number[] = [];
      const [first] = slots(1) as [EpollEvent];
      const start = sys.now();
      results.push(yield* sys.epollWait(epfd, [first], SECOND), sys.now() - start);
      yield* sys.sendto(server, byte, 0, at("10.0.0.1", 7));
      results.push(yield* sys.epollWait(epfd, [first], -1), first.data);
      yield* sys.recvfrom(server, new Uint8Array(9), 0, null);
      yield* sys.sigaction(SIGNALS.USR1, "catch");
      yield* sys.kill(sys.pid, SIGNALS.USR1);
      results.push(yield* sys.epollWait(epfd, [first], -1));
      return results;
    });
    expect(seen).toEqual([0, SECOND, 1, 5, -E.EINTR]);
  });

  it("nothing more of a file whose last descriptor is closed", () => {
    const seen = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      const [reader, writer] = yield* watched(sys, epfd, EPOLL.IN);
      yield* sys.write(writer, byte);
      const copy = yield* sys.dup2(reader, 50);
      yield* sys.close(reader);
      const texts = [yield* reported(sys, epfd)];
      yield* sys.close(copy);
      texts.push(yield* reported(sys, epfd));
      return texts;
    });
    expect(seen).toEqual(["7:1", ""]);
  });
});

describe("epoll_ctl", () => {
  it("says what is wrong", () => {
    const results = run(function* (sys) {
      const epfd = yield* sys.epollCreate();
      const [reader] = yield* watched(sys, epfd, EPOLL.IN);
      const file = yield* sys.open("/tmp/file", O.CREAT | O.RDWR);
      const none = event(0);
      return [
        yield* sys.epollCtl(epfd, ADD, reader, none),
        yield* sys.epollCtl(epfd, DEL, reader, none),
        yield* sys.epollCtl(epfd, DEL, reader, none),
        yield* sys.epollCtl(epfd, MOD, reader, none),
        yield* sys.epollCtl(epfd, ADD, epfd, none),
        yield* sys.epollCtl(epfd, ADD, file, none),
        yield* sys.epollCtl(reader, ADD, epfd, none),
        yield* sys.epollCtl(epfd, ADD, 99, none),
        yield* sys.epollCtl(epfd, 9, reader, none),
        yield* sys.epollWait(reader, slots(1), 0),
        yield* sys.epollWait(epfd, [], 0),
      ];
    });
    const { EEXIST, ENOENT, EINVAL, EPERM, EBADF } = E;
    expect(results.map((result) => -result || 0)).toEqual([
      EEXIST,
      0,
      ENOENT,
      ENOENT,
      EINVAL,
      EPERM,
      EINVAL,
      EBADF,
      EINVAL,
      EINVAL,
      EINVAL,
    ]);
  });

  it("lets epolls watch each other, but in no circle and not too deep", () => {
    const results = run(function* (sys) {
      const fds: number[] = [];
      for (let i = 0; i < 7; i++) fds.push(yield* sys.epollCreate());
      const [, writer] = yield* watched(sys, fds[0] ?? -1, EPOLL.IN);
      const added: number[] = [];
      for (let i = 1; i < 7; i++) {
        added.push(yield* sys.epollCtl(fds[i] ?? -1, ADD, fds[i - 1] ?? -1, event(EPOLL.IN, i)));
      }
      const circle = yield* sys.epollCtl(fds[0] ?? -1, ADD, fds[3] ?? -1, event(EPOLL.IN));
      yield* sys.write(writer, byte);
      return [added.filter((result) => result === -E.ELOOP).length > 0, circle, yield* reported(sys, fds[2] ?? -1)];
    });
    expect(results).toEqual([true, -E.ELOOP, "2:1"]);
  });
});
