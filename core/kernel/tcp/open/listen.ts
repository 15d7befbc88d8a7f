/**
 * Passive open, RFC 9293, section 3.10.7.2: listen, and a SYN for a listener (tcp_conn_request in
 * net/ipv4/tcp_input.c, tcp_v4_conn_request, inet_csk_listen_start). Left out: TCP_SAVE_SYN, per-listener rates of the
 * "possible SYN flooding" message.
 */
import { u16, u8 } from "../../../base/bytes.ts";
import { IPV4, ipv4Source, ipv4Target } from "../../../wire/ipv4.ts";
import { TCP, TH } from "../../../wire/tcp.ts";
import type { Route } from "../../net/route.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { E } from "../../syscall/errno.ts";
import { AcceptQueue } from "./accept-queue.ts";
import { countListenDrop } from "./child.ts";
import { TFO, type FastOpenCookie } from "./fastopen.ts";
import { tryFastopen } from "./fastopen-server.ts";
import { hash } from "../close/life.ts";
import { advertisedMss, MSS_DEFAULT } from "../send/mss.ts";
import { clearOptions, newCookie, PARSE_HANDSHAKE, parseOptions, TSTAMP_ALIGNED_BYTES } from "../options.ts";
import { selectInitialWindow } from "../receive/receive-window.ts";
import { armRequest, queueChild } from "./request.ts";
import { routeTo, sendSynAck } from "./syn-ack.ts";
import { RequestSock } from "./request-sock.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { seqAdd, seqOf, type Seq } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import { OptionsReceived, type TcpSock } from "../tcp-sock.ts";
import { setFastopenState } from "../socket-records.ts";

const ECN_MASK = 3;
/** Reserved bits of the header's byte 12: AE, and those nobody uses. */
const RESERVED_MASK = 0x0f;

// One record each: a SYN is done with before the next comes.
const options = new OptionsReceived();
const foc = newCookie();
const cookie: FastOpenCookie = { cookie: null, exp: false };
const PARSE_FASTOPEN = { established: false, fastopen: foc };

/** listen(2), the socket being bound (__inet_listen_sk). @returns 0, -EADDRINUSE, or -EINVAL in a wrong state. */
export function startListening(tcp: TcpSock, backlog: number): number {
  if (tcp.connectState !== 0 || (tcp.state !== TCP_STATE.CLOSE && tcp.state !== TCP_STATE.LISTEN)) return -E.EINVAL;
  const { sysctls, ports, core } = tcp.tcp;
  const limit = Math.min(backlog >>> 0, core.netCore.somaxconn);
  if (tcp.accepting !== null) {
    // Listening already: only the backlog changes.
    tcp.accepting.backlog = limit;
    return 0;
  }
  const mode = sysctls.fastopen;
  const wanted = TFO.SERVER | TFO.SERVER_ALL;
  if ((mode & wanted) === wanted && tcp.fastopen.fastopenQueueMax === 0) {
    setFastopenState(tcp, { fastopenQueueMax: limit });
  }
  setState(tcp, TCP_STATE.LISTEN, "3.10.1 OPEN");
  // As a listener it may clash with others that bind had let share the port.
  const bound = ports.bind(tcp, tcp.localPort);
  if (bound < 0) {
    setState(tcp, TCP_STATE.CLOSE, "3.10.1 OPEN");
    return bound;
  }
  tcp.accepting = new AcceptQueue(limit);
  tcp.ackPending = 0;
  tcp.route = null;
  hash(tcp);
  return 0;
}

/** A SYN for a listener. The segment stays with the caller. @param twIsn of a TIME-WAIT that made room; null else. */
export function receiveSyn(listener: TcpSock, skb: SkBuff, twIsn: Seq | null): void {
  const target = ipv4Target(skb.bytes, skb.networkHeader);
  // Whoever broadcasts a SYN gets no answer.
  const accepted = listener.tcp.ip.addressType(target) === "local" && connRequest(listener, skb, twIsn);
  if (!accepted) countListenDrop(listener);
}

/** tcp_conn_request. @returns false when the SYN is dropped. */
function connRequest(listener: TcpSock, skb: SkBuff, twIsn: Seq | null): boolean {
  const { tcp: stack, accepting: queue } = listener;
  if (queue === null) return false;
  const { tcpExt } = stack.core.snmp;
  const mode = stack.sysctls.syncookies;
  let wantsCookie = false;
  // What follows a TIME-WAIT comes from a peer that is really there.
  if (twIsn === null && (mode === 2 || queue.areRequestsFull)) {
    warnOfFlood(listener, mode !== 0);
    if (mode === 0) {
      tcpExt.TCPReqQFullDrop++;
      return false;
    }
    tcpExt.TCPReqQFullDoCookies++;
    wantsCookie = true;
  }
  if (queue.isFull) {
    tcpExt.ListenOverflows++;
    return false;
  }
  const request = makeRequest(listener, skb, wantsCookie);
  const route = routeTo(request);
  if (typeof route === "number") return false;
  if (!chooseIsn(request, twIsn)) return false;
  openWindow(request, route);
  answer(request, skb);
  return true;
}

function warnOfFlood(listener: TcpSock, sendsCookies: boolean): void {
  const queue = listener.accepting;
  if (queue === null || queue.warned) return;
  queue.warned = true;
  const does = sendsCookies ? "Sending cookies" : "Dropping request";
  listener.core.printk(`TCP: Possible SYN flooding on port ${listener.localPort}. ${does}.`);
}

/** What the SYN asks for (tcp_openreq_init). */
function makeRequest(listener: TcpSock, skb: SkBuff, wantsCookie: boolean): RequestSock {
  const stack = listener.tcp;
  const { bytes, networkHeader, transportHeader } = skb;
  clearOptions(options);
  options.mssClamp = MSS_DEFAULT;
  options.userMss = listener.rxOpt.userMss;
  foc.length = -1;
  foc.exp = false;
  parseOptions(stack.sysctls, skb, options, wantsCookie ? PARSE_HANDSHAKE : PARSE_FASTOPEN);
  // Without a timestamp there is no place for the options.
  if (wantsCookie && !options.sawTstamp) clearOptions(options);
  const request = new RequestSock(listener);
  request.isCookie = wantsCookie;
  request.boundAddress = ipv4Target(bytes, networkHeader);
  request.localPort = listener.localPort;
  request.remoteAddress = ipv4Source(bytes, networkHeader);
  request.remotePort = u16(bytes, transportHeader + TCP.sourcePort);
  request.device = listener.device;
  request.mark = listener.mark;
  request.rcvIsn = seqOf(skb.cb0);
  request.rcvNxt = seqAdd(request.rcvIsn, 1);
  request.mss = options.mssClamp;
  request.tsRecent = options.sawTstamp ? options.rcvTsval : 0;
  request.tstampOk = options.sawTstamp;
  request.sackOk = options.sackOk;
  request.wscaleOk = options.wscaleOk;
  request.sndWscale = options.sndWscale;
  request.synTos = u8(bytes, networkHeader + IPV4.tos);
  request.timeoutUs = RTO_INIT_US;
  if (request.tstampOk) {
    request.tsOffset = stack.isns.timestampOffset(request.boundAddress, request.remoteAddress);
  }
  request.ecnOk = wantsEcn(request, skb);
  return request;
}

/** RFC 3168, 6.1.1: the SYN asks for ECN, and is not marked itself (tcp_ecn_create_request). */
function wantsEcn(request: RequestSock, skb: SkBuff): boolean {
  if ((skb.cb2 & (TH.ECE | TH.CWR)) !== (TH.ECE | TH.CWR)) return false;
  if (request.listener.tcp.sysctls.ecn === 0) return false;
  const isMarked = (request.synTos & ECN_MASK) !== 0;
  const reserved = u8(skb.bytes, skb.transportHeader + TCP.offset) & RESERVED_MASK;
  return !isMarked || reserved !== 0;
}

/** @returns false when the last quarter of the queue is kept for others. */
function chooseIsn(request: RequestSock, twIsn: Seq | null): boolean {
  const { listener } = request;
  const { sysctls, isns, cookies } = listener.tcp;
  const queue = listener.accepting;
  if (request.isCookie) {
    const cookie = cookies.make(request, request.rcvIsn, request.mss);
    request.sntIsn = cookie.isn;
    request.mss = cookie.mss;
    if (!request.tstampOk) request.ecnOk = false;
    listener.core.snmp.tcpExt.SyncookiesSent++;
    if (queue !== null) queue.overflowAtUs = listener.tcp.nowUs;
    return true;
  }
  if (twIsn !== null) {
    request.sntIsn = twIsn;
    return true;
  }
  const most = sysctls.maxSynBacklog;
  // Linux keeps it for peers that it has metrics of, which nobody is here.
  if (sysctls.syncookies === 0 && queue !== null && most - queue.requests.size < most >> 2) return false;
  request.sntIsn = isns.next(request);
  return true;
}

/** tcp_openreq_init_rwin. */
function openWindow(request: RequestSock, route: Route): void {
  const { listener } = request;
  const mss = advertisedMss(listener, route.mtu, route.metrics.advmss) - (request.tstampOk ? TSTAMP_ALIGNED_BYTES : 0);
  const window = selectInitialWindow(listener, mss, request.wscaleOk);
  request.rcvWnd = window.rcvWnd;
  request.windowClamp = window.windowClamp;
  request.rcvWscale = window.rcvWscale;
}

function answer(request: RequestSock, skb: SkBuff): void {
  const { listener } = request;
  if (request.isCookie) {
    sendSynAck(request);
    return;
  }
  cookie.cookie = foc.length < 0 ? null : foc.value.slice(0, foc.length);
  cookie.exp = foc.exp;
  const child = tryFastopen(request, skb, cookie);
  if (child !== null) {
    sendSynAck(request, cookie);
    request.child = child;
    queueChild(listener, child);
    listener.waiters.wake();
    return;
  }
  listener.accepting?.add(request);
  listener.tcp.tables.insert(request);
  armRequest(request);
  sendSynAck(request, cookie);
}
