/**
 * Active open, RFC 9293, section 3.10.1 (tcp_v4_connect in net/ipv4/tcp_ipv4.c, tcp_connect in tcp_output.c). How it
 * goes on when an answer comes is in syn-sent.ts.
 */
import { IPV4_ANY } from "../../../wire/address.ts";
import { TCP_HEADER_BYTES, TH } from "../../../wire/tcp.ts";
import { E } from "../../syscall/errno.ts";
import { clearRetrans } from "../close/disconnect.ts";
import { ecnSendSyn } from "../send/ecn-send.ts";
import { deferConnect, sendSynData } from "./fastopen-client.ts";
import { hash, setClosed } from "../close/life.ts";
import { advertisedMss, initialRcvMss, MSS_DEFAULT, syncMss } from "../send/mss.ts";
import { initMtuProbing } from "../send/mtu-probe.ts";
import { TSTAMP_ALIGNED_BYTES } from "../options.ts";
import { selectInitialWindow } from "../receive/receive-window.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { seqOf } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import type { Route } from "../../net/route.ts";
import { routeOf } from "../tcp-route.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { forgetTimeWait, mayReuse } from "../close/time-wait.ts";
import type { TimeWaitSock } from "../close/time-wait-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";
import { transmitSegment } from "../send/transmit.ts";
import { newSegment, purgeQueues } from "../send/write-queue.ts";

/** Values of `connectState` (socket_state). */
export const SS = { UNCONNECTED: 0, CONNECTING: 1, CONNECTED: 2 } as const;

/** The addresses are set: finds route, source and port, and sends the SYN (tcp_v4_connect). @returns 0 or -errno. */
export function openConnection(tcp: TcpSock): number {
  const stack = tcp.tcp;
  tcp.route = null;
  const route = routeOf(tcp);
  if (typeof route === "number") {
    if (route === -E.ENETUNREACH) tcp.core.snmp.ip.OutNoRoutes++;
    return forgetTarget(tcp, route);
  }
  if (route.type === "broadcast" || route.type === "multicast") return forgetTarget(tcp, -E.ENETUNREACH);
  if (tcp.sourceAddress === IPV4_ANY) tcp.sourceAddress = route.source;
  if (tcp.boundAddress === IPV4_ANY) tcp.boundAddress = tcp.sourceAddress;
  tcp.rxOpt.mssClamp = MSS_DEFAULT;
  setState(tcp, TCP_STATE.SYN_SENT, "3.10.1 OPEN");
  const error = takeAddresses(tcp);
  if (error < 0) return failOpen(tcp, error);
  if (tcp.writeSeq === 0) tcp.writeSeq = stack.isns.next(tcp);
  tcp.tsOffset = stack.isns.timestampOffset(tcp.boundAddress, tcp.remoteAddress);
  if (deferConnect(tcp)) return 0;
  const sent = sendSyn(tcp);
  return sent < 0 ? failOpen(tcp, sent) : 0;
}

function forgetTarget(tcp: TcpSock, error: number): number {
  tcp.remoteAddress = IPV4_ANY;
  tcp.remotePort = 0;
  return error;
}

/** The socket is as before connect. */
export function failOpen(tcp: TcpSock, error: number): number {
  setClosed(tcp, "3.10.1 OPEN");
  if (!tcp.addressIsBound) {
    tcp.boundAddress = IPV4_ANY;
    tcp.sourceAddress = IPV4_ANY;
  }
  if (!tcp.portIsBound) tcp.localPort = 0;
  tcp.route = null;
  return forgetTarget(tcp, error);
}

/** inet_hash_connect: a port that makes the connection unlike all others. */
function takeAddresses(tcp: TcpSock): number {
  const { ports, tables, core } = tcp.tcp;
  let reused: TimeWaitSock | null = null;
  const isUnique = (one: TcpSock, port: number, asked: boolean): boolean => {
    reused = null;
    const other = tables.find({
      boundAddress: one.boundAddress,
      localPort: port,
      remoteAddress: one.remoteAddress,
      remotePort: one.remotePort,
      device: one.device,
    });
    if (other === null) return true;
    if (other.isTcp || other.isRequest || !mayReuse(one, other, asked)) return false;
    reused = other;
    return true;
  };
  if (tcp.localPort === 0) {
    const error = ports.bindToConnect(tcp, (one, port) => isUnique(one, port, false));
    if (error < 0) return error;
  } else if (!isUnique(tcp, tcp.localPort, true)) return -E.EADDRNOTAVAIL;
  if (reused !== null) {
    core.snmp.tcpExt.TWRecycled++;
    forgetTimeWait(reused);
  }
  hash(tcp);
  return 0;
}

/** Initial windows, MSS and sequence numbers (tcp_connect_init). */
function initConnect(tcp: TcpSock, route: Route): void {
  const { sysctls } = tcp.tcp;
  const rx = tcp.rxOpt;
  tcp.tcpHeaderLen = TCP_HEADER_BYTES + (sysctls.timestamps !== 0 ? TSTAMP_ALIGNED_BYTES : 0);
  if (rx.userMss > 0) rx.mssClamp = rx.userMss;
  tcp.maxWindow = 0;
  initMtuProbing(tcp);
  syncMss(tcp, route.mtu);
  tcp.advmss = advertisedMss(tcp, route.mtu, route.metrics.advmss);
  tcp.ackRcvMss = initialRcvMss(tcp);
  const options = rx.tsRecentStampS !== 0 ? tcp.tcpHeaderLen - TCP_HEADER_BYTES : 0;
  const window = selectInitialWindow(tcp, tcp.advmss - options, sysctls.windowScaling !== 0);
  tcp.rcvWnd = window.rcvWnd;
  tcp.windowClamp = window.windowClamp;
  rx.rcvWscale = window.rcvWscale;
  tcp.rcvSsthresh = tcp.rcvWnd;
  tcp.error = 0;
  tcp.finReceived = false;
  tcp.sndWnd = 0;
  tcp.sndWl1 = seqOf(0);
  purgeQueues(tcp);
  tcp.iss = tcp.writeSeq;
  tcp.sndUna = tcp.writeSeq;
  tcp.sndSml = tcp.writeSeq;
  tcp.sndUp = tcp.writeSeq;
  tcp.sndNxt = tcp.writeSeq;
  tcp.rcvNxt = seqOf(0);
  tcp.rcvWup = tcp.rcvNxt;
  tcp.copiedSeq = tcp.rcvNxt;
  tcp.rtoUs = RTO_INIT_US;
  tcp.retransmits = 0;
  clearRetrans(tcp);
}

/** Sends the SYN, with data when fast open has some (tcp_connect). @returns 0 or -errno. */
export function sendSyn(tcp: TcpSock): number {
  const route = routeOf(tcp);
  if (typeof route === "number") return -E.EHOSTUNREACH;
  initConnect(tcp, route);
  const syn = newSegment(tcp.writeSeq, TH.SYN);
  tcp.retransStampUs = tcp.nowUs;
  tcp.writeSeq = syn.endSeq;
  tcp.packetsOut += syn.segments;
  tcp.wmemQueued += syn.truesize;
  ecnSendSyn(tcp, syn);
  tcp.rtxQueue.insert(syn);
  const error = tcp.fastopenReq === null ? transmitSegment(tcp, syn) : sendSynData(tcp, syn);
  if (error === -E.ECONNREFUSED) return error;
  const unsent = tcp.writeQueue.first;
  tcp.sndNxt = unsent === null ? tcp.writeSeq : unsent.seq;
  tcp.pushedSeq = tcp.sndNxt;
  tcp.core.snmp.tcp.ActiveOpens++;
  armWriteTimer(tcp, WRITE_TIMER.RETRANS, tcp.rtoUs);
  return 0;
}
