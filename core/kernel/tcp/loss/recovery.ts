/**
 * What an ACK that is not plain does to the congestion state: Open, Disorder, CWR, Recovery, Loss
 * (tcp_fastretrans_alert and around it in tcp_input.c; RFC 5681, 6582, 6675, 8985), the retransmission time-out
 * (tcp_enter_loss) and F-RTO (RFC 5682, tcp_process_loss). What is sent after it is xmitRecovery's (ack.ts). With
 * `timeoutOnly` congestion control (lecture.ts) nothing but the time-out tells of a loss.
 */
import { FLAG, REXMIT, type Rexmit } from "./ack-flags.ts";
import { currentSsthresh } from "../send/cwnd.ts";
import { endCwndReduction, enterRecovery, initUndo, queueCwr, reduceCwnd, setCaState, tryToOpen } from "./cwr.ts";
import { newRenoMarkLost, rackDetectLoss, rackMarkLost, timeoutMarkLost } from "./rack.ts";
import { probeFailed } from "../send/mtup.ts";
import { addRenoSack, resetRenoSack } from "./reno-sack.ts";
import { simpleRetransmit, xmitRetransmitQueue } from "./retransmit.ts";
import { rearmRto, toJiffiesUs } from "./rtt.ts";
import { isReno, verifyLeftOut } from "./scoreboard.ts";
import { seqAfter, seqBefore, type Seq } from "../sequence.ts";
import { CA, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";
import { tryUndoDsack, tryUndoLoss, tryUndoPartial, tryUndoRecovery } from "./undo.ts";

/** One ACK on its way through the state machine: what it did (FLAG bits) and what is to be sent after it. Reused. */
export interface AckOutcome {
  flag: number;
  rexmit: Rexmit;
}

/** @param priorUna snd_una before the ACK; @param duplicates how many duplicate ACKs it stands for. */
export function fastRetransAlert(tcp: TcpSock, priorUna: Seq, duplicates: number, outcome: AckOutcome): void {
  const { flag } = outcome;
  if (tcp.packetsOut === 0 && tcp.sackedOut > 0) tcp.sackedOut = 0;
  // A: with an ECN echo the reduction is not to be undone.
  if ((flag & FLAG.ECE) !== 0) tcp.priorSsthresh = 0;
  // B: the receiver took back what it had SACKed.
  if (checkReneging(tcp, outcome)) return;
  // C
  verifyLeftOut(tcp);
  // D: an episode ends when all that was outstanding at its begin is acknowledged.
  if (checkExit(tcp)) return;
  // E: by state.
  if (tcp.caState === CA.RECOVERY) {
    if (!alertInRecovery(tcp, priorUna, duplicates, outcome)) return;
  } else if (tcp.caState === CA.LOSS) {
    if (!alertInLoss(tcp, duplicates, outcome)) return;
  } else if (!alertOtherwise(tcp, duplicates, outcome)) return;
  outcome.rexmit = REXMIT.LOST;
}

/** @returns whether the receiver has reneged: a time-out follows soon, unless an ACK says otherwise. */
function checkReneging(tcp: TcpSock, outcome: AckOutcome): boolean {
  const both = FLAG.SACK_RENEGING | FLAG.SND_UNA_ADVANCED;
  if ((outcome.flag & both) !== both) return false;
  const delayUs = Math.max(toJiffiesUs(Math.floor(tcp.srttUs / 16)), RENEGING_DELAY_US);
  armWriteTimer(tcp, WRITE_TIMER.RETRANS, delayUs);
  outcome.flag &= ~FLAG.SET_XMIT_TIMER;
  return true;
}
const RENEGING_DELAY_US = 10_000;

/** @returns whether the ACK needs no more. */
function checkExit(tcp: TcpSock): boolean {
  if (tcp.caState === CA.OPEN) {
    tcp.retransStampUs = 0;
    return false;
  }
  if (seqBefore(tcp.sndUna, tcp.highSeq)) return false;
  if (tcp.caState === CA.CWR) {
    // Held until something above is acknowledged: then CWR has reached the receiver.
    if (tcp.sndUna !== tcp.highSeq) {
      endCwndReduction(tcp);
      setCaState(tcp, CA.OPEN);
    }
  } else if (tcp.caState === CA.RECOVERY) {
    if (isReno(tcp)) resetRenoSack(tcp);
    if (tryUndoRecovery(tcp)) return true;
    endCwndReduction(tcp);
  }
  return false;
}

/** @returns whether lost segments may be sent. */
function alertInRecovery(tcp: TcpSock, priorUna: Seq, duplicates: number, outcome: AckOutcome): boolean {
  const { flag } = outcome;
  const isEce = (flag & FLAG.ECE) !== 0;
  if ((flag & FLAG.SND_UNA_ADVANCED) === 0) {
    if (isReno(tcp)) addRenoSack(tcp, duplicates, isEce);
  } else if (tryUndoPartial(tcp, priorUna)) return false;
  if (tryUndoDsack(tcp)) tryToOpen(tcp, flag);
  identifyLoss(tcp, outcome);
  if (tcp.caState !== CA.RECOVERY) {
    if (tcp.lostOut === 0) return false;
    // The undo ended the recovery, but something is lost all the same.
    enterRecovery(tcp, isEce);
  }
  return true;
}

/** @returns whether recovery was entered. Without that, `processLoss` has said what is to be sent. */
function alertInLoss(tcp: TcpSock, duplicates: number, outcome: AckOutcome): boolean {
  processLoss(tcp, duplicates, outcome);
  identifyLoss(tcp, outcome);
  // Go on only when the time-out was undone, or retransmissions are lost: that is a new episode.
  if (tcp.caState !== CA.OPEN && (outcome.flag & FLAG.LOST_RETRANS) === 0) return false;
  return alertOtherwise(tcp, duplicates, outcome);
}

/** Open, Disorder, CWR, or Loss just left. @returns whether recovery was entered. */
function alertOtherwise(tcp: TcpSock, duplicates: number, outcome: AckOutcome): boolean {
  const { flag } = outcome;
  const isEce = (flag & FLAG.ECE) !== 0;
  if (isReno(tcp)) {
    if ((flag & FLAG.SND_UNA_ADVANCED) !== 0) resetRenoSack(tcp);
    addRenoSack(tcp, duplicates, isEce);
  }
  if (tcp.caState <= CA.DISORDER) tryUndoDsack(tcp);
  identifyLoss(tcp, outcome);
  if (tcp.lostOut === 0) {
    tryToOpen(tcp, flag);
    return false;
  }
  const { mtup } = tcp;
  if (tcp.caState < CA.CWR && mtup.probeSize !== 0 && tcp.sndUna === mtup.probeStart) {
    // A packet larger than the path takes was lost: no congestion. Its segment counted out of cwnd comes back.
    probeFailed(tcp);
    tcp.sndCwnd++;
    simpleRetransmit(tcp);
    return false;
  }
  enterRecovery(tcp, isEce);
  return true;
}

/** Marks what this ACK shows to be lost (tcp_identify_packet_loss). */
function identifyLoss(tcp: TcpSock, outcome: AckOutcome): void {
  if (tcp.rtxQueue.size === 0 || tcp.cc.timeoutOnly === true) return;
  if (isReno(tcp)) {
    newRenoMarkLost(tcp, (outcome.flag & FLAG.SND_UNA_ADVANCED) !== 0);
    return;
  }
  const before = tcp.retransOut;
  if (rackMarkLost(tcp)) outcome.flag &= ~FLAG.SET_XMIT_TIMER;
  if (before > tcp.retransOut) outcome.flag |= FLAG.LOST_RETRANS;
}

/** An ACK in Loss state (tcp_process_loss): undo, F-RTO, or recovery in slow start. */
function processLoss(tcp: TcpSock, duplicates: number, outcome: AckOutcome): void {
  const { flag } = outcome;
  const advanced = (flag & FLAG.SND_UNA_ADVANCED) !== 0;
  const isRecovered = !seqBefore(tcp.sndUna, tcp.highSeq);
  if ((advanced || tcp.fastopenRequest !== null) && tryUndoLoss(tcp, false)) return;
  if (tcp.frto && processFrto(tcp, { duplicates, isRecovered }, outcome)) return;
  if (isRecovered) {
    tryUndoRecovery(tcp);
    return;
  }
  if (isReno(tcp)) {
    // A duplicate while new data is out tells that some of it arrived; an advance makes all counted before stale.
    if (seqAfter(tcp.sndNxt, tcp.highSeq) && duplicates > 0) addRenoSack(tcp, duplicates, (flag & FLAG.ECE) !== 0);
    else if (advanced) resetRenoSack(tcp);
  }
  outcome.rexmit = REXMIT.LOST;
}

/** RFC 5682, 3.1, with SACK. @returns whether the ACK is dealt with. */
function processFrto(
  tcp: TcpSock,
  ack: { readonly duplicates: number; readonly isRecovered: boolean },
  outcome: AckOutcome,
): boolean {
  const { flag } = outcome;
  // Step 3.b: something arrived that was never retransmitted, so the time-out was spurious.
  if ((flag & FLAG.ORIG_SACK_ACKED) !== 0 && tryUndoLoss(tcp, true)) return true;
  if (seqAfter(tcp.sndNxt, tcp.highSeq)) {
    // Step 3.a: new data made duplicates, the loss was real.
    if ((flag & FLAG.DATA_SACKED) !== 0 || ack.duplicates > 0) tcp.frto = false;
  } else if ((flag & FLAG.SND_UNA_ADVANCED) !== 0 && !ack.isRecovered) {
    tcp.highSeq = tcp.sndNxt;
    // Step 2.b: new data instead of more retransmissions, if there is any.
    if (tcp.writeQueue.length > 0 && seqAfter(tcp.windowEnd, tcp.sndNxt)) {
      outcome.rexmit = REXMIT.NEW;
      return true;
    }
    tcp.frto = false;
  }
  return false;
}

/**
 * The retransmission timer ran out (tcp_enter_loss; RFC 5681, 3.1, RFC 6298, 5). Call before `retransmits` counts it.
 */
export function enterLoss(tcp: TcpSock): void {
  const { sysctls } = tcp.tcp;
  const isNew = tcp.caState < CA.RECOVERY;
  const window = tcp.sndCwnd;
  timeoutMarkLost(tcp);
  // ssthresh comes down once for each window of data, not for each time-out of the same segment.
  const isFirst =
    tcp.caState <= CA.DISORDER ||
    !seqAfter(tcp.highSeq, tcp.sndUna) ||
    (tcp.caState === CA.LOSS && tcp.retransmits === 0);
  if (isFirst) {
    tcp.priorSsthresh = currentSsthresh(tcp);
    tcp.priorCwnd = tcp.sndCwnd;
    tcp.sndSsthresh = tcp.cc.ssthresh(tcp);
    tcp.cc.onEvent?.(tcp, "loss");
    initUndo(tcp);
  }
  tcp.sndCwnd = tcp.inFlight + 1;
  tcp.sndCwndCnt = 0;
  tcp.sndCwndStampUs = tcp.nowUs;
  // So many SACKs and nothing repaired: the reordering was over-estimated.
  if (tcp.caState <= CA.DISORDER && tcp.sackedOut >= sysctls.reordering) {
    tcp.reordering = Math.min(tcp.reordering, sysctls.reordering);
  }
  setCaState(tcp, CA.LOSS);
  tcp.highSeq = tcp.sndNxt;
  tcp.tlpActive = false;
  queueCwr(tcp);
  // RFC 5682, 3.1, step 1.
  tcp.frto = sysctls.frto !== 0 && (isNew || tcp.retransmits > 0) && tcp.mtup.probeSize === 0;
  if (tcp.cc.timeoutOnly === true) halveWindow(tcp, window);
}

/** As the lecture has it: a time-out cuts the window in half, every time; there is no undoing and no F-RTO. */
function halveWindow(tcp: TcpSock, window: number): void {
  tcp.sndCwnd = Math.max(window >>> 1, 1);
  tcp.sndSsthresh = Math.max(tcp.sndCwnd, 2);
  tcp.frto = false;
  tcp.undoMarked = false;
}

/** The wait for late segments is over: what did not come is lost (tcp_rack_reo_timeout). */
export function rackTimeout(tcp: TcpSock): void {
  const lost = tcp.lostTotal;
  const before = tcp.inFlight;
  rackDetectLoss(tcp);
  if (tcp.inFlight !== before) {
    if (tcp.caState !== CA.RECOVERY) {
      enterRecovery(tcp, false);
      reduceCwnd(tcp, { ackedSacked: 1, losses: tcp.lostTotal - lost }, 0);
    }
    xmitRetransmitQueue(tcp);
  }
  if (tcp.writeTimerKind !== WRITE_TIMER.RETRANS) rearmRto(tcp);
}
