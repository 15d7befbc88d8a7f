/**
 * tcpdump's memory of TCP conversations: sequence numbers are shown relative to the first ones seen in a segment with
 * an ACK, or in the latest SYN+ACK. One entry serves both directions.
 */
import type { Ipv4Address } from "./address.ts";
import { PRINTER_FLOWS_MAX } from "./limits.ts";

export type SegmentNumbers = {
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly syn: boolean;
};

/** Numbers as shown, and the origin of those in SACK blocks. */
export type ShownNumbers = { readonly seq: number; readonly ack: number; readonly sackOrigin: number };

type Origin = { seq: number; ack: number };

export class SequenceOrigins {
  readonly #origins = new Map<string, Origin>();

  /** Flows remembered now; at the limit the oldest is forgotten. */
  get size(): number {
    return this.#origins.size;
  }

  /** For a segment with an ACK. The first of a flow, and each with a SYN, is shown with absolute numbers. */
  relate(segment: SegmentNumbers): ShownNumbers {
    const { source, target, sourcePort, targetPort, seq, ack } = segment;
    const reversed = sourcePort === targetPort ? source > target : sourcePort > targetPort;
    const forwards = `${source}.${sourcePort} ${target}.${targetPort}`;
    const key = reversed ? `${target}.${targetPort} ${source}.${sourcePort}` : forwards;
    const known = this.#origins.get(key);
    if (known === undefined || segment.syn) {
      const origin = reversed ? { seq: (ack - 1) >>> 0, ack: seq } : { seq, ack: (ack - 1) >>> 0 };
      this.#remember(key, origin);
      return { seq, ack, sackOrigin: reversed ? origin.seq : origin.ack };
    }
    const own = reversed ? known.ack : known.seq;
    const other = reversed ? known.seq : known.ack;
    return { seq: (seq - own) >>> 0, ack: (ack - other) >>> 0, sackOrigin: other };
  }

  #remember(key: string, origin: Origin): void {
    this.#origins.set(key, origin);
    if (this.#origins.size <= PRINTER_FLOWS_MAX) return;
    const oldest = this.#origins.keys().next();
    if (oldest.done !== true) this.#origins.delete(oldest.value);
  }
}
