/** The shared medium: carrier sense, collisions, what is delivered to whom, and faults. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MILLISECOND, SECOND } from "../../core/base/time.ts";
import { Cable } from "../../core/fabric/cable.ts";
import { Hub, type HubOptions } from "../../core/fabric/hub.ts";
import { Switch } from "../../core/fabric/switch.ts";
import { Collector, atTime, newContext, newFrame, run, station } from "./setup.ts";
import { runs } from "../harness/long.ts";

const BROADCAST = 0xffffffffffff;

function newSegment(propagations: readonly number[], options: Partial<HubOptions> = {}, seed = 1) {
  const context = newContext(seed);
  const ports = propagations.map((propagationNs, i) => ({ name: `p${i}`, propagationNs }));
  const hub = new Hub(context, { id: 1, name: "hub1", ports, ...options });
  const sinks = propagations.map((_, index) => new Collector(context, hub.port(index)));
  const send = (from: number, id: number, length = 60) =>
    hub.port(from).transmit(newFrame(context, { to: BROADCAST, from: station(from), length, id }));
  return { context, hub, sinks, send };
}

test("everyone but the sender hears a frame, after the propagation to its place", () => {
  const { context, hub, sinks, send } = newSegment([0, 1_000, 3_000], { repeaterDelayNs: 100 });
  send(1, 1);
  run(context);
  const body = 57_600;
  expect(sinks.map(({ arrivals }) => arrivals.map(({ at }) => at))).toEqual([[body + 1_100], [], [body + 4_100]]);
  expect(sinks.map(({ sent }) => sent)).toEqual([0, 1, 0]);
  hub.checkInvariants();
});

test("a station defers to the carrier and keeps the gap", () => {
  const { context, hub, sinks, send } = newSegment([0, 0, 0]);
  send(0, 1, 1000);
  atTime(context, 100_000, () => send(1, 2));
  run(context);
  const end = 1012 * 800;
  expect(sinks[2]?.arrivals.map(({ at }) => at)).toEqual([end, end + 9_600 + 57_600]);
  expect(hub.counters()).toMatchObject({ collisions: 0, ports: [{}, { deferredTransmissions: 1 }, {}] });
});

test("stations that cannot hear each other yet collide, jam, back off, and both get through", () => {
  const { context, hub, sinks, send } = newSegment([5_000, 5_000, 0]);
  send(0, 1);
  atTime(context, 9_999, () => send(1, 2));
  run(context);
  hub.checkInvariants();
  const { collisions, ports } = hub.counters();
  expect(collisions).toBeGreaterThan(0);
  expect(sinks[2]?.ids.sort()).toEqual([1, 2]);
  expect(ports.map((port) => port.singleCollisionFrames + port.multipleCollisionFrames)).toEqual([1, 1, 0]);
  expect(ports[2]?.fragments).toBeGreaterThan(0);
  expect(context.frames.blocks.outstanding).toBe(0);
});

test("on a segment that is too long, collisions come late and cost the frame", () => {
  const { context, hub, sinks, send } = newSegment([60_000, 60_000]);
  send(0, 1, 1514);
  atTime(context, 100_000, () => send(1, 2, 1514));
  run(context);
  hub.checkInvariants();
  expect(hub.counters().ports.map((port) => port.lateCollisions)).toEqual([1, 0]);
  expect(sinks[0]).toMatchObject({ sent: 0, givenUp: 1 });
  expect(hub.counters().ports[0]?.drops).toEqual([["LATE_COLLISION", 1]]);
  expect(sinks[0]?.ids).toEqual([2]);
});

test("a crash takes the carrier, a pause silences the medium, a pulled cable one station; all heals", () => {
  const { context, hub, sinks, send } = newSegment([100, 200, 300]);
  const steps: [action: () => void, heard: number[][]][] = [
    [() => send(0, 1), [[], [1], [1]]],
    [() => hub.crash(), [[], [], []]],
    [() => send(0, 2), [[], [], []]],
    [() => hub.reboot(), [[], [], []]],
    [() => hub.pause(), [[], [], []]],
    [() => send(0, 3), [[], [], []]],
    [() => hub.resume(), [[], [], []]],
    [() => hub.setPlugged(1, false), [[], [], []]],
    [() => send(2, 4), [[4], [], []]],
    [() => hub.setPlugged(1, true), [[], [], []]],
    [() => send(1, 5), [[5], [], [5]]],
  ];
  for (const [action, heard] of steps) {
    action();
    run(context);
    hub.checkInvariants();
    expect(sinks.map((sink) => sink.arrivals.splice(0).map(({ id }) => id))).toEqual(heard);
  }
  expect(sinks[1]?.carrier).toEqual([false, true, false, true]);
  expect(context.frames.blocks.outstanding).toBe(0);
});

test("a switch port on a hub sends half duplex, in order", () => {
  const context = newContext();
  const hub = new Hub(context, { id: 1, name: "hub1", ports: [{ name: "p0" }, { name: "p1" }] });
  const bridge = new Switch(context, { id: 2, name: "s1", ports: ["eth0", "eth1"] });
  const cable = new Cable(context, { id: 3, name: "h-s1" });
  bridge.connect(0, hub.port(0));
  bridge.connect(1, cable.ends[1]);
  new Collector(context, cable.ends[0]);
  const onHub = new Collector(context, hub.port(1));
  for (let id = 0; id < 50; id++) {
    cable.ends[0].transmit(newFrame(context, { to: station(9), from: station(8), id }));
  }
  run(context);
  bridge.checkInvariants();
  hub.checkInvariants();
  expect(onHub.ids).toEqual(Array.from({ length: 50 }, (_, id) => id));
});

const deed = fc.record({
  at: fc.integer({ min: 0, max: 5 * MILLISECOND }),
  port: fc.integer({ min: 0, max: 3 }),
  length: fc.integer({ min: 60, max: 1514 }),
  what: fc.oneof(
    { weight: 12, arbitrary: fc.constant("send" as const) },
    { weight: 1, arbitrary: fc.constantFrom("plug", "pull", "crash", "reboot", "pause", "resume") },
  ),
});

test("under any load and faults frames are conserved and never overlap, and a seed repeats", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 4, maxLength: 4 }),
      fc.array(deed, { maxLength: 80 }),
      fc.integer(),
      (propagations, deeds, seed) => {
        const play = () => {
          const { context, hub, sinks, send } = newSegment(propagations, { queueFramesMax: 10 }, seed);
          deeds.forEach(({ at, port, length, what }, id) => {
            atTime(context, at, () => {
              if (what === "send") send(port, id, length);
              else if (what === "plug" || what === "pull") hub.setPlugged(port, what === "plug");
              else hub[what]();
            });
          });
          while (context.engine.nextTime < Infinity) {
            context.engine.advance(context.engine.nextTime as never, 1);
            hub.checkInvariants();
          }
          expect(context.engine.now).toBeLessThan(5 * SECOND);
          expect(context.frames.blocks.outstanding).toBe(0);
          for (const { arrivals } of sinks) {
            arrivals.forEach((arrival, index) => {
              const before = arrivals[index - 1];
              const lasts = (arrival.length + 12) * 800;
              if (before !== undefined) expect(arrival.at - before.at).toBeGreaterThanOrEqual(lasts);
            });
          }
          return { digest: context.engine.digest.value, heard: sinks.map((sink) => sink.arrivals) };
        };
        expect(play()).toEqual(play());
      },
    ),
    { numRuns: runs(150) },
  );
});
