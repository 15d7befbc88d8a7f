/**
 * One segment on its way down (tcp_transmit_skb in tcp_output.c): header and options are written in place in front of
 * the payload, which is copied once from the send buffer, or hung on as fragments when device or kernel cuts the packet
 * up. The checksum is left to the device. Left out: urgent data, TCP_MD5SIG, hooks of BPF.
 */
import { put16, put32, put8 } from "../../../base/bytes.ts";
import { checksumFold, pseudoHeaderSum } from "../../../wire/checksum.ts";
import { IPPROTO_TCP } from "../../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES, TH } from "../../../wire/tcp.ts";
import { SendOptions } from "../../net/protocol.ts";
import type { Route } from "../../net/route.ts";
import { CHECKSUM_PARTIAL, type SkBuff } from "../../skb/skbuff.ts";
import { E } from "../../syscall/errno.ts";
import { decQuickack, incPingpong } from "../receive/ack-mode.ts";
import { enterCwr } from "../loss/cwr.ts";
import { ECN_MASK, ECT0 } from "./ecn-send.ts";
import { establishedOptionsLength, synOptionsLength, writeEstablishedOptions, writeSynOptions } from "../options.ts";
import { paceAfter } from "./pacing.ts";
import { rateSegmentSent } from "../loss/rate.ts";
import { selectWindow } from "../receive/receive-window.ts";
import { TcpSegment } from "./segment.ts";
import { seqAdd, seqAfter, seqBefore, seqDistance, type Seq } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { dontFragment, routeOf } from "../tcp-route.ts";
import { ECN, type TcpSock } from "../tcp-sock.ts";
import { ACK_TIMER, clearCompressedAck, clearDelack } from "../timer-arm.ts";

/** Payload up to here is copied behind the header; more is shared with the send buffer. */
const LINEAR_BYTES_MAX = 9216;
const WINDOW_MAX = 0xffff;
/** Ports are spread over the identifications so that two connections do not run in step. */
const ID_SPREAD = 0x6f4f;

/** Stands for a packet without payload that is not queued: an ACK, a probe, a reset. */
const bare = new TcpSegment();
// One record for all: a packet is on its way before the next one is built.
const sending = new SendOptions();

/**
 * Sends a segment of the write or retransmit queue, which stays where it is.
 * @returns 0; 1 when our own queue dropped it (cwnd is reduced); or -errno, as without a route.
 */
export function transmitSegment(tcp: TcpSock, segment: TcpSegment): number {
  const priorNs = stamp(tcp, segment);
  const result = emit(tcp, segment);
  if (result === 0) {
    paceAfter(tcp, segment.length, priorNs);
    tcp.tsorted.touch(segment);
    rateSegmentSent(tcp, segment);
  }
  return result;
}

/** A packet without payload; `flags` are TH.*. Nothing of it is remembered. @returns as `transmitSegment`. */
export function sendPureSegment(tcp: TcpSock, flags: number, seq: Seq): number {
  bare.seq = seq;
  bare.endSeq = seq;
  bare.flags = flags;
  bare.segments = 1;
  stamp(tcp, bare);
  return emit(tcp, bare);
}

/** An ACK of everything received (tcp_send_ack). */
export function sendAck(tcp: TcpSock): void {
  if (tcp.state === TCP_STATE.CLOSE) return;
  sendPureSegment(tcp, TH.ACK, acceptableSeq(tcp));
}

/** Tells the peer that the connection is gone (tcp_send_active_reset). */
export function sendActiveReset(tcp: TcpSock): void {
  const { snmp } = tcp.core;
  snmp.tcp.OutRsts++;
  if (sendPureSegment(tcp, TH.ACK | TH.RST, acceptableSeq(tcp)) !== 0) snmp.tcpExt.TCPAbortFailed++;
}

/**
 * The sequence number of a packet without payload: one that the peer accepts even after it has shrunk its window
 * (tcp_acceptable_seq).
 */
export function acceptableSeq(tcp: TcpSock): Seq {
  const end = tcp.windowEnd;
  const beyond = seqDistance(end, tcp.sndNxt);
  // What scaling cuts off the window is not shrinking.
  if (beyond <= 0 || (tcp.rxOpt.wscaleOk && beyond < 1 << tcp.rxOpt.rcvWscale)) return tcp.sndNxt;
  return end;
}

/** Notes the departure. @returns the time up to which pacing had reckoned before, ns. */
function stamp(tcp: TcpSock, segment: TcpSegment): number {
  const priorNs = tcp.pacingAtNs;
  const now = tcp.core.engine.now;
  if (priorNs < now) tcp.pacingAtNs = now;
  segment.sentAtUs = Math.floor(tcp.pacingAtNs / 1000);
  return priorNs;
}

function emit(tcp: TcpSock, segment: TcpSegment): number {
  const core = tcp.core;
  const isSyn = (segment.flags & TH.SYN) !== 0;
  const header = TCP_HEADER_BYTES + (isSyn ? synOptionsLength(tcp) : establishedOptionsLength(tcp));
  const skb = build(tcp, segment, header);
  const tos = writeHeader(tcp, segment, skb, header);
  if (isSyn) writeSynOptions(tcp, skb.bytes, skb.transportHeader + TCP_HEADER_BYTES);
  else writeEstablishedOptions(tcp, skb.bytes, skb.transportHeader + TCP_HEADER_BYTES);
  openChecksum(tcp, skb);
  noteSent(tcp, segment);
  segment.packetId = skb.packetId;
  if (tcp.isPacedBelow) skb.timestamp = tcp.pacingAtNs;
  const cost = core.costs.tcpSend;
  if (cost > 0) core.cpu.charge(cost);
  const route = routeOf(tcp);
  if (typeof route === "number") {
    core.snmp.ip.OutNoRoutes++;
    core.drop(skb, "IP_OUTNOROUTES");
    return -E.EHOSTUNREACH;
  }
  charge(tcp, segment, skb);
  const result = handDown(tcp, skb, route, tos);
  if (result !== -E.ENOBUFS) return result;
  enterCwr(tcp);
  return 1;
}

/** Counts the packet until it has left, for TCP small queues. Bare ones are not worth a completion interrupt. */
function charge(tcp: TcpSock, segment: TcpSegment, skb: SkBuff): void {
  if (segment.seq === segment.endSeq) return;
  skb.truesize = segment.truesize;
  skb.account = tcp.sendMemory;
  tcp.sendMemory.used += skb.truesize;
}

/** The packet with its payload and room for the header, whose start is `transportHeader`. */
function build(tcp: TcpSock, segment: TcpSegment, header: number): SkBuff {
  const length = segment.length;
  const skbs = tcp.core.skbs;
  // Data in a SYN (fast open) comes behind the SYN's own sequence number.
  const seq = (segment.flags & TH.SYN) === 0 ? segment.seq : seqAdd(segment.seq, 1);
  if (segment.segments <= 1 && length <= LINEAR_BYTES_MAX) {
    const skb = skbs.alloc(header + length);
    const at = skb.put(header + length);
    skb.transportHeader = at;
    // Data that goes with a SYN (fast open) stands behind the SYN's own number.
    const from = (segment.flags & TH.SYN) !== 0 ? seqAdd(segment.seq, 1) : segment.seq;
    if (length > 0) tcp.sendBuffer.copyOut(from, length, skb.bytes, at + header);
    return skb;
  }
  const skb = skbs.alloc(header);
  skb.transportHeader = skb.put(header);
  tcp.sendBuffer.addFrags(skb, seq, length);
  if (segment.segments > 1) {
    skb.gsoSize = segment.mss;
    skb.gsoSegments = segment.segments;
  }
  return skb;
}

/** All of the header but options and checksum. @returns the IP header's ECN bits. */
function writeHeader(tcp: TcpSock, segment: TcpSegment, skb: SkBuff, header: number): number {
  const bytes = skb.bytes;
  const at = skb.transportHeader;
  let flags = segment.flags;
  let ecn = 0;
  let window: number;
  if ((flags & TH.SYN) === 0) {
    flags |= TH.ACK;
    // A burst ends with a push, so that the receiver's GRO passes it on at once.
    if (segment.segments > 1) flags |= TH.PSH;
    window = selectWindow(tcp);
    if ((tcp.ecnFlags & ECN.OK) !== 0) {
      // RFC 3168, 6.1.5: no ECT on retransmissions, nor on packets without data.
      if (segment.length > 0 && !seqBefore(segment.seq, tcp.sndNxt)) {
        ecn = ECT0;
        if ((tcp.ecnFlags & ECN.QUEUE_CWR) !== 0) {
          tcp.ecnFlags &= ~ECN.QUEUE_CWR;
          flags |= TH.CWR;
        }
      }
      if ((tcp.ecnFlags & ECN.DEMAND_CWR) !== 0) flags |= TH.ECE;
    }
  } else {
    // The window of a SYN is never scaled (RFC 7323, 2.2).
    window = Math.min(tcp.rcvWnd, WINDOW_MAX);
  }
  put16(bytes, at + TCP.sourcePort, tcp.localPort);
  put16(bytes, at + TCP.targetPort, tcp.remotePort);
  put32(bytes, at + TCP.seq, segment.seq);
  put32(bytes, at + TCP.ack, (flags & TH.ACK) === 0 ? 0 : tcp.rcvNxt);
  put8(bytes, at + TCP.offset, (header << 2) | (flags >>> 8));
  put8(bytes, at + TCP.flags, flags);
  put16(bytes, at + TCP.window, window);
  put16(bytes, at + TCP.urgent, 0);
  return ecn;
}

/** Leaves the checksum to the device: the field holds the sum of the pseudo-header. */
function openChecksum(tcp: TcpSock, skb: SkBuff): void {
  const at = skb.transportHeader;
  const pseudo = pseudoHeaderSum(tcp.sourceAddress, tcp.remoteAddress, IPPROTO_TCP, skb.length);
  put16(skb.bytes, at + TCP.checksum, ~checksumFold(pseudo) & 0xffff);
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.checksumStart = at;
  skb.checksumOffset = TCP.checksum;
}

/** What follows from an ACK and from data having been sent (tcp_event_ack_sent, tcp_event_data_sent), and counters. */
function noteSent(tcp: TcpSock, segment: TcpSegment): void {
  const { segments, length } = segment;
  if ((segment.flags & TH.SYN) === 0 || (segment.flags & TH.ACK) !== 0) noteAckSent(tcp);
  if (length > 0) {
    noteDataSent(tcp);
    tcp.dataSegsOut += segments;
    tcp.bytesSent += length;
  }
  if (segment.seq === segment.endSeq || seqAfter(segment.endSeq, tcp.sndNxt)) tcp.core.snmp.tcp.OutSegs += segments;
  tcp.segsOut += segments;
}

function noteAckSent(tcp: TcpSock): void {
  if (tcp.compressedAck > 0) {
    tcp.core.snmp.tcpExt.TCPAckCompressed += tcp.compressedAck;
    clearCompressedAck(tcp);
  }
  decQuickack(tcp);
  if ((tcp.ackPending & ACK_TIMER) !== 0) clearDelack(tcp);
  else {
    tcp.ackPending = 0;
    tcp.ackRetry = 0;
  }
}

function noteDataSent(tcp: TcpSock): void {
  const now = tcp.nowUs;
  if (tcp.inFlight === 0) tcp.cc.onEvent?.(tcp, "tx-start");
  tcp.lastSendUs = now;
  // An answer within the delayed ACK's span: the two sides talk in turns, and ACKs can ride on data.
  if (now - tcp.ackLastReceivedUs < tcp.ackAtoUs) incPingpong(tcp);
}

function handDown(tcp: TcpSock, skb: SkBuff, route: Route, ecn: number): number {
  const options = sending;
  options.source = tcp.sourceAddress;
  options.target = tcp.remoteAddress;
  options.protocol = IPPROTO_TCP;
  options.ttl = tcp.ipOptions.ttl;
  options.tos = (tcp.ipOptions.tos & ~ECN_MASK) | ecn;
  options.dontFragment = dontFragment(tcp, route);
  // Numbered through per connection, so that GRO on the way merges only what follows on each other.
  if (tcp.ipId < 0) tcp.ipId = (tcp.iss ^ Math.imul(tcp.localPort, ID_SPREAD)) & 0xffff;
  options.id = tcp.ipId;
  tcp.ipId = (tcp.ipId + Math.max(1, skb.gsoSegments)) & 0xffff;
  skb.priority = tcp.priority;
  skb.mark = tcp.mark;
  tcp.sentToLoopback = route.device.isLoopback;
  return tcp.tcp.ip.send(skb, route, options);
}
