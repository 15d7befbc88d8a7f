import { describe, expect, test } from "vitest";
import { TestReceiver } from "../../../../test/harness/tcp-receiver.ts";
import { TH } from "../../../wire/tcp.ts";
import { enterPingpongMode, QUICKACKS_MAX } from "./ack-mode.ts";
import { acceptCwr } from "./ecn-receive.ts";
import { ECN } from "../tcp-sock.ts";

const MSS = 1460;

/** Quick mode used up. */
function patient(options = {}): TestReceiver {
  const receiver = new TestReceiver({ wscaleOk: true, ...options });
  receiver.tcp.ackAtoUs = 40_000;
  receiver.tcp.ackRcvMss = MSS;
  // Room to move the right edge, as when the program keeps up.
  receiver.tcp.rcvWnd = 32_000;
  return receiver;
}

describe("acknowledging", () => {
  test("the first segments are acknowledged one by one, as many as half of the window has, 16 at most", () => {
    const receiver = new TestReceiver();
    receiver.give(0, MSS);
    expect(receiver.acks()).toEqual(["ack 1460"]);
    // The window has grown, too, which makes the number odd.
    expect(receiver.tcp.ackQuick).toBe((QUICKACKS_MAX | 1) - 1);
    for (let i = 1; i < 40; i++) {
      receiver.advance(1);
      receiver.give(i * 100 + MSS - 100, 100);
      receiver.read(2000);
    }
    expect(receiver.tcp.ackQuick).toBe(0);
  });

  test("then every second full segment, and a lone one after 40 ms", () => {
    const receiver = patient();
    receiver.give(0, MSS);
    expect(receiver.acks()).toEqual([]);
    receiver.tcp.ackQuick = 0;
    receiver.give(MSS, MSS);
    expect(receiver.acks()).toEqual(["ack 2920"]);
    receiver.tcp.ackQuick = 0;
    receiver.give(2 * MSS, 500);
    receiver.advance(39);
    expect(receiver.acks()).toEqual([]);
    receiver.advance(2);
    expect(receiver.acks()).toEqual(["ack 3420"]);
    expect(receiver.machine.core.snmp.tcpExt.DelayedACKs).toBe(1);
    // It was missed by the program's answer: the next one may take longer.
    expect(receiver.tcp.ackAtoUs).toBe(80_000);
  });

  test("a merged packet of several segments counts as these", () => {
    const receiver = patient();
    receiver.tcp.ackRcvMss = 1000;
    receiver.give(0, 3000, { gsoSize: 1000 });
    expect(receiver.tcp.ackRcvMss).toBe(1000);
    expect(receiver.acks()).toEqual(["ack 3000"]);
  });

  test("two small segments of one size, options included, are the peer's MSS", () => {
    const receiver = patient({ tstampOk: true });
    receiver.give(0, 988, { optionBytes: 12 });
    receiver.give(988, 980, { optionBytes: 20 });
    expect(receiver.tcp.ackRcvMss).toBe(988);
  });

  test("an interactive connection leaves that mode when the answer does not come", () => {
    const receiver = patient();
    enterPingpongMode(receiver.tcp);
    receiver.tcp.ackQuick = 5;
    receiver.give(0, 10, { flags: TH.ACK | TH.PSH });
    expect(receiver.acks()).toEqual([]);
    receiver.advance(41);
    expect(receiver.acks()).toEqual(["ack 10"]);
    expect([receiver.tcp.ackPingpong, receiver.tcp.ackAtoUs]).toEqual([0, 40_000]);
  });

  test("a read that empties the buffer acknowledges small segments", () => {
    const receiver = patient();
    receiver.give(0, 10, { flags: TH.ACK | TH.PSH });
    receiver.tcp.ackQuick = 0;
    expect(receiver.acks()).toEqual([]);
    receiver.read(100);
    expect(receiver.acks()).toEqual(["ack 10"]);
  });

  test("a packet that fills more than half of the buffer ends quick mode: its ACK waits", () => {
    const receiver = new TestReceiver({ receiveBuffer: 60_000, sackOk: false });
    // Half of the buffer, in whole segments.
    expect(receiver.tcp.rcvWnd).toBe(29_200);
    receiver.give(0, 30_000, { gsoSize: 1200 });
    expect(receiver.acks()).toEqual([]);
    receiver.advance(41);
    // In pages it takes 33,024 bytes: 232/256 of the other 26,976 are 20 segments of 1,200.
    expect(receiver.sent.map((tcp) => [tcp.ack, tcp.window])).toEqual([[30_001, 24_000]]);
  });

  test("a packet larger than the whole buffer is taken when it is empty, and closes the window at once", () => {
    const receiver = new TestReceiver({ receiveBuffer: 30_000, sackOk: false });
    receiver.give(0, 50_000, { gsoSize: 1200 });
    expect(receiver.sent.map((tcp) => [tcp.ack, tcp.window])).toEqual([[50_001, 0]]);
  });

  test("many ACKs about one gap are held together after the third", () => {
    const receiver = patient();
    receiver.tcp.rcvRtt.rttUs = 100_000 * 8;
    for (let i = 1; i <= 30; i++) receiver.give(i * 1000, 1000);
    expect(receiver.acks()).toHaveLength(3);
    receiver.advance(2);
    expect(receiver.acks()).toEqual(["ack 0 1000-31000"]);
    expect(receiver.machine.core.snmp.tcpExt.TCPAckCompressed).toBe(26);
  });

  test("at most 44 are held back", () => {
    const receiver = patient();
    receiver.tcp.rcvRtt.rttUs = 100_000 * 8;
    for (let i = 1; i <= 50; i++) receiver.give(i * 100, 100);
    expect(receiver.acks()).toEqual(["ack 0 100-200", "ack 0 100-300", "ack 0 100-400", "ack 0 100-4900"]);
  });
});

describe("congestion marks", () => {
  test("are answered at once, until CWR comes", () => {
    const receiver = patient();
    receiver.tcp.ecnFlags = ECN.OK;
    receiver.give(0, 100, { tos: 2 });
    expect(receiver.acks()).toEqual([]);
    receiver.give(100, 100, { tos: 3 });
    expect(receiver.sent.at(-1)?.flags).toBe(TH.ACK | TH.ECE);
    const cwr = receiver.segment(200, 100, { flags: TH.ACK | TH.CWR });
    acceptCwr(receiver.tcp, cwr);
    receiver.machine.core.consume(cwr);
    expect(receiver.tcp.ecnFlags).toBe(ECN.OK | ECN.SEEN);
  });

  test("data without ECT is taken for a retransmission", () => {
    const receiver = patient();
    receiver.tcp.ecnFlags = ECN.OK | ECN.SEEN;
    receiver.give(0, 100);
    expect(receiver.acks()).toEqual(["ack 100"]);
  });
});
