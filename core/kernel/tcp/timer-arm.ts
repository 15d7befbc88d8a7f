/**
 * Arming and clearing a connection's timers (Linux inet_csk_reset_xmit_timer and its relatives): no decisions, so that
 * every part of TCP may import this. What happens when one runs out is in tcp-timers.ts and acknowledge.ts.
 * Spans in us are rounded up to whole ms where Linux counts in jiffies (HZ=1000).
 */
import { KernelTimer } from "../timer/timers.ts";
import { TIMER, type TcpSock } from "./tcp-sock.ts";

/** Bits of `ackPending` (enum inet_csk_ack_state_t). */
export const ACK_SCHED = 1;
export const ACK_TIMER = 2;
export const ACK_PUSHED = 4;
export const ACK_PUSHED2 = 8;
/** To be sent as soon as somebody looks (ICSK_ACK_NOW). */
export const ACK_NOW = 16;
/** The segment was dropped for want of memory. */
export const ACK_NOMEM = 32;

const MS_NS = 1_000_000;

/** Whole ms that a span of us takes, as ns. */
const jiffies = (spanUs: number): number => Math.max(0, Math.ceil(spanUs / 1000)) * MS_NS;

/** Longest retransmission time-out, us (tcp_rto_max). */
export const rtoMaxUs = (tcp: TcpSock): number => tcp.tcp.sysctls.rtoMaxMs * 1000;

/** us until pacing lets the next packet go, in whole ms as Linux rounds it here (tcp_pacing_delay). */
function pacingDelayUs(tcp: TcpSock): number {
  const delay = tcp.pacingAtNs - tcp.core.engine.now;
  return delay > 0 ? Math.floor(delay / MS_NS) * 1000 : 0;
}

/** The write timer runs out in `spanUs`, for that WRITE_TIMER kind; there is one of them at a time. */
export function armWriteTimer(tcp: TcpSock, kind: number, spanUs: number): void {
  tcp.writeTimerKind = kind;
  const span = Math.min(spanUs + pacingDelayUs(tcp), rtoMaxUs(tcp));
  tcp.core.timers.arm(tcp.writeTimer, jiffies(span));
}

export function clearWriteTimer(tcp: TcpSock): void {
  tcp.writeTimerKind = 0;
  tcp.core.timers.cancel(tcp.writeTimer);
}

/** The delayed ACK is due in `spanUs` (inet_csk_reset_xmit_timer with ICSK_TIME_DACK). */
export function armDelack(tcp: TcpSock, spanUs: number): void {
  const span = jiffies(Math.min(spanUs, rtoMaxUs(tcp)));
  tcp.ackPending |= ACK_TIMER;
  tcp.ackTimeoutUs = tcp.nowUs + span / 1000;
  tcp.core.timers.arm(tcp.delackTimer, span);
}

/** No ACK is owed any more (inet_csk_clear_xmit_timer with ICSK_TIME_DACK). */
export function clearDelack(tcp: TcpSock): void {
  tcp.ackPending = 0;
  tcp.ackRetry = 0;
  tcp.core.timers.cancel(tcp.delackTimer);
}

/** inet_csk_reset_keepalive_timer. Also the timer of FIN_WAIT2. */
export function armKeepalive(tcp: TcpSock, spanUs: number): void {
  tcp.keepaliveTimer ??= new KernelTimer(tcp, TIMER.KEEPALIVE);
  tcp.core.timers.arm(tcp.keepaliveTimer, jiffies(spanUs));
}

export function clearKeepalive(tcp: TcpSock): void {
  if (tcp.keepaliveTimer !== null) tcp.core.timers.cancel(tcp.keepaliveTimer);
}

/** High-resolution: ns, not rounded. */
export function armCompressedAck(tcp: TcpSock, spanNs: number): void {
  tcp.compressedAckTimer ??= new KernelTimer(tcp, TIMER.COMPRESSED_ACK);
  tcp.core.timers.arm(tcp.compressedAckTimer, spanNs);
}

export function clearCompressedAck(tcp: TcpSock): void {
  tcp.compressedAck = 0;
  if (tcp.compressedAckTimer !== null) tcp.core.timers.cancel(tcp.compressedAckTimer);
}

export function armPacing(tcp: TcpSock, spanNs: number): void {
  tcp.pacingTimer ??= new KernelTimer(tcp, TIMER.PACING);
  tcp.core.timers.arm(tcp.pacingTimer, Math.ceil(spanNs));
}

/** All of them (tcp_clear_xmit_timers), for good: nothing of this connection runs out any more. */
export function clearTimers(tcp: TcpSock): void {
  const { timers } = tcp.core;
  clearWriteTimer(tcp);
  clearDelack(tcp);
  timers.release(tcp.writeTimer);
  timers.release(tcp.delackTimer);
  if (tcp.keepaliveTimer !== null) timers.release(tcp.keepaliveTimer);
  if (tcp.pacingTimer !== null) timers.release(tcp.pacingTimer);
  if (tcp.compressedAckTimer !== null) timers.release(tcp.compressedAckTimer);
  tcp.compressedAck = 0;
  tcp.isThrottled = false;
}
