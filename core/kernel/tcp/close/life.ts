/**
 * Into the tables and out of them, and how a connection ends for good (tcp_set_state's CLOSE part, tcp_done,
 * inet_csk_destroy_sock, tcp_v4_destroy_sock, reqsk_fastopen_remove). Below everything that decides to end one.
 */
import { assert } from "../../../base/assert.ts";
import { TH } from "../../../wire/tcp.ts";
import { FASTOPEN_HOLD_US } from "../open/accept-queue.ts";
import { cleanupCongestionControl } from "../congestion/registry.ts";
import type { RequestSock } from "../open/request-sock.ts";
import { seqAdd, seqAfter, seqOf } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { clearTimers } from "../timer-arm.ts";
import { purgeQueues } from "../send/write-queue.ts";

/** inet_hash: a listener among listeners, anything else among connections. */
export function hash(tcp: TcpSock): void {
  assert(!tcp.isHashed, "a socket is hashed once");
  const { tables } = tcp.tcp;
  if (tcp.state === TCP_STATE.LISTEN) tables.addListener(tcp);
  else tables.insert(tcp);
  tcp.isHashed = true;
}

/** inet_unhash. */
export function unhash(tcp: TcpSock): void {
  if (!tcp.isHashed) return;
  const { tables } = tcp.tcp;
  if (tcp.state === TCP_STATE.LISTEN) tables.removeListener(tcp);
  else tables.remove(tcp);
  tcp.isHashed = false;
}

/** Nothing finds the socket any more; a port that the program had not asked for is free again. */
export function setClosed(tcp: TcpSock, step: string): void {
  unhash(tcp);
  if (!tcp.portIsBound) tcp.tcp.ports.release(tcp);
  setState(tcp, TCP_STATE.CLOSE, step);
}

/** The connection is over (tcp_done): who waits is woken; without a process the socket goes. */
export function tcpDone(tcp: TcpSock, step: string): void {
  const { state, fastopenRequest } = tcp;
  if (state === TCP_STATE.SYN_SENT || state === TCP_STATE.SYN_RECV) tcp.core.snmp.tcp.AttemptFails++;
  setClosed(tcp, step);
  clearTimers(tcp);
  if (fastopenRequest !== null) removeFastopen(tcp, fastopenRequest, false);
  tcp.isReceiveShut = true;
  tcp.isSendShut = true;
  if (tcp.isOrphan) destroy(tcp);
  else tcp.waiters.wake();
}

/** tcp_done_with_error: the program is told why. @param errno positive. */
export function doneWithError(tcp: TcpSock, errno: number, step: string): void {
  tcp.error = errno;
  tcpDone(tcp, step);
  if (!tcp.isClosed) tcp.waiters.wake();
}

/** No process will ever ask for the socket again (sock_orphan). */
export function orphan(tcp: TcpSock): void {
  if (tcp.isOrphan) return;
  tcp.isOrphan = true;
  tcp.listener = null;
  tcp.tcp.orphans++;
}

/** Frees all that a closed socket nobody holds still has (inet_csk_destroy_sock). */
export function destroy(tcp: TcpSock): void {
  assert(tcp.state === TCP_STATE.CLOSE && tcp.isOrphan, "a socket is destroyed when it is closed and nobody's");
  if (tcp.isClosed) return;
  clearTimers(tcp);
  cleanupCongestionControl(tcp);
  purgeQueues(tcp);
  tcp.tcp.fastopen.checkAtEnd(tcp);
  purgeReceived(tcp);
  tcp.tcp.ports.release(tcp);
  tcp.fastopenReq = null;
  tcp.route = null;
  tcp.errorQueue.length = 0;
  tcp.isClosed = true;
  tcp.tcp.orphans--;
  tcp.tcp.forget(tcp);
}

/** What was received and not read is gone. */
export function purgeReceived(tcp: TcpSock): void {
  for (let skb = tcp.receiveQueue.shift(); skb !== null; skb = tcp.receiveQueue.shift()) {
    // A FIN alone has said all it had to say.
    const end = seqAdd(seqOf(skb.cb1), (skb.cb2 & TH.FIN) !== 0 ? -1 : 0);
    if (seqAfter(end, tcp.copiedSeq)) tcp.core.drop(skb, "SOCKET_CLOSED");
    else tcp.core.consume(skb);
  }
  tcp.outOfOrder.clear();
}

/**
 * A fast open connection's handshake is over: its place among those under way is free, unless it was reset and nobody
 * had accepted it yet, which holds it for a minute (reqsk_fastopen_remove).
 */
export function removeFastopen(tcp: TcpSock, request: RequestSock, isReset: boolean): void {
  const queue = request.listener.accepting;
  tcp.fastopenRequest = null;
  request.tfoListener = false;
  if (queue === null) return;
  queue.fastopenLength--;
  // Not accepted yet: the connection's own place in the queue says enough.
  if (request.child !== null || !isReset || request.listener.state !== TCP_STATE.LISTEN) return;
  request.holdUntilUs = tcp.nowUs + FASTOPEN_HOLD_US;
  queue.fastopenHeld.push(request);
  queue.fastopenLength++;
}
