/**
 * Quick and interactive ("pingpong") acknowledgment modes: the counters of struct inet_connection_sock's icsk_ack, as
 * tcp_input.c and inet_connection_sock.h handle them. A connection begins in quick mode, so that the peer's slow start
 * is not held up by delayed ACKs; a program that answers makes it interactive, so that ACKs ride on the answers.
 * No sending here: every part of TCP may import this.
 */
import type { TcpSock } from "../tcp-sock.ts";
import { ACK_SCHED } from "../timer-arm.ts";

/** ACKs sent at once in a row, at most (TCP_MAX_QUICKACKS). */
export const QUICKACKS_MAX = 16;
/** Least span of a delayed ACK, us (TCP_ATO_MIN, TCP_DELACK_MIN: 40 ms), and the longest (TCP_DELACK_MAX: 200 ms). */
export const ATO_MIN_US = 40_000;
export const DELACK_MAX_US = 200_000;
/** Answers after which a connection counts as interactive (net.ipv4.tcp_pingpong_thresh's default). */
const PINGPONG_THRESHOLD = 1;
const PINGPONG_MAX = 255;

/** An ACK is owed (inet_csk_ack_scheduled, inet_csk_schedule_ack). */
export const ackScheduled = (tcp: TcpSock): boolean => (tcp.ackPending & ACK_SCHED) !== 0;
export function scheduleAck(tcp: TcpSock): void {
  tcp.ackPending |= ACK_SCHED;
}

export const inPingpongMode = (tcp: TcpSock): boolean => tcp.ackPingpong >= PINGPONG_THRESHOLD;

export function enterPingpongMode(tcp: TcpSock): void {
  tcp.ackPingpong = PINGPONG_THRESHOLD;
}

export function exitPingpongMode(tcp: TcpSock): void {
  tcp.ackPingpong = 0;
}

/** The program answered within the delayed ACK's span (inet_csk_inc_pingpong_cnt). */
export function incPingpong(tcp: TcpSock): void {
  if (tcp.ackPingpong < PINGPONG_MAX) tcp.ackPingpong++;
}

/** tcp_in_quickack_mode. */
export const inQuickackMode = (tcp: TcpSock): boolean => tcp.ackQuick > 0 && !inPingpongMode(tcp);

/** At least as many quick ACKs as half of the window has segments, `most` at most (tcp_incr_quickack). */
export function incQuickack(tcp: TcpSock, most: number): void {
  const half = Math.floor(tcp.rcvWnd / (2 * tcp.ackRcvMss));
  const quick = Math.min(half > 0 ? half : 2, most);
  if (quick > tcp.ackQuick) tcp.ackQuick = quick;
}

/** Something is amiss, such as a retransmission: the next `most` ACKs do not wait (tcp_enter_quickack_mode). */
export function enterQuickack(tcp: TcpSock, most: number): void {
  incQuickack(tcp, most);
  exitPingpongMode(tcp);
  tcp.ackAtoUs = ATO_MIN_US;
}

/** A segment with ACK leaves (tcp_dec_quickack_mode). Call before the ACK is no longer owed. */
export function decQuickack(tcp: TcpSock): void {
  if (tcp.ackQuick === 0) return;
  const sent = ackScheduled(tcp) ? 1 : 0;
  if (sent >= tcp.ackQuick) {
    tcp.ackQuick = 0;
    // The end of quick mode is no reason to wait longer than at its begin.
    tcp.ackAtoUs = ATO_MIN_US;
  } else tcp.ackQuick -= sent;
}
