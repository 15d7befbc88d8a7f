/** The learning switch: where frames go, what it remembers, and what faults do to it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MILLISECOND, SECOND } from "../../core/base/time.ts";
import { Cable } from "../../core/fabric/cable.ts";
import { Switch, type SwitchOptions } from "../../core/fabric/switch.ts";
import { Collector, newContext, newFrame, run, station } from "./setup.ts";

const BROADCAST = 0xffffffffffff;

/** A switch with hosts h0, h1... on cables of no delay. */
function newStar(hosts: number, options: Partial<SwitchOptions> = {}) {
  const context = newContext();
  const names = Array.from({ length: hosts }, (_, i) => `eth${i}`);
  const bridge = new Switch(context, { id: 1, name: "s1", ports: names, ...options });
  const cables = names.map((_, id) => new Cable(context, { id, name: `h${id}-s1` }));
  const sinks = cables.map((cable, index) => {
    bridge.connect(index, cable.ends[1]);
    return new Collector(context, cable.ends[0]);
  });
  let id = 0;
  const send = (from: number, to: number, length = 60): number => {
    const frame = newFrame(context, { to, from: station(from), length, id: ++id });
    cables[from]?.ends[0].transmit(frame);
    return id;
  };
  const settle = () => {
    run(context);
    bridge.checkInvariants();
    for (const cable of cables) cable.checkInvariants();
    expect(context.frames.blocks.outstanding).toBe(0);
  };
  const heard = () => sinks.map((sink) => sink.ids);
  return { context, bridge, cables, sinks, send, settle, heard };
}

test("floods the unknown and broadcasts, forwards the known, filters its own segment, keeps reserved groups", () => {
  const { bridge, send, settle, heard } = newStar(3);
  const steps: [from: number, to: number, hears: number[]][] = [
    [0, station(1), [1, 2]],
    [1, station(0), [0]],
    [0, station(1), [1]],
    [2, BROADCAST, [0, 1]],
    [0, 0x01005e000001, [1, 2]],
    [0, 0x0180c2000000, []],
    [0, station(0), []],
  ];
  const expected: number[][] = [[], [], []];
  for (const [from, to, hears] of steps) {
    const id = send(from, to);
    settle();
    for (const host of hears) expected[host]?.push(id);
    expect(heard()).toEqual(expected);
  }
  expect(bridge.fdb().map(({ mac, port }) => [mac, port])).toEqual([0, 1, 2].map((i) => [station(i), i]));
  expect(bridge.counters()[0]?.drops).toEqual([
    ["SWITCH_NO_PORT", 1],
    ["SWITCH_SAME_PORT", 1],
  ]);
});

test("forgets after the ageing time, and at once when a link goes down", () => {
  const { context, bridge, cables, send, settle, heard } = newStar(3, { ageingNs: SECOND });
  send(1, BROADCAST);
  settle();
  const heardAt = context.engine.now;
  run(context, heardAt + SECOND - 2_000);
  send(0, station(1));
  settle();
  expect(heard()[2]).toEqual([1]);
  run(context, heardAt + SECOND);
  send(0, station(1));
  settle();
  expect(heard()[2]).toEqual([1, 3]);
  cables[0]?.setPlugged(false);
  expect(bridge.fdb()).toEqual([]);
});

test("a full table learns nothing new until something aged", () => {
  const { context, bridge, cables, settle } = newStar(2, { tableMax: 4, ageingNs: SECOND });
  const from = (mac: number) => {
    cables[0]?.ends[0].transmit(newFrame(context, { to: BROADCAST, from: station(mac) }));
    settle();
  };
  for (let mac = 10; mac < 20; mac++) from(mac);
  expect(bridge.fdb().map(({ mac }) => mac)).toEqual([10, 11, 12, 13].map(station));
  expect(bridge.tableFull).toBe(6);
  run(context, 2 * SECOND);
  from(30);
  expect(bridge.fdb().map(({ mac }) => mac)).toEqual([station(30)]);
});

test("frames with bit errors end at the port; queues are bounded per port", () => {
  const { cables, bridge, send, settle, heard } = newStar(3, { queueFramesMax: 3 });
  cables[0]?.configure(0, { corrupt: 1 });
  send(0, BROADCAST);
  settle();
  expect(heard()).toEqual([[], [], []]);
  expect(bridge.counters()[0]?.drops).toEqual([["FCS_ERROR", 1]]);
  cables[2]?.configure(1, { rateBitsPerSecond: 1_000_000 });
  for (let i = 0; i < 10; i++) send(1, station(2));
  settle();
  // One on the wire and three waiting; the slow port takes no other meanwhile.
  expect(heard()[2]).toHaveLength(4);
  expect(bridge.counters()[2]).toMatchObject({ queueFramesPeak: 3, drops: [["SWITCH_QUEUE_FULL", 6]] });
});

test("VLANs keep apart, and trunks carry tags", () => {
  const { context, bridge, cables, sinks, send, settle, heard } = newStar(4);
  const seen: string[] = [];
  const trunk = new Collector(context, cables[3]?.ends[0] ?? expect.fail(), (frame) => {
    seen.push(Array.from(frame.view().subarray(12, 16)).join(","));
  });
  bridge.setVlans(0, { untagged: 10, tagged: new Set() });
  bridge.setVlans(1, { untagged: 20, tagged: new Set() });
  bridge.setVlans(2, { untagged: 10, tagged: new Set() });
  bridge.setVlans(3, { untagged: 0, tagged: new Set([10, 20]) });
  send(0, BROADCAST);
  settle();
  expect(heard()).toEqual([[], [], [1], []]);
  expect(trunk.arrivals.map(({ length }) => length)).toEqual([64]);
  expect(seen).toEqual(["129,0,0,10"]);
  const tagged = newFrame(context, { to: BROADCAST, from: station(3), length: 64, id: 2 });
  tagged.bytes.set([0x81, 0x00, 0, 20, 0x88, 0xb5], tagged.start + 12);
  cables[3]?.ends[0].transmit(tagged);
  send(3, BROADCAST);
  settle();
  expect(sinks[1]?.arrivals).toMatchObject([{ id: 2, length: 60 }]);
  expect(bridge.counters()[3]?.drops).toEqual([["VLAN_FILTER", 1]]);
});

test("a crash loses queues and table, a pause holds frames, a delay holds back each", () => {
  const { context, bridge, cables, send, settle, heard } = newStar(2, { forwardDelayNs: MILLISECOND });
  send(0, station(1));
  run(context, 100_000);
  bridge.crash();
  for (const cable of cables) cable.setPower(1, false);
  settle();
  expect(bridge.fdb()).toEqual([]);
  expect(bridge.counters()[0]?.drops).toEqual([["NODE_DOWN", 1]]);
  for (const cable of cables) cable.setPower(1, true);
  bridge.reboot();
  bridge.pause();
  for (let i = 0; i < 3; i++) send(0, station(1));
  run(context);
  bridge.checkInvariants();
  expect(heard()[1]).toEqual([]);
  const resumedAt = context.engine.now;
  bridge.resume();
  settle();
  expect(heard()[1]).toEqual([2, 3, 4]);
  expect(context.engine.now).toBeGreaterThanOrEqual(resumedAt + MILLISECOND);
});

test("a loop of switches storms, and is bounded", () => {
  const context = newContext();
  const [a, b] = ["a", "b"].map(
    (name, id) => new Switch(context, { id, name, ports: ["p0", "p1", "p2"], queueFramesMax: 8 }),
  );
  const cables = [0, 1, 2].map((id) => new Cable(context, { id, name: `c${id}` }));
  cables.forEach((cable, index) => {
    a?.connect(index, cable.ends[0]);
    b?.connect(index, cable.ends[1]);
  });
  cables[0]?.ends[0].transmit(newFrame(context, { to: BROADCAST, from: station(1) }));
  run(context, 10 * MILLISECOND);
  a?.checkInvariants();
  b?.checkInvariants();
  const dropped = context.drops.entries().filter(({ reason }) => reason === "SWITCH_QUEUE_FULL");
  expect(dropped.length).toBeGreaterThan(0);
  expect(context.frames.outstanding).toBeLessThan(6 * (8 + 2));
});

test("on a tree of switches nothing arrives twice, and the whole repeats", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
      fc.array(fc.record({ from: fc.nat(), to: fc.nat() }), { maxLength: 40 }),
      (parents, frames) => {
        const play = () => {
          const context = newContext();
          const count = parents.length + 1;
          const ports = Array.from({ length: count + 1 }, (_, i) => `p${i}`);
          const switches = Array.from({ length: count }, (_, id) => new Switch(context, { id, name: `s${id}`, ports }));
          const hosts = switches.map((bridge, id) => {
            const cable = new Cable(context, { id, name: `h${id}` });
            bridge.connect(0, cable.ends[1]);
            return { cable, sink: new Collector(context, cable.ends[0]) };
          });
          parents.forEach((choice, index) => {
            const link = new Cable(context, { id: 100 + index, name: `t${index}` });
            switches[choice % (index + 1)]?.connect(index + 2, link.ends[0]);
            switches[index + 1]?.connect(1, link.ends[1]);
          });
          frames.forEach(({ from, to }, id) => {
            const target = to % (count + 1);
            const mac = target === count ? BROADCAST : station(target);
            hosts[from % count]?.cable.ends[0].transmit(
              newFrame(context, { to: mac, from: station(from % count), id }),
            );
            run(context);
          });
          for (const bridge of switches) bridge.checkInvariants();
          expect(context.frames.blocks.outstanding).toBe(0);
          for (const { sink } of hosts) expect(new Set(sink.ids).size).toBe(sink.ids.length);
          frames.forEach(({ from, to }, id) => {
            const target = to % (count + 1);
            if (target === from % count) return;
            const hears = (host: number) => hosts[host]?.sink.ids.includes(id);
            if (target < count) expect(hears(target)).toBe(true);
            else for (let h = 0; h < count; h++) expect(hears(h)).toBe(h !== from % count);
          });
          return context.engine.digest.value;
        };
        expect(play()).toBe(play());
      },
    ),
    { numRuns: 60 },
  );
});
