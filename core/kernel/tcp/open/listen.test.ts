/** Passive opens: queues, SYN-ACKs again, deferred accept, cookies, and fast open's server side. */
import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import type { TcpOption } from "../../../wire/tcp-options.ts";
import { OWN_ADDRESS } from "../../../../test/harness/process.ts";
import { PEER, TcpBench } from "../../../../test/harness/tcp-bench.ts";
import { E } from "../../syscall/errno.ts";
import { POLL, SOL, TCP } from "../../syscall/sys.ts";
import { makeCookie } from "./fastopen.ts";
import { TCP_STATE } from "../states.ts";
import { TcpSocket } from "../tcp-socket.ts";

const MODERN: readonly TcpOption[] = [
  { kind: "mss", mss: 1400 },
  { kind: "sack-permitted" },
  { kind: "timestamps", value: 77, echo: 0 },
  { kind: "nop" },
  { kind: "window-scale", shift: 5 },
];

describe("a SYN", () => {
  it("is answered with what both sides know", () => {
    const bench = new TcpBench();
    bench.listener();
    bench.inject({ flags: "S", options: MODERN });
    const [answer] = bench.sent();
    expect(answer?.options).toEqual([
      { kind: "mss", mss: 1460 },
      { kind: "sack-permitted" },
      { kind: "timestamps", value: expect.any(Number) as number, echo: 77 },
      { kind: "nop" },
      { kind: "window-scale", shift: 10 },
    ]);
    // 45 segments of 1,448 bytes.
    expect(answer?.window).toBe(65_160);
    expect([bench.tcp.tables.timeWaits, [...bench.tcp.tables.entries()].length]).toEqual([0, 1]);
  });

  it("is answered again after 1, 3, 7 s and so on, until tcp_synack_retries", () => {
    const bench = new TcpBench();
    const listener = bench.listener();
    bench.inject({ flags: "S" });
    bench.sent();
    const times: number[] = [];
    for (let second = 1; second <= 70; second++) {
      bench.advance(SECOND);
      if (bench.sent().length > 0) times.push(second);
    }
    expect(times).toEqual([1, 3, 7, 15, 31]);
    expect([...bench.tcp.tables.entries()]).toEqual([]);
    expect(listener.accepting?.requests.size).toBe(0);
    expect(bench.core.snmp.tcpExt.TCPSynRetrans).toBe(5);
  });

  it("that comes again is answered again, but not twice within tcp_invalid_ratelimit", () => {
    const bench = new TcpBench();
    bench.listener();
    for (let i = 0; i < 3; i++) bench.inject({ flags: "S" });
    // The first repetition is answered.
    expect(bench.brief()).toEqual(["SA", "SA"]);
    expect(bench.core.snmp.tcpExt.TCPACKSkippedSynRecv).toBe(1);
  });

  it("to a broadcast, with FIN, or with ACK makes nothing", () => {
    const bench = new TcpBench();
    bench.listener();
    bench.inject({ flags: "SF" });
    bench.inject({ flags: "SR" });
    expect(bench.brief()).toEqual([]);
    bench.inject({ flags: "SA", ack: 99 });
    expect(bench.brief()).toEqual(["R"]);
    expect(bench.core.drops.of("TCP_FLAGS")).toBe(2);
  });

  it("agrees to ECN when it is asked for, and not when the SYN is marked", () => {
    const bench = new TcpBench();
    bench.listener();
    bench.inject({ flags: "SEW", port: 1 });
    bench.inject({ flags: "SEW", port: 2, tos: 2 });
    bench.inject({ flags: "SE", port: 3 });
    expect(bench.brief()).toEqual(["SAE", "SA", "SA"]);
  });
});

describe("the ACK of our SYN", () => {
  it("makes a connection that accept hands out in order", () => {
    const bench = new TcpBench();
    const listener = bench.listener();
    expect(listener.accept(null)).toBe(-E.EAGAIN);
    for (const port of [1, 2]) {
      bench.inject({ flags: "S", port, options: MODERN });
      const synAck = bench.lastSent();
      const stamp = synAck.options.find((option) => option.kind === "timestamps");
      const echo = stamp?.kind === "timestamps" ? stamp.value : 0;
      const options: readonly TcpOption[] = [{ kind: "timestamps", value: 78, echo }];
      bench.inject({ flags: "A", seq: 1, ack: synAck.seq + 1, port, options });
    }
    expect(listener.pollMask()).toBe(POLL.IN);
    const first = bench.accept(listener);
    expect([first.remotePort, first.state, first.rxOpt.sndWscale]).toEqual([1, TCP_STATE.ESTABLISHED, 5]);
    expect(bench.accept(listener).remotePort).toBe(2);
  });

  it("with a wrong number is answered with a reset, and the request stays", () => {
    const bench = new TcpBench();
    bench.listener();
    bench.inject({ flags: "S" });
    const { seq } = bench.lastSent();
    bench.inject({ flags: "A", seq: 1, ack: seq + 5 });
    expect(bench.sent().map((one) => [one.flags, one.seq])).toEqual([[4, seq + 5]]);
    expect([...bench.tcp.tables.entries()].length).toBe(1);
  });

  it("waits while the accept queue is full, or is refused with tcp_abort_on_overflow", () => {
    for (const abort of [0, 1]) {
      const bench = new TcpBench();
      bench.sysctl("tcp_abort_on_overflow", abort);
      const listener = bench.listener(80, 2);
      const begin = (port: number): number => {
        bench.inject({ flags: "S", port });
        return bench.lastSent().seq + 1;
      };
      for (const port of [1, 2]) bench.inject({ flags: "A", seq: 1, ack: begin(port), port });
      // The queue takes one more than the backlog; two handshakes are under way when the third gets in.
      const acks = [begin(3), begin(4)] as const;
      bench.inject({ flags: "A", seq: 1, ack: acks[0], port: 3 });
      bench.inject({ flags: "A", seq: 1, ack: acks[1], port: 4 });
      expect(bench.brief()).toEqual(abort === 1 ? ["R"] : []);
      expect(listener.accepting?.length).toBe(3);
      expect(bench.core.snmp.tcpExt.ListenOverflows).toBe(1);
      // A SYN finds the queue full, too.
      bench.inject({ flags: "S", port: 5 });
      expect(bench.brief()).toEqual([]);
      expect(bench.core.snmp.tcpExt.ListenDrops).toBe(2);
    }
  });

  it("does not wake the program with TCP_DEFER_ACCEPT, but data does", () => {
    const bench = new TcpBench();
    const listener = bench.listener();
    listener.setOption(SOL.TCP, TCP.DEFER_ACCEPT, 3);
    bench.inject({ flags: "S" });
    const { seq } = bench.lastSent();
    bench.inject({ flags: "A", seq: 1, ack: seq + 1 });
    expect(listener.accept(null)).toBe(-E.EAGAIN);
    expect(bench.core.snmp.tcpExt.TCPDeferAcceptDrop).toBe(1);
    bench.inject({ flags: "PA", seq: 1, ack: seq + 1, text: "GET" });
    const socket = bench.accept(listener);
    const buffer = new Uint8Array(10);
    expect(socket.receive(buffer, 0, null, null)).toBe(3);
  });
});

describe("backlog", () => {
  it("is at most somaxconn, and may be changed", () => {
    const bench = new TcpBench();
    bench.core.sysctls.set("net.core.somaxconn", "5");
    const listener = bench.listener(80, 100);
    expect(listener.accepting?.backlog).toBe(5);
    expect(listener.listen(2)).toBe(0);
    expect(listener.accepting?.backlog).toBe(2);
    // Negative is as large as can be.
    expect(listener.listen(-1)).toBe(0);
    expect(listener.accepting?.backlog).toBe(5);
  });

  it("keeps the last quarter of tcp_max_syn_backlog free without cookies", () => {
    const bench = new TcpBench();
    bench.sysctl("tcp_syncookies", 0);
    bench.sysctl("tcp_max_syn_backlog", 8);
    const listener = bench.listener(80, 100);
    for (let port = 1; port <= 20; port++) bench.inject({ flags: "S", port });
    expect(listener.accepting?.requests.size).toBe(7);
  });
});

describe("cookies", () => {
  it("take over when the queue is full, and keep MSS, window scale and SACK", () => {
    const bench = new TcpBench();
    const listener = bench.listener(80, 2);
    for (let port = 1; port <= 2; port++) bench.inject({ flags: "S", port });
    bench.sent();
    bench.inject({ flags: "S", port: 3, options: MODERN });
    const synAck = bench.lastSent();
    expect(listener.accepting?.requests.size).toBe(2);
    expect(bench.core.snmp.tcpExt.SyncookiesSent).toBe(1);
    expect(bench.core.log.some((line) => line.includes("Possible SYN flooding on port 80"))).toBe(true);
    const stamp = synAck.options.find((option) => option.kind === "timestamps");
    const echo = stamp?.kind === "timestamps" ? stamp.value : 0;
    const options: readonly TcpOption[] = [{ kind: "timestamps", value: 78, echo }];
    bench.inject({ flags: "A", seq: 1, ack: synAck.seq + 1, port: 3, options });
    const socket = bench.accept(listener);
    expect(bench.core.snmp.tcpExt.SyncookiesRecv).toBe(1);
    const { mssClamp, sndWscale, sackOk, tstampOk, rcvWscale } = socket.rxOpt;
    expect({ mssClamp, sndWscale, sackOk, tstampOk, rcvWscale }).toEqual({
      mssClamp: 1300,
      sndWscale: 5,
      sackOk: true,
      tstampOk: true,
      rcvWscale: 10,
    });
  });

  it("are not believed when they are forged, or nobody has sent any", () => {
    const bench = new TcpBench();
    const listener = bench.listener(80, 1);
    bench.inject({ flags: "A", seq: 1, ack: 12_345, port: 9 });
    expect(bench.brief()).toEqual(["R"]);
    expect(bench.core.snmp.tcpExt.SyncookiesFailed).toBe(0);
    bench.sysctl("tcp_syncookies", 2);
    bench.inject({ flags: "S", port: 8 });
    const { seq } = bench.lastSent();
    bench.inject({ flags: "A", seq: 1, ack: seq + 1000, port: 8 });
    expect(bench.brief()).toEqual(["R"]);
    expect(bench.core.snmp.tcpExt.SyncookiesFailed).toBe(1);
    bench.inject({ flags: "A", seq: 1, ack: seq + 1, port: 8 });
    expect(listener.accept(null)).toBeInstanceOf(TcpSocket);
  });
});

describe("closing a listener", () => {
  it("resets whoever waits, and forgets requests", () => {
    const bench = new TcpBench();
    const listener = bench.listener();
    bench.inject({ flags: "S", port: 1 });
    const { seq } = bench.lastSent();
    bench.inject({ flags: "A", seq: 1, ack: seq + 1, port: 1 });
    bench.inject({ flags: "S", port: 2 });
    bench.sent();
    listener.close();
    expect(bench.brief()).toEqual(["RA"]);
    expect([...bench.tcp.tables.entries()]).toEqual([]);
    expect(bench.tcp.orphans).toBe(0);
    bench.inject({ flags: "A", seq: 1, ack: 1, port: 2 });
    expect(bench.brief()).toEqual(["R"]);
  });
});

describe("fast open, server side", () => {
  const KEY = "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4";
  const COOKIE = makeCookie([0xa1a1a1a1 | 0, 0xb2b2b2b2 | 0, 0xc3c3c3c3 | 0, 0xd4d4d4d4 | 0], PEER, OWN_ADDRESS);

  function server(queue = 2): { bench: TcpBench; listener: TcpSocket } {
    const bench = new TcpBench();
    bench.sysctl("tcp_fastopen", 3);
    bench.sysctl("tcp_fastopen_key", KEY);
    const listener = bench.listener();
    listener.setOption(SOL.TCP, TCP.FASTOPEN, queue);
    return { bench, listener };
  }

  it("hands out a cookie to who asks", () => {
    const { bench } = server();
    bench.inject({ flags: "S", options: [{ kind: "fast-open", cookie: new Uint8Array(0) }] });
    expect(bench.lastSent().options).toContainEqual({ kind: "fast-open", cookie: COOKIE });
  });

  it("takes data with a good cookie, which may be read and answered at once", () => {
    const { bench, listener } = server();
    bench.inject({ flags: "S", text: "GET /", options: [{ kind: "fast-open", cookie: COOKIE }] });
    const synAck = bench.lastSent();
    expect(synAck.ack).toBe(5006);
    bench.iss = synAck.seq;
    const socket = bench.accept(listener);
    expect([socket.state, socket.pollMask() & POLL.IN]).toEqual([TCP_STATE.SYN_RECV, POLL.IN]);
    const buffer = new Uint8Array(10);
    expect(socket.receive(buffer, 0, null, null)).toBe(5);
    expect(socket.send(new Uint8Array(4), 0, null)).toBe(4);
    expect(bench.brief()).toEqual(["PA 1:5"]);
    bench.inject({ flags: "A", seq: 6, ack: bench.iss + 5 });
    expect(socket.state).toBe(TCP_STATE.ESTABLISHED);
    expect(listener.accepting?.fastopenLength).toBe(0);
  });

  it("ignores the data with a bad cookie, and sends the right one", () => {
    const { bench, listener } = server();
    const cookie = COOKIE.map((byte) => byte ^ 1);
    bench.inject({ flags: "S", text: "GET /", options: [{ kind: "fast-open", cookie }] });
    const synAck = bench.lastSent();
    expect(synAck.ack).toBe(5001);
    expect(synAck.options).toContainEqual({ kind: "fast-open", cookie: COOKIE });
    expect(listener.accept(null)).toBe(-E.EAGAIN);
    expect(bench.core.snmp.tcpExt.TCPFastOpenPassiveFail).toBe(1);
  });

  it("repeats the SYN-ACK, and gives up after one more time than others", () => {
    const { bench, listener } = server();
    bench.inject({ flags: "S", text: "x", options: [{ kind: "fast-open", cookie: COOKIE }] });
    bench.sent();
    const socket = bench.accept(listener);
    const times: number[] = [];
    for (let second = 1; second <= 140; second++) {
      bench.advance(SECOND);
      if (bench.sent().length > 0) times.push(second);
    }
    expect(times).toEqual([1, 3, 7, 15, 31, 63]);
    expect([socket.state, socket.error]).toEqual([TCP_STATE.CLOSE, E.ETIMEDOUT]);
  });

  it("counts a reset connection for a minute against the queue", () => {
    const { bench, listener } = server(1);
    const open = (port: number): number => {
      bench.inject({ flags: "S", port, text: "x", options: [{ kind: "fast-open", cookie: COOKIE }] });
      return bench.lastSent().ack - 5000;
    };
    expect(open(1)).toBe(2);
    const socket = bench.accept(listener);
    bench.inject({ flags: "R", seq: 2, port: 1 });
    expect([socket.state, socket.error]).toEqual([TCP_STATE.CLOSE, E.ECONNRESET]);
    // The place is held: the data is not taken.
    expect(open(2)).toBe(1);
    expect(bench.core.snmp.tcpExt.TCPFastOpenListenOverflow).toBe(1);
    bench.advance(61 * SECOND);
    expect(open(3)).toBe(2);
  });

  it("accepts the older of two keys, and sends the newer one's cookie", () => {
    const { bench, listener } = server();
    const bytes = new Uint8Array(32).map((_, i) => (i < 16 ? 7 : i));
    listener.setOption(SOL.TCP, TCP.FASTOPEN_KEY, bytes);
    const [newer, older] = bench.tcp.fastopen.cookies(listener, PEER, OWN_ADDRESS) as [Uint8Array, Uint8Array];
    bench.inject({ flags: "S", text: "x", options: [{ kind: "fast-open", cookie: older }] });
    const synAck = bench.lastSent();
    expect(synAck.ack).toBe(5002);
    expect(synAck.options).toContainEqual({ kind: "fast-open", cookie: newer });
    expect(bench.core.snmp.tcpExt.TCPFastOpenPassiveAltKey).toBe(1);
  });
});
