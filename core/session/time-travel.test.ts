import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MILLISECOND, SECOND, type VirtualTime } from "../base/time.ts";
import { parseLab } from "../lab/parse.ts";
import { runs } from "../../test/harness/long.ts";
import { HostBench } from "../../test/harness/session-host.ts";
import { EVENTS_PER_LOOK, RUN_TIME_MAX, SLICE_MS } from "./limits.ts";
import { Session } from "./session.ts";

const labs = join(import.meta.dirname, "../../resources/labs");
const read = (name: string): string => readFileSync(join(labs, `${name}.lab.yaml`), "utf8");
const PING = read("ping-across-a-router");
const STORM = read("broadcast-storm");

function opened(text: string): HostBench {
  const bench = new HostBench();
  bench.open(text);
  return bench;
}

/** The digest of a run without a host. */
function direct(text: string, time: number): string {
  const lab = parseLab(text, "direct");
  if (!lab.ok) throw new Error("the lab is right");
  const session = new Session(lab.value);
  session.advance(time as VirtualTime);
  return session.digest;
}

describe("going forwards", () => {
  test("a seek gives what a run without a host gives", () => {
    for (const time of [0, 1, 4_321_000, SECOND, 8 * SECOND]) {
      const state = opened(PING).ask("run.seek", { time });
      expect(state).toMatchObject({ time, digest: direct(PING, time), playing: false });
    }
  });

  test("played, stepped and sought to one instant, a run is the same", () => {
    const played = opened(PING);
    played.ask("run.play", { speed: "max" });
    played.settle();
    const end = played.ask("run.pause", {});
    expect(end).toMatchObject({ time: 8 * SECOND, playing: false });
    const stepped = opened(PING);
    for (let i = 0; i < 8; i++) stepped.ask("run.step", { unit: "time", ns: SECOND });
    expect(stepped.ask("run.pause", {})).toEqual({ ...end, speed: 1 });
    expect(end.digest).toBe(direct(PING, 8 * SECOND));
  });

  test("a step of one event is one event, of a packet one frame at least", () => {
    const bench = opened(PING);
    const before = bench.ask("run.pause", {});
    expect(bench.ask("run.step", { unit: "event" }).events).toBe(before.events + 1);
    let packets = bench.push().packets;
    for (let i = 0; i < 20; i++) {
      bench.ask("run.step", { unit: "packet" });
      const now = bench.push().packets;
      expect(now).toBeGreaterThan(packets);
      packets = now;
    }
  });

  test("a step of a packet where there is none ends, a while later", () => {
    const bench = opened("lastack: 1\nname: alone\nnodes:\n  h1: { kind: host }\n");
    const state = bench.ask("run.step", { unit: "packet" });
    expect(state.time).toBeLessThanOrEqual(120 * SECOND);
    bench.ask("run.step", { unit: "event" });
    expect(bench.ask("run.seek", { time: RUN_TIME_MAX }).time).toBe(RUN_TIME_MAX);
    bench.ask("run.play", { speed: 1 });
    bench.settle();
    expect(bench.ask("run.pause", {}).time).toBe(RUN_TIME_MAX);
  });

  test("a seek on its way can be paused; everything else waits", () => {
    const bench = opened(STORM);
    const seek = bench.send("run.seek", { time: 100 * SECOND });
    bench.turn();
    expect(bench.responseTo(seek)).toBeUndefined();
    expect(bench.refused("run.step", { unit: "event" }).code).toBe("run/busy");
    expect(bench.refused("run.play", { speed: 1 }).code).toBe("run/busy");
    const state = bench.ask("run.pause", {});
    expect(bench.responseTo(seek)).toHaveProperty("result.events", state.events);
    expect(bench.ask("run.step", { unit: "event" }).events).toBe(state.events + 1);
  });
});

describe("going back", () => {
  test("steps back lead through the same digests in reverse", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("event", "packet", "time"), { minLength: 1, maxLength: 12 }), (units) => {
        const bench = opened(PING);
        const states = [bench.ask("run.pause", {})];
        for (const unit of units) states.push(bench.ask("run.step", { unit }));
        for (const state of states.reverse().slice(1)) {
          expect(bench.ask("run.stepBack", {})).toMatchObject({
            time: state.time,
            events: state.events,
            digest: state.digest,
          });
        }
        expect(bench.refused("run.stepBack", {}).code).toBe("run/at-start");
      }),
      { numRuns: runs(30) },
    );
  });

  test("back from playing is where play was pressed", () => {
    const bench = opened(PING);
    const start = bench.ask("run.seek", { time: 3 * MILLISECOND });
    bench.ask("run.play", { speed: 1 });
    bench.passMs(500);
    expect(bench.ask("run.pause", {}).time).toBeGreaterThan(400 * MILLISECOND);
    expect(bench.ask("run.stepBack", {})).toEqual(start);
  });

  test("what was done to the lab is done again, until something else is done", () => {
    const bench = opened(PING);
    const cut = (link: string): void => {
      bench.ask("run.inject", { command: { kind: "link", link, action: "down" } });
    };
    bench.ask("run.seek", { time: SECOND });
    cut("h1-r1");
    const end = bench.ask("run.seek", { time: 8 * SECOND });
    expect(end.digest).not.toBe(direct(PING, 8 * SECOND));
    bench.ask("run.seek", { time: SECOND / 2 });
    // The cut lies ahead again.
    expect(bench.push()).toMatchObject({ rewound: true, journalFrom: 0, run: { journalLength: 1 } });
    expect(bench.ask("run.seek", { time: 8 * SECOND }).digest).toBe(end.digest);
    bench.ask("run.seek", { time: SECOND / 2 });
    expect(bench.push().links).toContainEqual({ link: 0, forwardUp: true, backwardUp: true });
    cut("r1-h2");
    // One entry as before, but not the same one.
    const now = { journal: [{ command: { link: "r1-h2" } }], journalFrom: 0, run: { journalLength: 1 } };
    expect(bench.push()).toMatchObject(now);
    const other = bench.ask("run.seek", { time: 8 * SECOND });
    expect(other.digest).not.toBe(end.digest);
    expect(bench.push().links).toEqual([]);
  });

  test("a new core brought to where the old one was is the same, whatever was done", () => {
    const command = fc.oneof(
      fc.record({
        kind: fc.constant("link" as const),
        link: fc.constantFrom("h1-r1", "r1-h2"),
        action: fc.constantFrom("up" as const, "down" as const),
      }),
      fc.record({
        kind: fc.constant("node" as const),
        node: fc.constantFrom("h1", "r1", "h2"),
        action: fc.constantFrom("crash" as const, "reboot" as const, "pause" as const, "resume" as const),
      }),
    );
    const move = fc.oneof(
      fc.record({ unit: fc.constantFrom("event" as const, "packet" as const) }),
      fc.nat(SECOND).map((ns) => ({ unit: "time" as const, ns })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(move, command), { minLength: 1, maxLength: 10 }), (moves) => {
        const bench = opened(PING);
        const journal = [...bench.push().journal];
        for (const [step, what] of moves) {
          bench.ask("run.step", step);
          bench.ask("run.inject", { command: what });
          journal.push(...bench.push().journal);
        }
        const was = bench.ask("run.pause", {});
        const { time, events } = was;
        const again = new HostBench().open(PING, { journal, time, events });
        expect(again).toMatchObject({ digest: was.digest, time, events, journalLength: journal.length });
        expect(moves).toHaveLength(journal.length);
      }),
      { numRuns: runs(30) },
    );
  });

  test("entries that do not fit an edited lab are left out, and it is said", () => {
    const bench = new HostBench();
    const journal = [
      { at: 1000, events: 0, command: { kind: "node", node: "gone", action: "crash" } as const },
      { at: SECOND, events: 0, command: { kind: "link", link: "h1-r1", action: "down" } as const },
    ];
    const { problems, run } = bench.ask("lab.open", { text: PING, file: "a", journal, time: 2 * SECOND });
    expect(problems).toMatchObject([{ severity: "warning", title: "Left out at 1us: there is no node gone." }]);
    expect(run).toMatchObject({ time: 2 * SECOND, journalLength: 2 });
    expect(bench.push().links[0]).toMatchObject({ link: 0, forwardUp: false });
  });
});

describe("the wall clock", () => {
  test("virtual time follows it at the speed asked for", () => {
    for (const speed of [0.01, 1, 10]) {
      const bench = opened(PING);
      bench.ask("run.play", { speed });
      bench.passMs(700);
      const { time, playing } = bench.ask("run.pause", {});
      expect(time / MILLISECOND / speed).toBeGreaterThan(650);
      expect(time / MILLISECOND / speed).toBeLessThan(750);
      expect(playing).toBe(false);
    }
  });

  test("a lab that asks too much falls behind, says so, and leaves room for requests", () => {
    const bench = opened(STORM);
    bench.ask("run.play", { speed: 1000 });
    let most = 0;
    let behind = false;
    let events = 0;
    for (let turns = 0; turns < runs(500); turns++) {
      const before = bench.nowMs;
      bench.turn();
      most = Math.max(most, bench.nowMs - before);
      const push = bench.push();
      behind ||= push.run.behind;
      // A slice takes as many looks at the clock as fit into its time here, of one ms each.
      expect(push.run.events - events).toBeLessThanOrEqual(EVENTS_PER_LOOK * (SLICE_MS + 2));
      ({ events } = push.run);
    }
    expect(behind).toBe(true);
    expect(most).toBeLessThan(3 * SLICE_MS);
  });

  test("a machine that slept does not make the run catch up", () => {
    const bench = opened(STORM);
    bench.ask("run.play", { speed: 1 });
    bench.passMs(20);
    const before = bench.ask("host.ping", {}).time;
    bench.nowMs += 3_600_000;
    bench.turn();
    bench.turn();
    expect(bench.ask("run.pause", {}).time - before).toBeLessThan(2 * SECOND);
  });
});

describe("pushes", () => {
  test("none comes unasked, and one at most for each request", () => {
    const bench = opened(PING);
    bench.ask("run.play", { speed: 1 });
    const before = bench.posted.length;
    bench.passMs(300);
    expect(bench.posted).toHaveLength(before);
    const id = bench.send("frame.next", {});
    bench.passMs(300);
    expect(bench.posted.filter((response) => response.id === id)).toHaveLength(1);
    expect(bench.posted).toHaveLength(before + 1);
  });

  test("one that is waited for comes when something changes", () => {
    const bench = opened(PING);
    bench.push();
    const id = bench.send("frame.next", {});
    bench.settle();
    expect(bench.responseTo(id)).toBeUndefined();
    bench.ask("run.inject", { command: { kind: "node", node: "h2", action: "crash" } });
    bench.settle();
    expect(bench.responseTo(id)).toHaveProperty("result.nodes", [{ node: 2, power: "off", label: "" }]);
  });

  test("before a lab is open one waits, and a second takes its place", () => {
    const bench = new HostBench();
    const first = bench.send("frame.next", {});
    const second = bench.send("frame.next", {});
    bench.open(PING);
    bench.settle();
    expect(bench.responseTo(first)).toHaveProperty("problem.code", "run/superseded");
    expect(bench.responseTo(second)).toHaveProperty("result.rewound", true);
  });

  test("what is under way is shown after a jump, and what is over is not", () => {
    const bench = opened(PING);
    bench.ask("run.seek", { time: 4 * SECOND });
    const { flights } = bench.push();
    expect(flights.end.every((end) => end > 4 * SECOND)).toBe(true);
    const seen = new Set<number>();
    bench.ask("run.seek", { time: 0 });
    for (let step = 0; step < 40; step++) {
      bench.ask("run.step", { unit: "packet" });
      const push = bench.push();
      push.flights.link.forEach((link, at) => {
        seen.add(link);
        // 1 ms of cable, and at least a 64 byte frame with its preamble at 100 Mbit/s.
        const span = (push.flights.end[at] ?? 0) - (push.flights.start[at] ?? 0);
        expect(span).toBeGreaterThanOrEqual(MILLISECOND + 5760);
      });
    }
    expect(seen).toEqual(new Set([0, 1]));
  });

  test("however much was under way before", () => {
    const bench = opened(read("tcp-bufferbloat"));
    bench.ask("run.seek", { time: 10 * SECOND });
    const { flights } = bench.push();
    expect(flights.packet.length).toBeGreaterThan(10);
    expect(flights.end.every((end) => end > 10 * SECOND)).toBe(true);
    expect(flights.more).toEqual([]);
  });

  test("a frame on a hub flies from its station and to all the others", () => {
    const bench = opened(read("csma-cd-on-a-hub"));
    for (let step = 0; step < 20; step++) bench.ask("run.step", { unit: "packet" });
    const { flights } = bench.push();
    const links = new Set(flights.link);
    expect(links.size).toBeGreaterThan(2);
  });
});

test("a journal of another run ends, too", () => {
  const command = { kind: "link", link: "h1-r1", action: "down" } as const;
  const journal = [
    { at: 5, events: 1e9, command },
    { at: SECOND, events: 1e9, command },
  ];
  const bench = new HostBench();
  expect(bench.open(PING, { journal, time: 2 * SECOND })).toMatchObject({ time: 2 * SECOND, journalLength: 2 });
  expect(bench.push().links[0]).toMatchObject({ forwardUp: false });
});
