/** TCP over the real network layer: two programs of one machine over loopback, through system calls alone. */
import { describe, expect, it } from "vitest";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { SECOND, type VirtualTime } from "../../base/time.ts";
import { Engine } from "../../engine/engine.ts";
import { TraceRecorder } from "../../trace/recorder.ts";
import { BlockPool } from "../../wire/block.ts";
import { FramePool } from "../../wire/frame.ts";
import { at } from "../../../test/harness/process.ts";
import { COST_PROFILES, type CostProfileName } from "../cost.ts";
import { Kernel } from "../kernel.ts";
import { SkbPool } from "../skb/skb-pool.ts";
import { emptyAddress } from "../socket/socket.ts";
import { E } from "../syscall/errno.ts";
import { AF, MSG, POLL, SO, SOCK, SOL, TCP, type Call, type Program, type Sys } from "../syscall/sys.ts";
import { TCP_STATE } from "./states.ts";

interface Machine {
  readonly kernel: Kernel;
  readonly engine: Engine;
  readonly skbs: SkbPool;
  /** Starts programs together and runs until all have ended. */
  run(...programs: ((sys: Sys) => Call<void>)[]): void;
  /** Lets virtual time pass. */
  pass(span: number): void;
}

function boot(costs: CostProfileName): Machine {
  const engine = new Engine(1);
  const blocks = new BlockPool();
  const skbs = new SkbPool(blocks);
  const environment = { engine, trace: new TraceRecorder(engine), skbs, frames: new FramePool(blocks) };
  const kernel = new Kernel(environment, {
    hostname: "h1",
    costs: COST_PROFILES[costs],
    cpus: 1,
    programs: new Map(),
    epochNs: 0,
  });
  const pass = (span: number): void => {
    engine.advance((engine.now + span) as VirtualTime, 1_000_000);
    kernel.checkInvariants();
  };
  const run: Machine["run"] = (...programs) => {
    let ended = 0;
    for (const body of programs) {
      const program: Program = function* (sys) {
        yield* body(sys);
        ended++;
        return 0;
      };
      kernel.userland.processes.start({ program, argv: ["test"], files: [], environment: new Map() });
    }
    pass(20 * SECOND);
    if (ended < programs.length) throw new Error(`${programs.length - ended} programs did not end`);
  };
  return { kernel, engine, skbs, run, pass };
}

function* readAll(sys: Sys, fd: number): Call<Uint8Array> {
  const parts: number[] = [];
  const buffer = new Uint8Array(100_000);
  for (;;) {
    const count = yield* sys.read(fd, buffer);
    if (count < 0) throw new Error(`read: ${count}`);
    if (count === 0) return Uint8Array.from(parts);
    for (let i = 0; i < count; i++) parts.push(buffer[i] as number);
  }
}

function* listenAt(sys: Sys, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  expect(yield* sys.bind(fd, at("0.0.0.0", port))).toBe(0);
  expect(yield* sys.listen(fd, 8)).toBe(0);
  return fd;
}

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

describe.each(["ideal", "modern", "1996"] as const)("TCP over loopback, profile %s", (costs) => {
  it("carries a conversation, and leaves TIME-WAIT where the close came first", () => {
    const { kernel, run, pass, skbs } = boot(costs);
    const heard: string[] = [];
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        const from = emptyAddress();
        const fd = yield* sys.accept(listener, from);
        expect(fd).toBeGreaterThan(0);
        const buffer = new Uint8Array(100);
        const count = yield* sys.read(fd, buffer);
        heard.push(utf8Decode(buffer.subarray(0, count)));
        expect(yield* sys.write(fd, utf8Encode("hello, client"))).toBe(13);
        expect(yield* sys.read(fd, buffer)).toBe(0);
        yield* sys.close(fd);
        yield* sys.close(listener);
      },
      function* (sys) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        expect(yield* sys.connect(fd, at("127.0.0.1", 80))).toBe(0);
        expect(yield* sys.write(fd, utf8Encode("hello, server"))).toBe(13);
        const buffer = new Uint8Array(100);
        const count = yield* sys.read(fd, buffer);
        heard.push(utf8Decode(buffer.subarray(0, count)));
        yield* sys.close(fd);
      },
    );
    expect(heard).toEqual(["hello, server", "hello, client"]);
    const { tcp } = kernel.core.snmp;
    expect([tcp.ActiveOpens, tcp.PassiveOpens, tcp.CurrEstab, tcp.RetransSegs, tcp.OutRsts]).toEqual([1, 1, 0, 0, 0]);
    expect(kernel.userland.tcp.tables.timeWaits).toBe(1);
    pass(70 * SECOND);
    expect(kernel.userland.tcp.tables.timeWaits).toBe(0);
    expect(kernel.core.snmp.tcpExt.TW).toBe(1);
    expect(skbs.outstanding).toBe(0);
    expect(kernel.userland.tcp.orphans).toBe(0);
  });

  it("carries a megabyte unharmed", () => {
    const { run, skbs, kernel } = boot(costs);
    const data = pattern(1_000_000);
    let got: Uint8Array = new Uint8Array(0);
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        const fd = yield* sys.accept(listener, null);
        got = yield* readAll(sys, fd);
        yield* sys.close(fd);
      },
      function* (sys) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.connect(fd, at("127.0.0.1", 80));
        for (let sent = 0; sent < data.length;) {
          const count = yield* sys.write(fd, data.subarray(sent, sent + 50_000));
          if (count < 0) throw new Error(`write: ${count}`);
          sent += count;
        }
        yield* sys.close(fd);
      },
    );
    expect(got.length).toBe(data.length);
    expect(got.every((byte, i) => byte === data[i])).toBe(true);
    expect(kernel.core.snmp.tcp.RetransSegs).toBe(0);
    expect(skbs.outstanding).toBe(0);
  });

  it("refuses where nobody listens", () => {
    const { run, kernel } = boot(costs);
    run(function* (sys) {
      const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      expect(yield* sys.connect(fd, at("127.0.0.1", 81))).toBe(-E.ECONNREFUSED);
      // The socket can be used again.
      const listener = yield* listenAt(sys, 82);
      expect(yield* sys.connect(fd, at("127.0.0.1", 82))).toBe(0);
      yield* sys.close(listener);
      yield* sys.close(fd);
    });
    expect(kernel.core.snmp.tcp.AttemptFails).toBe(1);
  });
});

describe("ends of connections", () => {
  it("half-closes: one side has said all, the other goes on", () => {
    const { run } = boot("ideal");
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        const fd = yield* sys.accept(listener, null);
        expect(utf8Decode(yield* readAll(sys, fd))).toBe("question");
        yield* sys.write(fd, utf8Encode("answer"));
        yield* sys.close(fd);
      },
      function* (sys) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.connect(fd, at("127.0.0.1", 80));
        yield* sys.write(fd, utf8Encode("question"));
        expect(yield* sys.shutdown(fd, 1)).toBe(0);
        expect(yield* sys.sendto(fd, utf8Encode("more"), MSG.NOSIGNAL, null)).toBe(-E.EPIPE);
        expect(utf8Decode(yield* readAll(sys, fd))).toBe("answer");
        yield* sys.close(fd);
      },
    );
  });

  it("resets when data was left unread, and with SO_LINGER 0", () => {
    const { run, kernel } = boot("ideal");
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        const first = yield* sys.accept(listener, null);
        yield* sys.nanosleep(SECOND);
        yield* sys.close(first);
        const second = yield* sys.accept(listener, null);
        yield* sys.setsockopt(second, SOL.SOCKET, SO.LINGER, { on: true, seconds: 0 });
        yield* sys.close(second);
      },
      function* (sys) {
        const buffer = new Uint8Array(10);
        const first = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.connect(first, at("127.0.0.1", 80));
        yield* sys.write(first, utf8Encode("unread"));
        expect(yield* sys.read(first, buffer)).toBe(-E.ECONNRESET);
        expect(yield* sys.read(first, buffer)).toBe(0);
        const second = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.connect(second, at("127.0.0.1", 80));
        expect(yield* sys.read(second, buffer)).toBe(-E.ECONNRESET);
      },
    );
    const { tcpExt, tcp } = kernel.core.snmp;
    expect([tcpExt.TCPAbortOnClose, tcpExt.TCPAbortOnData, tcp.OutRsts]).toEqual([1, 1, 2]);
    expect(kernel.userland.tcp.tables.timeWaits).toBe(0);
  });

  it("tells poll what there is", () => {
    const { run } = boot("ideal");
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        const fds = [{ fd: listener, events: POLL.IN | POLL.OUT, revents: 0 }];
        expect(yield* sys.poll(fds, 5 * SECOND)).toBe(1);
        expect(fds[0]?.revents).toBe(POLL.IN);
        const fd = yield* sys.accept(listener, null);
        yield* sys.close(fd);
      },
      function* (sys) {
        yield* sys.nanosleep(SECOND);
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0);
        const poll = function* (): Call<number> {
          const fds = [{ fd, events: POLL.IN | POLL.OUT | POLL.RDHUP, revents: 0 }];
          yield* sys.poll(fds, 0);
          return fds[0]?.revents ?? 0;
        };
        expect(yield* poll()).toBe(POLL.OUT | POLL.HUP);
        expect(yield* sys.connect(fd, at("127.0.0.1", 80))).toBe(-E.EINPROGRESS);
        yield* sys.nanosleep(SECOND);
        expect(yield* poll()).toBe(POLL.OUT | POLL.IN | POLL.RDHUP);
        expect(yield* sys.shutdown(fd, 1)).toBe(0);
        yield* sys.nanosleep(SECOND);
        expect((yield* poll()) & POLL.HUP).toBe(POLL.HUP);
      },
    );
  });
});

describe("ports", () => {
  it("keeps a port that a listener or TIME-WAIT has, unless SO_REUSEADDR says otherwise", () => {
    const { run } = boot("ideal");
    run(function* (sys) {
      const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      yield* sys.bind(listener, at("127.0.0.1", 80));
      yield* sys.listen(listener, 1);
      const client = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      yield* sys.connect(client, at("127.0.0.1", 80));
      const server = yield* sys.accept(listener, null);
      yield* sys.close(server);
      yield* sys.close(client);
      yield* sys.close(listener);
      yield* sys.nanosleep(SECOND);
      const again = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      expect(yield* sys.bind(again, at("127.0.0.1", 80))).toBe(-E.EADDRINUSE);
      yield* sys.setsockopt(again, SOL.SOCKET, SO.REUSEADDR, 1);
      // The record has no SO_REUSEADDR: both must have had it.
      expect(yield* sys.bind(again, at("127.0.0.1", 80))).toBe(-E.EADDRINUSE);
      expect(yield* sys.bind(again, at("127.0.0.1", 81))).toBe(0);
      expect(yield* sys.bind(again, at("127.0.0.1", 82))).toBe(-E.EINVAL);
    });
  });

  it("lets two bind with SO_REUSEADDR, and one of them listen", () => {
    const { run } = boot("ideal");
    run(function* (sys) {
      const fds: number[] = [];
      for (let i = 0; i < 2; i++) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
        expect(yield* sys.bind(fd, at("0.0.0.0", 80))).toBe(0);
        fds.push(fd);
      }
      expect(yield* sys.listen(fds[0] as number, 1)).toBe(0);
      expect(yield* sys.listen(fds[1] as number, 1)).toBe(-E.EADDRINUSE);
    });
  });

  it("spreads connections over a group of SO_REUSEPORT", () => {
    const { run, kernel } = boot("ideal");
    run(function* (sys) {
      for (let i = 0; i < 2; i++) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEPORT, 1);
        expect(yield* sys.bind(fd, at("0.0.0.0", 80))).toBe(0);
        expect(yield* sys.listen(fd, 100)).toBe(0);
      }
      for (let i = 0; i < 40; i++) {
        const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
        expect(yield* sys.connect(fd, at("127.0.0.1", 80))).toBe(0);
      }
      const waiting = [...kernel.userland.tcp.tables.listeners()].map((one) => one.accepting?.length ?? 0);
      expect(waiting.reduce((sum, count) => sum + count, 0)).toBe(40);
      expect(Math.min(...waiting)).toBeGreaterThan(5);
    });
  });
});

describe("simultaneous open and self-connect", () => {
  it("connects a socket to itself", () => {
    const { run } = boot("ideal");
    run(function* (sys) {
      const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      yield* sys.bind(fd, at("127.0.0.1", 5000));
      expect(yield* sys.connect(fd, at("127.0.0.1", 5000))).toBe(0);
      expect(yield* sys.write(fd, utf8Encode("echo"))).toBe(4);
      const buffer = new Uint8Array(10);
      expect(yield* sys.read(fd, buffer)).toBe(4);
      yield* sys.close(fd);
    });
  });
});

describe("fast open over loopback", () => {
  it("asks for a cookie first, then sends data with the SYN", () => {
    const { run, kernel } = boot("ideal");
    kernel.core.sysctls.set("net.ipv4.tcp_fastopen", "3");
    const texts: string[] = [];
    run(
      function* (sys) {
        const listener = yield* listenAt(sys, 80);
        yield* sys.setsockopt(listener, SOL.TCP, TCP.FASTOPEN, 5);
        for (let i = 0; i < 2; i++) {
          const fd = yield* sys.accept(listener, null);
          texts.push(utf8Decode(yield* readAll(sys, fd)));
          yield* sys.close(fd);
        }
      },
      function* (sys) {
        for (const text of ["first", "second"]) {
          const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
          yield* sys.setsockopt(fd, SOL.TCP, TCP.FASTOPEN_CONNECT, 1);
          expect(yield* sys.connect(fd, at("127.0.0.1", 80))).toBe(0);
          expect(yield* sys.write(fd, utf8Encode(text))).toBe(text.length);
          yield* sys.close(fd);
        }
      },
    );
    expect(texts).toEqual(["first", "second"]);
    const { tcpExt } = kernel.core.snmp;
    expect([tcpExt.TCPFastOpenCookieReqd, tcpExt.TCPFastOpenPassive, tcpExt.TCPFastOpenActive]).toEqual([1, 1, 1]);
  });
});

describe("a crash", () => {
  it("takes connections with it, and no packet is lost track of", () => {
    const { pass, kernel, skbs } = boot("ideal");
    const program: Program = function* (sys) {
      const listener = yield* listenAt(sys, 80);
      const client = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      yield* sys.connect(client, at("127.0.0.1", 80));
      const server = yield* sys.accept(listener, null);
      yield* sys.write(client, pattern(10_000));
      expect(server).toBeGreaterThan(0);
      const info = [...kernel.userland.tcp.tables.entries()].filter((entry) => entry.isTcp);
      expect(info.map((entry) => entry.state)).toEqual([TCP_STATE.ESTABLISHED, TCP_STATE.ESTABLISHED]);
      yield* sys.nanosleep(60 * SECOND);
      return 0;
    };
    kernel.userland.processes.start({ program, argv: ["test"], files: [], environment: new Map() });
    pass(SECOND);
    expect(skbs.outstanding).toBeGreaterThan(0);
    kernel.shutdown();
    expect(skbs.outstanding).toBe(0);
  });
});
