/**
 * Keepalive (tcp_keepalive_timer in tcp_timer.c; RFC 9293, 3.8.4), and on the same timer the end of FIN_WAIT2 for a
 * connection whose program is gone. Times in us.
 */
import { tcpDone } from "./life.ts";
import { RESOURCE_PROBE_US, writeWakeup } from "../send/probe.ts";
import { TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { enterTimeWait, finTimeUs, TIMEWAIT_US } from "./time-wait.ts";
import { armKeepalive } from "../timer-arm.ts";
import { sendActiveReset } from "../send/transmit.ts";
import { writeError } from "./write-error.ts";

const SECOND_US = 1_000_000;

const keepaliveTimeUs = (tcp: TcpSock): number =>
  (tcp.options.keepaliveTimeS > 0 ? tcp.options.keepaliveTimeS : tcp.tcp.sysctls.keepaliveTime) * SECOND_US;

const keepaliveIntervalUs = (tcp: TcpSock): number =>
  (tcp.options.keepaliveIntvlS > 0 ? tcp.options.keepaliveIntvlS : tcp.tcp.sysctls.keepaliveIntvl) * SECOND_US;

export function keepaliveTimeout(tcp: TcpSock): void {
  const { state } = tcp;
  if (state === TCP_STATE.LISTEN) return;
  if (state === TCP_STATE.FIN_WAIT2 && tcp.isOrphan) {
    leaveFinWait2(tcp);
    return;
  }
  if (!tcp.keepAlive || state === TCP_STATE.CLOSE || state === TCP_STATE.SYN_SENT) return;
  const whenUs = keepaliveTimeUs(tcp);
  // Data under way tests the peer by itself.
  if (tcp.packetsOut > 0 || tcp.writeQueue.length > 0) {
    armKeepalive(tcp, whenUs);
    return;
  }
  const idleUs = tcp.nowUs - Math.max(tcp.ackLastReceivedUs, tcp.rcvTstampUs);
  if (idleUs < whenUs) {
    armKeepalive(tcp, whenUs - idleUs);
    return;
  }
  if (isPeerDead(tcp, idleUs)) {
    sendActiveReset(tcp);
    writeError(tcp);
    return;
  }
  if (writeWakeup(tcp, "TCPKeepAlive") <= 0) {
    tcp.probesOut++;
    armKeepalive(tcp, keepaliveIntervalUs(tcp));
  } else armKeepalive(tcp, RESOURCE_PROBE_US);
}

/** TCP_USER_TIMEOUT decides when it is set, else the number of probes. */
function isPeerDead(tcp: TcpSock, idleUs: number): boolean {
  const userTimeoutUs = tcp.options.userTimeoutMs * 1000;
  if (userTimeoutUs > 0) return idleUs >= userTimeoutUs && tcp.probesOut > 0;
  const most = tcp.options.keepaliveProbes > 0 ? tcp.options.keepaliveProbes : tcp.tcp.sysctls.keepaliveProbes;
  return tcp.probesOut >= most;
}

/** The peer has not closed its side in time: a small record waits for the rest, or nobody does. */
function leaveFinWait2(tcp: TcpSock): void {
  if (tcp.options.linger2 >= 0) {
    const remainingUs = finTimeUs(tcp) - TIMEWAIT_US;
    if (remainingUs > 0) {
      enterTimeWait(tcp, "FIN_WAIT2", remainingUs);
      return;
    }
  }
  sendActiveReset(tcp);
  tcpDone(tcp, "FIN_WAIT2 time-out");
}
