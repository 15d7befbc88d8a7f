/**
 * Segments joining and leaving the two queues of the sending side, with the memory that they count for (tcp_queue_skb,
 * tcp_wmem_free_skb, tcp_rtx_queue_unlink_and_free, tcp_write_queue_purge).
 */
import { TH } from "../../../wire/tcp.ts";
import { chronoStart, chronoStop } from "../chrono.ts";
import { TcpSegment } from "./segment.ts";
import { seqAdd, type Seq } from "../sequence.ts";
import { CHRONO, type TcpSock } from "../tcp-sock.ts";

/**
 * What Linux counts for an sk_buff of the write queue besides its payload: struct sk_buff, and a head that holds the
 * headers and the shared info. A program's SO_SNDBUF is used up as fast as there.
 */
export const SEGMENT_TRUESIZE = 896;

/** A segment without payload yet (tcp_init_nondata_skb). SYN and FIN take a sequence number each. */
export function newSegment(seq: Seq, flags: number): TcpSegment {
  const segment = new TcpSegment();
  segment.seq = seq;
  segment.endSeq = seqAdd(seq, Number((flags & TH.SYN) !== 0) + Number((flags & TH.FIN) !== 0));
  segment.flags = flags;
  segment.segments = 1;
  segment.truesize = SEGMENT_TRUESIZE;
  return segment;
}

/** Puts the segment at the end of what is to be sent, and counts it (tcp_add_write_queue_tail). */
export function entail(tcp: TcpSock, segment: TcpSegment): void {
  tcp.writeQueue.push(segment);
  tcp.wmemQueued += segment.truesize;
  if (tcp.writeQueue.first === segment) chronoStart(tcp, CHRONO.BUSY);
}

/** Takes an unsent segment out of the queue, and its memory with it. */
export function dropUnsent(tcp: TcpSock, segment: TcpSegment): void {
  tcp.writeQueue.remove(segment);
  tcp.wmemQueued -= segment.truesize;
}

/** A segment sent is acknowledged, or merged into another. Hints and counts are the caller's. */
export function dropSent(tcp: TcpSock, segment: TcpSegment): void {
  tcp.tsorted.remove(segment);
  tcp.rtxQueue.remove(segment);
  tcp.wmemQueued -= segment.truesize;
}

/** Forgets everything that was to be sent or repeated (tcp_write_queue_purge): the connection is over. */
export function purgeQueues(tcp: TcpSock): void {
  const { writeQueue, rtxQueue } = tcp;
  for (let segment = writeQueue.first; segment !== null; segment = writeQueue.first) dropUnsent(tcp, segment);
  for (let segment = rtxQueue.last; segment !== null; segment = rtxQueue.last) dropSent(tcp, segment);
  chronoStop(tcp, CHRONO.BUSY);
  tcp.sendBuffer.clear();
  tcp.highestSack = null;
  tcp.retransmitHint = null;
  tcp.lostHint = null;
  tcp.packetsOut = 0;
  tcp.sackedOut = 0;
  tcp.lostOut = 0;
  tcp.retransOut = 0;
  tcp.backoff = 0;
}
