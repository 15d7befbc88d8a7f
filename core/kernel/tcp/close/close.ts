/**
 * The end of a connection as processes and the peer ask for it: close, shutdown, FIN (tcp_close, tcp_shutdown in
 * net/ipv4/tcp.c; tcp_fin in tcp_input.c; RFC 9293, sections 3.6 and 3.10.4). What follows is in life.ts, disconnect.ts
 * and time-wait.ts. Left out: memory pressure (tcp_check_oom) but for net.ipv4.tcp_max_orphans.
 */
import { TH } from "../../../wire/tcp.ts";
import { enterPingpongMode, scheduleAck } from "../receive/ack-mode.ts";
import { listenStop, tcpDisconnect } from "./disconnect.ts";
import { destroy, orphan, removeFastopen, setClosed } from "./life.ts";
import { sendFin } from "../send/output.ts";
import { seqAdd, seqAfter, seqOf } from "../sequence.ts";
import { setState, stateBit, TCP_STATE, type TcpState } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { enterTimeWait, finTimeUs, TIMEWAIT_US } from "./time-wait.ts";
import { armKeepalive } from "../timer-arm.ts";
import { sendAck, sendActiveReset } from "../send/transmit.ts";

export { tcpDisconnect } from "./disconnect.ts";
export { doneWithError, tcpDone } from "./life.ts";

const { ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING } =
  TCP_STATE;

/** CLOSE by state: the one that follows, and whether a FIN is due (tcp_close_state's table). */
const ON_CLOSE: Readonly<Partial<Record<TcpState, readonly [next: TcpState, sendsFin: boolean]>>> = {
  [ESTABLISHED]: [FIN_WAIT1, true],
  [SYN_SENT]: [CLOSE, false],
  [SYN_RECV]: [FIN_WAIT1, true],
  [CLOSE_WAIT]: [LAST_ACK, true],
};

/** The last descriptor is closed (tcp_close). What close waits for by SO_LINGER is the system call layer's matter. */
export function tcpClose(tcp: TcpSock): void {
  tcp.isReceiveShut = true;
  tcp.isSendShut = true;
  if (tcp.state === LISTEN) {
    setClosed(tcp, "3.10.4 CLOSE");
    listenStop(tcp);
  } else {
    const isUnread = discardReceived(tcp);
    if (tcp.state !== CLOSE) endConnection(tcp, isUnread);
  }
  const { state } = tcp;
  orphan(tcp);
  if (state === FIN_WAIT2 && !orphanFinWait2(tcp)) return;
  if (tcp.state !== CLOSE && tcp.tcp.orphans > tcp.tcp.sysctls.maxOrphans) {
    setClosed(tcp, "tcp_max_orphans");
    sendActiveReset(tcp);
    tcp.core.snmp.tcpExt.TCPAbortOnMemory++;
  }
  if (tcp.state !== CLOSE) return;
  if (tcp.fastopenRequest !== null) removeFastopen(tcp, tcp.fastopenRequest, false);
  destroy(tcp);
}

/** @returns whether the program had not read all of it. */
function discardReceived(tcp: TcpSock): boolean {
  let isUnread = false;
  for (let skb = tcp.receiveQueue.shift(); skb !== null; skb = tcp.receiveQueue.shift()) {
    const end = seqAdd(seqOf(skb.cb1), (skb.cb2 & TH.FIN) !== 0 ? -1 : 0);
    const hasMore = seqAfter(end, tcp.copiedSeq);
    isUnread ||= hasMore;
    if (hasMore) tcp.core.drop(skb, "SOCKET_CLOSED");
    else tcp.core.consume(skb);
  }
  return isUnread;
}

function endConnection(tcp: TcpSock, isUnread: boolean): void {
  const { tcpExt } = tcp.core.snmp;
  if (isUnread) {
    // RFC 2525, section 2.17: the peer must learn that what it sent was not read.
    tcpExt.TCPAbortOnClose++;
    setClosed(tcp, "3.10.4 CLOSE");
    sendActiveReset(tcp);
  } else if (tcp.lingers && tcp.lingerNs === 0) {
    tcpDisconnect(tcp);
    tcpExt.TCPAbortOnData++;
  } else if (closeState(tcp)) sendFin(tcp);
}

/** Moves on by the CLOSE call. @returns whether a FIN is to be sent (tcp_close_state). */
function closeState(tcp: TcpSock): boolean {
  const row = ON_CLOSE[tcp.state];
  if (row === undefined) return false;
  const [next, sendsFin] = row;
  if (next === CLOSE) setClosed(tcp, "3.10.4 CLOSE");
  else setState(tcp, next, "3.10.4 CLOSE");
  return sendsFin;
}

/**
 * Nobody will read what the peer still sends: waits for its FIN no longer than TCP_LINGER2. @returns false when done.
 */
function orphanFinWait2(tcp: TcpSock): boolean {
  if (tcp.options.linger2 < 0) {
    setClosed(tcp, "TCP_LINGER2");
    sendActiveReset(tcp);
    tcp.core.snmp.tcpExt.TCPAbortOnLinger++;
    return true;
  }
  const spanUs = finTimeUs(tcp);
  if (spanUs > TIMEWAIT_US) {
    armKeepalive(tcp, spanUs - TIMEWAIT_US);
    return true;
  }
  enterTimeWait(tcp, "FIN_WAIT2", spanUs);
  return false;
}

/** shutdown(2)'s sending half (tcp_shutdown). */
export function tcpShutdown(tcp: TcpSock, sendToo: boolean): void {
  if (!sendToo) return;
  const states = stateBit(ESTABLISHED) | stateBit(SYN_SENT) | stateBit(CLOSE_WAIT);
  if ((stateBit(tcp.state) & states) !== 0 && closeState(tcp)) sendFin(tcp);
}

/** The peer's FIN is in order: nothing more will come (tcp_fin). */
export function receiveFin(tcp: TcpSock): void {
  scheduleAck(tcp);
  tcp.isReceiveShut = true;
  tcp.finReceived = true;
  const { state } = tcp;
  // In the other states it came before: the ACK is all it gets.
  if (state === SYN_RECV || state === ESTABLISHED) {
    setState(tcp, CLOSE_WAIT, "3.10.7.4-eighth");
    enterPingpongMode(tcp);
  } else if (state === FIN_WAIT1) {
    // Both closed at once.
    sendAck(tcp);
    setState(tcp, CLOSING, "3.10.7.4-eighth");
  } else if (state === FIN_WAIT2) {
    sendAck(tcp);
    enterTimeWait(tcp, "TIME_WAIT", 0);
  }
  // What came out of order lies behind the end of the stream.
  tcp.outOfOrder.clear();
  if (tcp.rxOpt.sackOk) tcp.selectiveAcks.length = 0;
  tcp.dsack = false;
  if (!tcp.isOrphan) tcp.waiters.wake();
}
