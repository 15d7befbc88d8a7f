/** Being written: signatures first. */
import type { EventHandler } from "../../engine/event-queue.ts";
import type { KernelCore } from "../core.ts";
import type { CpuContext, CpuPort, IrqLine, SoftirqVector, Task, Work } from "./work.ts";

export declare class Cpu implements CpuPort, EventHandler {
  constructor(core: KernelCore, index: number);
  readonly index: number;
  get context(): CpuContext;
  charge(cost: number): void;
  raiseIrq(line: IrqLine): void;
  raiseSoftirq(vector: SoftirqVector): void;
  wake(task: Task): void;
  require(context: CpuContext): void;
  registerSoftirq(vector: SoftirqVector, work: Work): void;
  freeze(): void;
  thaw(): void;
  halt(): void;
  onEvent(code: number, subject: unknown): void;
}
