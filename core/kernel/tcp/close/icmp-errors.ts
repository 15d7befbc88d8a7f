/**
 * ICMP errors about our segments (tcp_v4_err, tcp_v4_mtu_reduced, tcp_ld_RTO_revert, tcp_req_err in
 * net/ipv4/tcp_ipv4.c; RFC 1122, section 4.2.3.9; RFC 5927; RFC 6069). Left out: redirects, which routing has heeded.
 */
import { u16, u32, u8 } from "../../../base/bytes.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../../wire/icmp.ts";
import { IPV4, ipv4Source, ipv4Target } from "../../../wire/ipv4.ts";
import { TCP } from "../../../wire/tcp.ts";
import type { IcmpError } from "../../net/protocol.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { E } from "../../syscall/errno.ts";
import { PMTUDISC } from "../../syscall/sys.ts";
import { countListenDrop } from "../open/child.ts";
import { doneWithError } from "./life.ts";
import { syncMss } from "../send/mss.ts";
import { dropRequest } from "../open/request-drop.ts";
import type { RequestSock } from "../open/request-sock.ts";
import { retransmitTimeout } from "../loss/retransmit-timer.ts";
import { simpleRetransmit } from "../loss/retransmit.ts";
import { RTO_INIT_US, setRto } from "../loss/rtt.ts";
import { seqBetween, seqOf, type Seq } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { emptyLookup } from "../tables.ts";
import { dontFragment, routeOf } from "../tcp-route.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import type { Tcp } from "../tcp.ts";
import { armWriteTimer, rtoMaxUs } from "../timer-arm.ts";

const key = emptyLookup();

/** The quoted segment is one that we sent: source is here, target is there. The packet stays with the caller. */
export function receiveIcmpError(stack: Tcp, skb: SkBuff, error: IcmpError): void {
  const { bytes, networkHeader, data } = skb;
  const { snmp } = stack.core;
  key.boundAddress = ipv4Source(bytes, networkHeader);
  key.localPort = u16(bytes, data + TCP.sourcePort);
  key.remoteAddress = ipv4Target(bytes, networkHeader);
  key.remotePort = u16(bytes, data + TCP.targetPort);
  key.device = skb.deviceIndex;
  const entry = stack.tables.find(key);
  if (entry === null) {
    snmp.icmp.InErrors++;
    return;
  }
  const seq = seqOf(u32(bytes, data + TCP.seq));
  if (entry.isTcp) connectionError(entry, skb, error, seq);
  else if (entry.isRequest) requestError(entry, seq, endsRequest(error));
}

const isUnreachable = (error: IcmpError, code: number): boolean =>
  error.type === ICMP_TYPE.DEST_UNREACH && error.code === code;

const endsRequest = (error: IcmpError): boolean =>
  error.type === ICMP_TYPE.PARAMETERPROB ||
  error.type === ICMP_TYPE.TIME_EXCEEDED ||
  isUnreachable(error, ICMP_UNREACH.NET_UNREACH) ||
  isUnreachable(error, ICMP_UNREACH.HOST_UNREACH);

/** accept(2) does not report errors of the network: the request just goes. */
function requestError(request: RequestSock, seq: Seq, ends: boolean): void {
  if (seq !== request.sntIsn) {
    request.listener.core.snmp.tcpExt.OutOfWindowIcmps++;
    return;
  }
  if (!ends) return;
  dropRequest(request);
  countListenDrop(request.listener);
}

function connectionError(tcp: TcpSock, skb: SkBuff, error: IcmpError, seq: Seq): void {
  const { tcpExt } = tcp.core.snmp;
  if (tcp.state === TCP_STATE.CLOSE) return;
  if (u8(skb.bytes, skb.networkHeader + IPV4.ttl) < tcp.ipOptions.minTtl) {
    tcpExt.TCPMinTTLDrop++;
    return;
  }
  const request = tcp.fastopenRequest;
  // RFC 5927, 4.1: a forged error would have to guess what is under way.
  if (!seqBetween(seq, request === null ? tcp.sndUna : request.sntIsn, tcp.sndNxt)) {
    tcpExt.OutOfWindowIcmps++;
    return;
  }
  if (error.type === ICMP_TYPE.REDIRECT || error.type === ICMP_TYPE.SOURCE_QUENCH) return;
  if (isUnreachable(error, ICMP_UNREACH.FRAG_NEEDED)) {
    mtuReduced(tcp, error.info);
    return;
  }
  const mayRevert = isUnreachable(error, ICMP_UNREACH.NET_UNREACH) || isUnreachable(error, ICMP_UNREACH.HOST_UNREACH);
  if (request === null && mayRevert) revertBackoff(tcp, seq);
  report(tcp, skb, error);
}

/** What the program gets to know: a hard error only while the connection is being made. */
function report(tcp: TcpSock, skb: SkBuff, error: IcmpError): void {
  const { state } = tcp;
  const isOpening = state === TCP_STATE.SYN_SENT || state === TCP_STATE.SYN_RECV;
  // A connection that took data from a SYN and is accepted is treated as established.
  if (isOpening && (tcp.fastopenRequest === null || tcp.fastopenRequest.child !== null)) {
    if (tcp.ipOptions.receivesErrors) queueIcmpError(tcp, skb, error);
    doneWithError(tcp, error.errno, "3.9.2.2");
    return;
  }
  if (tcp.ipOptions.receivesErrors) tcp.reportError(error.errno);
  else tcp.softError = error.errno;
}

function queueIcmpError(tcp: TcpSock, skb: SkBuff, error: IcmpError): void {
  tcp.queueError({
    errno: error.errno,
    origin: "icmp",
    type: error.type,
    code: error.code,
    info: error.info,
    offender: error.offender,
    target: tcp.remoteAddress,
    port: tcp.remotePort,
    payload: skb.bytes.slice(skb.data, skb.tail),
  });
}

/** RFC 1191: the path takes no more than `mtu`. Routing knows it already. */
function mtuReduced(tcp: TcpSock, mtu: number): void {
  const { state } = tcp;
  if (state === TCP_STATE.LISTEN || state === TCP_STATE.CLOSE) return;
  const route = routeOf(tcp);
  if (typeof route === "number") return;
  // Not believed: should it be true, this is why nothing arrives.
  if (mtu < route.mtu && dontFragment(tcp, route)) tcp.softError = E.EMSGSIZE;
  if (tcp.ipOptions.pmtuDiscovery === PMTUDISC.DONT || tcp.pmtuCookie <= route.mtu) return;
  syncMss(tcp, route.mtu);
  simpleRetransmit(tcp);
}

/**
 * The router that says it cannot pass our retransmission on is no congestion: the last back-off is taken back (RFC
 * 6069; tcp_ld_RTO_revert).
 */
function revertBackoff(tcp: TcpSock, seq: Seq): void {
  const head = tcp.rtxQueue.first;
  if (seq !== tcp.sndUna || tcp.retransmits === 0 || tcp.backoff === 0 || head === null) return;
  tcp.backoff--;
  if (tcp.srttUs !== 0) setRto(tcp);
  else tcp.rtoUs = RTO_INIT_US;
  tcp.rtoUs = Math.min(tcp.rtoUs * 2 ** tcp.backoff, rtoMaxUs(tcp));
  const remainingUs = tcp.rtoUs - (tcp.nowUs - head.sentAtUs);
  if (remainingUs > 0) armWriteTimer(tcp, WRITE_TIMER.RETRANS, remainingUs);
  else retransmitTimeout(tcp);
}
