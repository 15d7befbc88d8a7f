/**
 * How much payload a segment and a packet take (tcp_current_mss, tcp_sync_mss and their relatives in tcp_output.c; RFC
 * 6691): from the path's MTU, the peer's option, TCP_MAXSEG, the options in the header, and half of the largest window
 * that the peer ever offered.
 */
import { IPV4_HEADER_BYTES } from "../../../wire/ipv4.ts";
import { TCP_HEADER_BYTES } from "../../../wire/tcp.ts";
import { establishedOptionsLength } from "../options.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** MSS of a peer that says nothing (TCP_MSS_DEFAULT, RFC 9293, 3.7.1). */
export const MSS_DEFAULT = 536;
/** Payload that fits into the largest packet with Linux's headroom: 65,536 less MAX_TCP_HEADER and one. */
export const GSO_BYTES_MAX = 65_215;
/** Least IP packet of a link (RFC 791). */
const LEAST_MTU = 68;

const HEADERS_BYTES = IPV4_HEADER_BYTES + TCP_HEADER_BYTES;

/** Payload bytes of a segment in an IP packet of `mtu` bytes (tcp_mtu_to_mss). */
export function mtuToMss(tcp: TcpSock, mtu: number): number {
  const mss = Math.min(mtu - HEADERS_BYTES, tcp.rxOpt.mssClamp);
  return Math.max(mss, tcp.tcp.sysctls.minSndMss) - (tcp.tcpHeaderLen - TCP_HEADER_BYTES);
}

/** IP packet that a segment of `mss` payload bytes needs (tcp_mss_to_mtu). */
export const mssToMtu = (tcp: TcpSock, mss: number): number => mss + tcp.tcpHeaderLen + IPV4_HEADER_BYTES;

/** At most half of the largest window the peer offered, so that two packets are needed to fill it. */
export function boundToHalfWindow(tcp: TcpSock, bytes: number): number {
  const most = tcp.maxWindow;
  // A tiny window (some mail servers of old offer 512) is used as a whole.
  const cutoff = most > MSS_DEFAULT ? most >>> 1 : most;
  return cutoff > 0 && bytes > cutoff ? Math.max(cutoff, LEAST_MTU - tcp.tcpHeaderLen) : bytes;
}

/** The path's MTU is `mtu`: computes `mssCache` anew (tcp_sync_mss). @returns it. */
export function syncMss(tcp: TcpSock, mtu: number): number {
  const mtup = tcp.mtup;
  if (mtup.searchHigh > mtu) mtup.searchHigh = mtu;
  let mss = boundToHalfWindow(tcp, mtuToMss(tcp, mtu));
  tcp.pmtuCookie = mtu;
  if (mtup.enabled) mss = Math.min(mss, mtuToMss(tcp, mtup.searchLow));
  tcp.mssCache = mss;
  return mss;
}

/** Payload bytes of the next segment with the options that it will have (tcp_current_mss). */
export function currentMss(tcp: TcpSock): number {
  let mss = tcp.mssCache;
  // The route as it was last used: whether it still holds is only asked when a packet is sent.
  const route = tcp.route;
  if (route !== null && route.mtu !== tcp.pmtuCookie) mss = syncMss(tcp, route.mtu);
  // SACK blocks come on top of what `mssCache` reckons with.
  return mss - (establishedOptionsLength(tcp) + TCP_HEADER_BYTES - tcp.tcpHeaderLen);
}

/**
 * The MSS to advertise on a route: what it says, or what its MTU allows; less when TCP_MAXSEG says so
 * (tcp_advertise_mss). @param advmss the route's own figure, 0 for none.
 */
export function advertisedMss(tcp: TcpSock, mtu: number, advmss = 0): number {
  const mss = advmss > 0 ? advmss : Math.max(mtu - HEADERS_BYTES, ADVMSS_MIN);
  return tcp.rxOpt.userMss > 0 ? Math.min(tcp.rxOpt.userMss, mss) : mss;
}
/** net.ipv4.route.min_adv_mss. */
const ADVMSS_MIN = 256;

/** First guess of the peer's segment size, for delayed ACKs (tcp_initialize_rcv_mss). */
export function initialRcvMss(tcp: TcpSock): number {
  const hint = Math.min(tcp.advmss, tcp.mssCache, Math.floor(tcp.rcvWnd / 2), MSS_DEFAULT);
  return Math.max(hint, RCV_MSS_MIN);
}
/** TCP_MIN_MSS. */
const RCV_MSS_MIN = 88;

/**
 * Payload bytes that a packet is to be filled up to: many segments, which the device cuts up, or the kernel right above
 * it (tcp_xmit_size_goal). @param mss of `currentMss`.
 */
export function sizeGoal(tcp: TcpSock, mss: number): number {
  const most = boundToHalfWindow(tcp, GSO_BYTES_MAX);
  let goal = tcp.gsoSegs * mss;
  // Kept while it fits: a division per write would be spent for nothing.
  if (most < goal || most >= goal + mss) {
    tcp.gsoSegs = Math.min(Math.floor(most / mss), tcp.gsoMaxSegs);
    goal = tcp.gsoSegs * mss;
  }
  return Math.max(goal, mss);
}
