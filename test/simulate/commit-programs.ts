/** The lecture's two-phase commit, and four well-known ways to get it wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../core/base/assert.ts";
import type { CommitProperty } from "../../core/checkers/atomic-commit.ts";

/** TypeScript by file name. */
export type CommitPrograms = ReadonlyMap<string, string>;

const FOLDER = join(import.meta.dirname, "../../resources/programs/two-phase-commit");

export const COMMIT_PROGRAMS: CommitPrograms = new Map(
  ["coordinator.ts", "worker.ts", "messages.ts"].map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]),
);

export interface Mutant {
  readonly name: string;
  /** What the mistake is. */
  readonly text: string;
  /** What it breaks. */
  readonly breaks: CommitProperty;
  readonly programs: CommitPrograms;
}

/** The programs with one line of one of them changed. */
function changed(file: string, from: string, to: string): CommitPrograms {
  const text = COMMIT_PROGRAMS.get(file) ?? "";
  assert(text.split(from).length === 2, `"${from}" stands once in ${file}`);
  return new Map([...COMMIT_PROGRAMS, [file, text.replace(from, to)]]);
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "eager-vote",
    text: "votes before the promise is forced to the log",
    breaks: "AC1",
    programs: changed(
      "worker.ts",
      "await log.write({ transaction, state: next } satisfies LogRecord);",
      "void log.write({ transaction, state: next } satisfies LogRecord);",
    ),
  },
  {
    name: "majority",
    text: "decides on a majority of the votes",
    breaks: "AC3",
    programs: changed("coordinator.ts", "commits === workers.length", "commits > workers.length / 2"),
  },
  {
    name: "forgets-ready",
    text: "forgets READY when it starts again",
    breaks: "AC1",
    programs: changed(
      "worker.ts",
      "for (const record of log.records as LogRecord[]) states.set(record.transaction, record.state);",
      "for (const record of log.records as LogRecord[])" +
        ' if (record.state !== "READY") states.set(record.transaction, record.state);',
    ),
  },
  {
    name: "impatient",
    text: "aborts by itself after voting",
    breaks: "promise",
    programs: changed(
      "worker.ts",
      'for (const name of [coordinator, ...fellows]) await post.send(name, "DECISION-REQ", transaction);',
      'await enter(transaction, "ABORT");',
    ),
  },
];
