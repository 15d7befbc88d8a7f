import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import { LoopbackMachine } from "../../../../test/harness/loopback.ts";
import { at } from "../../../../test/harness/process.ts";
import { E } from "../../syscall/errno.ts";
import { AF, IP, SIOCINQ, SO, SOCK, SOL, TCP, type Call, type OptionValue, type Sys } from "../../syscall/sys.ts";

const SERVER = at("127.0.0.1", 80);
const run = <T>(body: (sys: Sys) => Call<T>): T => new LoopbackMachine().run(body, 100 * SECOND);

function* connection(sys: Sys): Call<{ listener: number; client: number; server: number }> {
  const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  yield* sys.bind(listener, SERVER);
  yield* sys.listen(listener, 5);
  const client = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  yield* sys.connect(client, SERVER);
  return { listener, client, server: yield* sys.accept(listener, null) };
}

function* valueOf(sys: Sys, fd: number, level: number, option: number): Call<unknown> {
  const result = yield* sys.getsockopt(fd, level, option);
  return "error" in result ? result.error : result.value;
}

/** What setting returns and what getting gives afterwards, on a fresh socket. */
const trySetting = (level: number, option: number, value: OptionValue): [number, unknown] =>
  run(function* (sys) {
    const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
    const result = yield* sys.setsockopt(fd, level, option, value);
    return [result, yield* valueOf(sys, fd, level, option)];
  });

describe("options of a socket that is not connected", () => {
  const { EINVAL, ENOENT, ENOPROTOOPT, EPERM } = E;
  it.each([
    ["NODELAY", TCP.NODELAY, 7, 0, 1],
    ["CORK", TCP.CORK, 1, 0, 1],
    ["MAXSEG", TCP.MAXSEG, 1000, 0, 1000],
    ["MAXSEG off", TCP.MAXSEG, 0, 0, 536],
    ["MAXSEG too small", TCP.MAXSEG, 87, -EINVAL, 536],
    ["MAXSEG too large", TCP.MAXSEG, 32_768, -EINVAL, 536],
    ["KEEPIDLE", TCP.KEEPIDLE, 60, 0, 60],
    ["KEEPIDLE 0", TCP.KEEPIDLE, 0, -EINVAL, 7200],
    ["KEEPIDLE too large", TCP.KEEPIDLE, 32_768, -EINVAL, 7200],
    ["KEEPINTVL", TCP.KEEPINTVL, 5, 0, 5],
    ["KEEPCNT", TCP.KEEPCNT, 128, -EINVAL, 9],
    ["SYNCNT", TCP.SYNCNT, 2, 0, 2],
    ["SYNCNT 0", TCP.SYNCNT, 0, -EINVAL, 6],
    ["LINGER2", TCP.LINGER2, 10, 0, 10],
    ["LINGER2 negative", TCP.LINGER2, -5, 0, -1],
    ["LINGER2 too long", TCP.LINGER2, 1000, 0, 120],
    // Time-outs of 1, 2, 4 and 8 s: fewer are not 10 s yet.
    ["DEFER_ACCEPT", TCP.DEFER_ACCEPT, 10, 0, 15],
    ["WINDOW_CLAMP", TCP.WINDOW_CLAMP, 5000, 0, 5000],
    ["WINDOW_CLAMP small", TCP.WINDOW_CLAMP, 1, 0, 1152],
    ["QUICKACK off", TCP.QUICKACK, 0, 0, 0],
    ["CONGESTION", TCP.CONGESTION, "reno", 0, "reno"],
    ["CONGESTION unknown", TCP.CONGESTION, "vegas", -ENOENT, "cubic"],
    ["CONGESTION empty", TCP.CONGESTION, "", -EINVAL, "cubic"],
    ["USER_TIMEOUT", TCP.USER_TIMEOUT, 3000, 0, 3000],
    ["USER_TIMEOUT negative", TCP.USER_TIMEOUT, -1, -EINVAL, 0],
    ["FASTOPEN", TCP.FASTOPEN, 100_000, 0, 4096],
    ["FASTOPEN_CONNECT", TCP.FASTOPEN_CONNECT, 1, 0, 1],
    ["FASTOPEN_CONNECT 2", TCP.FASTOPEN_CONNECT, 2, -EINVAL, 0],
    ["FASTOPEN_KEY of a wrong length", TCP.FASTOPEN_KEY, new Uint8Array(15), -EINVAL, []],
    ["FASTOPEN_KEY", TCP.FASTOPEN_KEY, new Uint8Array(16).fill(1), 0, Array.from({ length: 16 }, () => 1)],
    ["FASTOPEN_NO_COOKIE", TCP.FASTOPEN_NO_COOKIE, 1, 0, 1],
    ["TIMESTAMP", TCP.TIMESTAMP, 1, -EPERM, 0],
    ["NOTSENT_LOWAT", TCP.NOTSENT_LOWAT, 16_384, 0, 16_384],
    ["INQ", TCP.INQ, 1, 0, 1],
    ["INQ 2", TCP.INQ, 2, -EINVAL, 0],
    ["an unknown one", 999, 1, -ENOPROTOOPT, -ENOPROTOOPT],
    ["text where a number is due", TCP.NODELAY, "on", -EINVAL, 0],
    ["a fraction", TCP.KEEPCNT, 1.5, -EINVAL, 9],
  ] as const)("%s", (...[, option, value, result, after]) => {
    expect(trySetting(SOL.TCP, option, value)).toEqual([result, after]);
  });

  it.each([
    ["SO_LINGER", SOL.SOCKET, SO.LINGER, { on: true, seconds: 5 }, 0, { on: true, seconds: 5 }],
    ["SO_LINGER off", SOL.SOCKET, SO.LINGER, { on: false, seconds: 5 }, 0, { on: false, seconds: 0 }],
    ["SO_LINGER as a number", SOL.SOCKET, SO.LINGER, 1, -EINVAL, { on: false, seconds: 0 }],
    ["SO_RCVLOWAT", SOL.SOCKET, SO.RCVLOWAT, 0, 0, 1],
    ["SO_RCVBUF", SOL.SOCKET, SO.RCVBUF, 10_000, 0, 20_000],
    ["SO_RCVBUF too large", SOL.SOCKET, SO.RCVBUF, 1e9, 0, 425_984],
    ["SO_RCVBUFFORCE", SOL.SOCKET, SO.RCVBUFFORCE, 1e6, 0, -ENOPROTOOPT],
    ["SO_BUF_LOCK", SOL.SOCKET, SO.BUF_LOCK, 3, 0, 3],
    ["SO_BUF_LOCK 4", SOL.SOCKET, SO.BUF_LOCK, 4, -EINVAL, 0],
    ["SO_MAX_PACING_RATE", SOL.SOCKET, SO.MAX_PACING_RATE, 125_000, 0, 125_000],
    ["IP_TOS without its ECN bits", SOL.IP, IP.TOS, 0xff, 0, 0xfc],
    ["IP_MINTTL", SOL.IP, IP.MINTTL, 255, 0, 255],
    ["IP_MINTTL 256", SOL.IP, IP.MINTTL, 256, -EINVAL, 0],
    ["IP_MTU without a connection", SOL.IP, IP.MTU, 1, -ENOPROTOOPT, -E.ENOTCONN],
    ["a level that is not there", SOL.PACKET, 1, 1, -ENOPROTOOPT, -ENOPROTOOPT],
  ] as const)("%s", (...[, level, option, value, result, after]) => {
    expect(trySetting(level, option, value)).toEqual([result, after]);
  });

  it("has a buffer of its own choice locked", () => {
    expect(
      run(function* (sys) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDBUF, 50_000);
        const locks = [yield* valueOf(sys, fd, SOL.SOCKET, SO.BUF_LOCK)];
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVBUFFORCE, 1e6);
        return [
          ...locks,
          yield* valueOf(sys, fd, SOL.SOCKET, SO.BUF_LOCK),
          yield* valueOf(sys, fd, SOL.SOCKET, SO.RCVBUF),
        ];
      }),
    ).toEqual([1, 3, 2_000_000]);
  });
});

describe("options of listeners and connections", () => {
  it("are refused or taken by state", () => {
    expect(
      run(function* (sys) {
        const { listener, client } = yield* connection(sys);
        return [
          yield* valueOf(sys, listener, SOL.SOCKET, SO.ACCEPTCONN),
          yield* valueOf(sys, client, SOL.SOCKET, SO.ACCEPTCONN),
          yield* sys.setsockopt(listener, SOL.TCP, TCP.FASTOPEN, 5),
          yield* sys.setsockopt(client, SOL.TCP, TCP.FASTOPEN, 5),
          yield* sys.setsockopt(client, SOL.TCP, TCP.FASTOPEN_CONNECT, 1),
          yield* sys.setsockopt(client, SOL.TCP, TCP.WINDOW_CLAMP, 0),
          yield* sys.ioctl(listener, SIOCINQ),
          yield* valueOf(sys, client, SOL.IP, IP.MTU),
        ];
      }),
    ).toEqual([1, 0, 0, -E.EINVAL, -E.EINVAL, -E.EINVAL, -E.EINVAL, 65_535]);
  });

  it("change a connection's congestion control at once, and TCP_INFO and SO_MEMINFO tell of it", () => {
    const seen = run(function* (sys) {
      const { client } = yield* connection(sys);
      yield* sys.setsockopt(client, SOL.TCP, TCP.CONGESTION, "reno");
      yield* sys.sendto(client, new Uint8Array(1000), 0, null);
      const info = yield* valueOf(sys, client, SOL.TCP, TCP.INFO);
      return [info, yield* valueOf(sys, client, SOL.SOCKET, SO.MEMINFO)];
    });
    expect(seen[0]).toMatchObject({ tcpi_state: 1, tcpi_bytes_sent: 1000, tcpi_snd_cwnd: 10 });
    expect(seen[1]).toHaveLength(9);
  });

  it("let small writes wait under TCP_CORK until it is taken out", () => {
    const counts = run(function* (sys) {
      const { client, server } = yield* connection(sys);
      yield* sys.setsockopt(client, SOL.TCP, TCP.CORK, 1);
      for (let i = 0; i < 3; i++) yield* sys.sendto(client, new Uint8Array(10), 0, null);
      yield* sys.nanosleep(1e6);
      const waiting = yield* sys.ioctl(server, SIOCINQ);
      yield* sys.setsockopt(client, SOL.TCP, TCP.CORK, 0);
      yield* sys.nanosleep(1e6);
      return [waiting, yield* sys.ioctl(server, SIOCINQ)];
    });
    expect(counts).toEqual([0, 30]);
  });

  it("start and stop the keepalive timer", () => {
    const seen = run(function* (sys) {
      const { client } = yield* connection(sys);
      const timer = function* (): Call<unknown> {
        const reply = yield* sys.netlink({ kind: "socket-list" });
        if (typeof reply === "number" || reply.kind !== "sockets") return reply;
        const tcp = reply.sockets.find((each) => each.peer.port === 80)?.tcp;
        return tcp?.timer === "keepalive" ? Math.round(tcp.timerLeft / SECOND) : tcp?.timer;
      };
      const seenTimers = [yield* timer()];
      yield* sys.setsockopt(client, SOL.SOCKET, SO.KEEPALIVE, 1);
      seenTimers.push(yield* timer());
      yield* sys.nanosleep(10 * SECOND);
      yield* sys.setsockopt(client, SOL.TCP, TCP.KEEPIDLE, 60);
      seenTimers.push(yield* timer());
      yield* sys.setsockopt(client, SOL.SOCKET, SO.KEEPALIVE, 0);
      return [...seenTimers, yield* timer()];
    });
    expect(seen).toEqual([null, 7200, 50, null]);
  });
});
