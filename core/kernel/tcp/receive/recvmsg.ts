/**
 * Reading from a connection (tcp_recvmsg, tcp_inq of net/ipv4/tcp.c; RFC 9293, 3.10.3). Never waits: the system call
 * layer does, and asks again, so that MSG_WAITALL and SO_RCVLOWAT of a blocking read are its matter. Left out: urgent
 * data (MSG_OOB), SO_PEEK_OFF, zero copy, TCP_REPAIR.
 */
import { KIND } from "../../../contract/trace-event.ts";
import { TH } from "../../../wire/tcp.ts";
import { copyOut } from "../../skb/skb-pool.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { clearMessage } from "../../socket/socket.ts";
import { E } from "../../syscall/errno.ts";
import { MSG, type Message } from "../../syscall/sys.ts";
import { cleanupReceiveBuffer } from "./acknowledge.ts";
import { rcvSpaceAdjust } from "./receive-tuning.ts";
import { seqAdd, seqDistance, type Seq } from "../sequence.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";

const COPY_DATAGRAM = KIND["skb:skb_copy_datagram_iovec"];
const { CLOSE, LISTEN, SYN_SENT, SYN_RECV } = TCP_STATE;

/**
 * Copies what is there into `buffer`. A stream's reader knows its peer: no address is filled in (as in Linux). MSG.PEEK
 * leaves it there, MSG.TRUNC discards it uncopied.
 * @returns bytes; 0 at the end of the stream; -EAGAIN when there is nothing yet, -ENOTCONN, or the pending error.
 */
export function receiveMessage(tcp: TcpSock, buffer: Uint8Array, flags: number, message: Message | null): number {
  if (tcp.state === LISTEN) return -E.ENOTCONN;
  if ((flags & MSG.OOB) !== 0) return -E.EINVAL;
  if (message !== null) clearMessage(message);
  const isPeek = (flags & MSG.PEEK) !== 0;
  const copied = copyStream(tcp, buffer, flags, message);
  if (copied === 0 && buffer.length > 0) {
    const result = whyNothing(tcp);
    if (result < 0) return result;
  }
  if (!isPeek && copied > 0) rcvSpaceAdjust(tcp);
  cleanupReceiveBuffer(tcp, isPeek ? 0 : copied);
  if (message !== null && tcp.options.inq) message.inq = inqHint(tcp);
  return copied;
}

/** Behind the last octet of text: a FIN takes a sequence number, too. */
const textEnd = (skb: SkBuff): Seq => seqAdd(skb.cb1 as Seq, (skb.cb2 & TH.FIN) !== 0 ? -1 : 0);

/** @returns bytes copied, or skipped. */
function copyStream(tcp: TcpSock, buffer: Uint8Array, flags: number, message: Message | null): number {
  const isPeek = (flags & MSG.PEEK) !== 0;
  let at = tcp.copiedSeq;
  let copied = 0;
  let skb = tcp.receiveQueue.first;
  while (skb !== null && copied < buffer.length) {
    const next = skb.next;
    const count = Math.min(seqDistance(at, textEnd(skb)), buffer.length - copied);
    if (count > 0) {
      if ((flags & MSG.TRUNC) === 0) copyText(tcp, skb, at, { buffer, from: copied, count });
      if (message !== null && tcp.timestamps) message.timestamp = skb.timestamp;
      copied += count;
      at = seqAdd(at, count);
      if (!isPeek) tcp.copiedSeq = at;
    }
    if (seqDistance(at, textEnd(skb)) > 0) break;
    const isLast = (skb.cb2 & TH.FIN) !== 0;
    if (isLast) at = skb.cb1 as Seq;
    if (!isPeek) {
      tcp.copiedSeq = at;
      tcp.receiveQueue.shift();
      tcp.core.consume(skb);
    }
    if (isLast) break;
    skb = next;
  }
  return copied;
}

interface Target {
  readonly buffer: Uint8Array;
  readonly from: number;
  readonly count: number;
}

/** Copies the packet's text from sequence number `at` on. */
function copyText(tcp: TcpSock, skb: SkBuff, at: Seq, to: Target): void {
  const { core } = tcp;
  const hasSyn = (skb.cb2 & TH.SYN) !== 0;
  copyOut(skb, seqDistance(skb.cb0 as Seq, at) - (hasSyn ? 1 : 0), to.buffer, to.from, to.count);
  if (core.trace.active) core.traceSkb(COPY_DATAGRAM, skb, core.trace.pid, to.count);
}

/** 0 at the end of the stream, -errno otherwise. */
function whyNothing(tcp: TcpSock): number {
  if (tcp.finReceived) return 0;
  if (tcp.error !== 0) return tcp.takeError();
  if (tcp.isReceiveShut) return 0;
  return tcp.state === CLOSE ? -E.ENOTCONN : -E.EAGAIN;
}

/** SIOCINQ: bytes that can be read now. */
export function inq(tcp: TcpSock): number {
  if ((stateBit(tcp.state) & (stateBit(SYN_SENT) | stateBit(SYN_RECV))) !== 0) return 0;
  const bytes = seqDistance(tcp.copiedSeq, tcp.rcvNxt);
  return bytes > 0 && tcp.finReceived ? bytes - 1 : bytes;
}

/** TCP_INQ: the same, but 1 at the end of the stream, so that the program reads once more (tcp_inq_hint). */
function inqHint(tcp: TcpSock): number {
  const bytes = seqDistance(tcp.copiedSeq, tcp.rcvNxt);
  return bytes === 0 && tcp.finReceived ? 1 : bytes;
}
