/**
 * Cutting segments (tcp_fragment, tso_fragment, tcp_trim_head, tcp_grow_skb in tcp_output.c). The bytes stay where they
 * are in the send buffer: only ranges change, and the counts of packets with them.
 */
import { assert } from "../../../base/assert.ts";
import { TH } from "../../../wire/tcp.ts";
import { E } from "../../syscall/errno.ts";
import { LOST, SACKED_ACKED, SACKED_RETRANS, TcpSegment } from "./segment.ts";
import { seqAdd, seqBefore } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { dropUnsent, SEGMENT_TRUESIZE } from "./write-queue.ts";

/** Beyond twice the send buffer and this, segments in the retransmit queue are not cut further (CVE-2019-11478). */
const SPLIT_ALLOWANCE_BYTES = 2 * (65_536 + 576);

/** How many packets the segment makes with that MSS (tcp_set_skb_tso_segs). @returns it. */
export function setTsoSegments(segment: TcpSegment, mss: number): number {
  if (segment.length <= mss) {
    segment.segments = 1;
    segment.mss = 0;
    return 1;
  }
  const count = Math.ceil(segment.length / mss);
  segment.segments = count;
  segment.mss = mss;
  return count;
}

/**
 * Cuts the segment behind its first `length` payload bytes, in whichever queue it is; `mss` counts the packets of both.
 * @returns 0, or -ENOMEM when there are too many pieces already.
 */
export function fragment(tcp: TcpSock, segment: TcpSegment, length: number, mss: number): number {
  // Only the retransmit queue is a tree.
  const fromRtx = segment.priority >= 0;
  assert(length > 0 && length <= segment.length, "a segment is cut inside its payload");
  if (fromRtx && hasTooManyPieces(tcp, segment)) {
    tcp.core.snmp.tcpExt.TCPWqueueTooBig++;
    return -E.ENOMEM;
  }
  const rest = new TcpSegment();
  cutRange(segment, rest, length);
  tcp.wmemQueued += SEGMENT_TRUESIZE;
  const before = segment.segments;
  setTsoSegments(segment, mss);
  setTsoSegments(rest, mss);
  // Those that were sent are counted: by new pieces, which may be fewer or more.
  if (!seqBefore(tcp.sndNxt, rest.endSeq)) adjustCounts(tcp, segment, before - segment.segments - rest.segments);
  if (fromRtx) {
    tcp.rtxQueue.insertAfter(segment, rest);
    if (segment.inTsorted) tcp.tsorted.insertAfter(segment, rest);
  } else tcp.writeQueue.insertAfter(segment, rest);
  return 0;
}

function cutRange(segment: TcpSegment, rest: TcpSegment, length: number): void {
  const moved = segment.length - length;
  rest.seq = seqAdd(segment.seq, length);
  rest.endSeq = segment.endSeq;
  segment.endSeq = rest.seq;
  rest.length = moved;
  segment.length = length;
  rest.truesize = SEGMENT_TRUESIZE + moved;
  segment.truesize -= moved;
  // PSH and FIN belong to the last byte.
  rest.flags = segment.flags;
  segment.flags &= ~(TH.FIN | TH.PSH);
  rest.sacked = segment.sacked;
  rest.eor = segment.eor;
  segment.eor = false;
  rest.sentAtUs = segment.sentAtUs;
  rest.delivered = segment.delivered;
  rest.deliveredCe = segment.deliveredCe;
  rest.deliveredAtUs = segment.deliveredAtUs;
  rest.firstSentAtUs = segment.firstSentAtUs;
  rest.isAppLimited = segment.isAppLimited;
  rest.inFlightAtSend = segment.inFlightAtSend;
  rest.packetId = segment.packetId;
}

function hasTooManyPieces(tcp: TcpSock, segment: TcpSegment): boolean {
  const limit = tcp.sendBufferBytes + SPLIT_ALLOWANCE_BYTES;
  return tcp.wmemQueued / 2 > limit && segment !== tcp.rtxQueue.first && segment !== tcp.rtxQueue.last;
}

/** The segment stands for `fewer` packets less than before; negative for more (tcp_adjust_pcount). */
export function adjustCounts(tcp: TcpSock, segment: TcpSegment, fewer: number): void {
  if (fewer === 0) return;
  tcp.packetsOut -= fewer;
  if ((segment.sacked & SACKED_ACKED) !== 0) tcp.sackedOut -= fewer;
  if ((segment.sacked & SACKED_RETRANS) !== 0) tcp.retransOut -= fewer;
  if ((segment.sacked & LOST) !== 0) tcp.lostOut -= fewer;
  // Without SACK, `sackedOut` counts duplicate ACKs: there cannot be more than packets.
  if (!tcp.rxOpt.sackOk && fewer > 0) tcp.sackedOut -= Math.min(tcp.sackedOut, fewer);
}

/** Cuts `length` payload bytes off the front: they were acknowledged, or went out in another packet. */
export function trimHead(tcp: TcpSock, segment: TcpSegment, length: number): void {
  assert(length >= 0 && length <= segment.length, "a segment is trimmed inside its payload");
  segment.seq = seqAdd(segment.seq, length);
  segment.length -= length;
  segment.truesize -= length;
  tcp.wmemQueued -= length;
  if (segment.segments > 1) setTsoSegments(segment, segment.mss);
}

/**
 * Takes up to `amount` bytes from the next unsent segment, so that a packet becomes as large as it may (tcp_grow_skb).
 */
export function growSegment(tcp: TcpSock, segment: TcpSegment, amount: number): void {
  const next = segment.next;
  if (next === null || segment.eor) return;
  const take = Math.min(amount, next.length);
  if (take <= 0) return;
  moveFront(segment, next, take);
  if (next.length === 0) absorb(tcp, segment, next);
}

/** The first `take` bytes of `next` change over to `segment`, which ends where `next` starts. */
export function moveFront(segment: TcpSegment, next: TcpSegment, take: number): void {
  segment.endSeq = seqAdd(segment.endSeq, take);
  segment.length += take;
  segment.truesize += take;
  next.seq = seqAdd(next.seq, take);
  next.length -= take;
  next.truesize -= take;
}

/** What is left of an emptied unsent segment, flags and FIN, becomes part of `segment` (tcp_eat_one_skb). */
export function absorb(tcp: TcpSock, segment: TcpSegment, emptied: TcpSegment): void {
  segment.endSeq = emptied.endSeq;
  segment.flags |= emptied.flags;
  segment.eor = emptied.eor;
  dropUnsent(tcp, emptied);
}
