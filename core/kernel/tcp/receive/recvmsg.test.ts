import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamByte, TestReceiver } from "../../../../test/harness/tcp-receiver.ts";
import { TH } from "../../../wire/tcp.ts";
import { E } from "../../syscall/errno.ts";
import { MSG } from "../../syscall/sys.ts";
import { inq, receiveMessage } from "./recvmsg.ts";
import { isReadable } from "./receive.ts";
import { TCP_STATE } from "../states.ts";
import { setOptions } from "../socket-records.ts";

const bytes = (from: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => streamByte(from + i));

describe("reading", () => {
  test("waits for data, and takes it across packets", () => {
    const receiver = new TestReceiver();
    expect(receiver.read(10)).toBe(-E.EAGAIN);
    receiver.give(0, 100);
    receiver.give(100, 2000);
    receiver.give(2100, 50);
    expect(receiver.read(150)).toEqual(bytes(0, 150));
    expect(inq(receiver.tcp)).toBe(2000);
    expect(receiver.read(5000)).toEqual(bytes(150, 2000));
    expect(receiver.read(10)).toBe(-E.EAGAIN);
    expect(receiver.tcp.receiveMemory.used).toBe(0);
  });

  test("MSG_PEEK leaves it there, MSG_TRUNC throws it away", () => {
    const receiver = new TestReceiver();
    receiver.give(0, 100);
    expect(receiver.read(60, MSG.PEEK)).toEqual(bytes(0, 60));
    expect(receiver.read(500, MSG.PEEK)).toEqual(bytes(0, 100));
    expect(receiver.read(40, MSG.TRUNC)).toEqual(new Uint8Array(40));
    expect(receiver.read(500)).toEqual(bytes(40, 60));
  });

  test("a stream ends with 0, after all that came before the FIN", () => {
    const receiver = new TestReceiver();
    receiver.give(0, 100, { flags: TH.ACK | TH.FIN });
    expect(inq(receiver.tcp)).toBe(100);
    expect(receiver.read(500, MSG.PEEK)).toHaveLength(100);
    expect(receiver.read(100)).toHaveLength(100);
    expect([receiver.read(10), receiver.read(10, MSG.PEEK)]).toEqual([0, 0]);
    expect(receiver.tcp.copiedSeq).toBe(receiver.tcp.rcvNxt);
  });

  test("TCP_INQ tells what is left, and 1 at the end, so that the program reads once more", () => {
    const receiver = new TestReceiver();
    setOptions(receiver.tcp, { inq: true });
    receiver.give(0, 4200, { gsoSize: 1400 });
    const [first, message] = receiver.readMessage(1500);
    expect([first, message.inq]).toEqual([1500, 2700]);
    expect(receiver.readMessage(2700)[1].inq).toBe(0);
    receiver.give(4200, 700, { flags: TH.ACK | TH.FIN });
    expect(receiver.readMessage(700)[1].inq).toBe(1);
  });

  test("data comes before an error, an error before the end", () => {
    const receiver = new TestReceiver();
    receiver.give(0, 10);
    receiver.tcp.error = E.ECONNRESET;
    expect(receiver.read(10)).toHaveLength(10);
    expect(receiver.read(10)).toBe(-E.ECONNRESET);
    receiver.tcp.state = TCP_STATE.CLOSE;
    expect(receiver.read(10)).toBe(-E.ENOTCONN);
    receiver.tcp.isReceiveShut = true;
    expect(receiver.read(10)).toBe(0);
    receiver.tcp.state = TCP_STATE.LISTEN;
    expect(receiver.read(10)).toBe(-E.ENOTCONN);
    expect(receiveMessage(receiver.tcp, new Uint8Array(1), MSG.OOB, null)).toBeLessThan(0);
  });

  test("opens the window when that is worth an ACK", () => {
    const receiver = new TestReceiver({ wscaleOk: true });
    const { tcp } = receiver;
    tcp.ackAtoUs = 40_000;
    tcp.ackRcvMss = 1000;
    for (let i = 0; receiver.tcp.receiveWindow > 1000 && i < 200; i++) receiver.give(i * 1000, 1000);
    receiver.advance(300);
    receiver.acks();
    const small = tcp.receiveWindow;
    expect(small).toBeLessThan(20_000);
    receiver.read(1000);
    expect(receiver.acks()).toEqual([]);
    receiver.read(100_000);
    expect(receiver.acks()).toHaveLength(1);
    expect(tcp.receiveWindow).toBeGreaterThan(2 * small);
  });

  test("wakes the reader when SO_RCVLOWAT is reached", () => {
    const receiver = new TestReceiver();
    receiver.tcp.rcvLowat = 150;
    receiver.give(0, 100);
    expect([receiver.wakes, isReadable(receiver.tcp, 150)]).toEqual([0, false]);
    receiver.give(100, 100);
    expect([receiver.wakes, isReadable(receiver.tcp, 150)]).toEqual([1, true]);
  });

  test("takes the bytes that were sent, in whatever pieces it is done", { timeout: 20_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 30 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.boolean()), { maxLength: 60 }),
        (sizes, reads) => {
          const receiver = new TestReceiver({ wscaleOk: true });
          let sent = 0;
          let got = 0;
          for (const size of sizes) {
            receiver.give(sent, size);
            sent += size;
            const [most, peeks] = reads[sent % Math.max(1, reads.length)] ?? [100, false];
            const read = receiver.read(most, peeks ? MSG.PEEK : 0);
            if (typeof read === "number") continue;
            expect(read).toEqual(bytes(got, read.length));
            if (!peeks) got += read.length;
            expect(inq(receiver.tcp)).toBe(sent - got);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a buffer that is full", () => {
  test("gives out-of-order data up first, and counts what it drops", () => {
    const receiver = new TestReceiver({ receiveBuffer: 17_000 });
    const { tcp } = receiver;
    const counters = receiver.machine.core.snmp.tcpExt;
    tcp.rcvWnd = 60_000;
    for (let i = 1; i < 8; i++) receiver.give(i * 2000, 1460);
    expect(tcp.outOfOrder.size).toBe(7);
    receiver.give(0, 2000);
    expect([counters.PruneCalled, counters.OfoPruned]).toEqual([1, 1]);
    expect(tcp.outOfOrder.size).toBeLessThan(7);
    expect(tcp.selectiveAcks).toHaveLength(0);
    expect(tcp.rcvNxt).toBeGreaterThan(2000);
    receiver.check();
  });

  test("copies small packets together before it drops any", () => {
    const receiver = new TestReceiver({ receiveBuffer: 30_000 });
    const { tcp } = receiver;
    const counters = receiver.machine.core.snmp.tcpExt;
    tcp.rcvWnd = 60_000;
    // Such overlaps cannot be joined.
    for (let i = 0; i < 35; i++) receiver.give(100 + 5 * i, 10);
    expect(tcp.outOfOrder.size).toBe(35);
    receiver.give(1000, 4000);
    expect(tcp.outOfOrder.size).toBe(2);
    expect([counters.TCPRcvCollapsed, counters.OfoPruned]).toEqual([35, 0]);
    receiver.give(0, 1000);
    receiver.check();
    expect(receiver.read(10_000)).toEqual(bytes(0, 5000));
  });

  test("drops what it cannot hold, says a window of 0, and wakes the reader", () => {
    const receiver = new TestReceiver({ receiveBuffer: 10_000, sackOk: false });
    const { tcp } = receiver;
    tcp.rcvWnd = 60_000;
    receiver.give(0, 8000);
    receiver.acks();
    tcp.rcvWnd = 60_000;
    tcp.rcvWup = tcp.rcvNxt;
    receiver.give(8000, 8000);
    expect(receiver.machine.core.snmp.tcpExt.TCPRcvQDrop).toBe(1);
    expect(receiver.sent.map(({ ack, window }) => [(ack - receiver.first) | 0, window])).toEqual([[8000, 0]]);
    receiver.give(8000, 100);
    expect(receiver.machine.core.snmp.tcpExt.TCPZeroWindowDrop).toBe(1);
    expect(receiver.acks().at(-1)).toBe("ack 8000");
  });
});
