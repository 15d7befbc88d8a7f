/**
 * Random sequences of ACKs, honest ones and lies, against counts made afresh and against a plain set of the segments
 * that blocks have covered.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../test/harness/long.ts";
import { MS, receiveAck, write } from "../../../../test/harness/tcp-ack.ts";
import { connection, FIRST, type TestConnection } from "../../../../test/harness/tcp-sock.ts";
import { CUBIC } from "../congestion/cubic.ts";
import { LECTURE } from "../congestion/lecture.ts";
import { setCongestionControl } from "../congestion/registry.ts";
import { checkSendInvariants } from "../send/send-invariants.ts";
import { highestSackSeq } from "./scoreboard.ts";
import { SACKED_ACKED } from "../send/segment.ts";

type Block = readonly [number, number];
type Step =
  | { readonly do: "write"; readonly bytes: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "ack"; readonly at: number; readonly blocks: readonly Block[]; readonly window: number };

const MSS = 1000;
const blockOf = (edge: fc.Arbitrary<number>): fc.Arbitrary<Block> => fc.tuple(edge, edge);
const stepOf = (edge: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.record({
      do: fc.constant("write" as const),
      bytes: fc.integer({ min: 1, max: 20 }).map((count) => count * MSS),
    }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(700)) }),
    fc.record({
      do: fc.constant("ack" as const),
      at: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: edge, weight: 1 }),
      blocks: fc.array(blockOf(edge), { maxLength: 4 }),
      window: fc.oneof(
        { arbitrary: fc.constant(1_000_000), weight: 9 },
        { arbitrary: fc.constantFrom(0, 2560, 10_240), weight: 1 },
      ),
    }),
  );

/** Offsets from snd_una, in segments: also before it and beyond what was sent. */
const aligned = fc.integer({ min: -6, max: 40 }).map((segments) => segments * MSS);
const anywhere = fc.oneof(aligned, fc.integer({ min: -6000, max: 40_000 }), fc.integer());

/** Applies one step. Blocks and ACKs are relative to snd_una; ACKs beyond what was sent are lies as well. */
function apply(at: TestConnection, step: Step): void {
  const { tcp } = at;
  if (step.do === "write") write(at, step.bytes);
  else if (step.do === "wait") at.world.run(step.ms * MS);
  else {
    const una = tcp.sndUna;
    const sacks = step.blocks.map(([from, to]): Block => [(una + from) >>> 0, (una + to) >>> 0]);
    receiveAck(at, { ack: (una + step.at) >>> 0, sacks: tcp.rxOpt.sackOk ? sacks : [], window: step.window });
  }
  checkSendInvariants(tcp);
  expectHighest(at);
  expect(tcp.inFlight).toBeGreaterThanOrEqual(0);
  expect(tcp.sndCwnd).toBeGreaterThanOrEqual(1);
}

/** The hint at the end of the highest SACKed segment is right. */
function expectHighest({ tcp }: TestConnection): void {
  if (!tcp.rxOpt.sackOk || tcp.sackedOut === 0) return;
  let at = tcp.rtxQueue.last;
  while (at !== null && (at.sacked & SACKED_ACKED) === 0) at = tcp.rtxQueue.previous(at);
  expect(highestSackSeq(tcp)).toBe(at?.endSeq);
}

/** Segments, by number, that are SACKed. A retransmission into a small window cuts one in two: that counts once. */
function sackedSegments(at: TestConnection): number[] {
  const found = new Set<number>();
  const queue = at.tcp.rtxQueue;
  for (let segment = queue.first; segment !== null; segment = queue.next(segment)) {
    if ((segment.sacked & SACKED_ACKED) !== 0) found.add(Math.floor((segment.seq - FIRST) / MSS));
  }
  return [...found];
}

/** The plain model: what the blocks of all ACKs so far cover whole, above snd_una. Told of each ACK before TCP is. */
class Covered {
  readonly segments = new Set<number>();

  see(at: TestConnection, step: Step): void {
    if (step.do !== "ack") return;
    const una = at.tcp.sndUna - FIRST;
    const sent = at.tcp.sndNxt - FIRST;
    const ack = una + step.at;
    if (ack > sent || una - ack > Math.min(at.tcp.maxWindow, at.tcp.bytesAcked)) return;
    const after = Math.max(una, ack);
    for (const segment of this.segments) if (segment * MSS < after) this.segments.delete(segment);
    if (una === sent) return;
    for (const [from, to] of step.blocks) {
      const [start, end] = [una + from, una + to];
      if (start >= end || end > sent || start <= after) continue;
      for (let n = Math.ceil(start / MSS); (n + 1) * MSS <= end; n++) this.segments.add(n);
    }
  }
}

const prepared = (): TestConnection => {
  const at = connection();
  at.tcp.sendBufferBytes = 4_000_000;
  at.tcp.sndCwnd = 30;
  return at;
};

test("with whole segments SACKed, exactly those are marked that blocks have covered", () => {
  fc.assert(
    fc.property(fc.array(stepOf(aligned), { maxLength: 40 }), (steps) => {
      const at = prepared();
      const covered = new Covered();
      write(at, 25 * MSS);
      for (const step of steps) {
        // A receiver that takes back a SACK makes TCP forget them: that is another story.
        if (step.do === "wait" && sackedSegments(at)[0] === (at.tcp.sndUna - FIRST) / MSS) continue;
        covered.see(at, step);
        apply(at, step);
        expect(sackedSegments(at)).toEqual([...covered.segments].sort((a, b) => a - b));
      }
    }),
    { numRuns: runs(1000) },
  );
});

test("a segment that a retransmission cut at the window's edge is SACKed in both parts", () => {
  const at = prepared();
  write(at, 25 * MSS);
  apply(at, { do: "ack", at: 0, blocks: [[11_000, 22_000]], window: 10_240 });
  apply(at, { do: "ack", at: 0, blocks: [[1000, 11_000]], window: 1_000_000 });
  expect(sackedSegments(at)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
});

test.each(["cubic", "lecture", "reno"])("with any lie the counts stay right: %s", (control) => {
  fc.assert(
    fc.property(fc.array(stepOf(anywhere), { maxLength: 60 }), fc.boolean(), (steps, sackOk) => {
      const at = prepared();
      at.tcp.rxOpt.sackOk = sackOk;
      if (control !== "reno") setCongestionControl(at.tcp, control === "cubic" ? CUBIC : LECTURE);
      at.tcp.sndCwnd = 30;
      write(at, 25 * MSS);
      for (const step of steps) apply(at, step);
    }),
    { numRuns: runs(1000) },
  );
});

test("packets of many segments are cut where a block ends, and the counts stay right", () => {
  fc.assert(
    fc.property(fc.array(stepOf(anywhere), { maxLength: 60 }), fc.boolean(), (steps, sackOk) => {
      const at = prepared();
      at.tcp.rxOpt.sackOk = sackOk;
      at.device.txSegmentationOffload = true;
      write(at, 25 * MSS);
      for (const step of steps) apply(at, step);
    }),
    { numRuns: runs(1000) },
  );
});
