/**
 * Probing a closed window, and a silent peer (tcp_send_probe0, tcp_write_wakeup, tcp_xmit_probe_skb in tcp_output.c;
 * RFC 9293, 3.8.6.1): a packet whose sequence number the peer must answer, or a part of the data where the window lets
 * it.
 */
import { TH } from "../../../wire/tcp.ts";
import { currentMss } from "./mss.ts";
import { eventNewDataSent } from "./new-data.ts";
import { seqAdd, seqBefore, seqDistance } from "../sequence.ts";
import { fragment, setTsoSegments } from "./split.ts";
import { TCP_STATE } from "../states.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer, rtoMaxUs } from "../timer-arm.ts";
import { sendPureSegment, transmitSegment } from "./transmit.ts";

/** us after which sending is tried again when our own queues had no room (TCP_RESOURCE_PROBE_INTERVAL). */
export const RESOURCE_PROBE_US = 500_000;
/** Least time-out (TCP_RTO_MIN), and least span of a timer (TCP_TIMEOUT_MIN), us. */
const RTO_MIN_US = 200_000;
const TIMEOUT_MIN_US = 2000;
/** ilog2 of the longest time-out over the shortest, and one: more doublings cannot matter. */
const BACKOFF_MAX = 10;

export type ProbeCounter = "TCPWinProbe" | "TCPKeepAlive";

/** Span of the first probe, us (tcp_probe0_base). */
const probe0BaseUs = (tcp: TcpSock): number => Math.max(tcp.rtoUs, RTO_MIN_US);

/** Span until the next probe, us, at most `mostUs` (tcp_probe0_when). */
export function probe0When(tcp: TcpSock, mostUs: number): number {
  const backoff = Math.min(BACKOFF_MAX, tcp.backoff);
  return Math.min(probe0BaseUs(tcp) * (1 << backoff), mostUs);
}

/** Nothing is under way and something waits: without a timer nobody would notice the window opening. */
export function checkProbeTimer(tcp: TcpSock): void {
  if (tcp.packetsOut === 0 && tcp.writeTimerKind === WRITE_TIMER.NONE) {
    armWriteTimer(tcp, WRITE_TIMER.PROBE0, probe0BaseUs(tcp));
  }
}

/** Not later than TCP_USER_TIMEOUT ends the connection (tcp_clamp_probe0_to_user_timeout). */
export function clampProbe0(tcp: TcpSock, spanUs: number): number {
  const timeoutUs = tcp.options.userTimeoutMs * 1000;
  if (timeoutUs === 0 || tcp.probesTstampUs === 0) return spanUs;
  const elapsed = Math.max(0, tcp.nowUs - tcp.probesTstampUs);
  return Math.min(Math.max(timeoutUs - elapsed, TIMEOUT_MIN_US), spanUs);
}

/** The probe timer has run out and the connection may live on: probes, and sets the timer again (tcp_send_probe0). */
export function sendProbe0(tcp: TcpSock): void {
  const result = writeWakeup(tcp, "TCPWinProbe");
  if (tcp.packetsOut > 0 || tcp.writeQueue.length === 0) {
    tcp.probesOut = 0;
    tcp.backoff = 0;
    tcp.probesTstampUs = 0;
    return;
  }
  tcp.probesOut++;
  let span = RESOURCE_PROBE_US;
  if (result <= 0) {
    if (tcp.backoff < tcp.tcp.sysctls.retries2) tcp.backoff++;
    span = probe0When(tcp, rtoMaxUs(tcp));
  }
  armWriteTimer(tcp, WRITE_TIMER.PROBE0, clampProbe0(tcp, span));
}

/**
 * Makes the peer answer: by data if the window takes any, else by a sequence number that it has acknowledged already.
 * @returns 0, negative when nothing was sent, 1 when our own queue dropped it.
 */
export function writeWakeup(tcp: TcpSock, counter: ProbeCounter): number {
  if (tcp.state === TCP_STATE.CLOSE) return -1;
  const segment = tcp.writeQueue.first;
  if (segment !== null && seqBefore(segment.seq, tcp.windowEnd)) return sendPiece(tcp);
  tcp.core.snmp.tcpExt[counter]++;
  return sendPureSegment(tcp, TH.ACK, seqAdd(tcp.sndUna, -1));
}

/** The window takes something, if not as much as was worth waiting for: sends that much. */
function sendPiece(tcp: TcpSock): number {
  const segment = tcp.writeQueue.first;
  if (segment === null) return -1;
  const mss = currentMss(tcp);
  const window = seqDistance(segment.seq, tcp.windowEnd);
  if (seqBefore(tcp.pushedSeq, segment.endSeq)) tcp.pushedSeq = segment.endSeq;
  if (window < seqDistance(segment.seq, segment.endSeq) || segment.length > mss) {
    segment.flags |= TH.PSH;
    const length = Math.min(window, mss, segment.length);
    if (fragment(tcp, segment, length, mss) < 0) return -1;
  } else if (segment.segments === 0) setTsoSegments(segment, mss);
  segment.flags |= TH.PSH;
  const result = transmitSegment(tcp, segment);
  if (result === 0) eventNewDataSent(tcp, segment);
  return result;
}
