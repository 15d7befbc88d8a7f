/**
 * A fault that is over leaves no trace: every kind of fault, on every link or node of every kind of path, and once it
 * has healed and neighbours have settled, a stream of echoes comes back in the very nanoseconds that it took before.
 * Echoes cross all the while, so that caches, queues and tables get to see the fault.
 */
import { describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { RunReport } from "../../core/contract/run-report.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { PATHS, type PathPlan } from "./paths.ts";
import { LINK_FAULTS, NODE_FAULTS, RANDOM_FAULTS, type FaultPlan } from "./fault-kinds.ts";
import { probes, readLab } from "../real/probe.ts";

/** Seconds: the fault, and the streams before it, across it and after it. */
const FAULT = { from: 3, until: 5 };
const STREAMS = { before: 1, across: 2.5, after: 10 } as const;
/** Off the beat of neighbour timers, which are whole seconds; sizes around what the faults look at. */
const GAP_NS = 93_700_001;
const ECHOES = 15;
const ECHO_BYTES = 900;
const END = 13;

type StreamName = keyof typeof STREAMS;

function labText(path: PathPlan, fault: FaultPlan): string {
  const stream = (name: StreamName, from: string, to: string): string =>
    `  - { at: ${STREAMS[name] * 1000}ms, host: ${from}, ` +
    `run: "probe any ${to} ${name === "across" ? 40 : ECHOES} ${GAP_NS} ${ECHO_BYTES}" }`;
  const both = (name: StreamName): string[] => [
    stream(name, "a", path.address.b),
    // Half a gap later, so that the two streams never meet, not even on a hub.
    stream(name, "b", path.address.a).replace(/at: (\d+)ms/, (_, at: string) => `at: ${Number(at) + 47}ms`),
  ];
  return [
    "lastack: 1",
    `name: ${fault.name} on ${path.name}`,
    "seed: 5",
    "routing: auto",
    `duration: ${END}s`,
    "nodes:",
    ...path.nodes.map((node) => `  ${node}`),
    "links:",
    ...path.links.map((link) => `  - ${link}`),
    ...fault.sections(FAULT.from, FAULT.until),
    "timeline:",
    ...both("before"),
    ...both("across"),
    ...both("after"),
    ...fault.timeline(FAULT.from, FAULT.until).map((entry) => `  - ${entry}`),
    "",
  ].join("\n");
}

interface Outcome {
  /** Round trips of the two streams, without their first echo, which may wait for ARP. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly across: string;
  readonly report: RunReport;
}

function run(path: PathPlan, fault: FaultPlan): Outcome {
  const text = labText(path, fault);
  const session = new Session(readLab(text), { programs: probes });
  session.advance(session.lab.durationNs as VirtualTime);
  const report = session.report();
  const streams = (name: StreamName): string[] =>
    report.consoles
      .filter(({ startedAt }) => Math.floor(startedAt / 500_000_000) === STREAMS[name] * 2)
      .map(({ node, output }) => `${node}: ${output.trim().split("\n").slice(1).join(", ")}`)
      .sort();
  return { before: streams("before"), after: streams("after"), across: streams("across").join("\n"), report };
}

const NONE: FaultPlan = { name: "nothing", sections: () => [], timeline: () => [], unseen: true };

describe.each(PATHS)("$name", (path) => {
  const calm = run(path, NONE);
  const pathIndex = PATHS.indexOf(path);

  test("without a fault all echoes of a stream take one and the same time", () => {
    expect(calm.before.length).toBe(2);
    for (const stream of calm.before) expect(stream.match(/\d+ (\d+)/g)?.length).toBe(ECHOES - 1);
    // The two ways may differ: on a hub, who answers at once waits out the interframe gap.
    for (const stream of calm.before) {
      expect(new Set([...stream.matchAll(/\d+ (\d+)/g)].map(([, ns]) => ns)).size).toBe(1);
    }
    expect(calm.after).toEqual(calm.before);
  });

  const cases = [
    ...path.cables.flatMap((cable, turn) => LINK_FAULTS.map((fault) => fault(cable, turn + pathIndex))),
    ...path.drops.flatMap((cable) => LINK_FAULTS.map((fault) => fault(cable, 0)).filter(({ onHub }) => onHub === true)),
    ...path.names.flatMap((node) => NODE_FAULTS.map((fault) => fault(node))),
    ...RANDOM_FAULTS,
    // A tenth in the everyday loop, another one on every path.
  ].filter((_, index) => LONG || index % 10 === pathIndex % 10);
  test.each(cases)("$name", (fault) => {
    const { before, after, across, report } = run(path, fault);
    expect(before).toEqual(calm.before);
    expect(after).toEqual(calm.before);
    expect(report.conservation.problems).toEqual([]);
    // A fault that nobody could notice would prove nothing.
    if (fault.unseen !== true) expect(across).not.toBe(calm.across);
  });
});
