/**
 * An answer to our SYN, RFC 9293, section 3.10.7.3 (tcp_rcv_synsent_state_process in net/ipv4/tcp_input.c,
 * tcp_finish_connect), simultaneous open included.
 */
import { u16 } from "../../../base/bytes.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { TCP, TCP_HEADER_BYTES, TH } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { FLAG } from "../loss/ack-flags.ts";
import { DELACK_MAX_US, enterQuickack, inPingpongMode, QUICKACKS_MAX, scheduleAck } from "../receive/ack-mode.ts";
import { processAck } from "../loss/ack.ts";
import { receiveFastopenSynAck } from "./fastopen-client.ts";
import { initTransfer } from "./init-transfer.ts";
import { initialRcvMss, syncMss } from "../send/mss.ts";
import { initMtuProbing } from "../send/mtu-probe.ts";
import { clearOptions, newCookie, parseOptions, TSTAMP_ALIGNED_BYTES } from "../options.ts";
import { pawsRejects } from "../loss/paws.ts";
import { receiveReset } from "../close/reset.ts";
import { seqAdd, seqAfter, seqBetween, seqOf } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import { ECN, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armDelack, armKeepalive, armWriteTimer } from "../timer-arm.ts";
import { sendAck, transmitSegment } from "../send/transmit.ts";
import { storeTsRecent } from "../loss/ts-recent.ts";

const { SYN_RECV, ESTABLISHED } = TCP_STATE;
const WINDOW_MAX = 0xffff;
/** Least time-out, us (TCP_TIMEOUT_MIN). */
const TIMEOUT_MIN_US = 2000;

const foc = newCookie();
const PARSE_SYNACK = { established: false, fastopen: foc };

/** What a segment in SYN-SENT comes to: taken, so that data may be sent; or the reasons. */
export type SynSentVerdict = "sent" | "consumed" | { readonly drop: DropReason } | { readonly reset: DropReason };

/** A segment in SYN-SENT (tcp_rcv_synsent_state_process). The segment stays with the caller. */
export function receiveSynSent(tcp: TcpSock, skb: SkBuff): SynSentVerdict {
  const rx = tcp.rxOpt;
  const clamp = rx.mssClamp;
  foc.length = -1;
  foc.exp = false;
  parseOptions(tcp.tcp.sysctls, skb, rx, PARSE_SYNACK);
  if (rx.sawTstamp && rx.rcvTsecr !== 0) rx.rcvTsecr = (rx.rcvTsecr - tcp.tsOffset) >>> 0;
  const verdict = (skb.cb2 & TH.ACK) !== 0 ? withAck(tcp, skb) : withoutAck(tcp, skb);
  if (typeof verdict === "object") {
    clearOptions(rx);
    rx.mssClamp = clamp;
  }
  return verdict;
}

/** First, second and fourth: ACK, RST, SYN. */
function withAck(tcp: TcpSock, skb: SkBuff): SynSentVerdict {
  const ack = seqOf(skb.cb3);
  const rx = tcp.rxOpt;
  if (!seqAfter(ack, tcp.sndUna) || seqAfter(ack, tcp.sndNxt)) {
    // The answer may be to a connection before this one: our SYN is repeated soon after the reset.
    if (tcp.retransmits === 0) armWriteTimer(tcp, WRITE_TIMER.RETRANS, TIMEOUT_MIN_US);
    return { reset: "TCP_INVALID_ACK" };
  }
  if (rx.sawTstamp && rx.rcvTsecr !== 0) {
    const first = seqOf(Math.floor(tcp.retransStampUs / 1000));
    if (!seqBetween(seqOf(rx.rcvTsecr), first, seqOf(Math.floor(tcp.nowUs / 1000)))) {
      tcp.core.snmp.tcpExt.PAWSActive++;
      return { reset: "TCP_RFC7323_PAWS" };
    }
  }
  if ((skb.cb2 & TH.RST) !== 0) {
    receiveReset(tcp, skb);
    return "consumed";
  }
  if ((skb.cb2 & TH.SYN) === 0) return { drop: "TCP_FLAGS" };
  return establish(tcp, skb);
}

/** SYN and ACK fit: the connection is established. */
function establish(tcp: TcpSock, skb: SkBuff): SynSentVerdict {
  // The peer agrees to ECN, or not; a SYN-ACK with CWR comes from one that merely echoes bits (RFC 3168, 6.1.1).
  if ((skb.cb2 & (TH.ECE | TH.CWR)) !== TH.ECE) tcp.ecnFlags &= ~ECN.OK;
  tcp.sndWl1 = seqOf(skb.cb0);
  undoSpuriousSyn(tcp);
  processAck(tcp, skb, FLAG.SLOWPATH);
  takeSyn(tcp, skb);
  const rx = tcp.rxOpt;
  if (!rx.wscaleOk) {
    rx.sndWscale = 0;
    rx.rcvWscale = 0;
    tcp.windowClamp = Math.min(tcp.windowClamp, WINDOW_MAX);
  }
  if (rx.tstampOk) tcp.advmss -= TSTAMP_ALIGNED_BYTES;
  syncMss(tcp, tcp.pmtuCookie);
  tcp.ackRcvMss = initialRcvMss(tcp);
  tcp.copiedSeq = tcp.rcvNxt;
  finishConnect(tcp);
  const cookie = { cookie: foc.length < 0 ? null : foc.value.slice(0, foc.length), exp: foc.exp };
  const hasFailed = (tcp.fastopen.synFastopen || tcp.fastopen.synData) && receiveFastopenSynAck(tcp, skb, cookie);
  if (!tcp.isOrphan) tcp.waiters.wake();
  if (hasFailed) return "sent";
  const isWriting = tcp.isWritePending;
  tcp.isWritePending = false;
  if (isWriting || tcp.options.deferAccept > 0 || inPingpongMode(tcp)) {
    // Data will follow at once: the ACK goes with it.
    scheduleAck(tcp);
    enterQuickack(tcp, QUICKACKS_MAX);
    armDelack(tcp, DELACK_MAX_US);
    return "consumed";
  }
  sendAck(tcp);
  return "sent";
}

/** Sequence numbers, window and timestamps of the peer's SYN. */
function takeSyn(tcp: TcpSock, skb: SkBuff): void {
  const rx = tcp.rxOpt;
  tcp.irs = seqOf(skb.cb0);
  tcp.rcvNxt = seqAdd(tcp.irs, 1);
  tcp.rcvWup = tcp.rcvNxt;
  // The window of a SYN is never scaled.
  tcp.sndWnd = u16(skb.bytes, skb.transportHeader + TCP.window);
  rx.tstampOk = rx.sawTstamp;
  tcp.tcpHeaderLen = TCP_HEADER_BYTES + (rx.tstampOk ? TSTAMP_ALIGNED_BYTES : 0);
  if (rx.tstampOk) storeTsRecent(tcp);
}

/** The first SYN was only late: it counts as if it had not been sent again (tcp_try_undo_spurious_syn). */
export function undoSpuriousSyn(tcp: TcpSock): void {
  const rx = tcp.rxOpt;
  const sentUs = tcp.retransStampUs;
  if (tcp.undoMarked && sentUs !== 0 && rx.sawTstamp && rx.rcvTsecr === Math.floor(sentUs / 1000) >>> 0) {
    tcp.undoMarked = false;
  }
}

/** tcp_finish_connect. */
function finishConnect(tcp: TcpSock): void {
  setState(tcp, ESTABLISHED, "3.10.7.3-fourth");
  tcp.ackLastReceivedUs = tcp.nowUs;
  initTransfer(tcp);
  tcp.lastSendUs = tcp.nowUs;
  if (tcp.keepAlive) {
    armKeepalive(tcp, (tcp.options.keepaliveTimeS || tcp.tcp.sysctls.keepaliveTime) * 1_000_000);
  }
}

/** No ACK: a SYN that crossed ours, figure 7, or nothing. */
function withoutAck(tcp: TcpSock, skb: SkBuff): SynSentVerdict {
  const rx = tcp.rxOpt;
  if ((skb.cb2 & TH.RST) !== 0) return { drop: "TCP_RESET" };
  if (rx.tsRecentStampS !== 0 && rx.sawTstamp && pawsRejects(rx, false, tcp.nowS)) return { drop: "TCP_RFC7323_PAWS" };
  if ((skb.cb2 & TH.SYN) === 0) return { drop: "TCP_FLAGS" };
  setState(tcp, SYN_RECV, "3.10.7.3-fourth");
  takeSyn(tcp, skb);
  tcp.copiedSeq = tcp.rcvNxt;
  tcp.sndWl1 = seqOf(skb.cb0);
  tcp.maxWindow = tcp.sndWnd;
  if ((skb.cb2 & (TH.ECE | TH.CWR)) !== (TH.ECE | TH.CWR)) tcp.ecnFlags &= ~ECN.OK;
  initMtuProbing(tcp);
  syncMss(tcp, tcp.pmtuCookie);
  tcp.ackRcvMss = initialRcvMss(tcp);
  resendAsSynAck(tcp);
  return "consumed";
}

/** Our SYN goes again with an ACK of the peer's (tcp_send_synack). */
function resendAsSynAck(tcp: TcpSock): void {
  const syn = tcp.rtxQueue.first;
  if (syn === null || (syn.flags & TH.SYN) === 0) return;
  if ((syn.flags & TH.ACK) === 0) {
    syn.flags |= TH.ACK;
    // tcp_ecn_send_synack: agreed, or not asked for.
    syn.flags &= ~TH.CWR;
    if ((tcp.ecnFlags & ECN.OK) === 0) syn.flags &= ~TH.ECE;
  }
  transmitSegment(tcp, syn);
}
