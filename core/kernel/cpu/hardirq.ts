/**
 * Hard interrupts of one CPU: lines wait in the order they were raised, each at most once (a level-triggered line has
 * one state). Left out: nested interrupts, priorities among lines, and the controller's own masks: a device that masks
 * its interrupt does not raise it.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import { IRQ_LINES_MAX } from "./limits.ts";
import type { IrqLine } from "./work.ts";

export class HardIrqs {
  /** Lines that were ever raised, by interrupt number. */
  readonly #lines: (IrqLine | undefined)[] = [];
  readonly #pending = new Ring<IrqLine>();
  /** The one whose handler runs or is suspended. */
  current: IrqLine | null = null;

  get hasWork(): boolean {
    return this.current !== null || this.#pending.length > 0;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  raise(line: IrqLine): void {
    if (line.isPending) return;
    if (line.taken === 0) this.#register(line);
    line.isPending = true;
    this.#pending.push(line);
  }

  /** Makes the longest waiting line the current one. */
  take(): IrqLine {
    const line = this.#pending.shift();
    assert(line !== undefined && this.current === null, "a pending interrupt is taken when none is handled");
    line.isPending = false;
    line.taken++;
    this.current = line;
    return line;
  }

  /** One that was taken as it was raised, and is over. */
  count(line: IrqLine): void {
    if (line.taken === 0) this.#register(line);
    line.taken++;
  }

  /** Lines that ever fired, in order of their numbers. */
  lines(): IrqLine[] {
    return this.#lines.filter((line) => line !== undefined);
  }

  clear(): void {
    this.#pending.clear();
    this.current = null;
    for (const line of this.lines()) line.isPending = false;
  }

  #register(line: IrqLine): void {
    assert(line.irq >= 0 && line.irq < IRQ_LINES_MAX, "interrupt numbers are small");
    const known = this.#lines[line.irq];
    assert(known === undefined || known === line, "an interrupt number belongs to one line");
    this.#lines[line.irq] = line;
  }
}
