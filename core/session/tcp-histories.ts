/**
 * TCP connections over time, out of the trace's tcp:* events: what the TCP view plots. Kept for every connection from
 * its first segment, so that a view that is opened late shows all of it. Bounded: a long history loses every other
 * point, and the connection that changed longest ago goes when there are too many.
 */
import type { TcpSeries } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import { TCP_HISTORIES_MAX } from "./limits.ts";
import { TcpHistory } from "./tcp-history.ts";

/** Kinds that must be recorded for it. */
export const TCP_KINDS: readonly TraceEventName[] = [
  "tcp:step",
  "tcp:tcp_probe",
  "tcp:sender",
  "tcp:sender_buffer",
  "tcp:rtt",
  "tcp:in_flight",
  "tcp:tcp_retransmit_skb",
  "sock:inet_sock_set_state",
];

export class TcpHistories {
  /** By node and socket; the one that changed last is last. */
  readonly #histories = new Map<string, TcpHistory>();

  onEvent(event: TraceEvent): void {
    const key = `${event.place} ${event.fields["sock"] ?? event.fields["socket"]}`;
    const known = this.#histories.get(key);
    const history = known ?? new TcpHistory();
    history.add(event);
    if (known !== undefined) this.#histories.delete(key);
    else if (this.#histories.size >= TCP_HISTORIES_MAX) {
      const [oldest] = this.#histories.keys();
      this.#histories.delete(oldest ?? "");
    }
    this.#histories.set(key, history);
  }

  /** What came since `since`, which is 0 or the last answer's `next`. */
  series(node: string, socket: number, since: number): TcpSeries {
    return (this.#histories.get(`${node} ${socket}`) ?? new TcpHistory()).series(since);
  }
}
