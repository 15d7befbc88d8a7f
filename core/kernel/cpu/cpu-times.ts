/** CPU time by kind, as /proc/stat has it, and what observers see of a CPU. */
import type { CpuContext } from "./work.ts";

export interface CpuTimesReading {
  /** All in ns. */
  readonly user: number;
  readonly system: number;
  readonly idle: number;
  readonly irq: number;
  readonly softirq: number;
}

export class CpuTimes {
  user = 0;
  system = 0;
  irq = 0;
  softirq = 0;

  get busy(): number {
    return this.user + this.system + this.irq + this.softirq;
  }

  /**
   * @param now since the machine was switched on at 0; what is not busy is idle. A step in progress is not in it yet.
   */
  read(now: number): CpuTimesReading {
    return {
      user: this.user,
      system: this.system,
      idle: now - this.busy,
      irq: this.irq,
      softirq: this.softirq,
    };
  }
}

export interface CpuSnapshot {
  readonly index: number;
  readonly context: CpuContext;
  /** Current task, 0 for none. */
  readonly pid: number;
  /** Pids that wait for the CPU, first in front. */
  readonly runQueue: readonly number[];
  readonly pendingIrqs: number;
  /** Bit set of vectors. */
  readonly pendingSoftirqs: number;
  readonly times: CpuTimesReading;
  readonly interrupts: readonly { readonly irq: number; readonly name: string; readonly count: number }[];
  /** Times served, by vector. */
  readonly softirqs: readonly number[];
}
