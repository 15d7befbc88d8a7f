/**
 * An ACK takes what it acknowledges off the retransmit queue (tcp_clean_rtx_queue in tcp_input.c), and what the
 * departed segments tell goes to the round-trip estimate, RACK, the rate sample and the congestion control.
 */
import { TH } from "../../../wire/tcp.ts";
import { FLAG, FLAG_ACKED, FLAG_CA_ALERT } from "./ack-flags.ts";
import { chronoStop } from "../chrono.ts";
import type { AckSample } from "../congestion/congestion.ts";
import { probeSucceeded } from "../send/mtup.ts";
import { rackAdvance } from "./rack.ts";
import { rateSegmentDelivered } from "./rate.ts";
import { checkSackReordering } from "./reordering.ts";
import { removeRenoSacks } from "./reno-sack.ts";
import { updateRtt, type RttSamples } from "./rtt.ts";
import type { SackState } from "./sack-mark.ts";
import { countDelivered, isReno, replaceHighestSack } from "./scoreboard.ts";
import { LOST, RETRANS_BITS, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "../send/segment.ts";
import { seqAfter, seqBefore, seqBetween, seqDistance, type Seq } from "../sequence.ts";
import { trimHead } from "../send/split.ts";
import { CHRONO, type TcpSock } from "../tcp-sock.ts";
import { echoIsBefore } from "./undo.ts";
import { dropSent } from "../send/write-queue.ts";

/** Where things stood before this ACK. */
export interface BeforeAck {
  readonly una: Seq;
  /** Behind the highest octet that had arrived. */
  readonly highest: Seq;
}

// One ACK is cleaned up after at a time, so what it finds out is kept here.
const cleaned = {
  flag: 0,
  isEce: false,
  /** Segments. */
  acked: 0,
  /** us, transmission of the first and last that were sent once; -1 none. */
  firstSentUs: -1,
  lastSentUs: -1,
  /** Lowest that was sent once and not SACKed before. */
  reord: 0 as Seq,
  fully: true,
};
const rtt: RttSamples = { seqUs: -1, sackUs: -1, caUs: -1 };
const sample: { -readonly [K in keyof AckSample]: AckSample[K] } = { segmentsAcked: 0, rttUs: -1, inFlight: 0 };

/** @param flag what the ACK did so far. @returns it with more bits. */
export function cleanRtxQueue(tcp: TcpSock, before: BeforeAck, sack: SackState, flag: number): number {
  const hadSacked = tcp.sackedOut > 0;
  cleaned.flag = flag;
  cleaned.isEce = (flag & FLAG.ECE) !== 0;
  cleaned.acked = 0;
  cleaned.firstSentUs = -1;
  cleaned.lastSentUs = -1;
  cleaned.reord = tcp.sndNxt;
  cleaned.fully = true;
  removeAcked(tcp, sack);
  const head = tcp.rtxQueue.first;
  if (head === null) chronoStop(tcp, CHRONO.BUSY);
  else if ((head.sacked & SACKED_ACKED) !== 0) cleaned.flag |= FLAG.SACK_RENEGING;
  if (seqBetween(tcp.sndUp, before.una, tcp.sndUna)) tcp.sndUp = tcp.sndUna;
  const isMeasured = measure(tcp, before, sack, hadSacked);
  if ((cleaned.flag & FLAG_ACKED) !== 0) afterAdvance(tcp, before);
  else if (head !== null && isMeasured && rtt.sackUs >= 0 && rtt.sackUs > tcp.nowUs - head.sentAtUs) {
    // The SACK is for something sent before the first segment was sent last: the RTO may start anew.
    cleaned.flag |= FLAG.SET_XMIT_TIMER;
  }
  if (tcp.cc.acked !== undefined) {
    sample.segmentsAcked = cleaned.acked;
    sample.rttUs = sack.rate.rttUs;
    sample.inFlight = tcp.delivered - sack.rate.priorDelivered;
    tcp.cc.acked(tcp, sample);
  }
  return cleaned.flag;
}

function removeAcked(tcp: TcpSock, sack: SackState): void {
  for (let at = tcp.rtxQueue.first; at !== null; at = tcp.rtxQueue.first) {
    let count = at.segments;
    const { seq } = at;
    if (seqAfter(at.endSeq, tcp.sndUna)) {
      if (count === 1 || !seqAfter(tcp.sndUna, at.seq)) break;
      count = trimAcked(tcp, at);
      if (count === 0) break;
      cleaned.fully = false;
    }
    countAcked(tcp, at, count, seq);
    rateSegmentDelivered(tcp, at, sack.rate);
    if ((at.flags & TH.SYN) === 0) cleaned.flag |= FLAG.DATA_ACKED;
    else {
      // Not data: it must not open the window.
      cleaned.flag |= FLAG.SYN_ACKED;
      tcp.retransStampUs = 0;
    }
    if (!cleaned.fully) break;
    if (at === tcp.retransmitHint) tcp.retransmitHint = null;
    if (at === tcp.highestSack) replaceHighestSack(tcp, at, tcp.rtxQueue.next(at));
    dropSent(tcp, at);
  }
  // Also of a segment that stays since it is acknowledged in part only.
  tcp.sendBuffer.release(tcp.sndUna);
}

/** Part of a segment of several packets is acknowledged (tcp_tso_acked). @returns how many packets fewer it is. */
function trimAcked(tcp: TcpSock, segment: TcpSegment): number {
  const before = segment.segments;
  trimHead(tcp, segment, seqDistance(segment.seq, tcp.sndUna));
  return before - segment.segments;
}

/** @param seq where the segment started. */
function countAcked(tcp: TcpSock, segment: TcpSegment, count: number, seq: Seq): void {
  const { sacked } = segment;
  if ((sacked & RETRANS_BITS) !== 0) {
    if ((sacked & SACKED_RETRANS) !== 0) tcp.retransOut -= count;
    cleaned.flag |= FLAG.RETRANS_DATA_ACKED;
  } else if ((sacked & SACKED_ACKED) === 0) {
    cleaned.lastSentUs = segment.sentAtUs;
    if (cleaned.firstSentUs < 0) cleaned.firstSentUs = segment.sentAtUs;
    if (seqBefore(seq, cleaned.reord)) cleaned.reord = seq;
    if (!seqAfter(segment.endSeq, tcp.highSeq)) cleaned.flag |= FLAG.ORIG_SACK_ACKED;
  }
  if ((sacked & SACKED_ACKED) !== 0) tcp.sackedOut -= count;
  else if (!isReno(tcp)) {
    countDelivered(tcp, count, cleaned.isEce);
    const isSpurious = (sacked & RETRANS_BITS) !== 0 && echoIsBefore(tcp, segment.sentAtUs);
    if (!isSpurious) rackAdvance(tcp, segment, segment.endSeq);
  }
  if ((sacked & LOST) !== 0) tcp.lostOut -= count;
  tcp.packetsOut -= count;
  cleaned.acked += count;
}

/** Round-trip samples out of what was acknowledged and SACKed (Karn: never of retransmissions). */
function measure(tcp: TcpSock, before: BeforeAck, sack: SackState, hadSacked: boolean): boolean {
  const now = tcp.nowUs;
  rtt.seqUs = -1;
  rtt.sackUs = -1;
  rtt.caUs = -1;
  if (cleaned.firstSentUs >= 0 && (cleaned.flag & FLAG.RETRANS_DATA_ACKED) === 0) {
    rtt.seqUs = now - cleaned.firstSentUs;
    rtt.caUs = now - cleaned.lastSentUs;
    const isLoneRunt =
      cleaned.acked === 1 &&
      cleaned.fully &&
      !hadSacked &&
      seqDistance(before.una, tcp.sndUna) < tcp.mssCache &&
      sack.rate.priorDelivered + 1 === tcp.delivered &&
      (cleaned.flag & (FLAG_CA_ALERT | FLAG.SYN_ACKED)) === 0;
    // Alone on its way, and smaller than a full segment: the receiver probably waited before it acknowledged.
    if (isLoneRunt) cleaned.flag |= FLAG.ACK_MAYBE_DELAYED;
  }
  if (sack.firstSentUs >= 0) {
    rtt.sackUs = now - sack.firstSentUs;
    rtt.caUs = now - sack.lastSentUs;
  }
  const sackUs = rtt.sackUs;
  const isMeasured = updateRtt(tcp, cleaned.flag, rtt);
  rtt.sackUs = sackUs;
  sack.rate.rttUs = rtt.caUs;
  return isMeasured;
}

/** Something was acknowledged cumulatively. */
function afterAdvance(tcp: TcpSock, before: BeforeAck): void {
  cleaned.flag |= FLAG.SET_XMIT_TIMER;
  if (tcp.mtup.probeSize !== 0 && !seqAfter(tcp.mtup.probeEnd, tcp.sndUna)) probeSucceeded(tcp);
  if (isReno(tcp)) {
    removeRenoSacks(tcp, cleaned.acked, cleaned.isEce);
    // Without SACK nobody knows whether the original or the repetition made the progress.
    if ((cleaned.flag & FLAG.RETRANS_DATA_ACKED) !== 0) cleaned.flag &= ~FLAG.ORIG_SACK_ACKED;
  } else if (seqBefore(cleaned.reord, before.highest)) checkSackReordering(tcp, cleaned.reord, false);
}
