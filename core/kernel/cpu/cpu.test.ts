import fc from "fast-check";
import { expect, test } from "vitest";
import { costsOf, IDEAL, TestMachine } from "../../../test/harness/device.ts";
import { MILLISECOND } from "../../base/time.ts";
import { TASK_STEPS_PER_INSTANT_MAX } from "../limits.ts";
import type { Cpu } from "./cpu.ts";
import { KSOFTIRQD_PID_FIRST } from "./limits.ts";
import { SOFTIRQ, TASK_AGAIN, TASK_EXITED, TASK_SLEEPS } from "./work.ts";
import type { IrqLine, Task, TaskStep, Work } from "./work.ts";

/** Work with a list of prices; writes down when each step took effect. */
class Script implements Work {
  readonly log: string[];
  readonly label: string;
  prices: number[];
  readonly #machine: TestMachine;
  onStep: () => void = () => undefined;

  constructor(machine: TestMachine, label: string, prices: number[], log: string[]) {
    this.#machine = machine;
    this.label = label;
    this.prices = prices;
    this.log = log;
  }

  stepCost(): number {
    return this.prices[0] ?? 0;
  }

  step(): boolean {
    this.prices.shift();
    this.log.push(`${this.label}@${this.#machine.engine.now}`);
    this.onStep();
    return this.prices.length > 0;
  }
}

const lineOf = (irq: number, script: Script): IrqLine => ({
  irq,
  name: `irq${irq}`,
  isPending: false,
  taken: 0,
  stepCost: () => script.stepCost(),
  step: () => script.step(),
});

function taskOf(pid: number, script: Script, end: TaskStep = TASK_SLEEPS): Task {
  return {
    pid,
    name: `task${pid}`,
    stepCost: () => script.stepCost(),
    step: () => (script.step() ? TASK_AGAIN : end),
  };
}

test("an interrupt preempts a softirq, which preempts a process, and each goes on where it was", () => {
  const machine = new TestMachine();
  const log: string[] = [];
  const { cpu } = machine;
  cpu.registerSoftirq(SOFTIRQ.HI, new Script(machine, "soft", [100, 100], log));
  const line = lineOf(1, new Script(machine, "hard", [50], log));
  cpu.wake(taskOf(1, new Script(machine, "task", [1000, 1000], log)));
  machine.at(400, () => cpu.raiseSoftirq(SOFTIRQ.HI));
  machine.at(450, () => cpu.raiseIrq(line));
  machine.run(500);
  expect(log).toEqual(["hard@500"]);
  expect(cpu.context).toBe("softirq");
  machine.run(10_000);
  // The task's first 1000 ns are stretched by 50 of the interrupt and 200 of the softirq.
  expect(log).toEqual(["hard@500", "soft@550", "soft@650", "task@1250", "task@2250"]);
  expect(cpu.context).toBe("idle");
  expect(cpu.times.read(10_000)).toEqual({ user: 0, system: 2000, irq: 50, softirq: 200, idle: 7750 });
});

test("what costs nothing runs at once and without events, in the order of the levels", () => {
  const machine = new TestMachine();
  const log: string[] = [];
  const { cpu } = machine;
  const task = taskOf(1, new Script(machine, "task", [0], log));
  const soft = new Script(machine, "soft", [0], log);
  soft.onStep = () => cpu.wake(task);
  cpu.registerSoftirq(SOFTIRQ.HI, soft);
  const hard = new Script(machine, "hard", [0], log);
  hard.onStep = () => cpu.raiseSoftirq(SOFTIRQ.HI);
  machine.at(7, () => {
    cpu.raiseIrq(lineOf(1, hard));
    log.push("back");
  });
  machine.run(7);
  expect(log).toEqual(["hard@7", "soft@7", "task@7", "back"]);
  expect(machine.engine.eventCount).toBe(1);
});

test("entry prices and surcharges are paid in the context that caused them", () => {
  const machine = new TestMachine(costsOf({ irq: 10, softirq: 20, contextSwitch: 40, wakeup: 5 }));
  const log: string[] = [];
  const { cpu } = machine;
  const task = taskOf(1, new Script(machine, "task", [1], log));
  const soft = new Script(machine, "soft", [2], log);
  soft.onStep = () => {
    cpu.charge(100);
    cpu.wake(task);
  };
  cpu.registerSoftirq(SOFTIRQ.HI, soft);
  const hard = new Script(machine, "hard", [3], log);
  hard.onStep = () => cpu.raiseSoftirq(SOFTIRQ.HI);
  machine.at(0, () => cpu.raiseIrq(lineOf(1, hard)));
  machine.run(1000);
  expect(log).toEqual(["hard@13", "soft@35", "task@181"]);
  expect(cpu.times.read(1000)).toEqual({ user: 0, system: 41, irq: 13, softirq: 127, idle: 819 });
});

test("tasks share the CPU in slices, and one that waits for a long computation gets its turn", () => {
  const machine = new TestMachine();
  const log: string[] = [];
  const { cpu } = machine;
  cpu.wake(taskOf(1, new Script(machine, "long", [20 * MILLISECOND], log)));
  machine.run(MILLISECOND);
  cpu.wake(taskOf(2, new Script(machine, "short", [MILLISECOND], log)));
  machine.run(100 * MILLISECOND);
  expect(log).toEqual([`short@${5 * MILLISECOND}`, `long@${21 * MILLISECOND}`]);
});

test("a wake-up during a task's own step is not lost, and a sleeping task is woken once", () => {
  const machine = new TestMachine();
  const { cpu } = machine;
  let steps = 0;
  const task: Task = {
    pid: 1,
    name: "t",
    stepCost: () => 0,
    step: () => {
      if (++steps === 1) cpu.wake(task);
      return steps < 5 ? TASK_SLEEPS : TASK_EXITED;
    },
  };
  cpu.wake(task);
  cpu.wake(task);
  machine.run(1);
  expect(steps).toBe(2);
  machine.at(2, () => cpu.wake(task));
  machine.run(3);
  expect(steps).toBe(3);
});

test("a task that never takes time is charged for it", () => {
  const machine = new TestMachine();
  machine.trace.wantAll();
  let steps = 0;
  const spinner: Task = { pid: 9, name: "spin", stepCost: () => 0, step: () => (steps++, TASK_AGAIN) };
  machine.cpu.wake(spinner);
  machine.run(10_000);
  expect(steps).toBe(11 * TASK_STEPS_PER_INSTANT_MAX);
  expect(machine.trace.read(1, 100).events.filter((e) => e.name === "limit:reached")).toHaveLength(11);
});

test("softirqs that never end are left to ksoftirqd, which shares the CPU with processes", () => {
  const machine = new TestMachine();
  machine.trace.want(["softnet:ksoftirqd"]);
  const { cpu } = machine;
  let rounds = 0;
  cpu.registerSoftirq(SOFTIRQ.HI, {
    stepCost: () => 100_000,
    step: () => {
      rounds++;
      cpu.raiseSoftirq(SOFTIRQ.HI);
      return false;
    },
  });
  const log: string[] = [];
  machine.at(0, () => cpu.raiseSoftirq(SOFTIRQ.HI));
  machine.run(900_000);
  expect(machine.trace.newest).toBe(0);
  machine.run(1_000_000);
  // Ten rounds of 0.1 ms, well below 2 ms.
  expect(machine.trace.newest).toBe(1);
  machine.at(3 * MILLISECOND, () => cpu.wake(taskOf(1, new Script(machine, "task", [20 * MILLISECOND], log))));
  machine.run(100 * MILLISECOND);
  expect(log).toHaveLength(1);
  const { system, softirq, idle } = cpu.times.read(machine.engine.now);
  expect(idle).toBeLessThanOrEqual(100_000);
  expect(system).toBe(20 * MILLISECOND);
  expect(softirq).toBeGreaterThan(79 * MILLISECOND);
  expect(rounds).toBeGreaterThan(700);
});

test("a paused CPU does nothing and goes on with what was left; a halted one never does", () => {
  const machine = new TestMachine();
  const log: string[] = [];
  const { cpu } = machine;
  cpu.wake(taskOf(1, new Script(machine, "task", [1000], log)));
  machine.run(400);
  cpu.freeze();
  const line = lineOf(1, new Script(machine, "hard", [10], log));
  machine.at(500, () => cpu.raiseIrq(line));
  machine.run(5000);
  expect(log).toEqual([]);
  cpu.thaw();
  machine.run(5_200);
  cpu.checkInvariants();
  machine.run(9_000);
  expect(log).toEqual(["hard@5010", "task@5610"]);
  cpu.wake(taskOf(2, new Script(machine, "late", [1000], log)));
  machine.run(9_100);
  cpu.halt();
  machine.run(20_000);
  expect(log).toHaveLength(2);
});

test("tasks spread over CPUs and run at the same time", () => {
  const machine = new TestMachine(IDEAL, 2);
  const log: string[] = [];
  machine.cpu.wake(taskOf(1, new Script(machine, "a", [1000], log)));
  machine.cpu.wake(taskOf(2, new Script(machine, "b", [1000], log)));
  machine.run(5000);
  expect(log).toEqual(["a@1000", "b@1000"]);
});

/** Follows the CPU by a model without preemption by events: at each ns, the highest level with work runs. */
test("property: levels never invert, and busy time is the sum of all prices", () => {
  const arrival = fc.record({
    at: fc.nat(2000),
    kind: fc.constantFrom("irq", "soft", "task"),
    prices: fc.array(fc.nat(300), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 12 }), (arrivals) => {
      const machine = new TestMachine();
      const { cpu } = machine;
      const softPrices: number[] = [];
      const softWork: Work = {
        stepCost: () => softPrices[0] ?? 0,
        step: () => {
          expect(cpu.hard.hasWork).toBe(false);
          softPrices.shift();
          return softPrices.length > 0;
        },
      };
      cpu.registerSoftirq(SOFTIRQ.HI, softWork);
      const paid = { irq: 0, softirq: 0, system: 0 };
      arrivals.forEach((each, index) => {
        const sum = each.prices.reduce((a, b) => a + b, 0);
        machine.at(each.at, () => start(cpu, each, index));
        if (each.kind === "irq") paid.irq += sum;
        else if (each.kind === "soft") paid.softirq += sum;
        else paid.system += sum;
      });
      const start = (on: Cpu, each: (typeof arrivals)[number], index: number): void => {
        const script = new Script(machine, "x", each.prices.slice(), []);
        if (each.kind === "irq") on.raiseIrq(lineOf(index, script));
        else if (each.kind === "soft") {
          softPrices.push(...each.prices);
          on.raiseSoftirq(SOFTIRQ.HI);
        } else {
          script.onStep = () => expect(on.hard.hasWork || on.soft.hasWork).toBe(false);
          on.wake(taskOf(index + 1, script, TASK_EXITED));
        }
      };
      for (let until = 0; until < 20_000; until += 500) machine.run(until);
      const times = cpu.times.read(machine.engine.now);
      expect({ irq: times.irq, softirq: times.softirq, system: times.system }).toEqual(paid);
      // ksoftirqd, which the scheduler keeps, may have had a turn.
      expect([...cpu.smp.tasks.keys()].filter((task) => task.pid < KSOFTIRQD_PID_FIRST)).toEqual([]);
    }),
  );
});
