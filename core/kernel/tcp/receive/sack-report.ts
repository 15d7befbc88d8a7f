/**
 * What the receiver says about gaps: the blocks themselves are in sack-blocks.ts, duplicate ACKs are sent here
 * (tcp_send_dupack and tcp_sack_compress_send_ack of tcp_input.c).
 */
import type { SkBuff } from "../../skb/skbuff.ts";
import { enterQuickack, QUICKACKS_MAX } from "./ack-mode.ts";
import { dsackSet } from "./sack-blocks.ts";
import { seqBefore, seqMin, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { clearCompressedAck } from "../timer-arm.ts";
import { sendAck } from "../send/transmit.ts";

export { dsackExtend, dsackSet, sackNewOfo, sackRemove } from "./sack-blocks.ts";

/** The segment was not acceptable: an ACK tells the peer where we are; data that came twice is reported. */
export function sendDupAck(tcp: TcpSock, skb: SkBuff): void {
  const seq = skb.cb0 as Seq;
  if (skb.cb0 !== skb.cb1 && seqBefore(seq, tcp.rcvNxt)) {
    tcp.core.snmp.tcpExt.DelayedACKLost++;
    enterQuickack(tcp, QUICKACKS_MAX);
    dsackSet(tcp, seq, seqMin(skb.cb1 as Seq, tcp.rcvNxt));
  }
  sendAck(tcp);
}

/** Sends the ACK that was held back for compression, if there is one. */
export function sendCompressedAck(tcp: TcpSock): void {
  if (tcp.compressedAck === 0) return;
  // One of those held back is sent after all: it was not saved.
  tcp.core.snmp.tcpExt.TCPAckCompressed += tcp.compressedAck - 1;
  clearCompressedAck(tcp);
  sendAck(tcp);
}
