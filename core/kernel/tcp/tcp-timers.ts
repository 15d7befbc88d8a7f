/**
 * What a connection's timers do when they run out (tcp_timer.c; tcp_pace_kick, tcp_tsq_write in tcp_output.c). One
 * timer serves for retransmission, window probes, tail loss probes and RACK's reordering: see WRITE_TIMER.
 */
import { KIND } from "../../contract/trace-event.ts";
import type { KernelTimer } from "../timer/timers.ts";
import { compressedAckExpired, delackTimerExpired } from "./receive/acknowledge.ts";
import { orphanRetries } from "./close/give-up.ts";
import { keepaliveTimeout } from "./close/keepalive.ts";
import { currentMss } from "./send/mss.ts";
import { PUSH, writeXmit } from "./send/output.ts";
import { sendProbe0 } from "./send/probe.ts";
import { rackTimeout } from "./loss/recovery.ts";
import { retransmitTimeout } from "./loss/retransmit-timer.ts";
import { xmitRetransmitQueue } from "./loss/retransmit.ts";
import { stateBit, TCP_STATE } from "./states.ts";
import { TIMER, WRITE_TIMER, type TcpSock } from "./tcp-sock.ts";
import { rtoMaxUs } from "./timer-arm.ts";
import { sendLossProbe } from "./loss/tlp.ts";
import { writeError } from "./close/write-error.ts";

const TIMER_EVENT = KIND["tcp:timer"];
/** States in which held back data may go (tcp_tsq_write). */
const SENDING =
  stateBit(TCP_STATE.ESTABLISHED) |
  stateBit(TCP_STATE.FIN_WAIT1) |
  stateBit(TCP_STATE.CLOSING) |
  stateBit(TCP_STATE.CLOSE_WAIT) |
  stateBit(TCP_STATE.LAST_ACK);

const WRITE_TIMER_NAMES: Readonly<Record<number, string>> = {
  [WRITE_TIMER.RETRANS]: "retransmission",
  [WRITE_TIMER.PROBE0]: "window probe",
  [WRITE_TIMER.LOSS_PROBE]: "loss probe",
  [WRITE_TIMER.REO_TIMEOUT]: "reordering",
};

/** One of the connection's timers has run out. */
export function onTcpTimer(tcp: TcpSock, timer: KernelTimer): void {
  switch (timer.code) {
    case TIMER.WRITE:
      writeTimeout(tcp);
      return;
    case TIMER.DELACK:
      delackTimerExpired(tcp);
      return;
    case TIMER.KEEPALIVE:
      trace(tcp, "keepalive");
      keepaliveTimeout(tcp);
      return;
    case TIMER.PACING:
      sendHeldBack(tcp);
      return;
    default:
      compressedAckExpired(tcp);
  }
}

function trace(tcp: TcpSock, name: string): void {
  const { trace: recorder, engine } = tcp.core;
  if (recorder.active) recorder.record(TIMER_EVENT, 0, engine.cause, tcp.inode, recorder.intern(name), tcp.rtoUs);
}

/** tcp_write_timer_handler. */
function writeTimeout(tcp: TcpSock): void {
  const kind = tcp.writeTimerKind;
  if (tcp.state === TCP_STATE.CLOSE || tcp.state === TCP_STATE.LISTEN || kind === WRITE_TIMER.NONE) return;
  trace(tcp, WRITE_TIMER_NAMES[kind] ?? "write");
  switch (kind) {
    case WRITE_TIMER.REO_TIMEOUT:
      rackTimeout(tcp);
      break;
    case WRITE_TIMER.LOSS_PROBE:
      sendLossProbe(tcp);
      break;
    case WRITE_TIMER.RETRANS:
      tcp.writeTimerKind = WRITE_TIMER.NONE;
      // A server that took data from a SYN repeats nothing but its SYN-ACK.
      if (tcp.fastopenRequest === null) retransmitTimeout(tcp);
      else tcp.tcp.fastopenSynAckTimer(tcp);
      break;
    default:
      tcp.writeTimerKind = WRITE_TIMER.NONE;
      probeTimeout(tcp);
  }
}

/**
 * The window is closed (tcp_probe_timer). RFC 9293, 3.8.6.1: the connection stays open as long as probes are answered;
 * but not for an orphan, nor beyond TCP_USER_TIMEOUT.
 */
function probeTimeout(tcp: TcpSock): void {
  if (tcp.packetsOut > 0 || tcp.writeQueue.length === 0) {
    tcp.probesOut = 0;
    tcp.probesTstampUs = 0;
    return;
  }
  const userTimeoutUs = tcp.options.userTimeoutMs * 1000;
  if (tcp.probesTstampUs === 0) tcp.probesTstampUs = tcp.nowUs;
  else if (userTimeoutUs > 0 && tcp.nowUs - tcp.probesTstampUs >= userTimeoutUs) {
    writeError(tcp);
    return;
  }
  let most = tcp.tcp.sysctls.retries2;
  if (tcp.isOrphan) {
    const alive = tcp.rtoUs * 2 ** tcp.backoff < rtoMaxUs(tcp);
    most = orphanRetries(tcp, alive);
    if (!alive && tcp.backoff >= most) {
      writeError(tcp);
      return;
    }
  }
  if (tcp.probesOut >= most) writeError(tcp);
  else sendProbe0(tcp);
}

/** Pacing, small queues or autocorking held data back, and need not any more (tcp_tsq_write). */
function sendHeldBack(tcp: TcpSock): void {
  tcp.isThrottled = false;
  if ((stateBit(tcp.state) & SENDING) === 0) return;
  if (tcp.lostOut > tcp.retransOut && tcp.sndCwnd > tcp.inFlight) xmitRetransmitQueue(tcp);
  writeXmit(tcp, currentMss(tcp), tcp.nagle, PUSH.ALL);
}
