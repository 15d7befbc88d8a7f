/**
 * Round-trip time: estimator and retransmission time-out. RFC 6298 in Linux's fixed point
 * (tcp_rtt_estimator, tcp_set_rto, tcp_rearm_rto in tcp_input.c; tcp_rto_delta_us): srtt is kept
 * times 8, mdev and rttvar times 4, in us; the time-out is rounded up to whole ms, as jiffies do with HZ = 1000. Left
 * out: RTO_MIN per route, microsecond timestamps (tcp_usec_ts).
 */
import { FLAG, FLAG_ACKED } from "./ack-flags.ts";
import { seqAfter } from "../sequence.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer, clearWriteTimer, rtoMaxUs } from "../timer-arm.ts";

/** us before the first measurement (TCP_TIMEOUT_INIT), RFC 6298, 2.1. */
export const RTO_INIT_US = 1_000_000;
/** A minimum that nobody has measured yet. */
export const NO_RTT_MIN = 0xffffffff;
const JIFFY_US = 1000;

/** us rounded up to whole jiffies (usecs_to_jiffies). */
export const toJiffiesUs = (us: number): number => Math.ceil(us / JIFFY_US) * JIFFY_US;

/** Takes one measurement into srtt, mdev and rttvar (tcp_rtt_estimator). */
export function estimateRtt(tcp: TcpSock, measuredUs: number): void {
  if (tcp.srttUs === 0) {
    tcp.srttUs = Math.max(1, measuredUs * 8);
    // rttvar = m/2 in units of a quarter, so that RTO starts at three times the RTT.
    tcp.mdevUs = measuredUs * 2;
    tcp.rttvarUs = Math.max(tcp.mdevUs, tcp.rtoMinUs);
    tcp.mdevMaxUs = tcp.rttvarUs;
    tcp.rttSeq = tcp.sndNxt;
    return;
  }
  let error = measuredUs - Math.floor(tcp.srttUs / 8);
  const srtt = tcp.srttUs + error;
  if (error < 0) {
    error = -error - Math.floor(tcp.mdevUs / 4);
    // An RTT that falls would raise the variance and with it the RTO: count such errors an eighth only.
    if (error > 0) error = Math.floor(error / 8);
  } else error -= Math.floor(tcp.mdevUs / 4);
  tcp.mdevUs += error;
  if (tcp.mdevUs > tcp.mdevMaxUs) {
    tcp.mdevMaxUs = tcp.mdevUs;
    if (tcp.mdevMaxUs > tcp.rttvarUs) tcp.rttvarUs = tcp.mdevMaxUs;
  }
  // Once per round trip the variance may fall, toward the largest deviation of that round trip.
  if (seqAfter(tcp.sndUna, tcp.rttSeq)) {
    if (tcp.mdevMaxUs < tcp.rttvarUs) tcp.rttvarUs -= Math.floor((tcp.rttvarUs - tcp.mdevMaxUs) / 4);
    tcp.rttSeq = tcp.sndNxt;
    tcp.mdevMaxUs = tcp.rtoMinUs;
  }
  tcp.srttUs = Math.max(1, srtt);
}

/** RTO = SRTT + 4 RTTVAR, which has its least value inside rttvar already (tcp_set_rto). */
export function setRto(tcp: TcpSock): void {
  tcp.rtoUs = toJiffiesUs(Math.floor(tcp.srttUs / 8) + tcp.rttvarUs);
  boundRto(tcp);
}

/** Keeps the time-out below net.ipv4.tcp_rto_max_ms (tcp_bound_rto). */
function boundRto(tcp: TcpSock): void {
  tcp.rtoUs = Math.min(tcp.rtoUs, rtoMaxUs(tcp));
}

/** What one ACK says about the round trip, in us; -1 for nothing. */
export interface RttSamples {
  /** Of the first segment that it acknowledges cumulatively and that was sent once. */
  seqUs: number;
  /** Of the first SACKed one. */
  sackUs: number;
  /** Of the last one, for congestion control. */
  caUs: number;
}

/** Updates the estimate from an ACK (tcp_ack_update_rtt). @returns whether there was a valid sample. */
export function updateRtt(tcp: TcpSock, flag: number, samples: RttSamples): boolean {
  if (samples.seqUs < 0) samples.seqUs = samples.sackUs;
  const rx = tcp.rxOpt;
  // RFC 7323, 4.1: the echoed timestamp counts only when the segment acknowledges something new.
  if (samples.seqUs < 0 && rx.sawTstamp && rx.rcvTsecr !== 0 && (flag & FLAG_ACKED) !== 0) {
    samples.seqUs = timestampRttUs(tcp, 1);
    samples.caUs = samples.seqUs;
  }
  if (samples.seqUs < 0) return false;
  updateRttMin(tcp, samples.caUs, flag);
  estimateRtt(tcp, samples.seqUs);
  setRto(tcp);
  // RFC 6298, 5.7: only a valid measurement ends the back-off.
  tcp.backoff = 0;
  return true;
}

/** Round trip in us by the echoed timestamp, at least `leastMs`; -1 when it cannot be (tcp_rtt_tsopt_us). */
export function timestampRttUs(tcp: TcpSock, leastMs: number): number {
  const deltaMs = (Math.floor(tcp.nowUs / 1000) - tcp.rxOpt.rcvTsecr) >>> 0;
  if (deltaMs >= 2_147_483) return -1;
  return Math.max(deltaMs, leastMs) * 1000;
}

/**
 * Measures the handshake of a passive open. @param sentAtUs when the SYN-ACK was sent; 0 when it was retransmitted, or
 * nobody remembers (tcp_synack_rtt_meas).
 */
export function measureSynack(tcp: TcpSock, sentAtUs: number): void {
  const rttUs = sentAtUs === 0 ? -1 : tcp.nowUs - sentAtUs;
  updateRtt(tcp, FLAG.SYN_ACKED, { seqUs: rttUs, sackUs: -1, caUs: rttUs });
}

/** Least round trip of the last minutes, us; NO_RTT_MIN when there is none (tcp_min_rtt). */
export const minRttUs = (tcp: TcpSock): number => tcp.rttMin.valueOr(NO_RTT_MIN);

function updateRttMin(tcp: TcpSock, rttUs: number, flag: number): void {
  // A receiver that always delays its ACKs would push the minimum up when the window ends.
  if ((flag & FLAG.ACK_MAYBE_DELAYED) !== 0 && rttUs > minRttUs(tcp)) return;
  const windowUs = tcp.tcp.sysctls.minRttWlen * 1_000_000;
  const nowUs = Math.floor(tcp.nowUs / 1000) * 1000;
  tcp.rttMin.see(rttUs <= 0 ? JIFFY_US : rttUs, nowUs, windowUs);
}

/** us until the time-out of the oldest segment, negative when it is overdue (tcp_rto_delta_us). */
export function rtoDeltaUs(tcp: TcpSock): number {
  const head = tcp.rtxQueue.first;
  return head === null ? tcp.rtoUs : head.sentAtUs + tcp.rtoUs - tcp.nowUs;
}

/** Starts the retransmission timer anew, or stops it when nothing is outstanding (tcp_rearm_rto; RFC 6298, 5.2-5.3). */
export function rearmRto(tcp: TcpSock): void {
  // A server that took data from a SYN runs on the timer of the SYN-ACK.
  if (tcp.fastopenRequest !== null) return;
  if (tcp.packetsOut === 0) {
    clearWriteTimer(tcp);
    return;
  }
  let rtoUs = tcp.rtoUs;
  // These two stand in for the RTO that was running: it goes on from the time it was started.
  if (tcp.writeTimerKind === WRITE_TIMER.REO_TIMEOUT || tcp.writeTimerKind === WRITE_TIMER.LOSS_PROBE) {
    rtoUs = toJiffiesUs(Math.max(rtoDeltaUs(tcp), 1));
  }
  armWriteTimer(tcp, WRITE_TIMER.RETRANS, rtoUs);
}
