/**
 * What a request sends: SYN-ACK, again and again, and the ACK that answers what does not fit (tcp_v4_send_synack,
 * tcp_make_synack, tcp_rtx_synack, tcp_v4_reqsk_send_ack).
 */
import { KIND } from "../../../contract/trace-event.ts";
import { TH } from "../../../wire/tcp.ts";
import { TCP_OPTIONS_BYTES_MAX } from "../../../wire/tcp-options.ts";
import { IPPROTO_TCP } from "../../../wire/ipv4.ts";
import { FlowKey } from "../../net/protocol.ts";
import type { Route } from "../../net/route.ts";
import type { FastOpenCookie } from "./fastopen.ts";
import { advertisedMss } from "../send/mss.ts";
import { synAckOptionsLength, writeSynAckOptions, type SynOptions } from "../options.ts";
import { Reply, sendReply, sendReplyBy } from "../close/reply.ts";
import type { RequestSock } from "./request-sock.ts";
import { seqAdd } from "../sequence.ts";
import { cookieTimestamp } from "./syn-cookies.ts";
import { dontFragment } from "../tcp-route.ts";
import type { TcpSock } from "../tcp-sock.ts";

const WINDOW_MAX = 0xffff;
const ECN_MASK = 3;
const RETRANSMIT_SYNACK = KIND["tcp:tcp_retransmit_synack"];

const NO_COOKIE: FastOpenCookie = { cookie: null, exp: false };
const scratch = new Uint8Array(TCP_OPTIONS_BYTES_MAX);
// One record of each for all: a SYN-ACK is sent before the next one is thought of.
const synAck = new Reply();
const flow = new FlowKey();

/** Bytes that the SYN-ACK offered: its window is never scaled (tcp_synack_window). */
export const synAckWindow = (request: RequestSock): number => Math.min(request.rcvWnd, WINDOW_MAX);

/** tcp_v4_send_synack. @param foc fast open option to answer with. @returns 0 or -errno. */
export function sendSynAck(request: RequestSock, foc: FastOpenCookie = NO_COOKIE): number {
  const { listener } = request;
  const stack = listener.tcp;
  const isCookie = request.isCookie;
  const nowMs = Math.floor(stack.nowUs / 1000);
  if (!isCookie && request.sntSynackUs === 0) request.sntSynackUs = stack.nowUs;
  let stamp = ((isCookie ? cookieTimestamp(request, nowMs) : nowMs) + request.tsOffset) >>> 0;
  if (request.tstampOk) {
    // 0 would mean that there was none.
    if (request.sntTsvalFirst === 0) request.sntTsvalFirst = stamp === 0 ? (stamp = 0xffffffff) : stamp;
    request.sntTsvalLast = stamp;
  }
  const route = routeTo(request);
  if (typeof route === "number") return route;
  const said: SynOptions = {
    mss: advertisedMss(listener, route.mtu, route.metrics.advmss),
    timestamps: request.tstampOk,
    value: stamp,
    echo: request.tsRecent,
    sack: request.sackOk,
    windowShift: request.wscaleOk ? request.rcvWscale : -1,
    cookie: foc.cookie,
    exp: foc.exp,
  };
  const optionsLength = synAckOptionsLength(said);
  writeSynAckOptions(scratch, 0, said);
  const { ipOptions } = listener;
  const reflected = stack.sysctls.reflectTos !== 0 ? request.synTos & ~ECN_MASK : ipOptions.tos;
  const reply = synAck;
  putAddresses(reply, request);
  reply.seq = request.sntIsn;
  reply.flags = TH.SYN | TH.ACK | (request.ecnOk ? TH.ECE : 0);
  reply.window = synAckWindow(request);
  reply.options = scratch;
  reply.optionsLength = optionsLength;
  reply.tos = reflected;
  reply.ttl = ipOptions.ttl;
  reply.dontFragment = dontFragment(listener, route);
  return sendReplyBy(stack, reply, route);
}

/** What all replies of a request have in common. */
function putAddresses(reply: Reply, request: RequestSock): void {
  reply.source = request.boundAddress;
  reply.sourcePort = request.localPort;
  reply.target = request.remoteAddress;
  reply.targetPort = request.remotePort;
  reply.device = request.device;
  reply.mark = request.mark;
  reply.ack = request.rcvNxt;
  reply.priority = request.listener.priority;
}

/** The route to the peer, or -ENETUNREACH and the like: that of a request is its child's. */
export function routeTo(request: RequestSock): Route | number {
  flow.target = request.remoteAddress;
  flow.source = request.boundAddress;
  flow.device = request.device;
  flow.tos = request.listener.ipOptions.tos;
  flow.protocol = IPPROTO_TCP;
  flow.mark = request.mark;
  return request.listener.tcp.ip.routeOutput(flow);
}

/** Sends the SYN-ACK again (tcp_rtx_synack). @param child of fast open, else null. @returns 0 or -errno. */
export function resendSynAck(request: RequestSock, child: TcpSock | null): number {
  const result = sendSynAck(request);
  if (result !== 0) return result;
  const { snmp, trace } = request.listener.core;
  snmp.tcp.RetransSegs++;
  snmp.tcpExt.TCPSynRetrans++;
  if (child !== null) child.totalRetrans++;
  request.numRetrans++;
  if (trace.active) {
    const inode = request.listener.inode;
    trace.record(RETRANSMIT_SYNACK, 0, 0, inode, request.remotePort, request.numTimeout);
  }
  return 0;
}

/** tcp_v4_reqsk_send_ack: says what would fit. */
export function sendRequestAck(request: RequestSock, child: TcpSock | null): void {
  const stack = request.listener.tcp;
  const stamp = (Math.floor(stack.nowUs / 1000) + request.tsOffset) >>> 0;
  const reply = new Reply();
  putAddresses(reply, request);
  reply.seq = child === null ? seqAdd(request.sntIsn, 1) : child.sndNxt;
  reply.flags = TH.ACK;
  reply.window = synAckWindow(request) >>> request.rcvWscale;
  if (request.tsRecent !== 0) reply.setTimestamps(stamp, request.tsRecent);
  reply.tos = request.listener.ipOptions.tos;
  sendReply(stack, reply);
}
