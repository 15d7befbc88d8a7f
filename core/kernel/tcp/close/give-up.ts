/**
 * When a connection that gets no answer is over (tcp_write_timeout, retransmits_timed_out, tcp_model_timeout and
 * tcp_orphan_retries in tcp_timer.c; RFC 9293, 3.8.3; RFC 5482). Retries are meant as time: as many as exponential
 * back-off from the least time-out makes in it. All times in us.
 */
import { forgetRoute } from "../tcp-route.ts";
import { detectBlackHole } from "../send/mtu-probe.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { rtoMaxUs } from "../timer-arm.ts";

const RTO_MIN_US = 200_000;
/** Clocks may be off by a tick. */
const JIFFY_US = 1000;
/** Retries of an orphan that the peer seems to hear (tcp_orphan_retries). */
const ORPHAN_RETRIES = 8;
/** Longest time-out that the model of the back-off reckons with (TCP_RTO_MAX). */
const MODEL_RTO_MAX_US = 120_000_000;

const HANDSHAKE = stateBit(TCP_STATE.SYN_SENT) | stateBit(TCP_STATE.SYN_RECV);

/** Time that `boundary` retries take with exponential back-off from `baseUs` (tcp_model_timeout). */
export function modelTimeoutUs(boundary: number, baseUs: number): number {
  const doublings = 31 - Math.clz32(Math.floor(MODEL_RTO_MAX_US / baseUs));
  if (boundary <= doublings) return (2 ** (boundary + 1) - 1) * baseUs;
  return (2 ** (doublings + 1) - 1) * baseUs + (boundary - doublings) * MODEL_RTO_MAX_US;
}

/**
 * Whether retransmissions have gone on for too long: `timeoutUs`, or when that is 0 as long as `boundary` retries take
 * (retransmits_timed_out).
 */
export function retransmitsTimedOut(tcp: TcpSock, boundary: number, timeoutUs: number): boolean {
  if (tcp.retransmits === 0) return false;
  let limit = timeoutUs;
  if (limit === 0) {
    const isHandshake = (stateBit(tcp.state) & HANDSHAKE) !== 0;
    limit = modelTimeoutUs(boundary, isHandshake ? RTO_INIT_US : RTO_MIN_US);
  }
  return tcp.nowUs - tcp.retransStampUs + JIFFY_US >= limit;
}

/** Retries of a connection whose program is gone. @param alive the peer may still be there: the back-off goes on. */
export function orphanRetries(tcp: TcpSock, alive: boolean): number {
  let retries = tcp.tcp.sysctls.orphanRetries;
  if (tcp.softError !== 0 && !alive) retries = 0;
  return retries === 0 && alive ? ORPHAN_RETRIES : retries;
}

/** Asked at each time-out: whether it was the last one (tcp_write_timeout). Looks for ways out before that. */
export function isWriteTimedOut(tcp: TcpSock): boolean {
  const { sysctls, fastopen } = tcp.tcp;
  let expired = false;
  let retries: number;
  if ((stateBit(tcp.state) & HANDSHAKE) !== 0) {
    if (tcp.retransmits > 0) forgetRoute(tcp);
    retries = tcp.options.synRetries > 0 ? tcp.options.synRetries : sysctls.synRetries;
    const linear = tcp.state === TCP_STATE.SYN_SENT ? sysctls.synLinearTimeouts : 0;
    expired = tcp.retransmits >= retries + linear;
  } else {
    if (retransmitsTimedOut(tcp, sysctls.retries1, 0)) {
      detectBlackHole(tcp);
      forgetRoute(tcp);
    }
    retries = sysctls.retries2;
    if (tcp.isOrphan) retries = orphanRetries(tcp, tcp.rtoUs < rtoMaxUs(tcp));
  }
  expired ||= retransmitsTimedOut(tcp, retries, tcp.options.userTimeoutMs * 1000);
  fastopen.detectBlackhole(tcp, expired);
  return expired;
}

/** Not later than TCP_USER_TIMEOUT ends the connection (tcp_clamp_rto_to_user_timeout). */
export function clampToUserTimeout(tcp: TcpSock): number {
  const timeoutUs = tcp.options.userTimeoutMs * 1000;
  if (timeoutUs === 0) return tcp.rtoUs;
  const remaining = timeoutUs - (tcp.nowUs - tcp.retransStampUs);
  return remaining <= 0 ? JIFFY_US : Math.min(tcp.rtoUs, remaining);
}
