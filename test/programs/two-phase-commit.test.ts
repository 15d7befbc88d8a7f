/**
 * The lecture's two-phase commit under crashes: coordinator and worker are cut off after every single event of a run,
 * so before and after each step they make, and come back. The programs as they are keep all agreements; each of four
 * well-known mistakes breaks one, and the same sweep finds a crash that shows it.
 */
import { describe, expect, it } from "vitest";
import { MILLISECOND, type VirtualTime } from "../../core/base/time.ts";
import { ATOMIC_COMMIT_EVENTS, AtomicCommitChecker } from "../../core/checkers/atomic-commit.ts";
import type { JournalEntry } from "../../core/contract/command.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { testEngine } from "../harness/sandbox.ts";
import { COMMIT_PROGRAMS, MUTANTS, type CommitPrograms } from "../simulate/commit-programs.ts";

const WORKERS = ["worker1", "worker2", "worker3"];
const BEGIN_MS = 20;
const END = (2_000 * MILLISECOND) as VirtualTime;
/** By then the coordinator has written that all is over. */
const LAST = ((BEGIN_MS + 110) * MILLISECOND) as VirtualTime;
/** When the workers have been asked. */
const VOTING_MS = 23;
const TIMEOUT_MS = 300_000;

interface Trial {
  readonly programs?: CommitPrograms;
  readonly seed?: number;
  /** worker2 votes against T1. */
  readonly refuses?: boolean;
  readonly journal?: readonly JournalEntry[];
}

/** Machines on which every system call takes its time: in an `ideal` one several are one event, which nothing cuts. */
function labText(refuses: boolean): string {
  const host = (name: string, file: string, args: readonly string[], atMs: number): string => {
    const program = `{ file: ${file}, args: [${args.join(", ")}], at: ${atMs}ms }`;
    return `  ${name}: { kind: host, profile: modern, programs: [${program}] }`;
  };
  const no = (name: string): string[] => (refuses && name === "worker2" ? ["--no", "T1"] : []);
  return [
    "lastack: 1",
    "nodes:",
    "  s1: { kind: switch }",
    host("coordinator", "coordinator.ts", WORKERS, BEGIN_MS),
    ...WORKERS.map((name) => host(name, "worker.ts", ["coordinator", ...WORKERS, ...no(name)], 0)),
    "links:",
    ...["coordinator", ...WORKERS].map((name) => `  - { ends: [${name}, s1], delay: 300us }`),
  ].join("\n");
}

function open({ programs = COMMIT_PROGRAMS, seed = 1, refuses = false, journal = [] }: Trial): Session {
  const lab = parseLab(labText(refuses), "two-phase-commit.lab.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  return new Session(lab.value, { seed, journal, guests: { engine: testEngine(), sources: programs } });
}

interface Outcome {
  readonly violations: readonly string[];
  readonly outcome: string | null;
  readonly undecided: readonly string[];
  readonly refused: number;
  readonly digest: string;
}

function run(trial: Trial): Outcome {
  const session = open(trial);
  const checker = new AtomicCommitChecker(WORKERS);
  session.trace.want(ATOMIC_COMMIT_EVENTS);
  session.trace.listen((event) => checker.onEvent(event));
  session.advance(END);
  session.close();
  return {
    violations: checker.violations.map(({ property, text, at }) => `${property} at ${at / MILLISECOND}ms: ${text}`),
    outcome: checker.outcome("T1"),
    undecided: checker.undecided("T1"),
    refused: session.refused.length,
    digest: session.digest,
  };
}

interface Step {
  /** `write`, or `write = 48` when it has ended. */
  readonly what: string;
  readonly at: number;
  /** Events of the run up to and with it. */
  readonly events: number;
}

/** System calls of a host in a run without a crash, from the coordinator's start to its last record. */
function stepsOf(host: string): Step[] {
  const session = open({});
  const steps: Step[] = [];
  session.trace.want(["syscalls:sys_enter", "syscalls:sys_exit"]);
  session.trace.listen(({ name, place, time, fields }) => {
    if (place !== host || time < BEGIN_MS * MILLISECOND) return;
    const ended = name === "syscalls:sys_exit" ? ` = ${fields["ret"]}` : "";
    steps.push({ what: `${fields["name"]}${ended}`, at: time, events: session.eventCount });
  });
  session.advance(LAST);
  session.close();
  return steps;
}

/** A moment of a run: so many events have happened. */
type Moment = Pick<Step, "at" | "events">;

/** After every single event of the whole lab, from the coordinator's start to its last record: there are no others. */
function momentsOf(programs?: CommitPrograms): readonly Moment[] {
  const session = open(programs === undefined ? {} : { programs });
  session.advance((BEGIN_MS * MILLISECOND) as VirtualTime);
  const moments: Moment[] = [];
  while (session.advance(LAST, 1) > 0) moments.push({ at: session.now, events: session.eventCount });
  session.close();
  return moments;
}

/** The machine loses power at the moment, and comes back. */
const crashAt = (node: string, { at, events }: Moment, downMs: number): JournalEntry[] => [
  { at, events, command: { kind: "node", node, action: "crash" } },
  { at: at + downMs * MILLISECOND, events: 0, command: { kind: "node", node, action: "reboot" } },
];

/** What matters of the steps: how often the host ended such a call with success. */
const ended = (steps: readonly Step[], call: string): number =>
  steps.filter(({ what }) => new RegExp(`^${call} = (?!-(?!115$))`).test(what)).length;

/** Every `stride`th of them, in the everyday loop. */
const sample = <T>(all: readonly T[], stride: number): readonly T[] =>
  LONG ? all : all.filter((_, index) => index % stride === 0);

describe("two-phase commit", () => {
  it("commits when all can, and aborts when one cannot", () => {
    expect(run({})).toMatchObject({ violations: [], outcome: "COMMIT", undecided: [] });
    expect(run({ refuses: true })).toMatchObject({ violations: [], outcome: "ABORT", undecided: [] });
  });

  it("is crashed at every step: each record written and forced, and each message sent and received, is one", () => {
    const coordinator = stepsOf("coordinator");
    // WAIT, COMMIT and END, and what it prints; those three forced, and the new log before them.
    expect([ended(coordinator, "write"), ended(coordinator, "aio_fsync")]).toEqual([4, 4]);
    // VOTE-REQ and GLOBAL-COMMIT to each, their votes and acknowledgements.
    expect([ended(coordinator, "sendto"), ended(coordinator, "recvfrom")]).toEqual([6, 6]);
    const worker = stepsOf("worker1");
    // READY and COMMIT, and what it prints. VOTE-COMMIT and ACK, VOTE-REQ and GLOBAL-COMMIT.
    expect([ended(worker, "write"), ended(worker, "aio_fsync")]).toEqual([3, 2]);
    expect([ended(worker, "sendto"), ended(worker, "recvfrom")]).toEqual([2, 2]);
    for (const steps of [coordinator, worker]) {
      // A crash fits between any two of them: no event holds two calls that ended.
      const events = steps.filter(({ what }) => what.includes("=")).map((step) => step.events);
      expect(new Set(events).size).toBe(events.length);
    }
  });

  it.each(["coordinator", "worker1"])(
    "is atomic and comes to an end whenever %s crashes",
    { timeout: TIMEOUT_MS },
    (node) => {
      const outcomes = new Set<string | null>();
      for (const moment of sample(momentsOf(), 40)) {
        const end = run({ journal: crashAt(node, moment, 300) });
        expect({ moment, ...end }).toMatchObject({ violations: [], undecided: [], refused: 0 });
        outcomes.add(end.outcome);
      }
      expect(outcomes).toEqual(new Set(["COMMIT", "ABORT"]));
    },
  );

  it("repeats exactly, crash included", () => {
    const step = stepsOf("worker1").find(({ what }) => what.startsWith("aio_fsync ="));
    if (step === undefined) throw new Error("it forces its log");
    const trial = { journal: crashAt("worker1", step, 300), seed: 3 };
    expect(run(trial)).toEqual(run(trial));
  });
});

describe("the sweep finds who", () => {
  it.each(MUTANTS)("$text", { timeout: TIMEOUT_MS }, ({ name, programs, breaks }) => {
    const found = new Set<string>();
    // A majority of two is found without any crash, as soon as one votes against it.
    const refuses = name === "majority";
    // Who is impatient breaks its promise while the coordinator is away; the others when they come back themselves.
    const node = name === "impatient" ? "coordinator" : "worker1";
    const moments = momentsOf(programs).filter(({ at }) => at > VOTING_MS * MILLISECOND);
    search: for (const moment of moments.filter((_, index) => index % 12 === 0)) {
      for (const seed of [1, 2, 3, 4]) {
        const { violations } = run({ programs, journal: crashAt(node, moment, 700), seed, refuses });
        for (const violation of violations) found.add(violation.slice(0, violation.indexOf(" ")));
        if (found.has(breaks)) break search;
      }
    }
    expect(found).toContain(breaks);
  });
});
