import { expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import { Engine } from "./engine.ts";
import type { EventHandler } from "./event-queue.ts";
import { PHASES, rankOf, type Rank } from "./rank.ts";

const at = (time: number): VirtualTime => time as VirtualTime;

/** Schedules a follower at a random distance until `left` runs out. */
class Chain implements EventHandler {
  left: number;
  readonly engine: Engine;
  readonly seen: string[] = [];
  readonly rank: Rank;
  constructor(engine: Engine, left: number) {
    this.engine = engine;
    this.rank = rankOf(PHASES.process, engine.addLane());
    this.left = left;
  }
  onEvent(code: number): void {
    this.seen.push(`${this.engine.now}:${code}`);
    if (this.left-- > 0) this.engine.after(this.engine.streams.get("chain").below(100), this.rank, this, this.left);
  }
}

function run(seed: number): { seen: string[]; digest: string } {
  const engine = new Engine(seed);
  const chain = new Chain(engine, 200);
  engine.at(at(0), chain.rank, chain, 0);
  engine.advance(at(1_000_000));
  return { seen: chain.seen, digest: engine.digest.value };
}

test("the same seed gives the same run and digest, another seed another", () => {
  expect(run(7)).toEqual(run(7));
  expect(run(7).digest).not.toBe(run(8).digest);
});

test("slices of any size make the same run", () => {
  const whole = run(3);
  const engine = new Engine(3);
  const chain = new Chain(engine, 200);
  engine.at(at(0), chain.rank, chain, 0);
  while (engine.nextTime < Infinity) engine.advance(at(engine.now + 37), 5);
  expect(chain.seen).toEqual(whole.seen);
  expect(engine.digest.value).toBe(whole.digest);
});

test("the clock stands at the end of the slice, unless the slice ended for its count", () => {
  const engine = new Engine(1);
  const chain = new Chain(engine, 0);
  engine.at(at(10), chain.rank, chain, 0);
  engine.at(at(20), chain.rank, chain, 0);
  expect(engine.advance(at(100), 1)).toBe(1);
  expect(engine.now).toBe(10);
  expect(engine.advance(at(100))).toBe(1);
  expect(engine.now).toBe(100);
});

test("the past is closed, and a handler cannot advance the clock", () => {
  const engine = new Engine(1);
  engine.advance(at(50));
  const chain = new Chain(engine, 0);
  expect(() => engine.at(at(49), chain.rank, chain, 0)).toThrow(AssertionError);
  engine.at(at(60), chain.rank, { onEvent: () => engine.advance(at(70)) }, 0);
  expect(() => engine.advance(at(80))).toThrow("must not advance");
});

test("an event inherits the cause that was current when it was scheduled", () => {
  const engine = new Engine(1);
  const causes: number[] = [];
  const handler: EventHandler = { onEvent: () => void causes.push(engine.cause) };
  const rank = rankOf(PHASES.wire, engine.addLane());
  engine.cause = 5;
  engine.at(at(1), rank, handler, 0);
  engine.cause = 9;
  engine.at(at(2), rank, handler, 0);
  engine.advance(at(3));
  expect(causes).toEqual([5, 9]);
});
