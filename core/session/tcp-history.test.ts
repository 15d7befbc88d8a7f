import { describe, expect, test } from "vitest";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import { TCP_HISTORIES_MAX, TCP_POINTS_MAX } from "./limits.ts";
import { TcpHistories } from "./tcp-histories.ts";

function event(name: TraceEventName, time: number, fields: TraceEvent["fields"]): TraceEvent {
  const rest = { id: 1, place: "h1", context: "softirq", cpu: 0, pid: 0, packet: 0, cause: 0 } as const;
  return { ...rest, name, time, fields };
}

describe("a connection over time", () => {
  test("one point an instant, and values that stay until they change", () => {
    const histories = new TcpHistories();
    histories.onEvent(event("tcp:sender", 10, { sock: 5, snd_una: 1000, snd_nxt: 1000 }));
    histories.onEvent(event("tcp:tcp_probe", 10, { sock: 5, snd_cwnd: 10, ssthresh: 0x7fffffff }));
    histories.onEvent(event("tcp:sender_buffer", 20, { sock: 5, write_seq: 0, snd_wnd: 500 }));
    histories.onEvent(event("tcp:sender", 30, { sock: 5, snd_una: 1100, snd_nxt: 1300 }));
    histories.onEvent(event("tcp:tcp_retransmit_skb", 30, { sock: 5, seq: 1100, len: 100 }));
    const series = histories.series("h1", 5, 0);
    expect(series).toMatchObject({
      time: [10, 20, 30],
      cwnd: [10, 10, 10],
      ssthresh: [null, null, null],
      sndUna: [0, 0, 100],
      sndNxt: [0, 0, 300],
      windowEnd: [0, 500, 600],
      retransmits: [{ time: 30, seq: 100, length: 100 }],
    });
    expect(histories.series("h1", 5, series.next)).toMatchObject({ time: [], retransmits: [], next: series.next });
    expect(histories.series("h1", 6, 0).time).toEqual([]);
  });

  test("what was handed out does not change, and nothing is handed out twice", () => {
    const histories = new TcpHistories();
    histories.onEvent(event("tcp:in_flight", 10, { sock: 5, packets_out: 1 }));
    const first = histories.series("h1", 5, 0);
    histories.onEvent(event("tcp:in_flight", 10, { sock: 5, packets_out: 2 }));
    histories.onEvent(event("tcp:step", 11, { sock: 5, step: "rcv_fin" }));
    histories.onEvent(event("sock:inet_sock_set_state", 11, { socket: 5, oldstate: 1, newstate: 8 }));
    const second = histories.series("h1", 5, first.next);
    expect(second).toMatchObject({ time: [10], inFlight: [2] });
    expect(second.states).toEqual([{ time: 11, from: "ESTAB", to: "CLOSE-WAIT", step: "rcv_fin" }]);
  });

  test("sequence numbers may wrap", () => {
    const histories = new TcpHistories();
    histories.onEvent(event("tcp:sender", 1, { sock: 5, snd_una: 0xfffffff0, snd_nxt: 0xfffffff0 }));
    histories.onEvent(event("tcp:sender", 2, { sock: 5, snd_una: 0x10, snd_nxt: 0x20 }));
    expect(histories.series("h1", 5, 0).sndNxt).toEqual([0, 0x30]);
  });

  test("it is bounded, and keeps its beginning and its end", () => {
    const histories = new TcpHistories();
    const points = 3 * TCP_POINTS_MAX;
    for (let time = 1; time <= points; time++) {
      histories.onEvent(event("tcp:in_flight", time, { sock: 5, packets_out: time }));
    }
    const { time } = histories.series("h1", 5, 0);
    expect(time.length).toBeLessThanOrEqual(TCP_POINTS_MAX);
    expect([time[0], time.at(-1)]).toEqual([1, points]);
    for (let sock = 100; sock < 100 + TCP_HISTORIES_MAX; sock++) {
      histories.onEvent(event("tcp:in_flight", 1, { sock, packets_out: 1 }));
    }
    expect(histories.series("h1", 5, 0).time).toEqual([]);
    expect(histories.series("h1", 100, 0).time).toEqual([1]);
  });
});
