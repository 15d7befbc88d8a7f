/**
 * Programs on real hosts that want more of their machine than there is, or hand it what nobody should. Each ends with a
 * clear error at its line of TypeScript, or goes on within its bounds; two others talk to each other all the while and
 * notice nothing; and it all happens again exactly so.
 */
import { describe, expect, it } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Lab } from "../../core/lab/model.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { testEngine } from "../harness/sandbox.ts";

const TIMEOUT_MS = 300_000;
const LIMITS = { stepsMax: 6_000_000, memoryBytesMax: 8 * 1024 * 1024 };

interface Hostile {
  readonly what: string;
  readonly code: string;
  /** What its terminal shows, or a part of that. */
  readonly says: RegExp;
}

const STEPS = /^main\.ts(?::\d+:\d+)?: used up its 6,000,000 steps/m;

const HOSTILE: readonly Hostile[] = [
  {
    what: "opens sockets without end",
    code: `
import { print } from "lastack";
import { socket } from "lastack/socket";
const fds: number[] = [];
for (;;) fds.push(await socket(2, 2));`,
    says: /^main\.ts:4:\d+: SystemError: socket: Too many open files \(EMFILE\)/m,
  },
  {
    what: "opens TCP connections without end",
    code: `
import { socket, connect } from "lastack/socket";
const all: Promise<void>[] = [];
for (let i = 0; i < 5000; i++) all.push(socket(2, 1).then((fd) => connect(fd, { address: "a", port: 1 + i })));
await Promise.all(all);`,
    says: /^main\.ts(?::\d+:\d+)?: (?:SystemError: socket: Too many open files \(EMFILE\)|used up its)/m,
  },
  {
    what: "opens one file again and again",
    code: `
import { open, O_CREAT, O_RDWR } from "lastack/fs";
for (let i = 0; ; i++) await open("/tmp/f", O_CREAT | O_RDWR);`,
    says: /^main\.ts:2:\d+: SystemError: open: Too many open files \(EMFILE\)/m,
  },
  {
    what: "makes files on the disk without end",
    code: `
import { writeFile } from "lastack/fs";
for (let i = 0; ; i++) await writeFile("/disk/f" + i, "x");`,
    // Most of its steps are the library's, in which it may be stopped.
    says: /^main\.ts(:2:\d+)?: used up its 6,000,000 steps/m,
  },
  {
    what: "fills the disk",
    code: `
import { open, write, O_CREAT, O_RDWR } from "lastack/fs";
const fd = await open("/disk/big", O_CREAT | O_RDWR);
const piece = new Uint8Array(65536);
for (;;) await write(fd, piece);`,
    says: /^main\.ts:4:\d+: SystemError: write: No space left on device \(ENOSPC\)/m,
  },
  {
    what: "writes a giant record to its log",
    code: `
import { Log } from "lastack/log";
const log = await Log.open("/disk/log");
await log.write("x".repeat(3e6));`,
    says: /^main\.ts:4:\d+: InternalError: out of memory|^main\.ts(?::\d+:\d+)?: used up its|^$/m,
  },
  {
    what: "writes what is no record to its log",
    code: `
import { Log } from "lastack/log";
const log = await Log.open("/disk/log");
await log.write({ toJSON() { throw new Error("mine"); } });`,
    says: /^main\.ts:3:\d+: Error: mine\n    at toJSON \(main\.ts:3:\d+\)/m,
  },
  {
    what: "finds junk in its log",
    code: `
import { print } from "lastack";
import { Log } from "lastack/log";
import { writeFile } from "lastack/fs";
await writeFile("/disk/log", "00000000 99999999999 " + "9".repeat(5000) + " \\\\n\\\\0\\\\xff");
const log = await Log.open("/disk/log");
print("kept", log.records.length, "lost", log.lost > 5000);`,
    says: /^kept 0 lost true$/m,
  },
  {
    what: "imports what is not there",
    code: `
import { print } from "lastack";
import { x } from "./absent.ts";
print(x);`,
    says: /^main\.ts:2:\d+: there is no file absent\.ts, which main\.ts imports/m,
  },
  {
    what: "imports a module of the machine around it",
    code: `
const fs = await import("node:fs");
fs.readFileSync("/etc/passwd");`,
    says: /^main\.ts:1:\d+: .*there is no module "node:fs"/m,
  },
  {
    what: "sets timers without end",
    code: `
import { sleep } from "lastack";
const again = async (): Promise<void> => { void again(); await sleep(1); void again(); };
await again();`,
    says: /^main\.ts(?::\d+:\d+)?: RangeError: Maximum call stack size exceeded/m,
  },
  {
    what: "starts a thousand loops that never meet",
    code: `
import { print, sleep } from "lastack";
let turns = 0;
for (let i = 0; i < 1000; i++) void (async () => { for (;;) { await sleep(500); turns++; } })();
await sleep(2100);
print("turns", turns);
for (;;) await sleep(1e6);`,
    says: /^turns 4000$/m,
  },
  {
    what: "waits for a promise that nobody settles",
    code: `
import { print } from "lastack";
print("before");
await new Promise(() => {});`,
    says: /^before\nmain\.ts: waits for something that cannot happen any more/m,
  },
  {
    what: "hands over addresses that change while they are read",
    code: `
import { print } from "lastack";
import { socket, sendto } from "lastack/socket";
const fd = await socket(2, 2);
let reads = 0;
const addr = { get address(): string { return reads++ % 2 ? "a" : (42 as never); }, get port(): number { return 9; } };
for (let i = 0; i < 3; i++) try { await sendto(fd, "x", addr); } catch (error) { print(String(error)); }
print("alive");`,
    says: /TypeError: sendto: the address[^\n]*\n(?:.*\n)*alive/m,
  },
  {
    what: "hands over an address whose getter does not return",
    code: `
import { socket, sendto } from "lastack/socket";
const fd = await socket(2, 2);
await sendto(fd, "x", { get address(): string { for (;;); }, port: 9 });`,
    says: STEPS,
  },
  {
    what: "poisons the prototypes of everything",
    code: `
import { print, sleep } from "lastack";
import { Log } from "lastack/log";
for (const name of ["address", "port", "then", "id", "value", "get", "set"]) {
  const evil = () => { throw new Error("poison"); };
  Object.defineProperty(Object.prototype, name, { get: evil, set: evil });
}
try { await sleep(1); await Log.open("/disk/log"); } catch (error) { print("caught"); }
throw new Error("last");`,
    says: /^main\.ts:\d+:\d+: Error: (?:last|poison)/m,
  },
  {
    what: "says a state of a million letters",
    code: `
import { decide, print, state } from "lastack";
state("x".repeat(1e6), "y".repeat(1e6));
decide("z\\\\0".repeat(1e5));
print("said");`,
    says: /^said$/m,
  },
  {
    what: "names a file longer than a path may be",
    code: `
import { open } from "lastack/fs";
await open("/" + "a/".repeat(5000));`,
    says: /^main\.ts:2:\d+: SystemError: open: File name too long \(ENAMETOOLONG\)/m,
  },
  {
    what: "waits for negative and for endless times",
    code: `
import { print, sleep } from "lastack";
for (const time of [-1, NaN, "1" as never, {} as never]) {
  try { await sleep(time); } catch (error) { print((error as Error).name); }
}
await sleep(Infinity);`,
    says: /^(?:TypeError\n){4}$/,
  },
  {
    what: "exits from the middle of a getter, again and again",
    code: `
import { exit, print } from "lastack";
const trap = { get x(): number { try { exit(3); } finally { print("still here"); } return 1; } };
for (;;) { try { trap.x; } catch {} }`,
    says: /^$/,
  },
];

const block = (code: string): string => code.trim().replaceAll("\n", "\n          ").replaceAll("\\\\", "\\");

const host = (name: string, code: string): string => `  ${name}:
    kind: host
    programs:
      - source: |
          ${block(code)}
`;

const TALKERS = `${host(
  "a",
  `
import { bind, recvfrom, sendto, socket } from "lastack/socket";
const fd = await socket(2, 2);
await bind(fd, { address: "0.0.0.0", port: 7 });
for (;;) { const from = { address: "", port: 0 }; await sendto(fd, await recvfrom(fd, 100, from), from); }`,
)}${host(
  "b",
  `
import { decode, now, print, sleep } from "lastack";
import { recvfrom, sendto, socket } from "lastack/socket";
const fd = await socket(2, 2);
for (let i = 0; i < 5; i++) {
  await sleep(700);
  await sendto(fd, "question " + i, { address: "a", port: 7 });
  print(decode(await recvfrom(fd, 100)), now());
}`,
)}`;

function labOf(hostile: readonly Hostile[]): Lab {
  const names = ["a", "b", ...hostile.map((_, index) => `h${index}`)];
  const text = `lastack: 1
duration: 5s
nodes:
  s: { kind: switch }
${TALKERS}${hostile.map(({ code }, index) => host(`h${index}`, code)).join("")}links:
${names.map((name) => `  - { ends: [${name}, s], delay: 1ms }\n`).join("")}`;
  const lab = parseLab(text, "hostile.lab.yaml");
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  return lab.value;
}

function run(hostile: readonly Hostile[]): { digest: string; outputs: ReadonlyMap<string, string>; problems: unknown } {
  const lab = labOf(hostile);
  const session = new Session(lab, { guests: { engine: testEngine(), sources: new Map(), limits: LIMITS } });
  session.advance(lab.durationNs as VirtualTime);
  const { consoles, conservation, digest } = session.report();
  session.close();
  const outputs = new Map(consoles.map(({ node, output }) => [node, output.replaceAll("\r", "")]));
  return { digest, outputs, problems: conservation.problems };
}

describe("hostile programs", () => {
  const first = run(HOSTILE);

  it.each(HOSTILE.map((program, index) => ({ ...program, index })))("one that $what", ({ index, says }) => {
    expect(first.outputs.get(`h${index}`) ?? "nothing at all").toMatch(says);
  });

  it("are not noticed by others", () => {
    const talk = run([]).outputs.get("b");
    expect(talk?.split("\n")).toHaveLength(6);
    // Their first question waits for ARP behind a busier switch; what they say is the same, to the nanosecond.
    expect(first.outputs.get("b")).toBe(talk);
    expect(first.problems).toEqual([]);
  });

  it("do the same things again", { timeout: TIMEOUT_MS }, () => {
    expect(run(HOSTILE).digest).toBe(first.digest);
  });
});
