/**
 * A resolved route: where packets for one destination go (struct rtable). Cached, shared and never changed once made.
 */
import type { Ipv4Address } from "../../wire/address.ts";
import type { NetDevice } from "../device/net-device.ts";
import type { Neighbour } from "./neighbour.ts";

/** RTN_* of rtnetlink(7). Only the first four lead anywhere. */
export type RouteType = "unicast" | "local" | "broadcast" | "multicast" | "blackhole" | "unreachable" | "prohibit";

/** What a configured route says beyond its MTU (RTAX_*). */
export interface RouteMetrics {
  /** Path MTU discovery does not change the MTU. */
  readonly mtuLocked: boolean;
  /** Segment size that TCP announces; 0 follows the MTU. */
  readonly advmss: number;
  /** First congestion window, segments; 0 for TCP's own. */
  readonly initCwnd: number;
}

export const NO_METRICS: RouteMetrics = { mtuLocked: false, advmss: 0, initCwnd: 0 };

export class Route {
  // First what is looked at for each packet: fields lie in memory in this order.
  readonly type: RouteType;
  /** Where it leaves; loopback when the target is one of our own addresses. */
  readonly device: NetDevice;
  /** Whether it ever expires: most never do, and need not have their instant looked at. */
  readonly mayExpire: boolean;
  /** Resolved on first use; replaced when the table has dropped it. */
  neighbour: Neighbour | null = null;
  /** Largest packet that is forwarded: the link's or the configured route's MTU, never a learned one. */
  readonly forwardMtu: number;
  /** `IpStack.generation` when it was made; a newer one may have changed it. */
  readonly generation: number;
  readonly target: Ipv4Address;
  /** Router to send to, 0 when the target is on the link. */
  readonly gateway: Ipv4Address;
  /** Whom to resolve: gateway or target. */
  readonly nextHop: Ipv4Address;
  /** Source address for packets that have none yet. */
  readonly source: Ipv4Address;
  /** Largest packet in bytes that we send ourselves: the path MTU where one was learned. */
  readonly mtu: number;
  /** A locked MTU, or a learned one below the least believable: packets go out without DF (RFC 1191, section 3). */
  readonly mtuLocked: boolean;
  readonly metrics: RouteMetrics;
  /** Virtual time at which something learned runs out and the route must be asked for again. */
  readonly expires: number;

  constructor(fields: RouteFields, generation: number) {
    this.type = fields.type;
    this.target = fields.target;
    this.device = fields.device;
    this.gateway = fields.gateway;
    this.nextHop = fields.gateway === 0 ? fields.target : fields.gateway;
    this.source = fields.source;
    this.mtu = fields.mtu;
    this.forwardMtu = fields.forwardMtu;
    this.mtuLocked = fields.mtuLocked;
    this.metrics = fields.metrics ?? NO_METRICS;
    this.expires = fields.expires;
    this.mayExpire = fields.expires !== Infinity;
    this.generation = generation;
  }
}

export interface RouteFields {
  readonly type: RouteType;
  readonly target: Ipv4Address;
  readonly device: NetDevice;
  readonly gateway: Ipv4Address;
  readonly source: Ipv4Address;
  readonly mtu: number;
  readonly forwardMtu: number;
  readonly mtuLocked: boolean;
  readonly metrics?: RouteMetrics;
  readonly expires: number;
}
