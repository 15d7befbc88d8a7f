/**
 * The eleven states of RFC 9293, figure 5, with Linux's numbers (include/net/tcp_states.h), and the edges between them.
 * Linux keeps SYN-RECEIVED connections of listening sockets and TIME-WAIT ones in smaller records of their own
 * (request.ts, time-wait.ts); they show as the same states.
 */
import { assert } from "../../base/assert.ts";
import { KIND } from "../../contract/trace-event.ts";
import type { TcpSock } from "./tcp-sock.ts";

export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;
export type TcpState = (typeof TCP_STATE)[keyof typeof TCP_STATE];

/** As ss prints them, by number. */
export const TCP_STATE_NAMES: Readonly<Record<TcpState, string>> = {
  1: "ESTAB",
  2: "SYN-SENT",
  3: "SYN-RECV",
  4: "FIN-WAIT-1",
  5: "FIN-WAIT-2",
  6: "TIME-WAIT",
  7: "UNCONN",
  8: "CLOSE-WAIT",
  9: "LAST-ACK",
  10: "LISTEN",
  11: "CLOSING",
};

const {
  ESTABLISHED,
  SYN_SENT,
  SYN_RECV,
  FIN_WAIT1,
  FIN_WAIT2,
  TIME_WAIT,
  CLOSE,
  CLOSE_WAIT,
  LAST_ACK,
  LISTEN,
  CLOSING,
} = TCP_STATE;

/**
 * From each state to those that may follow it: figure 5, and CLOSED from everywhere (RST, time-out, abort). TIME_WAIT
 * is left to CLOSED by its own record. A socket becomes TIME_WAIT only for the instant in which that record is made.
 */
export const TCP_EDGES: Readonly<Record<TcpState, readonly TcpState[]>> = {
  [CLOSE]: [LISTEN, SYN_SENT, SYN_RECV],
  [LISTEN]: [CLOSE],
  [SYN_SENT]: [SYN_RECV, ESTABLISHED, CLOSE],
  // FIN_WAIT1 from SYN_RECV is figure 5's CLOSE call before the handshake is done. A FIN that comes with the ACK of our
  // SYN, or of our FIN, makes two steps: the ACK's is taken first, as section 3.10.7.4 has it.
  [SYN_RECV]: [ESTABLISHED, FIN_WAIT1, CLOSE],
  [ESTABLISHED]: [FIN_WAIT1, CLOSE_WAIT, CLOSE],
  [FIN_WAIT1]: [FIN_WAIT2, CLOSING, CLOSE],
  [FIN_WAIT2]: [TIME_WAIT, CLOSE],
  [CLOSE_WAIT]: [LAST_ACK, CLOSE],
  [CLOSING]: [TIME_WAIT, CLOSE],
  [LAST_ACK]: [CLOSE],
  [TIME_WAIT]: [CLOSE],
};

const SET_STATE = KIND["sock:inet_sock_set_state"];
const STEP = KIND["tcp:step"];

/**
 * The only writer of `tcp.state` (tcp_set_state). @param step what decided: a section of RFC 9293 (`3.10.7.4-fifth`),
 * a call (`3.10.1 OPEN`) or a timer, for the trace.
 */
export function setState(tcp: TcpSock, next: TcpState, step: string): void {
  const previous = tcp.state;
  if (previous === next) return;
  assert(TCP_EDGES[previous].includes(next), "the state diagram has that edge");
  const { trace, engine, snmp } = tcp.core;
  if (trace.active) {
    const cause = trace.record(STEP, 0, engine.cause, tcp.inode, trace.intern(step));
    trace.record(SET_STATE, 0, cause, tcp.inode, previous, next);
  }
  if (next === ESTABLISHED) snmp.tcp.CurrEstab++;
  else if (previous === ESTABLISHED && next !== CLOSE_WAIT) snmp.tcp.CurrEstab--;
  if (previous === CLOSE_WAIT) snmp.tcp.CurrEstab--;
  if (next === CLOSE && (previous === ESTABLISHED || previous === CLOSE_WAIT)) snmp.tcp.EstabResets++;
  tcp.state = next;
  // Nobody else is told of a socket that is closed; a close that waits by SO_LINGER is.
  if (tcp.isOrphan) tcp.waiters.wake();
}

/** Bit of a state, for sets of states: `stateBit(tcp.state) & (F1 | F2)`. */
export const stateBit = (state: TcpState): number => 1 << state;
