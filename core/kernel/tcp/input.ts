/**
 * A segment for a socket, RFC 9293, section 3.10.7, in the RFC's order (tcp_v4_do_rcv, tcp_rcv_established,
 * tcp_rcv_state_process in net/ipv4/tcp_input.c). The first four checks are in validate.ts. Left out: header
 * prediction, which saves instructions and changes nothing else; urgent data (RFC 6093 advises against it: URG is
 * ignored).
 */
import { u16 } from "../../base/bytes.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { TCP, TH } from "../../wire/tcp.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { FLAG } from "./loss/ack-flags.ts";
import { processAck } from "./loss/ack.ts";
import { ackSendCheck } from "./receive/acknowledge.ts";
import { sendChallengeAck } from "./close/challenge-ack.ts";
import { tcpDone, tcpShutdown } from "./close/close.ts";
import { removeFastopen } from "./close/life.ts";
import { initTransfer } from "./open/init-transfer.ts";
import { receiveSyn } from "./open/listen.ts";
import { initialRcvMss } from "./send/mss.ts";
import { TSTAMP_ALIGNED_BYTES } from "./options.ts";
import { pushPendingFrames } from "./send/output.ts";
import { updatePacingRate } from "./send/pacing.ts";
import { queueData } from "./receive/receive.ts";
import { checkRequest } from "./open/request.ts";
import type { RequestSock } from "./open/request-sock.ts";
import { receiveReset, sendReset } from "./close/reset.ts";
import { measureSynack, rearmRto } from "./loss/rtt.ts";
import { cleanRetransmitStamp } from "./loss/scoreboard.ts";
import { seqAdd, seqAfter, seqBefore, seqOf, type Seq } from "./sequence.ts";
import { setState, stateBit, TCP_STATE } from "./states.ts";
import { checkSpace } from "./send/stream-memory.ts";
import { receiveSynSent, undoSpuriousSyn } from "./open/syn-sent.ts";
import { CA, type TcpSock } from "./tcp-sock.ts";
import { enterTimeWait, finTimeUs, TIMEWAIT_US } from "./close/time-wait.ts";
import { armKeepalive } from "./timer-arm.ts";
import { tryUndoRecovery } from "./loss/undo.ts";
import { HALF_CLOSED, hasFlags, isValid } from "./validate.ts";

const { ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE, LAST_ACK, LISTEN, CLOSING } = TCP_STATE;
const BOTH_OPEN_TO_DATA = stateBit(FIN_WAIT1) | stateBit(FIN_WAIT2);
const ACK_FLAGS = FLAG.SLOWPATH | FLAG.UPDATE_TS_RECENT;

/** A segment for `tcp`; owns it. @param twIsn for a listener, of a TIME-WAIT that made room; else null. */
export function receiveSegment(tcp: TcpSock, skb: SkBuff, twIsn: Seq | null = null): void {
  if (tcp.state === ESTABLISHED) {
    receiveEstablished(tcp, skb);
    return;
  }
  const refused = receiveInState(tcp, skb, twIsn);
  if (refused === null) return;
  sendReset(tcp.tcp, skb, tcp, refused);
  tcp.core.drop(skb, refused);
}

/** tcp_rcv_established, the slow path. */
function receiveEstablished(tcp: TcpSock, skb: SkBuff): void {
  if (!hasFlags(tcp, skb) || !isValid(tcp, skb, true)) return;
  const refused = processAck(tcp, skb, ACK_FLAGS);
  if (refused !== null && refused !== "TCP_OLD_ACK") {
    tcp.core.drop(skb, refused);
    return;
  }
  queueData(tcp, skb);
  finish(tcp);
}

/** What is owed after a segment: data that may go now, and the ACK. */
function finish(tcp: TcpSock): void {
  pushPendingFrames(tcp);
  checkSpace(tcp);
  ackSendCheck(tcp);
}

/**
 * tcp_rcv_state_process. @returns null when the segment is gone; a reason when it is still the caller's, who answers
 * with a reset.
 */
export function receiveInState(tcp: TcpSock, skb: SkBuff, twIsn: Seq | null): DropReason | null {
  const { state } = tcp;
  if (state === LISTEN) return receiveListening(tcp, skb, twIsn);
  if (state === SYN_SENT) return receiveConnecting(tcp, skb);
  if (state !== CLOSE) return receiveSynchronized(tcp, skb);
  tcp.core.drop(skb, "TCP_CLOSE");
  return null;
}

/** 3.10.7.2: LISTEN. */
function receiveListening(tcp: TcpSock, skb: SkBuff, twIsn: Seq | null): DropReason | null {
  const flags = skb.cb2;
  if ((flags & TH.ACK) !== 0) return "TCP_FLAGS";
  if ((flags & (TH.RST | TH.SYN | TH.FIN)) !== TH.SYN) {
    tcp.core.drop(skb, (flags & TH.RST) !== 0 ? "TCP_RESET" : "TCP_FLAGS");
    return null;
  }
  receiveSyn(tcp, skb, twIsn);
  tcp.core.consume(skb);
  return null;
}

/** 3.10.7.3: SYN-SENT. */
function receiveConnecting(tcp: TcpSock, skb: SkBuff): DropReason | null {
  tcp.rxOpt.sawTstamp = false;
  const verdict = receiveSynSent(tcp, skb);
  if (typeof verdict !== "string") {
    if ("reset" in verdict) return verdict.reset;
    tcp.core.drop(skb, verdict.drop);
    return null;
  }
  tcp.core.consume(skb);
  if (verdict === "sent") {
    pushPendingFrames(tcp);
    checkSpace(tcp);
  }
  return null;
}

/** 3.10.7.4: all other states. */
function receiveSynchronized(tcp: TcpSock, skb: SkBuff): DropReason | null {
  tcp.rxOpt.sawTstamp = false;
  const request = tcp.fastopenRequest;
  if (request !== null) {
    const checked = checkRequest(request, skb, tcp);
    if (typeof checked === "string") {
      tcp.core.drop(skb, checked);
      return null;
    }
  }
  if (!hasFlags(tcp, skb) || !isValid(tcp, skb, false)) return null;
  const refused = processAck(tcp, skb, ACK_FLAGS | FLAG.NO_CHALLENGE_ACK);
  if (refused !== null) {
    // Fifth, in SYN-RECEIVED: what does not acknowledge our SYN is answered with a reset.
    if (tcp.state === SYN_RECV) return refused;
    // Later an old ACK does no harm.
    if (refused !== "TCP_OLD_ACK") {
      sendChallengeAck(tcp);
      tcp.core.drop(skb, refused);
      return null;
    }
  }
  const next = afterAck(tcp, skb, request);
  if (next === "data") return receiveText(tcp, skb);
  if (next === "consumed") {
    tcp.core.consume(skb);
    return null;
  }
  return next;
}

/** Fifth, the ACK field: how each state goes on. "data" when the segment's text is looked at next. */
function afterAck(tcp: TcpSock, skb: SkBuff, request: RequestSock | null): "data" | "consumed" | DropReason {
  const { state } = tcp;
  if (state === SYN_RECV) becomeEstablished(tcp, skb, request);
  else if (state === FIN_WAIT1) return afterFinAck(tcp, skb, request);
  else if ((state === CLOSING || state === LAST_ACK) && tcp.sndUna === tcp.writeSeq) {
    if (state === CLOSING) enterTimeWait(tcp, "TIME_WAIT", 0);
    else tcpDone(tcp, "3.10.7.4-fifth");
    return "consumed";
  }
  return "data";
}

function becomeEstablished(tcp: TcpSock, skb: SkBuff, request: RequestSock | null): void {
  // The SYN-ACK was never in the retransmit queue, except when SYNs crossed.
  tcp.delivered++;
  if (tcp.srttUs === 0) measureSynack(tcp, request !== null && request.numRetrans === 0 ? request.sntSynackUs : 0);
  if (tcp.rxOpt.tstampOk) tcp.advmss -= TSTAMP_ALIGNED_BYTES;
  if (request !== null) leaveFastopen(tcp, request);
  else {
    undoSpuriousSyn(tcp);
    tcp.retransStampUs = 0;
    initTransfer(tcp);
    tcp.copiedSeq = tcp.rcvNxt;
  }
  setState(tcp, ESTABLISHED, "3.10.7.4-fifth");
  tcp.waiters.wake();
  tcp.sndUna = seqOf(skb.cb3);
  tcp.sndWnd = u16(skb.bytes, skb.transportHeader + TCP.window) << tcp.rxOpt.sndWscale;
  tcp.sndWl1 = seqOf(skb.cb0);
  updatePacingRate(tcp);
  // The first data does not come after a pause.
  tcp.lastSendUs = tcp.nowUs;
  tcp.ackRcvMss = initialRcvMss(tcp);
  if (tcp.isSendShut) tcpShutdown(tcp, true);
}

/** The handshake of a fast open connection is finished (tcp_rcv_synrecv_state_fastopen). */
function leaveFastopen(tcp: TcpSock, request: RequestSock): void {
  if (tcp.caState === CA.LOSS && tcp.packetsOut === 0) tryUndoRecovery(tcp);
  tcp.retransmits = 0;
  cleanRetransmitStamp(tcp);
  removeFastopen(tcp, request, false);
  rearmRto(tcp);
}

/** Our FIN is acknowledged, or not yet. */
function afterFinAck(tcp: TcpSock, skb: SkBuff, request: RequestSock | null): "data" | "consumed" | DropReason {
  if (request !== null) leaveFastopen(tcp, request);
  if (tcp.sndUna !== tcp.writeSeq) return "data";
  setState(tcp, FIN_WAIT2, "3.10.7.4-fifth");
  tcp.isSendShut = true;
  if (!tcp.isOrphan) {
    // Who lingers in close is woken.
    tcp.waiters.wake();
    return "data";
  }
  const { tcpExt } = tcp.core.snmp;
  const hasFin = (skb.cb2 & TH.FIN) !== 0;
  if (tcp.options.linger2 < 0 || hasNewText(tcp, skb)) {
    if (tcp.options.linger2 >= 0 && hasFin && tcp.fastopen.synFastopen) tcp.tcp.fastopen.activeDisable(tcp);
    tcpDone(tcp, "3.10.7.4-fifth");
    tcpExt.TCPAbortOnData++;
    return "TCP_ABORT_ON_DATA";
  }
  const spanUs = finTimeUs(tcp);
  if (spanUs > TIMEWAIT_US) armKeepalive(tcp, spanUs - TIMEWAIT_US);
  // The FIN of this very segment must not be lost.
  else if (hasFin) armKeepalive(tcp, spanUs);
  else {
    enterTimeWait(tcp, "FIN_WAIT2", spanUs);
    return "consumed";
  }
  return "data";
}

/** Octets beyond those received, the FIN not counted. */
function hasNewText(tcp: TcpSock, skb: SkBuff): boolean {
  const fin = (skb.cb2 & TH.FIN) !== 0 ? 1 : 0;
  return skb.cb0 !== skb.cb1 && seqAfter(seqAdd(seqOf(skb.cb1), -fin), tcp.rcvNxt);
}

/** Seventh and eighth: the segment's text and its FIN. */
function receiveText(tcp: TcpSock, skb: SkBuff): DropReason | null {
  const bit = stateBit(tcp.state);
  const isLate = (bit & HALF_CLOSED) !== 0;
  let queues = tcp.state === ESTABLISHED;
  if ((isLate && seqBefore(seqOf(skb.cb0), tcp.rcvNxt)) || (bit & BOTH_OPEN_TO_DATA) !== 0) {
    // RFC 1122, 4.2.2.13: nobody will read it, so the peer is told.
    if (tcp.isReceiveShut && hasNewText(tcp, skb)) {
      tcp.core.snmp.tcpExt.TCPAbortOnData++;
      receiveReset(tcp, skb);
      return "TCP_ABORT_ON_DATA";
    }
    queues = true;
  }
  if (queues) queueData(tcp, skb);
  if (tcp.state !== CLOSE) finish(tcp);
  if (queues) return null;
  // Behind the peer's FIN there is no stream: a bare ACK has done its work, anything else is lost.
  if (skb.cb0 === skb.cb1) tcp.core.consume(skb);
  else tcp.core.drop(skb, "TCP_OLD_DATA");
  return null;
}
