/** Programs that get their calls on connections and epolls wrong, over the machine's own loopback. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { LoopbackMachine } from "../../../test/harness/loopback.ts";
import { runs } from "../../../test/harness/long.ts";
import { at } from "../../../test/harness/process.ts";
import { emptyAddress } from "../socket/socket.ts";
import {
  AF,
  EPOLL,
  MSG,
  SIOCINQ,
  SIOCOUTQ,
  SIOCOUTQNSD,
  SO,
  SOCK,
  SOL,
  TCP,
  type Call,
  type Message,
  type OptionValue,
  type Sys,
} from "./sys.ts";

type Step = (sys: Sys) => Call<unknown>;

const fd = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 0, max: 7 }) }, fc.constantFrom(-1, 1024, NaN, 2.5));
const number = fc.oneof(fc.integer({ min: -2, max: 200 }), fc.constantFrom(NaN, Infinity, 2 ** 31, 2 ** 40, 0.5));
const address = fc.constantFrom(at("127.0.0.1", 80), at("127.0.0.1", 81), at("0.0.0.0", 80), at("127.0.0.1", 0));
const anything = fc.constantFrom({ ...at("127.0.0.1", 80), family: AF.UNSPEC }, { ...at("127.0.0.1", 80), port: NaN });
const bytes = fc.constantFrom(new Uint8Array(0), new Uint8Array(1), new Uint8Array(3000), new Uint8Array(1 << 20));
const flags = fc
  .constantFrom(0, MSG.PEEK, MSG.TRUNC, MSG.WAITALL, MSG.MORE, MSG.EOR, MSG.OOB, MSG.FASTOPEN, MSG.ERRQUEUE)
  .map((flag) => flag | MSG.DONTWAIT | MSG.NOSIGNAL);
const value = fc.oneof<fc.Arbitrary<OptionValue>[]>(
  number,
  fc.constantFrom<OptionValue>("reno", "lecture", "", new Uint8Array(16), { on: true, seconds: 0 }),
  fc.record({ on: fc.boolean(), seconds: number }),
);
const message = (): Message => ({ from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((sys) => sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0)),
  fc.tuple(fd, fc.oneof(address, anything)).map(
    ([f, a]): Step =>
      (sys) =>
        sys.bind(f, a),
  ),
  fc.tuple(fd, number).map(
    ([f, n]): Step =>
      (sys) =>
        sys.listen(f, n),
  ),
  fc.tuple(fd, fc.oneof({ weight: 5, arbitrary: address }, anything)).map(
    ([f, a]): Step =>
      (sys) =>
        sys.connect(f, a),
  ),
  fc.tuple(fd, fc.constantFrom(SOCK.NONBLOCK, SOCK.NONBLOCK, 1)).map(
    ([f, g]): Step =>
      (sys) =>
        sys.accept4(f, null, g),
  ),
  fc.tuple(fd, fc.array(bytes, { maxLength: 3 }), flags, fc.option(address)).map(
    ([f, b, g, a]): Step =>
      (sys) =>
        sys.sendmsg(f, b, g, a),
  ),
  fc.tuple(fd, bytes, flags).map(
    ([f, b, g]): Step =>
      (sys) =>
        sys.recvmsg(f, b, g, message()),
  ),
  fc.tuple(fd, bytes).map(
    ([f, b]): Step =>
      (sys) =>
        sys.read(f, b),
  ),
  fc
    .tuple(fd, fc.constantFrom(SOL.SOCKET, SOL.TCP, SOL.IP), fc.integer({ min: 0, max: 75 }), value)
    // Timers that outlive the lab, and a process that waits for ever, are no errors.
    .filter(([, level, option]) => level !== SOL.SOCKET || (option !== SO.KEEPALIVE && option !== SO.LINGER))
    .map(
      ([f, l, o, v]): Step =>
        (sys) =>
          sys.setsockopt(f, l, o, v),
    ),
  fc.tuple(fd, value).map(
    ([f, v]): Step =>
      (sys) =>
        sys.setsockopt(f, SOL.TCP, TCP.FASTOPEN, v),
  ),
  fc.tuple(fd, fc.constantFrom(SOL.SOCKET, SOL.TCP, SOL.IP), fc.integer({ min: 0, max: 75 })).map(
    ([f, l, o]): Step =>
      (sys) =>
        sys.getsockopt(f, l, o),
  ),
  fc.tuple(fd, fc.constantFrom(SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, 1)).map(
    ([f, r]): Step =>
      (sys) =>
        sys.ioctl(f, r),
  ),
  fc.tuple(fd, fc.constantFrom(0, 1, 2)).map(
    ([f, how]): Step =>
      (sys) =>
        sys.shutdown(f, how as 0),
  ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.close(f),
  ),
  fc.tuple(fd, fd).map(
    ([a, b]): Step =>
      (sys) =>
        sys.dup2(a, b),
  ),
  fc.constant<Step>((sys) => sys.epollCreate()),
  fc
    .tuple(fd, fc.constantFrom(1, 2, 3, 9), fd, fc.constantFrom(EPOLL.IN, EPOLL.OUT | EPOLL.ET, 5 | EPOLL.ONESHOT, NaN))
    .map(
      ([e, o, f, events]): Step =>
        (sys) =>
          sys.epollCtl(e, o, f, { events, data: f }),
    ),
  fd.map(
    (e): Step =>
      (sys) =>
        sys.epollWait(e, [{ events: 0, data: 0 }], 0),
  ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.poll([{ fd: f, events: 0x2007, revents: 0 }], 0),
  ),
  fc.constantFrom(0, MILLISECOND, SECOND).map(
    (span): Step =>
      (sys) =>
        sys.nanosleep(span),
  ),
  fc.constant<Step>((sys) => sys.netlink({ kind: "socket-list" })),
);

/** Descriptors 0 to 4: a listener, two ends of a connection, a connection that waits for accept, and an epoll. */
function* begin(sys: Sys): Call<void> {
  for (let i = 0; i < 2; i++) yield* sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0);
  yield* sys.bind(0, at("127.0.0.1", 80));
  yield* sys.listen(0, 5);
  yield* sys.connect(1, at("127.0.0.1", 80));
  yield* sys.accept4(0, null, SOCK.NONBLOCK);
  yield* sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0);
  yield* sys.connect(3, at("127.0.0.1", 80));
  yield* sys.epollCreate();
}

describe("any sequence of calls on connections", () => {
  it("never throws at the kernel, leaks nothing, and ends", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machine = new LoopbackMachine();
        machine.core.sysctls.set("net.ipv4.tcp_fastopen", "3");
        const done = machine.run(function* (sys) {
          yield* begin(sys);
          let count = 0;
          for (const call of steps) {
            yield* call(sys);
            count++;
          }
          return count;
        }, 100 * SECOND);
        expect(done).toBe(steps.length);
        // What the process left behind takes its time: retransmissions, FIN_WAIT2, TIME_WAIT.
        machine.advance(3000 * SECOND);
        expect(machine.core.skbs.outstanding).toBe(0);
        expect(machine.userland.sockets.list()).toEqual([]);
        expect(machine.userland.sockets.infos()).toEqual([]);
        expect(machine.core.timers.armed).toBe(0);
      }),
      { numRuns: runs(400) },
    );
  });
});
