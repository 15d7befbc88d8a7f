/** Runs one lab to its end and says what is wrong with the run. */
import { AssertionError } from "../../core/base/assert.ts";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { StreamIntegrity } from "../../core/checkers/stream-integrity.ts";
import type { Conservation, RunReport } from "../../core/contract/run-report.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { booksOf } from "../harness/books.ts";
import { streamPrograms } from "./stream-programs.ts";

export interface Outcome {
  readonly problems: readonly string[];
  readonly frames: Conservation["frames"];
  readonly streams: StreamTotals;
  readonly events: number;
  readonly digest: string;
  readonly summary: string;
  /** What every machine had counted at the end, of runs that are compared. */
  readonly books: string;
}

export interface StreamTotals {
  /** Directions of connections, and those that were read to their end. */
  readonly opened: number;
  readonly complete: number;
  readonly bytes: number;
}

export interface SimulateOptions {
  /** Something crashes or gives up: streams need not become complete. */
  readonly wild?: boolean;
  /** Runs it once more under observation, trace and captures of everything on, and compares digests. */
  readonly twice?: boolean;
  /** Is that second run. */
  readonly watched?: boolean;
}

const NO_FRAMES = { sent: 0, copies: 0, delivered: 0, dropped: 0, inFlight: 0 };
const NO_STREAMS: StreamTotals = { opened: 0, complete: 0, bytes: 0 };
const NOTHING = { frames: NO_FRAMES, streams: NO_STREAMS, summary: "", books: "" };
/** A lab this small that runs more events than this is in a loop. */
const EVENTS_MAX = 20_000_000;
/**
 * By then Linux has ended every connection: what is not acknowledged is given up after 15 retransmissions (925 s at the
 * least RTO, up to 1,150 s here), orphans and FIN-WAIT-2 sooner, and TIME-WAIT takes a minute.
 */
const ALL_OVER = 1_500 * SECOND;
const QUIET_STEP = 50 * SECOND;

export function simulate(text: string, options: SimulateOptions = {}): Outcome {
  const lab = parseLab(text, "random.lab.yaml");
  if (!lab.ok) return { problems: lab.error.map(formatProblem), ...NOTHING, events: 0, digest: "" };
  const streams = new StreamIntegrity();
  const session = new Session(lab.value, { programs: streamPrograms(streams) });
  if (options.watched === true) watch(session);
  const problems: string[] = [];
  let report: RunReport;
  let books: string;
  try {
    report = run(session, problems);
    books = options.twice === true || options.watched === true ? booksOf(session) : "";
    // A run that was stopped has more to show than what went wrong.
    const isOver = problems.length === 0;
    problems.push(...streams.problems);
    if (isOver) {
      problems.push(...failures(session, report));
      if (options.wild !== true) problems.push(...streams.unfinished());
      problems.push(...remains(session));
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const kind = error instanceof AssertionError ? "assertion" : "exception";
    problems.push(`${kind} at ${session.now / SECOND} s: ${error.stack ?? error.message}`);
    return { problems, ...NOTHING, events: session.eventCount, digest: session.digest };
  }
  if (options.twice === true) {
    const watched = simulate(text, { ...options, twice: false, watched: true });
    if (watched.digest !== report.digest) problems.push("a second run, watched, has another digest");
    else problems.push(...differences(books, watched.books));
  }
  return {
    problems,
    frames: report.conservation.frames,
    streams: { opened: streams.count, complete: streams.complete, bytes: streams.bytesRead },
    events: report.events,
    digest: report.digest,
    summary: summaryOf(report),
    books,
  };
}

/** Lines of the machines' books that came out otherwise while everything was watched. */
function differences(books: string, watched: string): string[] {
  const [lines, others] = [books.split("\n"), watched.split("\n")];
  const more = others.slice(lines.length).map((line) => `only when watched: "${line}"`);
  return [
    ...lines.flatMap((line, at) => (line === others[at] ? [] : [`watched, "${line}" is "${others[at] ?? ""}"`])),
    ...more,
  ];
}

function watch(session: Session): void {
  session.trace.wantAll();
  session.capture([...session.captureInterfaces.keys()], { onFrame: () => undefined });
}

/** A look at the account every half second finds a lost packet near where it was lost. */
function run(session: Session, problems: string[]): RunReport {
  const { durationNs } = session.lab;
  const step = (at: number): number => at + (at < durationNs ? SECOND / 2 : QUIET_STEP);
  for (let at = SECOND / 2; at <= ALL_OVER && problems.length === 0; at = step(at)) {
    session.advance(at as VirtualTime, EVENTS_MAX);
    problems.push(...session.report().conservation.problems.map((problem) => `at ${at / SECOND} s: ${problem}`));
  }
  return session.report();
}

/** Checks that failed, and programs that did not end. */
function failures(session: Session, report: RunReport): string[] {
  const problems: string[] = [];
  for (const check of report.checks) if (!check.passed) problems.push(`check "${check.name}": ${check.actual}`);
  if (session.eventCount >= EVENTS_MAX) problems.push(`more than ${EVENTS_MAX} events`);
  for (const { node, command, endedAt } of report.consoles) {
    if (endedAt === null && command.includes("streams-")) problems.push(`on ${node} still runs: ${command}`);
  }
  return problems;
}

/** What is left where nothing should be: connections, armed timers, packets; and again after the power is cut. */
function remains(session: Session): string[] {
  const { world } = session;
  const problems: string[] = [];
  const kernels = [...world.machines.values()].map(({ name, kernel }) => ({ name, kernel }));
  for (const { name, kernel } of kernels) {
    for (const { info } of kernel.userland.sockets.infos()) {
      if (info.protocol !== "tcp") continue;
      const { state, local, peer } = info;
      problems.push(`${name} still has a TCP socket: ${state}, ports ${local.port} and ${peer.port}`);
    }
    if (kernel.core.timers.armed > 0) {
      problems.push(`${name} is quiet, and ${kernel.core.timers.armed} timers are armed`);
    }
  }
  for (const node of session.lab.nodes) world.setNode(node.index, "crash");
  for (const { name, kernel } of kernels) {
    if (kernel.core.timers.armed !== 0) {
      problems.push(`${name} is off, and ${kernel.core.timers.armed} timers are armed`);
    }
  }
  if (world.skbs.outstanding !== 0) problems.push(`all is off, and ${world.skbs.outstanding} sk_buffs are in use`);
  return problems;
}

function summaryOf(report: RunReport): string {
  const consoles = report.consoles.map((console) => `[${console.node}] ${console.command}\n${console.output}`);
  const drops = report.conservation.drops.map(({ place, reason, count }) => `  ${count} x ${reason} at ${place}`);
  return [...consoles, "drops:", ...drops, `digest ${report.digest}`].join("\n");
}
