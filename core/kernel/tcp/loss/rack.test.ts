import { expect, test } from "vitest";
import { MS, receiveAck, write } from "../../../../test/harness/tcp-ack.ts";
import { connection, FIRST, type TestSock } from "../../../../test/harness/tcp-sock.ts";
import { rackDetectLoss, rackUpdateWindow, reorderingWindowUs, timeoutMarkLost, unmarkLost } from "./rack.ts";
import { RateSample } from "./rate.ts";
import { CA } from "../tcp-sock.ts";

/** Least round trip 80 ms, smoothed 100 ms. */
function measured(): TestSock {
  const { tcp } = connection();
  tcp.rttMin.see(80_000, 0, 1);
  tcp.srttUs = 800_000;
  return tcp;
}

interface Case {
  readonly name: string;
  readonly reordSeen: number;
  readonly state: number;
  readonly sackedOut: number;
  readonly recovery?: number;
  readonly steps?: number;
  readonly us: number;
}

// RFC 8985, 6.2, step 4.
test.each<Case>([
  { name: "no reordering seen, fewer than three SACKed", reordSeen: 0, state: CA.OPEN, sackedOut: 2, us: 20_000 },
  { name: "no reordering seen, three SACKed", reordSeen: 0, state: CA.OPEN, sackedOut: 3, us: 0 },
  { name: "the same without the threshold", reordSeen: 0, state: CA.OPEN, sackedOut: 3, recovery: 5, us: 20_000 },
  { name: "no reordering seen, in recovery", reordSeen: 0, state: CA.RECOVERY, sackedOut: 1, us: 0 },
  { name: "no reordering seen, after a time-out", reordSeen: 0, state: CA.LOSS, sackedOut: 0, us: 0 },
  { name: "reordering seen", reordSeen: 1, state: CA.RECOVERY, sackedOut: 9, us: 20_000 },
  { name: "three rounds with D-SACKs", reordSeen: 1, state: CA.OPEN, sackedOut: 0, steps: 4, us: 80_000 },
  {
    name: "never more than the smoothed round trip",
    reordSeen: 1,
    state: CA.OPEN,
    sackedOut: 0,
    steps: 9,
    us: 100_000,
  },
])("reordering window: $name", ({ reordSeen, state, sackedOut, recovery, steps, us }) => {
  const tcp = measured();
  tcp.reordSeen = reordSeen;
  tcp.caState = state;
  tcp.sackedOut = sackedOut;
  tcp.tcp.sysctls.recovery = recovery ?? 1;
  tcp.rack.reoWndSteps = steps ?? 1;
  expect(reorderingWindowUs(tcp)).toBe(us);
});

test("the window grows at most once a round trip, and is forgotten after 16 recoveries", () => {
  const tcp = measured();
  const { rack } = tcp;
  const sample = new RateSample();
  const round = (delivered: number, prior: number): number => {
    tcp.delivered = delivered;
    sample.priorDelivered = prior;
    rack.dsackSeen = true;
    rackUpdateWindow(tcp, sample);
    return rack.reoWndSteps;
  };
  expect([round(10, 5), round(12, 6), round(20, 11)]).toEqual([2, 2, 3]);
  expect(rack.reoWndPersist).toBe(16);
  rack.reoWndPersist = 0;
  rackUpdateWindow(tcp, sample);
  expect(rack.reoWndSteps).toBe(1);
  tcp.tcp.sysctls.recovery = 3;
  rack.dsackSeen = true;
  rackUpdateWindow(tcp, sample);
  expect(rack.reoWndSteps).toBe(1);
});

test("lost is what was sent before the newest delivered one, a round trip and the window ago", () => {
  const c = connection();
  const { tcp } = c;
  tcp.sndCwnd = 10;
  for (let i = 0; i < 4; i++) {
    write(c, 1000);
    c.world.run(5 * MS);
  }
  c.world.run(80 * MS);
  // The third of four: the first two were sent 10 and 5 ms before it.
  tcp.reordSeen = 1;
  receiveAck(c, { ack: FIRST, sacks: [[FIRST + 2000, FIRST + 3000]] });
  expect([tcp.rack.rttUs, tcp.lostOut]).toEqual([90_000, 0]);
  // Window 22.5 ms: the first is lost 12.5 ms from now, the second 17.5 ms.
  expect(rackDetectLoss(tcp)).toBe(17_500);
  c.world.run(13 * MS);
  expect([rackDetectLoss(tcp), tcp.lostOut]).toEqual([4500, 1]);
  c.world.run(5 * MS);
  rackDetectLoss(tcp);
  expect(tcp.lostOut).toBe(2);
});

test("a time-out takes all but the latest for lost, and an undo puts them back in the order they were sent", () => {
  const c = connection();
  const { tcp } = c;
  tcp.sndCwnd = 20;
  for (let i = 0; i < 5; i++) {
    write(c, 1000);
    c.world.run(5 * MS);
  }
  receiveAck(c, { ack: FIRST, sacks: [[FIRST + 2000, FIRST + 3000]] });
  timeoutMarkLost(tcp);
  // The first was sent again at once. RACK measured 15 ms: what was sent less than that ago is not lost yet.
  expect([tcp.lostOut, tcp.sackedOut]).toEqual([2, 1]);
  unmarkLost(tcp);
  const order: number[] = [];
  for (let at = tcp.tsorted.first; at !== null; at = at.sentAfter) order.push((at.seq - FIRST) / 1000);
  expect([order, tcp.lostOut]).toEqual([[1, 3, 4, 0], 0]);
  expect(tcp.tsorted.last?.sentBefore?.seq).toBe(FIRST + 4000);
});
