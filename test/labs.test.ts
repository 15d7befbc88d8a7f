/** Every sample lab runs to its end, passes its own checks, loses no packet unaccounted for, and repeats exactly. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { instant, SECOND, type VirtualTime } from "../core/base/time.ts";
import { formatProblem } from "../core/lab/problem.ts";
import { parseLab } from "../core/lab/parse.ts";
import type { Lab } from "../core/lab/model.ts";
import { Session } from "../core/session/session.ts";
import { LONG, sample } from "./harness/long.ts";
import { guestsFor } from "./harness/sandbox.ts";

/** The longest lab takes some 5 s on a quiet machine, and each is run twice. */
const TIMEOUT_MS = 120_000;
/** How far the second run goes in the everyday loop. */
const REPEATED_NS = 2 * SECOND;

const folder = join(import.meta.dirname, "../resources/labs");
const files = readdirSync(folder).filter((name) => name.endsWith(".lab.yaml"));

function read(file: string): Lab {
  const lab = parseLab(readFileSync(join(folder, file), "utf8"), file);
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  return lab.value;
}

function digestAt(lab: Lab, at: VirtualTime): string {
  const session = new Session(lab, guestsFor(lab, folder));
  session.advance(at);
  session.close();
  return session.digest;
}

describe.each(files)("%s", (file) => {
  const lab = read(file);

  test("has no warnings, and says what it shows", () => {
    expect(lab.warnings.map(formatProblem)).toEqual([]);
    expect(lab.text.length).toBeGreaterThan(100);
    expect(lab.checks.length).toBeGreaterThan(0);
  });
});

test.each(sample(files, 4))(
  "%s passes its checks and accounts for every packet, and again with the same digest",
  { timeout: TIMEOUT_MS },
  (file) => {
    const lab = read(file);
    const end = instant(lab.durationNs);
    const repeated = LONG ? end : instant(Math.min(REPEATED_NS, end));
    const session = new Session(lab, guestsFor(lab, folder));
    session.advance(repeated);
    const digest = session.digest;
    session.advance(end);
    const report = session.report();
    session.close();
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    expect(report.conservation.problems).toEqual([]);
    expect(digestAt(lab, repeated)).toBe(digest);
  },
);
