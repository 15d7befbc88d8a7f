/**
 * One CPU: hard IRQ > softirq > process > idle, preemptive. Work is done in steps (work.ts). At each level at most one
 * step is in progress: running on the top level, suspended below; the running one has the CPU's only armed engine
 * event. Steps that cost nothing run in a loop inside the event that brought them, so an ideal machine handles a
 * packet, from its arrival to the wake-up of a process, in one engine event and without allocating.
 *
 * Left out: nested hard IRQs, local_irq_disable and local_bh_disable (a step is atomic anyway), CPU frequency, caches.
 */
import { assert, present } from "../../base/assert.ts";
import type { Nanoseconds } from "../../base/time.ts";
import { CONTEXT, KIND } from "../../contract/trace-event.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../../engine/event-queue.ts";
import { PHASES, rankOf, type Phase } from "../../engine/rank.ts";
import type { KernelCore } from "../core.ts";
import { TASK_STEPS_PER_INSTANT_MAX } from "../limits.ts";
import { HardIrqs } from "./hardirq.ts";
import { Ksoftirqd } from "./ksoftirqd.ts";
import { TASK_SPIN_CHARGE_NS } from "./limits.ts";
import { RunQueue, Smp, TaskState } from "./run-queue.ts";
import { Softirqs } from "./softirq.ts";
import { CpuTimes, type CpuSnapshot } from "./cpu-times.ts";
import type { Napi } from "./napi.ts";
import { Softnet } from "./softnet.ts";
import { SOFTIRQ, TASK_AGAIN, TASK_EXITED } from "./work.ts";
import type { CpuContext, CpuPort, IrqLine, SoftirqVector, Task, Work } from "./work.ts";

// Levels, low to high.
const IDLE = 0;
const PROCESS = 1;
const SOFT = 2;
const HARD = 3;
type Level = typeof IDLE | typeof PROCESS | typeof SOFT | typeof HARD;

const LEVEL_CONTEXTS: readonly CpuContext[] = ["idle", "process", "softirq", "hardirq"];
const LEVEL_PHASES: readonly Phase[] = [PHASES.process, PHASES.process, PHASES.softirq, PHASES.irq];
const LEVEL_TRACE = [CONTEXT.none, CONTEXT.process, CONTEXT.softirq, CONTEXT.hardirq] as const;

// How far the step of a level is: none begun; being paid for, effect to come; effect done, surcharge being paid.
const NONE = 0;
const STEP = 1;
const SURCHARGE = 2;

const CODE_PAID = 1;
const CODE_KICK = 2;

const IRQ_ENTRY = KIND["irq:irq_handler_entry"];
const IRQ_EXIT = KIND["irq:irq_handler_exit"];
const SOFTIRQ_RAISE = KIND["irq:softirq_raise"];
const SOFTIRQ_ENTRY = KIND["irq:softirq_entry"];
const SOFTIRQ_EXIT = KIND["irq:softirq_exit"];
const SCHED_SWITCH = KIND["sched:sched_switch"];
const SCHED_WAKEUP = KIND["sched:sched_wakeup"];
const LIMIT_REACHED = KIND["limit:reached"];

export class Cpu implements CpuPort, EventHandler {
  readonly index: number;
  readonly core: KernelCore;
  readonly smp: Smp;
  readonly softnet: Softnet;
  readonly hard = new HardIrqs();
  readonly soft = new Softirqs();
  readonly tasks = new RunQueue();
  readonly times = new CpuTimes();
  readonly #ksoftirqd: Ksoftirqd;
  /** How far each level's step is, two bits a level. */
  #stages = 0;
  /** What is left to pay of each level's step, ns. */
  readonly #remaining: number[] = [0, 0, 0, 0];
  /** Level whose price is being paid, and the event that ends it. */
  #armed: Level = IDLE;
  #armedSince = 0;
  #event: EventId = NO_EVENT;
  /** Level whose step is on the JavaScript stack. */
  #executing: Level = IDLE;
  #dispatching = false;
  #kicked = false;
  #frozen = false;
  #halted = false;
  /** Surcharges of the step that runs; outside any step, for the next one. */
  #charged = 0;
  /** The last dispatch ran out of work, and nothing has come since. */
  #still = true;
  /**
   * Packets that a shortcut took while nothing else was to be done: each is an interrupt, a softirq and a poll of one
   * packet, and counts as that wherever those are shown.
   */
  passed = 0;

  /** @param smp the same one for all CPUs of a machine. */
  constructor(core: KernelCore, index: number, smp: Smp = new Smp()) {
    assert(smp.cpus.length === index, "CPUs are made in order");
    this.core = core;
    this.index = index;
    this.smp = smp;
    smp.cpus.push(this);
    this.#ksoftirqd = new Ksoftirqd(this);
    this.softnet = new Softnet(core, this);
    this.registerSoftirq(SOFTIRQ.NET_RX, this.softnet);
  }

  get context(): CpuContext {
    const level = this.#executing !== IDLE ? this.#executing : this.#armed;
    return LEVEL_CONTEXTS[level] as CpuContext;
  }

  /** Whether a step of this CPU is being carried out right now, in this very call stack. */
  get isExecuting(): boolean {
    return this.#executing !== IDLE;
  }

  /** The machine is paused. */
  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** Idle, with nothing waiting or owed: a packet that came now would be through at once, and leave nothing behind. */
  get isStill(): boolean {
    return this.#still && this.#charged === 0;
  }

  require(context: CpuContext): void {
    assert(this.context === context, `runs in ${context} context only`);
  }

  charge(cost: Nanoseconds): void {
    this.#charged += cost;
  }

  registerSoftirq(vector: SoftirqVector, action: Work): void {
    this.soft.register(vector, action);
  }

  raiseIrq(line: IrqLine): void {
    if (this.#halted) return;
    this.#still = false;
    this.hard.raise(line);
    if (!this.#dispatching) this.#poke();
  }

  /** Whether an interrupt raised now would be served in that very call, at no cost and unseen. */
  get servesAtOnce(): boolean {
    const { core } = this;
    return this.isStill && core.isFree && !core.trace.active && !core.isDispatching;
  }

  /**
   * An interrupt that has a card polled, from its handler to the end of the poll: what `raiseIrq` comes to where
   * `servesAtOnce` holds, without the way there.
   */
  serve(line: IrqLine, napi: Napi): void {
    this.#still = false;
    this.#enter();
    this.hard.count(line);
    this.soft.beginNetRx();
    this.softnet.begin(napi);
    this.#perform(SOFT);
    this.#runAll();
  }

  raiseSoftirq(vector: SoftirqVector): void {
    if (this.#halted) return;
    this.#still = false;
    const bit = 1 << vector;
    if ((this.soft.pending & bit) === 0) {
      this.soft.pending |= bit;
      if (this.core.trace.active) this.core.trace.record(SOFTIRQ_RAISE, 0, this.core.engine.cause, vector);
    }
    // Raised by a task or by nobody, it is served right away (local_bh_enable); by a softirq, in the next round.
    if (this.#executing < SOFT) this.soft.isDeferred = false;
    if (!this.#dispatching) this.#poke();
  }

  wake(task: Task): void {
    if (!this.#halted) this.#wake(this.smp.tasks.get(task) ?? this.#newTask(task, leastLoaded(this)));
  }

  /** Wakes a task that belongs to this CPU and no other. */
  wakeLocal(task: Task): void {
    if (!this.#halted) this.#wake(this.smp.tasks.get(task) ?? this.#newTask(task, this));
  }

  #wake(state: TaskState): void {
    const home = state.home;
    if (state.isRunnable) {
      if (home.tasks.current === state && home.#executing === PROCESS) state.wokenInStep = true;
      return;
    }
    if (this.core.trace.active) this.core.trace.record(SCHED_WAKEUP, 0, this.core.engine.cause, state.task.pid);
    this.charge(this.core.costs.wakeup);
    home.#enqueue(state);
  }

  /** The machine is paused: nothing runs, interrupts pend, and what was being paid for goes on after `thaw`. */
  freeze(): void {
    assert(!this.#dispatching, "a machine is paused from outside");
    if (this.#armed !== IDLE) this.#suspend();
    this.#still = false;
    this.#frozen = true;
  }

  thaw(): void {
    assert(!this.#dispatching, "a machine is resumed from outside");
    this.#frozen = false;
    this.#poke();
  }

  /** The machine has crashed: nothing runs any more, nothing is pending. */
  halt(): void {
    if (this.#armed !== IDLE) this.#suspend();
    this.#still = false;
    this.#halted = true;
    this.hard.clear();
    this.soft.clear();
    this.tasks.clear();
    this.#stages = 0;
  }

  onEvent(code: number, _subject: unknown): void {
    if (!this.core.alive || this.#halted) return;
    if (code === CODE_KICK) {
      this.#kicked = false;
    } else {
      assert(this.#armed !== IDLE, "only an armed level is paid for");
      this.#event = NO_EVENT;
      this.#disarm();
    }
    this.#dispatch();
  }

  /** Sets the trace's registers to what runs on this CPU; for code that has let others set them meanwhile. */
  enterTrace(): void {
    const trace = this.core.trace;
    trace.place = this.core.place;
    trace.context = LEVEL_TRACE[this.#executing];
    trace.cpu = this.index;
    trace.pid = this.tasks.current?.task.pid ?? 0;
  }

  /** For ksoftirqd: serves what is pending, next. */
  serveSoftirqs(): void {
    this.soft.isDeferred = false;
  }

  snapshot(): CpuSnapshot {
    return {
      index: this.index,
      context: this.context,
      pid: this.tasks.current?.task.pid ?? 0,
      runQueue: this.tasks.waiting().map((state) => state.task.pid),
      pendingIrqs: this.hard.pendingCount,
      pendingSoftirqs: this.soft.pending,
      times: this.times.read(this.core.engine.now),
      interrupts: this.hard.lines().map(({ irq, name, taken }) => ({ irq, name, count: taken })),
      softirqs: this.soft.counts().map((count, vector) => (vector === SOFTIRQ.NET_RX ? count + this.passed : count)),
    };
  }

  checkInvariants(): void {
    const armedEvents = this.#event === NO_EVENT ? 0 : 1;
    assert(armedEvents === (this.#armed === IDLE ? 0 : 1), "one event is armed exactly while a step is being paid for");
    if (this.#frozen || this.#halted) assert(this.#armed === IDLE, "nothing runs on a paused or crashed machine");
    else {
      assert(this.#dispatching || this.#kicked || this.#topLevel() <= this.#armed, "nothing of a higher level waits");
    }
  }

  /** Something is to be done: now, or, if another CPU of the machine is in the middle of a step, right after it. */
  #poke(): void {
    if (this.#dispatching || this.#halted) return;
    if (!this.core.isDispatching) this.#dispatch();
    else this.#kickLater();
  }

  #kickLater(): void {
    if (this.#kicked) return;
    this.#kicked = true;
    this.core.engine.after(0, rankOf(PHASES.process, this.core.lane), this, CODE_KICK);
  }

  #newTask(task: Task, home: Cpu): TaskState {
    const state = new TaskState(task, home);
    this.smp.tasks.set(task, state);
    return state;
  }

  /** Runnable tasks. */
  get load(): number {
    return this.tasks.waitingCount + (this.tasks.current === null ? 0 : 1);
  }

  #enqueue(state: TaskState): void {
    // A task that had the CPU to itself was armed for its whole price; now its slice may end before that.
    if (this.#armed === PROCESS) this.#suspend();
    this.#still = false;
    this.tasks.enqueue(state);
    if (this.#dispatching) return;
    // Whoever wakes a task from outside, such as a terminal, is not to find that it has run before `wake` returned.
    this.#kickLater();
  }

  #dispatch(): void {
    if (this.#dispatching || this.#frozen || this.#halted) return;
    this.#enter();
    this.#runAll();
  }

  #enter(): void {
    this.#dispatching = true;
    this.core.isDispatching = true;
    this.core.setCurrentCpu(this);
  }

  /** Does all that can be done now. */
  #runAll(): void {
    while (this.#advance());
    this.#dispatching = false;
    this.core.isDispatching = false;
    if (this.index > 0) this.core.setCurrentCpu(present(this.smp.cpus[0], "the first CPU"));
  }

  #stage(level: Level): number {
    return (this.#stages >> (2 * level)) & 3;
  }

  #setStage(level: Level, stage: number): void {
    this.#stages = (this.#stages & ~(3 << (2 * level))) | (stage << (2 * level));
  }

  #topLevel(): Level {
    if (this.#stage(HARD) !== NONE || this.hard.hasWork) return HARD;
    if (this.#stage(SOFT) !== NONE || this.soft.hasWork) return SOFT;
    if (this.#stage(PROCESS) !== NONE || this.tasks.hasWork) return PROCESS;
    return IDLE;
  }

  /** Makes one move. @returns false when time must pass first. */
  #advance(): boolean {
    if (this.#halted) return false;
    const level = this.#topLevel();
    if (this.#armed !== IDLE) {
      if (level <= this.#armed) return false;
      this.#suspend();
    }
    if (level === IDLE) {
      this.#goIdle();
      this.#still = this.soft.pending === 0;
      return false;
    }
    if (level === PROCESS) this.#chooseTask();
    if (this.#stage(level) === NONE) {
      const price = this.#begin(level);
      if (price < 0) return true;
      const due = price + this.#charged;
      if (due === 0) {
        this.#perform(level);
        return true;
      }
      this.#setStage(level, STEP);
      this.#remaining[level] = due;
      this.#charged = 0;
    }
    if ((this.#remaining[level] as number) > 0) {
      this.#arm(level);
      return false;
    }
    this.#complete(level);
    return true;
  }

  /** Pays for the level's step, or, for a task, for as much of it as fits into its slice. */
  #arm(level: Level): void {
    const due = this.#remaining[level] as number;
    const span = level === PROCESS ? Math.min(due, this.tasks.sliceLeft) : due;
    assert(span > 0, "time passes while something is paid for");
    this.#armed = level;
    this.#armedSince = this.core.engine.now;
    const rank = rankOf(LEVEL_PHASES[level] as Phase, this.core.lane);
    this.#event = this.core.engine.after(span, rank, this, CODE_PAID);
  }

  /** Stops paying for the running step, to go on with the rest of its price later. */
  #suspend(): void {
    this.core.engine.cancel(this.#event);
    this.#event = NO_EVENT;
    this.#disarm();
  }

  #disarm(): void {
    const level = this.#armed;
    const spent = this.core.engine.now - this.#armedSince;
    this.#armed = IDLE;
    this.#remaining[level] = (this.#remaining[level] as number) - spent;
    const current = this.tasks.current ?? this.tasks.last;
    if (level === HARD) {
      this.times.irq += spent;
    } else if (level === SOFT) {
      this.times.softirq += spent;
      // What ksoftirqd does counts against its slice, or it would never have to share the CPU.
      if (current !== null && current.task === this.#ksoftirqd) current.sliceUsed += spent;
    } else if (current !== null) {
      current.sliceUsed += spent;
      current.busyNs += spent;
      if (current.task.inUser === true) this.times.user += spent;
      else this.times.system += spent;
    }
  }

  /** Begins the level's next step. @returns its price, or -1 when there turned out to be none. */
  #begin(level: Level): Nanoseconds {
    if (level === HARD) return this.#beginIrq();
    if (level === SOFT) return this.#beginSoftirq();
    const current = this.tasks.current;
    assert(current !== null, "a task has been chosen");
    return current.task.stepCost();
  }

  #beginIrq(): Nanoseconds {
    const current = this.hard.current;
    if (current !== null) return current.stepCost();
    const taken = this.hard.take();
    if (this.core.trace.active) this.#trace(HARD, IRQ_ENTRY, taken.irq);
    return this.core.costs.irq + taken.stepCost();
  }

  #beginSoftirq(): Nanoseconds {
    const soft = this.soft;
    if (soft.vector >= 0) return soft.action.stepCost();
    let entry = 0;
    const now = this.core.engine.now;
    if (!soft.isActive) {
      soft.start(now);
      entry = this.core.costs.softirq;
    }
    if (!soft.advance(now, this.tasks.needResched)) {
      if (soft.isDeferred) this.#ksoftirqd.wakeUp();
      return -1;
    }
    if (this.core.trace.active) this.#trace(SOFT, SOFTIRQ_ENTRY, soft.vector);
    return entry + soft.action.stepCost();
  }

  /** Makes sure that the right task is current, with what it has begun. */
  #chooseTask(): void {
    const tasks = this.tasks;
    if (tasks.current !== null) {
      if (!tasks.needResched) return;
      tasks.current.stage = this.#stage(PROCESS);
      tasks.current.remaining = this.#remaining[PROCESS] as number;
      tasks.yieldCurrent();
    } else if (this.#stage(PROCESS) !== NONE) {
      // A task that went to sleep still owes for its last step.
      return;
    }
    const previous = tasks.last;
    const switched = tasks.pickNext();
    const next = tasks.current as TaskState | null;
    assert(next !== null, "a task was picked");
    this.#setStage(PROCESS, next.stage);
    if (next.stage !== NONE) this.#remaining[PROCESS] = next.remaining;
    next.stage = NONE;
    if (switched) {
      if (this.core.trace.active) this.#trace(PROCESS, SCHED_SWITCH, previous?.task.pid ?? 0, next.task.pid);
      // A step half paid for gets dearer; a fresh one takes the switch along in its price.
      if (this.#stage(PROCESS) === NONE) this.#charged += this.core.costs.contextSwitch;
      else this.#remaining[PROCESS] = next.remaining + this.core.costs.contextSwitch;
    }
    next.remaining = 0;
  }

  #goIdle(): void {
    const last = this.tasks.last;
    if (last === null) return;
    if (this.core.trace.active) this.#trace(IDLE, SCHED_SWITCH, last.task.pid, 0);
    this.tasks.last = null;
  }

  /** The price is paid: what was paid for takes effect. */
  #complete(level: Level): void {
    const stage = this.#stage(level);
    this.#setStage(level, NONE);
    if (stage === STEP) this.#perform(level);
    else if (level === HARD) this.#leaveIrq();
  }

  /** Takes the level's step. */
  #perform(level: Level): void {
    this.#executing = level;
    if (this.core.trace.active) this.enterTrace();
    if (level === HARD) this.#stepIrq();
    else if (level === SOFT) this.#stepSoftirq();
    else this.#stepTask();
    this.#executing = IDLE;
    if (this.#charged > 0 && !this.#halted) {
      // What turned up during the step is paid next, also for a task that sleeps now.
      this.#setStage(level, SURCHARGE);
      this.#remaining[level] = this.#charged;
      this.#charged = 0;
    } else if (level === HARD) {
      this.#leaveIrq();
    }
  }

  /** The exit of an interrupt serves softirqs (irq_exit), also those left to ksoftirqd before. */
  #leaveIrq(): void {
    if (this.hard.current === null) this.soft.isDeferred = false;
  }

  #stepIrq(): void {
    const current = this.hard.current;
    assert(current !== null, "a handler runs");
    if (current.step()) return;
    if (this.core.trace.active) this.#trace(HARD, IRQ_EXIT, current.irq);
    this.hard.current = null;
  }

  #stepSoftirq(): void {
    const soft = this.soft;
    // Without the way by the table of actions: nearly all softirqs are this one.
    const action: Work = soft.vector === SOFTIRQ.NET_RX ? this.softnet : soft.action;
    if (action.step()) return;
    if (this.#halted) return;
    if (this.core.trace.active) this.#trace(SOFT, SOFTIRQ_EXIT, soft.vector);
    soft.finishVector();
  }

  #stepTask(): void {
    const state = this.tasks.current;
    assert(state !== null, "a task runs");
    this.#guardAgainstSpin(state);
    state.wokenInStep = false;
    const result = state.task.step();
    if (result === TASK_AGAIN || this.#halted) return;
    if (result === TASK_EXITED) this.smp.tasks.delete(state.task);
    else if (state.wokenInStep) return;
    state.isRunnable = false;
    this.tasks.current = null;
  }

  /** A program that loops without ever needing time would stop the clock of the whole lab. */
  #guardAgainstSpin(state: TaskState): void {
    const now = this.core.engine.now;
    if (state.instant !== now) {
      state.instant = now;
      state.steps = 0;
    }
    if (++state.steps < TASK_STEPS_PER_INSTANT_MAX) return;
    state.steps = 0;
    this.charge(TASK_SPIN_CHARGE_NS);
    const trace = this.core.trace;
    if (trace.active) trace.record(LIMIT_REACHED, 0, 0, trace.intern("task steps per instant"), state.task.pid);
  }

  #trace(level: Level, kind: number, a: number, b = 0): void {
    const trace = this.core.trace;
    trace.place = this.core.place;
    trace.context = LEVEL_TRACE[level];
    trace.cpu = this.index;
    trace.pid = this.tasks.current?.task.pid ?? 0;
    trace.record(kind, 0, this.core.engine.cause, a, b);
  }
}

/** Where a new task goes (select_task_rq): to the waker's CPU unless another has less to do. */
function leastLoaded(waker: Cpu): Cpu {
  let least = waker;
  for (const cpu of waker.smp.cpus) if (cpu.load < least.load) least = cpu;
  return least;
}
