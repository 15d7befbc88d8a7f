import { expect, test } from "vitest";
import { connection, FIRST, sent, show, type TestConnection } from "../../../../test/harness/tcp-sock.ts";
import { E } from "../../syscall/errno.ts";
import { MSG } from "../../syscall/sys.ts";
import { pushPendingFrames, sendFin } from "./output.ts";
import { checkSendInvariants } from "./send-invariants.ts";
import { sendMessage } from "./sendmsg.ts";
import { seqAdd, seqOf } from "../sequence.ts";
import { dropSent } from "./write-queue.ts";
import { CHRONO, ECN, INIT_CWND, NAGLE, WRITE_TIMER } from "../tcp-sock.ts";

const MILLISECOND = 1_000_000;
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);

const flight = (at: TestConnection): string[] => {
  checkSendInvariants(at.tcp);
  return sent(at).map(show);
};

/** The peer acknowledges everything. */
function acknowledge(at: TestConnection): void {
  const { tcp } = at;
  for (let segment = tcp.rtxQueue.first; segment !== null; segment = tcp.rtxQueue.first) dropSent(tcp, segment);
  tcp.sndUna = tcp.sndNxt;
  tcp.sendBuffer.release(tcp.sndUna);
  tcp.packetsOut = 0;
  tcp.highestSack = null;
}

test("a write goes out in full segments and a rest with PSH", () => {
  const at = connection();
  expect(sendMessage(at.tcp, bytes(2500), 0)).toBe(2500);
  const packets = sent(at);
  expect(packets.map(show)).toEqual(["1001:2001 A", "2001:3001 A", "3001:3501 PA"]);
  expect(packets.flatMap((packet) => [...packet.payload])).toEqual([...bytes(2500)]);
  expect(at.tcp.writeTimerKind).toBe(WRITE_TIMER.LOSS_PROBE);
  expect([at.tcp.packetsOut, at.tcp.segsOut, at.tcp.bytesSent]).toEqual([3, 3, 2500]);
});

test("cwnd bounds what is sent, and half of it goes at a time", () => {
  const at = connection();
  sendMessage(at.tcp, bytes(12_000), 0);
  expect(flight(at)).toHaveLength(INIT_CWND);
  expect(at.tcp.isCwndLimited).toBe(true);
  expect(at.tcp.writeQueue.length).toBe(2);
});

test("the peer's window bounds it too, and a closed one is probed with back-off", () => {
  const at = connection();
  const { tcp } = at;
  tcp.sndWnd = 1500;
  sendMessage(tcp, bytes(3000), 0);
  // Sender's silly window avoidance: the half segment that would fit waits.
  expect(flight(at)).toEqual(["1001:2001 A"]);
  expect(tcp.chronoType).toBe(CHRONO.RWND_LIMITED);
  acknowledge(at);
  tcp.sndWnd = 0;
  tcp.writeTimerKind = 0;
  tcp.rtoUs = 200_000;
  pushPendingFrames(tcp);
  expect(tcp.writeTimerKind).toBe(WRITE_TIMER.PROBE0);
  const times: number[] = [];
  for (let ms = 0; ms < 3100; ms += 50) {
    at.world.run(50 * MILLISECOND);
    for (const packet of sent(at)) {
      expect(show(packet)).toBe("2000:2000 A");
      times.push(at.world.engine.now / MILLISECOND);
    }
  }
  expect(times).toEqual([200, 600, 1400, 3000]);
  expect(at.host.core.snmp.tcpExt.TCPWinProbe).toBe(4);
  // It opens a little, not enough for a segment: the next probe takes what fits.
  tcp.sndWnd = 300;
  at.world.run(3150 * MILLISECOND);
  expect(flight(at)).toEqual(["2001:2301 PA"]);
  expect(tcp.packetsOut).toBe(1);
});

test("Nagle: a small segment waits for the one under way, a full one does not", () => {
  const at = connection();
  sendMessage(at.tcp, bytes(10), 0);
  sendMessage(at.tcp, bytes(10), 0);
  expect(flight(at)).toEqual(["1001:1011 PA"]);
  sendMessage(at.tcp, bytes(1200), 0);
  expect(flight(at)).toEqual(["1011:2011 A"]);
  acknowledge(at);
  at.tcp.writeTimerKind = 0;
  pushPendingFrames(at.tcp);
  expect(flight(at)).toEqual(["2011:2221 PA"]);
});

test("Minshall: a small segment behind full ones does not wait", () => {
  const at = connection();
  sendMessage(at.tcp, bytes(2000), 0);
  sendMessage(at.tcp, bytes(10), 0);
  expect(flight(at)).toEqual(["1001:2001 A", "2001:3001 PA", "3001:3011 PA"]);
});

test("TCP_NODELAY, MSG_MORE and MSG_EOR", () => {
  const at = connection();
  at.tcp.nagle = NAGLE.OFF;
  sendMessage(at.tcp, bytes(10), 0);
  sendMessage(at.tcp, bytes(10), 0);
  expect(flight(at)).toEqual(["1001:1011 PA", "1011:1021 PA"]);
  sendMessage(at.tcp, bytes(10), MSG.MORE);
  sendMessage(at.tcp, bytes(1020), MSG.MORE);
  expect(flight(at)).toEqual(["1021:2021 A"]);
  sendMessage(at.tcp, bytes(10), MSG.EOR);
  sendMessage(at.tcp, bytes(10), MSG.MORE);
  expect(flight(at)).toEqual(["2021:2061 PA"]);
  expect(at.tcp.writeQueue.length).toBe(1);
});

test("a corked end waits 200 ms at most", () => {
  const at = connection();
  at.tcp.nagle = NAGLE.CORK;
  at.tcp.rtoUs = 200_000;
  sendMessage(at.tcp, bytes(10), 0);
  expect(flight(at)).toEqual([]);
  at.world.run(201 * MILLISECOND);
  expect(flight(at)).toEqual(["1001:1011 PA"]);
});

test("FIN goes with the last unsent segment, or alone", () => {
  const at = connection();
  at.tcp.nagle = NAGLE.CORK;
  sendMessage(at.tcp, bytes(10), 0);
  sendFin(at.tcp);
  expect(flight(at)).toEqual(["1001:1012 FPA"]);
  const lone = connection();
  sendFin(lone.tcp);
  expect(flight(lone)).toEqual(["1001:1002 FA"]);
  expect([lone.tcp.sndNxt, lone.tcp.writeSeq]).toEqual([FIRST + 1, FIRST + 1]);
});

test("a full send buffer takes part of a write, then none, and wakes at a third", () => {
  const at = connection();
  const { tcp } = at;
  tcp.sendBufferBytes = 10_000;
  tcp.sendBufferLocked = true;
  let wakes = 0;
  tcp.waiters.wake = () => {
    wakes++;
    return 0 as never;
  };
  // Six segments of 896 and 1,000 bytes pass the mark of 10,000.
  expect(sendMessage(tcp, bytes(50_000), 0)).toBe(6000);
  expect(tcp.wmemQueued).toBe(6 * 1896);
  expect(sendMessage(tcp, bytes(1), 0)).toBe(-E.EAGAIN);
  expect(tcp.noSpace).toBe(true);
  expect(wakes).toBe(0);
  for (let left = 0; left < 2; left++) {
    const head = tcp.rtxQueue.first;
    if (head !== null) dropSent(tcp, head);
  }
  tcp.sndUna = seqAdd(seqOf(FIRST), 2000);
  expect(tcp.wmemQueued).toBeGreaterThan(6666);
  sendMessage(tcp, bytes(1), 0);
  expect(wakes).toBe(0);
  expect(sendMessage(tcp, new Uint8Array(0), 0)).toBe(0);
});

test("errors come first, and closed states refuse", () => {
  const at = connection();
  at.tcp.error = E.ECONNRESET;
  expect(sendMessage(at.tcp, bytes(1), 0)).toBe(-E.ECONNRESET);
  expect(sendMessage(at.tcp, bytes(1), 0)).toBe(1);
  at.tcp.isSendShut = true;
  expect(sendMessage(at.tcp, bytes(1), 0)).toBe(-E.EPIPE);
  expect(sendMessage(at.tcp, bytes(1), MSG.OOB)).toBe(-E.EOPNOTSUPP);
});

test("ECN: ECT on new data only, CWR once, ECE until told", () => {
  const at = connection();
  at.tcp.ecnFlags = ECN.OK | ECN.QUEUE_CWR | ECN.DEMAND_CWR;
  const tos: number[] = [];
  at.segment.filter = (frame) => {
    tos.push((frame[15] as number) & 3);
    return true;
  };
  sendMessage(at.tcp, bytes(2000), 0);
  sendFin(at.tcp);
  expect(flight(at)).toEqual(["1001:2001 AEC", "2001:3001 PAE", "3001:3002 FAE"]);
  expect(tos).toEqual([2, 2, 0]);
});

test("large packets are built where the device cuts them up", () => {
  const at = connection();
  at.tcp.gsoMaxSegs = 65_535;
  const sizes: (readonly number[])[] = [];
  at.device.sink = (skb) => {
    sizes.push([skb.length - 54, skb.gsoSize, skb.gsoSegments]);
    at.host.core.consume(skb);
  };
  sendMessage(at.tcp, bytes(9500), 0);
  // Half of cwnd at a time.
  expect(sizes).toEqual([
    [5000, 1000, 5],
    [4500, 1000, 5],
  ]);
  expect(at.tcp.packetsOut).toBe(10);
});

test("pacing spreads packets, and its timer goes on by itself", () => {
  const at = connection();
  at.tcp.pacingEnabled = true;
  at.tcp.pacingRate = 1_000_000;
  at.tcp.dataSegsOut = 10;
  sendMessage(at.tcp, bytes(5000), 0);
  expect(flight(at)).toHaveLength(1);
  at.world.run(4 * MILLISECOND + 1000);
  expect(flight(at)).toHaveLength(4);
});

test("after a pause of several time-outs cwnd starts again from ten", () => {
  const at = connection();
  at.tcp.sndCwnd = 80;
  at.tcp.rtoUs = 200_000;
  at.tcp.lastSendUs = 0;
  at.world.run(450 * MILLISECOND);
  sendMessage(at.tcp, bytes(10), 0);
  expect(at.tcp.sndCwnd).toBe(20);
  expect(at.tcp.sndSsthresh).toBe(0x7fffffff);
});
