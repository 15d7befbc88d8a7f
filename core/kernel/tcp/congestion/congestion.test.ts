import { expect, test } from "vitest";
import { connection } from "../../../../test/harness/tcp-sock.ts";
import { exactExp, exactLog } from "../../../base/exact-math.ts";
import { seqAdd } from "../sequence.ts";
import { CA, INFINITE_SSTHRESH } from "../tcp-sock.ts";
import { Cubic, CUBIC, cubeRoot, update } from "./cubic.ts";
import { additiveIncrease, slowStart } from "./growth.ts";
import { LECTURE } from "./lecture.ts";
import { congestionControl, setCongestionControl } from "./registry.ts";
import { RENO } from "./reno.ts";

test("slow start adds what was acknowledged up to ssthresh and gives back the rest", () => {
  const { tcp } = connection();
  tcp.sndSsthresh = 14;
  expect([slowStart(tcp, 3), tcp.sndCwnd]).toEqual([0, 13]);
  expect([slowStart(tcp, 5), tcp.sndCwnd]).toEqual([4, 14]);
});

test("additive increase adds one segment for each window acknowledged", () => {
  const { tcp } = connection();
  tcp.sndSsthresh = 10;
  const cwnds: number[] = [];
  for (let i = 0; i < 33; i++) {
    RENO.avoid(tcp, 1);
    cwnds.push(tcp.sndCwnd);
  }
  // 10 ACKs to 11, 11 more to 12, 12 more to 13.
  expect([cwnds[8], cwnds[9], cwnds[19], cwnds[20], cwnds[31], cwnds[32]]).toEqual([10, 11, 11, 12, 12, 13]);
});

test("an ACK of much counts as much, and a credit of older times counts once", () => {
  const { tcp } = connection();
  tcp.sndSsthresh = 10;
  RENO.avoid(tcp, 25);
  expect([tcp.sndCwnd, tcp.sndCwndCnt]).toEqual([12, 5]);
  tcp.sndCwndCnt = 90;
  additiveIncrease(tcp, 10, 1);
  expect([tcp.sndCwnd, tcp.sndCwndCnt]).toEqual([13, 1]);
  tcp.sndCwndClamp = 13;
  additiveIncrease(tcp, 10, 30);
  expect(tcp.sndCwnd).toBe(13);
});

test("Reno halves, to two at least, and an undo goes back to what was before", () => {
  const { tcp } = connection();
  for (const [cwnd, half] of [
    [10, 5],
    [11, 5],
    [3, 2],
    [1, 2],
  ] as const) {
    tcp.sndCwnd = cwnd;
    expect(RENO.ssthresh(tcp)).toBe(half);
  }
  tcp.priorCwnd = 9;
  expect(RENO.undoCwnd(tcp)).toBe(9);
});

test("the lecture's window starts at one, grows by one an ACK, and is halved by the time-out alone", () => {
  const { tcp } = connection();
  setCongestionControl(tcp, LECTURE);
  expect([tcp.sndCwnd, tcp.cc.timeoutOnly]).toEqual([1, true]);
  for (let i = 0; i < 7; i++) LECTURE.avoid(tcp, 2);
  expect([tcp.sndCwnd, LECTURE.ssthresh(tcp)]).toEqual([8, 4]);
  // After the first time-out the increase is additive.
  tcp.sndSsthresh = 4;
  tcp.sndCwnd = 4;
  for (let i = 0; i < 4; i++) LECTURE.avoid(tcp, 1);
  expect(tcp.sndCwnd).toBe(5);
});

test("algorithms are found by name, and a change starts the new one", () => {
  const { tcp } = connection();
  expect(["reno", "cubic", "lecture", "bbr"].map((name) => congestionControl(name)?.name ?? null)).toEqual([
    "reno",
    "cubic",
    "lecture",
    null,
  ]);
  setCongestionControl(tcp, CUBIC);
  expect(tcp.ca).toBeInstanceOf(Cubic);
});

test("the cube root is exact", () => {
  for (const root of [1, 2, 3, 9, 10, 1000, 99_999, 200_000]) {
    const cube = root ** 3;
    expect([cubeRoot(cube - 1), cubeRoot(cube), cubeRoot(cube + 1)]).toEqual([root - 1, root, root]);
  }
  expect(cubeRoot(0)).toBe(0);
});

test("CUBIC takes W_max at a loss, and less of it when the window had come down before", () => {
  const { tcp } = connection();
  setCongestionControl(tcp, CUBIC);
  tcp.sndCwnd = 100;
  expect(CUBIC.ssthresh(tcp)).toBe(70);
  expect((tcp.ca as Cubic).lastMaxCwnd).toBe(100);
  tcp.sndCwnd = 80;
  expect(CUBIC.ssthresh(tcp)).toBe(56);
  // RFC 9438, 4.7: cwnd * (1 + beta) / 2.
  expect((tcp.ca as Cubic).lastMaxCwnd).toBe(68);
  CUBIC.setState?.(tcp, CA.LOSS);
  expect((tcp.ca as Cubic).lastMaxCwnd).toBe(0);
});

/**
 * One flow that always fills its window: an ACK for each segment, spread over the round trip. @returns cwnd at each s.
 */
function growth(start: number, lastMax: number, seconds: number, rttMs: number): number[] {
  const { tcp } = connection();
  const cubic = new Cubic();
  cubic.lastMaxCwnd = lastMax;
  cubic.delayMinUs = rttMs * 1000;
  tcp.sndSsthresh = 2;
  tcp.sndCwnd = start;
  const seen: number[] = [];
  let credit = 0;
  for (let ms = 1; ms <= seconds * 1000; ms++) {
    credit += tcp.sndCwnd / rttMs;
    for (; credit >= 1; credit--) {
      update(cubic, { cwnd: tcp.sndCwnd, acked: 1, nowMs: ms });
      additiveIncrease(tcp, cubic.count, 1);
    }
    if (ms % 1000 === 0) seen.push(tcp.sndCwnd);
  }
  return seen;
}

const cubeRootOf = (value: number): number => exactExp(exactLog(value) / 3);

// The round trip is long enough that Reno is slower all the time.
test.each([
  { start: 700, lastMax: 1000 },
  { start: 350, lastMax: 500 },
  { start: 7000, lastMax: 10_000 },
])("CUBIC from $start follows W_cubic(t) of RFC 9438 with W_max = $lastMax", ({ start, lastMax }) => {
  const rttMs = 100;
  const k = cubeRootOf((lastMax - start) / 0.4);
  const curve = growth(start, lastMax, 16, rttMs);
  for (const [index, cwnd] of curve.entries()) {
    const t = index + 1;
    const wanted = 0.4 * (t - k) ** 3 + lastMax;
    // What it follows is the curve between now and a round trip ahead; steps are whole segments.
    const ahead = 0.4 * (t + rttMs / 1000 - k) ** 3 + lastMax;
    expect(cwnd).toBeGreaterThanOrEqual(Math.floor(wanted) - 2 - 0.01 * lastMax);
    expect(cwnd).toBeLessThanOrEqual(Math.ceil(ahead) + 2 + 0.01 * lastMax);
  }
});

test("on a short path CUBIC is at least as fast as Reno with the same average", () => {
  // RFC 9438, 4.3: alpha = 3 (1 - 0.7) / (1 + 0.7) = 0.53 segments a round trip; 10 s of 10 ms are 1000 round trips.
  const seen = growth(70, 100, 10, 10);
  expect(seen[9] ?? 0).toBeGreaterThan(70 + 0.5 * 1000 - 30);
});

test("HyStart leaves slow start when the delay rises", () => {
  const at = connection();
  const { tcp } = at;
  setCongestionControl(tcp, CUBIC);
  tcp.sndCwnd = 20;
  tcp.sndUna = tcp.sndNxt;
  at.world.run(100_000_000);
  const cubic = tcp.ca as Cubic;
  for (let i = 0; i < 10; i++) CUBIC.acked?.(tcp, { segmentsAcked: 1, rttUs: 40_000, inFlight: 20 });
  expect([cubic.found, tcp.sndSsthresh]).toEqual([0, INFINITE_SSTHRESH]);
  // The next round's first eight samples are all 6 ms slower: more than the eighth (5 ms).
  tcp.sndUna = seqAdd(tcp.sndNxt, 1);
  tcp.sndNxt = seqAdd(tcp.sndNxt, 20_000);
  for (let i = 0; i < 9; i++) CUBIC.acked?.(tcp, { segmentsAcked: 1, rttUs: 46_000, inFlight: 20 });
  expect([cubic.found, tcp.sndSsthresh]).toEqual([2, 20]);
});

test("HyStart leaves slow start when the ACKs of one round stretch over half a round trip", () => {
  const at = connection();
  const { tcp } = at;
  tcp.sndNxt = seqAdd(tcp.sndUna, 20_000);
  setCongestionControl(tcp, CUBIC);
  tcp.sndCwnd = 20;
  const cubic = tcp.ca as Cubic;
  for (let ms = 1; ms <= 20; ms++) {
    at.world.run(1_000_000);
    expect(cubic.found).toBe(0);
    CUBIC.acked?.(tcp, { segmentsAcked: 1, rttUs: 40_000, inFlight: 20 });
  }
  at.world.run(1_000_000);
  CUBIC.acked?.(tcp, { segmentsAcked: 1, rttUs: 40_000, inFlight: 20 });
  expect([cubic.found, tcp.sndSsthresh]).toEqual([1, 20]);
});
