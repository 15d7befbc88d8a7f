/**
 * `lastack shell`: a person at the terminal of one host, while the lab runs against the wall clock. Keys go to the
 * lab's terminal as they are typed, Ctrl-C too; only Ctrl-] is ours. Without a terminal the input is taken whole, and
 * the lab runs flat out.
 */
import type { VirtualTime } from "../base/time.ts";
import { Session } from "../session/session.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { guestSupport } from "./guest-support.ts";
import { NODE_LIMITS } from "./limits.ts";
import { loadLab, readText } from "./read-file.ts";
import { runLoop } from "./run-loop.ts";
import { hostNamed } from "./run-options.ts";

export interface ShellOptions {
  readonly seed?: number;
  readonly speed: number;
  readonly until?: number;
}

const CONSOLE = 1;
/** How often virtual time catches up with the wall clock: below what a typist notices. */
const TICK_MS = 10;
/** Lateness that a person would have noticed. */
const BEHIND_NS = 500_000_000;
const LEAVE_KEY = "\u001d";
const END_OF_FILE = "\u0004";
/** Backspaces lead over the edge of the screen (xterm's mode 45): the lab's shell does not know how wide it is. */
const REVERSE_WRAP_ON = "\u001b[?45h";
const REVERSE_WRAP_OFF = "\u001b[?45l";

export async function shellCommand(path: string, host: string, options: ShellOptions): Promise<number> {
  if (path === "-") throw new CliFailure(EXIT.usage, "the lab cannot come from standard input: the shell reads that");
  const lab = loadLab(path);
  const node = hostNamed(lab, host);
  const guests = await guestSupport(lab);
  const session = new Session(lab, {
    journal: [{ at: 0, events: 0, command: { kind: "shell", node, console: CONSOLE } }],
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(guests === undefined ? {} : { guests }),
  });
  session.onConsole((console, bytes) => {
    if (console === CONSOLE) process.stdout.write(bytes);
  });
  if (process.stdin.isTTY) await interact(session, options.speed);
  else await runScript(session, options.until ?? lab.durationNs);
  return EXIT.ok;
}

/** Input from a pipe or file: everything is typed at the start, then the end of file. */
async function runScript(session: Session, until: number): Promise<void> {
  session.advance(0 as VirtualTime);
  type(session, readText("-"));
  type(session, END_OF_FILE);
  await runLoop(session, { until, shouldStop: () => hasEnded(session), onSlice: () => undefined });
}

async function interact(session: Session, speed: number): Promise<void> {
  process.stdout.write(`(Ctrl-] leaves)\n${REVERSE_WRAP_ON}`);
  process.stdin.setRawMode(true);
  process.stdin.setEncoding("utf8");
  let leaves = false;
  let behindNs = 0;
  process.stdin.on("data", (text: string) => {
    const leaveAt = text.indexOf(LEAVE_KEY);
    if (leaveAt >= 0) leaves = true;
    type(session, leaveAt >= 0 ? text.slice(0, leaveAt) : text);
  });
  process.stdin.resume();
  try {
    const started = performance.now();
    for (let wall = started; !leaves && !hasEnded(session); wall = performance.now()) {
      const target = Math.floor((wall - started) * 1e6 * speed);
      // A lab too busy for the wall clock falls behind rather than freezing the keyboard.
      session.advance(Math.max(target, session.now) as VirtualTime, NODE_LIMITS.eventsPerSlice);
      behindNs = target - session.now;
      await new Promise<void>((resolve) => setTimeout(resolve, TICK_MS));
    }
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(`${REVERSE_WRAP_OFF}\n`);
    if (behindNs > BEHIND_NS) process.stderr.write(`lastack: ${behindText(session.now, behindNs, speed)}\n`);
  }
}

function behindText(now: number, behindNs: number, speed: number): string {
  const seconds = (ns: number): string => `${(ns / 1e9).toFixed(1)} s`;
  const wished = speed === 1 ? "" : ` at ${speed} times its speed`;
  const place = `it is at ${seconds(now)} and ${seconds(behindNs)} late`;
  return `this lab could not keep up with the wall clock${wished}: ${place}`;
}

function type(session: Session, text: string): void {
  if (text === "") return;
  const typed = session.inject({ kind: "input", console: CONSOLE, text });
  if (!typed.ok) process.stderr.write(`lastack: ${typed.error}\n`);
}

const hasEnded = (session: Session): boolean => (session.world.console(CONSOLE)?.endedAt ?? null) !== null;
