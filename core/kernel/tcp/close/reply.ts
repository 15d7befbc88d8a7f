/**
 * Segments that no socket stands behind: RST, the ACKs of TIME-WAIT and SYN-RECEIVED, SYN-ACKs (Linux
 * ip_send_unicast_reply and ip_build_and_send_pkt over the per-CPU control socket).
 */
import { copyBytes, put16, put32, put8 } from "../../../base/bytes.ts";
import { IPV4_ANY, type Ipv4Address } from "../../../wire/address.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../../wire/checksum.ts";
import { IPPROTO_TCP } from "../../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES } from "../../../wire/tcp.ts";
import { FlowKey, SendOptions } from "../../net/protocol.ts";
import type { Route } from "../../net/route.ts";
import { CHECKSUM_PARTIAL, type SkBuff } from "../../skb/skbuff.ts";
import type { Tcp } from "../tcp.ts";

/** NOP, NOP, kind 8, length 10. */
const TSTAMP_WORD = 0x0101080a;
export const TSTAMP_ALIGNED_BYTES = 12;

/**
 * A segment to be sent, complete but for its checksum. A class, so that all have one shape: as an object literal put
 * together by spreads, sending SYN-ACKs took 9 % of manysmall's samples with 20 hosts.
 */
export class Reply {
  source: Ipv4Address = IPV4_ANY;
  sourcePort = 0;
  target: Ipv4Address = IPV4_ANY;
  targetPort = 0;
  seq = 0;
  ack = 0;
  /** TH.* */
  flags = 0;
  /** As on the wire. */
  window = 0;
  /** TCP options: the first `optionsLength` bytes, a multiple of 4. */
  options: Uint8Array | null = null;
  optionsLength = 0;
  tos = 0;
  /** 0 takes the default. */
  ttl = 0;
  device = 0;
  mark = 0;
  priority = 0;
  dontFragment = true;
  /** Trace id of what is answered. */
  cause = 0;

  /** The timestamps option, aligned by two NOPs. */
  setTimestamps(value: number, echo: number): void {
    this.options = timestampOption(value, echo);
    this.optionsLength = TSTAMP_ALIGNED_BYTES;
  }
}

// One record each: a reply is sent before the next one is thought of.
const flow = new FlowKey();
const sending = new SendOptions();

/** @returns 0, or -errno: no route, or no room below. */
export function sendReply(stack: Tcp, reply: Reply): number {
  flow.target = reply.target;
  flow.source = reply.source;
  flow.device = reply.device;
  flow.tos = reply.tos;
  flow.protocol = IPPROTO_TCP;
  flow.mark = reply.mark;
  const route = stack.ip.routeOutput(flow);
  return typeof route === "number" ? route : sendReplyBy(stack, reply, route);
}

/** As `sendReply`, by a route that is known. @returns 0 or -errno. */
export function sendReplyBy(stack: Tcp, reply: Reply, route: Route): number {
  const skb = build(stack, reply, route.device.txChecksumOffload);
  sending.source = reply.source;
  sending.target = reply.target;
  sending.protocol = IPPROTO_TCP;
  sending.ttl = reply.ttl;
  sending.tos = reply.tos;
  sending.dontFragment = reply.dontFragment;
  sending.options = null;
  sending.id = -1;
  stack.core.snmp.tcp.OutSegs++;
  return stack.ip.send(skb, route, sending);
}

function build(stack: Tcp, reply: Reply, isOffloaded: boolean): SkBuff {
  const { options, optionsLength } = reply;
  const length = TCP_HEADER_BYTES + optionsLength;
  const skb = stack.core.skbs.alloc(length);
  const at = skb.put(length);
  const bytes = skb.bytes;
  put16(bytes, at + TCP.sourcePort, reply.sourcePort);
  put16(bytes, at + TCP.targetPort, reply.targetPort);
  put32(bytes, at + TCP.seq, reply.seq);
  put32(bytes, at + TCP.ack, reply.ack);
  put8(bytes, at + TCP.offset, (length >> 2) << 4);
  put8(bytes, at + TCP.flags, reply.flags);
  put16(bytes, at + TCP.window, reply.window);
  put16(bytes, at + TCP.urgent, 0);
  if (options !== null) copyBytes(options, 0, bytes, at + TCP_HEADER_BYTES, optionsLength);
  skb.transportHeader = at;
  skb.priority = reply.priority;
  skb.mark = reply.mark;
  skb.cause = reply.cause;
  putChecksum(skb, length, pseudoHeaderSum(reply.source, reply.target, IPPROTO_TCP, length), isOffloaded);
  return skb;
}

/** Leaves the checksum to the device, or computes it. */
function putChecksum(skb: SkBuff, length: number, pseudo: number, isOffloaded: boolean): void {
  const at = skb.transportHeader;
  const bytes = skb.bytes;
  if (isOffloaded) {
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.checksumStart = at;
    skb.checksumOffset = TCP.checksum;
    put16(bytes, at + TCP.checksum, ~checksumFold(pseudo) & 0xffff);
    return;
  }
  put16(bytes, at + TCP.checksum, 0);
  put16(bytes, at + TCP.checksum, checksumFold(checksumPartial(bytes, at, length, pseudo)));
}

function timestampOption(value: number, echo: number): Uint8Array {
  const bytes = new Uint8Array(TSTAMP_ALIGNED_BYTES);
  put32(bytes, 0, TSTAMP_WORD);
  put32(bytes, 4, value);
  put32(bytes, 8, echo);
  return bytes;
}
