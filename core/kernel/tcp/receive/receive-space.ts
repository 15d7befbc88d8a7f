/**
 * How much window a buffer makes (tcp_win_from_space and its neighbours in Linux's net/tcp.h): packets cost more memory
 * than they carry payload, so only a share of the buffer, `scalingRatio` of 256, is offered. The share begins at one
 * half and is then measured (acknowledge.ts).
 */
import type { TcpSock } from "../tcp-sock.ts";

/** TCP_RMEM_TO_WIN_SCALE: the share is in 256ths. */
export const SHARE_BITS = 8;
/** Least window clamp: half of SOCK_MIN_RCVBUF. */
const CLAMP_MIN_BYTES = 1152;

/** Window bytes that `space` bytes of buffer make; negative when the buffer is overdrawn. */
export const winFromSpace = (tcp: TcpSock, space: number): number =>
  Math.floor((space * tcp.scalingRatio) / (1 << SHARE_BITS));

/** Buffer bytes that a window of `window` bytes needs. */
export const spaceFromWin = (tcp: TcpSock, window: number): number =>
  Math.floor((window * (1 << SHARE_BITS)) / tcp.scalingRatio);

/** Window that the free part of the buffer makes, and the whole buffer (tcp_space, tcp_full_space). */
export const freeSpace = (tcp: TcpSock): number => winFromSpace(tcp, tcp.receiveBufferBytes - tcp.receiveMemory.used);
export const fullSpace = (tcp: TcpSock): number => winFromSpace(tcp, tcp.receiveBufferBytes);

/** Changes the largest window ever to be offered (tcp_set_window_clamp), not to 0. */
export function setWindowClamp(tcp: TcpSock, bytes: number): void {
  const clamp = Math.max(CLAMP_MIN_BYTES, bytes);
  const old = tcp.windowClamp;
  if (clamp === old) return;
  tcp.windowClamp = clamp;
  if (clamp < old) tcp.rcvSsthresh = Math.min(tcp.rcvSsthresh, clamp);
  else tcp.rcvSsthresh = Math.max(Math.min(tcp.rcvWnd, clamp), tcp.rcvSsthresh);
}
