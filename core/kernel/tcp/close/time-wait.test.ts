import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import type { TcpOption } from "../../../wire/tcp-options.ts";
import { at } from "../../../../test/harness/process.ts";
import { TcpBench } from "../../../../test/harness/tcp-bench.ts";
import { E } from "../../syscall/errno.ts";
import { SOL, TCP } from "../../syscall/sys.ts";
import { TCP_STATE } from "../states.ts";

const STAMPED: readonly TcpOption[] = [{ kind: "timestamps", value: 1, echo: 0 }];
const stamp = (value: number): readonly TcpOption[] => [{ kind: "timestamps", value, echo: 0 }];

/** A connection that was closed here first; the peer's FIN was number 1. */
function timeWait(options: readonly TcpOption[] = []): TcpBench {
  const bench = new TcpBench();
  const socket = bench.passive(40_000, options);
  socket.close();
  const stamps = options.length > 0 ? stamp(10) : [];
  bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2, options: stamps });
  expect(bench.brief()).toEqual(["FA", "A"]);
  expect(bench.tcp.tables.timeWaits).toBe(1);
  return bench;
}

describe("TIME-WAIT", () => {
  it("acknowledges the FIN when it comes again, and starts its time anew", () => {
    const bench = timeWait();
    bench.advance(50 * SECOND);
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2 });
    expect(bench.sent().map(({ seq, ack }) => [(seq - bench.iss) | 0, ack - 5000])).toEqual([[2, 2]]);
    bench.advance(50 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(1);
    bench.advance(11 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(0);
  });

  it("is ended by a reset that fits, unless tcp_rfc1337 forbids it", () => {
    for (const rfc1337 of [0, 1]) {
      const bench = timeWait();
      bench.sysctl("tcp_rfc1337", rfc1337);
      bench.inject({ flags: "R", seq: 2 });
      expect(bench.tcp.tables.timeWaits).toBe(rfc1337);
    }
  });

  it("makes room for a SYN with a larger sequence number, whose answer lies beyond all that was sent", () => {
    const bench = timeWait();
    bench.listener();
    bench.inject({ flags: "S", seq: 100_000 });
    const synAck = bench.lastSent();
    expect([synAck.flags, (synAck.seq - bench.iss) | 0]).toEqual([0x12, 2 + 65_537]);
    expect(bench.tcp.tables.timeWaits).toBe(0);
  });

  it("answers an older SYN with an ACK", () => {
    const bench = timeWait();
    bench.listener();
    bench.inject({ flags: "S", seq: -100 });
    expect(bench.brief()).toEqual(["A"]);
  });

  it("takes a later timestamp for a new connection, whatever the sequence number", () => {
    const bench = timeWait(STAMPED);
    bench.listener();
    bench.inject({ flags: "S", seq: -100, options: stamp(9) });
    expect(bench.brief()).toEqual(["A"]);
    bench.inject({ flags: "S", seq: -100, options: stamp(11) });
    expect(bench.brief()).toEqual(["SA"]);
  });

  it("is not entered beyond tcp_max_tw_buckets", () => {
    const bench = new TcpBench();
    bench.sysctl("tcp_max_tw_buckets", 0);
    bench.passive().close();
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2 });
    expect(bench.tcp.tables.timeWaits).toBe(0);
    expect(bench.core.snmp.tcpExt.TCPTimeWaitOverflow).toBe(1);
  });
});

describe("FIN_WAIT2 without a process", () => {
  function finWait2(setup?: (bench: TcpBench) => void): TcpBench {
    const bench = new TcpBench();
    setup?.(bench);
    const socket = bench.passive();
    socket.close();
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 2 });
    bench.sent();
    return bench;
  }

  it("lasts tcp_fin_timeout, then nobody knows of it", () => {
    const bench = finWait2();
    expect(bench.tcp.tables.timeWaits).toBe(1);
    bench.advance(59 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(1);
    bench.advance(2 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(0);
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2 });
    expect(bench.brief()).toEqual(["R"]);
  });

  it("goes on to TIME-WAIT with the FIN, and resets for data", () => {
    const bench = finWait2();
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2 });
    expect(bench.brief()).toEqual(["A"]);
    bench.advance(59 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(1);
    const other = finWait2();
    other.inject({ flags: "PA", seq: 1, ack: other.iss + 2, text: "late" });
    expect(other.brief()).toEqual(["R"]);
    expect(other.tcp.tables.timeWaits).toBe(0);
  });

  it("stays a socket for the part of a long time-out beyond a minute", () => {
    const bench = finWait2((made) => made.sysctl("tcp_fin_timeout", 100));
    expect([...bench.tcp.tables.entries()].map((entry) => entry.isTcp)).toEqual([true]);
    bench.advance(41 * SECOND);
    expect(bench.tcp.tables.timeWaits).toBe(1);
    bench.advance(61 * SECOND);
    expect([...bench.tcp.tables.entries()]).toEqual([]);
  });

  it("is not waited in at all with a negative TCP_LINGER2", () => {
    const bench = new TcpBench();
    const socket = bench.passive();
    socket.setOption(SOL.TCP, TCP.LINGER2, -1);
    socket.close();
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 2 });
    expect(bench.brief()).toEqual(["FA", "R"]);
    expect(bench.tcp.orphans).toBe(0);
  });
});

describe("connecting from a port in TIME-WAIT", () => {
  /** Our side connected from port 5000 and closed first. */
  function closed(options: readonly TcpOption[]): TcpBench {
    const bench = new TcpBench();
    const socket = bench.socket();
    socket.bind(at("10.0.0.1", 5000));
    socket.connect(at("10.0.0.2", 7));
    const syn = bench.lastSent();
    bench.iss = syn.seq;
    const said = syn.options.find((option) => option.kind === "timestamps");
    const echo = said?.kind === "timestamps" ? said.value : 0;
    const answer = options.length > 0 ? [{ kind: "timestamps", value: 1, echo } as const] : [];
    bench.inject({ flags: "SA", ack: bench.iss + 1, port: 7, to: 5000, options: answer });
    socket.close();
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2, port: 7, to: 5000, options: answer });
    expect(bench.tcp.tables.timeWaits).toBe(1);
    bench.sent();
    return bench;
  }

  function again(bench: TcpBench): number {
    const socket = bench.socket();
    socket.reuseAddress = true;
    // The record's socket had no SO_REUSEADDR: only SO_REUSEPORT of both, or none, would do.
    for (const entry of bench.tcp.tables.entries()) if (!entry.isTcp && !entry.isRequest) entry.reusePort = true;
    socket.reusePort = true;
    expect(socket.bind(at("10.0.0.1", 5000))).toBe(0);
    return socket.connect(at("10.0.0.2", 7));
  }

  it("is refused without timestamps", () => {
    const bench = closed([]);
    bench.advance(5 * SECOND);
    expect(again(bench)).toBe(-E.EADDRNOTAVAIL);
  });

  it("starts beyond the old connection with timestamps", () => {
    const bench = closed(STAMPED);
    bench.advance(5 * SECOND);
    expect(again(bench)).toBe(-E.EINPROGRESS);
    const syn = bench.lastSent();
    expect((syn.seq - bench.iss) | 0).toBe(2 + 65_537);
    expect(syn.options).toContainEqual({ kind: "timestamps", value: expect.any(Number) as number, echo: 1 });
    expect(bench.tcp.tables.timeWaits).toBe(0);
    expect(bench.core.snmp.tcpExt.TWRecycled).toBe(1);
  });

  it("leaves the port to others when it is only chosen", () => {
    const bench = closed(STAMPED);
    const socket = bench.socket();
    expect(socket.connect(at("10.0.0.2", 7))).toBe(-E.EINPROGRESS);
    expect(socket.localPort).not.toBe(5000);
    expect(socket.state).toBe(TCP_STATE.SYN_SENT);
  });
});
