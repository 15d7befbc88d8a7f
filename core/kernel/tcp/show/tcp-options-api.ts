/**
 * Options of SOL_TCP, what options of SOL_SOCKET mean to TCP beyond what they mean to any socket, and the requests of
 * ioctl: do_tcp_setsockopt, tcp_set_rcvlowat, tcp_set_keepalive and tcp_ioctl of net/ipv4/tcp.c.
 * Left out: TCP_REPAIR and all that needs it, TCP_ULP, TCP_MD5SIG, TCP_AO, TCP_SAVE_SYN, TCP_ZEROCOPY_RECEIVE.
 */
import { E } from "../../syscall/errno.ts";
import {
  SIOCINQ,
  SIOCOUTQ,
  SIOCOUTQNSD,
  SO,
  SOL,
  TCP,
  type OptionResult,
  type OptionValue,
} from "../../syscall/sys.ts";
import { getSocketOption, setSocketOption, type DeviceNames } from "../../socket/socket-options.ts";
import { ackScheduled, enterPingpongMode, exitPingpongMode } from "../receive/ack-mode.ts";
import { cleanupReceiveBuffer } from "../receive/acknowledge.ts";
import { congestionControl, setCongestionControl } from "../congestion/registry.ts";
import { pushPendingFrames } from "../send/output.ts";
import { setWindowClamp, spaceFromWin } from "../receive/receive-space.ts";
import { inq } from "../receive/recvmsg.ts";
import { seqDistance } from "../sequence.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import { NAGLE, type TcpSock } from "../tcp-sock.ts";
import { getTcpOption, keepaliveTimeS, rtoMaxSeconds, SYN_TIMEOUT_SECONDS } from "./tcp-options-get.ts";
import { ACK_PUSHED, armKeepalive, clearKeepalive } from "../timer-arm.ts";
import { setFastopenState, setOptions } from "../socket-records.ts";

const { CLOSE, LISTEN, ESTABLISHED, CLOSE_WAIT, SYN_SENT, SYN_RECV } = TCP_STATE;
const CLOSE_OR_LISTEN = stateBit(CLOSE) | stateBit(LISTEN);

/** Bounds of option values (include/net/tcp.h). */
const SYNCNT_MAX = 127;
const KEEPALIVE_SECONDS_MAX = 32_767;
const KEEPCNT_MAX = 127;
const FIN_TIMEOUT_SECONDS_MAX = 120;
const MSS_MIN = 88;
const WINDOW_MAX = 32_767;
const RTO_MIN_US_MAX = 200_000;
const DEFER_MAX = 255;
/** Bit of net.ipv4.tcp_fastopen: clients may. */
const TFO_CLIENT = 1;

const inStates = (tcp: TcpSock, states: number): boolean => (stateBit(tcp.state) & states) !== 0;

/** Sets an option of any level. @returns 0 or -errno. */
export function setOptionOf(tcp: TcpSock, level: number, option: number, value: OptionValue): number {
  if (level === SOL.TCP) return setTcpOption(tcp, option, value);
  if (level === SOL.IP) return tcp.ipOptions.set(tcp, option, value);
  return level === SOL.SOCKET ? setSocketLevel(tcp, option, value) : -E.ENOPROTOOPT;
}

export function getOptionOf(tcp: TcpSock, level: number, option: number): OptionResult {
  if (level === SOL.TCP) return getTcpOption(tcp, option);
  if (level === SOL.IP) return tcp.ipOptions.get(tcp, option);
  if (level !== SOL.SOCKET) return { error: -E.ENOPROTOOPT };
  if (option === SO.ACCEPTCONN) return { value: Number(tcp.state === LISTEN) };
  return getSocketOption(tcp, devicesOf(tcp), option);
}

const devicesOf = (tcp: TcpSock): DeviceNames => tcp.tcp.services.devices;

function setSocketLevel(tcp: TcpSock, option: number, value: OptionValue): number {
  if (option === SO.RCVLOWAT && typeof value === "number") return setRcvLowat(tcp, value);
  if (option === SO.KEEPALIVE && typeof value === "number") setKeepalive(tcp, value !== 0);
  const result = setSocketOption(tcp, devicesOf(tcp), option, value);
  if (result < 0) return result;
  if (option === SO.MAX_PACING_RATE) {
    if (tcp.maxPacingRate !== Infinity) tcp.pacingEnabled = true;
    tcp.pacingRate = Math.min(tcp.pacingRate, tcp.maxPacingRate);
  }
  if (option === SO.BINDTODEVICE || option === SO.MARK) tcp.forgetRoute();
  return result;
}

/** tcp_set_keepalive. */
function setKeepalive(tcp: TcpSock, on: boolean): void {
  if (inStates(tcp, CLOSE_OR_LISTEN)) return;
  if (!on) clearKeepalive(tcp);
  else if (!tcp.keepAlive) armKeepalive(tcp, keepaliveTimeS(tcp) * 1_000_000);
}

/** The buffer grows with the mark, so that what is waited for can come at all (tcp_set_rcvlowat). */
function setRcvLowat(tcp: TcpSock, value: number): number {
  const most = (tcp.receiveBufferLocked ? tcp.receiveBufferBytes : (tcp.tcp.sysctls.rmem.values[2] ?? 0)) >> 1;
  const mark = value < 0 ? most : Math.min(Math.floor(value), most);
  tcp.rcvLowat = mark || 1;
  tcp.waiters.wake();
  if (tcp.receiveBufferLocked) return 0;
  const space = spaceFromWin(tcp, mark);
  if (space > tcp.receiveBufferBytes) {
    tcp.receiveBufferBytes = space;
    tcp.windowClamp = mark;
  }
  return 0;
}

/** Sets an option of SOL_TCP. @returns 0 or -errno. */
export function setTcpOption(tcp: TcpSock, option: number, value: OptionValue): number {
  if (option === TCP.CONGESTION) return setCongestion(tcp, value);
  if (option === TCP.FASTOPEN_KEY) return setFastopenKey(tcp, value);
  if (typeof value !== "number" || !Number.isInteger(value)) return -E.EINVAL;
  const setter = SETTERS.get(option);
  return setter === undefined ? -E.ENOPROTOOPT : setter(tcp, value);
}

type Setter = (tcp: TcpSock, value: number) => number;

/** A number that is only kept. */
const kept =
  (least: number, most: number, keep: (tcp: TcpSock, value: number) => void): Setter =>
  (tcp, value) => {
    if (value < least || value > most) return -E.EINVAL;
    keep(tcp, value);
    return 0;
  };

const SETTERS: ReadonlyMap<number, Setter> = new Map<number, Setter>([
  [TCP.NODELAY, setNodelay],
  [TCP.CORK, setCork],
  [TCP.MAXSEG, (tcp, value) => (value === 0 ? setUserMss(tcp, 0) : userMssChecked(tcp, value))],
  [TCP.KEEPIDLE, setKeepidle],
  [TCP.KEEPINTVL, kept(1, KEEPALIVE_SECONDS_MAX, (tcp, value) => setOptions(tcp, { keepaliveIntvlS: value }))],
  [TCP.KEEPCNT, kept(1, KEEPCNT_MAX, (tcp, value) => setOptions(tcp, { keepaliveProbes: value }))],
  [TCP.SYNCNT, kept(1, SYNCNT_MAX, (tcp, value) => setOptions(tcp, { synRetries: value }))],
  [TCP.USER_TIMEOUT, kept(0, 0x7fffffff, (tcp, value) => setOptions(tcp, { userTimeoutMs: value }))],
  [TCP.LINGER2, setLinger2],
  [TCP.DEFER_ACCEPT, (tcp, value) => setDeferAccept(tcp, value)],
  [TCP.WINDOW_CLAMP, setClamp],
  [TCP.QUICKACK, setQuickack],
  [TCP.THIN_LINEAR_TIMEOUTS, kept(0, 1, (tcp, value) => setOptions(tcp, { thinLinearTimeouts: value !== 0 }))],
  // Linux takes it for old programs' sake and does nothing since RACK.
  [TCP.THIN_DUPACK, kept(0, 1, () => {})],
  [TCP.FASTOPEN, setFastopen],
  [TCP.FASTOPEN_CONNECT, setFastopenConnect],
  [TCP.FASTOPEN_NO_COOKIE, setFastopenNoCookie],
  // Only a socket under repair may change its clock.
  [TCP.TIMESTAMP, () => -E.EPERM],
  [TCP.NOTSENT_LOWAT, setNotsentLowat],
  [TCP.INQ, kept(0, 1, (tcp, value) => setOptions(tcp, { inq: value !== 0 }))],
  [TCP.RTO_MIN_US, kept(1, RTO_MIN_US_MAX, (tcp, value) => (tcp.rtoMinUs = value))],
]);

/** Off or on, what had to wait for more data goes out now (__tcp_sock_set_nodelay). */
function setNodelay(tcp: TcpSock, value: number): number {
  if (value === 0) {
    tcp.nagle &= ~NAGLE.OFF;
    return 0;
  }
  tcp.nagle |= NAGLE.OFF | NAGLE.PUSH;
  pushPendingFrames(tcp);
  return 0;
}

/** __tcp_sock_set_cork. */
function setCork(tcp: TcpSock, value: number): number {
  if (value !== 0) {
    tcp.nagle |= NAGLE.CORK;
    return 0;
  }
  tcp.nagle &= ~NAGLE.CORK;
  if ((tcp.nagle & NAGLE.OFF) !== 0) tcp.nagle |= NAGLE.PUSH;
  pushPendingFrames(tcp);
  return 0;
}

function setUserMss(tcp: TcpSock, value: number): number {
  tcp.rxOpt.userMss = value;
  return 0;
}

const userMssChecked = kept(MSS_MIN, WINDOW_MAX, setUserMss);

/** The time that has passed already counts (tcp_sock_set_keepidle_locked). */
function setKeepidle(tcp: TcpSock, value: number): number {
  if (value < 1 || value > KEEPALIVE_SECONDS_MAX) return -E.EINVAL;
  setOptions(tcp, { keepaliveTimeS: value });
  if (!tcp.keepAlive || inStates(tcp, CLOSE_OR_LISTEN)) return 0;
  const idleUs = Math.min(tcp.nowUs - tcp.ackLastReceivedUs, tcp.nowUs - tcp.rcvTstampUs);
  armKeepalive(tcp, Math.max(0, value * 1_000_000 - idleUs));
  return 0;
}

function setLinger2(tcp: TcpSock, value: number): number {
  setOptions(tcp, { linger2: value < 0 ? -1 : Math.min(value, FIN_TIMEOUT_SECONDS_MAX) });
  return 0;
}

/** Seconds as the number of SYN-ACK retransmissions that take about as long (secs_to_retrans). */
function setDeferAccept(tcp: TcpSock, seconds: number): number {
  let retransmissions = 0;
  if (seconds > 0) {
    let span = SYN_TIMEOUT_SECONDS;
    let period = span;
    retransmissions = 1;
    while (seconds > period && retransmissions < DEFER_MAX) {
      retransmissions++;
      span = Math.min(span * 2, rtoMaxSeconds(tcp));
      period += span;
    }
  }
  setOptions(tcp, { deferAccept: retransmissions });
  return 0;
}

/** A window that was offered is not taken back, but it need not grow (tcp_set_window_clamp). */
function setClamp(tcp: TcpSock, value: number): number {
  if (value === 0) {
    if (tcp.state !== CLOSE) return -E.EINVAL;
    tcp.windowClamp = 0;
    return 0;
  }
  setWindowClamp(tcp, value);
  return 0;
}

/** What is owed is sent at once; even values other than 0 do that once and go back (__tcp_sock_set_quickack). */
function setQuickack(tcp: TcpSock, value: number): number {
  if (value === 0) {
    enterPingpongMode(tcp);
    return 0;
  }
  exitPingpongMode(tcp);
  if (!inStates(tcp, stateBit(ESTABLISHED) | stateBit(CLOSE_WAIT)) || !ackScheduled(tcp)) return 0;
  tcp.ackPending |= ACK_PUSHED;
  cleanupReceiveBuffer(tcp, 1);
  if ((value & 1) === 0) enterPingpongMode(tcp);
  return 0;
}

/** tcp_set_congestion_control. Everybody is root: no list of allowed ones. */
function setCongestion(tcp: TcpSock, value: OptionValue): number {
  if (typeof value !== "string" || value === "") return -E.EINVAL;
  const algorithm = congestionControl(value);
  if (algorithm === null) return -E.ENOENT;
  setCongestionControl(tcp, algorithm);
  return 0;
}

/** How many may wait with data and without a finished handshake (fastopen_queue_tune). */
function setFastopen(tcp: TcpSock, value: number): number {
  if (value < 0 || !inStates(tcp, CLOSE_OR_LISTEN)) return -E.EINVAL;
  setFastopenState(tcp, { fastopenQueueMax: Math.min(value, tcp.core.netCore.somaxconn) });
  return 0;
}

function setFastopenConnect(tcp: TcpSock, value: number): number {
  if (value < 0 || value > 1) return -E.EINVAL;
  if ((tcp.tcp.sysctls.fastopen & TFO_CLIENT) === 0) return -E.EOPNOTSUPP;
  if (tcp.state !== CLOSE) return -E.EINVAL;
  setFastopenState(tcp, { fastopenConnect: value !== 0 });
  return 0;
}

function setFastopenNoCookie(tcp: TcpSock, value: number): number {
  if (value < 0 || value > 1 || !inStates(tcp, CLOSE_OR_LISTEN)) return -E.EINVAL;
  setOptions(tcp, { fastopenNoCookie: value !== 0 });
  return 0;
}

/** One key or two, of 16 bytes each: the first makes cookies, both are accepted. */
function setFastopenKey(tcp: TcpSock, value: OptionValue): number {
  if (!(value instanceof Uint8Array) || (value.length !== 16 && value.length !== 32)) return -E.EINVAL;
  setFastopenState(tcp, { fastopenKey: value.slice() });
  return 0;
}

function setNotsentLowat(tcp: TcpSock, value: number): number {
  setOptions(tcp, { notsentLowat: value >>> 0 });
  tcp.waiters.wake();
  return 0;
}

/** tcp_ioctl. @returns bytes, -EINVAL on a listener, -ENOTTY for what is not known here. */
export function tcpIoctl(tcp: TcpSock, request: number): number {
  if (request !== SIOCINQ && request !== SIOCOUTQ && request !== SIOCOUTQNSD) return -E.ENOTTY;
  if (tcp.state === LISTEN) return -E.EINVAL;
  if (request === SIOCINQ) return inq(tcp);
  if (inStates(tcp, stateBit(SYN_SENT) | stateBit(SYN_RECV))) return 0;
  return seqDistance(request === SIOCOUTQ ? tcp.sndUna : tcp.sndNxt, tcp.writeSeq);
}
