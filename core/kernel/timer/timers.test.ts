import { expect, test } from "vitest";
import type { VirtualTime } from "../../base/time.ts";
import { Engine } from "../../engine/engine.ts";
import { COST_PROFILES } from "../cost.ts";
import type { CpuPort } from "../cpu/work.ts";
import { KernelTimer, KernelTimers } from "./timers.ts";

/** A CPU that serves the timer softirq at once, unless it is told to be busy. */
function machine(): {
  engine: Engine;
  timers: KernelTimers;
  cpu: { busy: boolean };
  serve: () => void;
  seen: string[];
} {
  const engine = new Engine(1);
  const cpu = { busy: false };
  const serve = (): void => {
    while (timers.step());
  };
  const port: Partial<CpuPort> = {
    raiseSoftirq: () => {
      if (!cpu.busy) serve();
    },
  };
  const timers = new KernelTimers(engine, COST_PROFILES.ideal, { cpu: port as CpuPort, lane: engine.addLane() });
  return { engine, timers, cpu, serve, seen: [] };
}

const at = (time: number): VirtualTime => time as VirtualTime;

test("a timer runs out once, at its time", () => {
  const { engine, timers, seen } = machine();
  const timer = new KernelTimer({ onTimer: ({ code }) => seen.push(`${code}@${engine.now}`) }, 4);
  timers.arm(timer, 100);
  expect([timer.isPending, timers.armed]).toEqual([true, 1]);
  engine.advance(at(1000));
  expect([seen, timer.isPending, timers.armed]).toEqual([["4@100"], false, 0]);
});

test("arming again moves it, and cancelling takes it away", () => {
  const { engine, timers, seen } = machine();
  const timer = new KernelTimer({ onTimer: () => seen.push(String(engine.now)) });
  timers.arm(timer, 100);
  engine.advance(at(50));
  timers.arm(timer, 100);
  engine.advance(at(120));
  expect(seen).toEqual([]);
  engine.advance(at(150));
  expect(seen).toEqual(["150"]);
  timers.arm(timer, 10);
  expect([timers.cancel(timer), timers.cancel(timer)]).toEqual([true, false]);
  engine.advance(at(500));
  expect([seen, engine.pending]).toEqual([["150"], 0]);
});

test("what has expired but was not served yet can still be cancelled or moved", () => {
  const { engine, timers, cpu, serve, seen } = machine();
  const cancelled = new KernelTimer({ onTimer: () => seen.push("cancelled") });
  const moved = new KernelTimer({ onTimer: () => seen.push(`moved@${engine.now}`) });
  cpu.busy = true;
  timers.arm(cancelled, 10);
  timers.arm(moved, 10);
  engine.advance(at(20));
  expect(timers.cancel(cancelled)).toBe(true);
  timers.arm(moved, 100);
  cpu.busy = false;
  serve();
  expect(seen).toEqual([]);
  engine.advance(at(200));
  expect(seen).toEqual(["moved@120"]);
});

test("nothing runs out on a machine that is gone", () => {
  const { engine, timers, seen } = machine();
  const timer = new KernelTimer({ onTimer: () => seen.push("late") });
  timers.arm(timer, 10);
  timers.stop();
  engine.advance(at(100));
  timers.arm(timer, 10);
  engine.advance(at(200));
  expect(seen).toEqual([]);
});
