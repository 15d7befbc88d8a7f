/**
 * Requests: connections in SYN-RECEIVED of a listener (Linux net/ipv4/tcp_minisocks.c, tcp_check_req;
 * inet_connection_sock.c, reqsk_timer_handler). RFC 9293, 3.10.7.4, for a state in which only the handshake is known.
 */
import type { DropReason } from "../../../contract/drop-reason.ts";
import { TH, TCP_HEADER_BYTES, tcpHeaderBytes } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { oowRateLimited } from "../close/challenge-ack.ts";
import { makeChild } from "./child.ts";
import { removeFastopen } from "../close/life.ts";
import { PARSE_HANDSHAKE, parseOptions } from "../options.ts";
import { pawsRejects } from "../loss/paws.ts";
import { dropRequest } from "./request-drop.ts";
import type { RequestSock } from "./request-sock.ts";
import { receiveReset, sendReset } from "../close/reset.ts";
import { measureSynack } from "../loss/rtt.ts";
import { inWindow, seqAdd, seqBetween, seqOf } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { resendSynAck, sendRequestAck, synAckWindow } from "./syn-ack.ts";
import { OptionsReceived, type TcpSock } from "../tcp-sock.ts";
import { rtoMaxUs } from "../timer-arm.ts";

/** More requests than this in the queue, and old ones are given up sooner. */
const CROWDED_LEAST = 8;
const RETRIES_LEAST = 2;

// One record of options for all: it is read before the next segment comes.
const options = new OptionsReceived();

/** us until the SYN-ACK is sent again (tcp_reqsk_timeout). */
const requestTimeoutUs = (request: RequestSock): number =>
  Math.min(request.timeoutUs * 2 ** request.numTimeout, rtoMaxUs(request.listener));

export function armRequest(request: RequestSock): void {
  request.listener.core.timers.arm(request.timer, Math.ceil(requestTimeoutUs(request) / 1000) * 1_000_000);
}

/** The SYN-ACK has not been answered in time (reqsk_timer_handler). */
export function requestTimedOut(request: RequestSock): void {
  const { listener } = request;
  const queue = listener.accepting;
  if (queue === null || listener.state !== TCP_STATE.LISTEN) return;
  const retries = retriesAllowed(request);
  const { numTimeout } = request;
  const defers = listener.options.deferAccept;
  let expired = numTimeout >= retries;
  let resends = true;
  if (defers > 0) {
    expired = expired && (!request.acked || numTimeout >= defers);
    // While data is waited for nothing is repeated; the last SYN-ACK gives the peer its chance.
    resends = !request.acked || numTimeout >= defers - 1;
  }
  listener.core.snmp.tcpExt.TCPTimeouts++;
  if (!expired && (!resends || resendSynAck(request, null) === 0 || request.acked)) {
    if (request.numTimeout++ === 0) queue.young--;
    armRequest(request);
    return;
  }
  dropRequest(request);
}

/** When old requests crowd the queue they make room for young ones. */
function retriesAllowed(request: RequestSock): number {
  const { listener } = request;
  const queue = listener.accepting;
  let retries = listener.options.synRetries || listener.tcp.sysctls.synackRetries;
  if (queue === null) return retries;
  const length = queue.requests.size;
  if (length * 2 <= Math.max(CROWDED_LEAST, queue.backlog)) return retries;
  let young = queue.young * 2;
  while (retries > RETRIES_LEAST && length >= young) {
    retries--;
    young *= 2;
  }
  return retries;
}

/**
 * A segment for a request (tcp_check_req). The segment stays with the caller.
 * @param child of fast open, which already exists; else null.
 * @returns the connection it made, or the fast open child; the listener, which answers an ACK that does not fit;
 * or why the segment is of no use.
 */
export function checkRequest(request: RequestSock, skb: SkBuff, child: TcpSock | null): TcpSock | DropReason {
  const stack = request.listener.tcp;
  const counters = stack.core.snmp.tcp;
  let flags = skb.cb2 & (TH.RST | TH.SYN | TH.ACK);
  const seq = seqOf(skb.cb0);
  const stale = judgeTimestamp(request, skb, child !== null);
  if (seq === request.rcvIsn && flags === TH.SYN && stale !== "paws") {
    repeatSynAck(request, skb, child);
    return "TCP_INVALID_SYN";
  }
  // RFC 9293, 3.10.7.4: a reset is judged by its sequence number alone, before the ACK.
  if ((flags & TH.RST) !== 0) return judgeReset(request, skb, child, stale);
  // What acknowledges something else is answered with a reset by the listener; fast open checks against its child.
  if ((flags & TH.ACK) !== 0 && child === null && seqOf(skb.cb3) !== seqAdd(request.sntIsn, 1)) return request.listener;
  if (stale !== null || !isInWindow(request, skb)) {
    if (!oowRateLimited(stack, skb, "TCPACKSkippedSynRecv", request)) sendRequestAck(request, child);
    return countOutside(request, stale);
  }
  // A SYN in front of the window is cut off.
  if (seq === request.rcvIsn) flags &= ~TH.SYN;
  if ((flags & TH.SYN) !== 0) {
    counters.AttemptFails++;
    return resetRequest(request, skb, child);
  }
  if ((flags & TH.ACK) === 0) return "TCP_FLAGS";
  if (child !== null) return child;
  return complete(request, skb);
}

type Stale = "paws" | "echo" | null;

const isInWindow = (request: RequestSock, skb: SkBuff): boolean =>
  inWindow(seqOf(skb.cb0), seqOf(skb.cb1), request.rcvNxt, seqAdd(request.rcvNxt, synAckWindow(request)));

function countOutside(request: RequestSock, stale: Stale): DropReason {
  const { tcpExt } = request.listener.core.snmp;
  if (stale === "paws") tcpExt.PAWSEstab++;
  else if (stale === "echo") tcpExt.TSEcrRejected++;
  return stale === null ? "TCP_OVERWINDOW" : "TCP_RFC7323_PAWS";
}

/** RFC 5961, 3.2: a reset that fits exactly ends it, one inside the window is challenged, others are nothing. */
function judgeReset(request: RequestSock, skb: SkBuff, child: TcpSock | null, stale: Stale): DropReason {
  const { tcp: stack, core } = request.listener;
  if (stale !== null || !isInWindow(request, skb)) return countOutside(request, stale);
  if (seqOf(skb.cb0) !== request.rcvNxt && stack.sysctls.challengeAck !== 0) {
    if (!oowRateLimited(stack, skb, "TCPACKSkippedSynRecv", request)) {
      core.snmp.tcpExt.TCPChallengeACK++;
      sendRequestAck(request, child);
    }
    return "TCP_RESET";
  }
  core.snmp.tcp.AttemptFails++;
  return resetRequest(request, skb, child);
}

/** What is wrong with the segment's timestamps: older than the last one, or an echo of none that was sent. */
function judgeTimestamp(request: RequestSock, skb: SkBuff, isFastopen: boolean): Stale {
  options.sawTstamp = false;
  if (tcpHeaderBytes(skb.bytes, skb.transportHeader) === TCP_HEADER_BYTES) return null;
  const stack = request.listener.tcp;
  parseOptions(stack.sysctls, skb, options, PARSE_HANDSHAKE);
  if (!options.sawTstamp) return null;
  options.tsRecent = request.tsRecent;
  // The true stamp is not stored; it can be told by when the request was made, near enough.
  options.tsRecentStampS = stack.nowS - Math.floor(requestTimeoutUs(request) / 1_000_000);
  if (pawsRejects(options, (skb.cb2 & TH.RST) !== 0, stack.nowS)) return "paws";
  if (options.rcvTsecr === 0 || !request.tstampOk || isFastopen) return null;
  const first = seqOf(request.sntTsvalFirst);
  return seqBetween(seqOf(options.rcvTsecr), first, seqOf(request.sntTsvalLast)) ? null : "echo";
}

/** The SYN came again: our SYN-ACK, or its ACK, may be lost (RFC 9293, figure 8). */
function repeatSynAck(request: RequestSock, skb: SkBuff, child: TcpSock | null): void {
  const stack = request.listener.tcp;
  if (oowRateLimited(stack, skb, "TCPACKSkippedSynRecv", request)) return;
  if (resendSynAck(request, child) === 0 && child === null && request.timer.isPending) armRequest(request);
}

/** The ACK of our SYN is right: there is a connection now, if the queue has room for it. */
function complete(request: RequestSock, skb: SkBuff): TcpSock | DropReason {
  const { listener } = request;
  const stack = listener.tcp;
  const { tcpExt } = stack.core.snmp;
  if (options.sawTstamp && !isAhead(request, skb)) request.tsRecent = options.rcvTsval;
  // TCP_DEFER_ACCEPT: a bare ACK does not wake the program; the SYN-ACK is repeated until data comes.
  if (request.numTimeout < listener.options.deferAccept && seqOf(skb.cb1) === seqAdd(request.rcvIsn, 1)) {
    request.acked = true;
    tcpExt.TCPDeferAcceptDrop++;
    return "TCP_LISTEN_OVERFLOW";
  }
  const child = makeChild(request, skb);
  if (child === null) {
    if (stack.sysctls.abortOnOverflow !== 0) return resetRequest(request, skb, null);
    request.acked = true;
    return "TCP_LISTEN_OVERFLOW";
  }
  measureSynack(child, request.numRetrans === 0 ? request.sntSynackUs : 0);
  stack.core.timers.release(request.timer);
  listener.accepting?.remove(request);
  queueChild(listener, child);
  return child;
}

const isAhead = (request: RequestSock, skb: SkBuff): boolean => ((request.rcvNxt - skb.cb0) | 0) < 0;

/** inet_csk_reqsk_queue_add. */
export function queueChild(listener: TcpSock, child: TcpSock): void {
  child.listener = listener;
  listener.accepting?.push(child);
}

/** A reset, or a SYN where none may be (the embryonic_reset of tcp_check_req). */
function resetRequest(request: RequestSock, skb: SkBuff, child: TcpSock | null): DropReason {
  const stack = request.listener.tcp;
  const isReset = (skb.cb2 & TH.RST) !== 0;
  if (!isReset) sendReset(stack, skb, request.listener, "invalid-syn");
  else if (child !== null) {
    removeFastopen(child, request, true);
    receiveReset(child, skb);
  }
  if (child === null && dropRequest(request)) stack.core.snmp.tcpExt.EmbryonicRsts++;
  return isReset ? "TCP_RESET" : "TCP_INVALID_SYN";
}
