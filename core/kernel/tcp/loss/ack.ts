/**
 * Processing an acknowledgment, RFC 9293, 3.10.7.4, fifth step (tcp_ack in tcp_input.c): is it acceptable, what of the
 * window, what of the queue, what of the congestion state, and what may be sent again now. New data is sent by the
 * caller afterwards.
 */
import { u16 } from "../../../base/bytes.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { TCP, TH } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { FLAG, FLAG_CA_ALERT, FLAG_FORWARD_PROGRESS, FLAG_NOT_DUP, REXMIT } from "./ack-flags.ts";
import { sendChallengeAck } from "../close/challenge-ack.ts";
import { cleanRtxQueue } from "./clean-rtx.ts";
import { checkIdle, isCwndLimited } from "../send/cwnd.ts";
import { isInCwndReduction, reduceCwnd } from "./cwr.ts";
import { acceptCwr } from "../receive/ecn-receive.ts";
import { scheduleLossProbe } from "./loss-probe-timer.ts";
import { currentMss, syncMss } from "../send/mss.ts";
import { pushPending } from "../send/output.ts";
import { updatePacingRate } from "../send/pacing.ts";
import { clampProbe0, probe0When } from "../send/probe.ts";
import { rackUpdateWindow } from "./rack.ts";
import { rateGenerate } from "./rate.ts";
import { fastRetransAlert, type AckOutcome } from "./recovery.ts";
import { xmitRetransmitQueue } from "./retransmit.ts";
import { rearmRto } from "./rtt.ts";
import { sacktagWriteQueue } from "./sack.ts";
import { SackState } from "./sack-mark.ts";
import { countDelivered, highestSackSeq, isReno } from "./scoreboard.ts";
import { seqAdd, seqAfter, seqBefore, seqDistance, seqOf, type Seq } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { CA, ECN, NAGLE, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer, clearWriteTimer, rtoMaxUs } from "../timer-arm.ts";
import { processTlpAck } from "./tlp.ts";
import { replaceTsRecent } from "./ts-recent.ts";

// One ACK is processed at a time, and nothing of it is kept.
const sack = new SackState();
const outcome: AckOutcome = { flag: 0, rexmit: REXMIT.NONE };

/**
 * Processes the ACK field of `skb`, whose options have been parsed. @param flag FLAG.SLOWPATH, UPDATE_TS_RECENT,
 * NO_CHALLENGE_ACK. @returns null when it was taken; TCP_OLD_ACK when it is older than snd_una, which is no reason to
 * discard the segment's data; any other reason when the whole segment must be dropped.
 */
export function processAck(tcp: TcpSock, skb: SkBuff, flag: number): DropReason | null {
  const ack = seqOf(skb.cb3);
  const priorUna = tcp.sndUna;
  sack.clear();
  outcome.rexmit = REXMIT.NONE;
  if (seqBefore(ack, priorUna)) return processOld(tcp, skb, flag);
  if (seqAfter(ack, tcp.sndNxt)) {
    challenge(tcp, flag);
    return "TCP_ACK_UNSENT_DATA";
  }
  outcome.flag = flag;
  if (seqAfter(ack, priorUna)) {
    outcome.flag |= FLAG.SND_UNA_ADVANCED;
    tcp.retransmits = 0;
  }
  const highest = isReno(tcp) ? tcp.sndUna : highestSackSeq(tcp);
  sack.rate.priorInFlight = tcp.inFlight;
  const isReneging = tcp.isSackReneg;
  const delivered = tcp.delivered;
  const lost = tcp.lostTotal;
  const hadPackets = tcp.packetsOut > 0;
  if ((flag & FLAG.UPDATE_TS_RECENT) !== 0) replaceTsRecent(tcp, seqOf(skb.cb0));
  readAck(tcp, skb, priorUna);
  acceptCwr(tcp, skb);
  tcp.softError = 0;
  tcp.probesOut = 0;
  tcp.rcvTstampUs = tcp.nowUs;
  if (!hadPackets) {
    finishIdle(tcp, priorUna, delivered);
    return null;
  }
  outcome.flag = cleanRtxQueue(tcp, { una: priorUna, highest }, sack, outcome.flag);
  rackUpdateWindow(tcp, sack.rate);
  if (tcp.tlpActive) processTlpAck(tcp, ack, outcome.flag);
  if (isDubious(tcp)) fastRetransAlert(tcp, priorUna, duplicates(skb), outcome);
  if ((outcome.flag & FLAG.SET_XMIT_TIMER) !== 0) setXmitTimer(tcp);
  confirmNextHop(tcp);
  sack.rate.ackedSacked = newlyDelivered(tcp, delivered);
  sack.rate.losses = tcp.lostTotal - lost;
  rateGenerate(tcp, sack.rate, isReneging);
  controlCongestion(tcp);
  xmitRecovery(tcp);
  return null;
}

/** Sends a challenge ACK unless the caller forbids it (RFC 5961, 5.2) or the lab has switched them off. */
function challenge(tcp: TcpSock, flag: number): void {
  if ((flag & FLAG.NO_CHALLENGE_ACK) === 0) sendChallengeAck(tcp);
}

/** An ACK that a later one has overtaken: only its SACK blocks may be news. */
function processOld(tcp: TcpSock, skb: SkBuff, flag: number): DropReason | null {
  const priorUna = tcp.sndUna;
  const window = Math.min(tcp.maxWindow, tcp.bytesAcked);
  if (seqBefore(seqOf(skb.cb3), seqAdd(priorUna, -window))) {
    challenge(tcp, flag);
    return "TCP_TOO_OLD_ACK";
  }
  if (tcp.rxOpt.numSacks > 0) {
    const delivered = tcp.delivered;
    outcome.flag = flag | sacktagWriteQueue(tcp, skb, priorUna, sack);
    fastRetransAlert(tcp, priorUna, 0, outcome);
    newlyDelivered(tcp, delivered);
    xmitRecovery(tcp);
  }
  return "TCP_OLD_ACK";
}

/** Window, SACK blocks and ECN echo. */
function readAck(tcp: TcpSock, skb: SkBuff, priorUna: Seq): void {
  const { tcpExt } = tcp.core.snmp;
  const ack = seqOf(skb.cb3);
  const seq = seqOf(skb.cb0);
  if ((outcome.flag & (FLAG.SLOWPATH | FLAG.SND_UNA_ADVANCED)) === FLAG.SND_UNA_ADVANCED) {
    // The window is known to be the same.
    tcp.sndWl1 = seq;
    updateUna(tcp, ack);
    outcome.flag |= FLAG.WIN_UPDATE;
    tcpExt.TCPHPAcks++;
    return;
  }
  if (skb.cb0 !== skb.cb1) outcome.flag |= FLAG.DATA;
  else tcpExt.TCPPureAcks++;
  updateWindow(tcp, skb);
  if (tcp.rxOpt.numSacks > 0) outcome.flag |= sacktagWriteQueue(tcp, skb, priorUna, sack);
  if (hasEcnEcho(tcp, skb)) outcome.flag |= FLAG.ECE;
  if (sack.delivered > 0) countDelivered(tcp, sack.delivered, (outcome.flag & FLAG.ECE) !== 0);
}

/** RFC 9293, 3.10.7.4: SND.WL1 keeps old segments from changing the window (tcp_ack_update_window). */
function updateWindow(tcp: TcpSock, skb: SkBuff): void {
  const ack = seqOf(skb.cb3);
  const seq = seqOf(skb.cb0);
  let window = u16(skb.bytes, skb.transportHeader + TCP.window);
  if ((skb.cb2 & TH.SYN) === 0) window <<= tcp.rxOpt.sndWscale;
  const isNewer =
    seqAfter(ack, tcp.sndUna) ||
    seqAfter(seq, tcp.sndWl1) ||
    (seq === tcp.sndWl1 && (window > tcp.sndWnd || window === 0));
  if (isNewer) {
    outcome.flag |= FLAG.WIN_UPDATE;
    tcp.sndWl1 = seq;
    if (tcp.sndWnd !== window) {
      tcp.sndWnd = window;
      if (tcp.writeQueue.length > 0) checkIdle(tcp);
      if (window > tcp.maxWindow) {
        tcp.maxWindow = window;
        syncMss(tcp, tcp.pmtuCookie);
      }
    }
  }
  updateUna(tcp, ack);
}

function updateUna(tcp: TcpSock, ack: Seq): void {
  tcp.bytesAcked += seqDistance(tcp.sndUna, ack);
  tcp.sndUna = ack;
}

/** RFC 3168, 6.1.2. The lecture's control knows no signal but the time-out. */
const hasEcnEcho = (tcp: TcpSock, skb: SkBuff): boolean =>
  (skb.cb2 & (TH.ECE | TH.SYN)) === TH.ECE && (tcp.ecnFlags & ECN.OK) !== 0 && tcp.cc.timeoutOnly !== true;

/** Nothing was outstanding: the ACK may open a window, or report a duplicate. */
function finishIdle(tcp: TcpSock, priorUna: Seq, delivered: number): void {
  if ((outcome.flag & FLAG.DSACKING_ACK) !== 0) {
    fastRetransAlert(tcp, priorUna, 0, outcome);
    newlyDelivered(tcp, delivered);
  }
  ackProbe(tcp);
  if (tcp.tlpActive) processTlpAck(tcp, tcp.sndUna, outcome.flag);
}

/** An ACK while the window was closed: goes on probing, or stops (tcp_ack_probe; RFC 9293, 3.8.6.1). */
function ackProbe(tcp: TcpSock): void {
  const head = tcp.writeQueue.first;
  if (head === null) return;
  if (!seqAfter(head.endSeq, tcp.windowEnd)) {
    tcp.backoff = 0;
    tcp.probesTstampUs = 0;
    clearWriteTimer(tcp);
  } else armWriteTimer(tcp, WRITE_TIMER.PROBE0, clampProbe0(tcp, probe0When(tcp, rtoMaxUs(tcp))));
}

/** Whether the ACK is more than plain progress in Open state (tcp_ack_is_dubious). */
const isDubious = (tcp: TcpSock): boolean =>
  (outcome.flag & FLAG_NOT_DUP) === 0 || (outcome.flag & FLAG_CA_ALERT) !== 0 || tcp.caState !== CA.OPEN;

/** How many duplicate ACKs this is: GRO may have merged several into one. */
function duplicates(skb: SkBuff): number {
  if ((outcome.flag & (FLAG.SND_UNA_ADVANCED | FLAG_NOT_DUP | FLAG.DSACKING_ACK)) !== 0) return 0;
  return (outcome.flag & FLAG.DATA) === 0 ? Math.max(1, skb.gsoSegments) : 1;
}

/** What we send gets through, so the next hop is there: no ARP is needed to know it (sk_dst_confirm). */
function confirmNextHop(tcp: TcpSock): void {
  const isNews = (outcome.flag & FLAG_FORWARD_PROGRESS) !== 0 || (outcome.flag & FLAG_NOT_DUP) === 0;
  if (isNews) tcp.route?.neighbour?.confirm();
}

/** Probe or retransmission timer, from now on (tcp_set_xmit_timer). */
function setXmitTimer(tcp: TcpSock): void {
  if (!scheduleLossProbe(tcp, true)) rearmRto(tcp);
}

/** Segments that reached the peer since `delivered` was so. */
function newlyDelivered(tcp: TcpSock, delivered: number): number {
  const count = tcp.delivered - delivered;
  tcp.core.snmp.tcpExt.TCPDelivered += count;
  if ((outcome.flag & FLAG.ECE) !== 0) tcp.core.snmp.tcpExt.TCPDeliveredCE += count;
  return count;
}

/** cwnd goes down by PRR, or grows (tcp_cong_control). */
function controlCongestion(tcp: TcpSock): void {
  if (isInCwndReduction(tcp)) reduceCwnd(tcp, sack.rate, outcome.flag);
  else if (mayRaiseCwnd(tcp)) {
    if (isCwndLimited(tcp)) tcp.cc.avoid(tcp, sack.rate.ackedSacked);
    tcp.sndCwndStampUs = tcp.nowUs;
  }
  updatePacingRate(tcp);
}

/** Where the network reorders much, SACKed data counts as well as acknowledged data (tcp_may_raise_cwnd). */
function mayRaiseCwnd(tcp: TcpSock): boolean {
  const wanted = tcp.reordering > tcp.tcp.sysctls.reordering ? FLAG_FORWARD_PROGRESS : FLAG.DATA_ACKED;
  return (outcome.flag & wanted) !== 0;
}

/** Sends what the congestion state has found to be due (tcp_xmit_recovery). */
function xmitRecovery(tcp: TcpSock): void {
  if (outcome.rexmit === REXMIT.NONE || tcp.state === TCP_STATE.SYN_SENT) return;
  if (outcome.rexmit === REXMIT.NEW) {
    // F-RTO, step 2.b.
    pushPending(tcp, currentMss(tcp), NAGLE.OFF);
    if (seqAfter(tcp.sndNxt, tcp.highSeq)) return;
    tcp.frto = false;
  }
  xmitRetransmitQueue(tcp);
}
