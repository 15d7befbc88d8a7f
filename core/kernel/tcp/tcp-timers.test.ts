import { expect, test } from "vitest";
import { connection, sent, show, type TestConnection } from "../../../test/harness/tcp-sock.ts";
import { E } from "../syscall/errno.ts";
import { sendMessage } from "./send/sendmsg.ts";
import { TCP_STATE } from "./states.ts";
import { armKeepalive } from "./timer-arm.ts";
import { setOptions } from "./socket-records.ts";

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;

/** Runs, and tells what was sent when, in ms, with a resolution of `stepMs`. */
function watch(at: TestConnection, spanMs: number, stepMs: number): string[] {
  const seen: string[] = [];
  for (let ms = 0; ms < spanMs; ms += stepMs) {
    at.world.run(stepMs * MILLISECOND);
    for (const packet of sent(at)) seen.push(`${at.world.engine.now / MILLISECOND} ${show(packet)}`);
  }
  return seen;
}

test("data that nobody acknowledges: a loss probe, then time-outs with doubling", () => {
  const at = connection();
  const { tcp } = at;
  tcp.rtoUs = 300_000;
  tcp.srttUs = 8 * 20_000;
  tcp.rttvarUs = 280_000;
  sendMessage(tcp, new Uint8Array(1000), 0);
  expect(watch(at, 3000, 10)).toEqual([
    "10 1001:2001 PA",
    "240 1001:2001 PA",
    "540 1001:2001 PA",
    "1140 1001:2001 PA",
    "2340 1001:2001 PA",
  ]);
  expect([tcp.sndCwnd, tcp.retransmits, tcp.backoff]).toEqual([1, 3, 3]);
  expect(at.host.core.snmp.tcpExt.TCPTimeouts).toBe(3);
});

test("it ends with ETIMEDOUT after as long as tcp_retries2 says", () => {
  const at = connection();
  const { tcp } = at;
  tcp.rtoUs = 200_000;
  at.host.set("net.ipv4.tcp_early_retrans", 0);
  at.host.set("net.ipv4.tcp_retries2", 5);
  sendMessage(tcp, new Uint8Array(1000), 0);
  // 0.2 s, doubled: at 12.6 s after the first retransmission, 12.4 s have passed; so the next one ends it.
  at.world.run(12 * SECOND);
  expect(tcp.state).toBe(TCP_STATE.ESTABLISHED);
  at.world.run(14 * SECOND);
  expect([tcp.state, tcp.error]).toEqual([TCP_STATE.CLOSE, E.ETIMEDOUT]);
  expect([tcp.wmemQueued, tcp.sendBuffer.bytes, tcp.writeTimer.isPending]).toEqual([0, 0, false]);
});

test("TCP_USER_TIMEOUT ends it to the millisecond", () => {
  const at = connection();
  const { tcp } = at;
  at.host.set("net.ipv4.tcp_early_retrans", 0);
  tcp.rtoUs = 200_000;
  setOptions(tcp, { userTimeoutMs: 1000 });
  sendMessage(tcp, new Uint8Array(1000), 0);
  at.world.run(1199 * MILLISECOND);
  expect(tcp.state).toBe(TCP_STATE.ESTABLISHED);
  at.world.run(2 * MILLISECOND);
  expect(tcp.error).toBe(E.ETIMEDOUT);
});

test("probes of a closed window go on for ever while they are answered, or until TCP_USER_TIMEOUT", () => {
  const at = connection();
  const { tcp } = at;
  tcp.sndWnd = 0;
  tcp.rtoUs = 200_000;
  setOptions(tcp, { userTimeoutMs: 3000 });
  sendMessage(tcp, new Uint8Array(100), 0);
  at.world.run(3150 * MILLISECOND);
  expect(tcp.state).toBe(TCP_STATE.ESTABLISHED);
  at.world.run(100 * MILLISECOND);
  expect(tcp.error).toBe(E.ETIMEDOUT);
});

test("keepalive: probes after the idle time, then a reset", () => {
  const at = connection();
  const { tcp } = at;
  tcp.keepAlive = true;
  setOptions(tcp, { keepaliveTimeS: 10, keepaliveIntvlS: 2, keepaliveProbes: 3 });
  armKeepalive(tcp, 10_000_000);
  expect(watch(at, 20_000, 500)).toEqual([
    "10000 1000:1000 A",
    "12000 1000:1000 A",
    "14000 1000:1000 A",
    "16000 1001:1001 RA",
  ]);
  expect([tcp.state, tcp.error]).toEqual([TCP_STATE.CLOSE, E.ETIMEDOUT]);
  expect(at.host.core.snmp.tcpExt.TCPKeepAlive).toBe(3);
});

test("keepalive waits while the peer is heard", () => {
  const at = connection();
  const { tcp } = at;
  tcp.keepAlive = true;
  setOptions(tcp, { keepaliveTimeS: 10 });
  armKeepalive(tcp, 10_000_000);
  at.world.run(9 * SECOND);
  tcp.rcvTstampUs = tcp.nowUs;
  expect(watch(at, 9900, 100)).toEqual([]);
  expect(watch(at, 200, 100)).toEqual(["19000 1000:1000 A"]);
});
