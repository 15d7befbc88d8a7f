/**
 * The law of look-ahead: whatever machines do, run one behind the other they do the same as in turn. Here they are
 * dice: each event arms, moves and cancels timers of its own machine, and sends to other machines over ways that take
 * at least as long as was said of the sides that they join.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { VirtualTime } from "../base/time.ts";
import { Engine, type LookAhead, type SideDelays } from "./engine.ts";
import { NO_EVENT, type EventHandler, type EventId } from "./event-queue.ts";
import type { Side } from "./lanes.ts";
import { PHASES, WORLD_FAULT, WORLD_TIMER, rankOf, type Lane, type Phase, type Rank } from "./rank.ts";

const SPAN = 5_000;
const EVEN: SideDelays = { within: [SPAN, SPAN], across: [SPAN, SPAN] };
const at = (time: number): VirtualTime => time as VirtualTime;

/** What is said outside, in the order in which it came. */
interface Net {
  readonly engine: Engine;
  readonly machines: Dice[];
  readonly said: string[];
  readonly say: (text: string) => void;
  readonly delays: SideDelays;
}

/** Frames from one machine to another. */
class Way implements EventHandler {
  readonly #net: Net;
  readonly #rank: Rank;
  readonly #to: Dice;
  readonly #delayNs: number;
  constructor(net: Net, from: Dice, to: Dice) {
    this.#net = net;
    const { engine, delays } = net;
    const [near, far] = [engine.sideOf(from.lane), engine.sideOf(to.lane)];
    this.#delayNs = near === far ? delays.within[near] : delays.across[near];
    this.#rank = rankOf(PHASES.wire, net.engine.addLane(to.lane));
    this.#to = to;
  }
  send(code: number, extra: number): void {
    this.#net.engine.after(this.#delayNs + extra, this.#rank, this, code);
  }
  onEvent(code: number): void {
    this.#to.act(`frame ${code}`);
  }
}

class Dice implements EventHandler {
  readonly lane: Lane;
  readonly ways: Way[] = [];
  left: number;
  readonly #net: Net;
  #armed: EventId = NO_EVENT;
  #power = true;

  constructor(net: Net, left: number, side: Side = 0) {
    this.#net = net;
    this.left = left;
    this.lane = net.engine.addLane(undefined, side);
  }

  onEvent(code: number): void {
    this.act(`own ${code}`);
  }

  switch(): void {
    this.#power = !this.#power;
    if (this.#power) this.act("on");
  }

  act(what: string): void {
    if (!this.#power || this.left === 0) return;
    this.left--;
    const { engine, say } = this.#net;
    const random = engine.streams.get(`dice ${this.lane}`);
    const own = (phase: Phase, span: number): EventId => engine.after(span, rankOf(phase, this.lane), this, this.left);
    if (random.below(3) === 0) say(`${engine.now} ${this.lane} ${what}`);
    // Of a few values, so that much falls together.
    if (random.below(2) === 0) own(random.below(2) === 0 ? PHASES.process : PHASES.irq, 100 * random.below(4));
    if (random.below(3) === 0) engine.cancel(this.#armed);
    if (random.below(2) === 0) this.#armed = own(PHASES.timer, 1000 * random.below(12));
    this.ways[random.below(this.ways.length)]?.send(this.left, 500 * random.below(3));
  }
}

/** Switches machines off and on, and looks at them. */
class Hands implements EventHandler {
  readonly #net: Net;
  constructor(net: Net, times: readonly number[]) {
    this.#net = net;
    times.forEach((time, index) => net.engine.at(at(time), time % 2 === 0 ? WORLD_FAULT : WORLD_TIMER, this, index));
  }
  onEvent(index: number): void {
    const { engine, machines, said } = this.#net;
    said.push(`${engine.now} left ${machines.map(({ left }) => left).join(" ")}`);
    machines[index % machines.length]?.switch();
  }
}

interface Plan {
  readonly seed: number;
  readonly machines: number;
  readonly hands: readonly number[];
  /** By machine. */
  readonly sides: readonly Side[];
  readonly delays: SideDelays;
  /** What part of the delays is said to be sure, asked for window by window; 0 to keep all in order. */
  readonly parts: readonly number[];
  readonly slices: readonly number[];
}

const delay = fc.constantFrom(900, 2_000, SPAN, 12_000);

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(1_000_000),
  machines: fc.integer({ min: 2, max: 5 }),
  hands: fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 8 }),
  sides: fc.array(fc.constantFrom<Side>(0, 1), { minLength: 5, maxLength: 5 }),
  delays: fc.record({ within: fc.tuple(delay, delay), across: fc.tuple(delay, delay) }),
  parts: fc.array(fc.constantFrom(0, 0.5, 1), { minLength: 1, maxLength: 5 }),
  slices: fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 6 }),
});

const END = 300_000;

function run(plan: Plan, apart: boolean): { said: string[]; digest: string; events: number; windows: number } {
  const engine = new Engine(plan.seed);
  const said: string[] = [];
  const held: { at: number; rank: Rank; text: string }[] = [];
  const say = (text: string): void => {
    if (engine.rankInWindow < 0) said.push(text);
    else held.push({ at: engine.now, rank: engine.rankInWindow, text });
  };
  const { within, across } = plan.delays;
  const net: Net = { engine, machines: [], said, say, delays: plan.delays };
  for (let i = 0; i < plan.machines; i++) net.machines.push(new Dice(net, 200, plan.sides[i]));
  for (const from of net.machines) {
    for (const to of net.machines) if (from !== to) from.ways.push(new Way(net, from, to));
  }
  for (const machine of net.machines) engine.at(at(0), rankOf(PHASES.process, machine.lane), machine, 0);
  new Hands(net, plan.hands);
  let windows = 0;
  let asked = 0;
  const lookAhead: LookAhead = {
    delays: () => {
      const part = plan.parts[asked++ % plan.parts.length] ?? 0;
      const of = ([a, b]: readonly [number, number]): [number, number] => [a * part, b * part];
      return part === 0 ? null : { within: of(within), across: of(across) };
    },
    windowDone: () => {
      windows++;
      held.sort((a, b) => a.at - b.at || a.rank - b.rank);
      const due = held.filter(({ at }) => at < engine.nextTime);
      said.push(...held.splice(0, due.length).map(({ text }) => text));
    },
  };
  engine.lookAhead = lookAhead;
  for (let slice = 0; engine.now < END; slice++) {
    const until = at(Math.min(END, engine.now + (plan.slices[slice % plan.slices.length] ?? 1)));
    if (apart) engine.advanceApart(until);
    else engine.advance(until);
  }
  return { said, digest: engine.digest.value, events: engine.eventCount, windows };
}

test("machines that run ahead of one another do, and say, what they do in turn", () => {
  let windows = 0;
  fc.assert(
    fc.property(plans, (plan) => {
      const apart = run(plan, true);
      const inTurn = run(plan, false);
      windows += apart.windows;
      expect({ ...apart, windows: 0 }).toEqual(inTurn);
    }),
    { numRuns: 300 },
  );
  expect(windows).toBeGreaterThan(1000);
});

test("a run that ends for its count has done all up to its instant, and nothing behind it", () => {
  const engine = new Engine(4);
  engine.lookAhead = { delays: () => EVEN, windowDone: () => undefined };
  const net: Net = { engine, machines: [], said: [], say: () => undefined, delays: EVEN };
  net.machines.push(new Dice(net, 100), new Dice(net, 100, 1), new Dice(net, 100, 1));
  for (const from of net.machines) {
    for (const to of net.machines) if (from !== to) from.ways.push(new Way(net, from, to));
  }
  for (const machine of net.machines) engine.at(at(0), rankOf(PHASES.process, machine.lane), machine, 0);
  for (let before = -1; engine.nextTime < Infinity; before = engine.now) {
    expect(engine.advanceApart(at(1_000_000), 3)).toBeGreaterThan(0);
    expect(engine.now).toBeGreaterThan(before);
    expect(engine.nextTime).toBeGreaterThan(engine.now);
  }
});

test("a machine that never gets past an instant keeps nobody", () => {
  const engine = new Engine(1);
  engine.lookAhead = { delays: () => EVEN, windowDone: () => undefined };
  const [busy, other] = [engine.addLane(), engine.addLane()].map((lane) => rankOf(PHASES.process, lane)) as [
    Rank,
    Rank,
  ];
  const again: EventHandler = { onEvent: () => void (left-- > 0 && engine.after(0, busy, again, 0)) };
  const ticks: number[] = [];
  const tick: EventHandler = { onEvent: () => void ticks.push(engine.now) };
  let left = 45_000;
  engine.at(at(1_000), busy, again, 0);
  // The world's instants are kept in order, and end for the count like others.
  engine.at(at(1_000), WORLD_FAULT, { onEvent: () => undefined }, 0);
  engine.at(at(3_000), busy, tick, 0);
  for (const time of [500, 2_000, 4_000]) engine.at(at(time), other, tick, 0);
  const nows: number[] = [];
  while (engine.nextTime < Infinity) {
    engine.advanceApart(at(10_000), 10_000);
    nows.push(engine.now);
  }
  expect(nows).toEqual([1_000, 1_000, 1_000, 1_000, 10_000]);
  expect(ticks).toEqual([500, 2_000, 4_000, 3_000]);
});

test.each([0, 1] as const)("what comes sooner than was said is a bug, and is found: to side %i", (side) => {
  const engine = new Engine(1);
  engine.lookAhead = { delays: () => EVEN, windowDone: () => undefined };
  const [one, other] = [engine.addLane(), engine.addLane(undefined, side)];
  const nobody: EventHandler = { onEvent: () => undefined };
  const tooSoon: EventHandler = {
    onEvent: () => void engine.after(SPAN - 20, rankOf(PHASES.wire, other), nobody, 0),
  };
  // On the other side, it runs ahead to 5,005 first.
  if (side === 1) engine.at(at(5), rankOf(PHASES.wire, other), nobody, 0);
  engine.at(at(10), rankOf(PHASES.wire, one), tooSoon, 0);
  expect(() => engine.advanceApart(at(100_000))).toThrow("takes as long as was said");
});

test.each([0, 1] as const)("a machine on side %i that has the world do something inside a window is found", (side) => {
  const engine = new Engine(1);
  engine.lookAhead = { delays: () => EVEN, windowDone: () => undefined };
  const lane = engine.addLane(undefined, side);
  const nobody: EventHandler = { onEvent: () => undefined };
  const meddler: EventHandler = { onEvent: () => void engine.after(10, WORLD_FAULT, nobody, 0) };
  engine.at(at(10), rankOf(PHASES.wire, lane), meddler, 0);
  expect(() => engine.advanceApart(at(100_000))).toThrow("the world does nothing inside a window");
});
