/**
 * A few of the random labs of two-phase commit that `npm run simulate -- --kind 2pc` makes by the thousand; and four
 * mistakes that they find.
 */
import { describe, expect, test } from "vitest";
import { LONG } from "../harness/long.ts";
import { COMMIT_PROGRAMS, MUTANTS } from "./commit-programs.ts";
import { randomCommitLab } from "./random-commit.ts";
import { simulateCommit } from "./simulate-commit.ts";

const SEEDS = Array.from({ length: LONG ? 60 : 6 }, (_, index) => index + 1);
const TIMEOUT_MS = 300_000;
/** How many seeds a search looks at, and where it begins if the first that tells comes late (19). */
const SEARCHED = 30;
const FIRST_SEED: Readonly<Record<string, number>> = { "eager-vote": 15 };

describe("random labs of two-phase commit", () => {
  test("are atomic, come to an end, and lose no decision", { timeout: TIMEOUT_MS }, () => {
    const seen = { commits: 0, aborts: 0, crashes: 0, recordsLost: 0, blocked: 0 };
    for (const seed of SEEDS) {
      const { problems, totals } = simulateCommit(randomCommitLab(seed), COMMIT_PROGRAMS);
      expect({ seed, problems }).toEqual({ seed, problems: [] });
      for (const name of ["commits", "aborts", "crashes", "recordsLost", "blocked"] as const) {
        seen[name] += totals[name];
      }
    }
    // All that is hard has happened.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });

  test("repeat exactly", () => {
    const again = (): string => simulateCommit(randomCommitLab(2), COMMIT_PROGRAMS).digest;
    expect(again()).toBe(again());
  });

  test.each(MUTANTS)("find who $text", { timeout: TIMEOUT_MS }, ({ name, programs }) => {
    const first = FIRST_SEED[name] ?? 1;
    let problems: readonly string[] = [];
    for (let seed = first; problems.length === 0 && seed < first + SEARCHED; seed++) {
      problems = simulateCommit(randomCommitLab(seed), programs).problems;
    }
    expect(problems).not.toEqual([]);
  });
});
