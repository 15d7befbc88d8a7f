/** Fault rules at every kind of node, and the random schedule. */
import { expect, test } from "vitest";
import { MILLISECOND, SECOND } from "../../core/base/time.ts";
import { Random } from "../../core/base/random.ts";
import { Cable } from "../../core/fabric/cable.ts";
import { FAULT_RULE_DEFAULTS, type FaultRule, type FaultVerdict } from "../../core/fabric/fault-rules.ts";
import { scheduleFaults, type FaultPlan } from "../../core/fabric/fault-schedule.ts";
import { Hub } from "../../core/fabric/hub.ts";
import { Switch } from "../../core/fabric/switch.ts";
import { Collector, newContext, newFrame, run, station } from "./setup.ts";

const rule = (on: string, verdict: FaultVerdict, more: Partial<FaultRule> = {}): FaultRule => ({
  ...FAULT_RULE_DEFAULTS,
  on,
  verdict,
  ...more,
});

/** h0 - switch s1 - h1, or two stations on a hub. */
function newPath(kind: "switch" | "hub") {
  const context = newContext();
  const check: (() => void)[] = [];
  const edges = ["h0", "h1"].map((node) => ({ node, nic: "eth0" }));
  if (kind === "hub") {
    const ports = edges.map((edge, i) => ({ name: `eth${i}`, edge }));
    const hub = new Hub(context, { id: 0, name: "s1", ports, rateBitsPerSecond: 100_000_000 });
    check.push(() => hub.checkInvariants());
    return { context, check, from: hub.port(0), sink: new Collector(context, hub.port(1)) };
  }
  const bridge = new Switch(context, { id: 0, name: "s1", ports: ["eth0", "eth1"] });
  const cables = edges.map((edge, id) => new Cable(context, { id, name: `${edge.node}-s1`, edges: [edge, null] }));
  cables.forEach((cable, port) => {
    bridge.connect(port, cable.ends[1]);
    check.push(() => cable.checkInvariants());
  });
  check.push(() => bridge.checkInvariants());
  const [first, second] = cables as [Cable, Cable];
  return { context, check, from: first.ends[0], sink: new Collector(context, second.ends[0]) };
}

const PLACES = {
  switch: [
    "*",
    "h0",
    "h0/out",
    "h0:eth0",
    "h0-s1",
    "h0-s1/forward",
    "s1",
    "s1:eth0/in",
    "s1/out",
    "s1:eth1",
    "h1-s1/backward",
    "h1",
    "h1:eth0/in",
  ],
  hub: ["*", "h0", "h0:eth0/out", "s1", "s1/in", "s1:eth0", "s1:eth1/out", "h1", "h1/in"],
} as const;

test.each(["switch", "hub"] as const)("every verdict works at every point of a path over a %s, and heals", (kind) => {
  const verdicts: [FaultVerdict, received: number][] = [
    [{ kind: "drop" }, 0],
    [{ kind: "duplicate" }, 2],
    [{ kind: "delay", delayNs: MILLISECOND }, 1],
    [{ kind: "pass" }, 1],
  ];
  for (const on of PLACES[kind]) {
    for (const [verdict, received] of verdicts) {
      const { context, check, from, sink } = newPath(kind);
      const send = (id: number): number => {
        // A shared medium keeps a gap behind the frame before.
        run(context, context.engine.now + MILLISECOND);
        const start = context.engine.now;
        from.transmit(newFrame(context, { to: station(1), from: station(0), id }));
        run(context);
        return context.engine.now - start;
      };
      const before = send(0);
      const id = context.faults.install(rule(on, verdict));
      const during = send(1);
      const heard = sink.ids.filter((packet) => packet === 1).length;
      // On `*` a frame over two cables is hit twice.
      const twice = on === "*" && kind === "switch";
      expect([on, verdict.kind, heard]).toEqual([on, verdict.kind, received === 2 && twice ? 4 : received]);
      if (verdict.kind === "delay") expect(during).toBe(before + MILLISECOND * (twice ? 2 : 1));
      expect(context.faults.remove(id ?? -1)).toBe(true);
      expect(context.faults.active).toBe(false);
      run(context, context.engine.now + SECOND);
      expect(send(2)).toBe(before);
      expect(sink.ids.filter((packet) => packet === 2)).toEqual([2]);
      for (const invariant of check) invariant();
      expect(context.frames.blocks.outstanding).toBe(0);
    }
  }
});

test.each(["switch", "hub"] as const)("corruption is seen by the FCS, over a %s", (kind) => {
  const { context, check, from, sink } = newPath(kind);
  context.faults.install(rule("h1/in", { kind: "corrupt" }));
  from.transmit(newFrame(context, { to: station(1), from: station(0), id: 1 }));
  run(context);
  expect(sink.arrivals).toMatchObject([{ id: 1, fcsGood: false }]);
  for (const invariant of check) invariant();
});

test("the first verdict wins; skip, every, count, window and match choose the frames", () => {
  const heard = (rules: readonly FaultRule[]): number[] => {
    const { context, from, sink } = newPath("hub");
    for (const each of rules) context.faults.install(each);
    for (let id = 1; id <= 12; id++) {
      run(context, id * MILLISECOND);
      from.transmit(newFrame(context, { to: station(1), from: station(0), length: 60 + id, id }));
    }
    run(context);
    return sink.ids;
  };
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const without = (...lost: number[]) => all.filter((id) => !lost.includes(id));
  const drop = { kind: "drop" } as const;
  expect(heard([rule("s1", { kind: "pass" }, { every: 2 }), rule("s1", drop)])).toEqual([2, 4, 6, 8, 10, 12]);
  expect(heard([rule("s1", drop, { skip: 2, every: 3, count: 2 })])).toEqual(without(5, 8));
  expect(heard([rule("s1", drop, { fromNs: 3 * MILLISECOND, untilNs: 5 * MILLISECOND })])).toEqual(without(3, 4));
  expect(heard([rule("s1", drop, { match: { bytesMin: 70 } })])).toEqual(without(10, 11, 12));
  expect(heard([rule("s1", drop, { match: { broadcast: true } })])).toEqual(all);
  expect(heard([rule("s1", drop, { match: { etherType: 0x88b5, sourceMac: station(0) } })])).toEqual([]);
  expect(heard([rule("elsewhere", drop)])).toEqual(all);
});

const PLAN: FaultPlan = {
  fromNs: SECOND,
  untilNs: 100 * SECOND,
  meanGapNs: 200 * MILLISECOND,
  meanLengthNs: 500 * MILLISECOND,
  kinds: [
    "link-down",
    "one-way-down",
    "loss",
    "delay",
    "duplicate",
    "reorder",
    "corrupt",
    "partition",
    "crash",
    "reboot",
    "pause",
  ],
  nodes: ["a", "b", "c"],
  links: [
    { name: "a-b", between: ["a", "b"] },
    { name: "b-c", between: ["b", "c"] },
    { name: "c-a", between: ["c", "a"] },
  ],
  heal: true,
};

test("a schedule is in order, in its window, healed, without overlap on a target, and repeats with its seed", () => {
  for (let seed = 0; seed < 10; seed++) {
    const faults = scheduleFaults(new Random(seed, "schedule"), PLAN);
    expect(scheduleFaults(new Random(seed, "schedule"), PLAN)).toEqual(faults);
    expect(faults.length).toBeGreaterThan(50);
    const brokenUntil = new Map<string, number>();
    let last = PLAN.fromNs;
    for (const { atNs, healAtNs, action } of faults) {
      expect(atNs).toBeGreaterThan(last);
      expect(healAtNs).toBeGreaterThanOrEqual(atNs);
      expect(healAtNs).toBeLessThanOrEqual(PLAN.untilNs);
      last = atNs;
      const targets = action.kind === "partition" ? action.links : "link" in action ? [action.link] : [action.node];
      for (const target of targets) {
        expect(brokenUntil.get(target) ?? -1).toBeLessThan(atNs);
        brokenUntil.set(target, healAtNs);
      }
    }
  }
});
