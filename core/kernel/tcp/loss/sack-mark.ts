/**
 * Marking what a SACK block covers (tcp_sacktag_walk, tcp_match_skb_to_sack, tcp_sacktag_one in tcp_input.c): counts,
 * RACK, rate sample and what tells of reordering.
 */
import { FLAG } from "./ack-flags.ts";
import { rackAdvance } from "./rack.ts";
import { RateSample, rateSegmentDelivered } from "./rate.ts";
import { highestSackSeq } from "./scoreboard.ts";
import { LOST, RETRANS_BITS, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "../send/segment.ts";
import { seqAfter, seqBefore, seqDistance, type Seq } from "../sequence.ts";
import { fragment } from "../send/split.ts";
import type { SackRange, TcpSock } from "../tcp-sock.ts";

/** What an ACK's blocks brought (struct tcp_sacktag_state). One for each ACK, reused. */
export class SackState {
  /** us: transmission of the first and last segment newly SACKed that was sent once; -1 none. */
  firstSentUs = -1;
  lastSentUs = -1;
  /** Lowest that was SACKed out of order. */
  reord = 0 as Seq;
  /** Segments newly SACKed, and duplicates reported. */
  delivered = 0;
  flag = 0;
  readonly rate = new RateSample();

  clear(): void {
    this.firstSentUs = -1;
    this.lastSentUs = -1;
    this.delivered = 0;
    this.flag = 0;
    this.rate.clear();
  }
}

/** One block being walked. */
export interface Walk {
  readonly tcp: TcpSock;
  readonly state: SackState;
  readonly isDsack: boolean;
  /** The D-SACK comes next in order, and lies inside this block. */
  readonly nextDsack: SackRange | null;
}

/** The segment that holds `seq`, or `at` when that is behind it already (tcp_sacktag_skip). */
export function skipTo(tcp: TcpSock, at: TcpSegment | null, seq: Seq): TcpSegment | null {
  if (at !== null && seqAfter(at.seq, seq)) return at;
  const found = tcp.rtxQueue.findLast((segment) => seqDistance(seq, segment.seq));
  return found !== null && seqBefore(seq, found.endSeq) ? found : null;
}

/** The part of a block that the cache had holds a D-SACK: that must not be skipped (tcp_maybe_skipping_dsack). */
export function walkSkippedDsack(walk: Walk, at: TcpSegment | null, seq: Seq): TcpSegment | null {
  const dsack = walk.nextDsack;
  if (dsack === null || !seqBefore(dsack.start, seq)) return at;
  const inner: Walk = { tcp: walk.tcp, state: walk.state, isDsack: true, nextDsack: null };
  return walkSegments(inner, skipTo(walk.tcp, at, dsack.start), dsack.start, dsack.end);
}

/** Marks the segments from `from` on that lie in [start, end) (tcp_sacktag_walk). @returns where it stopped. */
export function walkSegments(walk: Walk, from: TcpSegment | null, start: Seq, end: Seq): TcpSegment | null {
  const { tcp, state, nextDsack } = walk;
  let at = from;
  for (; at !== null; at = tcp.rtxQueue.next(at)) {
    if (!seqBefore(at.seq, end)) break;
    let isDsack = walk.isDsack;
    let match = 0;
    if (nextDsack !== null && seqBefore(at.seq, nextDsack.end)) {
      match = matchSegment(tcp, at, nextDsack.start, nextDsack.end);
      if (match > 0) isDsack = true;
    }
    if (match <= 0) match = matchSegment(tcp, at, start, end);
    if (match < 0) break;
    if (match === 0) continue;
    markSacked(tcp, at, isDsack, state);
    rateSegmentDelivered(tcp, at, state.rate);
    if ((at.sacked & SACKED_ACKED) !== 0) tcp.tsorted.remove(at);
    if (!seqBefore(at.seq, highestSackSeq(tcp))) tcp.highestSack = tcp.rtxQueue.next(at);
  }
  return at;
}

/**
 * Whether the segment lies in the block; one of several packets is cut at whole packets so that a part of it does
 * (tcp_match_skb_to_sack). @returns 1 inside, 0 not, -1 when less than a packet of it is.
 */
function matchSegment(tcp: TcpSock, segment: TcpSegment, start: Seq, end: Seq): number {
  const startsInside = !seqAfter(start, segment.seq);
  if (startsInside && !seqBefore(end, segment.endSeq)) return 1;
  if (segment.segments <= 1 || !seqAfter(segment.endSeq, start)) return 0;
  const size = segment.mss;
  let length: number;
  if (startsInside) {
    length = seqDistance(segment.seq, end);
    if (length < size) return -1;
    length -= length % size;
  } else {
    length = Math.ceil(Math.max(seqDistance(segment.seq, start), size) / size) * size;
  }
  if (length >= segment.length && !startsInside) return 0;
  // All its data and not its FIN: the FIN stays apart.
  if (fragment(tcp, segment, length, size) !== 0) return -1;
  return startsInside ? 1 : 0;
}

/** One segment is SACKed, for the first time or as a duplicate (tcp_sacktag_one). */
function markSacked(tcp: TcpSock, segment: TcpSegment, isDsack: boolean, state: SackState): void {
  const { seq, endSeq, segments } = segment;
  if (isDsack && (segment.sacked & RETRANS_BITS) !== 0) {
    if (tcp.undoMarked && tcp.undoRetrans > 0 && seqAfter(endSeq, tcp.undoMarker)) {
      tcp.undoRetrans = Math.max(0, tcp.undoRetrans - segments);
    }
    if ((segment.sacked & SACKED_ACKED) !== 0 && seqBefore(seq, state.reord)) state.reord = seq;
  }
  // Acknowledged meanwhile: it is about to leave the queue.
  if (!seqAfter(endSeq, tcp.sndUna)) return;
  if ((segment.sacked & SACKED_ACKED) === 0) markNewlySacked(tcp, segment, state);
  // The duplicate was the retransmission: it is not under way any more.
  if (isDsack && (segment.sacked & SACKED_RETRANS) !== 0) {
    segment.sacked &= ~SACKED_RETRANS;
    tcp.retransOut -= segments;
  }
}

function markNewlySacked(tcp: TcpSock, segment: TcpSegment, state: SackState): void {
  const { seq, endSeq, segments } = segment;
  rackAdvance(tcp, segment, endSeq);
  if ((segment.sacked & SACKED_RETRANS) !== 0) {
    // Not marked lost any more means that the original may have come: the retransmission is still under way then.
    if ((segment.sacked & LOST) !== 0) {
      segment.sacked &= ~(LOST | SACKED_RETRANS);
      tcp.lostOut -= segments;
      tcp.retransOut -= segments;
    }
  } else {
    if ((segment.sacked & RETRANS_BITS) === 0) {
      // Sent once and in a hole until now: the network has reordered.
      if (seqBefore(seq, highestSackSeq(tcp)) && seqBefore(seq, state.reord)) state.reord = seq;
      if (!seqAfter(endSeq, tcp.highSeq)) state.flag |= FLAG.ORIG_SACK_ACKED;
      if (state.firstSentUs < 0) state.firstSentUs = segment.sentAtUs;
      state.lastSentUs = segment.sentAtUs;
    }
    if ((segment.sacked & LOST) !== 0) {
      segment.sacked &= ~LOST;
      tcp.lostOut -= segments;
    }
  }
  segment.sacked |= SACKED_ACKED;
  state.flag |= FLAG.DATA_SACKED;
  tcp.sackedOut += segments;
  state.delivered += segments;
}
