import fc from "fast-check";
import { expect, test } from "vitest";
import { connection, FIRST, type TestConnection } from "../../../../test/harness/tcp-sock.ts";
import { TH } from "../../../wire/tcp.ts";
import { LOST, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "./segment.ts";
import { seqAdd, seqDistance, seqOf } from "../sequence.ts";
import { fragment, growSegment, setTsoSegments, trimHead } from "./split.ts";
import { entail, newSegment } from "./write-queue.ts";

const MSS = 100;

function queue(at: TestConnection, lengths: readonly number[]): void {
  const { tcp } = at;
  for (const length of lengths) {
    const segment = newSegment(tcp.writeSeq, TH.ACK);
    segment.length = length;
    segment.endSeq = seqAdd(segment.seq, length);
    segment.truesize += length;
    entail(tcp, segment);
    tcp.writeSeq = segment.endSeq;
  }
}

function unsent(at: TestConnection): TcpSegment[] {
  const list: TcpSegment[] = [];
  for (let segment = at.tcp.writeQueue.first; segment !== null; segment = segment.next) list.push(segment);
  return list;
}

/** The queue covers the stream without a gap, and memory and packets are counted right. */
function check(at: TestConnection, segments: readonly TcpSegment[]): void {
  let seq = seqOf(FIRST);
  for (const segment of segments) {
    expect(segment.seq).toBe(seq);
    expect(seqDistance(segment.seq, segment.endSeq)).toBe(segment.length + Number((segment.flags & TH.FIN) !== 0));
    seq = segment.endSeq;
  }
  expect(at.tcp.wmemQueued).toBe(segments.reduce((sum, segment) => sum + segment.truesize, 0));
}

test("cutting and growing keep the stream, the memory and the flags", () => {
  const step = fc.record({ cut: fc.boolean(), index: fc.nat(9), length: fc.integer({ min: 1, max: 800 }) });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 6 }),
      fc.array(step, { maxLength: 20 }),
      (lengths, steps) => {
        const at = connection();
        const { tcp } = at;
        queue(at, lengths);
        const last = tcp.writeQueue.last as TcpSegment;
        last.flags |= TH.FIN | TH.PSH;
        last.endSeq = seqAdd(last.endSeq, 1);
        tcp.writeSeq = seqAdd(tcp.writeSeq, 1);
        for (const { cut, index, length } of steps) {
          const list = unsent(at);
          const segment = list[index % list.length] as TcpSegment;
          if (cut && segment.length > 0) fragment(tcp, segment, Math.min(length, segment.length), MSS);
          else growSegment(tcp, segment, length);
          const now = unsent(at);
          check(at, now);
          expect(now.map((each) => (each.flags & TH.FIN) !== 0).indexOf(true)).toBe(now.length - 1);
        }
        expect(seqDistance(seqOf(FIRST), (unsent(at).at(-1) as TcpSegment).endSeq)).toBe(
          lengths.reduce((sum, length) => sum + length, 1),
        );
      },
    ),
  );
});

test("a segment sent is cut in the retransmit queue, and its packets are counted anew", () => {
  const at = connection();
  const { tcp } = at;
  queue(at, [1000, 250]);
  const segment = tcp.writeQueue.first as TcpSegment;
  for (const each of unsent(at)) {
    setTsoSegments(each, MSS);
    tcp.writeQueue.remove(each);
    tcp.rtxQueue.insert(each);
    tcp.tsorted.touch(each);
    tcp.packetsOut += each.segments;
  }
  tcp.sndNxt = tcp.writeSeq;
  segment.sacked = LOST | SACKED_RETRANS;
  tcp.lostOut = 10;
  tcp.retransOut = 10;
  segment.eor = true;
  // 250 and 750 bytes: one packet more than before, as the cut is in the middle of one.
  expect(fragment(tcp, segment, 250, MSS)).toBe(0);
  const rest = tcp.rtxQueue.next(segment) as TcpSegment;
  expect([segment.segments, rest.segments, tcp.packetsOut, tcp.lostOut, tcp.retransOut]).toEqual([3, 8, 14, 11, 11]);
  expect([segment.eor, rest.eor, rest.sacked]).toEqual([false, true, LOST | SACKED_RETRANS]);
  expect(tcp.tsorted.first).toBe(segment);
  expect(segment.sentAfter).toBe(rest);
  tcp.rtxQueue.checkInvariants();
  trimHead(tcp, segment, 160);
  expect([segment.length, segment.segments, seqDistance(seqOf(FIRST), segment.seq)]).toEqual([90, 1, 160]);
});

test("without SACK, counted duplicate ACKs never exceed what is out", () => {
  const at = connection();
  const { tcp } = at;
  tcp.rxOpt.sackOk = false;
  queue(at, [300]);
  const segment = tcp.writeQueue.first as TcpSegment;
  setTsoSegments(segment, 50);
  tcp.writeQueue.remove(segment);
  tcp.rtxQueue.insert(segment);
  tcp.packetsOut = 6;
  tcp.sackedOut = 2;
  tcp.sndNxt = tcp.writeSeq;
  fragment(tcp, segment, 100, 100);
  expect([tcp.packetsOut, tcp.sackedOut]).toEqual([3, 0]);
});

test("pieces are not cut without bound: SACK attacks end here", () => {
  const at = connection();
  const { tcp, host } = at;
  queue(at, [100, 100, 100]);
  for (const each of unsent(at)) {
    setTsoSegments(each, MSS);
    tcp.writeQueue.remove(each);
    tcp.rtxQueue.insert(each);
  }
  tcp.sndNxt = tcp.writeSeq;
  tcp.wmemQueued = 2 * (tcp.sendBufferBytes + 2 * (65_536 + 576)) + 2;
  const first = tcp.rtxQueue.first as TcpSegment;
  const middle = tcp.rtxQueue.next(first) as TcpSegment;
  middle.sacked = SACKED_ACKED;
  expect(fragment(tcp, middle, 50, 50)).toBe(-12);
  expect(host.core.snmp.tcpExt.TCPWqueueTooBig).toBe(1);
  expect(fragment(tcp, first, 50, 50)).toBe(0);
});
