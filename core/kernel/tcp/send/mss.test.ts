import { expect, test } from "vitest";
import { connection, sent, type TestConnection } from "../../../../test/harness/tcp-sock.ts";
import { advertisedMss, boundToHalfWindow, currentMss, initialRcvMss, mssToMtu, mtuToMss, syncMss } from "./mss.ts";
import { detectBlackHole, initMtuProbing } from "./mtu-probe.ts";
import { pushPendingFrames } from "./output.ts";
import { seqOf } from "../sequence.ts";
import { sendMessage } from "./sendmsg.ts";
import { routeOf } from "../tcp-route.ts";

/** Ethernet with timestamps. */
function ethernet(): TestConnection {
  const at = connection();
  const { tcp } = at;
  tcp.rxOpt.mssClamp = 1460;
  tcp.tcpHeaderLen = 32;
  tcp.rxOpt.tstampOk = true;
  initMtuProbing(tcp);
  syncMss(tcp, 1500);
  return at;
}

test("MTU and MSS with timestamps", () => {
  const { tcp } = ethernet();
  expect(tcp.mssCache).toBe(1448);
  expect([mtuToMss(tcp, 1500), mtuToMss(tcp, 9000), mtuToMss(tcp, 576)]).toEqual([1448, 1448, 524]);
  // Never below tcp_min_snd_mss, less the options.
  expect(mtuToMss(tcp, 68)).toBe(36);
  expect(mssToMtu(tcp, 1448)).toBe(1500);
});

test("SACK blocks take room in the segment", () => {
  const { tcp } = ethernet();
  expect(currentMss(tcp)).toBe(1448);
  tcp.selectiveAcks.push({ start: seqOf(6000), end: seqOf(6100) });
  expect(currentMss(tcp)).toBe(1436);
});

test("half of a small window, the whole of a tiny one", () => {
  const { tcp } = connection();
  tcp.maxWindow = 2000;
  expect(boundToHalfWindow(tcp, 1460)).toBe(1000);
  tcp.maxWindow = 500;
  expect(boundToHalfWindow(tcp, 1460)).toBe(500);
  tcp.maxWindow = 10;
  expect(boundToHalfWindow(tcp, 1460)).toBe(48);
  tcp.maxWindow = 0;
  expect(boundToHalfWindow(tcp, 1460)).toBe(1460);
});

test("a narrower path is noticed when its route was asked for again", () => {
  const at = ethernet();
  routeOf(at.tcp);
  at.device.setMtu(1000);
  expect(currentMss(at.tcp)).toBe(1448);
  routeOf(at.tcp);
  expect(currentMss(at.tcp)).toBe(948);
  expect(at.tcp.pmtuCookie).toBe(1000);
});

test("what is advertised, and the first guess of the peer's", () => {
  const { tcp } = ethernet();
  expect(advertisedMss(tcp, 1500)).toBe(1460);
  expect(advertisedMss(tcp, 100)).toBe(256);
  tcp.rxOpt.userMss = 1000;
  expect(advertisedMss(tcp, 1500)).toBe(1000);
  tcp.advmss = 1460;
  expect(initialRcvMss(tcp)).toBe(536);
  tcp.rcvWnd = 100;
  expect(initialRcvMss(tcp)).toBe(88);
});

test("after time-outs a black hole is suspected: base MSS, then half of it, down to the floor", () => {
  const { tcp, host } = ethernet();
  detectBlackHole(tcp);
  expect(tcp.mssCache).toBe(1448);
  host.set("net.ipv4.tcp_mtu_probing", 1);
  const sizes: number[] = [];
  for (let i = 0; i < 7; i++) {
    detectBlackHole(tcp);
    sizes.push(tcp.mssCache);
  }
  expect(sizes).toEqual([1024, 512, 256, 128, 64, 48, 48]);
});

test("a probe: one segment between the bounds, in front of enough others, for two of cwnd", () => {
  const at = ethernet();
  const { tcp } = at;
  at.host.set("net.ipv4.tcp_mtu_probing", 2);
  initMtuProbing(tcp);
  syncMss(tcp, 1500);
  tcp.sndCwnd = 20;
  expect(tcp.mssCache).toBe(1024);
  tcp.sndWnd = 0;
  sendMessage(tcp, new Uint8Array(30_000), 0);
  tcp.sndWnd = 1_000_000;
  pushPendingFrames(tcp);
  const lengths = sent(at).map((packet) => packet.payload.length);
  // Between 1,076 and 1,500 bytes of packet: 1,288.
  expect(lengths.slice(0, 3)).toEqual([1236, 1024, 1024]);
  expect(tcp.mtup.probeSize).toBe(1288);
  expect(tcp.sndCwnd).toBe(19);
});
