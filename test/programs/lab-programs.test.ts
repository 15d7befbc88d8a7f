/** Guest programs in whole labs: they start with their machines, end with them, and repeat exactly. */
import { transformSync } from "@swc/wasm-typescript";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import type { RunReport } from "../../core/contract/run-report.ts";
import type { Lab } from "../../core/lab/model.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { createEngine } from "../../core/sandbox/create-engine.ts";
import { Session } from "../../core/session/session.ts";
import { guestsFor, quickJsBytes } from "../harness/sandbox.ts";

const FOLDER = join(import.meta.dirname, "../../resources/labs");

function labOf(text: string): Lab {
  const lab = parseLab(`lastack: 1\nduration: 5s\n${text}`, "programs.lab.yaml");
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  return lab.value;
}

/** A program as a block of a lab, four levels deep. */
const source = (code: string): string => code.trim().replaceAll("\n", "\n          ");

interface Run {
  readonly report: RunReport;
  readonly digest: string;
  /** Output of each program, by host. */
  readonly output: ReadonlyMap<string, string>;
}

/** As much as programs do here with a fraction of the time. */
const LIMITS = { stepsMax: 6_000_000, memoryBytesMax: 8 * 1024 * 1024 };

function run(lab: Lab, seed = 1): Run {
  const { guests } = guestsFor(lab, FOLDER);
  const session = new Session(lab, { seed, guests: { ...guests, limits: LIMITS } });
  session.advance(lab.durationNs as VirtualTime);
  const report = session.report();
  session.close();
  const output = new Map<string, string>();
  for (const console of report.consoles) {
    output.set(console.node, (output.get(console.node) ?? "") + console.output.replaceAll("\r", ""));
  }
  return { report, digest: session.digest, output };
}

const ECHO = source(`
import { decode, print } from "lastack";
import { AF_INET, bind, INADDR_ANY, recvfrom, sendto, SOCK_DGRAM, socket } from "lastack/socket";
const sockfd = await socket(AF_INET, SOCK_DGRAM);
await bind(sockfd, { address: INADDR_ANY, port: 7 });
for (;;) {
  const from = { address: "", port: 0 };
  await sendto(sockfd, await recvfrom(sockfd, 1500, from), from);
}`);
const ASK = source(`
import { decode, now, print, sleep } from "lastack";
import { AF_INET, recvfrom, sendto, SOCK_DGRAM, socket } from "lastack/socket";
const sockfd = await socket(AF_INET, SOCK_DGRAM);
for (let i = 1; i <= 3; i++) {
  await sleep(500);
  await sendto(sockfd, "question " + i, { address: "b", port: 7 });
  print(decode(await recvfrom(sockfd, 100)), now());
}`);

const PAIR = `
nodes:
  a:
    kind: host
    programs:
      - name: ask
        at: 100ms
        source: |
          ${ASK}
  b:
    kind: host
    programs:
      - name: echo
        source: |
          ${ECHO}
`;
const CABLE = "links:\n  - { ends: [a, b], delay: 5ms }\n";

const HOSTILE = [
  "for (;;) {}",
  "const all = []; for (;;) all.push(new ArrayBuffer(65536));",
  "function f() { f(); } f();",
  "/^(a+)+$/.test('a'.repeat(60) + 'b');",
  "new Array(1e9) + '';",
  "import * as l from 'lastack'; (l as any).print = null;",
  "import { sleep } from 'lastack'; for (;;) await sleep(0);",
  "import { print } from 'lastack'; for (;;) print('x'.repeat(1000));",
  "import { print } from 'lastack'; for (let i = 0; i < 900; i++) print('x'.repeat(1000)); for (;;) {}",
  "import { getsockname } from 'lastack/socket'; for (;;) void getsockname(9);",
  "import { sleep } from 'lastack'; for (let i = 0; i < 8300; i++) void sleep(1e6);",
];

describe("programs of a lab", () => {
  it("talk over the network in virtual time", () => {
    const { output, report } = run(labOf(PAIR + CABLE));
    // ARP takes a round trip of its own, once; a frame of 64 bytes 512 ns at 1 Gbit/s, and the cable 5 ms.
    const lines = output.get("a")?.split("\n") ?? [];
    expect(lines.map((line) => line.replace(/\.\d+$/, ""))).toEqual([
      "question 1 620",
      "question 2 1130",
      "question 3 1640",
      "",
    ]);
    expect(report.conservation.problems).toEqual([]);
  });

  it("give the same digest in every engine, in slices, and after a step back", () => {
    const lab = labOf(PAIR + CABLE);
    const expected = run(lab).digest;
    expect(run(lab).digest).toBe(expected);
    const engine = createEngine({ quickjs: quickJsBytes(), transform: transformSync });
    const session = new Session(lab, { guests: { engine, sources: new Map() } });
    for (let at = 0; at < 3 * SECOND; at += 7_777_777) session.advance(at as VirtualTime);
    session.seek((0.7 * SECOND) as VirtualTime);
    session.seek(lab.durationNs as VirtualTime);
    expect(session.digest).toBe(expected);
    session.close();
  });

  it("say why they cannot run in a session without a sandbox", () => {
    const session = new Session(labOf(PAIR + CABLE));
    session.advance(SECOND as VirtualTime);
    const consoles = session.report().consoles.map(({ command, output, status }) => [command, output, status]);
    expect(consoles).toContainEqual(["echo", "echo: this session has no sandbox for programs\n", 126]);
  });

  it("mean no harm to the lab, whatever they do", () => {
    const hosts = HOSTILE.map(
      (code, index) => `  h${index}:
    kind: host
    programs:
      - source: |
          ${code}
`,
    );
    const lab = labOf(PAIR + hosts.join("") + CABLE);
    const quiet = run(labOf(PAIR + CABLE));
    const loud = run(lab);
    expect(loud.output.get("a")).toBe(quiet.output.get("a"));
    expect(run(lab).digest).toBe(loud.digest);
    const ends = HOSTILE.map(
      (_, index) =>
        loud.output
          .get(`h${index}`)
          ?.split("\n")
          .find((line) => line.startsWith("main.ts")) ?? "",
    );
    expect(ends.map((line) => line.replace(/^main\.ts(:1:\d+)?: /, "").slice(0, 40))).toEqual(
      [
        "used up its 6,000,000 steps: it computes ",
        "InternalError: out of memory (a program m",
        "RangeError: Maximum call stack size excee",
        "used up its 6,000,000 steps: it computes ",
        "used up its 6,000,000 steps: it computes ",
        "TypeError: 'print' is read-only",
        "used up its 6,000,000 steps: it computes ",
        // So much output that its console does not keep the end.
        "",
        "used up its 6,000,000 steps: it computes ",
        "InternalError: out of memory (a program may use",
        "SystemError: sleep: No buffer space available",
      ].map((text) => text.slice(0, 40)),
    );
  });
});

describe("a crash", () => {
  const KEEPER = source(`
import { print, sleep } from "lastack";
import { Log } from "lastack/log";
import { readText, writeFile } from "lastack/fs";
const log = await Log.open("/disk/log");
print("found", log.records, log.lost);
await writeFile("/tmp/note", "x");
await log.write({ forced: log.records.length });
for (let i = 0; i < 20; i++) await log.append({ unforced: i });
await sleep(1e6);`);
  const LAB = `
nodes:
  a:
    kind: host
    programs:
      - name: keeper
        source: |
          ${KEEPER}
timeline:
  - { at: 1s, node: a, do: reboot }
  - { at: 2s, node: a, do: reboot }
`;

  it("ends programs, which start anew with their machine and find what they had forced", () => {
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const found = seeds.map((seed) => run(labOf(LAB), seed).output.get("a") ?? "");
    for (const text of found) {
      const lines = text.trim().split("\n");
      expect(lines).toHaveLength(3);
      expect(lines[0]).toBe("found [] 0");
      for (const line of lines.slice(1)) expect(line).toContain('{"forced":0}');
    }
    // What was not forced is lost or torn in a way of its own for each seed.
    expect(new Set(found).size).toBeGreaterThan(4);
    expect(found.some((text) => / [1-9]\d*$/m.test(text))).toBe(true);
  });

  it("is told to the trace", () => {
    const lab = labOf(LAB);
    const session = new Session(lab, guestsFor(lab, FOLDER));
    session.trace.want(["disk:lost"]);
    session.advance((1.5 * SECOND) as VirtualTime);
    const [event] = session.trace.read(1, 10).events;
    expect(event).toMatchObject({ place: "a", fields: { path: "/log" } });
    session.close();
  });
});

describe("profiles", () => {
  it("charge programs for their steps", () => {
    const text = (profile: string): string => `
profile: ${profile}
nodes:
  a:
    kind: host
    programs:
      - source: |
          import { now, print, sleep } from "lastack";
          for (let i = 0; i < 100000; i++);
          await sleep(0);
          print(now());
`;
    const after = (profile: string): number => Number(run(labOf(text(profile))).output.get("a"));
    expect(after("ideal")).toBe(0);
    expect(after("modern")).toBeGreaterThan(0.3);
    expect(after("1996")).toBeGreaterThan(10 * after("modern"));
  });
});
