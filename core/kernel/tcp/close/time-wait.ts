/**
 * TIME-WAIT, RFC 9293, sections 3.3.2 and 3.10.7.4, RFC 6191, RFC 1337 (Linux net/ipv4/tcp_minisocks.c,
 * tcp_timewait_state_process and tcp_time_wait; inet_timewait_sock.c): the record that a connection leaves behind, also
 * in FIN_WAIT2 when nobody reads any more; and giving its addresses to a new connection early.
 * Left out: the pacing of expiry by a timer wheel.
 */
import { TH, tcpHeaderBytes, TCP_HEADER_BYTES } from "../../../wire/tcp.ts";
import { isLoopback } from "../../../wire/address.ts";
import { LOOPBACK_INDEX } from "../../net/routing.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { oowRateLimited } from "./challenge-ack.ts";
import { tcpDone, unhash } from "./life.ts";
import { PARSE_HANDSHAKE, parseOptions } from "../options.ts";
import { pawsRejects } from "../loss/paws.ts";
import { Reply, sendReply } from "./reply.ts";
import { inWindow, seqAdd, seqAfter, seqBefore, seqOf, type Seq } from "../sequence.ts";
import { setState, TCP_STATE } from "../states.ts";
import { OptionsReceived, type TcpSock } from "../tcp-sock.ts";
import { TimeWaitSock } from "./time-wait-sock.ts";
import type { Tcp } from "../tcp.ts";

/** 2 MSL, us (TCP_TIMEWAIT_LEN). */
export const TIMEWAIT_US = 60_000_000;
/** Time-outs up to here count as TWKilled, us. */
const SHORT_US = 4_000_000;
/** A record may be reused by connect when it is this old, ms (net.ipv4.tcp_tw_reuse_delay's default). */
const REUSE_DELAY_MS = 1000;
/** Beyond all that the old connection can have sent: its largest window without scaling, and two. */
const ISN_GAP = 0xffff + 2;

/** us after which FIN_WAIT2 is given up (tcp_fin_time): at least three and a half time-outs. */
export function finTimeUs(tcp: TcpSock): number {
  const seconds = tcp.options.linger2 !== 0 ? tcp.options.linger2 : tcp.tcp.sysctls.finTimeout;
  return Math.max(seconds * 1_000_000, leastUs(tcp));
}

const leastUs = (tcp: TcpSock): number => tcp.rtoUs * 4 - (tcp.rtoUs >> 1);

/**
 * Leaves a record behind in place of the socket, which is closed for whoever still holds it (tcp_time_wait).
 * @param timeoutUs of a FIN_WAIT2; TIME_WAIT has its own.
 */
export function enterTimeWait(tcp: TcpSock, state: "TIME_WAIT" | "FIN_WAIT2", timeoutUs: number): void {
  const stack = tcp.tcp;
  if (stack.tables.timeWaits >= stack.sysctls.maxTwBuckets) {
    stack.core.snmp.tcpExt.TCPTimeWaitOverflow++;
  } else {
    const record = recordOf(tcp);
    record.state = state === "TIME_WAIT" ? TCP_STATE.TIME_WAIT : TCP_STATE.FIN_WAIT2;
    unhash(tcp);
    stack.tables.insert(record);
    stack.ports.adopt(record, tcp);
    arm(record, state === "TIME_WAIT" ? TIMEWAIT_US : Math.max(timeoutUs, leastUs(tcp)));
  }
  if (state === "TIME_WAIT") setState(tcp, TCP_STATE.TIME_WAIT, "3.10.7.4-eighth");
  tcpDone(tcp, state === "TIME_WAIT" ? "time-wait" : "fin-wait-2");
}

function recordOf(tcp: TcpSock): TimeWaitSock {
  const record = new TimeWaitSock(tcp.tcp);
  record.boundAddress = tcp.boundAddress;
  record.localPort = tcp.localPort;
  record.remoteAddress = tcp.remoteAddress;
  record.remotePort = tcp.remotePort;
  record.device = tcp.device;
  record.inode = tcp.inode;
  record.mark = tcp.mark;
  record.priority = tcp.priority;
  record.tos = tcp.ipOptions.tos;
  record.reuseAddress = tcp.reuseAddress;
  record.reusePort = tcp.reusePort;
  record.rcvNxt = tcp.rcvNxt;
  record.sndNxt = tcp.sndNxt;
  record.rcvWnd = tcp.receiveWindow;
  record.rcvWscale = tcp.rxOpt.rcvWscale;
  record.tsRecent = tcp.rxOpt.tsRecent;
  record.tsRecentStampS = tcp.rxOpt.tsRecentStampS;
  record.tsOffset = tcp.tsOffset;
  record.entryUs = tcp.nowUs;
  return record;
}

function arm(record: TimeWaitSock, spanUs: number): void {
  record.isShort = spanUs <= SHORT_US;
  record.stack.core.timers.arm(record.timer, Math.ceil(spanUs / 1000) * 1_000_000);
}

/** inet_twsk_deschedule_put. */
export function forgetTimeWait(record: TimeWaitSock): void {
  const { stack } = record;
  stack.core.timers.release(record.timer);
  stack.tables.remove(record);
  stack.ports.release(record);
}

/** Its time is over. */
export function timeWaitOver(record: TimeWaitSock): void {
  const { tcpExt } = record.stack.core.snmp;
  if (record.isShort) tcpExt.TWKilled++;
  else tcpExt.TW++;
  forgetTimeWait(record);
}

/** What is to be done with a segment for a record. "syn": a listener may take it, with the sequence number `twIsn`. */
export type TimeWaitVerdict = "drop" | "ack" | "reset" | "syn";

// One record of options for all: it is read before the next segment comes.
const options = new OptionsReceived();

/** tcp_timewait_state_process. The segment stays with the caller. */
export function judgeTimeWait(record: TimeWaitSock, skb: SkBuff): TimeWaitVerdict {
  const { stack } = record;
  const flags = skb.cb2;
  const isReset = (flags & TH.RST) !== 0;
  options.sawTstamp = false;
  let pawsFails = false;
  if (tcpHeaderBytes(skb.bytes, skb.transportHeader) > TCP_HEADER_BYTES && record.tsRecentStampS !== 0) {
    parseOptions(stack.sysctls, skb, options, PARSE_HANDSHAKE);
    options.tsRecent = record.tsRecent;
    options.tsRecentStampS = record.tsRecentStampS;
    pawsFails = options.sawTstamp && pawsRejects(options, isReset, stack.nowS);
  }
  if (record.state === TCP_STATE.FIN_WAIT2) return judgeFinWait2(record, skb, pawsFails);
  const seq = seqOf(skb.cb0);
  if (!pawsFails && seq === record.rcvNxt && (skb.cb0 === skb.cb1 || isReset)) return inOrder(record, isReset);
  if ((flags & (TH.SYN | TH.RST | TH.ACK)) === TH.SYN && !pawsFails && isNewer(record, seq)) return "syn";
  if (pawsFails) stack.core.snmp.tcpExt.PAWSEstab++;
  if (isReset) return "drop";
  // A SYN without ACK may be old or new with a smaller number: only in the latter case TIME-WAIT must end in time.
  if (pawsFails || (flags & TH.ACK) !== 0) arm(record, TIMEWAIT_US);
  return oowRateLimited(stack, skb, "TCPACKSkippedTimeWait", record) ? "drop" : "ack";
}

/** The checks of tcp_rcv_state_process, for a connection whose socket is gone. */
function judgeFinWait2(record: TimeWaitSock, skb: SkBuff, pawsFails: boolean): TimeWaitVerdict {
  const flags = skb.cb2;
  const seq = seqOf(skb.cb0);
  const endSeq = seqOf(skb.cb1);
  const { rcvNxt, stack } = record;
  if (pawsFails || !inWindow(seq, endSeq, rcvNxt, seqAdd(rcvNxt, record.rcvWnd))) {
    return oowRateLimited(stack, skb, "TCPACKSkippedFinWait2", record) ? "drop" : "ack";
  }
  if ((flags & TH.RST) !== 0) {
    forgetTimeWait(record);
    return "drop";
  }
  if ((flags & TH.SYN) !== 0 && !seqBefore(seq, rcvNxt)) return "reset";
  if ((flags & TH.ACK) === 0 || !seqAfter(endSeq, rcvNxt) || seq === endSeq) return "drop";
  // Data that nobody will read, or the FIN that was waited for.
  if ((flags & TH.FIN) === 0 || endSeq !== seqAdd(rcvNxt, 1)) return "reset";
  record.state = TCP_STATE.TIME_WAIT;
  record.rcvNxt = endSeq;
  record.entryUs = stack.nowUs;
  keepTimestamp(record);
  arm(record, TIMEWAIT_US);
  return "ack";
}

/** An empty segment in order. RFC 1337: a reset may be an old duplicate, and must not end TIME-WAIT. */
function inOrder(record: TimeWaitSock, isReset: boolean): TimeWaitVerdict {
  if (isReset && record.stack.sysctls.rfc1337 === 0) {
    forgetTimeWait(record);
    return "drop";
  }
  arm(record, TIMEWAIT_US);
  keepTimestamp(record);
  return "drop";
}

function keepTimestamp(record: TimeWaitSock): void {
  if (!options.sawTstamp) return;
  record.tsRecent = options.rcvTsval;
  record.tsRecentStampS = record.stack.nowS;
}

/** RFC 6191: a SYN with a larger sequence number or a later timestamp cannot be of the old connection. */
const isNewer = (record: TimeWaitSock, seq: Seq): boolean =>
  seqAfter(seq, record.rcvNxt) || (options.sawTstamp && ((record.tsRecent - options.rcvTsval) | 0) < 0);

/** An initial sequence number that no old segment of that connection fits; never 0. */
export const isnAfter = (record: TimeWaitSock): Seq => seqOf(seqAdd(record.sndNxt, ISN_GAP) || 1);

/** tcp_v4_timewait_ack. */
export function ackTimeWait(record: TimeWaitSock, skb: SkBuff): void {
  const { stack } = record;
  const stamp = (Math.floor(stack.nowUs / 1000) + record.tsOffset) >>> 0;
  const reply = new Reply();
  reply.source = record.boundAddress;
  reply.sourcePort = record.localPort;
  reply.target = record.remoteAddress;
  reply.targetPort = record.remotePort;
  reply.seq = record.sndNxt;
  reply.ack = record.rcvNxt;
  reply.flags = TH.ACK;
  reply.window = record.rcvWnd >>> record.rcvWscale;
  if (record.tsRecent !== 0) reply.setTimestamps(stamp, record.tsRecent);
  reply.tos = record.tos;
  reply.device = record.device;
  reply.mark = record.mark;
  reply.priority = record.priority;
  reply.cause = skb.cause;
  sendReply(stack, reply);
}

/**
 * Whether a new connection may take the record's addresses (tcp_twsk_unique), from then on with a sequence number and
 * the timestamp that set it apart. @param asked bind has named the port: then net.ipv4.tcp_tw_reuse does not matter.
 */
export function mayReuse(tcp: TcpSock, record: TimeWaitSock, asked: boolean): boolean {
  const stack = tcp.tcp;
  if (record.tsRecentStampS === 0 || record.state !== TCP_STATE.TIME_WAIT) return false;
  if (!asked && !(reuseIsOn(stack, record) && stack.nowUs > record.entryUs + REUSE_DELAY_MS * 1000)) return false;
  tcp.writeSeq = isnAfter(record);
  tcp.rxOpt.tsRecent = record.tsRecent;
  tcp.rxOpt.tsRecentStampS = record.tsRecentStampS;
  return true;
}

/** net.ipv4.tcp_tw_reuse: 1 always, 2 only within this machine, where a delayed duplicate cannot be. */
function reuseIsOn(stack: Tcp, record: TimeWaitSock): boolean {
  const mode = stack.sysctls.twReuse;
  if (mode !== 2) return mode === 1;
  return record.device === LOOPBACK_INDEX || isLoopback(record.remoteAddress) || isLoopback(record.boundAddress);
}
