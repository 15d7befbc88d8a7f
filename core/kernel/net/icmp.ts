/**
 * ICMP as a protocol above IP: RFC 792 as amended by RFC 1122 and RFC 1812, after Linux's net/ipv4/icmp.c. Echo and
 * timestamp requests are answered; errors teach routing their MTU or router and go to the protocol of the quoted
 * packet.
 * Left out: address masks, router discovery, source quench (all obsolete, RFC 6633 and 6918: counted and ignored).
 */
import { put32, u32, u8 } from "../../base/bytes.ts";
import { formatIpv4, isLimitedBroadcast, isMulticast, isZeroNetwork, type Ipv4Address } from "../../wire/address.ts";
import { checksumFold, checksumPartial } from "../../wire/checksum.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_REDIR, ICMP_TYPE, ICMP_UNREACH, icmpMtu } from "../../wire/icmp.ts";
import { IPV4, IPV4_HEADER_BYTES, ipv4HeaderBytes, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import type { KernelCore } from "../core.ts";
import { CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from "../skb/skbuff.ts";
import { IcmpErrorRecord, UNREACHABLE_CODE_MAX } from "./icmp-errors.ts";
import { replyTo, type IcmpSender } from "./icmp-send.ts";
import { echoedOptions } from "./ip-options.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import type { IpOutput } from "./output.ts";
import type { EchoReplyHook, IcmpError, IpProtocol } from "./protocol.ts";
import type { RouteExceptions } from "./route-exceptions.ts";
import type { Routing } from "./routing.ts";

/** Set in `cb0` of a datagram when a raw socket has had it: it has served a purpose even if ICMP knows none. */
export const RAW_TAKEN = 2;

/** Where errors go that were told about packets of a protocol. */
export interface ErrorSink {
  protocolError(skb: SkBuff, protocol: number, error: IcmpError): void;
}

/** What ICMP works with. */
export interface IcmpParts {
  readonly routing: Routing;
  readonly exceptions: RouteExceptions;
  readonly output: IpOutput;
  readonly sender: IcmpSender;
  readonly sysctls: IpSysctls;
  readonly errors: ErrorSink;
}

export class Icmp implements IpProtocol {
  readonly #core: KernelCore;
  readonly #parts: IcmpParts;
  readonly #error = new IcmpErrorRecord();
  echoReplyHook: EchoReplyHook | null = null;

  constructor(core: KernelCore, parts: IcmpParts) {
    this.#core = core;
    this.#parts = parts;
  }

  /** Sends an error about `skb`: see `IcmpSender.send`. */
  send(skb: SkBuff, type: number, code: number, info: number): void {
    this.#parts.sender.send(skb, type, code, info);
  }

  /** icmp_rcv. */
  receive(skb: SkBuff): void {
    const counters = this.#core.snmp.icmp;
    counters.InMsgs++;
    const known = skb.ipSummed === CHECKSUM_UNNECESSARY || skb.ipSummed === CHECKSUM_PARTIAL;
    if (!known && checksumFold(checksumPartial(skb.bytes, skb.data, skb.headLength)) !== 0) {
      counters.InCsumErrors++;
      counters.InErrors++;
      this.#core.drop(skb, "ICMP_CSUM");
      return;
    }
    if (skb.headLength < ICMP_HEADER_BYTES) {
      counters.InErrors++;
      this.#core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    const wasRaw = skb.cb0 === RAW_TAKEN;
    const reason = this.#handle(skb);
    if (reason === null || wasRaw) this.#core.consume(skb);
    else this.#core.drop(skb, reason);
  }

  /** An error about an ICMP message of ours: only echo requests have somebody who waits. */
  error(skb: SkBuff, error: IcmpError): void {
    if (u8(skb.bytes, skb.data + ICMP.type) === ICMP_TYPE.ECHO) this.echoReplyHook?.error(skb, error);
  }

  /** @returns null when the message was of use. */
  #handle(skb: SkBuff): DropReason | null {
    const counters = this.#core.snmp.icmp;
    const type = u8(skb.bytes, skb.data + ICMP.type);
    if (isForMany(type) && !this.#mayAnswerMany(skb)) {
      this.#countIn(type);
      return "ICMP_IGNORED";
    }
    this.#countIn(type);
    switch (type) {
      case ICMP_TYPE.ECHO:
        return this.#echo(skb);
      case ICMP_TYPE.ECHOREPLY:
        return this.echoReplyHook?.deliver(skb) === true ? null : "NO_SOCKET";
      case ICMP_TYPE.TIMESTAMP:
        return this.#timestamp(skb);
      case ICMP_TYPE.DEST_UNREACH:
      case ICMP_TYPE.TIME_EXCEEDED:
      case ICMP_TYPE.PARAMETERPROB:
        return this.#unreachable(skb);
      case ICMP_TYPE.REDIRECT:
        return this.#redirect(skb);
      default:
        if (type > ICMP_TYPE.ADDRESSREPLY) counters.InErrors++;
        return "ICMP_IGNORED";
    }
  }

  #echo(skb: SkBuff): DropReason | null {
    if (this.#parts.sysctls.icmpEchoIgnoreAll === 1) return "ICMP_IGNORED";
    const header = skb.networkHeader;
    const options = echoedOptions(skb.bytes, header, ipv4HeaderBytes(skb.bytes, header));
    this.#parts.sender.reply(replyTo(this.#core, skb, ICMP_TYPE.ECHOREPLY), skb, options);
    return null;
  }

  /** Bytes 8 to 19: originate, receive and transmit timestamps (RFC 792). */
  #timestamp(skb: SkBuff): DropReason | null {
    if (skb.headLength < ICMP_HEADER_BYTES + 4) {
      this.#core.snmp.icmp.InErrors++;
      return "PKT_TOO_SMALL";
    }
    const request = skb.data;
    const reply = this.#core.skbs.alloc(ICMP_HEADER_BYTES + 12);
    const at = reply.put(ICMP_HEADER_BYTES + 12);
    const clock = this.#parts.output.clock();
    put32(reply.bytes, at, 0);
    reply.bytes[at] = ICMP_TYPE.TIMESTAMPREPLY;
    put32(reply.bytes, at + ICMP.rest, u32(skb.bytes, request + ICMP.rest));
    put32(reply.bytes, at + 8, u32(skb.bytes, request + 8));
    put32(reply.bytes, at + 12, clock);
    put32(reply.bytes, at + 16, clock);
    reply.cause = skb.cause;
    this.#parts.sender.reply(reply, skb, null);
    return null;
  }

  /** icmp_unreach: an error about a packet of ours, with that packet's start behind the header. */
  #unreachable(skb: SkBuff): DropReason | null {
    const counters = this.#core.snmp.icmp;
    const quote = this.#quoted(skb);
    if (quote < 0) {
      counters.InErrors++;
      return "PKT_TOO_SMALL";
    }
    const bytes = skb.bytes;
    const error = this.#error;
    error.type = u8(bytes, skb.data + ICMP.type);
    error.code = u8(bytes, skb.data + ICMP.code);
    const rest = u32(bytes, skb.data + ICMP.rest);
    error.info = error.type === ICMP_TYPE.PARAMETERPROB ? rest >>> 24 : 0;
    if (error.type === ICMP_TYPE.DEST_UNREACH) {
      if (error.code > UNREACHABLE_CODE_MAX) return "ICMP_IGNORED";
      if (error.code === ICMP_UNREACH.FRAG_NEEDED) {
        error.info = icmpMtu(rest);
        this.#learnMtu(ipv4Target(bytes, quote), error.info);
      }
    }
    return this.#deliver(skb, quote);
  }

  /** RFC 1191, section 3: the path to that destination takes no more than `mtu`. */
  #learnMtu(target: Ipv4Address, mtu: number): void {
    const { routing, exceptions, sysctls } = this.#parts;
    if (sysctls.noPmtuDiscovery === 1) return;
    const route = routing.find(target, 0);
    if (typeof route === "number" || route.type !== "unicast" || route.mtuLocked) return;
    if (exceptions.learnMtu(target, mtu, route.mtu, this.#core.engine.now)) routing.invalidate();
  }

  /** __ip_do_redirect: taken only from the router in use now, for a router on the same link. */
  #redirect(skb: SkBuff): DropReason | null {
    const quote = this.#quoted(skb);
    if (quote < 0) {
      this.#core.snmp.icmp.InErrors++;
      return "PKT_TOO_SMALL";
    }
    const { routing, exceptions, sysctls } = this.#parts;
    const bytes = skb.bytes;
    const gateway = u32(bytes, skb.data + ICMP.gateway) as Ipv4Address;
    const target = ipv4Target(bytes, quote);
    const accepts = sysctls.acceptRedirects === 1 && sysctls.ipForward === 0;
    if (!accepts || u8(bytes, skb.data + ICMP.code) > ICMP_REDIR.HOSTTOS) return "ICMP_IGNORED";
    const route = routing.find(target, 0);
    const offender = ipv4Source(bytes, skb.networkHeader);
    if (typeof route === "number" || route.gateway === 0 || route.gateway !== offender) return "ICMP_IGNORED";
    const way = routing.find(gateway, 0);
    const usable =
      gateway !== offender &&
      !isZeroNetwork(gateway) &&
      typeof way !== "number" &&
      way.type === "unicast" &&
      way.gateway === 0 &&
      way.device === route.device;
    if (!usable) {
      const text = `${formatIpv4(gateway)} from ${formatIpv4(offender)} about ${formatIpv4(target)} ignored`;
      this.#core.printk(`IPv4: Redirect to ${text}`);
      return "ICMP_IGNORED";
    }
    exceptions.learnGateway(target, gateway, this.#core.engine.now);
    routing.invalidate();
    return null;
  }

  /**
   * Offset of the quoted IP header, -1 when it is not whole with 8 bytes behind it. A packet that we cannot have sent
   * is not whole either: a forged error must guess our address at least.
   */
  #quoted(skb: SkBuff): number {
    const bytes = skb.bytes;
    const at = skb.data + ICMP_HEADER_BYTES;
    if (skb.tail - at < IPV4_HEADER_BYTES || u8(bytes, at) >>> 4 !== 4) return -1;
    const header = ipv4HeaderBytes(bytes, at);
    if (header < IPV4_HEADER_BYTES || skb.tail - at < header + 8) return -1;
    return this.#parts.routing.addressType(ipv4Source(bytes, at)) === "local" ? at : -1;
  }

  /** icmp_socket_deliver: moves the packet's offsets to the quoted packet while the protocol looks at it. */
  #deliver(skb: SkBuff, quote: number): DropReason | null {
    const bytes = skb.bytes;
    const error = this.#error;
    const { data, networkHeader, transportHeader } = skb;
    error.offender = ipv4Source(bytes, networkHeader);
    error.classify();
    const target = ipv4Target(bytes, quote);
    // Nobody answers broadcasts with errors; a host that does has a wrong netmask.
    const toMany = isMulticast(target) || isLimitedBroadcast(target);
    if (toMany || this.#parts.routing.addressType(target) === "broadcast") return "ICMP_IGNORED";
    skb.data = quote + ipv4HeaderBytes(bytes, quote);
    skb.networkHeader = quote;
    skb.transportHeader = skb.data;
    this.#parts.errors.protocolError(skb, u8(bytes, quote + IPV4.protocol), error);
    skb.data = data;
    skb.networkHeader = networkHeader;
    skb.transportHeader = transportHeader;
    return null;
  }

  /** Requests to a broadcast or multicast address are not answered by default (RFC 1122, 3.2.2.6: optional). */
  #mayAnswerMany(skb: SkBuff): boolean {
    const target = ipv4Target(skb.bytes, skb.networkHeader);
    const type = this.#parts.routing.addressType(target);
    return type === "unicast" || type === "local" || this.#parts.sysctls.icmpEchoIgnoreBroadcasts === 0;
  }

  #countIn(type: number): void {
    const counters = this.#core.snmp.icmp;
    if (type === ICMP_TYPE.ECHO) counters.InEchos++;
    else if (type === ICMP_TYPE.ECHOREPLY) counters.InEchoReps++;
    else if (type === ICMP_TYPE.DEST_UNREACH) counters.InDestUnreachs++;
    else if (type === ICMP_TYPE.TIME_EXCEEDED) counters.InTimeExcds++;
    else if (type === ICMP_TYPE.REDIRECT) counters.InRedirects++;
    else if (type === ICMP_TYPE.PARAMETERPROB) counters.InParmProbs++;
    else if (type === ICMP_TYPE.TIMESTAMP) counters.InTimestamps++;
    else if (type === ICMP_TYPE.TIMESTAMPREPLY) counters.InTimestampReps++;
    else if (type === ICMP_TYPE.SOURCE_QUENCH) counters.InSrcQuenchs++;
    else if (type === ICMP_TYPE.ADDRESS) counters.InAddrMasks++;
    else if (type === ICMP_TYPE.ADDRESSREPLY) counters.InAddrMaskReps++;
  }
}

const isForMany = (type: number): boolean => type === ICMP_TYPE.ECHO || type === ICMP_TYPE.TIMESTAMP;
