/**
 * Segments that no socket stands behind: RST, the ACKs of TIME-WAIT and SYN-RECEIVED, SYN-ACKs (Linux
 * ip_send_unicast_reply and ip_build_and_send_pkt over the per-CPU control socket).
 */
import { copyBytes, put16, put32, put8 } from "../../base/bytes.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { IPPROTO_TCP } from "../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES } from "../../wire/tcp.ts";
import { FlowKey, SendOptions } from "../net/protocol.ts";
import { CHECKSUM_PARTIAL, type SkBuff } from "../skb/skbuff.ts";
import type { Tcp } from "./tcp.ts";

/** NOP, NOP, kind 8, length 10. */
const TSTAMP_WORD = 0x0101080a;
export const TSTAMP_ALIGNED_BYTES = 12;

/** A segment to be sent, complete but for its checksum. */
export interface Reply {
  readonly source: Ipv4Address;
  readonly sourcePort: number;
  readonly target: Ipv4Address;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  /** TH.* */
  readonly flags: number;
  /** As on the wire. */
  readonly window: number;
  /** TCP options: the first `optionsLength` bytes, a multiple of 4. */
  readonly options?: Uint8Array;
  readonly optionsLength?: number;
  readonly tos?: number;
  /** 0 takes the default. */
  readonly ttl?: number;
  readonly device?: number;
  readonly mark?: number;
  readonly priority?: number;
  readonly dontFragment?: boolean;
  /** Trace id of what is answered. */
  readonly cause?: number;
}

// One record each: a reply is sent before the next one is thought of.
const flow = new FlowKey();
const sending = new SendOptions();

/** @returns 0, or -errno: no route, or no room below. */
export function sendReply(stack: Tcp, reply: Reply): number {
  flow.target = reply.target;
  flow.source = reply.source;
  flow.device = reply.device ?? 0;
  flow.tos = reply.tos ?? 0;
  flow.protocol = IPPROTO_TCP;
  flow.mark = reply.mark ?? 0;
  const route = stack.ip.routeOutput(flow);
  if (typeof route === "number") return route;
  const skb = build(stack, reply, route.device.txChecksumOffload);
  sending.source = reply.source;
  sending.target = reply.target;
  sending.protocol = IPPROTO_TCP;
  sending.ttl = reply.ttl ?? 0;
  sending.tos = reply.tos ?? 0;
  sending.dontFragment = reply.dontFragment ?? true;
  sending.options = null;
  sending.id = -1;
  stack.core.snmp.tcp.OutSegs++;
  return stack.ip.send(skb, route, sending);
}

function build(stack: Tcp, reply: Reply, isOffloaded: boolean): SkBuff {
  const optionsLength = reply.options === undefined ? 0 : (reply.optionsLength ?? reply.options.length);
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
  if (reply.options !== undefined) copyBytes(reply.options, 0, bytes, at + TCP_HEADER_BYTES, optionsLength);
  skb.transportHeader = at;
  skb.priority = reply.priority ?? 0;
  skb.mark = reply.mark ?? 0;
  skb.cause = reply.cause ?? 0;
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

/** The timestamps option, aligned by two NOPs: 12 bytes. */
export function timestampOption(value: number, echo: number): Uint8Array {
  const bytes = new Uint8Array(TSTAMP_ALIGNED_BYTES);
  put32(bytes, 0, TSTAMP_WORD);
  put32(bytes, 4, value);
  put32(bytes, 8, echo);
  return bytes;
}
