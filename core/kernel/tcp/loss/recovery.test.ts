import { expect, test } from "vitest";
import { MS, receiveAck, shown, write } from "../../../../test/harness/tcp-ack.ts";
import { connection, FIRST, type TestConnection } from "../../../../test/harness/tcp-sock.ts";
import { TH } from "../../../wire/tcp.ts";
import { LECTURE } from "../congestion/lecture.ts";
import { setCongestionControl } from "../congestion/registry.ts";
import { ECN, INFINITE_SSTHRESH, WRITE_TIMER } from "../tcp-sock.ts";

const at = (segments: number): number => FIRST + segments * 1000;
const block = (from: number, to: number): readonly [number, number] => [at(from), at(to)];
const names = ["Open", "Disorder", "CWR", "Recovery", "Loss"];
const state = (c: TestConnection): string => names[c.tcp.caState] ?? "";

/** Ten segments out, after a round trip of 100 ms was measured with one more before. */
function flight(how: { readonly sackOk?: boolean; readonly probes?: boolean } = {}): TestConnection {
  const c = connection();
  c.tcp.rxOpt.sackOk = how.sackOk ?? true;
  if (how.probes === false) c.tcp.tcp.sysctls.earlyRetrans = 0;
  c.tcp.sendBufferBytes = 1_000_000;
  c.tcp.sndCwnd = 10;
  write(c, 1000);
  c.world.run(100 * MS);
  receiveAck(c, { ack: at(1) });
  write(c, 10_000);
  expect(shown(c).at(-1)).toBe("11001:12001 PA");
  c.world.run(100 * MS);
  return c;
}

test("three SACKed segments behind a hole are a loss, and cwnd comes down by PRR", () => {
  const c = flight();
  const cwnd = c.tcp.sndCwnd;
  receiveAck(c, { ack: at(1), sacks: [block(2, 3)] });
  expect([state(c), c.tcp.sackedOut, c.tcp.lostOut, shown(c)]).toEqual(["Disorder", 1, 0, []]);
  receiveAck(c, { ack: at(1), sacks: [block(2, 4)] });
  receiveAck(c, { ack: at(1), sacks: [block(2, 5)] });
  expect([state(c), c.tcp.sackedOut, c.tcp.lostOut, c.tcp.retransOut]).toEqual(["Recovery", 3, 1, 1]);
  expect([shown(c)[0], c.tcp.sndSsthresh]).toEqual(["2001:3001 A", cwnd >> 1]);
  // Everything arrived: the episode ends with cwnd at ssthresh.
  receiveAck(c, { ack: at(11) });
  expect([state(c), c.tcp.packetsOut, c.tcp.retransOut]).toEqual(["Open", 0, 0]);
  // The ACK that ends it may open the window again by one.
  expect(c.tcp.sndCwnd - (cwnd >> 1)).toBeLessThanOrEqual(1);
});

test("limited transmit: the first two duplicates each let one new segment go", () => {
  const c = flight();
  write(c, 5000);
  shown(c);
  receiveAck(c, { ack: at(1), sacks: [block(2, 3)] });
  expect(shown(c)).toEqual(["12001:13001 A"]);
  receiveAck(c, { ack: at(1), sacks: [block(2, 4)] });
  expect(shown(c)).toEqual(["13001:14001 A"]);
});

test("once reordering was seen RACK waits a quarter of the least round trip", () => {
  const c = flight();
  c.tcp.reordSeen = 1;
  receiveAck(c, { ack: at(1), sacks: [block(2, 6)] });
  expect([state(c), c.tcp.lostOut, c.tcp.writeTimerKind]).toEqual(["Disorder", 0, WRITE_TIMER.REO_TIMEOUT]);
  c.world.run(24 * MS);
  expect(shown(c)).toEqual([]);
  c.world.run(10 * MS);
  expect([state(c), c.tcp.lostOut, shown(c)[0]]).toEqual(["Recovery", 1, "2001:3001 A"]);
});

test("what arrives late in Disorder was reordered: the threshold grows, and no cwnd is lost", () => {
  const c = flight();
  const cwnd = c.tcp.sndCwnd;
  receiveAck(c, { ack: at(1), sacks: [block(2, 4)] });
  receiveAck(c, { ack: at(1), sacks: [block(2, 4), block(7, 11)] });
  // RACK has taken 1 and 4..6 for lost; then 4 comes without having been sent again.
  expect(state(c)).toBe("Recovery");
  receiveAck(c, { ack: at(4), sacks: [block(7, 11)], echo: 1 });
  expect([c.tcp.reordSeen, c.tcp.reordering]).toEqual([1, 10]);
  expect(c.tcp.core.snmp.tcpExt.TCPTSReorder + c.tcp.core.snmp.tcpExt.TCPSACKReorder).toBe(1);
  expect(c.tcp.sndCwnd).toBeLessThanOrEqual(cwnd);
});

test("without SACK the third duplicate ACK retransmits, and a partial ACK the next hole", () => {
  const c = flight({ sackOk: false });
  for (let i = 0; i < 2; i++) receiveAck(c, { ack: at(1) });
  expect([state(c), c.tcp.sackedOut, shown(c)]).toEqual(["Disorder", 2, []]);
  receiveAck(c, { ack: at(1) });
  expect([state(c), shown(c)]).toEqual(["Recovery", ["2001:3001 A"]]);
  c.world.run(50 * MS);
  receiveAck(c, { ack: at(5) });
  // Five are in flight, as many as PRR wants; with the next duplicate there is room.
  expect([state(c), c.tcp.lostOut, shown(c)]).toEqual(["Recovery", 1, []]);
  receiveAck(c, { ack: at(5) });
  expect(shown(c)).toEqual(["6001:7001 A"]);
  c.world.run(50 * MS);
  receiveAck(c, { ack: at(11) });
  // RFC 6582: held until something above is acknowledged.
  expect(state(c)).toBe("Recovery");
  write(c, 1000);
  receiveAck(c, { ack: at(12) });
  expect(state(c)).toBe("Open");
});

test("a time-out marks all lost, and ACKs of what was sent before prove it spurious (F-RTO)", () => {
  const c = flight({ probes: false });
  const cwnd = c.tcp.sndCwnd;
  c.world.run(1500 * MS);
  expect(state(c)).toBe("Loss");
  expect([c.tcp.sndCwnd, c.tcp.frto, c.tcp.sndSsthresh, c.tcp.backoff > 0]).toEqual([1, true, cwnd >> 1, true]);
  write(c, 3000);
  shown(c);
  // The first ACK after it advances: two new segments go instead of retransmissions.
  receiveAck(c, { ack: at(2) });
  expect(shown(c)).toEqual(["12001:13001 A", "13001:14001 A"].slice(0, c.tcp.sndCwnd));
  // The second acknowledges what was never sent again.
  receiveAck(c, { ack: at(4) });
  expect([state(c), c.tcp.lostOut, c.tcp.sndSsthresh]).toEqual(["Open", 0, INFINITE_SSTHRESH]);
  expect(c.tcp.sndCwnd).toBeGreaterThanOrEqual(cwnd);
  expect(c.tcp.core.snmp.tcpExt.TCPSpuriousRTOs).toBe(1);
});

test("a real loss at a time-out is repaired in slow start", () => {
  const c = flight({ probes: false });
  c.world.run(450 * MS);
  expect([state(c), shown(c)]).toEqual(["Loss", ["2001:3001 A"]]);
  receiveAck(c, { ack: at(2) });
  expect(shown(c)).toEqual(["3001:4001 A", "4001:5001 A"]);
  receiveAck(c, { ack: at(4) });
  expect(shown(c)).toEqual(["5001:6001 A", "6001:7001 A", "7001:8001 A", "8001:9001 A"]);
  receiveAck(c, { ack: at(11) });
  expect([state(c), c.tcp.lostOut, c.tcp.retransOut]).toEqual(["Open", 0, 0]);
});

test("a tail loss probe sends the last segment again; its plain ACK means a loss was repaired", () => {
  const c = flight();
  receiveAck(c, { ack: at(10) });
  expect(c.tcp.writeTimerKind).toBe(WRITE_TIMER.LOSS_PROBE);
  // One segment is out: two round trips and the least RTO for its delayed ACK, but not after the RTO.
  c.world.run(310 * MS);
  expect([shown(c), c.tcp.tlpActive, c.tcp.tlpRetrans]).toEqual([["11001:12001 PA"], true, true]);
  // Both would have brought a D-SACK, or a duplicate; an ACK that goes beyond says that the probe repaired something.
  const cwnd = c.tcp.sndCwnd;
  write(c, 1000);
  receiveAck(c, { ack: at(12) });
  expect([c.tcp.tlpActive, c.tcp.sndSsthresh, state(c)]).toEqual([false, cwnd >> 1, "Open"]);
  expect(c.tcp.core.snmp.tcpExt.TCPLossProbeRecovery).toBe(1);
});

test("a D-SACK for the probe says that nothing was lost", () => {
  const c = flight();
  receiveAck(c, { ack: at(10) });
  c.world.run(310 * MS);
  const cwnd = c.tcp.sndCwnd;
  receiveAck(c, { ack: at(11) });
  receiveAck(c, { ack: at(11), sacks: [block(10, 11)] });
  expect([c.tcp.tlpActive, c.tcp.sndSsthresh, c.tcp.dsackDups]).toEqual([false, INFINITE_SSTHRESH, 1]);
  expect(c.tcp.sndCwnd).toBeGreaterThanOrEqual(cwnd);
});

test("a probe is new data when there is some that the window lets go", () => {
  const c = flight();
  write(c, 2000);
  expect(shown(c)).toEqual([]);
  c.world.run(310 * MS);
  expect([shown(c), c.tcp.tlpRetrans]).toEqual([["12001:13001 A"], false]);
});

test("D-SACKs for all retransmissions undo the recovery", () => {
  const c = flight();
  const cwnd = c.tcp.sndCwnd;
  receiveAck(c, { ack: at(1), sacks: [block(2, 5)] });
  expect([state(c), shown(c)[0], c.tcp.undoRetrans]).toEqual(["Recovery", "2001:3001 A", 1]);
  receiveAck(c, { ack: at(5) });
  expect(state(c)).toBe("Recovery");
  receiveAck(c, { ack: at(5), sacks: [block(1, 2)] });
  expect([state(c), c.tcp.sndSsthresh]).toEqual(["Open", INFINITE_SSTHRESH]);
  expect(c.tcp.sndCwnd).toBe(cwnd);
  expect(c.tcp.core.snmp.tcpExt.TCPDSACKUndo).toBe(1);
});

test("an echoed timestamp from before the retransmission undoes it (Eifel)", () => {
  const c = flight();
  const cwnd = c.tcp.sndCwnd;
  receiveAck(c, { ack: at(1), sacks: [block(2, 5)], echo: 101 });
  expect(state(c)).toBe("Recovery");
  c.world.run(20 * MS);
  receiveAck(c, { ack: at(11), echo: 101 });
  expect([state(c), c.tcp.sndSsthresh, c.tcp.core.snmp.tcpExt.TCPFullUndo]).toEqual(["Open", INFINITE_SSTHRESH, 1]);
  expect(c.tcp.sndCwnd).toBeGreaterThanOrEqual(cwnd);
});

test("a receiver that takes back what it SACKed gets it all again", () => {
  const c = flight();
  receiveAck(c, { ack: at(1), sacks: [block(3, 11)] });
  receiveAck(c, { ack: at(3), sacks: [] });
  expect(c.tcp.sackedOut).toBe(8);
  shown(c);
  // Half a round trip later a time-out forgets the SACKs.
  c.world.run(60 * MS);
  expect([state(c), c.tcp.sackedOut, c.tcp.isSackReneg, c.tcp.lostOut]).toEqual(["Loss", 0, true, 8]);
  expect([shown(c), c.tcp.core.snmp.tcpExt.TCPSACKReneging]).toEqual([["4001:5001 A"], 1]);
});

test("an ECN echo reduces once, without a loss", () => {
  const c = flight();
  const cwnd = c.tcp.sndCwnd;
  c.tcp.ecnFlags = ECN.OK;
  receiveAck(c, { ack: at(2), flags: TH.ECE });
  expect([state(c), c.tcp.sndSsthresh, c.tcp.ecnFlags & ECN.QUEUE_CWR]).toEqual(["CWR", cwnd >> 1, ECN.QUEUE_CWR]);
  receiveAck(c, { ack: at(3), flags: TH.ECE });
  expect([c.tcp.sndSsthresh, c.tcp.deliveredCe]).toEqual([cwnd >> 1, 2]);
  receiveAck(c, { ack: at(11) });
  write(c, 1000);
  receiveAck(c, { ack: at(12) });
  expect([state(c), c.tcp.sndCwnd]).toEqual(["Open", cwnd >> 1]);
});

test("a retransmission takes small neighbours along, up to one segment", () => {
  const c = connection();
  c.tcp.nagle = 1;
  c.tcp.tcp.sysctls.earlyRetrans = 0;
  c.tcp.sndCwnd = 10;
  for (let i = 0; i < 6; i++) write(c, 300);
  expect(shown(c).length).toBe(6);
  c.world.run(1200 * MS);
  expect(shown(c)[0]).toMatch(/^1001:1901 /);
  expect([c.tcp.packetsOut, c.tcp.rtxQueue.size]).toEqual([4, 4]);
});

test("a window taken back lets nothing be sent again but a probe of the first segment", () => {
  const c = flight();
  receiveAck(c, { ack: at(1), window: 0 });
  c.world.run(450 * MS);
  expect(shown(c)).toEqual(["2001:3001 A"]);
});

test("the lecture's control ignores duplicates, and halves at every time-out", () => {
  const c = flight({ probes: false });
  setCongestionControl(c.tcp, LECTURE);
  c.tcp.sndCwnd = 12;
  receiveAck(c, { ack: at(1), sacks: [block(2, 9)] });
  expect([state(c), c.tcp.lostOut, c.tcp.sndCwnd, shown(c)]).toEqual(["Disorder", 0, 12, []]);
  c.world.run(500 * MS);
  expect([state(c), c.tcp.sndCwnd, c.tcp.sndSsthresh, shown(c)]).toEqual(["Loss", 6, 6, ["2001:3001 A"]]);
  c.world.run(700 * MS);
  expect([c.tcp.sndCwnd, c.tcp.retransmits]).toEqual([3, 2]);
  receiveAck(c, { ack: at(11) });
  expect(state(c)).toBe("Open");
});

test("ACKs of what was never sent, and far too old ones, are refused; merely old ones are told apart", () => {
  const c = flight();
  expect(receiveAck(c, { ack: at(12) + 1 })).toBe("TCP_ACK_UNSENT_DATA");
  expect(receiveAck(c, { ack: at(0) })).toBe("TCP_OLD_ACK");
  expect(receiveAck(c, { ack: at(0) - 1 })).toBe("TCP_TOO_OLD_ACK");
  expect(receiveAck(c, { ack: at(3) })).toBeNull();
});
