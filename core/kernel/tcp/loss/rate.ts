/**
 * Delivery rate sampling (Linux tcp_rate.c; draft-cheng-iccrg-delivery-rate-estimation): how many segments arrived
 * between the ACK that was the newest when a segment was sent and the one that acknowledges it, and in what time.
 * Left out: samples for a congestion control that paces by rate (BBR); the figures go to tcp_info.
 */
import { RETRANS_BITS, SACKED_ACKED, type TcpSegment } from "../send/segment.ts";
import { seqAfter, type Seq } from "../sequence.ts";
import { minRttUs } from "./rtt.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** What one ACK tells about the rate (struct rate_sample). Filled anew for each ACK. */
export class RateSample {
  /** us of the ACK before the segment was sent; -1 none. */
  priorAtUs = -1;
  /** `tcp.delivered` at that time; 0 none yet. */
  priorDelivered = 0;
  delivered = 0;
  intervalUs = 0;
  /** us of the last segment acknowledged; -1 none. */
  rttUs = -1;
  isAppLimited = false;
  isRetransmission = false;
  lastEndSeq = 0 as Seq;
  /** Segments newly delivered, newly marked lost, and in flight before. */
  ackedSacked = 0;
  losses = 0;
  priorInFlight = 0;

  clear(): void {
    this.priorAtUs = -1;
    this.priorDelivered = 0;
    this.delivered = 0;
    this.intervalUs = 0;
    this.rttUs = -1;
    this.isAppLimited = false;
    this.isRetransmission = false;
    this.ackedSacked = 0;
    this.losses = 0;
    this.priorInFlight = 0;
  }
}

/** Whether (timeA, seqA) was sent after (timeB, seqB): by time, and by sequence number within one us. */
export const sentAfter = (timeA: number, timeB: number, seqA: Seq, seqB: Seq): boolean =>
  timeA > timeB || (timeA === timeB && seqAfter(seqA, seqB));

/** A segment goes out: it remembers what had been delivered by then. Call before `packetsOut` counts it. */
export function rateSegmentSent(tcp: TcpSock, segment: TcpSegment): void {
  if (tcp.packetsOut === 0) {
    tcp.firstTxMstampUs = segment.sentAtUs;
    tcp.deliveredMstampUs = segment.sentAtUs;
  }
  segment.firstSentAtUs = tcp.firstTxMstampUs;
  segment.deliveredAtUs = tcp.deliveredMstampUs;
  segment.delivered = tcp.delivered;
  segment.deliveredCe = tcp.deliveredCe;
  segment.isAppLimited = tcp.appLimited !== 0;
}

/** A segment was acknowledged or SACKed: the one sent last makes the sample. Each counts once. */
export function rateSegmentDelivered(tcp: TcpSock, segment: TcpSegment, sample: RateSample): void {
  if (segment.deliveredAtUs < 0) return;
  if (
    sample.priorDelivered === 0 ||
    sentAfter(segment.sentAtUs, tcp.firstTxMstampUs, segment.endSeq, sample.lastEndSeq)
  ) {
    sample.priorDelivered = segment.delivered;
    sample.priorAtUs = segment.deliveredAtUs;
    sample.isAppLimited = segment.isAppLimited;
    sample.isRetransmission = (segment.sacked & RETRANS_BITS) !== 0;
    sample.lastEndSeq = segment.endSeq;
    sample.intervalUs = segment.sentAtUs - segment.firstSentAtUs;
    tcp.firstTxMstampUs = segment.sentAtUs;
  }
  // It stays in the queue after a SACK, and must not count again.
  if ((segment.sacked & SACKED_ACKED) !== 0) segment.deliveredAtUs = -1;
}

/** The ACK is processed: closes its sample, and keeps the rate when it says something new (tcp_rate_gen). */
export function rateGenerate(tcp: TcpSock, sample: RateSample, isReneging: boolean): void {
  if (tcp.appLimited !== 0 && tcp.delivered > tcp.appLimited) tcp.appLimited = 0;
  if (sample.ackedSacked > 0) tcp.deliveredMstampUs = tcp.nowUs;
  if (sample.priorAtUs < 0 || isReneging) {
    sample.delivered = -1;
    sample.intervalUs = -1;
    return;
  }
  sample.delivered = tcp.delivered - sample.priorDelivered;
  // The slower of both directions: ACKs may arrive bunched together, and segments leave so.
  sample.intervalUs = Math.max(sample.intervalUs, tcp.nowUs - sample.priorAtUs);
  // Shorter than any round trip: the segment was acknowledged by an ACK of its first transmission.
  if (sample.intervalUs < minRttUs(tcp)) {
    sample.intervalUs = -1;
    return;
  }
  const isFaster = sample.delivered * tcp.rateIntervalUs >= tcp.rateDelivered * sample.intervalUs;
  if (!sample.isAppLimited || isFaster) {
    tcp.rateDelivered = sample.delivered;
    tcp.rateIntervalUs = sample.intervalUs;
    tcp.rateAppLimited = sample.isAppLimited;
  }
}

/**
 * Less than a network that is full waits to be sent: samples from now on tell of the program
 * (tcp_rate_check_app_limited).
 */
export function rateCheckAppLimited(tcp: TcpSock): void {
  const unsent = (tcp.writeSeq - tcp.sndNxt) | 0;
  if (unsent >= tcp.mssCache || tcp.sendMemory.used > 0) return;
  if (tcp.inFlight >= tcp.sndCwnd || tcp.lostOut > tcp.retransOut) return;
  tcp.appLimited = tcp.delivered + tcp.inFlight || 1;
}

/** Last delivery rate in bytes a second, 0 without a sample (tcp_compute_delivery_rate). */
export function deliveryRate(tcp: TcpSock): number {
  if (tcp.rateDelivered === 0 || tcp.rateIntervalUs <= 0) return 0;
  return Math.floor((tcp.rateDelivered * tcp.mssCache * 1_000_000) / tcp.rateIntervalUs);
}
