/**
 * Auto-tuning of the receive buffer ("dynamic right-sizing"): what the program reads in one round-trip time is what the
 * connection can make use of, so the buffer becomes twice that. tcp_rcv_space_adjust, tcp_rcvbuf_grow and
 * tcp_rcv_rtt_update of tcp_input.c (Linux 6.18). The receiver's RTT comes from echoed timestamps, or from the time
 * that one window's worth takes; it is kept times 8.
 */
import { KIND } from "../../../contract/trace-event.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { spaceFromWin, winFromSpace } from "./receive-space.ts";
import { seqAdd, seqBefore, seqDistance } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

const RCV_SPACE_ADJUST = KIND["tcp:tcp_rcv_space_adjust"];
/** A clock that has run backwards, or too far to be told in us. */
const DELTA_MS_MAX = 0x7fffffff / 1000;

/** @param sampleUs RTT. @param byWindow it was measured by a window's worth: too long if the sender paused. */
function updateRtt(tcp: TcpSock, sampleUs: number, byWindow: boolean): void {
  const old = tcp.rcvRtt.rttUs;
  if (old === 0 || sampleUs * 8 < old) tcp.rcvRtt.rttUs = sampleUs * 8;
  else if (!byWindow) tcp.rcvRtt.rttUs = old - Math.floor(old / 8) + sampleUs;
}

/** Data has come (tcp_rcv_rtt_measure): one window after another. */
export function rcvRttMeasure(tcp: TcpSock): void {
  const estimate = tcp.rcvRtt;
  const now = tcp.nowUs;
  if (estimate.timeUs !== 0) {
    if (seqBefore(tcp.rcvNxt, estimate.seq)) return;
    updateRtt(tcp, Math.max(1, now - estimate.timeUs), true);
  }
  estimate.seq = seqAdd(tcp.rcvNxt, tcp.rcvWnd);
  estimate.timeUs = now;
}

/** A full segment echoes our timestamp, for the first time (tcp_rcv_rtt_measure_ts). Resolution 1 ms. */
export function rcvRttMeasureTs(tcp: TcpSock, skb: SkBuff): void {
  const { rcvTsecr, sawTstamp } = tcp.rxOpt;
  if (!sawTstamp || rcvTsecr === tcp.rcvRttLastTsecr) return;
  tcp.rcvRttLastTsecr = rcvTsecr;
  if (((skb.cb1 - skb.cb0) | 0) < tcp.ackRcvMss) return;
  const deltaMs = (Math.floor(tcp.nowUs / 1000) - rcvTsecr) >>> 0;
  if (deltaMs > 0 && deltaMs < DELTA_MS_MAX) updateRtt(tcp, deltaMs * 1000, false);
}

/** The program has taken data: once per RTT, looks how much that was (tcp_rcv_space_adjust). */
export function rcvSpaceAdjust(tcp: TcpSock): void {
  const { trace, engine } = tcp.core;
  const { rcvq, rcvRtt } = tcp;
  if (trace.active) {
    const copied = seqDistance(rcvq.seq, tcp.copiedSeq);
    trace.record(RCV_SPACE_ADJUST, 0, engine.cause, tcp.inode, copied, tcp.receiveBufferBytes);
  }
  if (rcvRtt.rttUs === 0) return;
  const now = tcp.nowUs;
  if (now - rcvq.timeUs < Math.floor(rcvRtt.rttUs / 8)) return;
  // What waits unread does not count: a slow reader needs no larger buffer.
  const copied = seqDistance(rcvq.seq, tcp.copiedSeq) - seqDistance(tcp.copiedSeq, tcp.rcvNxt);
  if (copied > rcvq.space) growReceiveBuffer(tcp, copied);
  rcvq.seq = tcp.copiedSeq;
  rcvq.timeUs = now;
}

/** The program reads `bytes` per RTT: the buffer grows for what may come next (tcp_rcvbuf_grow). */
export function growReceiveBuffer(tcp: TcpSock, bytes: number): void {
  const old = tcp.rcvq.space;
  tcp.rcvq.space = bytes;
  const { moderateRcvbuf, rmem } = tcp.tcp.sysctls;
  if (moderateRcvbuf === 0 || tcp.receiveBufferLocked) return;
  // We hear of it one RTT late, and in slow start the sender doubles its rate meanwhile.
  let window = bytes * 2;
  if (old > 0) window += Math.floor((window * (bytes - old)) / old) * 2;
  const last = tcp.outOfOrder.last;
  if (last !== null) window += seqDistance(tcp.rcvNxt, last.endSeq);
  const space = Math.min(spaceFromWin(tcp, window), rmem.values[2] ?? 0);
  if (space <= tcp.receiveBufferBytes) return;
  tcp.receiveBufferBytes = space;
  tcp.windowClamp = winFromSpace(tcp, space);
}
