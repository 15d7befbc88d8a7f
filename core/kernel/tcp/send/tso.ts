/**
 * How large a packet is handed down, and whether to wait until a larger one can be (tcp_tso_autosize,
 * tcp_mss_split_point and tcp_tso_should_defer in tcp_output.c), and Nagle's question (RFC 9293, 3.7.4, with Minshall's
 * modification).
 */
import { TH } from "../../../wire/tcp.ts";
import { GSO_BYTES_MAX } from "./mss.ts";
import { minRttUs } from "../loss/rtt.ts";
import type { TcpSegment } from "./segment.ts";
import { seqAfter, seqDistance } from "../sequence.ts";
import { CA, NAGLE, type TcpSock } from "../tcp-sock.ts";

/** Divides the rate per second into what about 1 ms takes (sk_pacing_shift of 10). */
const PACING_SHIFT = 1024;
const BITS = 32;
const MS_NS = 1_000_000;
/** Segments that are worth waiting for when tcp_tso_win_divisor is 0 (tcp_max_tso_deferred_mss). */
const DEFERRED_SEGMENTS = 3;

/** What stopped the sender for now. */
export const LIMIT = { NONE: 0, CWND: 1, RWND: 2 } as const;

/** Bytes that about 1 ms takes at the pacing rate; Infinity before it is known. */
export const pacedMillisecond = (tcp: TcpSock): number =>
  tcp.pacingRate === 0 ? Infinity : Math.floor(tcp.pacingRate / PACING_SHIFT);

/** Most segments of one packet (tcp_tso_segs): 1 ms worth at the pacing rate, and more on a short path. */
export function tsoSegments(tcp: TcpSock, mss: number): number {
  const { tsoRttLog, minTsoSegs } = tcp.tcp.sysctls;
  let bytes = pacedMillisecond(tcp);
  const shift = minRttUs(tcp) >>> tsoRttLog;
  if (shift < BITS) bytes += GSO_BYTES_MAX >>> shift;
  bytes = Math.min(bytes, GSO_BYTES_MAX);
  return Math.min(Math.max(Math.floor(bytes / mss), minTsoSegs), tcp.gsoMaxSegs);
}

/** Whether an unacknowledged small packet is under way (tcp_minshall_check). */
const isSmallUnderWay = (tcp: TcpSock): boolean =>
  seqAfter(tcp.sndSml, tcp.sndUna) && !seqAfter(tcp.sndSml, tcp.sndNxt);

/**
 * Nagle's answer: whether a segment that is not full has to wait. Corked always; otherwise while another small one is
 * unacknowledged, unless TCP_NODELAY is set (tcp_nagle_check).
 */
export function nagleHolds(tcp: TcpSock, isPartial: boolean, nonagle: number): boolean {
  if (!isPartial) return false;
  return (nonagle & NAGLE.CORK) !== 0 || (nonagle === 0 && tcp.packetsOut > 0 && isSmallUnderWay(tcp));
}

/** Whether the segment may go now by Nagle's rule (tcp_nagle_test). */
export function naglePasses(tcp: TcpSock, segment: TcpSegment, mss: number, nonagle: number): boolean {
  // With the FIN no more data comes that it could wait for.
  if ((nonagle & NAGLE.PUSH) !== 0 || (segment.flags & TH.FIN) !== 0) return true;
  return !nagleHolds(tcp, segment.length < mss, nonagle);
}

/** What the packet about to be built may have at most. One record, reused. */
export interface PacketLimits {
  mss: number;
  segments: number;
  nonagle: number;
}

/** Bytes of the segment to send now: what window and limits let through, in whole segments if Nagle says so. */
export function splitPoint(tcp: TcpSock, segment: TcpSegment, limits: PacketLimits): number {
  const { mss } = limits;
  const window = seqDistance(segment.seq, tcp.windowEnd);
  const most = mss * limits.segments;
  if (most <= window && segment !== tcp.writeQueue.last) return most;
  const needed = Math.min(segment.length, window);
  if (most <= needed) return most;
  const partial = needed % mss;
  return nagleHolds(tcp, partial !== 0, limits.nonagle) ? needed - partial : needed;
}

/**
 * Whether to wait for an ACK that lets a larger packet go (tcp_tso_should_defer).
 * @returns whether, in `waits`, and what limits meanwhile, in `limit`: the record is reused.
 */
export function tsoDefers(tcp: TcpSock, segment: TcpSegment, maxSegments: number): typeof deferral {
  deferral.limit = LIMIT.NONE;
  deferral.waits = decideDeferral(tcp, segment, maxSegments);
  return deferral;
}
const deferral: { waits: boolean; limit: number } = { waits: false, limit: LIMIT.NONE };

function decideDeferral(tcp: TcpSock, segment: TcpSegment, maxSegments: number): boolean {
  if (tcp.caState >= CA.RECOVERY) return false;
  const now = tcp.core.engine.now;
  // Only while the program writes: what was written long ago would come out as a burst.
  if (now - tcp.pacingAtNs - MS_NS > 0) return false;
  const mss = tcp.mssCache;
  const sendWindow = seqDistance(segment.seq, tcp.windowEnd);
  const congestionWindow = (tcp.sndCwnd - tcp.inFlight) * mss;
  const limit = Math.min(sendWindow, congestionWindow);
  if (limit >= maxSegments * mss) return false;
  // In the middle of the queue it gets no more data, so all of it that can go goes.
  if (segment !== tcp.writeQueue.last && limit >= segment.length) return false;
  const divisor = tcp.tcp.sysctls.tsoWinDivisor;
  if (divisor > 0) {
    const chunk = Math.floor(Math.min(tcp.sndWnd, tcp.sndCwnd * mss) / divisor);
    if (limit >= chunk) return false;
  } else if (limit > DEFERRED_SEGMENTS * mss) return false;
  const head = tcp.rtxQueue.first;
  if (head === null) return false;
  // The ACK that this waits for is half a round trip away or more: too long.
  if (Math.floor(now / 1000) - head.sentAtUs < Math.floor(tcp.srttUs / 16)) return false;
  return waitsFor(segment, { sendWindow, congestionWindow });
}

function waitsFor(segment: TcpSegment, windows: { sendWindow: number; congestionWindow: number }): boolean {
  const { sendWindow, congestionWindow } = windows;
  if (congestionWindow < sendWindow) {
    if (congestionWindow <= segment.length) {
      deferral.limit = LIMIT.CWND;
      return true;
    }
  } else if (sendWindow <= segment.length) {
    deferral.limit = LIMIT.RWND;
    return true;
  }
  // Neither limits: the program has not written enough. Nothing will be added to a segment that ends the stream.
  return (segment.flags & TH.FIN) === 0 && !segment.eor;
}
