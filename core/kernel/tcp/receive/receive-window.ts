/**
 * The window that is offered to the peer (RFC 9293, 3.8.6; RFC 7323, 2; RFC 1122, 4.2.3.3): tcp_select_window,
 * __tcp_select_window and tcp_select_initial_window of tcp_output.c; tcp_grow_window, tcp_clamp_window and
 * tcp_init_buffer_space of tcp_input.c.
 * The window follows free buffer space, never shrinks what was offered once, opens only by useful steps, and grows no
 * faster than the peer's packets prove to be worth their memory (`rcvSsthresh`).
 * Left out: pressure on the memory of all sockets (tcp_mem), the initial window of a route (initrwnd).
 */
import type { SkBuff } from "../../skb/skbuff.ts";
import { TCP_WINDOW_SHIFT_MAX } from "../../../wire/tcp-options.ts";
import { freeSpace, fullSpace, winFromSpace } from "./receive-space.ts";
import { INIT_CWND, type TcpSock } from "../tcp-sock.ts";
import { ACK_NOMEM } from "../timer-arm.ts";

export { fullSpace, setWindowClamp } from "./receive-space.ts";

const WINDOW_MAX = 0xffff;
/** For peers that take the field for a signed number (MAX_TCP_WINDOW). */
const WINDOW_SIGNED_MAX = 32_767;
/** tcp_app_win's default of 31 reserves nothing by itself, but switches the reservation of one segment on. */
const RESERVED_SEGMENTS_MIN = 2;

/** The peer's MSS before anything is known of it (TCP_MIN_MSS). */
const MSS_MIN = 88;
/** Memory of a packet that has only its headers in the linear part. */
const HEAD_BYTES = 768;

const roundDown = (value: number, step: number): number => Math.floor(value / step) * step;
const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** The window field of the segment that leaves now, not scaled back; what was offered is kept (tcp_select_window). */
export function selectWindow(tcp: TcpSock): number {
  const old = tcp.rcvWnd;
  if ((tcp.ackPending & ACK_NOMEM) !== 0) {
    // A segment within the window had no room: the one case in which an offer is taken back.
    tcp.rcvWnd = 0;
    tcp.rcvWup = tcp.rcvNxt;
    return 0;
  }
  const { rcvWscale } = tcp.rxOpt;
  const { shrinkWindow, workaroundSignedWindows } = tcp.tcp.sysctls;
  const ext = tcp.core.snmp.tcpExt;
  const current = tcp.receiveWindow;
  let window = newWindow(tcp);
  if (window < current && (shrinkWindow === 0 || rcvWscale === 0)) {
    // RFC 9293, 3.8.6.2.1: SHOULD NOT shrink. The edge stays where it was, so that it is reached in time.
    if (window === 0) ext.TCPWantZeroWindowAdv++;
    window = roundUp(current, 1 << rcvWscale);
  }
  tcp.rcvWnd = window;
  tcp.rcvWup = tcp.rcvNxt;
  const isSigned = rcvWscale === 0 && workaroundSignedWindows !== 0;
  const field = Math.min(window >>> rcvWscale, isSigned ? WINDOW_SIGNED_MAX : WINDOW_MAX);
  if (field === 0) {
    if (old !== 0) ext.TCPToZeroWindowAdv++;
  } else if (old === 0) ext.TCPFromZeroWindowAdv++;
  return field;
}

/**
 * The window that could be offered now, bytes (__tcp_select_window). Ends quick acknowledging when less than half of
 * the buffer is free: so does whoever only asks.
 */
export function newWindow(tcp: TcpSock): number {
  const step = 1 << tcp.rxOpt.rcvWscale;
  const allowed = fullSpace(tcp);
  const full = Math.min(tcp.windowClamp, allowed);
  if (full <= 0) return 0;
  const mss = Math.min(tcp.ackRcvMss === 0 ? MSS_MIN : tcp.ackRcvMss, full);
  const mayShrink = tcp.tcp.sysctls.shrinkWindow !== 0 && step > 1;
  let free = freeSpace(tcp);
  if (mayShrink) free = roundDown(free, step);
  if (free < full >> 1) {
    tcp.ackQuick = 0;
    // It may become the window: scaling must not make it larger.
    free = roundDown(free, step);
    // The silly window rule, and early enough: memory runs out before a large window's last MSS does.
    if (free < allowed >> 4 || free < mss || (mayShrink && free < step)) return 0;
  }
  free = Math.min(free, tcp.rcvSsthresh);
  // With scaling the window cannot line up with segments anyway; it must not be scaled away.
  if (step > 1) return roundUp(free, step);
  const window = tcp.rcvWnd;
  if (window <= free - mss || window > free) return roundDown(free, mss);
  return mss === full && free > window + (full >> 1) ? free : window;
}

/** First window, largest window ever, and scale of the window field, for a SYN or SYN-ACK. */
export interface InitialWindow {
  readonly rcvWnd: number;
  readonly windowClamp: number;
  readonly rcvWscale: number;
}

/**
 * tcp_select_initial_window, with what its callers do before. The listener or the socket that connects is `tcp`.
 * @param mss payload of a full segment, options taken off. @param wscaleOk both sides may scale.
 */
export function selectInitialWindow(tcp: TcpSock, mss: number, wscaleOk: boolean): InitialWindow {
  const { rmem, workaroundSignedWindows } = tcp.tcp.sysctls;
  let clamp = tcp.windowClamp;
  let space = Math.max(0, fullSpace(tcp));
  // The user's smaller buffer limits the scale, too.
  if (tcp.receiveBufferLocked && (clamp > space || clamp === 0)) clamp = space;
  if (clamp === 0) clamp = WINDOW_MAX * 2 ** TCP_WINDOW_SHIFT_MAX;
  space = Math.min(clamp, space);
  if (space > mss) space = roundDown(space, mss);
  const rcvWnd = workaroundSignedWindows !== 0 ? Math.min(space, WINDOW_SIGNED_MAX) : space;
  let rcvWscale = 0;
  if (wscaleOk) {
    const largest = Math.max(space, rmem.values[2] ?? 0, tcp.core.netCore.rmemMax);
    rcvWscale = scaleFor(Math.min(largest, clamp));
  }
  return { rcvWnd, rcvWscale, windowClamp: Math.min(WINDOW_MAX * 2 ** rcvWscale, clamp) };
}

/** The shift with which 16 bits can name `bytes`: the binary logarithm less 15. */
const scaleFor = (bytes: number): number => Math.min(Math.max(31 - Math.clz32(bytes) - 15, 0), TCP_WINDOW_SHIFT_MAX);

/**
 * The connection is established: bounds the window by the buffer, less one segment, and begins to measure how fast the
 * program reads (the receiving half of tcp_init_buffer_space).
 */
export function initBufferSpace(tcp: TcpSock): void {
  const most = fullSpace(tcp);
  const { advmss, rcvq } = tcp;
  rcvq.timeUs = tcp.nowUs;
  rcvq.seq = tcp.copiedSeq;
  if (tcp.windowClamp >= most) tcp.windowClamp = most > 4 * advmss ? Math.max(most, 4 * advmss) : most;
  const reserved = RESERVED_SEGMENTS_MIN * advmss;
  if (tcp.windowClamp > reserved && tcp.windowClamp + advmss > most) {
    tcp.windowClamp = Math.max(reserved, most - advmss);
  }
  tcp.rcvSsthresh = Math.min(tcp.rcvSsthresh, tcp.windowClamp);
  rcvq.space = Math.min(tcp.rcvSsthresh, tcp.rcvWnd, INIT_CWND * advmss);
}

/** Data has come: may more be offered (tcp_grow_window)? @param adjust the packet will be coalesced, or has been. */
export function growWindow(tcp: TcpSock, skb: SkBuff, adjust: boolean): void {
  const room = Math.min(tcp.windowClamp, freeSpace(tcp)) - tcp.rcvSsthresh;
  if (room <= 0) return;
  const truesize = adjust ? adjustedTruesize(skb) : skb.truesize;
  const step = winFromSpace(tcp, truesize) <= skb.length ? 2 * tcp.advmss : slowGrowth(tcp, skb, truesize);
  if (step === 0) return;
  tcp.rcvSsthresh += Math.min(room, Math.max(step, 2 * skb.length));
  tcp.ackQuick |= 1;
}

/** The buffer of a packet whose payload is all in fragments goes when it is coalesced (truesize_adjust). */
function adjustedTruesize(skb: SkBuff): number {
  const truesize = skb.truesize - (skb.headLength === 0 ? HEAD_BYTES : 0);
  return truesize < skb.length ? skb.truesize : truesize;
}

/** Packets of much memory and little payload open the window only while it is small (__tcp_grow_window). */
function slowGrowth(tcp: TcpSock, skb: SkBuff, truesize: number): number {
  let memory = winFromSpace(tcp, truesize) >> 1;
  let window = winFromSpace(tcp, tcp.tcp.sysctls.rmem.values[2] ?? 0) / 2;
  while (tcp.rcvSsthresh <= window) {
    if (memory <= skb.length) return 2 * tcp.ackRcvMss;
    memory >>= 1;
    window = Math.floor(window / 2);
  }
  return 0;
}

/** The buffer is full: grows it if it may, and offers little until it is read (tcp_clamp_window). */
export function clampWindow(tcp: TcpSock): void {
  const largest = tcp.tcp.sysctls.rmem.values[2] ?? 0;
  const used = tcp.receiveMemory.used;
  tcp.ackQuick = 0;
  if (tcp.receiveBufferBytes < largest && !tcp.receiveBufferLocked) {
    tcp.receiveBufferBytes = Math.max(tcp.receiveBufferBytes, Math.min(used, largest));
  }
  if (used > tcp.receiveBufferBytes) tcp.rcvSsthresh = Math.min(tcp.windowClamp, 2 * tcp.advmss);
}
