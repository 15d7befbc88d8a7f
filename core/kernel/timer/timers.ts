/**
 * Kernel timers: expiry is noticed by the timer interrupt and handled in softirq context (TIMER_SOFTIRQ), behind
 * whatever hard IRQs the CPU has. Resolution is 1 ns, as with hrtimers; there is no jiffy.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import type { Nanoseconds } from "../../base/time.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import { NO_EVENT, type EventHandler, type EventId } from "../../engine/event-queue.ts";
import type { Engine } from "../../engine/engine.ts";
import { PHASES, rankOf, type Lane, type Rank } from "../../engine/rank.ts";
import { SOFTIRQ, type CpuPort, type Work } from "../cpu/work.ts";
import type { CostTable } from "../cost.ts";

/** Who owns a timer: told which of its timers ran out. */
export interface TimerHandler {
  onTimer(timer: KernelTimer): void;
}

const IDLE = 0;
const ARMED = 1;
const EXPIRED = 2;

/** One timer; made once by its owner and armed again and again (struct timer_list). */
export class KernelTimer {
  readonly handler: TimerHandler;
  /** The owner's own number for it, to tell several timers apart. */
  readonly code: number;
  /** Virtual time at which it runs out, when it is armed. */
  expires: number = WIDE_ZERO;
  state: typeof IDLE | typeof ARMED | typeof EXPIRED = IDLE;
  /** The event that will look at it, and when: at `expires`, or before it when the timer was moved or cancelled. */
  event: EventId = NO_EVENT;
  eventAt: number = WIDE_ZERO;
  /** Trace id of what armed it last. */
  cause: number = WIDE_ZERO;

  constructor(handler: TimerHandler, code = 0) {
    this.handler = handler;
    this.code = code;
  }

  get isPending(): boolean {
    return this.state !== IDLE;
  }
}

export class KernelTimers implements EventHandler, Work {
  readonly #engine: Engine;
  readonly #costs: CostTable;
  readonly #cpu: CpuPort;
  readonly #rank: Rank;
  readonly #expired = new Ring<KernelTimer>();
  #stopped = false;
  /** Timers armed now: zero on a machine that is taken apart. */
  armed = 0;

  /** @param machine the CPU that takes the timer interrupt, and the lane of its events. */
  constructor(engine: Engine, costs: CostTable, machine: { readonly cpu: CpuPort; readonly lane: Lane }) {
    this.#engine = engine;
    this.#costs = costs;
    this.#cpu = machine.cpu;
    this.#rank = rankOf(PHASES.timer, machine.lane);
  }

  /**
   * Arms the timer `span` ns from now; an armed one is moved (mod_timer). TCP moves its timers with every segment, and
   * nearly always further away: then the event in the queue stays where it is, and finds out when it comes.
   */
  arm(timer: KernelTimer, span: Nanoseconds): void {
    assert(span >= 0, "a timer runs out in the future");
    if (this.#stopped) return;
    if (timer.state !== ARMED) this.armed++;
    // One that has expired and waits for its softirq is moved too: its place in the ring goes stale by the state.
    timer.state = ARMED;
    timer.expires = this.#engine.now + span;
    timer.cause = this.#engine.cause;
    if (timer.event !== NO_EVENT && timer.eventAt <= timer.expires) return;
    this.#engine.cancel(timer.event);
    this.#schedule(timer, span);
  }

  /** Disarms it. @returns whether it was pending (del_timer). */
  cancel(timer: KernelTimer): boolean {
    if (timer.state === IDLE) return false;
    if (timer.state === ARMED) this.armed--;
    timer.state = IDLE;
    return true;
  }

  /** Disarms it for good: its owner goes, and nothing in the queue shall keep it. */
  release(timer: KernelTimer): void {
    this.cancel(timer);
    this.#engine.cancel(timer.event);
    timer.event = NO_EVENT;
  }

  #schedule(timer: KernelTimer, span: Nanoseconds): void {
    timer.eventAt = timer.expires;
    timer.event = this.#engine.after(span, this.#rank, this, 0, timer);
  }

  onEvent(_code: number, subject: unknown): void {
    const timer = subject as KernelTimer;
    timer.event = NO_EVENT;
    if (this.#stopped || timer.state !== ARMED) return;
    const left = timer.expires - this.#engine.now;
    if (left > 0) {
      this.#schedule(timer, left);
      return;
    }
    timer.state = EXPIRED;
    this.armed--;
    this.#engine.cause = timer.cause;
    this.#expired.push(timer);
    this.#cpu.raiseSoftirq(SOFTIRQ.TIMER);
  }

  stepCost(): Nanoseconds {
    return this.#costs.timer;
  }

  /** Runs one expired timer (run_timer_softirq). */
  step(): boolean {
    const timer = this.#expired.shift();
    if (timer !== undefined && timer.state === EXPIRED) {
      timer.state = IDLE;
      timer.handler.onTimer(timer);
    }
    return this.#expired.length > 0;
  }

  /** The machine has crashed: nothing runs out any more. */
  stop(): void {
    this.#stopped = true;
    this.#expired.clear();
  }
}
