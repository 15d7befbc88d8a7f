/** Timing, order, impairments and faults of cables. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Cable, type CableOptions } from "../../core/fabric/cable.ts";
import type { ImpairmentSettings } from "../../core/fabric/impairment.ts";
import { MILLISECOND, SECOND } from "../../core/base/time.ts";
import { Collector, atTime, newContext, newFrame, run, station } from "./setup.ts";
import { runs } from "../harness/long.ts";

function newCable(options: Partial<CableOptions> = {}, seed = 1) {
  const context = newContext(seed);
  const cable = new Cable(context, { id: 1, name: "a-b", ...options });
  const a = new Collector(context, cable.ends[0]);
  const b = new Collector(context, cable.ends[1]);
  const send = (id: number, length = 60, end: 0 | 1 = 0) =>
    cable.ends[end].transmit(newFrame(context, { to: station(2), from: station(1), length, id }));
  return { context, cable, a, b, send };
}

test("a frame arrives with its last bit, and the transmitter is free one gap later", () => {
  const cases = [
    // 60 bytes and preamble and FCS are 72; with the gap 84
    { rate: 10_000_000, length: 60, delayNs: 0, arrival: 57_600, free: 67_200 },
    { rate: 10_000_000, length: 14, delayNs: 0, arrival: 57_600, free: 67_200 },
    { rate: 1_000_000_000, length: 1514, delayNs: 5_000, arrival: 12_208 + 5_000, free: 12_304 },
    { rate: 3, length: 60, delayNs: 1, arrival: 192_000_000_001, free: 224_000_000_000 },
    { rate: 7, length: 60, delayNs: 0, arrival: 82_285_714_286, free: 96_000_000_000 },
    { rate: 0, length: 1514, delayNs: 9, arrival: 9, free: 0 },
  ];
  for (const { rate, length, delayNs, arrival, free } of cases) {
    const { context, b, send } = newCable({ forward: { rateBitsPerSecond: rate, delayNs } });
    expect(send(1, length)).toBe(free);
    run(context);
    expect(b.arrivals.map(({ at }) => at)).toEqual([arrival]);
  }
});

test("a delay fills the pipe and costs no throughput", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 50 * MILLISECOND }),
      fc.integer({ min: 60, max: 1514 }),
      (delayNs, length) => {
        const { context, b, send } = newCable({ forward: { rateBitsPerSecond: 100_000_000, delayNs } });
        for (let id = 0; id < 200; id++) send(id, length);
        run(context);
        const slot = (length + 24) * 80;
        expect(b.arrivals.map(({ at }) => at)).toEqual(
          Array.from({ length: 200 }, (_, id) => delayNs + id * slot + (length + 12) * 80),
        );
      },
    ),
    { numRuns: runs(30) },
  );
});

test("directions are independent", () => {
  const { context, a, b, send } = newCable({
    forward: { delayNs: 1 },
    backward: { delayNs: 100, rateBitsPerSecond: 0 },
  });
  send(1);
  send(2, 60, 1);
  run(context);
  expect([a.arrivals[0]?.at, b.arrivals[0]?.at]).toEqual([100, 577]);
});

test("the queue counts frames not yet started, and the MTU spares a VLAN tag", () => {
  const { context, cable, b, send } = newCable({ forward: { queueFramesMax: 2, mtuBytes: 1000 } });
  for (let id = 1; id <= 5; id++) send(id, 100);
  expect(cable.counters()[0].drops).toEqual([["LINK_QUEUE_FULL", 2]]);
  run(context);
  expect(b.ids).toEqual([1, 2, 3]);
  send(6, 1014);
  send(7, 1015);
  const tagged = newFrame(context, { to: station(2), from: station(1), length: 1018, id: 8 });
  tagged.bytes.set([0x81, 0x00, 0, 5], tagged.start + 12);
  cable.ends[0].transmit(tagged);
  run(context);
  expect(b.ids).toEqual([1, 2, 3, 6, 8]);
  expect(cable.counters()[0].drops).toContainEqual(["LINK_MTU", 1]);
});

test("unplugging loses what is in flight and in the queue, tells both ends, and plugging in starts afresh", () => {
  const { context, cable, a, b, send } = newCable({ forward: { delayNs: MILLISECOND } });
  for (let id = 0; id < 10; id++) send(id);
  atTime(context, 500_000, () => cable.setPlugged(false));
  atTime(context, 600_000, () => expect(send(50)).toBe(600_000));
  atTime(context, 700_000, () => cable.setPlugged(true));
  atTime(context, 800_000, () => send(60));
  run(context);
  expect(b.arrivals).toMatchObject([{ id: 60, at: 800_000 + 576 + MILLISECOND }]);
  expect(a.carrier).toEqual([false, true]);
  expect(b.carrier).toEqual([false, true]);
  expect(cable.counters()[0]).toMatchObject({ framesIn: 12, framesDelivered: 1, drops: [["LINK_DOWN", 11]] });
  expect(context.frames.blocks.outstanding).toBe(0);
});

test("a frame due at the instant of the cut does not arrive", () => {
  const { context, cable, b, send } = newCable();
  send(1);
  atTime(context, 576, () => cable.setPlugged(false));
  run(context);
  expect(b.arrivals).toEqual([]);
});

test("a cut of one direction goes unnoticed and loses that direction alone", () => {
  const { context, cable, a, b, send } = newCable();
  cable.setWhole(0, false);
  send(1);
  send(2, 60, 1);
  run(context);
  expect([a.ids, b.ids, a.carrier, b.carrier]).toEqual([[2], [], [], []]);
  cable.setWhole(0, true);
  send(3);
  run(context);
  expect(b.ids).toEqual([3]);
  expect(cable.counters()[0].drops).toEqual([["LINK_DOWN", 1]]);
});

test("carrier needs the cable and both machines", () => {
  const { cable, a } = newCable();
  cable.setPower(1, false);
  cable.setPlugged(false);
  cable.setPower(1, true);
  expect(cable.carrier).toBe(false);
  cable.setPlugged(true);
  expect(a.carrier).toEqual([false, true]);
});

test("independent loss and duplication come at their rates", () => {
  const frames = 20_000;
  const { context, cable, b, send } = newCable({
    forward: { rateBitsPerSecond: 0, loss: { kind: "independent", probability: 0.1 }, duplicate: 0.05 },
  });
  for (let id = 0; id < frames; id++) send(id);
  run(context);
  const { framesDropped, framesDuplicated } = cable.counters()[0];
  // Four standard deviations of a binomial.
  expect(Math.abs(framesDropped - 2000)).toBeLessThan(4 * Math.sqrt(frames * 0.09));
  expect(Math.abs(framesDuplicated - 900)).toBeLessThan(4 * Math.sqrt(frames * 0.9 * 0.0475) + 4 * 0.05 * 170);
  expect(b.arrivals.length).toBe(frames - framesDropped + framesDuplicated);
});

test("Gilbert-Elliott loses its stationary share, in bursts", () => {
  const frames = 100_000;
  const { context, b, send } = newCable({
    forward: {
      rateBitsPerSecond: 0,
      loss: { kind: "gilbert-elliott", p: 0.01, r: 0.1, lossGood: 0, lossBad: 1 },
    },
  });
  for (let id = 0; id < frames; id++) {
    send(id);
    run(context, id);
  }
  run(context);
  const lost = frames - b.arrivals.length;
  // p / (p + r) = 0.0909; correlation over about 1 / (p + r) frames widens the deviation by sqrt(2 / 0.11 - 1) = 4.1.
  expect(Math.abs(lost / frames - 1 / 11)).toBeLessThan(4 * 4.1 * Math.sqrt(((1 / 11) * (10 / 11)) / frames));
  const ids = b.ids;
  const bursts = ids.filter((id, index) => id !== (ids[index - 1] ?? -1) + 1).length;
  expect(lost / bursts).toBeGreaterThan(9); // mean burst 1 / r = 10
  expect(lost / bursts).toBeLessThan(11);
});

test("bit errors come at their rate, damage the bytes, and clear the FCS", () => {
  const { context, b, cable } = newCable({ forward: { rateBitsPerSecond: 0, bitErrorRate: 1e-4 } });
  let flips = 0;
  const c = new Collector(context, cable.ends[1], (frame) => {
    let here = 0;
    for (const byte of frame.view().subarray(18)) for (let bits = byte; bits > 0; bits &= bits - 1) here++;
    flips += here;
    if (here > 0) expect(frame.fcsGood).toBe(false);
  });
  const frames = 5_000;
  for (let id = 0; id < frames; id++) {
    cable.ends[0].transmit(newFrame(context, { to: station(2), from: station(1), length: 1000, id }));
  }
  run(context);
  expect(b.arrivals).toEqual([]);
  const bad = c.arrivals.filter(({ fcsGood }) => !fcsGood).length;
  const share = 1 - (1 - 1e-4) ** (1004 * 8);
  expect(Math.abs(bad / frames - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / frames));
  const payloadBits = frames * 982 * 8;
  expect(Math.abs(flips - payloadBits * 1e-4)).toBeLessThan(4 * Math.sqrt(payloadBits * 1e-4));
});

test("corruption leaves shared bytes alone", () => {
  const { context, cable, b } = newCable({ forward: { corrupt: 1 } });
  const frame = newFrame(context, { to: station(2), from: station(1), length: 100, id: 1 });
  const kept = context.frames.share(frame);
  const before = kept.view().slice();
  cable.ends[0].transmit(frame);
  run(context);
  expect(kept.view()).toEqual(before);
  expect(b.arrivals).toMatchObject([{ fcsGood: false }]);
});

test("jitter alone keeps the order; with reorder set, frames overtake", () => {
  for (const distribution of ["uniform", "normal", "pareto"] as const) {
    const jitter = { spreadNs: MILLISECOND, distribution };
    const inOrder = newCable({ forward: { delayNs: 2 * MILLISECOND, jitter } });
    for (let id = 0; id < 500; id++) inOrder.send(id);
    run(inOrder.context);
    expect(inOrder.b.ids).toEqual(Array.from({ length: 500 }, (_, id) => id));
    expect(new Set(inOrder.b.arrivals.map(({ at }) => at)).size).toBeGreaterThan(2);
  }
  const { context, b, send } = newCable({
    forward: { delayNs: MILLISECOND, reorder: { probability: 1, gapFrames: 5, earlyByNs: Infinity } },
  });
  for (let id = 1; id <= 20; id++) send(id);
  run(context);
  expect(b.ids.slice(0, 4)).toEqual([5, 10, 15, 20]);
});

test("a shorter delay set on the way holds for later frames, which do not overtake", () => {
  const { context, cable, b, send } = newCable({ forward: { delayNs: MILLISECOND } });
  send(1);
  cable.configure(0, { delayNs: 0 });
  send(2);
  run(context);
  expect(b.arrivals.map(({ at }) => at)).toEqual([MILLISECOND + 576, MILLISECOND + 576]);
  send(3);
  run(context);
  expect(b.arrivals[2]?.at).toBe(MILLISECOND + 576 + 576);
});

const probability = fc.constantFrom(0, 0.01, 0.3, 1);
const settings: fc.Arbitrary<ImpairmentSettings> = fc.record({
  rateBitsPerSecond: fc.constantFrom(0, 1_000_000, 1_000_000_000),
  delayNs: fc.integer({ min: 0, max: 5 * MILLISECOND }),
  jitter: fc.option(
    fc.record({
      spreadNs: fc.integer({ min: 0, max: 5 * MILLISECOND }),
      distribution: fc.constantFrom("uniform", "normal", "pareto"),
    }),
  ),
  loss: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant("independent" as const), probability }),
      fc.record({
        kind: fc.constant("gilbert-elliott" as const),
        p: probability,
        r: probability,
        lossGood: probability,
        lossBad: probability,
      }),
    ),
  ),
  duplicate: probability,
  reorder: fc.option(
    fc.record({
      probability,
      gapFrames: fc.integer({ min: 1, max: 4 }),
      earlyByNs: fc.constantFrom(0, 1000, Infinity),
    }),
  ),
  corrupt: probability,
  bitErrorRate: fc.constantFrom(0, 1e-9, 1e-4, 1e-2),
  mtuBytes: fc.constantFrom(500, 1500),
  queueFramesMax: fc.integer({ min: 0, max: 20 }),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), length: fc.integer({ min: 14, max: 1514 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("plug" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("whole" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("configure" as const), settings }) },
);

test("frames are conserved under any settings and cuts, no block is lost, and a seed repeats", () => {
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 80 }), fc.integer(), (forward, steps, seed) => {
      const play = (traced: boolean) => {
        const { context, cable, b, send } = newCable({ forward }, seed);
        if (traced) context.trace.wantAll();
        steps.forEach((action, index) => {
          if (action.do === "send") send(index, action.length);
          else if (action.do === "plug") cable.setPlugged(action.on);
          else if (action.do === "whole") cable.setWhole(0, action.on);
          else cable.configure(0, action.settings);
          cable.checkInvariants();
          run(context, index * 100_000);
          cable.checkInvariants();
        });
        run(context, 10 * SECOND);
        cable.checkInvariants();
        expect(cable.counters()[0].framesInFlight).toBe(0);
        expect(context.frames.blocks.outstanding).toBe(0);
        return { digest: context.engine.digest.value, arrivals: b.arrivals };
      };
      const first = play(false);
      expect(play(false)).toEqual(first);
      // Watching changes nothing.
      expect(play(true)).toEqual(first);
    }),
    { numRuns: runs(150) },
  );
});

test("without reordering frames arrive in the order sent", () => {
  fc.assert(
    fc.property(settings, fc.integer(), (forward, seed) => {
      const { context, b, send } = newCable({ forward: { ...forward, reorder: null } }, seed);
      for (let id = 0; id < 100; id++) {
        send(id, 100);
        run(context, id * 20_000);
      }
      run(context);
      expect(b.ids).toEqual([...b.ids].sort((x, y) => x - y));
    }),
  );
});

test("a cable that was cut, broken one way, or impaired, and then healed, delivers as before", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("plug", "whole", "power", "configure"),
      fc.integer({ min: 0, max: MILLISECOND }),
      (fault, delayNs) => {
        const { context, cable, b, send } = newCable({ forward: { delayNs, rateBitsPerSecond: 10_000_000 } });
        const volley = (from: number) => {
          for (let i = 0; i < 20; i++) atTime(context, from + i * 30_000, () => send(i, 60 + i * 40));
        };
        const before = cable.settings(0);
        const set = (broken: boolean) => {
          if (fault === "plug") cable.setPlugged(!broken);
          else if (fault === "whole") cable.setWhole(0, !broken);
          else if (fault === "power") cable.setPower(1, !broken);
          else cable.configure(0, broken ? { delayNs: 7, corrupt: 1, rateBitsPerSecond: 1_000_000_000 } : before);
        };
        volley(0);
        atTime(context, 20 * MILLISECOND, () => set(true));
        volley(21 * MILLISECOND);
        atTime(context, 40 * MILLISECOND, () => set(false));
        volley(50 * MILLISECOND);
        run(context);
        const from = (start: number) =>
          b.arrivals
            .filter(({ at }) => at >= start && at < start + 20 * MILLISECOND)
            .map((arrival) => ({ ...arrival, at: arrival.at - start }));
        expect(from(0)).toHaveLength(20);
        expect(from(50 * MILLISECOND)).toEqual(from(0));
      },
    ),
  );
});
