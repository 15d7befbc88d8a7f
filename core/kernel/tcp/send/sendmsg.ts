/**
 * Writing to a connection (tcp_sendmsg_locked and tcp_push in tcp.c): bytes join the last unsent segment up to the size
 * that is best to hand down, new segments begin while the send buffer has room, and what is full goes out at once.
 * Never waits: the system call layer does. Left out: MSG_ZEROCOPY, MSG_SPLICE_PAGES, urgent data, control messages.
 */
import { TH } from "../../../wire/tcp.ts";
import { E } from "../../syscall/errno.ts";
import { MSG } from "../../syscall/sys.ts";
import { checkIdle } from "./cwnd.ts";
import { currentMss, sizeGoal } from "./mss.ts";
import { pushOneSegment, pushPending } from "./output.ts";
import { rateCheckAppLimited } from "../loss/rate.ts";
import type { TcpSegment } from "./segment.ts";
import { seqAdd, seqAfter } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { streamMemoryFree } from "./stream-memory.ts";
import { NAGLE, type TcpSock } from "../tcp-sock.ts";
import { entail, newSegment } from "./write-queue.ts";

/**
 * Takes bytes to send. @param flags MSG.MORE (more follows at once), MSG.EOR (the next write begins a segment of its
 * own). @returns bytes taken, at least one and perhaps not all; -EAGAIN when there is no room, or no connection yet;
 * -EPIPE after shutdown or in a state without sending; or the pending error.
 */
export function sendMessage(tcp: TcpSock, bytes: Uint8Array, flags: number): number {
  if ((flags & MSG.OOB) !== 0) return -E.EOPNOTSUPP;
  const refused = refusal(tcp);
  if (refused < 0) return refused;
  rateCheckAppLimited(tcp);
  const length = bytes.length;
  if (length === 0) return 0;
  const mss = currentMss(tcp);
  const goal = sizeGoal(tcp, mss);
  let copied = 0;
  for (;;) {
    let segment = tcp.writeQueue.last;
    let room = segment === null || segment.eor ? 0 : goal - segment.length;
    if (segment === null || room <= 0) {
      if (!streamMemoryFree(tcp)) return waitForSpace(tcp, { copied, flags, mss, goal });
      segment = beginSegment(tcp);
      room = goal;
    }
    const take = Math.min(room, length - copied);
    extend(tcp, segment, { bytes, from: copied, length: take });
    if (copied === 0) segment.flags &= ~TH.PSH;
    copied += take;
    if (copied === length) {
      if ((flags & MSG.EOR) !== 0) segment.eor = true;
      break;
    }
    if (segment.length >= goal) pushFull(tcp, segment, mss);
  }
  push(tcp, { flags, mss, nonagle: tcp.nagle, goal });
  return copied;
}

/** 0 when the connection can take data now. */
function refusal(tcp: TcpSock): number {
  const { state } = tcp;
  if (state !== TCP_STATE.ESTABLISHED && state !== TCP_STATE.CLOSE_WAIT) {
    // A server may answer before the handshake is done when the SYN brought a valid cookie (RFC 7413).
    const isEarly = state === TCP_STATE.SYN_RECV && tcp.fastopenRequest !== null;
    if (!isEarly) {
      if (tcp.error !== 0) return tcp.takeError();
      return state === TCP_STATE.SYN_SENT || state === TCP_STATE.SYN_RECV ? -E.EAGAIN : -E.EPIPE;
    }
  }
  if (tcp.error !== 0) return tcp.takeError();
  return tcp.isSendShut ? -E.EPIPE : 0;
}

/** tcp_skb_entail. */
function beginSegment(tcp: TcpSock): TcpSegment {
  const segment = newSegment(tcp.writeSeq, TH.ACK);
  // Its packets are counted when it is sent: it grows until then.
  segment.segments = 0;
  entail(tcp, segment);
  tcp.nagle &= ~NAGLE.PUSH;
  checkIdle(tcp);
  return segment;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly length: number;
}

function extend(tcp: TcpSock, segment: TcpSegment, piece: Piece): void {
  const { length } = piece;
  tcp.sendBuffer.append(piece.bytes, piece.from, length);
  tcp.writeSeq = seqAdd(tcp.writeSeq, length);
  segment.endSeq = seqAdd(segment.endSeq, length);
  segment.length += length;
  segment.segments = 0;
  segment.truesize += length;
  tcp.wmemQueued += length;
}

/** A full segment with more to come: goes now, with PSH from time to time (forced_push, tcp_push_one). */
function pushFull(tcp: TcpSock, segment: TcpSegment, mss: number): void {
  if (isPushForced(tcp)) {
    markPush(tcp, segment);
    pushPending(tcp, mss, NAGLE.PUSH);
  } else if (segment === tcp.writeQueue.first) pushOneSegment(tcp, mss);
}

interface Push {
  readonly flags: number;
  readonly mss: number;
  readonly nonagle: number;
  readonly goal: number;
}

/** The buffer is full: what is in it goes. @returns bytes taken, or -EAGAIN. */
function waitForSpace(tcp: TcpSock, at: { copied: number; flags: number; mss: number; goal: number }): number {
  tcp.noSpace = true;
  const { copied, flags, mss, goal } = at;
  if (copied === 0) return -E.EAGAIN;
  push(tcp, { flags: flags & ~MSG.MORE, mss, nonagle: NAGLE.PUSH, goal });
  return copied;
}

/** The write is done: marks its end with PSH, and sends unless it is better to wait for more (tcp_push). */
function push(tcp: TcpSock, how: Push): void {
  const last = tcp.writeQueue.last;
  if (last === null) return;
  const isMore = (how.flags & MSG.MORE) !== 0;
  if (!isMore || isPushForced(tcp)) markPush(tcp, last);
  if (isAutocorked(tcp, last, how.goal)) {
    if (!tcp.isThrottled) {
      tcp.core.snmp.tcpExt.TCPAutoCorking++;
      tcp.isThrottled = true;
    }
    return;
  }
  pushPending(tcp, how.mss, isMore ? NAGLE.CORK : how.nonagle);
}

/** Since the last PSH more than half of the peer's largest window was written: it should pass on what it has. */
const isPushForced = (tcp: TcpSock): boolean => seqAfter(tcp.writeSeq, seqAdd(tcp.pushedSeq, tcp.maxWindow >>> 1));

function markPush(tcp: TcpSock, segment: TcpSegment): void {
  segment.flags |= TH.PSH;
  tcp.pushedSeq = tcp.writeSeq;
}

/**
 * A packet of ours still waits in a queue below, so a small one gains nothing by going now: when that one has left,
 * this one may have grown (tcp_should_autocork).
 */
function isAutocorked(tcp: TcpSock, last: TcpSegment, goal: number): boolean {
  return (
    last.length < goal &&
    tcp.tcp.sysctls.autocorking !== 0 &&
    tcp.rtxQueue.size > 0 &&
    tcp.sendMemory.used > last.truesize &&
    !last.eor
  );
}
