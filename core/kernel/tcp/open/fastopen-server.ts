/**
 * Fast open's passive side, RFC 7413, section 4.2 (tcp_try_fastopen, tcp_fastopen_create_child in
 * net/ipv4/tcp_fastopen.c): a SYN with a good cookie makes a connection at once, whose data is there to be read before
 * the handshake is finished.
 */
import { u16 } from "../../../base/bytes.ts";
import { TCP, TH, tcpHeaderBytes } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { makeChild } from "./child.ts";
import { receiveFin } from "../close/close.ts";
import { TFO, type FastOpenCookie } from "./fastopen.ts";
import { initTransfer } from "./init-transfer.ts";
import type { RequestSock } from "./request-sock.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { seqAdd, seqDistance, seqOf } from "../sequence.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";
import { setFastopenState } from "../socket-records.ts";

/**
 * The connection, when the SYN may make one already. `foc` is the SYN's option, and is changed to what the SYN-ACK
 * says. The segment stays with the caller.
 */
export function tryFastopen(request: RequestSock, skb: SkBuff, foc: FastOpenCookie): TcpSock | null {
  const { listener } = request;
  const stack = listener.tcp;
  const { tcpExt } = stack.core.snmp;
  const mode = stack.sysctls.fastopen;
  const hasData = seqOf(skb.cb1) !== seqAdd(seqOf(skb.cb0), 1);
  const given = foc.cookie;
  foc.cookie = null;
  if (given?.length === 0) tcpExt.TCPFastOpenCookieReqd++;
  if ((mode & TFO.SERVER) === 0 || !(hasData || given !== null) || !hasRoom(listener)) return null;
  let answer: Uint8Array | null = null;
  if ((mode & TFO.SERVER_NO_COOKIE) === 0 && !listener.options.fastopenNoCookie) {
    if (given === null) return null;
    const cookies = stack.fastopen.cookies(listener, request.remoteAddress, request.boundAddress);
    const which = cookies.findIndex((cookie) => isEqual(cookie, given));
    const current = cookies[0] ?? null;
    if (which < 0) {
      if (given.length > 0) tcpExt.TCPFastOpenPassiveFail++;
      foc.cookie = current;
      return null;
    }
    // Made with the key before the current one: good, but to be replaced.
    if (which > 0) answer = current;
  }
  const child = createChild(request, skb);
  if (child === null) {
    tcpExt.TCPFastOpenPassiveFail++;
    return null;
  }
  foc.cookie = answer;
  if (answer !== null) tcpExt.TCPFastOpenPassiveAltKey++;
  tcpExt.TCPFastOpenPassive++;
  return child;
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

/** tcp_fastopen_queue_check: a place that a reset held may be free by now. */
function hasRoom(listener: TcpSock): boolean {
  const queue = listener.accepting;
  if (queue === null || listener.fastopen.fastopenQueueMax === 0) return false;
  if (queue.fastopenLength < listener.fastopen.fastopenQueueMax) return true;
  const [oldest] = queue.fastopenHeld;
  if (oldest === undefined || oldest.holdUntilUs > listener.nowUs) {
    listener.core.snmp.tcpExt.TCPFastOpenListenOverflow++;
    return false;
  }
  queue.fastopenHeld.shift();
  queue.fastopenLength--;
  return true;
}

function createChild(request: RequestSock, skb: SkBuff): TcpSock | null {
  request.tfoListener = true;
  const child = makeChild(request, skb);
  const queue = request.listener.accepting;
  if (child === null || queue === null) {
    request.tfoListener = false;
    return null;
  }
  queue.fastopenLength++;
  child.fastopenRequest = request;
  // The window of a SYN is never scaled.
  child.sndWnd = u16(skb.bytes, skb.transportHeader + TCP.window);
  child.maxWindow = child.sndWnd;
  // Repeats the SYN-ACK: the request itself is in no table and has no timer.
  request.timeoutUs = RTO_INIT_US;
  armWriteTimer(child, WRITE_TIMER.RETRANS, RTO_INIT_US);
  initTransfer(child);
  child.rcvNxt = seqAdd(seqOf(skb.cb0), 1);
  addSynData(child, skb);
  request.rcvNxt = child.rcvNxt;
  child.rcvWup = child.rcvNxt;
  return child;
}

/** Takes what came with a SYN or SYN-ACK into the receive queue (tcp_fastopen_add_skb). The segment stays. */
export function addSynData(tcp: TcpSock, skb: SkBuff): void {
  const endSeq = seqOf(skb.cb1);
  if (endSeq === tcp.rcvNxt) return;
  const copy = tcp.core.skbs.clone(skb);
  copy.data = copy.transportHeader;
  copy.pull(tcpHeaderBytes(copy.bytes, copy.transportHeader));
  copy.account = tcp.receiveMemory;
  tcp.receiveMemory.used += copy.truesize;
  copy.cb0 = seqAdd(seqOf(skb.cb0), 1);
  copy.cb2 &= ~TH.SYN;
  // Counted as a segment with data: the count in the child was for the SYN.
  tcp.segsIn = 1;
  tcp.dataSegsIn++;
  tcp.bytesReceived = copy.length;
  tcp.rcvNxt = endSeq;
  tcp.receiveQueue.push(copy);
  setFastopenState(tcp, { synDataAcked: seqDistance(seqOf(copy.cb0), endSeq) > 0 });
  if ((copy.cb2 & TH.FIN) !== 0) receiveFin(tcp);
}
