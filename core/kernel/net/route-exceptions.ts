/**
 * What ICMP taught us about single destinations: a path MTU (RFC 1191) and a better router (redirect, RFC 792), each
 * with its expiry (struct fib_nh_exception). Routes made while one is in force contain it.
 */
import { SECOND, type VirtualTime } from "../../base/time.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import { ROUTE_EXCEPTIONS_MAX } from "./limits.ts";

export interface RouteException {
  /** 0 when none was learned. */
  mtu: number;
  /** The claim was below net.ipv4.route.min_pmtu: not believed, and DF is given up instead. */
  mtuLocked: boolean;
  mtuExpires: number;
  /** 0 when none was learned. */
  gateway: Ipv4Address;
  gatewayExpires: number;
}

export class RouteExceptions {
  readonly #sysctls: IpSysctls;
  readonly #byTarget = new Map<number, RouteException>();
  /** Exceptions that had to make room for others. */
  evicted = 0;

  constructor(sysctls: IpSysctls) {
    this.#sysctls = sysctls;
  }

  /** What is known and still in force; parts that have expired are cleared. */
  find(target: Ipv4Address, now: VirtualTime): RouteException | null {
    const known = this.#byTarget.get(target | 0);
    if (known === undefined) return null;
    if (known.mtu !== 0 && now >= known.mtuExpires) known.mtu = 0;
    if (known.gateway !== 0 && now >= known.gatewayExpires) known.gateway = 0 as Ipv4Address;
    if (known.mtu !== 0 || known.gateway !== 0) return known;
    this.#byTarget.delete(target | 0);
    return null;
  }

  /**
   * A router said that `mtu` is all that fits (__ip_rt_update_pmtu).
   * @param before the path MTU so far. @returns whether routes must be made anew.
   */
  learnMtu(target: Ipv4Address, mtu: number, before: number, now: VirtualTime): boolean {
    // An increase is never learned this way: it would let a forged error undo discovery.
    if (mtu >= before && mtu !== 0) return false;
    const least = this.#sysctls.pmtuMin;
    const locked = mtu < least;
    const believed = locked ? Math.min(before, least) : mtu;
    const entry = this.#entry(target);
    entry.mtu = believed;
    entry.mtuLocked = locked;
    entry.mtuExpires = now + this.#sysctls.mtuExpires * SECOND;
    return true;
  }

  learnGateway(target: Ipv4Address, gateway: Ipv4Address, now: VirtualTime): void {
    const entry = this.#entry(target);
    entry.gateway = gateway;
    entry.gatewayExpires = now + this.#sysctls.redirectTimeout * SECOND;
  }

  clear(): void {
    this.#byTarget.clear();
  }

  #entry(target: Ipv4Address): RouteException {
    const known = this.#byTarget.get(target | 0);
    if (known !== undefined) return known;
    if (this.#byTarget.size >= ROUTE_EXCEPTIONS_MAX) {
      const oldest = this.#byTarget.keys().next();
      if (!oldest.done) this.#byTarget.delete(oldest.value);
      this.evicted++;
    }
    const entry: RouteException = {
      mtu: 0,
      mtuLocked: false,
      mtuExpires: 0,
      gateway: 0 as Ipv4Address,
      gatewayExpires: 0,
    };
    this.#byTarget.set(target | 0, entry);
    return entry;
  }
}
