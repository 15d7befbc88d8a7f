/**
 * The lecture's two-phase commit under crashes: one machine after the other is cut off at every moment of a
 * transaction and comes back. The programs as they are keep all agreements; each of four well-known mistakes breaks
 * one, and the sweep finds a crash that shows it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MILLISECOND, type VirtualTime } from "../../core/base/time.ts";
import { ATOMIC_COMMIT_EVENTS, AtomicCommitChecker, type CommitProperty } from "../../core/checkers/atomic-commit.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { testEngine } from "../harness/sandbox.ts";

const FOLDER = join(import.meta.dirname, "../../resources/programs/two-phase-commit");
const WORKERS = ["worker1", "worker2", "worker3", "worker4"];
const NODES = ["coordinator", ...WORKERS];
/** When the coordinator begins; the transaction takes some 10 ms when nothing goes wrong. */
const BEGIN_MS = 20;
const LAST_CRASH_MS = 31;
const TIMEOUT_MS = 300_000;

type Sources = ReadonlyMap<string, string>;

const SOURCES: Sources = new Map(
  ["coordinator.ts", "worker.ts", "messages.ts"].map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]),
);

/** The programs with one line of one of them changed. */
function mutant(file: string, from: string, to: string): Sources {
  const text = SOURCES.get(file) ?? "";
  expect(text.split(from), `"${from}" stands once in ${file}`).toHaveLength(2);
  return new Map([...SOURCES, [file, text.replace(from, to)]]);
}

interface Crash {
  readonly node: string;
  readonly atMs: number;
  readonly downMs: number;
}

interface Trial {
  readonly sources: Sources;
  readonly crash: Crash | null;
  readonly seed: number;
  /** Arguments of worker2, which may vote against T1. */
  readonly no?: boolean;
}

const program = (node: string, file: string, args: readonly string[], atMs = 0): string =>
  `  ${node}: { kind: host, programs: [{ file: ${file}, args: [${args.join(", ")}], at: ${atMs}ms }] }\n`;

function labText({ crash, no }: Trial): string {
  const workers = WORKERS.map((name) => {
    const votes = no === true && name === "worker2" ? ["--no", "T1"] : [];
    return program(name, "worker.ts", ["coordinator", ...WORKERS, ...votes]);
  });
  const cables = NODES.map((name) => `  - { ends: [${name}, s1], delay: 300us }\n`);
  const timeline =
    crash === null
      ? ""
      : `timeline:
  - { at: ${crash.atMs}ms, node: ${crash.node}, do: crash }
  - { at: ${crash.atMs + crash.downMs}ms, node: ${crash.node}, do: reboot }
`;
  return `lastack: 1
duration: 2s
nodes:
  s1: { kind: switch }
${program("coordinator", "coordinator.ts", WORKERS, BEGIN_MS)}${workers.join("")}links:
${cables.join("")}${timeline}`;
}

interface Outcome {
  readonly violations: readonly string[];
  readonly outcome: string | null;
  readonly undecided: readonly string[];
  readonly digest: string;
}

function run(trial: Trial): Outcome {
  const lab = parseLab(labText(trial), "two-phase-commit.lab.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const session = new Session(lab.value, {
    seed: trial.seed,
    guests: { engine: testEngine(), sources: trial.sources },
  });
  const checker = new AtomicCommitChecker(WORKERS);
  session.trace.want(ATOMIC_COMMIT_EVENTS);
  session.trace.listen((event) => checker.onEvent(event));
  session.advance(lab.value.durationNs as VirtualTime);
  session.close();
  return {
    violations: checker.violations.map(({ property, text, at }) => `${property} at ${at / MILLISECOND}ms: ${text}`),
    outcome: checker.outcome("T1"),
    undecided: checker.undecided("T1"),
    digest: session.digest,
  };
}

/** Every node at every moment. The everyday loop takes fewer moments. */
function* crashes(stepMs: number, downMs: number, fromMs = BEGIN_MS): Generator<Crash> {
  for (let atMs = fromMs; atMs <= LAST_CRASH_MS; atMs += stepMs) {
    for (const node of NODES) yield { node, atMs, downMs };
  }
}

describe("two-phase commit", () => {
  it("commits when all can, and aborts when one cannot", () => {
    const all = run({ sources: SOURCES, crash: null, seed: 1 });
    expect(all).toMatchObject({ violations: [], outcome: "COMMIT", undecided: [] });
    const some = run({ sources: SOURCES, crash: null, seed: 1, no: true });
    expect(some).toMatchObject({ violations: [], outcome: "ABORT", undecided: [] });
  });

  it("repeats exactly, crash included", () => {
    const trial = { sources: SOURCES, crash: { node: "worker2", atMs: 25, downMs: 300 }, seed: 3 };
    expect(run(trial)).toEqual(run(trial));
  });

  it("is atomic and comes to an end whoever crashes whenever", { timeout: TIMEOUT_MS }, () => {
    const outcomes = new Set<string | null>();
    for (const crash of crashes(LONG ? 0.5 : 2, 300)) {
      for (const seed of LONG ? [1, 2] : [1]) {
        const end = run({ sources: SOURCES, crash, seed });
        expect({ ...crash, ...end }).toMatchObject({ violations: [], undecided: [] });
        outcomes.add(end.outcome);
      }
    }
    expect(outcomes).toEqual(new Set(["COMMIT", "ABORT"]));
  });
});

describe("the sweep finds who", () => {
  interface Mutant {
    readonly name: string;
    readonly sources: () => Sources;
    /** What the mistake breaks. */
    readonly breaks: CommitProperty;
    /** Where the search begins, so that it does not take long. */
    readonly fromMs: number;
    /** Whether a worker votes against T1. */
    readonly no?: boolean;
  }
  const MUTANTS: readonly Mutant[] = [
    {
      name: "votes before forcing the promise to the log",
      sources: () =>
        mutant(
          "worker.ts",
          "await log.write({ transaction, state: next } satisfies LogRecord);",
          "void log.write({ transaction, state: next } satisfies LogRecord);",
        ),
      breaks: "AC1",
      fromMs: 24,
    },
    {
      name: "decides on a majority of the votes",
      sources: () => mutant("coordinator.ts", "commits === workers.length", "commits > workers.length / 2"),
      breaks: "AC3",
      fromMs: BEGIN_MS,
      no: true,
    },
    {
      name: "forgets READY when it starts again",
      sources: () =>
        mutant(
          "worker.ts",
          "for (const record of log.records as LogRecord[]) states.set(record.transaction, record.state);",
          "for (const record of log.records as LogRecord[])" +
            ' if (record.state !== "READY") states.set(record.transaction, record.state);',
        ),
      breaks: "AC1",
      fromMs: 25,
    },
    {
      name: "aborts by itself after voting",
      sources: () =>
        mutant(
          "worker.ts",
          'for (const name of [coordinator, ...fellows]) await post.send(name, "DECISION-REQ", transaction);',
          'await enter(transaction, "ABORT");',
        ),
      breaks: "AC1",
      fromMs: 25,
    },
  ];

  it.each(MUTANTS)("$name", { timeout: TIMEOUT_MS }, ({ sources, breaks, fromMs, no = false }) => {
    const found = new Set<string>();
    const changed = sources();
    // Down for long enough that workers lose patience.
    search: for (const crash of crashes(0.25, 700, fromMs)) {
      for (const seed of [1, 2, 3, 4]) {
        for (const violation of run({ sources: changed, crash, seed, no }).violations) found.add(violation.slice(0, 3));
        if (found.has(breaks)) break search;
      }
    }
    expect(found).toContain(breaks);
  });
});
