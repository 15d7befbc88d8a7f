/** Instances are shared when there are many programs, and used again when programs have ended: none can tell. */
import { transformSync } from "@swc/wasm-typescript";
import { describe, expect, it } from "vitest";
import { quickJsBytes, testEngine } from "../../test/harness/sandbox.ts";
import type { Guest, GuestState, Sandbox, SandboxEngine } from "../runtime/sandbox-port.ts";
import { createEngine } from "./create-engine.ts";
import { INSTANCES_MAX } from "./limits.ts";

const LIMITS = { stepsMax: 1_000_000, memoryBytesMax: 4 * 1024 * 1024 };
const HOST = { wallClock: (): number => 0, request: (): number => 0 };
const WAITS = `import { sleep } from "lastack";
  await sleep(1); const all = []; for (let i = 0; i < 100; i++) all.push({ i });`;

function start(sandbox: Sandbox, source: string): Guest {
  const modules = new Map([["main.ts", source]]);
  const configuration = { host: "h", args: [] };
  const guest = sandbox.start({ modules, main: "main.ts", configuration, host: HOST, limits: LIMITS });
  if (!guest.ok) throw new Error(guest.error.message);
  return guest.value;
}

const answer = (guest: Guest): void => guest.settle({ operation: 0, id: 1, value: 0 });

/** Starts, ends and starts programs in a sandbox of the engine. @returns how each ended, and in how many steps. */
function history(engine: SandboxEngine): (readonly [GuestState, number])[] {
  const sandbox = engine.open();
  const ends: (readonly [GuestState, number])[] = [];
  const first = Array.from({ length: 5 }, () => start(sandbox, WAITS));
  for (const guest of first) guest.run();
  const greedy = start(sandbox, "const all = []; for (;;) all.push(new Array(100).fill(0));");
  ends.push([greedy.run(), greedy.takeSteps()]);
  greedy.dispose();
  first[1]?.dispose();
  first[3]?.dispose();
  first.push(start(sandbox, WAITS), start(sandbox, WAITS));
  for (const guest of first) {
    guest.run();
    answer(guest);
    ends.push([guest.run(), guest.takeSteps()]);
  }
  sandbox.close();
  return ends;
}

describe("instances", () => {
  it("behave as new ones however often they were used", () => {
    const engine = createEngine({ quickjs: quickJsBytes(), transform: transformSync });
    const once = history(engine);
    expect(history(engine)).toEqual(once);
    const busy = testEngine().open();
    const waiting = start(busy, WAITS);
    waiting.run();
    expect(history(testEngine())).toEqual(once);
    busy.close();
  });

  it("are shared by programs beyond the limit, who do not see each other", () => {
    const sandbox = testEngine().open();
    const source = `import { sleep } from "lastack";
      const g = globalThis as any; g.seen = (g.seen ?? 0) + 1; await sleep(1);
      if (g.seen !== 1) throw new Error("shared");`;
    const guests = Array.from({ length: INSTANCES_MAX + 20 }, () => start(sandbox, source));
    for (const guest of guests) expect(guest.run()).toEqual({ kind: "waiting" });
    for (const guest of guests) answer(guest);
    for (const guest of guests) expect(guest.run()).toEqual({ kind: "finished" });
    sandbox.close();
  });

  it("are lost to all who share one when it is cut off in the middle of an operation", () => {
    const sandbox = testEngine().open();
    const guests = Array.from({ length: INSTANCES_MAX }, () => start(sandbox, WAITS));
    const evil = start(sandbox, "new Array(1e9) + '';");
    for (const guest of guests) guest.run();
    expect(evil.run()).toMatchObject({ kind: "failed", error: { kind: "steps" } });
    for (const guest of guests) answer(guest);
    const ends = guests.map((guest) => guest.run());
    expect(ends[0]).toMatchObject({ kind: "failed", error: { kind: "neighbour" } });
    expect(ends.slice(1).every(({ kind }) => kind === "finished")).toBe(true);
    // The place is used again once all of them have left it.
    const next = start(sandbox, WAITS);
    expect(next.run()).toEqual({ kind: "waiting" });
    guests[0]?.dispose();
    evil.dispose();
    expect(start(sandbox, WAITS).run()).toEqual({ kind: "waiting" });
    sandbox.close();
  });

  it("keep errors of one program from another in the same instance", () => {
    const sandbox = testEngine().open();
    const guests = Array.from({ length: INSTANCES_MAX }, () => start(sandbox, WAITS));
    const failing = start(sandbox, "for (;;) {}");
    expect(failing.run()).toMatchObject({ kind: "failed", error: { kind: "steps" } });
    const [first] = guests;
    first?.run();
    if (first !== undefined) answer(first);
    expect(first?.run()).toEqual({ kind: "finished" });
    sandbox.close();
  });
});
