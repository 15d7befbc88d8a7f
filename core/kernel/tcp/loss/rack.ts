/**
 * RACK, RFC 8985 (Linux tcp_recovery.c): a segment is lost when one that was sent later has been delivered, and the
 * time of a round trip plus a reordering window has passed since it was sent. Segments wait for that in `tsorted`, the
 * order of their last transmission, which they leave when they are delivered or taken for lost.
 */
import { LOST, RETRANS_BITS, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "../send/segment.ts";
import { sentAfter, type RateSample } from "./rate.ts";
import { minRttUs, toJiffiesUs } from "./rtt.ts";
import { markLost } from "./scoreboard.ts";
import type { Seq } from "../sequence.ts";
import { fragment } from "../send/split.ts";
import { CA, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";

/** Bits of net.ipv4.tcp_recovery. */
const STATIC_REO_WND = 2;
const NO_DUPTHRESH = 4;
/** Recoveries for which a widened window is kept, and the widest, in quarters of the least round trip. */
export const RACK_RECOVERY_THRESH = 16;
const STEPS_MAX = 255;
/** Least span of a timer, us (TCP_TIMEOUT_MIN_US). */
export const TIMEOUT_MIN_US = 2000;

/** One was delivered: the newest of them is what others are compared with (tcp_rack_advance). */
export function rackAdvance(tcp: TcpSock, segment: TcpSegment, endSeq: Seq): void {
  const rttUs = tcp.nowUs - segment.sentAtUs;
  // Too fast for a retransmission: it was the original that arrived, which was sent who knows when.
  if (rttUs < minRttUs(tcp) && (segment.sacked & RETRANS_BITS) !== 0) return;
  const { rack } = tcp;
  rack.advanced = true;
  rack.rttUs = rttUs;
  if (sentAfter(segment.sentAtUs, rack.mstampUs, endSeq, rack.endSeq)) {
    rack.mstampUs = segment.sentAtUs;
    rack.endSeq = endSeq;
  }
}

/** How long a segment may be late, us (tcp_rack_reo_wnd). */
export function reorderingWindowUs(tcp: TcpSock): number {
  if (tcp.reordSeen === 0) {
    // Nothing was ever reordered: in recovery, or with the classic three duplicates, do not wait.
    if (tcp.caState >= CA.RECOVERY) return 0;
    if (tcp.sackedOut >= tcp.reordering && (tcp.tcp.sysctls.recovery & NO_DUPTHRESH) === 0) return 0;
  }
  return Math.min(Math.floor(minRttUs(tcp) / 4) * tcp.rack.reoWndSteps, Math.floor(tcp.srttUs / 8));
}

/** us until the segment is to be taken for lost; not positive when it is (tcp_rack_skb_timeout). */
const rackTimeoutUs = (tcp: TcpSock, segment: TcpSegment, windowUs: number): number =>
  tcp.rack.rttUs + windowUs - (tcp.nowUs - segment.sentAtUs);

/**
 * Marks what is lost by now. @returns us until the last of those that may still come would be, 0 for none
 * (tcp_rack_detect_loss).
 */
export function rackDetectLoss(tcp: TcpSock): number {
  const { rack, tsorted } = tcp;
  const windowUs = reorderingWindowUs(tcp);
  let waitUs = 0;
  let next: TcpSegment | null;
  for (let at = tsorted.first; at !== null; at = next) {
    next = at.sentAfter;
    if ((at.sacked & (LOST | SACKED_RETRANS)) === LOST) continue;
    if (!sentAfter(rack.mstampUs, at.sentAtUs, rack.endSeq, at.endSeq)) break;
    const remaining = rackTimeoutUs(tcp, at, windowUs);
    if (remaining <= 0) {
      markLost(tcp, at);
      tsorted.remove(at);
    } else waitUs = Math.max(waitUs, remaining);
  }
  return waitUs;
}

/**
 * After each ACK: marks losses, or waits for what may be late. @returns whether a timer was armed (tcp_rack_mark_lost).
 */
export function rackMarkLost(tcp: TcpSock): boolean {
  if (!tcp.rack.advanced) return false;
  tcp.rack.advanced = false;
  const waitUs = rackDetectLoss(tcp);
  if (waitUs === 0) return false;
  armWriteTimer(tcp, WRITE_TIMER.REO_TIMEOUT, Math.min(toJiffiesUs(waitUs + TIMEOUT_MIN_US), tcp.rtoUs));
  return true;
}

/**
 * Duplicates reported by the peer mean that segments were given up too early: the window grows by a quarter of the
 * least round trip, at most once a round trip, and is narrow again after 16 recoveries without
 * (tcp_rack_update_reo_wnd).
 */
export function rackUpdateWindow(tcp: TcpSock, sample: RateSample): void {
  if ((tcp.tcp.sysctls.recovery & STATIC_REO_WND) !== 0 || sample.priorDelivered === 0) return;
  const { rack } = tcp;
  if (sample.priorDelivered < rack.lastDelivered) rack.dsackSeen = false;
  if (rack.dsackSeen) {
    rack.reoWndSteps = Math.min(STEPS_MAX, rack.reoWndSteps + 1);
    rack.dsackSeen = false;
    rack.lastDelivered = tcp.delivered;
    rack.reoWndPersist = RACK_RECOVERY_THRESH;
  } else if (rack.reoWndPersist === 0) rack.reoWndSteps = 1;
}

/**
 * Without SACK: the first segment is lost by duplicate ACKs, or by a partial one in recovery (tcp_newreno_mark_lost).
 */
export function newRenoMarkLost(tcp: TcpSock, unaAdvanced: boolean): void {
  const isDue =
    (tcp.caState < CA.RECOVERY && tcp.sackedOut >= tcp.reordering) || (tcp.caState === CA.RECOVERY && unaAdvanced);
  const head = tcp.rtxQueue.first;
  if (!isDue || head === null || (head.sacked & LOST) !== 0) return;
  if (head.segments > 1 && head.length > head.mss) fragment(tcp, head, head.mss, head.mss);
  markLost(tcp, head);
}

/** A time-out takes everything for lost that is not SACKed, but what was sent a moment ago (tcp_timeout_mark_lost). */
export function timeoutMarkLost(tcp: TcpSock): void {
  const { rtxQueue, tsorted } = tcp;
  const head = rtxQueue.first;
  // The receiver has dropped what it SACKed: nothing it said is to be believed.
  const isReneging = head !== null && (head.sacked & SACKED_ACKED) !== 0;
  if (isReneging) {
    tcp.core.snmp.tcpExt.TCPSACKReneging++;
    tcp.sackedOut = 0;
    tcp.isSackReneg = true;
  } else if (!tcp.rxOpt.sackOk) tcp.sackedOut = 0;
  for (let at = head; at !== null; at = rtxQueue.next(at)) {
    if (isReneging) at.sacked &= ~SACKED_ACKED;
    else if (at !== head && rackTimeoutUs(tcp, at, 0) > 0) continue;
    markLost(tcp, at);
    // Linux leaves them there and steps over them at each ACK.
    if ((at.sacked & LOST) !== 0) tsorted.remove(at);
  }
  tcp.retransmitHint = null;
}

/**
 * Takes back all marks of loss (the walk of tcp_undo_cwnd_reduction). What a time-out had taken out of `tsorted` is put
 * back at its time, so that RACK still finds those that are really lost.
 */
export function unmarkLost(tcp: TcpSock): void {
  const { rtxQueue, tsorted } = tcp;
  let before: TcpSegment | null = null;
  for (let at = rtxQueue.first; at !== null; at = rtxQueue.next(at)) {
    at.sacked &= ~LOST;
    if (at.inTsorted || (at.sacked & SACKED_ACKED) !== 0) continue;
    if (before === null || before.sentAtUs > at.sentAtUs) before = null;
    let after: TcpSegment | null = before === null ? tsorted.first : before.sentAfter;
    for (; after !== null && after.sentAtUs <= at.sentAtUs; after = after.sentAfter) before = after;
    if (before === null) tsorted.prepend(at);
    else tsorted.insertAfter(before, at);
    before = at;
  }
  tcp.lostOut = 0;
  tcp.retransmitHint = null;
}
