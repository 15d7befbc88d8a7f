/**
 * Segment text (RFC 9293, 3.10.7.4, seventh step; tcp_data_queue and tcp_ofo_queue of tcp_input.c): in order to the
 * program's queue, behind a gap to the out-of-order queue, the rest is refused with an ACK that says why.
 * Left out: urgent data, which RFC 6093 advises against: URG is ignored and the octets stay in the stream.
 */
import { KIND } from "../../../contract/trace-event.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import { TH, tcpHeaderBytes } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { POLL } from "../../syscall/sys.ts";
import { enterQuickack, QUICKACKS_MAX, scheduleAck } from "./ack-mode.ts";
import { eventDataReceived, measureRcvMss } from "./acknowledge.ts";
import { receiveFin } from "../close/close.ts";
import { charge, orphan, tryCoalesce } from "./coalesce.ts";
import { checkCongestionMark } from "./ecn-receive.ts";
import { OFO } from "./out-of-order.ts";
import { tryRmemSchedule } from "./receive-memory.ts";
import { growReceiveBuffer, rcvRttMeasureTs } from "./receive-tuning.ts";
import { growWindow } from "./receive-window.ts";
import { dsackExtend, dsackSet, sackNewOfo, sackRemove, sendCompressedAck } from "./sack-report.ts";
import { seqAdd, seqAfter, seqBefore, seqDistance, seqMin, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { ACK_NOMEM, ACK_NOW } from "../timer-arm.ts";

const RCVQUEUE_FULL = KIND["sock:sock_rcvqueue_full"];

/** Queues what the segment carries; owns it. Sequence number and window have been checked as far as they can. */
export function queueData(tcp: TcpSock, skb: SkBuff): void {
  const seq = skb.cb0 as Seq;
  const end = skb.cb1 as Seq;
  if (seq === end) {
    tcp.core.consume(skb);
    return;
  }
  rcvRttMeasureTs(tcp, skb);
  skb.pull(tcpHeaderBytes(skb.bytes, skb.transportHeader));
  orphan(skb);
  tcp.dsack = false;
  const window = tcp.receiveWindow;
  if (seq === tcp.rcvNxt) {
    // Some stacks send a bare FIN into a closed window, and again for ever if it is not taken.
    const isBareFin = skb.length === 0 && (skb.cb2 & TH.FIN) !== 0;
    if (window === 0 && !isBareFin) refuseZeroWindow(tcp, skb);
    else queueInOrder(tcp, skb);
  } else if (!seqAfter(end, tcp.rcvNxt)) {
    // A retransmission whose ACK was lost, or that was not needed.
    tcp.core.snmp.tcpExt.DelayedACKLost++;
    dsackSet(tcp, seq, end);
    refuse(tcp, skb, "TCP_OLD_DATA");
  } else if (!seqBefore(seq, seqAdd(tcp.rcvNxt, window))) {
    refuse(tcp, skb, "TCP_OVERWINDOW");
  } else if (seqBefore(seq, tcp.rcvNxt)) {
    // Its head is old, its tail is new.
    dsackSet(tcp, seq, tcp.rcvNxt);
    if (window === 0) refuseZeroWindow(tcp, skb);
    else queueInOrder(tcp, skb);
  } else queueOutOfOrder(tcp, skb);
}

function refuseZeroWindow(tcp: TcpSock, skb: SkBuff): void {
  tcp.core.snmp.tcpExt.TCPZeroWindowDrop++;
  refuse(tcp, skb, "TCP_ZEROWINDOW");
}

function refuse(tcp: TcpSock, skb: SkBuff, reason: DropReason): void {
  enterQuickack(tcp, QUICKACKS_MAX);
  scheduleAck(tcp);
  tcp.drops++;
  tcp.core.drop(skb, reason);
}

function queueInOrder(tcp: TcpSock, skb: SkBuff): void {
  const { core } = tcp;
  const hasText = skb.length > 0;
  if (!tryRmemSchedule(tcp, skb)) {
    tcp.ackPending |= ACK_NOMEM | ACK_NOW;
    scheduleAck(tcp);
    if (core.trace.active) core.traceSkb(RCVQUEUE_FULL, skb, tcp.receiveMemory.used, tcp.receiveBufferBytes);
    tcp.waiters.wake(POLL.IN);
    // The program must always have something to read, or it would never make room.
    if (tcp.receiveQueue.length > 0 && hasText) {
      core.snmp.tcpExt.TCPRcvQDrop++;
      tcp.drops++;
      core.drop(skb, "TCP_RCVQ_DROP");
      return;
    }
  }
  const hasFin = (skb.cb2 & TH.FIN) !== 0;
  const isJoined = appendInOrder(tcp, skb);
  if (hasText) eventDataReceived(tcp, skb);
  // The connection may be gone afterwards, and what was queued with it.
  if (hasFin) receiveFin(tcp);
  if (tcp.outOfOrder.size > 0) {
    drainOutOfOrder(tcp);
    // RFC 5681, 4.2: an ACK at once when a gap is filled.
    if (tcp.outOfOrder.size === 0) tcp.ackPending |= ACK_NOW;
  }
  if (tcp.selectiveAcks.length > 0) sackRemove(tcp);
  if (isJoined) core.consume(skb);
  if (!tcp.isOrphan) dataReady(tcp);
}

/** Puts the packet at the end of the program's queue. @returns whether it was joined to the last one. */
function appendInOrder(tcp: TcpSock, skb: SkBuff): boolean {
  const queue = tcp.receiveQueue;
  const tail = queue.last;
  const length = skb.length;
  const isJoined = tail !== null && tryCoalesce(tcp, tail, skb);
  advance(tcp, skb.cb1 as Seq);
  if (isJoined) queue.bytes += length;
  else {
    skb.timestamp = tcp.core.engine.now;
    charge(tcp, skb);
    queue.push(skb);
  }
  return isJoined;
}

/** tcp_rcv_nxt_update. */
function advance(tcp: TcpSock, end: Seq): void {
  tcp.bytesReceived += seqDistance(tcp.rcvNxt, end);
  tcp.rcvNxt = end;
}

/** What the gap kept back, up to the next one (tcp_ofo_queue). */
function drainOutOfOrder(tcp: TcpSock): void {
  const queue = tcp.outOfOrder;
  const { core } = tcp;
  const high = tcp.rcvNxt;
  for (let first = queue.first; first !== null; first = queue.first) {
    if (seqAfter(first.seq, tcp.rcvNxt)) return;
    if (seqBefore(first.seq, high)) dsackExtend(tcp, first.seq, seqMin(first.endSeq, high));
    const skb = queue.shift();
    if (!seqAfter(skb.cb1 as Seq, tcp.rcvNxt)) {
      tcp.drops++;
      core.drop(skb, "TCP_OFO_DROP");
      continue;
    }
    const hasFin = (skb.cb2 & TH.FIN) !== 0;
    appendCharged(tcp, skb);
    if (hasFin) {
      receiveFin(tcp);
      return;
    }
  }
}

/** As `appendInOrder`, for a packet that counts on the buffer already. */
function appendCharged(tcp: TcpSock, skb: SkBuff): void {
  const queue = tcp.receiveQueue;
  const tail = queue.last;
  const length = skb.length;
  const isJoined = tail !== null && tryCoalesce(tcp, tail, skb);
  advance(tcp, skb.cb1 as Seq);
  if (isJoined) {
    queue.bytes += length;
    tcp.core.consume(skb);
  } else queue.push(skb);
}

/** tcp_data_queue_ofo. */
function queueOutOfOrder(tcp: TcpSock, skb: SkBuff): void {
  const { core } = tcp;
  const { sackOk } = tcp.rxOpt;
  checkCongestionMark(tcp, skb);
  if (!tryRmemSchedule(tcp, skb)) {
    core.snmp.tcpExt.TCPOFODrop++;
    tcp.waiters.wake(POLL.IN);
    tcp.drops++;
    core.drop(skb, "TCP_RCVQ_DROP");
    return;
  }
  measureRcvMss(tcp, skb);
  scheduleAck(tcp);
  tcp.rcvOoopack += Math.max(1, skb.gsoSegments);
  core.snmp.tcpExt.TCPOFOQueue++;
  const seq = skb.cb0 as Seq;
  const end = skb.cb1 as Seq;
  if (tcp.outOfOrder.size === 0) tcp.selectiveAcks.length = 0;
  const result = tcp.outOfOrder.insert(skb);
  // Without SACK the ACKs must be true duplicates, or the peer's fast retransmit would not start: the window stays.
  if (result === OFO.JOINED) {
    if (sackOk) growWindow(tcp, skb, true);
    core.consume(skb);
  }
  if (sackOk) sackNewOfo(tcp, seq, end, sendCompressedAck);
  if (result === OFO.QUEUED) {
    if (sackOk) growWindow(tcp, skb, false);
    charge(tcp, skb);
  }
  if (tcp.listener === null && !tcp.isOrphan) growReceiveBuffer(tcp, tcp.rcvq.space);
}

/** Wakes the reader when there is enough for it, or the end (tcp_data_ready). */
function dataReady(tcp: TcpSock): void {
  if (tcp.finReceived || isReadable(tcp, tcp.rcvLowat)) tcp.waiters.wake(POLL.IN);
}

/**
 * Whether reading is worth it: `target` bytes are there, or no more will come since buffer or window are nearly used up
 * (tcp_epollin_ready).
 */
export function isReadable(tcp: TcpSock, target: number): boolean {
  const available = seqDistance(tcp.copiedSeq, tcp.rcvNxt);
  if (available <= 0) return false;
  const { receiveBufferBytes } = tcp;
  return (
    available >= target ||
    tcp.receiveMemory.used > receiveBufferBytes - (receiveBufferBytes >> 3) ||
    tcp.receiveWindow <= tcp.ackRcvMss
  );
}
