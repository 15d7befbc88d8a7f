/**
 * The retransmission time-out (tcp_retransmit_timer in tcp_timer.c; RFC 6298, 5.4-5.7): everything outstanding counts
 * as lost, the first segment goes again, and the next time-out is twice as long.
 */
import { clampToUserTimeout, isWriteTimedOut, retransmitsTimedOut } from "../close/give-up.ts";
import { RESOURCE_PROBE_US } from "../send/probe.ts";
import { enterLoss } from "./recovery.ts";
import { retransmitSegment } from "./retransmit.ts";
import { setRto } from "./rtt.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import { forgetRoute } from "../tcp-route.ts";
import { CA, INFINITE_SSTHRESH, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer, rtoMaxUs } from "../timer-arm.ts";
import { writeError } from "../close/write-error.ts";

const HANDSHAKE = stateBit(TCP_STATE.SYN_SENT) | stateBit(TCP_STATE.SYN_RECV);
/** A stream with fewer packets in flight is thin, and is not backed off so often (TCP_THIN_LINEAR_RETRIES). */
const THIN_PACKETS = 4;
const THIN_RETRIES = 6;

/** Nothing was acknowledged for an RTO. */
export function retransmitTimeout(tcp: TcpSock): void {
  // A server that took data from a SYN repeats nothing but its SYN-ACK, on the timer of the request.
  if (tcp.packetsOut === 0 || tcp.rtxQueue.first === null || tcp.fastopenRequest !== null) return;
  const isHandshake = (stateBit(tcp.state) & HANDSHAKE) !== 0;
  if (tcp.sndWnd === 0 && !tcp.isOrphan && !isHandshake) {
    if (!probeByRetransmission(tcp)) return;
  } else {
    const { tcpExt } = tcp.core.snmp;
    tcpExt.TCPTimeouts++;
    if (isWriteTimedOut(tcp)) {
      writeError(tcp);
      return;
    }
    countFailure(tcp);
    enterLoss(tcp);
    tcp.retransmits++;
    tcp.totalRto++;
    const head = tcp.rtxQueue.first;
    if (head !== null && retransmitSegment(tcp, head, 1) > 0) {
      // Our own queue is full: no sign from the network, so no back-off.
      armWriteTimer(tcp, WRITE_TIMER.RETRANS, RESOURCE_PROBE_US);
      return;
    }
  }
  backOff(tcp);
  armWriteTimer(tcp, WRITE_TIMER.RETRANS, clampToUserTimeout(tcp));
  if (retransmitsTimedOut(tcp, tcp.tcp.sysctls.retries1 + 1, 0)) forgetRoute(tcp);
}

/**
 * The peer has taken back its window: the retransmission is a probe, and the connection lives as long as the peer
 * answers. @returns whether it goes on.
 */
function probeByRetransmission(tcp: TcpSock): boolean {
  const head = tcp.rtxQueue.first;
  if (head === null) return false;
  const since = tcp.retransStampUs > 0 ? tcp.retransStampUs : head.sentAtUs;
  if (isProbeTimedOut(tcp, tcp.nowUs - since)) {
    writeError(tcp);
    return false;
  }
  enterLoss(tcp);
  retransmitSegment(tcp, head, 1);
  forgetRoute(tcp);
  return true;
}

/** tcp_rtx_probe0_timed_out. */
function isProbeTimedOut(tcp: TcpSock, retransmittedUs: number): boolean {
  let timeout = rtoMaxUs(tcp) * 2;
  const userTimeoutUs = tcp.options.userTimeoutMs * 1000;
  if (userTimeoutUs > 0) {
    // Its answers of "window 0" are no progress.
    if (retransmittedUs > userTimeoutUs) return true;
    timeout = Math.min(timeout, userTimeoutUs);
  }
  return tcp.nowUs - tcp.rcvTstampUs > timeout && retransmittedUs > timeout;
}

/** The first time-out of a series: what was going on is what has failed. */
function countFailure(tcp: TcpSock): void {
  if (tcp.retransmits > 0) return;
  const { tcpExt } = tcp.core.snmp;
  const hasSack = tcp.rxOpt.sackOk;
  if (tcp.caState === CA.RECOVERY) {
    if (hasSack) tcpExt.TCPSackRecoveryFail++;
    else tcpExt.TCPRenoRecoveryFail++;
  } else if (tcp.caState === CA.LOSS) tcpExt.TCPLossFailures++;
  else if (tcp.caState === CA.DISORDER || tcp.sackedOut > 0) {
    if (hasSack) tcpExt.TCPSackFailures++;
    else tcpExt.TCPRenoFailures++;
  }
}

function backOff(tcp: TcpSock): void {
  const { thinLinearTimeouts, synLinearTimeouts } = tcp.tcp.sysctls;
  const isThin = tcp.packetsOut < THIN_PACKETS && tcp.sndSsthresh < INFINITE_SSTHRESH;
  if (
    tcp.state === TCP_STATE.ESTABLISHED &&
    (tcp.options.thinLinearTimeouts || thinLinearTimeouts !== 0) &&
    isThin &&
    tcp.retransmits <= THIN_RETRIES
  ) {
    tcp.backoff = 0;
    setRto(tcp);
    tcp.rtoUs = Math.max(tcp.rtoUs, tcp.rtoMinUs);
  } else if (tcp.state !== TCP_STATE.SYN_SENT || tcp.totalRto > synLinearTimeouts) {
    // The first SYNs go at even intervals.
    tcp.backoff++;
    tcp.rtoUs = Math.min(tcp.rtoUs * 2, rtoMaxUs(tcp));
  }
}
