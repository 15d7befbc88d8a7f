/**
 * The checks of a lab: each is started at its instant as an event of the run, so a check that runs a command is part of
 * what happens, and passes or fails the same way in every host of the session.
 */
import { formatDuration, instant } from "../base/time.ts";
import type { EventHandler } from "../engine/event-queue.ts";
import { WORLD_TIMER } from "../engine/rank.ts";
import type { CheckResult } from "../contract/run-report.ts";
import { matchesOutput } from "../lab/output-pattern.ts";
import type { LabCheck, LabCounterCheck, LabReachCheck, LabRunCheck } from "../lab/model.ts";
import { formatIpv4, type Ipv4Address } from "../wire/address.ts";
import type { Console } from "./console.ts";
import type { World } from "./world.ts";

/** Consoles of checks have numbers from here up, those of the timeline and of boot commands below. */
export const CHECK_CONSOLES = 2_000_000_000;
export const TIMELINE_CONSOLES = 1_000_000_000;
export const BOOT_CONSOLES = 1_500_000_000;

/** How long a host of a reach check may take to answer. */
const REACH_SECONDS = 3;
/** Unanswered pairs named in the result; the rest is counted. */
const PAIRS_SHOWN_MAX = 10;

type Verdict = Pick<CheckResult, "passed" | "expected" | "actual">;

export class Checks implements EventHandler {
  readonly #world: World;
  readonly #results: (CheckResult | null)[];
  #nextConsole = CHECK_CONSOLES;

  constructor(world: World) {
    this.#world = world;
    this.#results = world.lab.checks.map(() => null);
    world.lab.checks.forEach((check, index) => world.engine.at(instant(check.atNs), WORLD_TIMER, this, index));
  }

  onEvent(index: number): void {
    const check = this.#world.lab.checks[index];
    if (check === undefined) return;
    if (check.kind === "run") this.#startRun(index, check);
    else if (check.kind === "counter") this.#readCounter(index, check);
    else this.#startReach(index, check);
  }

  get isDone(): boolean {
    return !this.#results.includes(null);
  }

  /** Results in the order of the lab; one that is not decided yet has failed so far. */
  results(): CheckResult[] {
    return this.#world.lab.checks.map(
      (check, index) =>
        this.#results[index] ?? {
          ...placeOf(check),
          passed: false,
          at: this.#world.engine.now,
          expected: "",
          actual: this.#world.engine.now < check.atNs ? "the run ended before it began" : "it was still running",
        },
    );
  }

  #decide(index: number, check: LabCheck, verdict: Verdict, at: number = this.#world.engine.now): void {
    this.#results[index] ??= { ...placeOf(check), at, ...verdict };
  }

  #startRun(index: number, check: LabCheck & LabRunCheck): void {
    const console = this.#world.exec(check.node, check.command, this.#nextConsole++);
    const finish = (ended: Console): void => {
      this.#decide(index, check, judgeRun(check, ended), ended.endedAt ?? undefined);
    };
    if (console.endedAt !== null) finish(console);
    else console.onEnd = finish;
  }

  #readCounter(index: number, check: LabCheck & LabCounterCheck): void {
    const value = this.#world.counter(check.counter);
    const { equals, atLeast, atMost } = check;
    const bounds: string[] = [];
    if (equals !== null) bounds.push(`= ${equals}`);
    if (atLeast !== null) bounds.push(`>= ${atLeast}`);
    if (atMost !== null) bounds.push(`<= ${atMost}`);
    const passed =
      value !== null &&
      (equals === null || value === equals) &&
      (atLeast === null || value >= atLeast) &&
      (atMost === null || value <= atMost);
    const actual = value === null ? "no such counter" : String(value);
    this.#decide(index, check, { passed, expected: bounds.join(" and "), actual });
  }

  #startReach(index: number, check: LabCheck & LabReachCheck): void {
    const wrong: string[] = [];
    let left = 0;
    const finish = (at?: number): void => {
      if (left > 0) return;
      const shown = wrong.slice(0, PAIRS_SHOWN_MAX).join(", ");
      const more = wrong.length > PAIRS_SHOWN_MAX ? ` and ${wrong.length - PAIRS_SHOWN_MAX} more` : "";
      const expected = check.expect ? "all reach each other" : "none reaches another";
      const passed = wrong.length === 0;
      this.#decide(index, check, { passed, expected, actual: passed ? expected : `not so: ${shown}${more}` }, at);
    };
    for (const from of check.nodes) {
      for (const to of check.nodes) {
        const target = from === to ? undefined : this.#world.primaryAddress(to);
        if (target === undefined) continue;
        left++;
        const command = `ping -c 1 -W ${REACH_SECONDS} -q ${formatIpv4(target as Ipv4Address)}`;
        const console = this.#world.exec(from, command, this.#nextConsole++, true);
        const done = (ended: Console): void => {
          left--;
          if ((ended.status === 0) !== check.expect) {
            wrong.push(`${ended.node} -> ${this.#world.lab.nodes[to]?.name ?? ""}`);
          }
          finish(ended.endedAt ?? undefined);
        };
        if (console.endedAt !== null) done(console);
        else console.onEnd = done;
      }
    }
    finish();
  }
}

const placeOf = (check: LabCheck): { name: string; line: number; column: number } => ({
  name: check.name,
  line: check.source.line,
  column: check.source.column,
});

function judgeRun(check: LabRunCheck, console: Console): Verdict {
  const output = console.output;
  const took = (console.endedAt ?? Infinity) - console.startedAt;
  const expected: string[] = [];
  const actual: string[] = [];
  for (const pattern of check.output) {
    expected.push(`output ${pattern}`);
    if (!matchesOutput(pattern, output)) actual.push(`output: ${output.trim().split("\n").slice(-5).join(" | ")}`);
  }
  if (check.status !== null) {
    expected.push(`status ${check.status}`);
    if (console.status !== check.status) {
      actual.push(`status ${console.status ?? "none"}: ${output.trim().slice(-200)}`);
    }
  }
  if (check.withinNs !== null) {
    expected.push(`within ${formatDuration(check.withinNs)}`);
    if (took > check.withinNs) actual.push(`took ${formatDuration(took)}`);
  }
  return { passed: actual.length === 0, expected: expected.join(", "), actual: actual.join("; ") || "as expected" };
}
