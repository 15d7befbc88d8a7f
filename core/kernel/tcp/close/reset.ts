/**
 * RST: answering a segment that belongs to no connection, or to none that can take it (tcp_v4_send_reset), and taking
 * one (tcp_reset). RFC 9293, section 3.5.2.
 */
import { KIND } from "../../../contract/trace-event.ts";
import { u16, u8 } from "../../../base/bytes.ts";
import { IPV4, ipv4Source, ipv4Target } from "../../../wire/ipv4.ts";
import { TCP, TH } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { E } from "../../syscall/errno.ts";
import { doneWithError } from "./close.ts";
import { Reply, sendReply } from "./reply.ts";
import { TCP_STATE } from "../states.ts";
import type { TcpSock } from "../tcp-sock.ts";
import type { Tcp } from "../tcp.ts";
import { purgeQueues } from "../send/write-queue.ts";

const SEND_RESET = KIND["tcp:tcp_send_reset"];
const RECEIVE_RESET = KIND["tcp:tcp_receive_reset"];
/** TOS bits that a reply takes over: all but ECN, which a control segment never has. */
const TOS_NO_ECN = 0xfc;

/** What is known of who would have been the socket; a listener, a TIME-WAIT record, or nobody. */
export interface ResetOwner {
  readonly inode: number;
  readonly device: number;
  readonly mark: number;
  readonly priority: number;
}

/** Answers `skb`, which stays with the caller. @param why for the trace. */
export function sendReset(stack: Tcp, skb: SkBuff, owner: ResetOwner | null, why: string): void {
  const flags = skb.cb2;
  // A reset is never answered: two machines would go on for ever.
  if ((flags & TH.RST) !== 0) return;
  const { bytes, networkHeader, transportHeader } = skb;
  const target = ipv4Source(bytes, networkHeader);
  const source = ipv4Target(bytes, networkHeader);
  // Only what was sent to one of our own addresses.
  if (owner === null && stack.ip.addressType(source) !== "local") return;
  const { trace, snmp } = stack.core;
  let cause = skb.cause;
  if (trace.active) cause = trace.record(SEND_RESET, skb.packetId, cause, owner?.inode ?? 0, trace.intern(why));
  const hasAck = (flags & TH.ACK) !== 0;
  snmp.tcp.OutRsts++;
  const reply = new Reply();
  reply.source = source;
  reply.target = target;
  reply.sourcePort = u16(bytes, transportHeader + TCP.targetPort);
  reply.targetPort = u16(bytes, transportHeader + TCP.sourcePort);
  reply.seq = hasAck ? skb.cb3 : 0;
  reply.ack = hasAck ? 0 : skb.cb1;
  reply.flags = hasAck ? TH.RST : TH.RST | TH.ACK;
  reply.tos = u8(bytes, networkHeader + IPV4.tos) & TOS_NO_ECN;
  reply.device = owner?.device ?? 0;
  reply.mark = owner?.mark ?? 0;
  reply.priority = owner?.priority ?? 0;
  reply.cause = cause;
  sendReply(stack, reply);
}

/** The peer has reset the connection (tcp_reset). The segment stays with the caller. */
export function receiveReset(tcp: TcpSock, skb: SkBuff | null): void {
  const { trace } = tcp.core;
  if (trace.active) trace.record(RECEIVE_RESET, skb?.packetId ?? 0, skb?.cause ?? 0, tcp.inode);
  if (tcp.state === TCP_STATE.CLOSE) return;
  purgeQueues(tcp);
  doneWithError(tcp, resetError(tcp), "3.10.7.4-second");
}

/** What the program is told: nobody listened, or the connection that it has no more to read from is broken. */
function resetError(tcp: TcpSock): number {
  if (tcp.state === TCP_STATE.SYN_SENT) return E.ECONNREFUSED;
  return tcp.state === TCP_STATE.CLOSE_WAIT ? E.EPIPE : E.ECONNRESET;
}
