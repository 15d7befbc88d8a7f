import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MILLISECOND, SECOND } from "../base/time.ts";
import type { MethodName } from "../contract/api/api.ts";
import { HostBench } from "../../test/harness/session-host.ts";

const labs = join(import.meta.dirname, "../../resources/labs");
const PING = readFileSync(join(labs, "ping-across-a-router.lab.yaml"), "utf8");
const HUB = readFileSync(join(labs, "csma-cd-on-a-hub.lab.yaml"), "utf8");

/** A lab in which nothing happens by itself. */
const STILL = `
lastack: 1
name: Two hosts
defaults: { link: { rate: 100Mbps, delay: 1ms } }
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.0.2/24 } }
links:
  - { name: cable, ends: ["h1:eth0", "h2:eth0"] }
`;

function opened(text: string): HostBench {
  const bench = new HostBench();
  bench.open(text);
  return bench;
}

const METHODS: Record<MethodName, unknown> = {
  "lab.open": { text: PING, file: "a.lab.yaml" },
  "run.play": { speed: "max" },
  "run.pause": {},
  "run.step": { unit: "event" },
  "run.stepBack": {},
  "run.seek": { time: 1000 },
  "run.inject": { command: { kind: "link", link: "h1-r1", action: "down" } },
  "run.report": {},
  "console.open": { node: "h1" },
  "console.complete": { console: 1, line: "pi", cursor: 2 },
  "packets.page": { filter: "", from: 0, count: 10 },
  "packets.detail": { number: 1 },
  "packets.follow": { packet: 1 },
  "capture.export": { interfaces: null },
  "tcp.list": {},
  "tcp.view": { node: "h1", socket: 1, since: 0 },
  "kernel.timeline": { node: "h1", from: 0, to: 1 },
  "trace.read": { cursor: 0, limit: 10 },
  "frame.next": {},
  "host.ping": {},
};

describe("what comes from the window", () => {
  test("a request without a lab gets a problem, save those that need none", () => {
    for (const [method, params] of Object.entries(METHODS)) {
      if (["lab.open", "frame.next", "host.ping"].includes(method)) continue;
      expect(new HostBench().refused(method as MethodName, params as never).code, method).toBe("run/no-lab");
    }
  });

  test("whatever it is, the host does not throw, and answers what has an id", () => {
    const bench = opened(PING);
    const method = fc.oneof(fc.constantFrom(...Object.keys(METHODS)), fc.string());
    const junk = fc.anything({ withMap: true, withSet: true, withDate: true, withBigInt: true, withTypedArray: true });
    const params = fc.oneof(
      junk,
      fc
        .constantFrom(...Object.values(METHODS))
        .chain((good) =>
          fc
            .record({ key: fc.constantFrom(...Object.keys(good as object), "other"), value: junk })
            .map(({ key, value }) => ({ ...(good as object), [key]: value })),
        ),
    );
    let id = 1000;
    fc.assert(
      fc.property(fc.record({ method, params }), (message) => {
        id++;
        bench.host.receive({ id, ...message });
        for (let turns = 0; turns < 50 && bench.responseTo(id) === undefined; turns++) bench.turn();
        // A push is answered when there is one, and a journey to a far instant takes its time.
        const mayWait = ["frame.next", "run.seek", "run.step", "kernel.timeline", "lab.open"].includes(message.method);
        if (!mayWait) expect(bench.responseTo(id)).toBeDefined();
        bench.host.receive({ id: ++id, method: "run.pause", params: {} });
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(junk, (message) => bench.host.receive(message)),
      { numRuns: 500 },
    );
    expect(bench.ask("host.ping", {}).time).toBeGreaterThanOrEqual(0);
  });

  test("a problem says what is wrong and where", () => {
    const bench = opened(PING);
    expect(bench.refused("run.seek", { time: -1 })).toMatchObject({ code: "api/bad-request", definite: true });
    expect(bench.refused("run.seek", { time: -1 }).title).toMatch(/^run\.seek\.time: /);
    expect(bench.refused("run.explode" as MethodName, {} as never).title).toMatch(/no method run\.explode/);
    bench.host.receive({ id: 77 });
    expect(bench.responseTo(77)).toHaveProperty("problem.code", "api/bad-request");
  });

  test("a journal out of order is refused", () => {
    const command = { kind: "link", link: "cable", action: "down" } as const;
    const journal = [
      { at: 5, events: 0, command },
      { at: 4, events: 0, command },
    ];
    const problem = new HostBench().refused("lab.open", { text: STILL, file: "a", journal });
    expect(problem.title).toMatch(/journal.*order/);
  });
});

describe("opening a lab", () => {
  test("gives the lab as it is drawn, and a run at time 0", () => {
    const { lab, problems, run } = new HostBench().ask("lab.open", { text: PING, file: "ping.lab.yaml" });
    expect(problems).toEqual([]);
    expect(run).toMatchObject({ time: 0, playing: false, journalLength: 0 });
    expect(lab?.nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["h1 host", "r1 router", "h2 host"]);
    expect(lab?.nodes[1]?.nics.map(({ name, addresses }) => [name, ...addresses])).toEqual([
      ["eth0", "10.0.1.254/24"],
      ["eth1", "10.0.2.254/24"],
    ]);
    expect(lab?.links[0]).toMatchObject({
      ends: [
        { node: 0, nic: "eth0" },
        { node: 1, nic: "eth0" },
      ],
      forward: { rateBps: 100_000_000, delayNs: MILLISECOND },
    });
  });

  test("a lab with problems gives them with their places, and leaves the open one as it is", () => {
    const bench = opened(PING);
    bench.ask("run.seek", { time: SECOND });
    const { lab, problems } = bench.ask("lab.open", {
      text: "lastack: 1\nname: x\nnodes:\n  h1: { kind: hosd }",
      file: "b",
    });
    expect(lab).toBeNull();
    expect(problems[0]).toMatchObject({ severity: "error", file: "b", line: 4 });
    expect(problems[0]?.column).toBeGreaterThan(1);
    expect(bench.ask("host.ping", {}).time).toBe(SECOND);
  });

  test("any text, cut and garbled, opens or gives problems", () => {
    const bench = new HostBench();
    fc.assert(
      fc.property(fc.nat(PING.length), fc.nat(PING.length), fc.string(), (from, to, junk) => {
        const text = PING.slice(0, from) + junk + PING.slice(to);
        const { lab, problems } = bench.ask("lab.open", { text, file: "x" });
        expect(lab !== null || problems.length > 0).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("another seed is another run", () => {
    const bench = new HostBench();
    const digests = [1, 2, 1].map((seed) => {
      bench.open(HUB, { seed });
      return bench.ask("run.seek", { time: SECOND / 5 }).digest;
    });
    expect(digests[0]).toBe(digests[2]);
    expect(digests[0]).not.toBe(digests[1]);
  });

  test("a second one takes the place of one on its way, which is told so", () => {
    const bench = opened(PING);
    const seek = bench.send("run.seek", { time: 8 * SECOND });
    bench.open(STILL);
    expect(bench.responseTo(seek)).toHaveProperty("problem.code", "run/superseded");
    expect(bench.push().nodes).toHaveLength(2);
  });
});

describe("looking at a run", () => {
  test("the report, the trace and the ends of consoles", () => {
    const bench = opened(PING);
    bench.ask("run.seek", { time: 8 * SECOND });
    const report = bench.ask("run.report", {});
    expect(report.checks.every(({ passed }) => passed)).toBe(true);
    const { events, next } = bench.ask("trace.read", { cursor: 0, limit: 5 });
    expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(bench.ask("trace.read", { cursor: next, limit: 1 }).events[0]?.id).toBe(6);
  });

  test("a console: opened, typed into, completed, ended", () => {
    const bench = opened(PING);
    const { console } = bench.ask("console.open", { node: "h1" });
    bench.ask("run.seek", { time: SECOND / 2 });
    bench.ask("run.inject", { command: { kind: "input", console, text: "echo Grüße\n" } });
    bench.ask("run.seek", { time: SECOND });
    const printed = (): string =>
      bench
        .push()
        .consoles.filter((one) => one.console === console)
        .map(({ text }) => text)
        .join("");
    expect(printed()).toBe("root@h1:~# echo Grüße\nGrüße\nroot@h1:~# ");
    expect(bench.ask("console.complete", { console, line: "x | pin", cursor: 7 })).toEqual({
      from: 4,
      words: ["ping"],
    });
    expect(bench.ask("console.complete", { console, line: "ping h", cursor: 6 }).words).toContain("h2");
    expect(bench.ask("console.complete", { console, line: "cat /proc/net/", cursor: 14 }).words).toContain(
      "/proc/net/snmp",
    );
    expect(bench.ask("console.complete", { console: 99, line: "p", cursor: 1 }).words).toEqual([]);
    bench.ask("run.inject", { command: { kind: "input", console, text: "exit 3\n" } });
    bench.ask("run.seek", { time: 2 * SECOND });
    expect(bench.push().ended).toContainEqual({ console, status: 3 });
    expect(bench.refused("run.inject", { command: { kind: "input", console, text: "x" } }).code).toBe("run/refused");
    expect(bench.refused("console.open", { node: "nobody" }).title).toBe("There is no node nobody.");
  });

  test("connections, while they live and after", () => {
    const bench = opened(readFileSync(join(labs, "tcp-handshake.lab.yaml"), "utf8"));
    const seen = new Map<string, { node: string; socket: number }>();
    const viewed = new Set<string>();
    for (let time = 0; time < 5 * SECOND; time += 100 * MILLISECOND) {
      bench.ask("run.seek", { time });
      for (const row of bench.ask("tcp.list", {}).sockets) {
        if (row.state === "LISTEN") continue;
        seen.set(`${row.node} ${row.socket}`, row);
        // Those that are over are listed with their past, and have no view any more.
        const { view } = bench.ask("tcp.view", { node: row.node, socket: row.socket, since: 0 });
        if (view !== null) viewed.add(row.state);
      }
    }
    expect(seen.size).toBeGreaterThan(0);
    expect(viewed).toContain("ESTAB");
    const series = [...seen.values()].map(
      ({ node, socket }) => bench.ask("tcp.view", { node, socket, since: 0 }).series,
    );
    expect(series.flatMap(({ states }) => states.map(({ to }) => to))).toContain("ESTAB");
    for (const one of series) {
      expect(new Set([one.time, one.cwnd, one.srtt, one.windowEnd].map(({ length }) => length)).size).toBe(1);
    }
  });
});
