/** Promises that were rejected and that nobody has handled yet (HostPromiseRejectionTracker). */
import { REJECTIONS_MAX } from "./limits.ts";
import type { QuickJsInstance } from "./instance.ts";
import type { Box } from "./quickjs-exports.ts";

interface Rejection {
  /** Kept, so that its address stays its own. */
  readonly promise: Box;
  readonly reason: Box;
  readonly address: number;
}

export class Rejections {
  readonly #instance: QuickJsInstance;
  #open: Rejection[] = [];

  constructor(instance: QuickJsInstance) {
    this.#instance = instance;
  }

  /** The oldest reason. */
  get first(): Box | null {
    return this.#open[0]?.reason ?? null;
  }

  /** Takes both boxes over. */
  note(promise: Box, reason: Box, isHandled: boolean): void {
    const address = this.#instance.exports.qjs_get_value_ptr(promise);
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
