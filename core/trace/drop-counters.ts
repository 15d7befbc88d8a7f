/** Packets that died at one place (a machine, a direction of a cable, a port), by reason. */
import { DROP_REASONS, dropReasonNumber, type DropReason } from "../contract/drop-reason.ts";

export class DropCounters {
  /** Made at the first loss: most places of a large lab never see one. */
  #counts: Float64Array | null = null;
  /** Sum over all reasons. */
  total = 0;

  count(reason: DropReason, packets = 1): void {
    this.#counts ??= new Float64Array(DROP_REASONS.length);
    const at = dropReasonNumber(reason);
    this.#counts[at] = (this.#counts[at] as number) + packets;
    this.total += packets;
  }

  of(reason: DropReason): number {
    return this.#counts?.[dropReasonNumber(reason)] ?? 0;
  }

  /** Reasons that occurred, in the order of their numbers. */
  entries(): [reason: DropReason, count: number][] {
    if (this.#counts === null) return [];
    return DROP_REASONS.map((reason): [DropReason, number] => [reason, this.of(reason)]).filter(([, n]) => n > 0);
  }
}
