/**
 * What a listener has under way (struct request_sock_queue and its fast open queue): requests that wait for the ACK of
 * our SYN, connections that wait for accept, and fast open connections whose handshake is not finished.
 */
import { Ring } from "../../../base/ring.ts";
import type { RequestSock } from "./request-sock.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** us for which a fast open connection that was reset keeps its place: a defence against forged addresses. */
export const FASTOPEN_HOLD_US = 60_000_000;

export class AcceptQueue {
  /** listen's backlog, at most net.core.somaxconn (sk_max_ack_backlog). */
  backlog: number;
  /** The SYN queue. */
  readonly requests = new Set<RequestSock>();
  /** Requests whose SYN-ACK has not been sent again yet. */
  young = 0;
  readonly #ready = new Ring<TcpSock>();
  /** Fast open connections in SYN_RECV, and places that resets hold. */
  fastopenLength = 0;
  /** Requests of fast open connections that were reset, oldest first. */
  readonly fastopenHeld: RequestSock[] = [];
  /** When this listener last answered with a cookie, us; null never (tcp_synq_overflow). */
  overflowAtUs: number | null = null;
  warned = false;

  constructor(backlog: number) {
    this.backlog = backlog;
  }

  /** Connections that wait for accept (sk_ack_backlog). */
  get length(): number {
    return this.#ready.length;
  }

  /** sk_acceptq_is_full: one more than the backlog fits, as in BSD. */
  get isFull(): boolean {
    return this.#ready.length > this.backlog;
  }

  /** inet_csk_reqsk_queue_is_full. */
  get areRequestsFull(): boolean {
    return this.requests.size >= this.backlog;
  }

  add(request: RequestSock): void {
    this.requests.add(request);
    this.young++;
  }

  /** @returns whether it was there. */
  remove(request: RequestSock): boolean {
    if (!this.requests.delete(request)) return false;
    if (request.numTimeout === 0) this.young--;
    return true;
  }

  push(connection: TcpSock): void {
    this.#ready.push(connection);
  }

  shift(): TcpSock | null {
    return this.#ready.shift() ?? null;
  }
}
