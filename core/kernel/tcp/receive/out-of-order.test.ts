import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamByte, TestReceiver } from "../../../../test/harness/tcp-receiver.ts";
import { TH } from "../../../wire/tcp.ts";

describe("the out-of-order queue", () => {
  test("keeps its payload until the gap is filled, and acknowledges it at once then", () => {
    const receiver = new TestReceiver();
    receiver.give(1000, 1000);
    receiver.give(3000, 1000);
    expect(receiver.acks()).toEqual(["ack 0 1000-2000", "ack 0 3000-4000 1000-2000"]);
    receiver.tcp.ackQuick = 0;
    receiver.give(0, 1000);
    expect(receiver.acks()).toEqual(["ack 2000 3000-4000"]);
    receiver.give(2000, 1000);
    expect(receiver.acks()).toEqual(["ack 4000"]);
    expect(receiver.tcp.outOfOrder.size).toBe(0);
  });

  test("the newest block comes first, and blocks that meet become one", () => {
    const receiver = new TestReceiver();
    for (const from of [100, 300, 500, 700]) receiver.give(from, 100);
    receiver.advance(1);
    expect(receiver.acks().at(-1)).toBe("ack 0 700-800 500-600 300-400 100-200");
    receiver.give(900, 100);
    receiver.advance(10);
    expect(receiver.acks().at(-1)).toBe("ack 0 900-1000 700-800 500-600 300-400");
    receiver.give(400, 100);
    receiver.advance(10);
    expect(receiver.acks().at(-1)).toBe("ack 0 300-600 900-1000 700-800");
  });

  test("three blocks fit beside timestamps", () => {
    const receiver = new TestReceiver({ tstampOk: true });
    for (const from of [100, 300, 500, 700]) receiver.give(from, 100);
    receiver.advance(10);
    expect(receiver.acks().at(-1)).toBe("ack 0 700-800 500-600 300-400");
  });

  test("duplicates are reported first, RFC 2883: what lay behind the gap, and what was read already", () => {
    const receiver = new TestReceiver();
    const counters = receiver.machine.core.snmp.tcpExt;
    for (const [from, to] of [
      [500, 900],
      [1300, 1500],
      [2000, 2200],
      // Covers the gap, the first block and part of the second.
      [0, 1400],
      [1500, 2100],
      [300, 700],
    ] as const) {
      receiver.give(from, to - from);
      receiver.advance(1);
    }
    expect(receiver.acks()).toEqual([
      "ack 0 500-900",
      "ack 0 1300-1500 500-900",
      "ack 0 2000-2200 1300-1500 500-900",
      "ack 1500 500-900 2000-2200",
      "ack 2200 2000-2100",
      "ack 2200 300-700",
    ]);
    expect([counters.TCPDSACKOldSent, counters.DelayedACKLost]).toEqual([3, 1]);
  });

  test("a segment that covers others takes their place; one that is covered is dropped", () => {
    const receiver = new TestReceiver();
    const counters = receiver.machine.core.snmp.tcpExt;
    for (const from of [1000, 1400, 1800]) receiver.give(from, 150);
    receiver.acks();
    receiver.give(1100, 850);
    receiver.advance(10);
    expect(receiver.acks()).toEqual(["ack 0 1100-1150 1000-1950"]);
    receiver.give(1450, 30);
    receiver.advance(10);
    expect(receiver.acks()).toEqual(["ack 0 1450-1480 1000-1950"]);
    expect([counters.TCPOFOMerge, counters.TCPDSACKOfoSent, counters.TCPOFOQueue]).toEqual([3, 2, 5]);
  });

  test("a FIN behind a gap ends the stream when the gap is filled", () => {
    const receiver = new TestReceiver();
    receiver.give(100, 100, { flags: TH.ACK | TH.FIN });
    expect(receiver.tcp.finReceived).toBe(false);
    receiver.give(0, 100);
    expect(receiver.tcp.finReceived).toBe(true);
    expect(receiver.acks().at(-1)).toBe("ack 201");
    expect(receiver.read(500)).toHaveLength(200);
    expect(receiver.read(500)).toBe(0);
  });

  test("nothing is reported to a peer without SACK, and every segment is a duplicate ACK", () => {
    const receiver = new TestReceiver({ sackOk: false });
    const window = receiver.tcp.rcvWnd;
    for (let i = 1; i < 8; i++) receiver.give(i * 1000, 1000);
    expect(receiver.acks()).toEqual(Array.from({ length: 7 }, () => "ack 0"));
    expect(receiver.tcp.rcvWnd).toBe(window);
  });
});

interface Step {
  readonly from: number;
  readonly length: number;
}

const step: fc.Arbitrary<Step> = fc.record({ from: fc.nat(3000), length: fc.integer({ min: 1, max: 600 }) });

test("whatever comes in whatever order, the stream is the same as with an array (also across the wrap)", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom(0, -1000, 0x7fffffff - 1500),
      fc.boolean(),
      (steps, irs, reads) => {
        const receiver = new TestReceiver({ irs });
        const model = new Uint8Array(4000);
        const out: number[] = [];
        for (const { from, length } of steps) {
          if (receiver.sent.length > 100) receiver.acks();
          model.fill(1, from, from + length);
          receiver.give(from, length);
          receiver.advance(5);
          const end = model.indexOf(0);
          expect((receiver.tcp.rcvNxt - receiver.first) | 0).toBe(end);
          checkBlocks(receiver, model);
          if (reads) out.push(...readAll(receiver));
        }
        out.push(...readAll(receiver));
        expect(out).toEqual(Array.from({ length: model.indexOf(0) }, (_, i) => streamByte(i)));
        receiver.tcp.outOfOrder.clear();
        receiver.check();
        expect(receiver.machine.skbs.outstanding).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

function readAll(receiver: TestReceiver): number[] {
  const bytes = receiver.read(777);
  return typeof bytes === "number" ? [] : [...bytes, ...readAll(receiver)];
}

/** Every block lies behind the gap and tells what has come. */
function checkBlocks(receiver: TestReceiver, model: Uint8Array): void {
  for (const { start, end } of receiver.tcp.selectiveAcks) {
    const from = (start - receiver.first) | 0;
    const to = (end - receiver.first) | 0;
    expect(from).toBeGreaterThan(model.indexOf(0));
    expect(model.subarray(from, to).every((there) => there === 1)).toBe(true);
  }
}
