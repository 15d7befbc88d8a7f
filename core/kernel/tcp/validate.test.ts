/** The first four checks: PAWS, sequence, RST, SYN; RFC 5961's challenges and their limits. */
import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import type { TcpOption } from "../../wire/tcp-options.ts";
import { TcpBench } from "../../../test/harness/tcp-bench.ts";
import { E } from "../syscall/errno.ts";
import { TCP_STATE } from "./states.ts";
import type { TcpSocket } from "./tcp-socket.ts";

function established(options: readonly TcpOption[] = []): { bench: TcpBench; socket: TcpSocket } {
  const bench = new TcpBench();
  const socket = bench.passive(40_000, options);
  bench.advance(SECOND);
  return { bench, socket };
}

describe("RST", () => {
  it("ends the connection when it fits exactly", () => {
    const { bench, socket } = established();
    bench.inject({ flags: "R", seq: 1 });
    expect([socket.state, socket.takeError()]).toEqual([TCP_STATE.CLOSE, -E.ECONNRESET]);
    expect(bench.core.snmp.tcp.EstabResets).toBe(1);
  });

  it("is challenged elsewhere in the window, and ignored outside", () => {
    const { bench, socket } = established();
    bench.inject({ flags: "R", seq: 2 });
    expect(bench.sent().map(({ flags, seq, ack }) => [flags, (seq - bench.iss) | 0, ack - 5000])).toEqual([[16, 1, 1]]);
    bench.inject({ flags: "R", seq: 200_000 });
    bench.inject({ flags: "R", seq: 0 });
    expect(bench.brief()).toEqual([]);
    expect(socket.state).toBe(TCP_STATE.ESTABLISHED);
    expect(bench.core.snmp.tcpExt.TCPChallengeACK).toBe(1);
  });

  it("anywhere in the window ends it as in RFC 793 with tcp_challenge_ack 0", () => {
    const { bench, socket } = established();
    bench.sysctl("tcp_challenge_ack", 0);
    bench.inject({ flags: "R", seq: 2000 });
    expect(socket.state).toBe(TCP_STATE.CLOSE);
  });

  it("may fit the end of the rightmost SACK block", () => {
    const { bench, socket } = established([{ kind: "sack-permitted" }]);
    bench.inject({ flags: "A", seq: 11, ack: bench.iss + 1, text: "0123456789" });
    bench.inject({ flags: "R", seq: 21 });
    expect(socket.state).toBe(TCP_STATE.CLOSE);
  });

  it("may stand before the FIN that was acknowledged", () => {
    const { bench, socket } = established();
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 1 });
    bench.inject({ flags: "R", seq: 1 });
    expect([socket.state, socket.error]).toEqual([TCP_STATE.CLOSE, E.EPIPE]);
  });
});

describe("SYN", () => {
  it.each([-500, 0, 1, 500, 200_000])("on a connection is challenged, at %i", (seq) => {
    const { bench, socket } = established();
    bench.inject({ flags: "S", seq });
    expect(bench.brief()).toEqual(["A"]);
    expect(socket.state).toBe(TCP_STATE.ESTABLISHED);
    expect(bench.core.snmp.tcpExt.TCPSYNChallenge).toBe(1);
  });

  it("inside the window resets as in RFC 793 with tcp_challenge_ack 0", () => {
    const { bench, socket } = established();
    bench.sysctl("tcp_challenge_ack", 0);
    bench.inject({ flags: "S", seq: 500 });
    expect(bench.brief()).toEqual(["RA"]);
    expect(socket.state).toBe(TCP_STATE.CLOSE);
  });
});

describe("limits of challenge ACKs", () => {
  it("let a connection send one in tcp_invalid_ratelimit ms", () => {
    const { bench } = established();
    for (let i = 0; i < 5; i++) bench.inject({ flags: "S", seq: 2 });
    bench.advance(SECOND / 2);
    bench.inject({ flags: "S", seq: 2 });
    expect(bench.brief()).toEqual(["A", "A"]);
    expect(bench.core.snmp.tcpExt.TCPACKSkippedChallenge).toBe(4);
  });

  it("let the machine send about tcp_challenge_ack_limit in a second", () => {
    const { bench } = established();
    bench.sysctl("tcp_challenge_ack_limit", 10);
    bench.sysctl("tcp_invalid_ratelimit", 0);
    const counts: number[] = [];
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < 30; i++) bench.inject({ flags: "S", seq: 2 });
      counts.push(bench.sent().length);
      bench.advance(SECOND);
    }
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...counts)).toBeLessThan(15);
    expect(new Set(counts).size).toBeGreaterThan(1);
  });
});

describe("sequence numbers", () => {
  it("outside of the window are answered with an ACK, but not in a storm", () => {
    const { bench } = established();
    for (let i = 0; i < 3; i++) bench.inject({ flags: "A", seq: 200_000, ack: bench.iss + 1 });
    expect(bench.brief()).toEqual(["A"]);
    expect(bench.core.snmp.tcpExt.TCPACKSkippedSeq).toBe(2);
    // Data is no part of a loop of ACKs.
    for (let i = 0; i < 3; i++) bench.inject({ flags: "A", seq: -9, ack: bench.iss + 1, text: "old" });
    expect(bench.brief()).toEqual(["A", "A", "A"]);
  });
});

describe("PAWS", () => {
  const STAMPED: readonly TcpOption[] = [{ kind: "timestamps", value: 1, echo: 0 }];
  const stamped = (value: number): readonly TcpOption[] => [{ kind: "timestamps", value, echo: 0 }];

  it("refuses data with an older timestamp, and accepts a reset with one", () => {
    const { bench, socket } = established(STAMPED);
    bench.inject({ flags: "PA", seq: 1, ack: bench.iss + 1, text: "abc", options: stamped(500) });
    bench.sent();
    bench.inject({ flags: "PA", seq: 4, ack: bench.iss + 1, text: "def", options: stamped(400) });
    expect(bench.brief()).toEqual(["A"]);
    expect(bench.core.snmp.tcpExt.PAWSEstab).toBe(1);
    expect(socket.rcvNxt).toBe(5004);
    bench.inject({ flags: "R", seq: 4, options: stamped(400) });
    expect(socket.state).toBe(TCP_STATE.CLOSE);
  });

  it("lets a timestamp wrap around, and says nothing after 24 days of silence", () => {
    const { bench, socket } = established(STAMPED);
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 1, text: "a", options: stamped(0x7fffffff) });
    bench.inject({ flags: "A", seq: 2, ack: bench.iss + 1, text: "b", options: stamped(0xfffffff0) });
    bench.inject({ flags: "A", seq: 3, ack: bench.iss + 1, text: "c", options: stamped(5) });
    expect(socket.rcvNxt).toBe(5004);
    bench.inject({ flags: "A", seq: 4, ack: bench.iss + 1, text: "d", options: stamped(0xffffffff) });
    expect(socket.rcvNxt).toBe(5004);
    bench.advance(25 * 86_400 * SECOND);
    bench.inject({ flags: "A", seq: 4, ack: bench.iss + 1, text: "d", options: stamped(0xffffffff) });
    expect(socket.rcvNxt).toBe(5005);
  });

  it("ignores an old duplicate ACK without a word", () => {
    const { bench } = established(STAMPED);
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 1, text: "abc", options: stamped(500) });
    bench.sent();
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 1, options: stamped(400) });
    expect(bench.brief()).toEqual([]);
    expect(bench.core.snmp.tcpExt.PAWSOldAck).toBe(1);
  });
});
