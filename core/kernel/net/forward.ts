/**
 * Forwarding, RFC 1812, section 5, in the order of Linux's ip_forward (net/ipv4/ip_forward.c): time to live, size
 * against the next link, then the header is changed in place and its checksum adjusted (RFC 1624). A packet that goes
 * back where it came from earns its sender a redirect. Left out: directed broadcasts (bc_forwarding is 0), multicast
 * routing, IPsec.
 */
import { KIND } from "../../contract/trace-event.ts";
import { u16, u8 } from "../../base/bytes.ts";
import { ICMP_EXC, ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import { IP_DF, IPV4, IPV4_HEADER_BYTES, ipv4HeaderBytes, ipv4Source, ipv4Target, sealIpv4 } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { SnmpCounters } from "../counters.ts";
import type { NetDevice } from "../device/net-device.ts";
import { PACKET_HOST, type SkBuff } from "../skb/skbuff.ts";
import { countDownTtl } from "./header-checksum.ts";
import type { IcmpSender } from "./icmp-send.ts";
import { recordHop } from "./ip-options.ts";
import type { IpQueue, QueueOutlet } from "./ip-queue.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import { FORWARDED, segmentBytes, tosToPriority, type IpOutput } from "./output.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";

/** What forwarding works with. */
export interface ForwardParts {
  readonly routing: Routing;
  readonly output: IpOutput;
  readonly icmp: IcmpSender;
  readonly queue: IpQueue;
  readonly sysctls: IpSysctls;
}

export class IpForward implements QueueOutlet {
  readonly #core: KernelCore;
  readonly #snmp: SnmpCounters;
  readonly #parts: ForwardParts;
  readonly #output: IpOutput;
  readonly #queue: IpQueue;

  constructor(core: KernelCore, parts: ForwardParts) {
    this.#core = core;
    this.#snmp = core.snmp;
    this.#parts = parts;
    this.#output = parts.output;
    this.#queue = parts.queue;
  }

  /** A packet for somebody else, `data` at its checked IP header; owns it. */
  forward(skb: SkBuff, route: Route, from: NetDevice): void {
    const core = this.#core;
    const cost = core.costs.ipForward;
    if (cost > 0) core.cpu.charge(cost);
    if (skb.packetType !== PACKET_HOST) {
      core.drop(skb, "OTHERHOST");
      return;
    }
    const ttl = u8(skb.bytes, skb.data + IPV4.ttl);
    if (ttl <= 1) {
      this.#snmp.ip.InHdrErrors++;
      this.#parts.icmp.send(skb, ICMP_TYPE.TIME_EXCEEDED, ICMP_EXC.TTL, 0);
      core.drop(skb, "IP_TTL_EXPIRED");
      return;
    }
    if (skb.length > route.forwardMtu && this.#isTooBig(skb, route)) {
      this.#snmp.ip.FragFails++;
      this.#parts.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.FRAG_NEEDED, route.forwardMtu);
      core.drop(skb, "PKT_TOO_BIG");
      return;
    }
    if (skb.isShared) core.skbs.makeWritable(skb);
    const bytes = skb.bytes;
    const at = skb.data;
    countDownTtl(bytes, at);
    skb.networkHeader = at;
    skb.priority = tosToPriority(u8(bytes, at + IPV4.tos));
    if (route.device === from) this.#maybeRedirect(skb, route, from);
    if (this.#queue.isOpen) this.#queue.push(skb);
    else this.#finish(skb, route);
  }

  /** A packet that the filter queue has let through. The route may have changed meanwhile. */
  resume(skb: SkBuff): void {
    const route = this.#parts.routing.find(ipv4Target(skb.bytes, skb.data), 0);
    if (typeof route === "number") {
      this.#snmp.ip.OutNoRoutes++;
      this.#core.drop(skb, "IP_INNOROUTES");
      return;
    }
    this.#finish(skb, route);
  }

  #finish(skb: SkBuff, route: Route): void {
    this.#snmp.ip.ForwDatagrams++;
    const bytes = skb.bytes;
    const at = skb.data;
    const header = ipv4HeaderBytes(bytes, at);
    if (header > IPV4_HEADER_BYTES && recordHop(bytes, at, header, this.#output.hop(route.source))) sealIpv4(bytes, at);
    if (this.#core.trace.active) {
      this.#core.traceSkb(KIND["ip:ip_forward"], skb, route.device.index, u8(bytes, at + IPV4.ttl));
    }
    skb.cb0 = FORWARDED;
    this.#output.finish(skb, route);
  }

  /** ip_exceeds_mtu. */
  #isTooBig(skb: SkBuff, route: Route): boolean {
    if ((u16(skb.bytes, skb.data + IPV4.fragment) & IP_DF) === 0) return false;
    return skb.gsoSize === 0 || segmentBytes(skb) > route.forwardMtu;
  }

  /**
   * Back out of the interface it came in by: the sender could have taken the next router itself, if that is a
   * neighbour.
   */
  #maybeRedirect(skb: SkBuff, route: Route, from: NetDevice): void {
    if (this.#parts.sysctls.sendRedirects === 0) return;
    const back = this.#parts.routing.find(ipv4Source(skb.bytes, skb.data), 0);
    if (typeof back === "number" || back.gateway !== 0 || back.device !== from || back.type !== "unicast") return;
    this.#parts.icmp.redirect(skb, route);
  }
}
