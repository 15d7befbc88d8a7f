/**
 * What a CPU runs, seen from whoever has work for it. Work is done in steps; a step is paid for first and takes effect
 * at its end, so a packet leaves after it was processed, and an interrupt that comes in between delays it. Under a
 * profile where a step costs nothing it runs at once, inside the same event.
 */
import type { Nanoseconds } from "../../base/time.ts";

/** Softirq vectors with Linux's numbers (include/linux/interrupt.h); the ones not listed have no use here. */
export const SOFTIRQ = { HI: 0, TIMER: 1, NET_TX: 2, NET_RX: 3, SCHED: 7 } as const;
export type SoftirqVector = (typeof SOFTIRQ)[keyof typeof SOFTIRQ];

/** A softirq action or the top half of an interrupt. */
export interface Work {
  /** Price of the next step in ns, asked once right before it is run. */
  stepCost(): Nanoseconds;
  /** Does one step. @returns whether there is another one. */
  step(): boolean;
}

/** Line of one device into the interrupt controller. Level-triggered: raised while pending, silent while masked. */
export interface IrqLine extends Work {
  readonly irq: number;
  /** As in /proc/interrupts: `eth0-rx-0`. */
  readonly name: string;
  /**
   * The controller's own (hardirq.ts), with the line so that there is no second object to look at: raised and not yet
   * taken; interrupts taken, for /proc/interrupts.
   */
  isPending: boolean;
  taken: number;
}

export const TASK_AGAIN = 0;
export const TASK_SLEEPS = 1;
export const TASK_EXITED = 2;
export type TaskStep = typeof TASK_AGAIN | typeof TASK_SLEEPS | typeof TASK_EXITED;

/** A schedulable process or kernel thread. */
export interface Task {
  readonly pid: number;
  readonly name: string;
  /** Whether the next step is the program's own computing (user time) and not a system call. */
  readonly inUser?: boolean;
  /** Price of the next step in ns. */
  stepCost(): Nanoseconds;
  step(): TaskStep;
}

export type CpuContext = "idle" | "process" | "softirq" | "hardirq";

/** The part of a CPU that devices, protocols and processes use. */
export interface CpuPort {
  readonly index: number;
  readonly context: CpuContext;
  /** Adds to the price of what runs now: work that turned up during the step. Paid right after the step. */
  charge(cost: Nanoseconds): void;
  /** Marks the line pending. Its handler runs at once unless the CPU is in hard IRQ context or has interrupts off. */
  raiseIrq(line: IrqLine): void;
  raiseSoftirq(vector: SoftirqVector): void;
  /** Makes a sleeping task runnable (try_to_wake_up). Nothing when it is runnable already. */
  wake(task: Task): void;
  /** Throws unless the CPU is in that context now; first line of functions that run in one context only. */
  require(context: CpuContext): void;
}
