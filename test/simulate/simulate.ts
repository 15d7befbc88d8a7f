/** Runs one lab to its end and says what is wrong with the run. */
import { AssertionError } from "../../core/base/assert.ts";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import type { Conservation, RunReport } from "../../core/contract/run-report.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";

export interface Outcome {
  readonly problems: readonly string[];
  readonly frames: Conservation["frames"];
  readonly events: number;
  readonly digest: string;
  readonly summary: string;
}

const NO_FRAMES = { sent: 0, copies: 0, delivered: 0, dropped: 0, inFlight: 0 };
/** A lab this small that runs more events than this is in a loop. */
const EVENTS_MAX = 20_000_000;

/**
 * @param twice runs it once more under observation, trace and captures of everything on, and compares digests.
 * @param watched is that second run.
 */
export function simulate(text: string, twice = false, watched = false): Outcome {
  const lab = parseLab(text, "random.lab.yaml");
  if (!lab.ok) {
    return { problems: lab.error.map(formatProblem), frames: NO_FRAMES, events: 0, digest: "", summary: "" };
  }
  const problems: string[] = [];
  const session = new Session(lab.value);
  if (watched) {
    session.trace.wantAll();
    session.capture([...session.captureInterfaces.keys()], { onFrame: () => undefined });
  }
  try {
    // A look at the account every half second finds a lost packet near where it was lost.
    for (let at = SECOND / 2; at <= lab.value.durationNs; at += SECOND / 2) {
      session.advance(at as VirtualTime, EVENTS_MAX);
      const found = session.report().conservation.problems;
      if (found.length === 0) continue;
      problems.push(...found.map((problem) => `at ${at / SECOND} s: ${problem}`));
      break;
    }
    const report = session.report();
    for (const check of report.checks) if (!check.passed) problems.push(`check "${check.name}": ${check.actual}`);
    if (session.eventCount >= EVENTS_MAX) problems.push(`more than ${EVENTS_MAX} events`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const kind = error instanceof AssertionError ? "assertion" : "exception";
    problems.push(`${kind} at ${session.now / SECOND} s: ${error.stack ?? error.message}`);
    return { problems, frames: NO_FRAMES, events: session.eventCount, digest: session.digest, summary: "" };
  }
  const report = session.report();
  if (twice && simulate(text, false, true).digest !== report.digest) {
    problems.push("a second run, watched, has another digest");
  }
  return {
    problems,
    frames: report.conservation.frames,
    events: report.events,
    digest: report.digest,
    summary: summaryOf(report),
  };
}

function summaryOf(report: RunReport): string {
  const consoles = report.consoles.map((console) => `[${console.node}] ${console.command}\n${console.output}`);
  const drops = report.conservation.drops.map(({ place, reason, count }) => `  ${count} x ${reason} at ${place}`);
  return [...consoles, "drops:", ...drops, `digest ${report.digest}`].join("\n");
}
