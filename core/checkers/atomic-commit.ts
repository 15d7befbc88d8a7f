/**
 * Whether a group of programs committed atomically, judged by the marks they leave in the trace (`program:state`,
 * `program:decide`), over all their lives. The properties and their names are those of Bernstein, Hadzilacos and
 * Goodman, "Concurrency Control and Recovery in Database Systems" (1987), section 7.3:
 *
 * - AC1: all that decide about a transaction decide the same.
 * - AC2: nobody reverses a decision; one repeated after a crash is the same one.
 * - AC3: COMMIT only when all participants have voted for it: each was in READY before.
 * - promise: who has voted for COMMIT is uncertain (section 7.4) and leaves the decision to somebody else. AC1 alone
 *   would excuse a participant that breaks its promise and is lucky.
 *
 * AC4 (no failure and all in favour: COMMIT) and AC5 (when failures end, all decide) speak of a whole run:
 * `undecided` tells who has not decided, which is no fault by itself, for two-phase commit blocks.
 */
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";

/** Events that the checker has to be given. */
export const ATOMIC_COMMIT_EVENTS = ["program:state", "program:decide"] as const satisfies readonly TraceEventName[];

export type CommitProperty = "AC1" | "AC2" | "AC3" | "promise";

export interface CommitViolation {
  readonly property: CommitProperty;
  readonly transaction: string;
  /** Virtual ns. */
  readonly at: number;
  /** One sentence. */
  readonly text: string;
}

interface Transaction {
  /** First decision of all, and of each host. */
  first: { readonly host: string; readonly outcome: string } | null;
  readonly decided: Map<string, string>;
  readonly ready: Set<string>;
  readonly seen: Set<string>;
}

/** Violations kept; more of them say nothing new. */
const VIOLATIONS_MAX = 100;

export class AtomicCommitChecker {
  readonly #participants: readonly string[];
  readonly #transactions = new Map<string, Transaction>();
  readonly violations: CommitViolation[] = [];

  /** @param participants hosts that vote. */
  constructor(participants: readonly string[]) {
    this.#participants = participants;
  }

  /** Takes the events of a run in order; others than the two are ignored. */
  onEvent(event: TraceEvent): void {
    if (event.name !== "program:state" && event.name !== "program:decide") return;
    const about = String(event.fields["about"] ?? "");
    const transaction = this.#transaction(about);
    transaction.seen.add(event.place);
    if (event.name === "program:decide") this.#decide(about, transaction, event);
    else if (event.fields["state"] === "READY") transaction.ready.add(event.place);
  }

  /** Hosts that have to do with the transaction and have not decided. */
  undecided(about: string): string[] {
    const { seen, decided } = this.#transaction(about);
    return [...seen].filter((host) => !decided.has(host));
  }

  /** Hosts that have decided. */
  deciders(about: string): ReadonlySet<string> {
    return new Set(this.#transaction(about).decided.keys());
  }

  /** The outcome that the first host to decide chose; null while there is none. */
  outcome(about: string): string | null {
    return this.#transactions.get(about)?.first?.outcome ?? null;
  }

  get transactions(): readonly string[] {
    return [...this.#transactions.keys()];
  }

  #decide(about: string, transaction: Transaction, { place: host, time, fields }: TraceEvent): void {
    const outcome = String(fields["decision"] ?? "");
    const report = (property: CommitProperty, text: string): void => {
      if (this.violations.length >= VIOLATIONS_MAX) return;
      this.violations.push({ property, transaction: about, at: time, text });
    };
    const before = transaction.decided.get(host);
    if (before !== undefined) {
      if (before !== outcome) report("AC2", `${host} decided ${before} and then ${outcome}`);
      return;
    }
    transaction.decided.set(host, outcome);
    if (transaction.first === null && transaction.ready.has(host)) {
      report("promise", `${host} promised to commit, and decided ${outcome} by itself`);
    }
    transaction.first ??= { host, outcome };
    const { first } = transaction;
    if (first.outcome !== outcome) report("AC1", `${host} decided ${outcome}, ${first.host} ${first.outcome}`);
    if (outcome !== "COMMIT") return;
    const missing = this.#participants.filter((participant) => !transaction.ready.has(participant));
    if (missing.length > 0) report("AC3", `${host} decided COMMIT without a vote of ${missing.join(", ")}`);
  }

  #transaction(about: string): Transaction {
    let transaction = this.#transactions.get(about);
    if (transaction === undefined) {
      transaction = { first: null, decided: new Map(), ready: new Set(), seen: new Set() };
      this.#transactions.set(about, transaction);
    }
    return transaction;
  }
}
