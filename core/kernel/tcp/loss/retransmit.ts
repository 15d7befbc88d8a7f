/**
 * Sending segments again (tcp_retransmit_skb, tcp_xmit_retransmit_queue, tcp_simple_retransmit and the collapsing of
 * small ones in tcp_output.c and tcp_input.c). A retransmission is cut to what the path and the peer's window take now.
 * Left out: waiting while the original is still in our own device's queue (skb_still_in_host_queue).
 */
import { KIND } from "../../../contract/trace-event.ts";
import { TH } from "../../../wire/tcp.ts";
import { E } from "../../syscall/errno.ts";
import { currentSsthresh } from "../send/cwnd.ts";
import { isInCwndReduction, setCaState } from "./cwr.ts";
import { ecnClearSyn } from "../send/ecn-send.ts";
import { currentMss } from "../send/mss.ts";
import { pacingHolds, smallQueueHolds } from "../send/pacing.ts";
import { limitRenoSacked } from "./reno-sack.ts";
import { isReno, markLost, replaceHighestSack, verifyLeftOut } from "./scoreboard.ts";
import { EVER_RETRANS, LOST, RETRANS_BITS, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "../send/segment.ts";
import { seqAdd, seqAfter, seqBefore, seqDistance } from "../sequence.ts";
import { adjustCounts, fragment, setTsoSegments, trimHead } from "../send/split.ts";
import { TCP_STATE } from "../states.ts";
import { routeOf } from "../tcp-route.ts";
import { CA, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";
import { transmitSegment } from "../send/transmit.ts";
import { tsoSegments } from "../send/tso.ts";
import { dropSent } from "../send/write-queue.ts";

const RETRANSMIT = KIND["tcp:tcp_retransmit_skb"];
const SYN_ECN = TH.SYN | TH.ECE | TH.CWR;

/** Sends the first `segments` segments of it again, and marks it so. @returns 0 or -errno (tcp_retransmit_skb). */
export function retransmitSegment(tcp: TcpSock, segment: TcpSegment, segments: number): number {
  const error = sendAgain(tcp, segment, segments);
  if (error === 0) {
    segment.sacked |= RETRANS_BITS;
    tcp.retransOut += segment.segments;
  }
  // When the first retransmission was tried, also if it failed: the connection times out counting from it.
  if (tcp.retransStampUs === 0) tcp.retransStampUs = segment.sentAtUs;
  tcp.undoRetrans = Math.max(0, tcp.undoRetrans) + segment.segments;
  return error;
}

/** The same without marking it as retransmitted: a tail loss probe is one (__tcp_retransmit_skb). */
export function sendAgain(tcp: TcpSock, segment: TcpSegment, segments: number): number {
  // A path MTU probe that is in doubt proves nothing any more.
  tcp.mtup.probeSize = 0;
  dropAcknowledged(tcp, segment);
  if (typeof routeOf(tcp) === "number") return -E.EHOSTUNREACH;
  const mss = currentMss(tcp);
  let window = seqDistance(segment.seq, tcp.windowEnd);
  if (window <= 0) {
    // The peer took its window back. Only the first segment goes, as a probe.
    if (segment.seq !== tcp.sndUna) return -E.EAGAIN;
    window = mss;
  }
  if (!fitSegment(tcp, segment, { mss, window, segments })) return -E.ENOMEM;
  // RFC 3168, 6.1.1.1: some path drops SYNs that ask for ECN.
  if ((segment.flags & SYN_ECN) === SYN_ECN) ecnClearSyn(tcp, segment);
  const { snmp } = tcp.core;
  snmp.tcp.RetransSegs += segment.segments;
  if ((segment.flags & TH.SYN) !== 0) snmp.tcpExt.TCPSynRetrans++;
  tcp.totalRetrans += segment.segments;
  tcp.bytesRetrans += segment.length;
  const error = transmitSegment(tcp, segment);
  if (error === 0) traceRetransmit(tcp, segment);
  else if (error !== -E.EBUSY) snmp.tcpExt.TCPRetransFail += segment.segments;
  segment.sacked |= EVER_RETRANS;
  return error;
}

/** Cuts off what is acknowledged already: the rest of a SYN with data, or of a segment half of which was. */
function dropAcknowledged(tcp: TcpSock, segment: TcpSegment): void {
  if (!seqBefore(segment.seq, tcp.sndUna)) return;
  if ((segment.flags & TH.SYN) !== 0) {
    segment.flags &= ~TH.SYN;
    segment.seq = seqAdd(segment.seq, 1);
  }
  if (seqBefore(segment.seq, tcp.sndUna)) trimHead(tcp, segment, seqDistance(segment.seq, tcp.sndUna));
}

/** Cuts the segment to what may go, or joins small ones behind it to it. @returns false when it cannot be cut. */
function fitSegment(
  tcp: TcpSock,
  segment: TcpSegment,
  limits: { readonly mss: number; readonly window: number; readonly segments: number },
): boolean {
  const { mss, window } = limits;
  let most = mss * limits.segments;
  if (most > window) most = window - (window % mss) || window;
  if (segment.length > most) return fragment(tcp, segment, most, mss) === 0;
  const before = segment.segments;
  adjustCounts(tcp, segment, before - setTsoSegments(segment, mss));
  const room = Math.min(window, mss);
  if (segment.length < room) collapse(tcp, segment, room);
  return true;
}

/** Takes segments behind it into `to`, as long as all fit into `room` bytes (tcp_retrans_try_collapse). */
function collapse(tcp: TcpSock, to: TcpSegment, room: number): void {
  if (tcp.tcp.sysctls.retransCollapse === 0 || (to.flags & TH.SYN) !== 0) return;
  if (to.segments > 1 || (to.sacked & SACKED_ACKED) !== 0) return;
  let left = room - to.length;
  for (let next = tcp.rtxQueue.next(to); next !== null; next = tcp.rtxQueue.next(to)) {
    left -= next.length;
    if (to.eor || left < 0 || next.segments > 1 || (next.sacked & SACKED_ACKED) !== 0) return;
    if (seqAfter(next.endSeq, tcp.windowEnd)) return;
    merge(tcp, to, next);
  }
}

function merge(tcp: TcpSock, to: TcpSegment, next: TcpSegment): void {
  replaceHighestSack(tcp, next, to);
  if (tcp.retransmitHint === next) tcp.retransmitHint = to;
  adjustCounts(tcp, next, next.segments);
  dropSent(tcp, next);
  to.endSeq = next.endSeq;
  to.length += next.length;
  to.flags |= next.flags;
  to.eor = next.eor;
  to.sacked |= next.sacked & EVER_RETRANS;
  to.truesize += next.length;
  tcp.wmemQueued += next.length;
}

function traceRetransmit(tcp: TcpSock, segment: TcpSegment): void {
  const { trace, engine } = tcp.core;
  if (!trace.active) return;
  trace.record(RETRANSMIT, segment.packetId, engine.cause, tcp.inode, segment.seq >>> 0, segment.length);
}

/** Sends again what is lost, as far as cwnd lets it; what is new comes after that (tcp_xmit_retransmit_queue). */
export function xmitRetransmitQueue(tcp: TcpSock): void {
  if (tcp.packetsOut === 0) return;
  const { rtxQueue } = tcp;
  const head = rtxQueue.first;
  const most = tsoSegments(tcp, currentMss(tcp));
  let isHole = false;
  let rearm = false;
  let at = tcp.retransmitHint ?? head;
  for (; at !== null; at = rtxQueue.next(at)) {
    if (pacingHolds(tcp)) break;
    if (!isHole) tcp.retransmitHint = at;
    const room = tcp.sndCwnd - tcp.inFlight;
    if (room <= 0 || tcp.retransOut >= tcp.lostOut) break;
    if ((at.sacked & LOST) === 0) {
      // May be lost yet: the next walk begins here.
      if ((at.sacked & (SACKED_RETRANS | SACKED_ACKED)) === 0) isHole = true;
      continue;
    }
    if ((at.sacked & (SACKED_ACKED | SACKED_RETRANS)) !== 0) continue;
    if (smallQueueHolds(tcp, at, 1)) break;
    if (retransmitSegment(tcp, at, Math.min(room, most)) !== 0) break;
    const { tcpExt } = tcp.core.snmp;
    if (tcp.caState === CA.LOSS) tcpExt.TCPSlowStartRetrans += at.segments;
    else tcpExt.TCPFastRetrans += at.segments;
    if (isInCwndReduction(tcp)) tcp.prrOut += at.segments;
    if (at === head && tcp.writeTimerKind !== WRITE_TIMER.REO_TIMEOUT) rearm = true;
  }
  if (rearm) armWriteTimer(tcp, WRITE_TIMER.RETRANS, tcp.rtoUs);
}

/**
 * The path's MTU became smaller: segments that are too large now are sent again, cut; that is no congestion, so cwnd
 * stays (tcp_simple_retransmit; RFC 1191, 6.5).
 */
export function simpleRetransmit(tcp: TcpSock): void {
  // A SYN with data that is too large: both of it are lost, whatever their size.
  const mss = tcp.fastopen.synData && tcp.state === TCP_STATE.SYN_SENT ? -1 : currentMss(tcp);
  for (let at = tcp.rtxQueue.first; at !== null; at = tcp.rtxQueue.next(at)) {
    if ((at.segments > 1 ? at.mss : at.length) > mss) markLost(tcp, at);
  }
  if (tcp.lostOut === 0) return;
  if (isReno(tcp)) limitRenoSacked(tcp);
  verifyLeftOut(tcp);
  retransmitWithoutCongestion(tcp);
}

/**
 * Sends again what is marked lost, for a reason that says nothing about the path (tcp_non_congestion_loss_retransmit).
 */
export function retransmitWithoutCongestion(tcp: TcpSock): void {
  if (tcp.caState !== CA.LOSS) {
    tcp.highSeq = tcp.sndNxt;
    tcp.sndSsthresh = currentSsthresh(tcp);
    tcp.priorSsthresh = 0;
    tcp.undoMarked = false;
    setCaState(tcp, CA.LOSS);
  }
  xmitRetransmitQueue(tcp);
}
