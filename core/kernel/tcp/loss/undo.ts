/**
 * Undoing a reduction that proves needless: every retransmission of the episode was reported as a duplicate (D-SACK,
 * RFC 2883, RFC 3708), or an echoed timestamp shows that the original arrived (Eifel, RFC 3522). tcp_try_undo_* and
 * tcp_undo_cwnd_reduction of tcp_input.c.
 */
import { ECN, CA, type TcpSock } from "../tcp-sock.ts";
import { setCaState, tryKeepOpen } from "./cwr.ts";
import { RACK_RECOVERY_THRESH, unmarkLost } from "./rack.ts";
import { checkSackReordering } from "./reordering.ts";
import { cleanRetransmitStamp, isReno } from "./scoreboard.ts";
import { seqBefore, type Seq } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";

/** The echoed timestamp is from before `timeUs` (tcp_tsopt_ecr_before): what arrived had been sent before that. */
export function echoIsBefore(tcp: TcpSock, timeUs: number): boolean {
  const rx = tcp.rxOpt;
  return rx.sawTstamp && rx.rcvTsecr !== 0 && ((rx.rcvTsecr - Math.floor(timeUs / 1000)) | 0) < 0;
}

/** What was taken for lost was only late (tcp_packet_delayed). */
function isPacketDelayed(tcp: TcpSock): boolean {
  if (tcp.retransStampUs !== 0) return echoIsBefore(tcp, tcp.retransStampUs);
  // 0 means that nothing was retransmitted, except where it was cleared although something had been.
  if (isReno(tcp) && !seqBefore(tcp.sndUna, tcp.highSeq)) return false;
  return tcp.state !== TCP_STATE.SYN_SENT;
}

const mayUndo = (tcp: TcpSock): boolean => tcp.undoMarked && (tcp.undoRetrans === 0 || isPacketDelayed(tcp));

/** Takes cwnd and ssthresh back to before the episode (tcp_undo_cwnd_reduction). */
function undoReduction(tcp: TcpSock, unmark: boolean): void {
  if (unmark) unmarkLost(tcp);
  if (tcp.priorSsthresh !== 0) {
    tcp.sndCwnd = tcp.cc.undoCwnd(tcp);
    if (tcp.priorSsthresh > tcp.sndSsthresh) {
      tcp.sndSsthresh = tcp.priorSsthresh;
      tcp.ecnFlags &= ~ECN.QUEUE_CWR;
    }
  }
  tcp.sndCwndStampUs = tcp.nowUs;
  tcp.undoMarked = false;
  // What is really lost must be found again.
  tcp.rack.advanced = true;
}

/**
 * Without SACK the state is held until more than the episode is acknowledged: duplicates of it would start another
 * (RFC 6582; tcp_is_non_sack_preventing_reopen).
 */
function holdsState(tcp: TcpSock): boolean {
  if (tcp.sndUna !== tcp.highSeq || !isReno(tcp)) return false;
  cleanRetransmitStamp(tcp);
  return true;
}

/** The episode is all acknowledged. @returns whether the state is held on (tcp_try_undo_recovery). */
export function tryUndoRecovery(tcp: TcpSock): boolean {
  const { tcpExt } = tcp.core.snmp;
  if (mayUndo(tcp)) {
    undoReduction(tcp, false);
    if (tcp.caState === CA.LOSS) tcpExt.TCPLossUndo++;
    else tcpExt.TCPFullUndo++;
  } else if (tcp.rack.reoWndPersist > 0) tcp.rack.reoWndPersist--;
  if (holdsState(tcp)) return true;
  setCaState(tcp, CA.OPEN);
  tcp.isSackReneg = false;
  return false;
}

/** All retransmissions were duplicates (tcp_try_undo_dsack). */
export function tryUndoDsack(tcp: TcpSock): boolean {
  if (!tcp.undoMarked || tcp.undoRetrans !== 0) return false;
  tcp.rack.reoWndPersist = Math.min(RACK_RECOVERY_THRESH, tcp.rack.reoWndPersist + 1);
  undoReduction(tcp, false);
  tcp.core.snmp.tcpExt.TCPDSACKUndo++;
  return true;
}

/** A time-out proves spurious. @param byFrto F-RTO has proved it (tcp_try_undo_loss). */
export function tryUndoLoss(tcp: TcpSock, byFrto: boolean): boolean {
  if (!byFrto && !mayUndo(tcp)) return false;
  undoReduction(tcp, true);
  tcp.core.snmp.tcpExt.TCPLossUndo++;
  if (byFrto) tcp.core.snmp.tcpExt.TCPSpuriousRTOs++;
  tcp.retransmits = 0;
  if (holdsState(tcp)) return true;
  if (byFrto || !isReno(tcp)) {
    setCaState(tcp, CA.OPEN);
    tcp.isSackReneg = false;
  }
  return true;
}

/**
 * Part of the episode is acknowledged, by the original's arrival (tcp_try_undo_partial). @returns whether nothing more
 * is to be marked or sent again for now: retransmissions are still under way.
 */
export function tryUndoPartial(tcp: TcpSock, priorUna: Seq): boolean {
  if (!tcp.undoMarked || !isPacketDelayed(tcp)) return false;
  checkSackReordering(tcp, priorUna, true);
  if (tcp.retransOut > 0) return true;
  cleanRetransmitStamp(tcp);
  undoReduction(tcp, true);
  tcp.core.snmp.tcpExt.TCPPartialUndo++;
  tryKeepOpen(tcp);
  return false;
}
