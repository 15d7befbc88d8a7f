/**
 * Generic receive offload (Linux net/core/gro.c, net/ipv4/tcp_offload.c): segments of one TCP stream that arrive in one
 * poll go up as a single large packet, with the payload of all but the first as fragments. The device's poll flushes
 * what is held when its turn ends, so nothing waits longer than that.
 * Only plain data segments merge: no IP options or fragments, consecutive sequence numbers and identifiers, equal
 * acknowledgement and options, checksum known to be right. Left out: UDP (merged by Linux only for sockets that ask for
 * it), VLAN tags, and gro_flush_timeout.
 */
import { put16, put8, u16, u32, u8 } from "../../base/bytes.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { KIND } from "../../contract/trace-event.ts";
import { checksumFold, pseudoHeaderSum } from "../../wire/checksum.ts";
import { ETHERNET_HEADER_BYTES } from "../../wire/ethernet.ts";
import {
  ipv4Source,
  ipv4Target,
  ipv4TotalLength,
  IPPROTO_TCP,
  IPV4,
  IPV4_HEADER_BYTES,
  sealIpv4,
} from "../../wire/ipv4.ts";
import { IP_MF, IP_OFFSET } from "../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES, tcpAck, tcpFlags, tcpHeaderBytes, tcpSeq, TH } from "../../wire/tcp.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff } from "../skb/skbuff.ts";
import { GRO_BYTES_MAX, GRO_FLOWS_MAX } from "./limits.ts";
import type { Nic } from "./nic.ts";

const GRO_RECEIVE = KIND["net:napi_gro_receive_entry"];
/** sizeof(struct sk_buff). */
const SK_BUFF_BYTES = 256;
/** Flags that a segment may have and still merge. */
const PLAIN_FLAGS = TH.ACK | TH.PSH;

/** A packet held back, and what the next segment of its stream must look like. */
interface Flow {
  readonly skb: SkBuff;
  /** Payload per segment, bytes. */
  readonly mss: number;
  nextSeq: number;
  nextId: number;
  segments: number;
  pushed: boolean;
}

export class Gro {
  readonly #nic: Nic;
  readonly #flows: Flow[] = [];
  /** Packets held now; mostly none, which is known without a look at the list. Read-only outside. */
  held = 0;
  /** Segments that were merged into another packet, ever. */
  merged = 0;

  constructor(nic: Nic) {
    this.#nic = nic;
  }

  /** An IPv4 TCP packet with `skb.data` at its Ethernet header. Takes ownership. */
  receive(skb: SkBuff): void {
    const core = this.#nic.core;
    if (core.trace.active) core.traceSkb(GRO_RECEIVE, skb, this.#nic.index, skb.length);
    const payload = payloadOf(skb);
    if (payload < 0) {
      // Not even a TCP header that makes sense: order within a stream cannot matter.
      this.#deliver(skb);
      return;
    }
    const index = this.#find(skb);
    // Reading an array at -1 would be a slow look-up by name.
    const flow = index < 0 ? undefined : this.#flows[index];
    if (flow !== undefined) {
      if (this.#merge(flow, skb, payload)) {
        // A short segment or a push ends a burst: waiting longer gains nothing.
        if (payload < flow.mss || flow.pushed) this.#flushAt(index);
        return;
      }
      this.#flushAt(index);
    }
    const flags = tcpFlags(skb.bytes, skb.data + ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES);
    const mayMerge = payload > 0 && flags === TH.ACK && skb.ipSummed !== CHECKSUM_NONE;
    if (mayMerge && !this.#isAlone) this.#hold(skb, payload);
    else this.#deliver(skb);
  }

  /** Nothing is held and nothing else has come: what were held now would go up unchanged at the end of this step. */
  get #isAlone(): boolean {
    return this.held === 0 && !this.#nic.receive.hasPackets;
  }

  /** Index of the packet held of that stream, -1 for none. */
  #find(skb: SkBuff): number {
    if (this.held === 0) return -1;
    const flows = this.#flows;
    for (let i = 0; i < flows.length; i++) if (isSameStream((flows[i] as Flow).skb, skb)) return i;
    return -1;
  }

  /** The poll ends: everything held goes up, oldest first. */
  flush(): void {
    while (this.held > 0) this.#flushAt(0);
  }

  drop(reason: DropReason): void {
    for (const flow of this.#flows) this.#nic.core.drop(flow.skb, reason);
    this.#flows.length = 0;
    this.held = 0;
  }

  #hold(skb: SkBuff, payload: number): void {
    if (this.held === GRO_FLOWS_MAX) this.#flushAt(0);
    this.held++;
    const ip = skb.data + ETHERNET_HEADER_BYTES;
    this.#flows.push({
      skb,
      mss: payload,
      nextSeq: (tcpSeq(skb.bytes, ip + IPV4_HEADER_BYTES) + payload) >>> 0,
      nextId: (u16(skb.bytes, ip + IPV4.id) + 1) & 0xffff,
      segments: 1,
      pushed: false,
    });
  }

  /** Appends the segment to what is held (skb_gro_receive). @returns false when it does not continue it. */
  #merge(flow: Flow, skb: SkBuff, payload: number): boolean {
    const bytes = skb.bytes;
    const ip = skb.data + ETHERNET_HEADER_BYTES;
    const tcp = ip + IPV4_HEADER_BYTES;
    const flags = tcpFlags(bytes, tcp);
    if (payload === 0 || payload > flow.mss || (flags & ~PLAIN_FLAGS) !== 0 || (flags & TH.ACK) === 0) return false;
    if (tcpSeq(bytes, tcp) !== flow.nextSeq || u16(bytes, ip + IPV4.id) !== flow.nextId) return false;
    if (skb.ipSummed === CHECKSUM_NONE || !isSameHeader(flow.skb, skb)) return false;
    if (flow.skb.length - ETHERNET_HEADER_BYTES + payload > GRO_BYTES_MAX || skb.block === null) return false;
    const { core } = this.#nic;
    const start = tcp + tcpHeaderBytes(bytes, tcp);
    core.skbs.addFragment(flow.skb, { block: core.skbs.blocks.share(skb.block), start, length: payload });
    flow.nextSeq = (flow.nextSeq + payload) >>> 0;
    flow.nextId = (flow.nextId + 1) & 0xffff;
    // The segment's memory stays in use, all but its sk_buff.
    flow.skb.truesize += skb.truesize - SK_BUFF_BYTES;
    flow.segments++;
    flow.pushed = (flags & TH.PSH) !== 0;
    this.merged++;
    core.consume(skb);
    return true;
  }

  #flushAt(index: number): void {
    const flow = this.#flows[index];
    if (flow === undefined) return;
    this.#flows.splice(index, 1);
    this.held--;
    if (flow.segments > 1) completeMerged(this.#nic, flow);
    this.#deliver(flow.skb);
  }

  #deliver(skb: SkBuff): void {
    this.#nic.devices.receive(skb, this.#nic);
  }
}

/** Writes the headers of the whole packet (inet_gro_complete, tcp_gro_complete). */
function completeMerged(nic: Nic, flow: Flow): void {
  const skb = flow.skb;
  nic.core.skbs.makeWritable(skb);
  const bytes = skb.bytes;
  const ip = skb.data + ETHERNET_HEADER_BYTES;
  const tcp = ip + IPV4_HEADER_BYTES;
  const total = skb.length - ETHERNET_HEADER_BYTES;
  put16(bytes, ip + IPV4.totalLength, total);
  sealIpv4(bytes, ip);
  if (flow.pushed) put8(bytes, tcp + TCP.flags, tcpFlags(bytes, tcp) | TH.PSH);
  openTcpChecksum(skb, ip, tcp, total - IPV4_HEADER_BYTES);
  skb.gsoSize = flow.mss;
  skb.gsoSegments = flow.segments;
}

/**
 * Leaves the TCP checksum to whoever needs it: its field holds the folded sum of the pseudo-header (CHECKSUM_PARTIAL).
 */
export function openTcpChecksum(skb: SkBuff, ip: number, tcp: number, tcpLength: number): void {
  const bytes = skb.bytes;
  const pseudo = pseudoHeaderSum(ipv4Source(bytes, ip), ipv4Target(bytes, ip), IPPROTO_TCP, tcpLength);
  put16(bytes, tcp + TCP.checksum, ~checksumFold(pseudo) & 0xffff);
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.checksumStart = tcp;
  skb.checksumOffset = TCP.checksum;
  skb.checksumPaid = false;
}

/**
 * Payload bytes of a plain TCP packet, with the padding of a short frame cut off; -1 when it is not plain or malformed.
 */
function payloadOf(skb: SkBuff): number {
  const bytes = skb.bytes;
  const ip = skb.data + ETHERNET_HEADER_BYTES;
  const available = skb.headLength - ETHERNET_HEADER_BYTES;
  if (available < IPV4_HEADER_BYTES + TCP_HEADER_BYTES || u8(bytes, ip) !== 0x45) return -1;
  if ((u16(bytes, ip + IPV4.fragment) & (IP_MF | IP_OFFSET)) !== 0) return -1;
  const total = ipv4TotalLength(bytes, ip);
  const header = tcpHeaderBytes(bytes, ip + IPV4_HEADER_BYTES);
  if (header < TCP_HEADER_BYTES || total > available || total < IPV4_HEADER_BYTES + header) return -1;
  if (skb.dataLength === 0 && total < available) skb.trim(ETHERNET_HEADER_BYTES + total);
  return total - IPV4_HEADER_BYTES - header;
}

/** Same MAC addresses, IP addresses and ports. */
function isSameStream(a: SkBuff, b: SkBuff): boolean {
  const ip = ETHERNET_HEADER_BYTES;
  const tcp = ip + IPV4_HEADER_BYTES;
  const x = a.bytes;
  const y = b.bytes;
  const i = a.data;
  const j = b.data;
  // The ports first: they differ most often.
  return (
    u32(x, i + tcp + TCP.sourcePort) === u32(y, j + tcp + TCP.sourcePort) &&
    u32(x, i + ip + IPV4.source) === u32(y, j + ip + IPV4.source) &&
    u32(x, i + ip + IPV4.target) === u32(y, j + ip + IPV4.target) &&
    u32(x, i) === u32(y, j) &&
    u32(x, i + 4) === u32(y, j + 4) &&
    u32(x, i + 8) === u32(y, j + 8)
  );
}

/** Same everything else that a merged packet can have only one of: type of service, TTL, flags, ack, options. */
function isSameHeader(a: SkBuff, b: SkBuff): boolean {
  const ipA = a.data + ETHERNET_HEADER_BYTES;
  const ipB = b.data + ETHERNET_HEADER_BYTES;
  if (u8(a.bytes, ipA + IPV4.tos) !== u8(b.bytes, ipB + IPV4.tos)) return false;
  if (u8(a.bytes, ipA + IPV4.ttl) !== u8(b.bytes, ipB + IPV4.ttl)) return false;
  if (u16(a.bytes, ipA + IPV4.fragment) !== u16(b.bytes, ipB + IPV4.fragment)) return false;
  const tcpA = ipA + IPV4_HEADER_BYTES;
  const tcpB = ipB + IPV4_HEADER_BYTES;
  if (tcpAck(a.bytes, tcpA) !== tcpAck(b.bytes, tcpB)) return false;
  const header = tcpHeaderBytes(a.bytes, tcpA);
  if (header !== tcpHeaderBytes(b.bytes, tcpB)) return false;
  for (let at = TCP.options; at < header; at += 4) {
    if (u32(a.bytes, tcpA + at) !== u32(b.bytes, tcpB + at)) return false;
  }
  return true;
}
