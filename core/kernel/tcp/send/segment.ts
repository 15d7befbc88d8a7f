/**
 * A piece of the byte stream that is sent as one packet (Linux's sk_buff on the write queue with its tcp_skb_cb). The
 * bytes themselves stay in the send buffer (send-buffer.ts), addressed by sequence number: cutting a segment in two or
 * sending it again moves none of them. A segment is unsent in `tcp.writeQueue`, or sent and not yet acknowledged in
 * `tcp.rtxQueue`; those sent are also in the order of their last transmission in `tcp.tsorted` (RACK).
 */
import { OrderedTree, TreeNode } from "../../../base/ordered-tree.ts";
import { seqDistance, type Seq } from "../sequence.ts";

/** Bits of `sacked` (enum tcp_skb_cb_sacked_flags). */
export const SACKED_ACKED = 1;
export const SACKED_RETRANS = 2;
export const LOST = 4;
/** Retransmitted ever. */
export const EVER_RETRANS = 0x80;
/** Sent and then repaired or probed: not counted as original data. */
export const RETRANS_BITS = SACKED_RETRANS | EVER_RETRANS;

export class TcpSegment extends TreeNode {
  seq = 0 as Seq;
  /** Behind the last octet; SYN and FIN count as one octet each. */
  endSeq = 0 as Seq;
  /** TH.* flags of the packet, without those that depend on when it is sent (ACK is set at transmission). */
  flags = 0;
  sacked = 0;
  /** Payload octets: endSeq - seq less SYN and FIN. */
  length = 0;
  /**
   * Packets it makes on the wire, and payload bytes of each but the last (tcp_skb_pcount, tcp_skb_mss). 0 not set yet.
   */
  segments = 0;
  mss = 0;
  /** Must not grow or merge with what follows (MSG_EOR). */
  eor = false;
  /** Virtual us of the last transmission; 0 never sent. */
  sentAtUs = 0;
  // Delivery rate at transmission (tcp_rate.c).
  delivered = 0;
  deliveredCe = 0;
  deliveredAtUs = 0;
  firstSentAtUs = 0;
  isAppLimited = false;
  inFlightAtSend = 0;
  /** Bytes counted against the send buffer (skb->truesize). */
  truesize = 0;
  /** Packet id of its last transmission. */
  packetId = 0;
  /** Neighbours in the write queue. */
  previous: TcpSegment | null = null;
  next: TcpSegment | null = null;
  /** Neighbours in the order of transmission; `inTsorted` says whether it is in that list. */
  sentBefore: TcpSegment | null = null;
  sentAfter: TcpSegment | null = null;
  inTsorted = false;
}

const bySequence = (a: TcpSegment, b: TcpSegment): number => seqDistance(b.seq, a.seq);

/** Segments sent and not acknowledged, by sequence number (sk->tcp_rtx_queue). */
export const newRtxQueue = (): OrderedTree<TcpSegment> => new OrderedTree<TcpSegment>(bySequence);

/** Unsent segments in order (sk->sk_write_queue). */
export class WriteQueue {
  first: TcpSegment | null = null;
  last: TcpSegment | null = null;
  length = 0;

  push(segment: TcpSegment): void {
    segment.previous = this.last;
    segment.next = null;
    if (this.last === null) this.first = segment;
    else this.last.next = segment;
    this.last = segment;
    this.length++;
  }

  insertAfter(before: TcpSegment, segment: TcpSegment): void {
    segment.previous = before;
    segment.next = before.next;
    if (before.next === null) this.last = segment;
    else before.next.previous = segment;
    before.next = segment;
    this.length++;
  }

  remove(segment: TcpSegment): void {
    if (segment.previous === null) this.first = segment.next;
    else segment.previous.next = segment.next;
    if (segment.next === null) this.last = segment.previous;
    else segment.next.previous = segment.previous;
    segment.previous = null;
    segment.next = null;
    this.length--;
  }
}

/** Segments by their last transmission, oldest first (tp->tsorted_sent_queue). */
export class SentList {
  first: TcpSegment | null = null;
  last: TcpSegment | null = null;

  /** Joins at the end, or moves there. */
  touch(segment: TcpSegment): void {
    if (segment.inTsorted) this.remove(segment);
    segment.inTsorted = true;
    segment.sentBefore = this.last;
    if (this.last === null) this.first = segment;
    else this.last.sentAfter = segment;
    this.last = segment;
  }

  prepend(segment: TcpSegment): void {
    segment.inTsorted = true;
    segment.sentAfter = this.first;
    if (this.first === null) this.last = segment;
    else this.first.sentBefore = segment;
    this.first = segment;
  }

  /** Where `segment` is cut, its second half stands right behind it. */
  insertAfter(before: TcpSegment, segment: TcpSegment): void {
    segment.inTsorted = true;
    segment.sentBefore = before;
    segment.sentAfter = before.sentAfter;
    if (before.sentAfter === null) this.last = segment;
    else before.sentAfter.sentBefore = segment;
    before.sentAfter = segment;
  }

  remove(segment: TcpSegment): void {
    if (!segment.inTsorted) return;
    if (segment.sentBefore === null) this.first = segment.sentAfter;
    else segment.sentBefore.sentAfter = segment.sentAfter;
    if (segment.sentAfter === null) this.last = segment.sentBefore;
    else segment.sentAfter.sentBefore = segment.sentBefore;
    segment.sentBefore = null;
    segment.sentAfter = null;
    segment.inTsorted = false;
  }
}
