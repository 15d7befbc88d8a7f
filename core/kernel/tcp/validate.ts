/**
 * The checks that every segment of an existing connection passes first, RFC 9293, section 3.10.7.4, first to fourth,
 * with what RFC 7323 and RFC 5961 put in front and behind (tcp_validate_incoming in net/ipv4/tcp_input.c).
 */
import { u16 } from "../../base/bytes.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { TCP, TH } from "../../wire/tcp.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { oowRateLimited, sendChallengeAck } from "./close/challenge-ack.ts";
import { parseEstablishedOptions } from "./options.ts";
import { pawsPasses, PAWS_WINDOW } from "./loss/paws.ts";
import { receiveReset, sendReset } from "./close/reset.ts";
import { sendDupAck } from "./receive/sack-report.ts";
import { seqAdd, seqAfter, seqBefore, seqMax, seqOf, type Seq } from "./sequence.ts";
import { stateBit, TCP_STATE } from "./states.ts";
import type { SackRange, TcpSock } from "./tcp-sock.ts";

const { ESTABLISHED, SYN_RECV, CLOSE_WAIT, LAST_ACK, CLOSING } = TCP_STATE;
/** States in which the peer has sent its FIN, as bits. */
export const HALF_CLOSED = stateBit(CLOSE_WAIT) | stateBit(LAST_ACK) | stateBit(CLOSING);

/** A segment with none of ACK, RST and SYN is nonsense. @returns false when it is dropped. */
export function hasFlags(tcp: TcpSock, skb: SkBuff): boolean {
  if ((skb.cb2 & (TH.ACK | TH.RST | TH.SYN)) !== 0) return true;
  tcp.core.drop(skb, "TCP_FLAGS");
  return false;
}

/**
 * First to fourth, with PAWS before and RFC 5961's challenges (tcp_validate_incoming). @param countsSyn a SYN counts as
 * an error. @returns false when the segment is gone.
 */
export function isValid(tcp: TcpSock, skb: SkBuff, countsSyn: boolean): boolean {
  const flags = skb.cb2;
  const isReset = (flags & TH.RST) !== 0;
  const isSyn = (flags & TH.SYN) !== 0;
  const stale = parseEstablishedOptions(tcp, skb) && tcp.rxOpt.sawTstamp ? judgeTimestamp(tcp, skb) : null;
  if (stale !== null && !isReset) {
    if (isSyn) return challengeSyn(tcp, skb, countsSyn);
    return refuseTimestamp(tcp, skb, stale);
  }
  const outside = checkSequence(tcp, skb);
  if (outside !== null) return refuseSequence(tcp, skb, outside, countsSyn);
  if (isReset) return judgeReset(tcp, skb);
  if (isSyn && !isCrossedSyn(tcp, skb)) return challengeSyn(tcp, skb, countsSyn);
  return true;
}

type Stale = "old" | "old-ack";

/** RFC 7323, 5.3: whether the timestamp is too old, which a bare ACK that fits may be (tcp_disordered_ack_check). */
function judgeTimestamp(tcp: TcpSock, skb: SkBuff): Stale | null {
  const rx = tcp.rxOpt;
  if (pawsPasses(rx, PAWS_WINDOW, tcp.nowS)) return null;
  if ((skb.cb2 & TH.ACK) === 0 || skb.cb0 !== skb.cb1) return "old";
  const seq = seqOf(skb.cb0);
  if (seq !== tcp.rcvNxt) return seqBefore(seq, tcp.rcvNxt) ? "old-ack" : "old";
  const ack = seqOf(skb.cb3);
  if (ack !== tcp.sndUna || mayUpdateWindow(tcp, skb)) return "old";
  return ((rx.tsRecent - rx.rcvTsval) | 0) > Math.floor(tcp.rtoUs / 1000) ? "old" : null;
}

/** tcp_may_update_window, for an ACK of `sndUna`. */
function mayUpdateWindow(tcp: TcpSock, skb: SkBuff): boolean {
  const window = u16(skb.bytes, skb.transportHeader + TCP.window) << tcp.rxOpt.sndWscale;
  const seq = seqOf(skb.cb0);
  return seqAfter(seq, tcp.sndWl1) || (seq === tcp.sndWl1 && (window > tcp.sndWnd || window === 0));
}

function refuseTimestamp(tcp: TcpSock, skb: SkBuff, stale: Stale): boolean {
  const { tcpExt } = tcp.core.snmp;
  if (stale === "old-ack") tcpExt.PAWSOldAck++;
  else {
    tcpExt.PAWSEstab++;
    if (!oowRateLimited(tcp.tcp, skb, "TCPACKSkippedPAWS", tcp)) sendDupAck(tcp, skb);
  }
  tcp.core.drop(skb, "TCP_RFC7323_PAWS");
  return false;
}

/** tcp_sequence: why the segment is outside of the window; null when it is not. */
function checkSequence(tcp: TcpSock, skb: SkBuff): DropReason | null {
  const end = seqOf(skb.cb1);
  if (seqBefore(end, tcp.rcvWup)) return "TCP_OLD_SEQUENCE";
  const limit = seqAdd(tcp.rcvNxt, tcp.receiveWindow);
  if (!seqAfter(end, limit)) return null;
  if (seqAfter(seqOf(skb.cb0), limit)) return "TCP_INVALID_SEQUENCE";
  // A FIN may stand right behind a window that is full. Too much is bearable while the program keeps up.
  const fin = (skb.cb2 & TH.FIN) !== 0 ? 1 : 0;
  if (!seqAfter(seqAdd(end, -fin), limit) || tcp.receiveQueue.length === 0) return null;
  return "TCP_OVERWINDOW";
}

/** First: not acceptable. An ACK is sent, unless it is a reset (RFC 9293, 3.10.7.4). */
function refuseSequence(tcp: TcpSock, skb: SkBuff, reason: DropReason, countsSyn: boolean): boolean {
  if ((skb.cb2 & TH.RST) !== 0) {
    if (isResetBehindFin(tcp, skb)) return takeReset(tcp, skb);
  } else {
    if ((skb.cb2 & TH.SYN) !== 0) return challengeSyn(tcp, skb, countsSyn);
    if (reason !== "TCP_OLD_SEQUENCE") tcp.core.snmp.tcpExt.BeyondWindow++;
    if (!oowRateLimited(tcp.tcp, skb, "TCPACKSkippedSeq", tcp)) sendDupAck(tcp, skb);
  }
  tcp.core.drop(skb, reason);
  return false;
}

/** Some send their reset one octet before what was expected behind their FIN (tcp_reset_check). */
const isResetBehindFin = (tcp: TcpSock, skb: SkBuff): boolean =>
  seqOf(skb.cb0) === seqAdd(tcp.rcvNxt, -1) && (stateBit(tcp.state) & HALF_CLOSED) !== 0;

/** Second: RST. RFC 5961, 3.2: only one that fits exactly ends the connection, others are challenged. */
function judgeReset(tcp: TcpSock, skb: SkBuff): boolean {
  const seq = seqOf(skb.cb0);
  const isExact = seq === tcp.rcvNxt || isResetBehindFin(tcp, skb) || isBehindSack(tcp, seq);
  if (isExact || tcp.tcp.sysctls.challengeAck === 0) return takeReset(tcp, skb);
  // The data that should be in front may have been eaten.
  if (tcp.fastopen.synFastopen && tcp.dataSegsIn === 0 && tcp.state === ESTABLISHED) {
    tcp.tcp.fastopen.activeDisable(tcp);
  }
  sendChallengeAck(tcp);
  tcp.core.drop(skb, "TCP_RESET");
  return false;
}

/** The peer reckons from what it has sent: the end of the rightmost block that we have reported. */
function isBehindSack(tcp: TcpSock, seq: Seq): boolean {
  const blocks = tcp.selectiveAcks;
  if (!tcp.rxOpt.sackOk || blocks.length === 0) return false;
  let most = (blocks[0] as SackRange).end;
  for (const block of blocks) most = seqMax(most, block.end);
  return seq === most;
}

function takeReset(tcp: TcpSock, skb: SkBuff): boolean {
  receiveReset(tcp, skb);
  tcp.core.drop(skb, "TCP_RESET");
  return false;
}

/** Simultaneous open: the SYN-ACK that answers our SYN-ACK. */
const isCrossedSyn = (tcp: TcpSock, skb: SkBuff): boolean =>
  tcp.state === SYN_RECV &&
  tcp.listener === null &&
  !tcp.isOrphan &&
  (skb.cb2 & TH.ACK) !== 0 &&
  seqAdd(seqOf(skb.cb0), 1) === seqOf(skb.cb1) &&
  seqAdd(seqOf(skb.cb0), 1) === tcp.rcvNxt &&
  seqOf(skb.cb3) === tcp.sndNxt;

/** Fourth: SYN. RFC 5961, 4.2: challenged. RFC 793 reset the connection for one inside the window. */
function challengeSyn(tcp: TcpSock, skb: SkBuff, countsSyn: boolean): boolean {
  const { tcp: counters, tcpExt } = tcp.core.snmp;
  if (countsSyn) counters.InErrs++;
  tcpExt.TCPSYNChallenge++;
  const isInside = checkSequence(tcp, skb) === null && !seqBefore(seqOf(skb.cb0), tcp.rcvNxt);
  if (tcp.tcp.sysctls.challengeAck === 0 && isInside) {
    sendReset(tcp.tcp, skb, tcp, "syn-in-window");
    receiveReset(tcp, skb);
  } else sendChallengeAck(tcp);
  tcp.core.drop(skb, "TCP_INVALID_SYN");
  return false;
}
