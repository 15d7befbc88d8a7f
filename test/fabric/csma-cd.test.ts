/**
 * CSMA/CD against theory. What differs from the models, and how the bounds below come about:
 * - Metcalfe and Boggs let each of Q stations send with the ideal probability 1/Q. Binary exponential backoff has to find
 *   Q out by colliding, and its timers run on while others send, so that after a long frame many expire at once: it stays
 *   below, by up to 32 % for shortest frames and 64 stations. With few stations it may beat the ideal by 5 %, since a
 *   collision costs less (preamble and jam, 9.6 us, plus propagation) than the slot of 51.2 us that the model charges.
 * - 1 / (1 + 5a) is the limit for many stations; at least 5 here, and 20 % either way for the same reasons.
 * - Both models give every waiting station the same chance. Under plain saturation the winner of a collision starts its
 *   next frame with a short backoff while the loser's has grown (the capture effect), so one station sends long trains
 *   and few collide. For the comparison a station that got through pauses for a while; the greedy case is checked apart.
 */
import { expect, test } from "vitest";
import { SECOND } from "../../core/base/time.ts";
import { frameNs, runCsmaCdLoad, theoreticalEfficiency, type CsmaCdResult } from "./csma-cd-load.ts";

const PROPAGATION_NS = 11_000;
const SLOT_NS = 51_200;
const STATIONS = [1, 2, 5, 10, 32, 64];
/** With FCS: 64, 512 and 1,518 bytes. */
const FRAME_BYTES = [60, 508, 1514];
const MINUTE = 60_000;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.padStart(8);
/** Jain's index: 1 when all stations sent equally much, 1/n when one sent everything. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  return sum ** 2 / (shares.length * shares.reduce((a, b) => a + b * b, 0));
}

function saturate(stations: number, frameBytes: number, courteous: boolean): CsmaCdResult {
  const cycleNs = frameNs(frameBytes) / theoreticalEfficiency(stations, frameNs(frameBytes), SLOT_NS);
  return runCsmaCdLoad({
    stations,
    frameBytes,
    propagationNs: PROPAGATION_NS,
    durationNs: 2 * SECOND,
    seed: 7,
    framesPerSecond: null,
    ...(courteous && stations > 1 ? { courtesyNs: (stations * cycleNs) / 2 } : {}),
  });
}

test("efficiency under saturation agrees with Metcalfe and Boggs and with 1 / (1 + 5a)", { timeout: MINUTE }, () => {
  const lines = ["bytes  stations  measured   M&B 1976   1/(1+5a)   greedy   fairness of greedy"];
  for (const frameBytes of FRAME_BYTES) {
    const a = (2 * PROPAGATION_NS) / frameNs(frameBytes);
    for (const stations of STATIONS) {
      const fair = saturate(stations, frameBytes, true);
      const greedy = saturate(stations, frameBytes, false);
      const theory = theoreticalEfficiency(stations, frameNs(frameBytes), SLOT_NS);
      const limit = 1 / (1 + 5 * a);
      lines.push(
        `${String(frameBytes + 4).padStart(5)}  ${String(stations).padStart(8)}  ${percent(fair.efficiency)}   ${percent(theory)}   ` +
          `${percent(limit)}  ${percent(greedy.efficiency)}   ${fairness(greedy.framesPerStation).toFixed(2)}`,
      );
      const context = `${frameBytes} bytes, ${stations} stations`;
      expect(fair.efficiency / theory, context).toBeGreaterThan(0.68);
      expect(fair.efficiency / theory, context).toBeLessThan(1.05);
      if (stations >= 5) expect(Math.abs(fair.efficiency / limit - 1), context).toBeLessThan(0.2);
      // Capture saves collisions; it costs fairness instead.
      expect(greedy.efficiency, context).toBeGreaterThan(fair.efficiency - 0.01);
      expect(fair.overlaps + greedy.overlaps, context).toBe(0);
      expect(fairness(fair.framesPerStation), context).toBeGreaterThan(0.85);
    }
  }
  console.log(lines.join("\n"));
});

test("throughput follows the offered load up to capacity and stays there", { timeout: MINUTE }, () => {
  const lines = ["offered  throughput  mean delay  collisions a frame"];
  const capacityFrames = SECOND / frameNs(508);
  const results = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0].map((offered) => {
    const result = runCsmaCdLoad({
      stations: 20,
      frameBytes: 508,
      propagationNs: PROPAGATION_NS,
      durationNs: 4 * SECOND,
      seed: 3,
      framesPerSecond: offered * capacityFrames,
    });
    const collisions = result.counters.collisions / result.framesSent;
    lines.push(
      `${percent(offered)}  ${percent(result.efficiency)}  ${(result.meanDelayNs / 1e6).toFixed(2).padStart(7)} ms  ${collisions.toFixed(2)}`,
    );
    return { offered, ...result };
  });
  console.log(lines.join("\n"));
  for (const { offered, efficiency, meanDelayNs } of results) {
    // 4 s of Poisson arrivals are some 900 frames at the least: 10 % is three standard deviations.
    if (offered <= 0.6) expect(Math.abs(efficiency / offered - 1)).toBeLessThan(0.1);
    if (offered >= 1) expect(efficiency).toBeGreaterThan(0.65);
    expect(efficiency).toBeLessThan(1);
    expect(meanDelayNs).toBeGreaterThan(frameNs(508) - 9_600);
  }
  const delays = results.map((result) => result.meanDelayNs);
  expect(delays.slice(0, 6)).toEqual([...delays.slice(0, 6)].sort((a, b) => a - b));
});

test("two runs of one seed are equal, of two seeds are not", () => {
  const load = { stations: 5, frameBytes: 60, propagationNs: 5_000, durationNs: SECOND / 10, framesPerSecond: null };
  const first = runCsmaCdLoad({ ...load, seed: 1 });
  expect(runCsmaCdLoad({ ...load, seed: 1 })).toEqual(first);
  expect(runCsmaCdLoad({ ...load, seed: 2 }).framesPerStation).not.toEqual(first.framesPerStation);
});
