/**
 * ICMP messages that this machine originates: errors about packets (Linux icmp_send) and replies. Who may be told what
 * is RFC 1122, section 3.2.2, and RFC 1812, section 4.3.2; how often is Linux's pair of limits, over all and per host.
 * Left out: echoing the offending packet's options, and extensions (RFC 4884).
 */
import { KIND } from "../../contract/trace-event.ts";
import { copyBytes, put16, put32, put8, u16, u8 } from "../../base/bytes.ts";
import { MILLISECOND, SECOND, type Nanoseconds } from "../../base/time.ts";
import {
  isLimitedBroadcast,
  isMulticast,
  isReserved,
  isZeroNetwork,
  readIpv4,
  type Ipv4Address,
} from "../../wire/address.ts";
import {
  ICMP,
  ICMP_HEADER_BYTES,
  ICMP_REDIR,
  ICMP_TYPE,
  ICMP_UNREACH,
  isIcmpError,
  sealIcmp,
} from "../../wire/icmp.ts";
import {
  IP_OFFSET,
  IPPROTO_ICMP,
  IPV4,
  IPV4_HEADER_BYTES,
  ipv4HeaderBytes,
  ipv4Source,
  ipv4Target,
} from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import { checksumHelp } from "../skb/checksum-help.ts";
import { copyOut } from "../skb/skb-pool.ts";
import { NO_HEADER, PACKET_HOST, type SkBuff } from "../skb/skbuff.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import { ICMP_ERROR_BYTES_MAX } from "./limits.ts";
import type { IpOutput } from "./output.ts";
import { GlobalRate, type PeerTable } from "./peers.ts";
import { SendOptions } from "./protocol.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";

/** Precedence of ICMP errors: internetwork control (RFC 1812, section 4.3.2.5). */
const TOS_CONTROL = 0xc0;
const TOS_MASK = 0x1e;

/** What sending ICMP needs. */
export interface IcmpSources {
  readonly routing: Routing;
  readonly output: IpOutput;
  readonly peers: PeerTable;
  readonly sysctls: IpSysctls;
}

export class IcmpSender {
  readonly #core: KernelCore;
  readonly #sources: IcmpSources;
  readonly #global = new GlobalRate();
  readonly #options = new SendOptions();

  constructor(core: KernelCore, sources: IcmpSources) {
    this.#core = core;
    this.#sources = sources;
  }

  /**
   * Sends an error about `skb`, whose `networkHeader` is set, if rules and limits allow one. The packet stays with the
   * caller. @param info next-hop MTU, pointer, or gateway, by type; else 0.
   */
  send(skb: SkBuff, type: number, code: number, info: number): void {
    const core = this.#core;
    if (!core.alive || skb.networkHeader === NO_HEADER || skb.packetType !== PACKET_HOST) return;
    const header = skb.networkHeader;
    if (!mayBeAnswered(skb, header, this.#sources.routing)) return;
    if (!this.#globalAllows(type, code)) {
      core.snmp.icmp.OutRateLimitGlobal++;
      return;
    }
    const toHere = ipv4Target(skb.bytes, header);
    const to = ipv4Source(skb.bytes, header);
    const route = this.#sources.routing.find(to, 0);
    if (typeof route === "number") {
      core.snmp.icmp.OutErrors++;
      return;
    }
    if (!this.#peerAllows(type, code, route)) {
      core.snmp.icmp.OutRateLimitHost++;
      return;
    }
    // A packet addressed to us is answered from that address; about one passing through, from the way back's.
    const isOurs = this.#sources.routing.addressType(toHere) === "local";
    const options = this.#options;
    options.source = isOurs ? toHere : (0 as Ipv4Address);
    options.target = to;
    options.tos = (u8(skb.bytes, header + IPV4.tos) & TOS_MASK) | TOS_CONTROL;
    options.options = null;
    const message = this.#message(skb, (type << 8) | code, restOf(type, code, info), route);
    this.#emit(message, route, options);
  }

  /** Announces the better router, less and less often while it is not heeded (ip_rt_send_redirect). */
  redirect(skb: SkBuff, route: Route): void {
    const { sysctls, peers } = this.#sources;
    const now = this.#core.engine.now;
    const peer = peers.get(ipv4Source(skb.bytes, skb.networkHeader));
    if (now - peer.redirectAt > sysctls.redirectSilence * MILLISECOND) peer.redirects = 0;
    if (peer.redirects >= sysctls.redirectNumber) {
      peer.redirectAt = now;
      return;
    }
    const gap: Nanoseconds = sysctls.redirectLoad * MILLISECOND * 2 ** peer.redirects;
    if (peer.redirects > 0 && now - peer.redirectAt <= gap) return;
    this.send(skb, ICMP_TYPE.REDIRECT, ICMP_REDIR.HOST, route.nextHop);
    peer.redirectAt = now;
    peer.redirects++;
  }

  /** Answers an echo or timestamp request: `reply` is the ICMP message, complete but for its checksum. */
  reply(reply: SkBuff, request: SkBuff, options: Uint8Array | null): void {
    const bytes = request.bytes;
    const header = request.networkHeader;
    const to = ipv4Source(bytes, header);
    const route = this.#sources.routing.find(to, 0);
    if (typeof route === "number") {
      this.#core.snmp.icmp.OutErrors++;
      this.#core.drop(reply, "IP_OUTNOROUTES");
      return;
    }
    const target = ipv4Target(bytes, header);
    const isOurs = this.#sources.routing.addressType(target) === "local";
    const sending = this.#options;
    sending.source = isOurs ? target : (0 as Ipv4Address);
    sending.target = to;
    sending.tos = u8(bytes, header + IPV4.tos);
    sending.options = options;
    this.#emit(reply, route, sending);
  }

  #emit(skb: SkBuff, route: Route, options: SendOptions): void {
    sealIcmp(skb.bytes, skb.data, skb.length);
    const type = u8(skb.bytes, skb.data + ICMP.type);
    if (this.#core.trace.active) {
      const code = u8(skb.bytes, skb.data + ICMP.code);
      skb.cause = this.#core.trace.record(KIND["icmp:icmp_send"], skb.packetId, skb.cause, type, code, options.target);
    }
    this.#countOut(type);
    options.protocol = IPPROTO_ICMP;
    this.#sources.output.send(skb, route, options);
  }

  /** The ICMP message about `skb`: type and code as one word, the second word, and as much of it as may be quoted. */
  #message(skb: SkBuff, typeCode: number, rest: number, route: Route): SkBuff {
    checksumHelp(this.#core, skb);
    const from = skb.networkHeader;
    const whole = skb.tail - from;
    const room = Math.min(route.mtu, ICMP_ERROR_BYTES_MAX) - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES;
    const quoted = Math.min(whole, room);
    const error = this.#core.skbs.alloc(ICMP_HEADER_BYTES + quoted);
    const at = error.put(ICMP_HEADER_BYTES + quoted);
    const bytes = error.bytes;
    put16(bytes, at + ICMP.type, typeCode);
    put32(bytes, at + ICMP.rest, rest);
    copyBytes(skb.bytes, from, bytes, at + ICMP_HEADER_BYTES, quoted);
    error.cause = skb.cause;
    return error;
  }

  #globalAllows(type: number, code: number): boolean {
    if (!this.#isLimited(type, code)) return true;
    const { icmpMessagesPerSecond, icmpMessagesBurst } = this.#sources.sysctls;
    return this.#global.allow(this.#core.engine.now, icmpMessagesPerSecond, icmpMessagesBurst);
  }

  #peerAllows(type: number, code: number, route: Route): boolean {
    if (!this.#isLimited(type, code) || route.device.isLoopback) return true;
    const interval = (this.#sources.sysctls.icmpRatelimit * SECOND) / 1000;
    return interval === 0 || this.#sources.peers.get(route.target).allowError(this.#core.engine.now, interval);
  }

  /** Path MTU discovery is never held back; else the mask decides. */
  #isLimited(type: number, code: number): boolean {
    if (type === ICMP_TYPE.DEST_UNREACH && code === ICMP_UNREACH.FRAG_NEEDED) return false;
    return ((this.#sources.sysctls.icmpRatemask >>> type) & 1) === 1;
  }

  #countOut(type: number): void {
    const out = this.#core.snmp.icmp;
    out.OutMsgs++;
    if (type === ICMP_TYPE.ECHOREPLY) out.OutEchoReps++;
    else if (type === ICMP_TYPE.DEST_UNREACH) out.OutDestUnreachs++;
    else if (type === ICMP_TYPE.REDIRECT) out.OutRedirects++;
    else if (type === ICMP_TYPE.TIME_EXCEEDED) out.OutTimeExcds++;
    else if (type === ICMP_TYPE.PARAMETERPROB) out.OutParmProbs++;
    else if (type === ICMP_TYPE.TIMESTAMPREPLY) out.OutTimestampReps++;
  }
}

/** The second word of an error. */
function restOf(type: number, code: number, info: number): number {
  if (type === ICMP_TYPE.PARAMETERPROB) return (info << 24) >>> 0;
  if (type === ICMP_TYPE.DEST_UNREACH && code === ICMP_UNREACH.FRAG_NEEDED) return info & 0xffff;
  return info >>> 0;
}

/** Whether an error may be sent about that packet at all: never about errors, later fragments, or to many. */
function mayBeAnswered(skb: SkBuff, header: number, routing: Routing): boolean {
  const bytes = skb.bytes;
  if (skb.tail - header < IPV4_HEADER_BYTES) return false;
  if ((u16(bytes, header + IPV4.fragment) & IP_OFFSET) !== 0) return false;
  const from = readIpv4(bytes, header + IPV4.source);
  if (isZeroNetwork(from) || isMulticast(from) || isReserved(from) || isLimitedBroadcast(from)) return false;
  const targetType = routing.addressType(readIpv4(bytes, header + IPV4.target));
  if (targetType === "broadcast" || targetType === "multicast") return false;
  if (u8(bytes, header + IPV4.protocol) !== IPPROTO_ICMP) return true;
  const icmp = header + ipv4HeaderBytes(bytes, header);
  // A message too short to tell what it is might be an error.
  if (icmp >= skb.tail) return false;
  const type = u8(bytes, icmp);
  return !isIcmpError(type) && type <= ICMP_TYPE.ADDRESSREPLY;
}

/** A reply that carries the request's ICMP message with another type, code 0. */
export function replyTo(core: KernelCore, request: SkBuff, type: number): SkBuff {
  const length = request.length;
  const reply = core.skbs.alloc(length);
  const at = reply.put(length);
  copyOut(request, 0, reply.bytes, at, length);
  put8(reply.bytes, at + ICMP.type, type);
  put8(reply.bytes, at + ICMP.code, 0);
  put16(reply.bytes, at + ICMP.checksum, 0);
  reply.cause = request.cause;
  reply.mark = request.mark;
  return reply;
}
