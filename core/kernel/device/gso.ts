/**
 * Segmentation in software of a packet larger than the wire takes (Linux tcp_gso_segment): what GRO merged on the way
 * in is cut at the same places again on the way out, and so are TCP's own large packets. Left out: UDP segmentation
 * offload.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes, put16, put32, put8, u16, u8 } from "../../base/bytes.ts";
import { ipv4HeaderBytes, IPPROTO_TCP, IPV4, sealIpv4 } from "../../wire/ipv4.ts";
import { TCP, tcpFlags, tcpHeaderBytes, tcpSeq, TH } from "../../wire/tcp.ts";
import type { KernelCore } from "../core.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { copyOut } from "../skb/skb-pool.ts";
import { openTcpChecksum } from "./gro.ts";

/**
 * Segments with at most `skb.gsoSize` payload each, in order; `skb`, with `data` at its link layer header and
 * `networkHeader` at IP's, is used up. All keep its packet id, as they are what one packet became.
 */
export function segmentGso(core: KernelCore, skb: SkBuff): SkBuff[] {
  const bytes = skb.bytes;
  const ip = skb.networkHeader - skb.data;
  const tcp = ip + ipv4HeaderBytes(bytes, skb.data + ip);
  assert(u8(bytes, skb.data + ip + IPV4.protocol) === IPPROTO_TCP, "only TCP is segmented");
  const headers = tcp + tcpHeaderBytes(bytes, skb.data + tcp);
  assert(headers <= skb.headLength && skb.gsoSize > 0, "headers are in the linear part");
  const segments: SkBuff[] = [];
  for (let at = headers; at < skb.length; at += skb.gsoSize) {
    const payload = Math.min(skb.gsoSize, skb.length - at);
    const segment = likeWhole(core, skb, headers + payload);
    copyBytes(bytes, skb.data, segment.bytes, segment.data, headers);
    copyOut(skb, at, segment.bytes, segment.data + headers, payload);
    fixHeaders(segment, { ip, tcp, index: segments.length, offset: at - headers, isLast: at + payload === skb.length });
    segments.push(segment);
  }
  const first = segments[0];
  assert(first !== undefined, "a packet to segment has payload");
  // The sender's memory is held until the last segment has left; one account cannot be split, so the last carries it.
  const last = segments[segments.length - 1] as SkBuff;
  last.account = skb.account;
  last.truesize = skb.account === null ? last.truesize : skb.truesize;
  skb.account = null;
  core.skbs.free(skb);
  return segments;
}

function likeWhole(core: KernelCore, skb: SkBuff, length: number): SkBuff {
  const segment = core.skbs.alloc(length);
  segment.put(length);
  segment.packetId = skb.packetId;
  segment.cause = skb.cause;
  segment.protocol = skb.protocol;
  segment.packetType = skb.packetType;
  segment.deviceIndex = skb.deviceIndex;
  segment.priority = skb.priority;
  segment.mark = skb.mark;
  segment.vlanId = skb.vlanId;
  segment.hash = skb.hash;
  segment.timestamp = skb.timestamp;
  segment.macHeader = segment.data;
  return segment;
}

interface Cut {
  /** Header offsets from the Ethernet header. */
  readonly ip: number;
  readonly tcp: number;
  readonly index: number;
  /** Payload bytes before this segment. */
  readonly offset: number;
  readonly isLast: boolean;
}

function fixHeaders(segment: SkBuff, cut: Cut): void {
  const bytes = segment.bytes;
  const ip = segment.data + cut.ip;
  const tcp = segment.data + cut.tcp;
  segment.networkHeader = ip;
  segment.transportHeader = tcp;
  put16(bytes, ip + IPV4.totalLength, segment.tail - ip);
  put16(bytes, ip + IPV4.id, (u16(bytes, ip + IPV4.id) + cut.index) & 0xffff);
  sealIpv4(bytes, ip);
  put32(bytes, tcp + TCP.seq, (tcpSeq(bytes, tcp) + cut.offset) >>> 0);
  // FIN and PSH belong to the last byte, CWR to the first segment (RFC 3168, section 6.1.2).
  let flags = tcpFlags(bytes, tcp);
  if (!cut.isLast) flags &= ~(TH.FIN | TH.PSH);
  if (cut.index > 0) flags &= ~TH.CWR;
  put8(bytes, tcp + TCP.flags, flags);
  openTcpChecksum(segment, ip, tcp, segment.tail - tcp);
}
