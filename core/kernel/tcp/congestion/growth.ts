/** Growth of cwnd that algorithms share (tcp_cong.c): slow start and additive increase, counted in segments. */
import type { TcpSock } from "../tcp-sock.ts";

export const isInSlowStart = (tcp: TcpSock): boolean => tcp.sndCwnd < tcp.sndSsthresh;

/** One segment more for each acknowledged, up to ssthresh. @returns the segments left over (tcp_slow_start). */
export function slowStart(tcp: TcpSock, acked: number): number {
  const cwnd = Math.min(tcp.sndCwnd + acked, tcp.sndSsthresh);
  const left = acked - (cwnd - tcp.sndCwnd);
  tcp.sndCwnd = Math.min(cwnd, tcp.sndCwndClamp);
  return left;
}

/** One segment more for every `perSegment` acknowledged (tcp_cong_avoid_ai; RFC 5681, 3.1 with perSegment = cwnd). */
export function additiveIncrease(tcp: TcpSock, perSegment: number, acked: number): void {
  // Credit gathered when the step was larger counts once only, or cwnd would leap.
  if (tcp.sndCwndCnt >= perSegment) {
    tcp.sndCwndCnt = 0;
    tcp.sndCwnd++;
  }
  tcp.sndCwndCnt += acked;
  if (tcp.sndCwndCnt >= perSegment) {
    const steps = Math.floor(tcp.sndCwndCnt / perSegment);
    tcp.sndCwndCnt -= steps * perSegment;
    tcp.sndCwnd += steps;
  }
  tcp.sndCwnd = Math.min(tcp.sndCwnd, tcp.sndCwndClamp);
}

/** Half of cwnd, at least 2 (tcp_reno_ssthresh). */
export const halfWindow = (tcp: TcpSock): number => Math.max(tcp.sndCwnd >>> 1, 2);
