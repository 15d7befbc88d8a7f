/**
 * Congestion states and the reduction of cwnd in them: Proportional Rate Reduction, RFC 6937 with Linux's PRR-SSRB
 * choice of RFC 9937 (tcp_cwnd_reduction and around it in tcp_input.c). Windows are in segments.
 */
import { KIND } from "../../../contract/trace-event.ts";
import { FLAG } from "./ack-flags.ts";
import { currentSsthresh } from "../send/cwnd.ts";
import { cleanRetransmitStamp, isAnythingRetransmitted, isReno, leftOut, verifyLeftOut } from "./scoreboard.ts";
import { CA, ECN, INFINITE_SSTHRESH, type TcpSock } from "../tcp-sock.ts";

const CONG_STATE_SET = KIND["tcp:tcp_cong_state_set"];

/** The only writer of `tcp.caState` once the connection runs (tcp_set_ca_state). */
export function setCaState(tcp: TcpSock, state: number): void {
  const { trace, engine } = tcp.core;
  if (trace.active) trace.record(CONG_STATE_SET, 0, engine.cause, tcp.inode, state);
  tcp.cc.setState?.(tcp, state);
  tcp.caState = state;
}

/** In a state in which cwnd goes down step by step (tcp_in_cwnd_reduction). */
export const isInCwndReduction = (tcp: TcpSock): boolean => tcp.caState === CA.CWR || tcp.caState === CA.RECOVERY;

/** The next segment of new data says that the window was reduced (tcp_ecn_queue_cwr). */
export function queueCwr(tcp: TcpSock): void {
  if ((tcp.ecnFlags & ECN.OK) !== 0) tcp.ecnFlags |= ECN.QUEUE_CWR;
}

/** Takes the new ssthresh and starts PRR toward it (tcp_init_cwnd_reduction). */
export function initCwndReduction(tcp: TcpSock): void {
  tcp.highSeq = tcp.sndNxt;
  tcp.tlpActive = false;
  tcp.sndCwndCnt = 0;
  tcp.priorCwnd = tcp.sndCwnd;
  tcp.prrDelivered = 0;
  tcp.prrOut = 0;
  tcp.sndSsthresh = tcp.cc.ssthresh(tcp);
  queueCwr(tcp);
}

/** What the ACK brought, for PRR: segments. */
export interface Progress {
  readonly ackedSacked: number;
  readonly losses: number;
}

/** One step of the reduction (tcp_cwnd_reduction). @param flag FLAG bits of the ACK. */
export function reduceCwnd(tcp: TcpSock, progress: Progress, flag: number): void {
  if (progress.ackedSacked <= 0 || tcp.priorCwnd === 0) return;
  const room = tcp.sndSsthresh - tcp.inFlight;
  tcp.prrDelivered += progress.ackedSacked;
  let sendable: number;
  if (room < 0) {
    // More in flight than wanted: send ssthresh/prior_cwnd segments for each delivered.
    sendable = Math.ceil((tcp.sndSsthresh * tcp.prrDelivered) / tcp.priorCwnd) - tcp.prrOut;
  } else {
    // Less: catch up, one more than was delivered while all goes well.
    sendable = Math.max(tcp.prrDelivered - tcp.prrOut, progress.ackedSacked);
    if ((flag & FLAG.SND_UNA_ADVANCED) !== 0 && progress.losses === 0) sendable++;
    sendable = Math.min(room, sendable);
  }
  // Entering recovery always sends the fast retransmission.
  sendable = Math.max(sendable, tcp.prrOut > 0 ? 0 : 1);
  tcp.sndCwnd = tcp.inFlight + sendable;
}

/** The episode is over: cwnd becomes ssthresh, unless the reduction was undone (tcp_end_cwnd_reduction). */
export function endCwndReduction(tcp: TcpSock): void {
  if (tcp.sndSsthresh < INFINITE_SSTHRESH && (tcp.caState === CA.CWR || tcp.undoMarked)) {
    tcp.sndCwnd = tcp.sndSsthresh;
    tcp.sndCwndStampUs = tcp.nowUs;
  }
  tcp.cc.onEvent?.(tcp, "complete-cwr");
}

/** Reduces without a loss: ECN, or our own queue was full (tcp_enter_cwr). */
export function enterCwr(tcp: TcpSock): void {
  tcp.priorSsthresh = 0;
  if (tcp.caState >= CA.CWR) return;
  tcp.undoMarked = false;
  initCwndReduction(tcp);
  setCaState(tcp, CA.CWR);
}

/** Open, or Disorder while something is amiss (tcp_try_keep_open). */
export function tryKeepOpen(tcp: TcpSock): void {
  const state = leftOut(tcp) > 0 || isAnythingRetransmitted(tcp) ? CA.DISORDER : CA.OPEN;
  if (tcp.caState === state) return;
  setCaState(tcp, state);
  tcp.highSeq = tcp.sndNxt;
}

/** No recovery is due (tcp_try_to_open). */
export function tryToOpen(tcp: TcpSock, flag: number): void {
  verifyLeftOut(tcp);
  cleanRetransmitStamp(tcp);
  if ((flag & FLAG.ECE) !== 0) enterCwr(tcp);
  if (tcp.caState !== CA.CWR) tryKeepOpen(tcp);
}

/** Remembers where the episode begins and how many retransmissions D-SACKs must prove needless (tcp_init_undo). */
export function initUndo(tcp: TcpSock): void {
  tcp.undoMarker = tcp.sndUna;
  tcp.undoMarked = true;
  tcp.undoRetrans = tcp.retransOut;
  // A probe of ours that is still under way will bring a D-SACK too.
  if (tcp.tlpActive && tcp.tlpRetrans) tcp.undoRetrans++;
  // 0 means that all are proved needless: not before the first one.
  if (tcp.undoRetrans === 0) tcp.undoRetrans = -1;
}

/** Fast recovery begins (tcp_enter_recovery; RFC 5681, 3.2; RFC 6675, 5). */
export function enterRecovery(tcp: TcpSock, isEce: boolean): void {
  cleanRetransmitStamp(tcp);
  if (isReno(tcp)) tcp.core.snmp.tcpExt.TCPRenoRecovery++;
  else tcp.core.snmp.tcpExt.TCPSackRecovery++;
  tcp.priorSsthresh = 0;
  initUndo(tcp);
  if (!isInCwndReduction(tcp)) {
    if (!isEce) tcp.priorSsthresh = currentSsthresh(tcp);
    initCwndReduction(tcp);
  }
  setCaState(tcp, CA.RECOVERY);
}
