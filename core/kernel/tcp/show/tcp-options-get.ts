/** Reading options of SOL_TCP (do_tcp_getsockopt in net/ipv4/tcp.c). Setting them is in tcp-options-api.ts. */
import { E } from "../../syscall/errno.ts";
import { TCP, type OptionResult } from "../../syscall/sys.ts";
import { inPingpongMode } from "../receive/ack-mode.ts";
import { tcpInfo } from "./info.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import { NAGLE, type TcpSock } from "../tcp-sock.ts";

/** Seconds of the first time-out of a SYN-ACK. */
export const SYN_TIMEOUT_SECONDS = 1;
const CLOSE_OR_LISTEN = stateBit(TCP_STATE.CLOSE) | stateBit(TCP_STATE.LISTEN);

/** Longest time-out in seconds. */
export const rtoMaxSeconds = (tcp: TcpSock): number => Math.floor(tcp.tcp.sysctls.rtoMaxMs / 1000);

export const keepaliveTimeS = (tcp: TcpSock): number => tcp.options.keepaliveTimeS || tcp.tcp.sysctls.keepaliveTime;

/** TCP_MAXSEG: what was asked for until there is a connection. */
const segmentSize = (tcp: TcpSock): number =>
  (stateBit(tcp.state) & CLOSE_OR_LISTEN) !== 0 && tcp.rxOpt.userMss > 0 ? tcp.rxOpt.userMss : tcp.mssCache;

/** retrans_to_secs. */
function deferAcceptSeconds(tcp: TcpSock): number {
  let period = 0;
  let span = SYN_TIMEOUT_SECONDS;
  for (let i = 0; i < tcp.options.deferAccept; i++) {
    period += span;
    span = Math.min(span * 2, rtoMaxSeconds(tcp));
  }
  return period;
}

const GETTERS: ReadonlyMap<number, (tcp: TcpSock) => number | boolean | string | readonly number[]> = new Map<
  number,
  (tcp: TcpSock) => number | boolean | string | readonly number[]
>([
  [TCP.MAXSEG, segmentSize],
  [TCP.NODELAY, (tcp) => (tcp.nagle & NAGLE.OFF) !== 0],
  [TCP.CORK, (tcp) => (tcp.nagle & NAGLE.CORK) !== 0],
  [TCP.KEEPIDLE, keepaliveTimeS],
  [TCP.KEEPINTVL, (tcp) => tcp.options.keepaliveIntvlS || tcp.tcp.sysctls.keepaliveIntvl],
  [TCP.KEEPCNT, (tcp) => tcp.options.keepaliveProbes || tcp.tcp.sysctls.keepaliveProbes],
  [TCP.SYNCNT, (tcp) => tcp.options.synRetries || tcp.tcp.sysctls.synRetries],
  [TCP.USER_TIMEOUT, (tcp) => tcp.options.userTimeoutMs],
  [TCP.LINGER2, (tcp) => (tcp.options.linger2 < 0 ? -1 : tcp.options.linger2 || tcp.tcp.sysctls.finTimeout)],
  [TCP.DEFER_ACCEPT, deferAcceptSeconds],
  [TCP.WINDOW_CLAMP, (tcp) => tcp.windowClamp],
  [TCP.QUICKACK, (tcp) => !inPingpongMode(tcp)],
  [TCP.CONGESTION, (tcp) => tcp.cc.name],
  // None of the algorithms has figures of its own to show.
  [TCP.CC_INFO, () => []],
  [TCP.THIN_LINEAR_TIMEOUTS, (tcp) => tcp.options.thinLinearTimeouts],
  [TCP.THIN_DUPACK, () => 0],
  [TCP.FASTOPEN, (tcp) => tcp.fastopen.fastopenQueueMax],
  [TCP.FASTOPEN_CONNECT, (tcp) => tcp.fastopen.fastopenConnect],
  [TCP.FASTOPEN_NO_COOKIE, (tcp) => tcp.options.fastopenNoCookie],
  [TCP.FASTOPEN_KEY, (tcp) => [...(tcp.fastopen.fastopenKey ?? [])]],
  [TCP.TIMESTAMP, (tcp) => (Math.floor(tcp.nowUs / 1000) + tcp.tsOffset) >>> 0],
  [TCP.NOTSENT_LOWAT, (tcp) => tcp.options.notsentLowat],
  [TCP.INQ, (tcp) => tcp.options.inq],
  [TCP.RTO_MIN_US, (tcp) => tcp.rtoMinUs],
]);

export function getTcpOption(tcp: TcpSock, option: number): OptionResult {
  if (option === TCP.INFO) return { value: tcpInfo(tcp) };
  const value = GETTERS.get(option)?.(tcp);
  if (value === undefined) return { error: -E.ENOPROTOOPT };
  return { value: typeof value === "boolean" ? Number(value) : value };
}
