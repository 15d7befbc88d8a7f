/**
 * Runs one random lab of two-phase commit: until all have decided everything, though machines and cables fail on the
 * way, and then through a last power cut, after which every worker must find in its log what it had decided. Says what
 * is wrong with the run. To wait for a coordinator that is down is no fault, however long it takes.
 */
import { MILLISECOND, SECOND, type VirtualTime } from "../../core/base/time.ts";
import { ATOMIC_COMMIT_EVENTS, AtomicCommitChecker } from "../../core/checkers/atomic-commit.ts";
import type { TraceEvent } from "../../core/contract/trace-event.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { testEngine } from "../harness/sandbox.ts";
import type { CommitPrograms } from "./commit-programs.ts";
import { FAULTS_UNTIL_MS, PROGRAM_FOLDER, type CommitLab } from "./random-commit.ts";

export interface CommitOutcome {
  readonly problems: readonly string[];
  readonly digest: string;
  readonly events: number;
  readonly totals: CommitTotals;
}

export interface CommitTotals {
  readonly transactions: number;
  readonly commits: number;
  readonly aborts: number;
  readonly crashes: number;
  /** Records that crashes took from the logs or tore, before they were forced. */
  readonly recordsLost: number;
  /** Workers that had to wait for longer than a second between promise and decision. */
  readonly blocked: number;
  readonly framesDropped: number;
  /** From the last fault until the last decision, ms. */
  readonly settledMs: number;
}

/** The longest wait after the last fault: tries are repeated ten times a second, and most get through. */
const SETTLED_BY = 120 * SECOND;
const STEP = 100 * MILLISECOND;
const BLOCKED_NS = SECOND;
const RECOVERY = SECOND;
/** Status of a program whose machine is gone: it was still running then. */
const STATUS_MACHINE_GONE = 255;

/** What the trace tells besides what the checker looks at. */
class Tally {
  crashes = 0;
  recordsLost = 0;
  blocked = 0;
  /** When each worker promised, by worker and transaction. */
  readonly #promised = new Map<string, number>();
  /** Decisions said, also those said again after a crash. */
  readonly said: string[] = [];

  onEvent({ name, place, time, fields }: TraceEvent): void {
    const key = `${place} ${String(fields["about"] ?? "")}`;
    if (name === "node:state" && fields["state"] === "off") this.crashes++;
    else if (name === "disk:lost") this.recordsLost += Number(fields["lost"]) + Number(fields["torn"]);
    else if (name === "program:state" && fields["state"] === "READY" && !this.#promised.has(key)) {
      this.#promised.set(key, time);
    } else if (name === "program:decide") {
      this.said.push(key);
      const promised = this.#promised.get(key);
      if (promised === undefined) return;
      this.#promised.delete(key);
      if (time - promised > BLOCKED_NS) this.blocked++;
    }
  }
}

class Run {
  readonly problems: string[] = [];
  readonly checker: AtomicCommitChecker;
  readonly tally = new Tally();
  readonly #lab: CommitLab;
  readonly #session: Session;
  readonly #transactions: readonly string[];

  constructor(lab: CommitLab, session: Session) {
    this.#lab = lab;
    this.#session = session;
    this.checker = new AtomicCommitChecker(lab.workers);
    this.#transactions = Array.from({ length: lab.transactions }, (_, index) => `T${index + 1}`);
    session.trace.want([...ATOMIC_COMMIT_EVENTS, "node:state", "disk:lost"]);
    session.trace.listen((event) => {
      this.checker.onEvent(event);
      this.tally.onEvent(event);
    });
  }

  /** Runs until all is decided. @returns ms from the last fault until then. */
  untilDecided(): number {
    const session = this.#session;
    const last = FAULTS_UNTIL_MS * MILLISECOND;
    session.advance(last as VirtualTime);
    for (let at = last + STEP; this.#missing().length > 0 && at <= last + SETTLED_BY; at += STEP) {
      session.advance(at as VirtualTime);
    }
    for (const who of this.#missing()) this.problems.push(`${who} is not decided long after the last fault`);
    return (session.now - last) / MILLISECOND;
  }

  /** Who has not decided what. */
  #missing(): string[] {
    const everybody = ["coordinator", ...this.#lab.workers];
    return this.#transactions.flatMap((transaction) => {
      const decided = this.checker.deciders(transaction);
      return everybody.filter((host) => !decided.has(host)).map((host) => `${transaction} on ${host}`);
    });
  }

  /** All machines lose power at once. What a worker had decided it says again, from its log, or else AC2 breaks. */
  cutPower(): void {
    const session = this.#session;
    this.#lookForEnded();
    this.tally.said.length = 0;
    const nodes = ["coordinator", ...this.#lab.workers];
    for (const action of ["crash", "reboot"] as const) {
      for (const node of nodes) session.inject({ kind: "node", node, action });
    }
    session.advance((session.now + RECOVERY) as VirtualTime);
    const said = new Set(this.tally.said);
    for (const worker of this.#lab.workers) {
      for (const transaction of this.#transactions) {
        if (said.has(`${worker} ${transaction}`)) continue;
        this.problems.push(`${worker} has lost what it decided on ${transaction}`);
      }
    }
    this.#lookForEnded();
  }

  /** No program ends but with its machine. */
  #lookForEnded(): void {
    for (const { node, status, output } of this.#session.report().consoles) {
      if (status === null || status === STATUS_MACHINE_GONE) continue;
      this.problems.push(`the program on ${node} ended with status ${status}: ${output.slice(-500)}`);
    }
  }

  totals(settledMs: number): CommitTotals {
    const outcomes = this.#transactions.map((transaction) => this.checker.outcome(transaction));
    return {
      transactions: outcomes.length,
      commits: outcomes.filter((outcome) => outcome === "COMMIT").length,
      aborts: outcomes.filter((outcome) => outcome === "ABORT").length,
      crashes: this.tally.crashes,
      recordsLost: this.tally.recordsLost,
      blocked: this.tally.blocked,
      framesDropped: this.#session.report().conservation.frames.dropped,
      settledMs,
    };
  }
}

export function simulateCommit(commitLab: CommitLab, programs: CommitPrograms): CommitOutcome {
  const lab = parseLab(commitLab.text, "commit.lab.yaml");
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  const sources = new Map([...programs].map(([name, text]) => [`${PROGRAM_FOLDER}/${name}`, text]));
  const session = new Session(lab.value, { guests: { engine: testEngine(), sources } });
  const run = new Run(commitLab, session);
  const settledMs = run.untilDecided();
  const totals = run.totals(settledMs);
  run.cutPower();
  const violations = run.checker.violations.map(
    ({ property, transaction, text, at }) => `${property} on ${transaction} at ${at / MILLISECOND} ms: ${text}`,
  );
  const { events, digest, conservation } = session.report();
  session.close();
  return { problems: [...violations, ...run.problems, ...conservation.problems], digest, events, totals };
}
