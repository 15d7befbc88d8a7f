/** What `npm run simulate` can simulate: how a lab is drawn and run, and what is counted over all of them. */
import { COMMIT_PROGRAMS, type Mutant } from "./commit-programs.ts";
import { randomCommitLab } from "./random-commit.ts";
import { isWild, randomLab } from "./random-lab.ts";
import { simulateCommit } from "./simulate-commit.ts";
import { simulate } from "./simulate.ts";

export interface Kind {
  /** The lab file of a seed. */
  lab(seed: number): string;
  /** Runs it. @param twice and once more, to compare digests. */
  run(seed: number, twice: boolean): { readonly problems: readonly string[]; readonly summary: string };
  /** What was seen in all runs so far, in words. */
  totals(): string;
}

export function labsKind(): Kind {
  const totals = { frames: 0, delivered: 0, dropped: 0, events: 0, streams: 0, complete: 0, bytes: 0 };
  return {
    lab: randomLab,
    run(seed, twice) {
      const outcome = simulate(randomLab(seed), { wild: isWild(seed), twice });
      totals.frames += outcome.frames.sent + outcome.frames.copies;
      totals.delivered += outcome.frames.delivered;
      totals.dropped += outcome.frames.dropped;
      totals.events += outcome.events;
      totals.streams += outcome.streams.opened;
      totals.complete += outcome.streams.complete;
      totals.bytes += outcome.streams.bytes;
      return outcome;
    },
    totals: () =>
      `${totals.events} events, ${totals.frames} frames sent, ${totals.delivered} delivered, ` +
      `${totals.dropped} dropped for a named reason; ${totals.streams} byte streams, ` +
      `${totals.bytes} bytes read and right, ${totals.complete} read to their end`,
  };
}

export function commitKind(mutant: Mutant | undefined): Kind {
  const programs = mutant?.programs ?? COMMIT_PROGRAMS;
  const totals = { events: 0, transactions: 0, commits: 0, aborts: 0, crashes: 0, lost: 0, blocked: 0, frames: 0 };
  let slowestMs = 0;
  return {
    lab: (seed) => randomCommitLab(seed).text,
    run(seed, twice) {
      const outcome = simulateCommit(randomCommitLab(seed), programs);
      const problems = [...outcome.problems];
      if (twice && simulateCommit(randomCommitLab(seed), programs).digest !== outcome.digest) {
        problems.push("a second run has another digest");
      }
      const run = outcome.totals;
      totals.events += outcome.events;
      totals.transactions += run.transactions;
      totals.commits += run.commits;
      totals.aborts += run.aborts;
      totals.crashes += run.crashes;
      totals.lost += run.recordsLost;
      totals.blocked += run.blocked;
      totals.frames += run.framesDropped;
      slowestMs = Math.max(slowestMs, run.settledMs);
      return { problems, summary: `${JSON.stringify(run)}\ndigest ${outcome.digest}` };
    },
    totals: () =>
      `${totals.events} events, ${totals.transactions} transactions, ${totals.commits} committed by all, ` +
      `${totals.aborts} aborted by all; ${totals.crashes} crashes, ${totals.lost} unforced records lost or torn, ` +
      `${totals.blocked} workers blocked for more than a second, ${totals.frames} frames dropped; ` +
      `all decided within ${slowestMs / 1000} s of the last fault`,
  };
}
