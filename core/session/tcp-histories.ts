/**
 * TCP connections over time, out of the trace's tcp:* events: what the TCP view plots. Kept for every connection from
 * its first segment, so that a view that is opened late shows all of it. Bounded: a long history loses every other
 * point, and the connection that changed longest ago goes when there are too many.
 */
import type { TcpSeries, TcpSocketRow } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import { formatIpv4, type Ipv4Address } from "../wire/address.ts";
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
  "tcp:connection",
  "sock:inet_sock_set_state",
];

export class TcpHistories {
  /** By node and socket; the one that changed last is last. */
  readonly #histories = new Map<string, TcpHistory>();

  onEvent(event: TraceEvent): void {
    const key = keyOf(event.place, Number(event.fields["sock"] ?? event.fields["socket"]));
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

  /** Connections that no program holds any more and that are not among `live`. Of the local address nothing is kept. */
  gone(live: readonly TcpSocketRow[]): TcpSocketRow[] {
    const known = new Set(live.map(({ node, socket }) => keyOf(node, socket)));
    return [...this.#histories].flatMap(([key, { peer, state }]): TcpSocketRow[] => {
      if (known.has(key) || peer === null) return [];
      const [node = "", socket = ""] = key.split(" ");
      return [
        {
          ...{ node, socket: Number(socket), state, command: "" },
          local: `${node}:${peer.localPort}`,
          peer: `${formatIpv4(peer.address as Ipv4Address)}:${peer.port}`,
        },
      ];
    });
  }

  /** What came since `since`, which is 0 or the last answer's `next`. */
  series(node: string, socket: number, since: number): TcpSeries {
    return (this.#histories.get(keyOf(node, socket)) ?? new TcpHistory()).series(since);
  }
}

const keyOf = (node: string, socket: number): string => `${node} ${socket}`;
