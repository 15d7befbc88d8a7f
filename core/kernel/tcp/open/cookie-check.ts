/** An ACK for a listener that may answer a SYN cookie (cookie_v4_check in net/ipv4/syncookies.c). */
import { u16 } from "../../../base/bytes.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { ipv4Source, ipv4Target } from "../../../wire/ipv4.ts";
import { TCP, TH } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { makeChild } from "./child.ts";
import { clearOptions, PARSE_HANDSHAKE, parseOptions } from "../options.ts";
import { selectInitialWindow } from "../receive/receive-window.ts";
import { queueChild } from "./request.ts";
import { routeTo } from "./syn-ack.ts";
import { RequestSock } from "./request-sock.ts";
import { seqAdd, seqOf } from "../sequence.ts";
import { cookieSaysEcn, decodeCookieTimestamp } from "./syn-cookies.ts";
import { OptionsReceived, type TcpSock } from "../tcp-sock.ts";

/** us for which cookies are believed after the last one was sent (TCP_SYNCOOKIE_VALID). */
const COOKIES_VALID_US = 120_000_000;

const options = new OptionsReceived();

/**
 * The connection that the ACK makes, the listener itself when it is no answer to a cookie, or why it is dropped. The
 * segment stays with the caller.
 */
export function checkCookie(listener: TcpSock, skb: SkBuff): TcpSock | DropReason {
  const { tcp: stack, accepting: queue } = listener;
  const flags = skb.cb2;
  if (stack.sysctls.syncookies === 0 || (flags & (TH.ACK | TH.RST | TH.SYN)) !== TH.ACK || queue === null) {
    return listener;
  }
  if (queue.overflowAtUs === null || stack.nowUs - queue.overflowAtUs > COOKIES_VALID_US) return listener;
  const request = addressed(listener, skb);
  const cookie = seqAdd(seqOf(skb.cb3), -1);
  const { tcpExt } = stack.core.snmp;
  request.rcvIsn = seqAdd(seqOf(skb.cb0), -1);
  request.rcvNxt = seqOf(skb.cb0);
  request.sntIsn = cookie;
  request.mss = stack.cookies.check(request, request.rcvIsn, cookie);
  if (request.mss === 0) {
    tcpExt.SyncookiesFailed++;
    return listener;
  }
  tcpExt.SyncookiesRecv++;
  if (!readOptions(request, skb)) return "TCP_BAD_OPTION";
  if (typeof routeTo(request) === "number") return "IP_OUTNOROUTES";
  // What the SYN-ACK said, worked out once more.
  const window = selectInitialWindow(listener, request.mss, request.wscaleOk);
  request.rcvWnd = window.rcvWnd;
  request.windowClamp = window.windowClamp;
  request.rcvWscale = window.rcvWscale;
  const child = makeChild(request, skb);
  if (child === null) return "TCP_LISTEN_OVERFLOW";
  queueChild(listener, child);
  return child;
}

function addressed(listener: TcpSock, skb: SkBuff): RequestSock {
  const { bytes, networkHeader, transportHeader } = skb;
  const request = new RequestSock(listener);
  request.isCookie = true;
  request.boundAddress = ipv4Target(bytes, networkHeader);
  request.localPort = listener.localPort;
  request.remoteAddress = ipv4Source(bytes, networkHeader);
  request.remotePort = u16(bytes, transportHeader + TCP.sourcePort);
  request.device = listener.device;
  request.mark = listener.mark;
  return request;
}

/** @returns false when the timestamp is none of ours. */
function readOptions(request: RequestSock, skb: SkBuff): boolean {
  const stack = request.listener.tcp;
  clearOptions(options);
  options.rcvTsecr = 0;
  parseOptions(stack.sysctls, skb, options, PARSE_HANDSHAKE);
  if (options.sawTstamp && options.rcvTsecr !== 0) {
    request.tsOffset = stack.isns.timestampOffset(request.boundAddress, request.remoteAddress);
    options.rcvTsecr = (options.rcvTsecr - request.tsOffset) >>> 0;
  }
  if (!decodeCookieTimestamp(options, stack.sysctls)) return false;
  request.tstampOk = options.sawTstamp;
  request.tsRecent = options.sawTstamp ? options.rcvTsval : 0;
  request.sackOk = options.sackOk;
  request.wscaleOk = options.wscaleOk;
  request.sndWscale = options.wscaleOk ? options.sndWscale : 0;
  request.ecnOk = options.sawTstamp && cookieSaysEcn(options) && stack.sysctls.ecn !== 0;
  return true;
}
