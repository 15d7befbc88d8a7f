/**
 * From request to connection (tcp_v4_syn_recv_sock in net/ipv4/tcp_ipv4.c; tcp_create_openreq_child in
 * tcp_minisocks.c; inet_csk_clone_lock): the new socket has its listener's options and what the handshake agreed on.
 */
import { u16 } from "../../../base/bytes.ts";
import { TCP, tcpHeaderBytes } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { hash } from "../close/life.ts";
import { advertisedMss, initialRcvMss, MSS_DEFAULT, syncMss } from "../send/mss.ts";
import { TSTAMP_ALIGNED_BYTES } from "../options.ts";
import type { RequestSock } from "./request-sock.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { seqAdd } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import { routeOf } from "../tcp-route.ts";
import { ECN, INFINITE_SSTHRESH, INIT_CWND, type TcpSock } from "../tcp-sock.ts";
import { armKeepalive } from "../timer-arm.ts";

const HEADER_BYTES = 20;
const WINDOW_MAX = 0xffff;
const ECN_MASK = 3;

/**
 * Makes the connection that `request` was for; `skb` is the segment that completes its handshake, or the SYN of fast
 * open. @returns it in SYN_RECV and in the table; null when the accept queue is full or no route leads back.
 */
export function makeChild(request: RequestSock, skb: SkBuff): TcpSock | null {
  const { listener } = request;
  const { tcp: stack, core } = listener;
  const { tcpExt } = core.snmp;
  if (listener.accepting === null || listener.accepting.isFull) {
    tcpExt.ListenOverflows++;
    return refuse(listener);
  }
  const child = stack.newSocket(listener);
  if (child === null) return refuse(listener);
  inheritOptions(child, listener);
  child.boundAddress = request.boundAddress;
  child.sourceAddress = request.boundAddress;
  child.localPort = request.localPort;
  child.remoteAddress = request.remoteAddress;
  child.remotePort = request.remotePort;
  child.device = request.device;
  child.mark = request.mark;
  if (stack.sysctls.reflectTos !== 0) child.ipOptions.tos = request.synTos & ~ECN_MASK;
  takeAgreement(child, request, skb);
  const route = routeOf(child);
  if (typeof route === "number") {
    stack.discard(child);
    return refuse(listener);
  }
  syncMss(child, route.mtu);
  child.advmss = advertisedMss(listener, route.mtu, route.metrics.advmss);
  child.ackRcvMss = initialRcvMss(child);
  setState(child, TCP_STATE.SYN_RECV, "3.10.7.2-third");
  core.snmp.tcp.PassiveOpens++;
  stack.ports.inherit(child, listener);
  if (!request.isCookie && !request.tfoListener) stack.tables.remove(request);
  hash(child);
  if (child.keepAlive) armKeepalive(child, keepaliveTimeUs(child));
  return child;
}

const keepaliveTimeUs = (tcp: TcpSock): number =>
  (tcp.options.keepaliveTimeS || tcp.tcp.sysctls.keepaliveTime) * 1_000_000;

/** tcp_listendrop. */
export function countListenDrop(listener: TcpSock): void {
  listener.drops++;
  listener.core.snmp.tcpExt.ListenDrops++;
}

function refuse(listener: TcpSock): null {
  countListenDrop(listener);
  return null;
}

/** Sequence numbers, windows and options as the handshake left them. */
function takeAgreement(child: TcpSock, request: RequestSock, skb: SkBuff): void {
  const first = seqAdd(request.rcvIsn, 1);
  const ours = seqAdd(request.sntIsn, 1);
  child.irs = request.rcvIsn;
  child.rcvWup = first;
  child.copiedSeq = first;
  child.rcvNxt = first;
  child.iss = request.sntIsn;
  child.sndSml = ours;
  child.sndUna = ours;
  child.sndNxt = ours;
  child.sndUp = ours;
  child.writeSeq = ours;
  child.pushedSeq = ours;
  child.sndWl1 = request.rcvIsn;
  child.segsIn = 1;
  const rx = child.rxOpt;
  rx.tstampOk = request.tstampOk;
  rx.sackOk = request.sackOk;
  rx.wscaleOk = request.wscaleOk;
  rx.mssClamp = request.mss;
  child.windowClamp = request.windowClamp;
  child.rcvSsthresh = request.rcvWnd;
  child.rcvWnd = request.rcvWnd;
  if (rx.wscaleOk) {
    rx.sndWscale = request.sndWscale;
    rx.rcvWscale = request.rcvWscale;
  } else {
    child.windowClamp = Math.min(child.windowClamp, WINDOW_MAX);
  }
  child.sndWnd = u16(skb.bytes, skb.transportHeader + TCP.window) << rx.sndWscale;
  child.maxWindow = child.sndWnd;
  if (rx.tstampOk) {
    rx.tsRecent = request.tsRecent;
    rx.tsRecentStampS = child.nowS;
    child.tcpHeaderLen = HEADER_BYTES + TSTAMP_ALIGNED_BYTES;
  }
  child.tsOffset = request.tsOffset;
  child.ecnFlags = request.ecnOk ? ECN.OK : 0;
  startControl(child, request);
  const payload = skb.length - tcpHeaderBytes(skb.bytes, skb.transportHeader);
  if (payload >= MSS_DEFAULT) child.ackLastSegSize = payload;
}

function startControl(child: TcpSock, request: RequestSock): void {
  child.mdevUs = RTO_INIT_US;
  child.rtoUs = RTO_INIT_US;
  child.ackLastReceivedUs = child.nowUs;
  child.lastSendUs = child.nowUs;
  child.sndSsthresh = INFINITE_SSTHRESH;
  child.sndCwnd = INIT_CWND;
  // Nothing can be under way until the program has written: rates measured until then are its own.
  child.appLimited = 0xffffffff;
  child.totalRetrans = request.numRetrans;
  if (request.numTimeout === 0) return;
  child.totalRetrans = request.numTimeout;
  child.undoMarker = request.sntIsn;
  child.undoMarked = true;
  child.retransStampUs = request.sntSynackUs;
}

/** What setsockopt has said of the listener holds for its connections (sk_clone_lock copies all of it). */
function inheritOptions(child: TcpSock, from: TcpSock): void {
  child.reuseAddress = from.reuseAddress;
  child.reusePort = from.reusePort;
  child.broadcast = from.broadcast;
  child.timestamps = from.timestamps;
  child.keepAlive = from.keepAlive;
  child.priority = from.priority;
  child.receiveBufferBytes = from.receiveBufferBytes;
  child.sendBufferBytes = from.sendBufferBytes;
  child.receiveBufferLocked = from.receiveBufferLocked;
  child.sendBufferLocked = from.sendBufferLocked;
  child.receiveTimeout = from.receiveTimeout;
  child.sendTimeout = from.sendTimeout;
  child.rcvLowat = from.rcvLowat;
  child.lingers = from.lingers;
  child.lingerNs = from.lingerNs;
  child.maxPacingRate = from.maxPacingRate;
  child.pacingEnabled = from.pacingEnabled;
  Object.assign(child.ipOptions, from.ipOptions);
  child.rxOpt.userMss = from.rxOpt.userMss;
  child.scalingRatio = from.scalingRatio;
  child.nagle = from.nagle;
  child.ackPingpong = from.ackPingpong;
  child.cc = from.cc;
  child.options = from.options;
  child.rtoMinUs = from.rtoMinUs;
}
