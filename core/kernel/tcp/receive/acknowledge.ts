/**
 * When received data is acknowledged (RFC 1122, 4.2.3.2; RFC 5681, 4.2): at once for every second full segment, in
 * quick mode, out of order or when a gap is filled; else after a span that follows the peer's pace, from 40 ms on. Many
 * ACKs about one gap are held together ("compressed"). tcp_event_data_recv, tcp_measure_rcv_mss and __tcp_ack_snd_check
 * of tcp_input.c, tcp_send_delayed_ack of tcp_output.c, tcp_delack_timer_handler of tcp_timer.c, tcp_cleanup_rbuf of
 * tcp.c. Left out: the route's quickack, the ACK per release of the socket's lock (there is no lock).
 */
import { TH, tcpFlags } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import {
  ackScheduled,
  ATO_MIN_US,
  DELACK_MAX_US,
  exitPingpongMode,
  incQuickack,
  inPingpongMode,
  inQuickackMode,
  QUICKACKS_MAX,
  scheduleAck,
} from "./ack-mode.ts";
import { checkCongestionMark } from "./ecn-receive.ts";
import { rcvRttMeasure } from "./receive-tuning.ts";
import { fullSpace, growWindow, newWindow, setWindowClamp } from "./receive-window.ts";
import { sendCompressedAck } from "./sack-report.ts";
import { seqDistance } from "../sequence.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { ACK_NOW, ACK_PUSHED, ACK_PUSHED2, ACK_TIMER, armCompressedAck, armDelack } from "../timer-arm.ts";
import { sendAck } from "../send/transmit.ts";

/** Segments with these are not necessarily full ones (TCP_REMNANT). */
const REMNANT = TH.FIN | TH.URG | TH.SYN | TH.PSH;
const TCP_HEADER_BYTES = 20;
const MSS_MIN = 88;
const MSS_DEFAULT = 536;
/** Payload from which on a segment may open the window. */
const GROW_BYTES_MIN = 128;
/** Duplicate ACKs that are sent at once, so that the peer's fast retransmit is not late (TCP_FASTRETRANS_THRESH). */
const DUPLICATES_AT_ONCE = 3;
/** Longest delayed ACK of a connection that is not interactive, us (HZ/2). */
const ATO_MAX_US = 500_000;

/** Data has been queued in order: pace, segment size, window and marks (tcp_event_data_recv). */
export function eventDataReceived(tcp: TcpSock, skb: SkBuff): void {
  scheduleAck(tcp);
  measureRcvMss(tcp, skb);
  rcvRttMeasure(tcp);
  const now = tcp.nowUs;
  const gap = now - tcp.ackLastReceivedUs;
  if (tcp.ackAtoUs === 0) {
    // The first data: the peer is in slow start.
    incQuickack(tcp, QUICKACKS_MAX);
    tcp.ackAtoUs = ATO_MIN_US;
  } else if (gap <= ATO_MIN_US / 2) {
    tcp.ackAtoUs = (tcp.ackAtoUs >> 1) + ATO_MIN_US / 2;
  } else if (gap < tcp.ackAtoUs) {
    tcp.ackAtoUs = Math.min((tcp.ackAtoUs >> 1) + gap, tcp.rtoUs);
  } else if (gap > tcp.rtoUs) {
    // After such a pause the sender begins anew with a small window.
    incQuickack(tcp, QUICKACKS_MAX);
  }
  tcp.ackLastReceivedUs = now;
  checkCongestionMark(tcp, skb);
  if (skb.length >= GROW_BYTES_MIN) growWindow(tcp, skb, true);
}

/**
 * Guesses the peer's segment size from what comes, which decides what two full segments are (tcp_measure_rcv_mss). A
 * packet of several merged segments tells theirs.
 */
export function measureRcvMss(tcp: TcpSock, skb: SkBuff): void {
  const previous = tcp.ackLastSegSize;
  let length = skb.gsoSize !== 0 ? skb.gsoSize : skb.length;
  tcp.ackLastSegSize = 0;
  if (length >= tcp.ackRcvMss) {
    if (length !== tcp.ackRcvMss) measureShare(tcp, skb);
    tcp.ackRcvMss = Math.min(length, tcp.advmss);
    if ((skb.cb2 & TH.PSH) !== 0) tcp.ackPending |= ACK_PUSHED;
    return;
  }
  // With the header, since SACK blocks take from the payload of full segments.
  length += skb.data - skb.transportHeader;
  const isPlain = (tcpFlags(skb.bytes, skb.transportHeader) & REMNANT) === 0;
  if (length >= MSS_DEFAULT + TCP_HEADER_BYTES || (length >= MSS_MIN + TCP_HEADER_BYTES && isPlain)) {
    length -= tcp.tcpHeaderLen;
    tcp.ackLastSegSize = length;
    // Twice in a row: that is what it sends.
    if (length === previous) {
      tcp.ackRcvMss = length;
      return;
    }
  }
  if ((tcp.ackPending & ACK_PUSHED) !== 0) tcp.ackPending |= ACK_PUSHED2;
  tcp.ackPending |= ACK_PUSHED;
}

/** Payload against memory of this packet: the share of the buffer that may be offered. */
function measureShare(tcp: TcpSock, skb: SkBuff): void {
  const share = Math.min(255, Math.max(1, Math.floor((skb.length * 256) / skb.truesize)));
  if (share === tcp.scalingRatio) return;
  tcp.scalingRatio = share;
  setWindowClamp(tcp, fullSpace(tcp));
  if (tcp.windowClamp < tcp.rcvq.space) tcp.rcvq.space = tcp.windowClamp;
}

/**
 * A segment has been processed: sends an ACK if one is due now, else sees to it that it is sent (tcp_ack_snd_check).
 */
export function ackSendCheck(tcp: TcpSock): void {
  // Data that was sent meanwhile has carried it.
  if (!ackScheduled(tcp)) return;
  if (isAckDue(tcp)) sendAck(tcp);
  else if (tcp.outOfOrder.size === 0) sendDelayedAck(tcp);
  else ackGap(tcp);
}

function isAckDue(tcp: TcpSock): boolean {
  // More than one full segment, and the right edge moves: if it does not, reading sends the ACK. A program that waits
  // for more than there is would never read.
  const isSecond = seqDistance(tcp.rcvWup, tcp.rcvNxt) > tcp.ackRcvMss;
  if (isSecond && (seqDistance(tcp.copiedSeq, tcp.rcvNxt) < tcp.rcvLowat || newWindow(tcp) >= tcp.rcvWnd)) return true;
  return inQuickackMode(tcp) || (tcp.ackPending & ACK_NOW) !== 0;
}

/** There is a gap: the first duplicates go at once, more are held together for a twentieth of the RTT. */
function ackGap(tcp: TcpSock): void {
  const { compSackNr, compSackDelayNs, compSackSlackNs } = tcp.tcp.sysctls;
  if (!tcp.rxOpt.sackOk || tcp.compressedAck >= compSackNr) {
    sendAck(tcp);
    return;
  }
  if (tcp.compressedAckRcvNxt !== tcp.rcvNxt) {
    tcp.compressedAckRcvNxt = tcp.rcvNxt;
    tcp.dupAckCounter = 0;
  }
  if (tcp.dupAckCounter < DUPLICATES_AT_ONCE) {
    tcp.dupAckCounter++;
    sendAck(tcp);
    return;
  }
  tcp.compressedAck++;
  if (tcp.compressedAckTimer?.isPending === true) return;
  // Both estimates are eight times the RTT.
  const rttUs = tcp.srttUs !== 0 && tcp.srttUs < tcp.rcvRtt.rttUs ? tcp.srttUs : tcp.rcvRtt.rttUs;
  const delayNs = Math.min(compSackDelayNs, Math.floor((rttUs * 1000) / 8 / 20));
  // A timer with slack runs out at its end when nothing else wakes the machine before.
  armCompressedAck(tcp, delayNs + compSackSlackNs);
}

/** tcp_send_delayed_ack. */
export function sendDelayedAck(tcp: TcpSock): void {
  let ato = tcp.ackAtoUs;
  if (ato > ATO_MIN_US) {
    const isInteractive = inPingpongMode(tcp) || (tcp.ackPending & ACK_PUSHED) !== 0;
    let most = isInteractive ? DELACK_MAX_US : ATO_MAX_US;
    // No longer than an RTT: the peer may wait for it with its window used up.
    if (tcp.srttUs !== 0) most = Math.min(most, Math.max(Math.ceil(tcp.srttUs / 8 / 1000) * 1000, ATO_MIN_US));
    ato = Math.min(ato, most);
  }
  // Below the least retransmission time-out in any case.
  ato = Math.min(ato, DELACK_MAX_US, Math.max(tcp.rtoMinUs, 2000) - 1000);
  if ((tcp.ackPending & ACK_TIMER) !== 0) {
    const left = tcp.ackTimeoutUs - tcp.nowUs;
    if (left <= ato / 4) {
      sendAck(tcp);
      return;
    }
    ato = Math.min(ato, left);
  }
  scheduleAck(tcp);
  armDelack(tcp, ato);
}

/** The delayed ACK is due (tcp_delack_timer_handler). */
export function delackTimerExpired(tcp: TcpSock): void {
  if ((stateBit(tcp.state) & (stateBit(TCP_STATE.CLOSE) | stateBit(TCP_STATE.LISTEN))) !== 0) return;
  if (tcp.compressedAck > 0) {
    sendCompressedAck(tcp);
    return;
  }
  if ((tcp.ackPending & ACK_TIMER) === 0) return;
  tcp.ackPending &= ~ACK_TIMER;
  if (!ackScheduled(tcp)) return;
  if (inPingpongMode(tcp)) {
    // The answer did not come in time.
    exitPingpongMode(tcp);
    tcp.ackAtoUs = ATO_MIN_US;
  } else tcp.ackAtoUs = Math.min(tcp.ackAtoUs * 2, tcp.rtoUs);
  sendAck(tcp);
  tcp.core.snmp.tcpExt.DelayedACKs++;
}

/** ACKs about a gap have been held back long enough (tcp_compressed_ack_kick). */
export function compressedAckExpired(tcp: TcpSock): void {
  if (tcp.compressedAck === 0) return;
  // One is sent, so it was not saved.
  tcp.compressedAck--;
  sendAck(tcp);
}

/** The program has read `copied` bytes: does the peer have to know at once (tcp_cleanup_rbuf)? */
export function cleanupReceiveBuffer(tcp: TcpSock, copied: number): void {
  if (mustAckRead(tcp, copied) || opensWindow(tcp, copied)) sendAck(tcp);
}

function mustAckRead(tcp: TcpSock, copied: number): boolean {
  if (!ackScheduled(tcp)) return false;
  if (seqDistance(tcp.rcvWup, tcp.rcvNxt) > tcp.ackRcvMss) return true;
  if (copied <= 0 || tcp.receiveMemory.used > 0) return false;
  // All is read and the last segments were small: the sender has probably no more, and waits.
  if ((tcp.ackPending & ACK_PUSHED2) !== 0) return true;
  return (tcp.ackPending & ACK_PUSHED) !== 0 && !inPingpongMode(tcp);
}

/** Whether reading has opened the window to twice of what the peer knows. */
function opensWindow(tcp: TcpSock, copied: number): boolean {
  if (copied <= 0 || tcp.isReceiveShut) return false;
  const known = tcp.receiveWindow;
  if (2 * known > tcp.windowClamp) return false;
  const window = newWindow(tcp);
  return window > 0 && window >= 2 * known;
}
