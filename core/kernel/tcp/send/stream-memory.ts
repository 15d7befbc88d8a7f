/**
 * The send buffer's fill level: who may write, who is woken, and how the buffer grows with the window (sk_stream_* in
 * sock.h and stream.c, tcp_sndbuf_expand, tcp_check_space). Counted is what Linux counts, truesize and not payload, so
 * that a program blocks where it does there. Left out: tcp_mem, the limit over all connections.
 */
import { chronoStop } from "../chrono.ts";
import { seqDistance } from "../sequence.ts";
import { CHRONO, INIT_CWND, type TcpSock } from "../tcp-sock.ts";

/** Room for all headers, the shared info, and struct sk_buff (MAX_TCP_HEADER, SKB_DATA_ALIGN). */
const HEADERS_BYTES = 320;
const SHARED_INFO_BYTES = 320;
const SK_BUFF_BYTES = 256;
/** The buffer holds twice the window: one that is under way, and one to go on with. */
const WINDOWS_BUFFERED = 2;

/** Whether bytes not yet sent stay below TCP_NOTSENT_LOWAT, or half of it (tcp_stream_memory_free). */
function isBelowLowat(tcp: TcpSock, halved: boolean): boolean {
  const lowat = tcp.options.notsentLowat > 0 ? tcp.options.notsentLowat : tcp.tcp.sysctls.notsentLowat;
  const unsent = seqDistance(tcp.sndNxt, tcp.writeSeq);
  return (halved ? unsent * 2 : unsent) < lowat;
}

/** Whether another segment may be begun (sk_stream_memory_free). */
export const streamMemoryFree = (tcp: TcpSock): boolean =>
  tcp.wmemQueued < tcp.sendBufferBytes && isBelowLowat(tcp, false);

/** Whether poll reports room, and waiters are woken: a third of the buffer is free (__sk_stream_is_writeable). */
export const streamIsWriteable = (tcp: TcpSock): boolean =>
  tcp.sendBufferBytes - tcp.wmemQueued >= tcp.wmemQueued >>> 1 &&
  tcp.wmemQueued < tcp.sendBufferBytes &&
  isBelowLowat(tcp, true);

/** Segments were acknowledged, or sent: wakes whoever found the buffer full (tcp_check_space). */
export function checkSpace(tcp: TcpSock): void {
  if (!tcp.noSpace) return;
  if (shouldExpand(tcp)) {
    expandSendBuffer(tcp);
    tcp.sndCwndStampUs = tcp.nowUs;
  }
  if (!streamIsWriteable(tcp)) return;
  tcp.noSpace = false;
  tcp.waiters.wake();
  chronoStop(tcp, CHRONO.SNDBUF_LIMITED);
}

/** The program has fixed the size, or the window is full anyway: no reason to grow (tcp_should_expand_sndbuf). */
const shouldExpand = (tcp: TcpSock): boolean => !tcp.sendBufferLocked && tcp.inFlight < tcp.sndCwnd;

/**
 * The buffer follows the window: room for twice as many full segments, as far as tcp_wmem allows (tcp_sndbuf_expand).
 */
export function expandSendBuffer(tcp: TcpSock): void {
  const bytes = Math.max(tcp.rxOpt.mssClamp, tcp.mssCache) + HEADERS_BYTES + SHARED_INFO_BYTES;
  const perSegment = roundUpPowerOfTwo(bytes) + SK_BUFF_BYTES;
  const segments = Math.max(INIT_CWND, tcp.sndCwnd, tcp.reordering + 1);
  const wanted = WINDOWS_BUFFERED * segments * perSegment;
  if (tcp.sendBufferBytes < wanted) tcp.sendBufferBytes = Math.min(wanted, tcp.tcp.sysctls.wmem.values[2] as number);
}

const roundUpPowerOfTwo = (value: number): number => (value <= 1 ? 1 : 1 << (32 - Math.clz32(value - 1)));
