/**
 * The sender's scoreboard: which of the segments sent are SACKed, lost or retransmitted (RFC 6675's, as Linux keeps it:
 * bits on each segment, four counts on the connection). Marks, counts and their hints change here and in sack.ts.
 * `packetsOut` segments are in the retransmit queue; `sackedOut + lostOut` of them have left the network ("left out");
 * `retransOut` of them are in it once more. send-invariants.ts counts them afresh.
 */
import { assert } from "../../../base/assert.ts";
import { EVER_RETRANS, LOST, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "../send/segment.ts";
import { seqBefore, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** SACK was not agreed on: duplicate ACKs are all there is. */
export const isReno = (tcp: TcpSock): boolean => !tcp.rxOpt.sackOk;

/** Segments to be taken as gone from the network (tcp_left_out). */
export const leftOut = (tcp: TcpSock): number => tcp.sackedOut + tcp.lostOut;

/** Behind the highest SACKed octet; snd_una while nothing is SACKed. `highestSack` is the segment that starts there. */
export function highestSackSeq(tcp: TcpSock): Seq {
  if (tcp.sackedOut === 0) return tcp.sndUna;
  return tcp.highestSack === null ? tcp.sndNxt : tcp.highestSack.seq;
}

/** `old` leaves the queue (tcp_highest_sack_replace). */
export function replaceHighestSack(tcp: TcpSock, old: TcpSegment, by: TcpSegment | null): void {
  if (tcp.highestSack === old) tcp.highestSack = by;
}

/** Marks as lost what is not SACKed; a lost retransmission becomes due again (tcp_mark_skb_lost). */
export function markLost(tcp: TcpSock, segment: TcpSegment): void {
  if ((segment.sacked & SACKED_ACKED) !== 0) return;
  const hint = tcp.retransmitHint;
  if (hint === null ? tcp.retransOut >= tcp.lostOut : seqBefore(segment.seq, hint.seq)) tcp.retransmitHint = segment;
  const wasLost = (segment.sacked & LOST) !== 0;
  const wasRetransmitted = (segment.sacked & SACKED_RETRANS) !== 0;
  if (wasLost && !wasRetransmitted) return;
  // Linux leaves the mark of a retransmission on a segment whose loss an undo had taken back, and counts it twice then.
  if (wasRetransmitted) {
    segment.sacked &= ~SACKED_RETRANS;
    tcp.retransOut -= segment.segments;
  }
  if (wasLost) tcp.core.snmp.tcpExt.TCPLostRetransmit += segment.segments;
  else {
    tcp.lostOut += segment.segments;
    segment.sacked |= LOST;
  }
  tcp.lostTotal += segment.segments;
}

/** Counts segments that have reached the peer (tcp_count_delivered). */
export function countDelivered(tcp: TcpSock, segments: number, isEce: boolean): void {
  tcp.delivered += segments;
  if (isEce) tcp.deliveredCe += segments;
}

/** Whether anything outstanding has been retransmitted (tcp_any_retrans_done). */
export function isAnythingRetransmitted(tcp: TcpSock): boolean {
  if (tcp.retransOut > 0) return true;
  const head = tcp.rtxQueue.first;
  return head !== null && (head.sacked & EVER_RETRANS) !== 0;
}

/** Forgets when retransmission began, when nothing retransmitted is outstanding (tcp_retrans_stamp_cleanup). */
export function cleanRetransmitStamp(tcp: TcpSock): void {
  if (!isAnythingRetransmitted(tcp)) tcp.retransStampUs = 0;
}

/** tcp_verify_left_out: more cannot have left than was sent. */
export function verifyLeftOut(tcp: TcpSock): void {
  assert(leftOut(tcp) <= tcp.packetsOut, "no more has left the network than was sent");
}
