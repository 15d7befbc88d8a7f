import { expect, test } from "vitest";
import { MS, receiveAck, write } from "../../../../test/harness/tcp-ack.ts";
import { connection, FIRST } from "../../../../test/harness/tcp-sock.ts";
import { KIND } from "../../../contract/trace-event.ts";
import { TCPI_OPT } from "../../syscall/tcp-info.ts";
import { tcpInfo } from "./info.ts";
import { traceTcp } from "./trace-tcp.ts";
import { tcpView } from "./view.ts";

test("TCP_INFO tells windows, scoreboard, round trips and what limited", () => {
  const c = connection();
  write(c, 8000);
  c.world.run(50 * MS);
  receiveAck(c, { ack: FIRST + 1000, sacks: [[FIRST + 2000, FIRST + 6000]] });
  const info = tcpInfo(c.tcp);
  expect([info.tcpi_unacked, info.tcpi_sacked, info.tcpi_lost, info.tcpi_retrans]).toEqual([7, 4, 1, 1]);
  expect([info.tcpi_ca_state, info.tcpi_rtt, info.tcpi_rttvar, info.tcpi_min_rtt]).toEqual([3, 50_000, 25_000, 50_000]);
  // Five segments in 50 ms.
  expect([info.tcpi_delivered, info.tcpi_delivery_rate, info.tcpi_busy_time]).toEqual([5, 100_000, 50_000]);
  expect([info.tcpi_options, info.tcpi_bytes_acked, info.tcpi_total_retrans]).toEqual([TCPI_OPT.SACK, 1000, 1]);
  receiveAck(c, { ack: FIRST + 8000 });
  c.world.run(50 * MS);
  expect([tcpInfo(c.tcp).tcpi_busy_time, tcpInfo(c.tcp).tcpi_last_ack_recv]).toEqual([50_000, 50]);
});

test("the view has the lecture's regions, relative to the first sequence number", () => {
  const c = connection();
  write(c, 14_000);
  c.world.run(50 * MS);
  receiveAck(c, { ack: FIRST + 1000, sacks: [[FIRST + 2000, FIRST + 6000]], window: 20_480 });
  const view = tcpView(c.tcp);
  expect(view.sender).toEqual({
    acknowledged: 1001,
    sent: (c.tcp.sndNxt - FIRST + 1) >>> 0,
    window: 1001 + 20_480,
    written: 14_001,
    sacked: [{ start: 2001, end: 6001 }],
    lost: [{ start: 1001, end: 2001 }],
    retransmitted: [{ start: 1001, end: 2001 }],
  });
  expect([view.state, view.congestionState, view.ssthresh, view.options]).toEqual(["ESTAB", "Recovery", 5, ["SACK"]]);
  expect(view.timers.map(({ name }) => name)).toEqual(["retransmission"]);
});

test("only what has changed is traced", () => {
  const c = connection();
  const { trace } = c.tcp.core;
  trace.want(["tcp:tcp_probe", "tcp:sender"]);
  const seen: number[] = [];
  const record = trace.record.bind(trace);
  trace.record = (...event) => {
    if (trace.wants(event[0])) seen.push(event[0]);
    return record(...event);
  };
  traceTcp(c.tcp, null);
  traceTcp(c.tcp, null);
  write(c, 1000);
  traceTcp(c.tcp, null);
  c.tcp.sndCwnd++;
  traceTcp(c.tcp, null);
  const [probe, sender] = [KIND["tcp:tcp_probe"], KIND["tcp:sender"]];
  expect(seen).toEqual([probe, sender, sender, probe]);
});
