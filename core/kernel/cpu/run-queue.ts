/**
 * Tasks of one machine and the run queue of one CPU: round robin with a time slice. Left out: priorities, fairness by
 * weight (CFS, EEVDF), preemption at wake-up, and migration: a task stays on the CPU it first woke on.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import type { Cpu } from "./cpu.ts";
import { TASK_SLICE_NS } from "./limits.ts";
import type { Task } from "./work.ts";

/** A task as the scheduler knows it (struct sched_entity). */
export class TaskState {
  readonly task: Task;
  /** Where it runs. */
  readonly home: Cpu;
  /** In the queue or current. */
  isRunnable = false;
  /** Woken while its own step ran: it must not go to sleep after it. */
  wokenInStep = false;
  /** A step was begun and not completed when its slice ended: its stage and what is left of its price. */
  stage = 0;
  remaining = 0;
  /** CPU time since it was switched in, ns. */
  sliceUsed = 0;
  /** Steps it took at instant `instant`. */
  steps = 0;
  instant = -1;
  /** CPU time ever, ns. */
  busyNs = 0;

  constructor(task: Task, home: Cpu) {
    this.task = task;
    this.home = home;
  }
}

/** What the CPUs of one machine share. */
export class Smp {
  readonly cpus: Cpu[] = [];
  readonly tasks = new Map<Task, TaskState>();

  /** CPU time the task has used, ns. */
  taskTime(task: Task): number {
    return this.tasks.get(task)?.busyNs ?? 0;
  }
}

export class RunQueue {
  readonly #waiting = new Ring<TaskState>();
  current: TaskState | null = null;
  /** Whom the CPU ran last; null is the idle task. A switch costs only if the next one differs. */
  last: TaskState | null = null;

  get hasWork(): boolean {
    return this.current !== null || this.#waiting.length > 0;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Whether the CPU should go to another task at the next opportunity (TIF_NEED_RESCHED). */
  get needResched(): boolean {
    if (this.#waiting.length === 0) return false;
    return this.current === null || this.current.sliceUsed >= TASK_SLICE_NS;
  }

  /** What is left of the current slice, ns; Infinity when nobody waits. */
  get sliceLeft(): number {
    if (this.#waiting.length === 0 || this.current === null) return Infinity;
    return Math.max(0, TASK_SLICE_NS - this.current.sliceUsed);
  }

  enqueue(state: TaskState): void {
    assert(!state.isRunnable, "a task is queued once");
    state.isRunnable = true;
    // Alone, the current task has had slice after slice; whoever comes now waits for the rest of the last one only.
    if (this.#waiting.length === 0 && this.current !== null) this.current.sliceUsed %= TASK_SLICE_NS;
    this.#waiting.push(state);
  }

  /** Sends the current task to the end of the queue. */
  yieldCurrent(): void {
    assert(this.current !== null, "there is a current task");
    this.#waiting.push(this.current);
    this.current = null;
  }

  /** Makes the longest waiting task current. @returns whether that is another one than ran last. */
  pickNext(): boolean {
    const next = this.#waiting.shift();
    assert(next !== undefined && this.current === null, "a waiting task is picked when none is current");
    this.current = next;
    next.sliceUsed = 0;
    const switched = next !== this.last;
    this.last = next;
    return switched;
  }

  waiting(): TaskState[] {
    return Array.from({ length: this.#waiting.length }, (_, index) => this.#waiting.at(index));
  }

  clear(): void {
    this.#waiting.clear();
    this.current = null;
    this.last = null;
  }
}
