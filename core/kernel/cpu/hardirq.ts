/**
 * Hard interrupts of one CPU: lines wait in the order they were raised, each at most once (a level-triggered line has
 * one state). Left out: nested interrupts, priorities among lines, and the controller's own masks: a device that masks
 * its interrupt does not raise it.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import { IRQ_LINES_MAX } from "./limits.ts";
import type { IrqLine } from "./work.ts";

/** One line as the CPU knows it. */
export class IrqState {
  readonly line: IrqLine;
  isPending = false;
  /** Interrupts taken, for /proc/interrupts. */
  count = 0;

  constructor(line: IrqLine) {
    this.line = line;
  }
}

export class HardIrqs {
  /** By interrupt number. */
  readonly #states: (IrqState | undefined)[] = [];
  readonly #pending = new Ring<IrqState>();
  /** The handler that runs or is suspended. */
  current: IrqState | null = null;

  get hasWork(): boolean {
    return this.current !== null || this.#pending.length > 0;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  raise(line: IrqLine): void {
    const state = this.#states[line.irq] ?? this.#register(line);
    assert(state.line === line, "an interrupt number belongs to one line");
    if (state.isPending) return;
    state.isPending = true;
    this.#pending.push(state);
  }

  /** Makes the longest waiting line the current one. */
  take(): IrqState {
    const state = this.#pending.shift();
    assert(state !== undefined && this.current === null, "a pending interrupt is taken when none is handled");
    state.isPending = false;
    state.count++;
    this.current = state;
    return state;
  }

  /** Lines that ever fired, in order of their numbers. */
  states(): IrqState[] {
    return this.#states.filter((state) => state !== undefined);
  }

  clear(): void {
    this.#pending.clear();
    this.current = null;
    for (const state of this.states()) state.isPending = false;
  }

  #register(line: IrqLine): IrqState {
    assert(line.irq >= 0 && line.irq < IRQ_LINES_MAX, "interrupt numbers are small");
    const state = new IrqState(line);
    this.#states[line.irq] = state;
    return state;
  }
}
