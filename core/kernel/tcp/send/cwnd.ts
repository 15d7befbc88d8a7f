/**
 * The congestion window as the sender uses it (tcp_cwnd_test, tcp_cwnd_validate, tcp_cwnd_restart in tcp_output.c; RFC
 * 7661 in spirit): what it lets through, whether it was used up, and what remains of it after a pause. In segments.
 */
import { chronoStart } from "../chrono.ts";
import { seqBefore } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { CA, CHRONO, INIT_CWND, type TcpSock } from "../tcp-sock.ts";

/** Slow start threshold as it is now: a reduction under way leaves it (tcp_current_ssthresh). */
export function currentSsthresh(tcp: TcpSock): number {
  if (tcp.caState === CA.CWR || tcp.caState === CA.RECOVERY) return tcp.sndSsthresh;
  return Math.max(tcp.sndSsthresh, (tcp.sndCwnd >>> 1) + (tcp.sndCwnd >>> 2));
}

/** Segments that may be sent now: at most half of the window at a time, so that ACKs come back spread. */
export function cwndTest(tcp: TcpSock): number {
  const inFlight = tcp.inFlight;
  const cwnd = tcp.sndCwnd;
  if (inFlight >= cwnd) return 0;
  return Math.min(Math.max(cwnd >>> 1, 1), cwnd - inFlight);
}

/** Window at the start and after a long pause (tcp_init_cwnd, RFC 6928). */
export const initCwnd = (tcp: TcpSock): number => Math.min(tcp.route?.metrics.initCwnd || INIT_CWND, tcp.sndCwndClamp);

/** Whether the window keeps the sender from sending, so that it may grow (tcp_is_cwnd_limited). */
export function isCwndLimited(tcp: TcpSock): boolean {
  if (tcp.isCwndLimited) return true;
  // In slow start it is enough that half of it was used: otherwise a sender in bursts never gets out of it.
  return tcp.sndCwnd < tcp.sndSsthresh && tcp.sndCwnd < 2 * tcp.maxPacketsOut;
}

/** After something was sent, or could not be: notes whether the window was what limits (tcp_cwnd_validate). */
export function cwndValidate(tcp: TcpSock, isLimited: boolean): void {
  if (
    isLimited ||
    !seqBefore(tcp.sndUna, tcp.cwndUsageSeq) ||
    (!tcp.isCwndLimited && tcp.packetsOut > tcp.maxPacketsOut)
  ) {
    tcp.isCwndLimited = isLimited;
    tcp.maxPacketsOut = tcp.packetsOut;
    tcp.cwndUsageSeq = tcp.sndNxt;
  }
  if (isCwndLimited(tcp)) {
    tcp.sndCwndUsed = 0;
    tcp.sndCwndStampUs = tcp.nowUs;
    return;
  }
  if (tcp.packetsOut > tcp.sndCwndUsed) tcp.sndCwndUsed = tcp.packetsOut;
  if (tcp.tcp.sysctls.slowStartAfterIdle !== 0 && tcp.nowUs - tcp.sndCwndStampUs >= tcp.rtoUs) {
    applicationLimited(tcp);
  }
  // All is sent, the window is open, and the program waits: the send buffer is what limits.
  const isOpen = tcp.state === TCP_STATE.ESTABLISHED || tcp.state === TCP_STATE.CLOSE_WAIT;
  if (tcp.writeQueue.length === 0 && tcp.noSpace && isOpen) chronoStart(tcp, CHRONO.SNDBUF_LIMITED);
}

/** The program did not use the window for an RTO: it is halfway back to what was used (RFC 2861). */
function applicationLimited(tcp: TcpSock): void {
  if (tcp.caState === CA.OPEN && !tcp.isOrphan && !tcp.noSpace) {
    const used = Math.max(tcp.sndCwndUsed, initCwnd(tcp));
    if (used < tcp.sndCwnd) {
      tcp.sndSsthresh = currentSsthresh(tcp);
      tcp.sndCwnd = (tcp.sndCwnd + used) >>> 1;
    }
    tcp.sndCwndUsed = 0;
  }
  tcp.sndCwndStampUs = tcp.nowUs;
}

/** After a pause of `spanUs` the window is halved for each RTO of it, down to the initial one (tcp_cwnd_restart). */
export function cwndRestart(tcp: TcpSock, spanUs: number): void {
  tcp.cc.onEvent?.(tcp, "cwnd-restart");
  tcp.sndSsthresh = currentSsthresh(tcp);
  const least = Math.min(initCwnd(tcp), tcp.sndCwnd);
  let cwnd = tcp.sndCwnd;
  for (let left = spanUs - tcp.rtoUs; left > 0 && cwnd > least; left -= tcp.rtoUs) cwnd >>>= 1;
  tcp.sndCwnd = Math.max(cwnd, least);
  tcp.sndCwndStampUs = tcp.nowUs;
  tcp.sndCwndUsed = 0;
}

/** New data is about to be sent: does it come after a pause (tcp_slow_start_after_idle_check)? */
export function checkIdle(tcp: TcpSock): void {
  if (tcp.packetsOut > 0 || tcp.tcp.sysctls.slowStartAfterIdle === 0) return;
  const idleUs = tcp.nowUs - tcp.lastSendUs;
  if (idleUs > tcp.rtoUs) cwndRestart(tcp, idleUs);
}
