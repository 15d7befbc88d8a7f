import { describe, expect, test } from "vitest";
import { TestReceiver, type ReceiverOptions } from "../../../../test/harness/tcp-receiver.ts";
import { TH } from "../../../wire/tcp.ts";
import { growReceiveBuffer, rcvRttMeasureTs, rcvSpaceAdjust } from "./receive-tuning.ts";
import { newWindow, selectInitialWindow, selectWindow } from "./receive-window.ts";
import { seqAdd } from "../sequence.ts";
import { ACK_NOMEM } from "../timer-arm.ts";

/** Takes `bytes` of the receive buffer as packets would. */
function fill(receiver: TestReceiver, bytes: number): TestReceiver {
  receiver.tcp.receiveMemory.used = bytes;
  return receiver;
}

describe("the first window", () => {
  type Row = [given: [buffer: number, rmemMax: number, clamp: number, mss: number], locked: boolean, scaled: boolean];
  test.each<[...Row, expected: [window: number, scale: number]]>([
    [[131_072, 33_554_432, 0, 1460], false, true, [64_240, 10]],
    [[131_072, 33_554_432, 0, 1448], false, true, [65_160, 10]],
    [[131_072, 4_194_304, 0, 1460], false, true, [64_240, 7]],
    [[131_072, 4_194_304, 0, 1460], false, false, [64_240, 0]],
    [[540_000, 15_728_640, 0, 1460], false, true, [268_640, 8]],
    [[131_072, 6_291_456, 30_000, 1460], false, true, [29_200, 0]],
    [[40_000, 33_554_432, 0, 1460], true, true, [18_980, 0]],
    [[2304, 33_554_432, 0, 1460], true, true, [1152, 0]],
    [[131_072, 100, 0, 1460], false, true, [64_240, 2]],
  ])("buffer, tcp_rmem[2], clamp and MSS %o, fixed %s, scaling %s: window and scale %o", (...row) => {
    const [[buffer, largest, clamp, mss], locked, wscaleOk, expected] = row;
    const { tcp, sysctls } = new TestReceiver();
    tcp.receiveBufferBytes = buffer;
    tcp.receiveBufferLocked = locked;
    tcp.windowClamp = clamp;
    sysctls.rmem.values[2] = largest;
    const window = selectInitialWindow(tcp, mss, wscaleOk);
    expect([window.rcvWnd, window.rcvWscale]).toEqual(expected);
    expect(window.windowClamp).toBeLessThanOrEqual(65_535 * 2 ** window.rcvWscale);
  });

  test("a peer that may take it for a signed number is not offered more than 32767", () => {
    const { tcp, sysctls } = new TestReceiver();
    sysctls.workaroundSignedWindows = 1;
    expect(selectInitialWindow(tcp, 1460, true).rcvWnd).toBe(32_767);
  });

  test("the largest window is the buffer's share less one segment", () => {
    const { tcp } = new TestReceiver({ wscaleOk: true });
    expect([tcp.windowClamp, tcp.rcvSsthresh, tcp.rcvq.space]).toEqual([64_076, 64_076, 14_600]);
  });
});

describe("the window that could be offered", () => {
  interface Case {
    readonly options?: ReceiverOptions;
    readonly used?: number;
    readonly ssthresh?: number;
    readonly offered?: number;
    readonly window: number;
    readonly quick?: number;
  }
  const SCALED = { wscaleOk: true };
  test.each<[string, Case]>([
    ["grows to rcv_ssthresh, rounded up to the scale", { options: SCALED, ssthresh: 50_000, window: 50_176 }],
    ["is what is free when that is less", { options: SCALED, used: 60_000, window: 35_840 }],
    [
      "is rounded down when less than half is free, and quick mode ends",
      { options: SCALED, used: 80_000, window: 24_576, quick: 0 },
    ],
    ["is nothing below a sixteenth of the buffer", { options: SCALED, used: 125_000, window: 0, quick: 0 }],
    ["is nothing when the buffer is overdrawn", { options: SCALED, used: 200_000, window: 0, quick: 0 }],
    ["is a multiple of the MSS without scaling", { used: 20_000, offered: 1460, window: 54_900 }],
    ["stays as it is within one MSS of that", { ssthresh: 30_500, offered: 30_000, window: 30_000 }],
    ["is nothing below one MSS", { options: { receiveBuffer: 20_000 }, used: 18_000, window: 0, quick: 0 }],
  ])("%s", (_name, { options = {}, used = 0, ssthresh, offered, window, quick = 9 }) => {
    const receiver = fill(new TestReceiver(options), used);
    const { tcp } = receiver;
    tcp.ackRcvMss = options.receiveBuffer !== undefined ? 1460 : 1220;
    tcp.ackQuick = 9;
    if (ssthresh !== undefined) tcp.rcvSsthresh = ssthresh;
    if (offered !== undefined) tcp.rcvWnd = offered;
    expect([newWindow(tcp), tcp.ackQuick]).toEqual([window, quick]);
  });
});

describe("the window field", () => {
  test("never takes back what was offered: the right edge stays until it is reached", () => {
    const receiver = fill(new TestReceiver({ wscaleOk: true }), 0);
    const { tcp } = receiver;
    expect(selectWindow(tcp)).toBe(63);
    const edge = tcp.rcvNxt + tcp.receiveWindow;
    for (let used = 20_000; used <= 260_000; used += 20_000) {
      receiver.tcp.receiveMemory.used = used;
      // A multiple of the scale: what is lost to scaling is given again at every step otherwise.
      tcp.rcvNxt = seqAdd(tcp.rcvNxt, 5120);
      selectWindow(tcp);
      expect(tcp.rcvNxt + tcp.receiveWindow).toBeGreaterThanOrEqual(edge);
    }
    expect(tcp.rcvWnd).toBe(0);
    const { TCPWantZeroWindowAdv, TCPToZeroWindowAdv, TCPFromZeroWindowAdv } = tcp.core.snmp.tcpExt;
    expect(TCPWantZeroWindowAdv).toBeGreaterThan(0);
    expect([TCPToZeroWindowAdv, TCPFromZeroWindowAdv]).toEqual([1, 0]);
    fill(receiver, 0);
    selectWindow(tcp);
    expect(tcp.core.snmp.tcpExt.TCPFromZeroWindowAdv).toBe(1);
  });

  test("may shrink when tcp_shrink_window says so", () => {
    const receiver = new TestReceiver({ wscaleOk: true });
    receiver.sysctls.shrinkWindow = 1;
    expect(selectWindow(receiver.tcp)).toBe(63);
    fill(receiver, 128_000);
    expect(selectWindow(receiver.tcp)).toBe(0);
  });

  test("is nothing when a segment found no memory", () => {
    const { tcp } = new TestReceiver({ wscaleOk: true });
    tcp.ackPending |= ACK_NOMEM;
    expect([selectWindow(tcp), tcp.rcvWnd, tcp.receiveWindow]).toEqual([0, 0, 0]);
  });

  test("a packet beyond the edge leaves a window of nothing, not a negative one", () => {
    const receiver = new TestReceiver({ receiveBuffer: 60_000, sackOk: false });
    receiver.give(0, 30_000, { gsoSize: 1200 });
    expect([receiver.tcp.receiveWindow, receiver.acks()]).toEqual([0, []]);
    expect(receiver.tcp.bytesReceived).toBe(30_000);
  });
});

describe("auto-tuning", () => {
  test("the buffer becomes four times what the program reads in an RTT, while the sender doubles its rate", () => {
    const receiver = new TestReceiver({ wscaleOk: true });
    const { tcp } = receiver;
    tcp.rcvRtt.rttUs = 10_000 * 8;
    receiver.advance(11);
    tcp.copiedSeq = seqAdd(tcp.copiedSeq, 29_200);
    tcp.rcvNxt = tcp.copiedSeq;
    rcvSpaceAdjust(tcp);
    // 2 * 29200, and as the rate has doubled in one RTT, twice as much once more.
    expect(tcp.rcvq.space).toBe(29_200);
    expect(tcp.receiveBufferBytes).toBe((58_400 + 2 * 58_400) * 2);
    expect(tcp.windowClamp).toBe(58_400 * 3);
  });

  test("not before an RTT has passed, not for data that waits, and not when the program has fixed the size", () => {
    const receiver = new TestReceiver({ wscaleOk: true });
    const { tcp } = receiver;
    tcp.rcvRtt.rttUs = 10_000 * 8;
    receiver.advance(9);
    tcp.copiedSeq = seqAdd(tcp.copiedSeq, 29_200);
    tcp.rcvNxt = seqAdd(tcp.copiedSeq, 29_200);
    rcvSpaceAdjust(tcp);
    receiver.advance(2);
    rcvSpaceAdjust(tcp);
    tcp.receiveBufferLocked = true;
    growReceiveBuffer(tcp, 100_000);
    expect(tcp.receiveBufferBytes).toBe(131_072);
    tcp.receiveBufferLocked = false;
    growReceiveBuffer(tcp, 1_000_000_000);
    expect(tcp.receiveBufferBytes).toBe(33_554_432);
  });

  test("the RTT is the time a window takes, or what timestamps say", () => {
    const receiver = new TestReceiver({ tstampOk: true });
    const { tcp } = receiver;
    receiver.advance(10);
    tcp.rcvWnd = 2000;
    receiver.give(0, 1000);
    receiver.advance(30);
    receiver.give(1000, 1000);
    expect(tcp.rcvRtt.rttUs).toBe(0);
    receiver.give(2000, 1000);
    expect(tcp.rcvRtt.rttUs).toBe(30_000 * 8);
    tcp.rxOpt.sawTstamp = true;
    tcp.rxOpt.rcvTsecr = 20;
    const skb = receiver.segment(3000, 1460);
    rcvRttMeasureTs(tcp, skb);
    expect(tcp.rcvRtt.rttUs).toBe(20_000 * 8);
    receiver.machine.core.consume(skb);
  });

  test("out-of-order data grows the buffer, but not while nobody has accepted the connection", () => {
    for (const accepted of [false, true]) {
      const receiver = new TestReceiver({ wscaleOk: true });
      const { tcp } = receiver;
      if (!accepted) tcp.listener = tcp;
      receiver.give(1500, 30_000, { gsoSize: 1500 });
      receiver.give(31_500, 30_000, { gsoSize: 1500 });
      receiver.give(61_500, 60_000, { gsoSize: 1500 });
      if (accepted) expect(tcp.receiveBufferBytes).toBeGreaterThan(131_072);
      receiver.give(0, 1500);
      expect(receiver.acks()).toEqual(["ack 0 1500-31500", "ack 0 1500-61500", "ack 0 1500-121500", "ack 121500"]);
      if (!accepted) expect(tcp.receiveBufferBytes).toBe(131_072);
    }
  });
});

test("a bare FIN is taken into a closed window, data is not", () => {
  const receiver = new TestReceiver({ receiveBuffer: 30_000, sackOk: false });
  receiver.give(0, 45_000, { gsoSize: 1500 });
  receiver.give(45_000, 10, { flags: TH.ACK | TH.FIN });
  receiver.give(45_000, 0, { flags: TH.ACK | TH.FIN });
  expect(receiver.sent.map((tcp) => [(tcp.ack - receiver.first) | 0, tcp.window])).toEqual([
    [45_000, 0],
    [45_000, 0],
    [45_001, 0],
  ]);
  expect(receiver.machine.core.snmp.tcpExt.TCPZeroWindowDrop).toBe(1);
});
