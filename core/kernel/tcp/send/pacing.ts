/**
 * Pacing inside TCP (SO_MAX_PACING_RATE; tcp_pacing_check, tcp_update_skb_after_send, tcp_update_pacing_rate), and what
 * may wait below TCP in queues and rings (TCP small queues). Off by default: the rate is then only a measure of how
 * large a packet is worth building. Over the fq queueing discipline TCP only stamps its packets, and fq holds them.
 */
import type { TcpSegment } from "./segment.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { armPacing } from "../timer-arm.ts";
import { pacedMillisecond } from "./tso.ts";

const SECOND_NS = 1_000_000_000;
/** The first packets are not paced: the rate is not known yet. */
const UNPACED_SEGMENTS = 10;

/** Whether pacing forbids sending now; then the timer is set (tcp_pacing_check). */
export function pacingHolds(tcp: TcpSock): boolean {
  if (!tcp.pacingEnabled || tcp.isPacedBelow) return false;
  const wait = tcp.pacingAtNs - tcp.core.engine.now;
  if (wait <= 0) return false;
  if (tcp.pacingTimer?.isPending !== true) armPacing(tcp, wait);
  return true;
}

/** A packet of `bytes` payload was handed down: when may the next go? @param priorNs `pacingAtNs` before it. */
export function paceAfter(tcp: TcpSock, bytes: number, priorNs: number): void {
  if (!tcp.pacingEnabled && !tcp.isPacedBelow) return;
  const rate = tcp.pacingRate;
  if (rate <= 0 || rate === Infinity || tcp.dataSegsOut < UNPACED_SEGMENTS) return;
  let span = Math.floor((bytes * SECOND_NS) / rate);
  // Timers run late: up to half of it is made up for by the time that was lost.
  const credit = tcp.pacingAtNs - priorNs;
  span -= Math.min(Math.floor(span / 2), credit);
  tcp.pacingAtNs += span;
}

/** The rate follows cwnd per round trip, with some room for it to grow (tcp_update_pacing_rate). */
export function updatePacingRate(tcp: TcpSock): void {
  const { pacingSsRatio, pacingCaRatio } = tcp.tcp.sysctls;
  const ratio = tcp.sndCwnd < Math.floor(tcp.sndSsthresh / 2) ? pacingSsRatio : pacingCaRatio;
  // srtt is kept times 8.
  let rate = tcp.mssCache * ratio * 80_000 * Math.max(tcp.sndCwnd, tcp.packetsOut);
  if (tcp.srttUs > 0) rate = Math.floor(rate / tcp.srttUs);
  tcp.pacingRate = Math.min(rate, tcp.maxPacingRate);
}

/**
 * TCP small queues: whether as much of this connection waits below us as is good (tcp_small_queue_check). Then nothing
 * is sent until a packet has left. @param factor power of two by which more is allowed: 1 for retransmissions.
 */
export function smallQueueHolds(tcp: TcpSock, segment: TcpSegment, factor: number): boolean {
  let limit = Math.max(2 * segment.truesize, pacedMillisecond(tcp));
  if (!tcp.pacingEnabled && !tcp.isPacedBelow) limit = Math.min(limit, tcp.tcp.sysctls.limitOutputBytes);
  if (tcp.sendMemory.used <= limit * (1 << factor)) return false;
  // With one packet or none under way there may be no completion that would call us back.
  if (tcp.rtxQueue.size <= 1) return false;
  tcp.isThrottled = true;
  return true;
}
