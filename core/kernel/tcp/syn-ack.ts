/**
 * What a request sends: SYN-ACK, again and again, and the ACK that answers what does not fit (tcp_v4_send_synack,
 * tcp_make_synack, tcp_rtx_synack, tcp_v4_reqsk_send_ack).
 */
import { KIND } from "../../contract/trace-event.ts";
import { TH } from "../../wire/tcp.ts";
import { TCP_OPTIONS_BYTES_MAX } from "../../wire/tcp-options.ts";
import type { Route } from "../net/route.ts";
import type { FastOpenCookie } from "./fastopen.ts";
import { advertisedMss } from "./mss.ts";
import { synAckOptionsLength, writeSynAckOptions, type SynOptions } from "./options.ts";
import { sendReply, timestampOption, type Reply } from "./reply.ts";
import type { RequestSock } from "./request-sock.ts";
import { seqAdd } from "./sequence.ts";
import { cookieTimestamp } from "./syn-cookies.ts";
import { dontFragment } from "./tcp-route.ts";
import type { TcpSock } from "./tcp-sock.ts";

const WINDOW_MAX = 0xffff;
const ECN_MASK = 3;
const RETRANSMIT_SYNACK = KIND["tcp:tcp_retransmit_synack"];

const NO_COOKIE: FastOpenCookie = { cookie: null, exp: false };
const scratch = new Uint8Array(TCP_OPTIONS_BYTES_MAX);

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
  const said: SynOptions = {
    mss: advertisedMss(listener, mtuTo(request), advmssTo(request)),
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
  const reflected = stack.sysctls.reflectTos.value !== 0 ? request.synTos & ~ECN_MASK : ipOptions.tos;
  return sendReply(stack, {
    ...addressesOf(request),
    seq: request.sntIsn,
    ack: request.rcvNxt,
    flags: TH.SYN | TH.ACK | (request.ecnOk ? TH.ECE : 0),
    window: synAckWindow(request),
    options: scratch,
    optionsLength,
    tos: reflected,
    ttl: ipOptions.ttl,
    priority: listener.priority,
    dontFragment: doesNotFragment(request),
  });
}

type Addresses = Pick<Reply, "source" | "sourcePort" | "target" | "targetPort" | "device" | "mark">;

const addressesOf = (request: RequestSock): Addresses => ({
  source: request.boundAddress,
  sourcePort: request.localPort,
  target: request.remoteAddress,
  targetPort: request.remotePort,
  device: request.device,
  mark: request.mark,
});

/** Points a flow at the peer: route and MTU of a request are its child's. */
function routeTo(request: RequestSock): Route | number {
  const { flow } = request.listener;
  flow.target = request.remoteAddress;
  flow.source = request.boundAddress;
  flow.device = request.device;
  flow.tos = request.listener.ipOptions.tos;
  flow.mark = request.mark;
  return request.listener.tcp.ip.routeOutput(flow);
}

/** IP packet that fits the path to the peer; -1 when no route leads there. */
export function mtuTo(request: RequestSock): number {
  const route = routeTo(request);
  return typeof route === "number" ? -1 : route.mtu;
}

/** The segment size that the route to the peer says to announce; 0 when it says none. */
export function advmssTo(request: RequestSock): number {
  const route = routeTo(request);
  return typeof route === "number" ? 0 : route.metrics.advmss;
}

function doesNotFragment(request: RequestSock): boolean {
  const route = routeTo(request);
  return typeof route === "number" || dontFragment(request.listener, route);
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
  sendReply(stack, {
    ...addressesOf(request),
    seq: child === null ? seqAdd(request.sntIsn, 1) : child.sndNxt,
    ack: request.rcvNxt,
    flags: TH.ACK,
    window: synAckWindow(request) >>> request.rcvWscale,
    ...(request.tsRecent === 0 ? {} : { options: timestampOption(stamp, request.tsRecent) }),
    tos: request.listener.ipOptions.tos,
    priority: request.listener.priority,
  });
}
