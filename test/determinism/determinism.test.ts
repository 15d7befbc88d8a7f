/** A run is a function of lab, seed and journal: whoever runs it, in whatever steps, watched or not, there and back. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Session } from "../../core/session/session.ts";
import { ACTIONS, END, newSession, printOf, type Print } from "./lab.ts";

const at = (ns: number): VirtualTime => ns as VirtualTime;

function act(session: Session): void {
  for (const [when, command] of ACTIONS) {
    if (session.now < when) session.advance(at(when));
    expect(session.inject(command)).toEqual({ ok: true, value: undefined });
  }
}

/** The run that all others are compared with. */
function straight(): Print {
  const session = newSession();
  act(session);
  session.advance(at(END));
  return printOf(session);
}

const expected = straight();
const digestAt = (ns: number, session = newSession()): string => {
  session.advance(at(ns));
  return session.digest;
};

describe("the same run", { timeout: 60_000 }, () => {
  test("is worth comparing", () => {
    const session = newSession();
    session.advance(at(END));
    expect(session.eventCount).toBeGreaterThan(10_000);
    const { conservation, consoles } = session.report();
    expect(conservation.problems).toEqual([]);
    expect(new Set(conservation.drops.map(({ reason }) => reason)).size).toBeGreaterThan(3);
    expect(consoles.every(({ output }) => output.length > 0)).toBe(true);
    expect(session.digest).not.toBe(expected.digest);
  });

  test("twice in one process", () => {
    expect(straight()).toEqual(expected);
  });

  test("not with another seed", () => {
    const [one, other] = [newSession(), newSession({ seed: 12 })].map((session) => digestAt(END, session));
    expect(one).not.toBe(other);
  });

  test("in another process", () => {
    const script = join(import.meta.dirname, "one-process.ts");
    const printed = execFileSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  test.each([1, 7, 1000])("in slices of %i events", (eventsMax) => {
    const session = newSession();
    const crawl = (until: number): void => {
      while (session.advance(at(until), eventsMax) > 0 || session.now < until);
    };
    for (const [when, command] of ACTIONS) {
      if (session.now < when) crawl(when);
      session.inject(command);
    }
    crawl(END);
    expect(printOf(session)).toEqual(expected);
  });

  test("in slices of time that fit nothing", () => {
    const session = newSession();
    for (const [when, command] of ACTIONS) {
      while (session.now < when) session.advance(at(Math.min(when, session.now + 7_777_777)));
      session.inject(command);
    }
    while (session.now < END) session.advance(at(Math.min(END, session.now + 7_777_777)));
    expect(printOf(session)).toEqual(expected);
  });

  test("with the trace on, from the start or in the middle", () => {
    for (const from of [0, 1_000_000_000]) {
      const session = newSession();
      if (from > 0) session.advance(at(100_000_000));
      session.trace.wantAll();
      act(session);
      session.advance(at(END));
      expect(session.trace.newest).toBeGreaterThan(1000);
      expect(printOf(session)).toEqual(expected);
    }
  });

  test("with captures on all interfaces", () => {
    const session = newSession();
    let frames = 0;
    const indexes = session.captureInterfaces.map((_, index) => index);
    session.capture(indexes, { onFrame: () => void frames++ });
    act(session);
    session.advance(at(END));
    expect(frames).toBeGreaterThan(1000);
    expect(printOf(session)).toEqual(expected);
  });
});

describe("seek", { timeout: 60_000 }, () => {
  test("there and back gives the digest of a straight run at every stop", () => {
    const session = newSession();
    for (const stop of [1_000_000_000, 300_000_000, 2_345_678_901, 2_345_678_900, 0, END, 5_000_000]) {
      session.seek(at(stop));
      expect(session.now).toBe(stop);
      expect([stop, session.digest]).toEqual([stop, digestAt(stop)]);
    }
  });

  test("back over actions, and forward over them again", () => {
    const session = newSession();
    act(session);
    session.advance(at(END));
    for (const stop of [2_550_000_000, 700_000_001, 100_000_000]) {
      session.seek(at(stop));
      expect(session.journal).toEqual(expected.journal);
      session.seek(at(END));
      expect(printOf(session)).toEqual(expected);
    }
  });

  test("an action after a step back starts a new future", () => {
    const session = newSession();
    act(session);
    session.advance(at(END));
    session.seek(at(1_000_000_000));
    const kept = session.journal.filter((entry) => entry.at <= 1_000_000_000).length;
    session.inject({ kind: "link", link: "backbone", action: "down" });
    expect(session.journal.length).toBe(kept + 1);
    session.advance(at(END));
    expect(session.digest).not.toBe(expected.digest);

    const same = newSession();
    for (const [when, command] of ACTIONS.slice(0, kept)) {
      if (same.now < when) same.advance(at(when));
      same.inject(command);
    }
    same.advance(at(1_000_000_000));
    same.inject({ kind: "link", link: "backbone", action: "down" });
    same.advance(at(END));
    expect(printOf(session)).toEqual(printOf(same));
  });

  test("delivers no frame and no output twice", () => {
    const session = newSession();
    const times: number[] = [];
    let output = 0;
    session.capture([0, 1, 2], { onFrame: (frame) => void times.push(frame.time) });
    session.onConsole((_, bytes) => void (output += bytes.length));
    session.advance(at(1_500_000_000));
    const [frames, bytes] = [times.length, output];
    session.seek(at(200_000_000));
    session.seek(at(1_500_000_000));
    expect([times.length, output]).toEqual([frames, bytes]);
    session.advance(at(END));
    expect(times.length).toBeGreaterThan(frames);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe("a journal", { timeout: 60_000 }, () => {
  test("replays", () => {
    const session = newSession({ journal: expected.journal });
    session.advance(at(END));
    expect(printOf(session)).toEqual(expected);
  });

  test("replays through JSON, and in slices of one event", () => {
    const session = newSession({ journal: JSON.parse(JSON.stringify(expected.journal)) as Print["journal"] });
    while (session.advance(at(END), 1) > 0 || session.now < END);
    expect(printOf(session)).toEqual(expected);
  });

  test("replays what was done in the middle of an instant", () => {
    // Stop where many events fall on one instant, and act between the first ones and the rest.
    const session = newSession();
    const actions = [3, 4, 50, 333, 1000, 2500];
    actions.forEach((events, index) => {
      session.advance(at(END), events - session.eventCount);
      expect(session.eventCount).toBe(events);
      session.inject({ kind: "exec", node: "h1", command: `echo ${index}; ping -c 3 h2`, console: index });
    });
    const within = session.journal.filter((entry) => entry.at === session.journal[0]?.at);
    expect(within.length).toBeGreaterThan(1);
    session.advance(at(END));
    const replay = newSession({ journal: session.journal });
    replay.advance(at(END));
    expect(printOf(replay)).toEqual(printOf(session));
    replay.seek(at(0));
    replay.seek(at(END));
    expect(printOf(replay)).toEqual(printOf(session));
  });

  test("written by hand comes after all that happens up to its instants", () => {
    const journal = ACTIONS.map(([when, command]) => ({ at: when, events: 0, command }));
    const session = newSession({ journal });
    session.advance(at(END));
    expect(session.digest).toBe(expected.digest);
  });
});
