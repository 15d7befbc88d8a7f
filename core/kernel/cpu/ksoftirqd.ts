/**
 * The kernel thread that serves softirqs when they would not let anybody else run (run_ksoftirqd, kernel/softirq.c).
 * A step of it starts one invocation of the softirq loop, whose time counts against the thread's slice.
 */
import { KIND } from "../../contract/trace-event.ts";
import type { Nanoseconds } from "../../base/time.ts";
import type { Cpu } from "./cpu.ts";
import { KSOFTIRQD_PID_FIRST } from "./limits.ts";
import { TASK_AGAIN, TASK_SLEEPS, type Task, type TaskStep } from "./work.ts";

const TRACE_KSOFTIRQD = KIND["softnet:ksoftirqd"];

export class Ksoftirqd implements Task {
  readonly pid: number;
  readonly name: string;
  readonly #cpu: Cpu;
  #awake = false;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    this.pid = KSOFTIRQD_PID_FIRST + cpu.index;
    this.name = `ksoftirqd/${cpu.index}`;
  }

  wakeUp(): void {
    if (!this.#awake) this.#trace(true);
    this.#awake = true;
    this.#cpu.wakeLocal(this);
  }

  stepCost(): Nanoseconds {
    return 0;
  }

  step(): TaskStep {
    if (this.#cpu.soft.pending !== 0) {
      this.#cpu.serveSoftirqs();
      return TASK_AGAIN;
    }
    this.#awake = false;
    this.#trace(false);
    return TASK_SLEEPS;
  }

  #trace(running: boolean): void {
    const trace = this.#cpu.core.trace;
    if (trace.active) trace.record(TRACE_KSOFTIRQD, 0, this.#cpu.core.engine.cause, this.#cpu.index, running ? 1 : 0);
  }
}
