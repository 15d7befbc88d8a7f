import { expect, test } from "vitest";
import type { VirtualTime } from "../base/time.ts";
import { Engine } from "../engine/engine.ts";
import { PHASES, rankOf } from "../engine/rank.ts";
import { Outbox } from "./outbox.ts";

const at = (time: number): VirtualTime => time as VirtualTime;

/** Two machines that look ahead; the second one speaks at some of the instants, the first one is slow to pass 1 us. */
function run(apart: boolean, atOnce: number): string[] {
  const engine = new Engine(1);
  const outbox = new Outbox(engine);
  engine.lookAhead = {
    delays: () => ({ within: [5_000, 5_000], across: [5_000, 5_000] }),
    windowDone: () => outbox.flush(),
  };
  const [slow, other] = [engine.addLane(), engine.addLane()] as [number, number];
  const heard: string[] = [];
  const say = (who: string): void => {
    const bytes = Buffer.from(who);
    outbox.put(bytes, (kept, when) => void heard.push(`${when} ${Buffer.from(kept).toString()}`));
    bytes.fill(0);
  };
  let left = atOnce;
  const again = {
    onEvent: (): void => {
      if (left % 4_000 === 0) say(`slow, ${left} left`);
      if (left-- > 0) engine.after(0, rankOf(PHASES.process, slow), again, 0);
      else engine.after(2_000, rankOf(PHASES.process, slow), { onEvent: () => say("slow, done") }, 0);
    },
  };
  engine.at(at(1_000), rankOf(PHASES.process, slow), again, 0);
  for (const time of [500, 1_000, 2_000, 3_000, 9_000]) {
    engine.at(at(time), rankOf(PHASES.process, other), { onEvent: () => say("other") }, 0);
  }
  while (engine.nextTime < Infinity) {
    if (apart) engine.advanceApart(at(20_000), 5_000);
    else engine.advance(at(20_000), 5_000);
  }
  return heard;
}

test("what is said in windows comes out as it does in turn, also of a machine that holds one up", () => {
  for (const atOnce of [0, 100, 12_000, 36_000]) expect(run(true, atOnce)).toEqual(run(false, atOnce));
  expect(run(true, 12_000)).toEqual([
    "500 other",
    ...["slow, 12000 left", "slow, 8000 left", "slow, 4000 left", "slow, 0 left"].map((text) => `1000 ${text}`),
    "1000 other",
    "2000 other",
    ...["slow, done", "other"].map((text) => `3000 ${text}`),
    "9000 other",
  ]);
});
