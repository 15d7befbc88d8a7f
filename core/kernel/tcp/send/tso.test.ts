import { expect, test } from "vitest";
import { connection, FIRST } from "../../../../test/harness/tcp-sock.ts";
import { TH } from "../../../wire/tcp.ts";
import { sizeGoal } from "./mss.ts";
import { NAGLE } from "../tcp-sock.ts";
import { seqOf } from "../sequence.ts";
import { nagleHolds, naglePasses, splitPoint, tsoSegments } from "./tso.ts";
import { entail, newSegment } from "./write-queue.ts";

// Nagle's table: partial segment, options, something under way, and whether that is small (Minshall).
test.each([
  { partial: false, nonagle: 0, packets: 1, small: true, holds: false },
  { partial: true, nonagle: 0, packets: 0, small: false, holds: false },
  { partial: true, nonagle: 0, packets: 1, small: false, holds: false },
  { partial: true, nonagle: 0, packets: 1, small: true, holds: true },
  { partial: true, nonagle: NAGLE.OFF, packets: 1, small: true, holds: false },
  { partial: true, nonagle: NAGLE.CORK, packets: 0, small: false, holds: true },
  { partial: true, nonagle: NAGLE.OFF | NAGLE.CORK, packets: 0, small: false, holds: true },
  { partial: false, nonagle: NAGLE.CORK, packets: 0, small: false, holds: false },
  { partial: true, nonagle: NAGLE.OFF | NAGLE.PUSH, packets: 1, small: true, holds: false },
])("Nagle: $partial $nonagle $packets $small -> $holds", ({ partial, nonagle, packets, small, holds }) => {
  const { tcp } = connection();
  tcp.packetsOut = packets;
  tcp.sndNxt = seqOf(FIRST + 500);
  tcp.sndSml = seqOf(small ? FIRST + 500 : FIRST);
  expect(nagleHolds(tcp, partial, nonagle)).toBe(holds);
});

test("a push and a FIN override Nagle and the cork", () => {
  const { tcp } = connection();
  const segment = newSegment(seqOf(FIRST), TH.ACK);
  segment.length = 10;
  expect(naglePasses(tcp, segment, 1000, NAGLE.CORK)).toBe(false);
  expect(naglePasses(tcp, segment, 1000, NAGLE.CORK | NAGLE.PUSH)).toBe(true);
  segment.flags |= TH.FIN;
  expect(naglePasses(tcp, segment, 1000, NAGLE.CORK)).toBe(true);
});

test("packets hold about 1 ms at the pacing rate, two segments at least, and 64 KiB at most", () => {
  const { tcp } = connection();
  const mss = 1448;
  tcp.mssCache = mss;
  expect(tsoSegments(tcp, mss)).toBe(1);
  tcp.gsoMaxSegs = 65_535;
  // Nothing is known yet: as large as can be.
  expect(tsoSegments(tcp, mss)).toBe(45);
  tcp.pacingRate = 1_000_000;
  expect(tsoSegments(tcp, mss)).toBe(2);
  tcp.pacingRate = 20_000_000;
  expect(tsoSegments(tcp, mss)).toBe(13);
  // On a short path more: 65,215 bytes less a bit for each 512 us of round trip.
  tcp.rttMin.see(1024, 0, 1);
  expect(tsoSegments(tcp, mss)).toBe(Math.floor((19_531 + 16_303) / mss));
  tcp.pacingRate = 1e9;
  expect(tsoSegments(tcp, mss)).toBe(45);
});

test("the size to fill up to is whole segments, and half of a small window", () => {
  const { tcp } = connection();
  expect(sizeGoal(tcp, 1000)).toBe(1000);
  tcp.gsoMaxSegs = 65_535;
  expect(sizeGoal(tcp, 1000)).toBe(65_000);
  expect(sizeGoal(tcp, 1448)).toBe(45 * 1448);
  tcp.maxWindow = 20_000;
  expect(sizeGoal(tcp, 1000)).toBe(10_000);
  tcp.maxWindow = 1000;
  expect(sizeGoal(tcp, 1000)).toBe(1000);
});

test("where a segment is cut", () => {
  const { tcp } = connection();
  const segment = newSegment(seqOf(FIRST), TH.ACK);
  segment.length = 5500;
  entail(tcp, segment);
  const point = (segments: number, nonagle = 0): number => splitPoint(tcp, segment, { mss: 1000, segments, nonagle });
  expect(point(3)).toBe(3000);
  expect(point(10)).toBe(5500);
  expect(point(10, NAGLE.CORK)).toBe(5000);
  // The window ends within: at its end, or at a whole segment if a small one is under way.
  tcp.sndWnd = 3300;
  expect(point(10)).toBe(3300);
  tcp.packetsOut = 1;
  tcp.sndSml = seqOf(FIRST + 1);
  tcp.sndNxt = seqOf(FIRST + 1);
  expect(point(10)).toBe(3000);
});
