/** Promises that were rejected and that nobody has handled yet (HostPromiseRejectionTracker). */
import { REJECTIONS_MAX } from "./limits.ts";
import type { EngineInstance } from "./instance.ts";
import type { Box } from "./engine-exports.ts";

interface Rejection {
  /** Kept, so that its address stays its own. */
  readonly promise: Box;
  readonly reason: Box;
  readonly address: number;
}

export class Rejections {
  readonly #instance: EngineInstance;
  #open: Rejection[] = [];

  constructor(instance: EngineInstance) {
    this.#instance = instance;
  }

  /** The oldest reason. */
  get first(): Box | null {
    return this.#open[0]?.reason ?? null;
  }

  /** Takes both boxes over. @param address of the promise. */
  note(address: number, promise: Box, reason: Box, isHandled: boolean): void {
    if (!isHandled && this.#open.length < REJECTIONS_MAX) {
      this.#open.push({ promise, reason, address });
      return;
    }
    this.#free({ promise, reason });
    const handled = this.#open.find((rejection) => rejection.address === address);
    if (!isHandled || handled === undefined) return;
    this.#open = this.#open.filter((rejection) => rejection !== handled);
    this.#free(handled);
  }

  #free({ promise, reason }: Pick<Rejection, "promise" | "reason">): void {
    this.#instance.free(promise);
    this.#instance.free(reason);
  }
}
