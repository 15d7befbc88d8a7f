/**
 * Machines that run ahead of one another (core/engine/window.ts) do what they do in turn: the same digest and report,
 * and the same output, to whoever listens, in the same order at the same times.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Lab } from "../../core/lab/model.ts";
import { Session } from "../../core/session/session.ts";
import { booksOf } from "../harness/books.ts";
import { readLab } from "../real/probe.ts";
import { SPREAD_END, spreadLab } from "./spread-lab.ts";

const LABS = join(import.meta.dirname, "../../resources/labs");
const EVENTS_ENOUGH = 2 ** 50;

interface Seen {
  readonly report: string;
  readonly books: string;
  readonly output: string;
  readonly windows: number;
}

function run(lab: Lab, until: number, go: (session: Session) => void): Seen {
  const session = new Session(lab);
  const { world } = session;
  const done = world.windowDone.bind(world);
  let windows = 0;
  world.windowDone = () => {
    windows++;
    done();
  };
  const output: string[] = [];
  session.onConsole((console, bytes, at) => void output.push(`${at} ${console} ${Buffer.from(bytes).toString("hex")}`));
  go(session);
  expect(session.now).toBe(until);
  return { report: JSON.stringify(session.report()), books: booksOf(session), output: output.join("\n"), windows };
}

const at = (ns: number): VirtualTime => ns as VirtualTime;
const apart = (lab: Lab, until: number): Seen => run(lab, until, (session) => session.advance(at(until)));
const inTurn = (lab: Lab, until: number): Seen =>
  run(lab, until, (session) => session.advance(at(until), EVENTS_ENOUGH));

describe("as in turn", { timeout: 120_000 }, () => {
  test.each(Array.from({ length: 12 }, (_, index) => index + 1))("a lab of seed %i", (seed) => {
    const lab = readLab(spreadLab(seed));
    const seen = apart(lab, SPREAD_END);
    expect(seen.windows).toBeGreaterThan(100);
    expect({ ...seen, windows: 0 }).toEqual(inTurn(lab, SPREAD_END));
  });

  test("in slices of about so many events", () => {
    const lab = readLab(spreadLab(3));
    const seen = run(lab, SPREAD_END, (session) => {
      for (let events = 1; session.now < SPREAD_END; events = (events * 7) % 4001) session.run(at(SPREAD_END), events);
    });
    expect({ ...seen, windows: 0 }).toEqual(inTurn(lab, SPREAD_END));
  });

  const samples = readdirSync(LABS).filter((name) => name.endsWith(".lab.yaml"));
  test.each(samples)("the first second of %s", (name) => {
    const lab = readLab(readFileSync(join(LABS, name), "utf8"));
    const until = Math.min(1_000_000_000, lab.durationNs);
    expect({ ...apart(lab, until), windows: 0 }).toEqual({ ...inTurn(lab, until), windows: 0 });
  });
});
