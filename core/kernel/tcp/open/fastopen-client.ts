/**
 * Fast open's active side, RFC 7413, section 4.1 (tcp_fastopen_cookie_check, tcp_fastopen_defer_connect in
 * net/ipv4/tcp_fastopen.c; tcp_send_syn_data in tcp_output.c; tcp_rcv_fastopen_synack in tcp_input.c).
 */
import { TH } from "../../../wire/tcp.ts";
import { TCP_OPTIONS_BYTES_MAX } from "../../../wire/tcp-options.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { E } from "../../syscall/errno.ts";
import { chronoStart } from "../chrono.ts";
import { addSynData } from "./fastopen-server.ts";
import { CLIENT_FAIL, TFO, type FastOpenCookie } from "./fastopen.ts";
import { mtuToMss, syncMss } from "../send/mss.ts";
import { clearOptions, PARSE_HANDSHAKE, parseOptions } from "../options.ts";
import { retransmitWithoutCongestion } from "../loss/retransmit.ts";
import { markLost } from "../loss/scoreboard.ts";
import type { TcpSegment } from "../send/segment.ts";
import { seqAdd } from "../sequence.ts";
import { CHRONO, OptionsReceived, type TcpSock } from "../tcp-sock.ts";
import { transmitSegment } from "../send/transmit.ts";
import { newSegment } from "../send/write-queue.ts";
import { setFastopenState } from "../socket-records.ts";

// One record for all: it is read at once.
const options = new OptionsReceived();

/** What may go with the SYN: data with the cookie (null: without one); or only a request for a cookie. */
interface Permission {
  /** Data may go. */
  readonly mayData: boolean;
  /** Null sends no option. */
  readonly cookie: Uint8Array | null;
  readonly exp: boolean;
  /** MSS the server said last, 0 unknown. */
  readonly mss: number;
}

/** tcp_fastopen_cookie_check. */
function checkCookie(tcp: TcpSock): Permission {
  const { fastopen, sysctls } = tcp.tcp;
  const known = fastopen.recall(tcp);
  const mss = known?.mss ?? 0;
  const cookie = known?.cookie ?? new Uint8Array(0);
  const exp = cookie.length > 0 ? (known?.exp ?? false) : known?.tryExp === 1;
  if (fastopen.shouldDisable(tcp)) return { mayData: false, cookie: null, exp, mss };
  if ((sysctls.fastopen & TFO.CLIENT_NO_COOKIE) !== 0 || tcp.options.fastopenNoCookie) {
    return { mayData: true, cookie: null, exp, mss };
  }
  if (cookie.length > 0) return { mayData: true, cookie, exp, mss };
  setFastopenState(tcp, { fastopenClientFail: CLIENT_FAIL.COOKIE_UNAVAILABLE });
  return { mayData: false, cookie, exp, mss };
}

/**
 * TCP_FASTOPEN_CONNECT: with a cookie the SYN waits for the first write; without one it asks for it
 * (tcp_fastopen_defer_connect). @returns whether it waits.
 */
export function deferConnect(tcp: TcpSock): boolean {
  if (!tcp.fastopen.fastopenConnect || tcp.fastopenReq !== null) return false;
  const permission = checkCookie(tcp);
  if (permission.mayData) {
    setFastopenState(tcp, { deferConnect: true });
    return true;
  }
  tcp.fastopenReq = { cookie: permission.cookie, exp: permission.exp, copied: 0, data: null };
  return false;
}

/** Sends the SYN with the data of `fastopenReq`, as far as it may and fits. @returns as `transmitSegment`. */
export function sendSynData(tcp: TcpSock, syn: TcpSegment): number {
  const request = tcp.fastopenReq;
  if (request === null) return -E.EINVAL;
  const rx = tcp.rxOpt;
  rx.mssClamp = tcp.advmss;
  const permission = checkCookie(tcp);
  request.cookie = permission.cookie;
  request.exp = permission.exp;
  let error: number;
  if (!permission.mayData) error = sendPlain(tcp, syn);
  else {
    if (permission.mss > 0) rx.mssClamp = permission.mss;
    if (rx.userMss > 0) rx.mssClamp = Math.min(rx.mssClamp, rx.userMss);
    syncMss(tcp, tcp.pmtuCookie);
    error = sendWithData(tcp, syn);
  }
  // Repeated SYNs carry no option: a middlebox may have minded it.
  request.cookie = null;
  return error;
}

/** A SYN without data: with a request for a cookie, if at all. */
function sendPlain(tcp: TcpSock, syn: TcpSegment): number {
  const request = tcp.fastopenReq;
  if (request !== null && request.cookie !== null && request.cookie.length > 0) request.cookie = new Uint8Array(0);
  const error = transmitSegment(tcp, syn);
  if (error !== 0) setFastopenState(tcp, { synFastopen: false });
  return error;
}

function sendWithData(tcp: TcpSock, syn: TcpSegment): number {
  const request = tcp.fastopenReq;
  if (request === null) return -E.EINVAL;
  const data = request.data ?? new Uint8Array(0);
  const room = mtuToMss(tcp, tcp.pmtuCookie) + (tcp.tcpHeaderLen - TCP_HEADER) - TCP_OPTIONS_BYTES_MAX;
  const space = Math.max(0, Math.min(room, data.length));
  const segment = newSegment(tcp.writeSeq, TH.ACK | TH.PSH);
  tcp.sendBuffer.append(data, 0, space);
  if (space === data.length) request.data = null;
  request.copied = space;
  segment.length = space;
  segment.endSeq = seqAdd(segment.seq, space);
  segment.truesize += space;
  tcp.writeSeq = segment.endSeq;
  tcp.wmemQueued += segment.truesize;
  tcp.packetsOut += segment.segments;
  if (space > 0) chronoStart(tcp, CHRONO.BUSY);
  // On the wire they are one packet; in the queue the SYN may be repeated without the data.
  syn.length = space;
  syn.endSeq = segment.endSeq;
  const error = transmitSegment(tcp, syn);
  syn.length = 0;
  syn.endSeq = segment.seq;
  segment.sentAtUs = syn.sentAtUs;
  segment.packetId = syn.packetId;
  if (error === 0) {
    setFastopenState(tcp, { synData: space > 0 });
    if (space > 0) {
      tcp.rtxQueue.insert(segment);
      tcp.tsorted.touch(segment);
      tcp.core.snmp.tcpExt.TCPOrigDataSent++;
    } else forget(tcp, segment);
    return 0;
  }
  tcp.packetsOut -= segment.segments;
  if (space > 0) tcp.writeQueue.push(segment);
  else tcp.wmemQueued -= segment.truesize;
  return sendPlain(tcp, syn);
}

const TCP_HEADER = 20;

function forget(tcp: TcpSock, segment: TcpSegment): void {
  tcp.packetsOut -= segment.segments;
  tcp.wmemQueued -= segment.truesize;
}

/**
 * The SYN-ACK says what became of cookie and data (tcp_rcv_fastopen_synack). @returns whether data in the SYN was not
 * taken, and has been sent again.
 */
export function receiveFastopenSynAck(tcp: TcpSock, skb: SkBuff, foc: FastOpenCookie): boolean {
  const { tcpExt } = tcp.core.snmp;
  const data = tcp.fastopen.synData ? tcp.rtxQueue.first : null;
  let tryExp = 0;
  if (!tcp.fastopen.synFastopen) foc.cookie = null;
  else if (tcp.totalRetrans === 0 && foc.cookie === null && !tcp.fastopen.synData) {
    tryExp = tcp.fastopen.synFastopenExp ? 2 : 1;
  }
  tcp.tcp.fastopen.remember(tcp, saidMss(tcp, skb), foc, tryExp);
  if (data !== null) {
    setFastopenState(tcp, {
      fastopenClientFail: tcp.totalRetrans > 0 ? CLIENT_FAIL.SYN_RETRANSMITTED : CLIENT_FAIL.DATA_NOT_ACKED,
    });
    for (let at: TcpSegment | null = data; at !== null; at = tcp.rtxQueue.next(at)) markLost(tcp, at);
    retransmitWithoutCongestion(tcp);
    tcpExt.TCPFastOpenActiveFail++;
    return true;
  }
  if (tcp.fastopen.synData) {
    setFastopenState(tcp, { synDataAcked: true });
    tcpExt.TCPFastOpenActive++;
    // SYN and data were counted as two packets.
    if (tcp.delivered > 1) tcp.delivered--;
  }
  addSynData(tcp, skb);
  return false;
}

/** The MSS that the server said, whatever TCP_MAXSEG made of it. */
function saidMss(tcp: TcpSock, skb: SkBuff): number {
  const { mssClamp, userMss } = tcp.rxOpt;
  if (mssClamp !== userMss) return mssClamp;
  clearOptions(options);
  options.userMss = 0;
  options.mssClamp = 0;
  parseOptions(tcp.tcp.sysctls, skb, options, PARSE_HANDSHAKE);
  return options.mssClamp;
}
