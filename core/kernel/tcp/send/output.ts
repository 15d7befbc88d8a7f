/**
 * What is sent when (tcp_write_xmit and the pushes in tcp_output.c): segments leave in order as long as cwnd, the
 * peer's window, Nagle, pacing and the queues below let them, cut or grown to the size that is best to hand down. Left
 * out: urgent data, TCP_REPAIR.
 */
import { TH } from "../../../wire/tcp.ts";
import { chronoStart, chronoStop } from "../chrono.ts";
import { cwndTest, cwndValidate } from "./cwnd.ts";
import { isInCwndReduction } from "../loss/cwr.ts";
import { scheduleLossProbe } from "../loss/loss-probe-timer.ts";
import { currentMss, GSO_BYTES_MAX } from "./mss.ts";
import { PROBE, mtuProbe } from "./mtu-probe.ts";
import { eventNewDataSent } from "./new-data.ts";
import { pacingHolds, smallQueueHolds } from "./pacing.ts";
import { checkProbeTimer } from "./probe.ts";
import type { TcpSegment } from "./segment.ts";
import { seqAdd, seqAfter } from "../sequence.ts";
import { fragment, growSegment, setTsoSegments } from "./split.ts";
import { TCP_STATE } from "../states.ts";
import { CHRONO, NAGLE, type TcpSock } from "../tcp-sock.ts";
import { transmitSegment } from "./transmit.ts";
import { LIMIT, naglePasses, splitPoint, tsoDefers, tsoSegments, type PacketLimits } from "./tso.ts";
import { entail, newSegment } from "./write-queue.ts";

/** How many segments `writeXmit` may send: all, one, or one regardless of cwnd (a loss probe). */
export const PUSH = { ALL: 0, ONE: 1, PROBE: 2 } as const;

/** What the pass over the write queue found out. One record, reused: it is read before anything is sent again. */
const pass: PacketLimits & { push: number; limitedBy: number } = {
  mss: 0,
  segments: 0,
  nonagle: 0,
  push: 0,
  limitedBy: LIMIT.NONE,
};

/**
 * Sends what may be sent now (tcp_write_xmit). @param mss of `currentMss`. @param nonagle NAGLE bits.
 * @returns whether something waits although nothing is under way: then the caller sees to the probe timer.
 */
export function writeXmit(tcp: TcpSock, mss: number, nonagle: number, push: number): boolean {
  let sent = 0;
  if (push === PUSH.ALL && tcp.mtup.enabled) {
    const probed = mtuProbe(tcp);
    if (probed === PROBE.WAIT) return false;
    if (probed === PROBE.SENT) sent = 1;
  }
  pass.mss = mss;
  pass.nonagle = nonagle;
  pass.push = push;
  pass.limitedBy = LIMIT.NONE;
  sent += sendAll(tcp);
  if (pass.limitedBy === LIMIT.RWND) chronoStart(tcp, CHRONO.RWND_LIMITED);
  else if (tcp.chronoType !== CHRONO.NONE) chronoStop(tcp, CHRONO.RWND_LIMITED);
  const isLimited = pass.limitedBy === LIMIT.CWND || tcp.inFlight >= tcp.sndCwnd;
  if (sent > 0 || isLimited) cwndValidate(tcp, isLimited);
  if (sent > 0) {
    if (isInCwndReduction(tcp)) tcp.prrOut += sent;
    if (push !== PUSH.PROBE) scheduleLossProbe(tcp, false);
    return false;
  }
  return tcp.packetsOut === 0 && tcp.writeQueue.length > 0;
}

/** @returns segments sent. */
function sendAll(tcp: TcpSock): number {
  const maxSegments = tsoSegments(tcp, pass.mss);
  let sent = 0;
  for (let segment = tcp.writeQueue.first; segment !== null; segment = tcp.writeQueue.first) {
    if (pacingHolds(tcp) || !prepare(tcp, segment, maxSegments)) break;
    if (transmitSegment(tcp, segment) !== 0) break;
    eventNewDataSent(tcp, segment);
    // A small one is under way: Nagle's question (tcp_minshall_update).
    if (segment.length < segment.segments * pass.mss) tcp.sndSml = segment.endSeq;
    sent += segment.segments;
    if (pass.push !== PUSH.ALL) break;
  }
  return sent;
}

/** Whether the first unsent segment may go now; it is then of the right size. Notes what holds it back otherwise. */
function prepare(tcp: TcpSock, segment: TcpSegment, maxSegments: number): boolean {
  const { mss, nonagle } = pass;
  let quota = cwndTest(tcp);
  if (quota === 0) {
    if (pass.push !== PUSH.PROBE) return false;
    quota = 1;
  }
  quota = Math.min(quota, maxSegments);
  // Two segments of a large MSS, as on loopback, may be more than an IP packet holds.
  const missing = Math.min(quota * mss, GSO_BYTES_MAX) - segment.length;
  if (missing > 0) growSegment(tcp, segment, missing);
  const segments = setTsoSegments(segment, mss);
  const first = segment.length > mss ? seqAdd(segment.seq, mss) : segment.endSeq;
  if (seqAfter(first, tcp.windowEnd)) {
    pass.limitedBy = LIMIT.RWND;
    return false;
  }
  let limit = mss;
  if (segments === 1) {
    // Only the last segment can still grow: the others do not wait.
    if (!naglePasses(tcp, segment, mss, segment.next === null ? nonagle : NAGLE.PUSH)) return false;
  } else {
    if (pass.push === PUSH.ALL) {
      const deferral = tsoDefers(tcp, segment, maxSegments);
      if (deferral.waits) {
        pass.limitedBy = deferral.limit;
        return false;
      }
    }
    pass.segments = quota;
    limit = splitPoint(tcp, segment, pass);
  }
  if (segment.length > limit && fragment(tcp, segment, limit, mss) < 0) return false;
  return !smallQueueHolds(tcp, segment, 0);
}

/** Sends what may go, and makes sure that a timer runs when something is left (__tcp_push_pending_frames). */
export function pushPending(tcp: TcpSock, mss: number, nonagle: number): void {
  if (tcp.state === TCP_STATE.CLOSE) return;
  if (writeXmit(tcp, mss, nonagle, PUSH.ALL)) checkProbeTimer(tcp);
}

/** The same with the socket's own settings, if there is anything to send (tcp_push_pending_frames). */
export function pushPendingFrames(tcp: TcpSock): void {
  if (tcp.writeQueue.length > 0) pushPending(tcp, currentMss(tcp), tcp.nagle);
}

/** Sends the first unsent segment, which is full (tcp_push_one). */
export function pushOneSegment(tcp: TcpSock, mss: number): void {
  writeXmit(tcp, mss, NAGLE.PUSH, PUSH.ONE);
}

/**
 * The program closes its side: FIN goes with the last unsent segment, or alone (tcp_send_fin). Nagle does not hold it
 * back, but windows do.
 */
export function sendFin(tcp: TcpSock): void {
  const last = tcp.writeQueue.last;
  if (last !== null) {
    last.flags |= TH.FIN;
    last.endSeq = seqAdd(last.endSeq, 1);
  } else entail(tcp, newSegment(tcp.writeSeq, TH.FIN | TH.ACK));
  tcp.writeSeq = seqAdd(tcp.writeSeq, 1);
  pushPending(tcp, currentMss(tcp), NAGLE.OFF);
}
