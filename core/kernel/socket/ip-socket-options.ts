/**
 * The options of SOL_IP that one socket has (struct inet_sock; do_ip_setsockopt in net/ipv4/ip_sockglue.c), whatever
 * its transport. Left out: IP_OPTIONS, IP_FREEBIND, IP_TRANSPARENT, multicast membership and source filters.
 */
import { E } from "../syscall/errno.ts";
import { IP, PMTUDISC, SOCK, type OptionResult, type OptionValue } from "../syscall/sys.ts";
import type { Socket } from "./socket.ts";

/** Band of pfifo_fast by the four TOS bits of RFC 1349 (ip_tos2prio in net/ipv4/route.c). */
const TOS_PRIORITIES = [0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4] as const;
const ECN_MASK = 3;

/** What the options touch of the socket that has them. */
export type IpOptionOwner = Pick<Socket, "core" | "type" | "priority" | "errorQueue"> & {
  /** What its route was asked for with has changed. */
  forgetRoute(): void;
  /** MTU of the path to the connected peer. */
  pathMtu(): OptionResult;
};

export class IpSocketOptions {
  tos = 0;
  /** 0 takes net.ipv4.ip_default_ttl. */
  ttl = 0;
  /** IP_MINTTL: packets received with less are dropped. */
  minTtl = 0;
  pmtuDiscovery: number = PMTUDISC.WANT;
  receivesErrors = false;
  wantsTtl = false;
  wantsTos = false;
  wantsPacketInfo = false;

  /** @returns 0 or -errno. */
  set(owner: IpOptionOwner, option: number, value: OptionValue): number {
    if (typeof value !== "number" || !Number.isInteger(value)) return -E.EINVAL;
    switch (option) {
      case IP.TOS:
        this.#setTos(owner, value);
        return 0;
      case IP.TTL:
        // -1 goes back to net.ipv4.ip_default_ttl.
        if (value !== -1 && (value < 1 || value > 255)) return -E.EINVAL;
        this.ttl = value === -1 ? 0 : value;
        return 0;
      case IP.MINTTL:
        if (value < 0 || value > 255) return -E.EINVAL;
        this.minTtl = value;
        return 0;
      case IP.MTU_DISCOVER:
        if (value < PMTUDISC.DONT || value > PMTUDISC.PROBE) return -E.EINVAL;
        this.pmtuDiscovery = value;
        return 0;
      case IP.RECVERR:
        this.receivesErrors = value !== 0;
        if (!this.receivesErrors) owner.errorQueue.length = 0;
        return 0;
      case IP.RECVTTL:
        this.wantsTtl = value !== 0;
        return 0;
      case IP.RECVTOS:
        this.wantsTos = value !== 0;
        return 0;
      case IP.PKTINFO:
        this.wantsPacketInfo = value !== 0;
        return 0;
      default:
        return -E.ENOPROTOOPT;
    }
  }

  #setTos(owner: IpOptionOwner, value: number): void {
    let tos = value & 0xff;
    // The ECN bits of a stream belong to TCP.
    if (owner.type === SOCK.STREAM) tos = (tos & ~ECN_MASK) | (this.tos & ECN_MASK);
    if (tos === this.tos) return;
    this.tos = tos;
    owner.priority = TOS_PRIORITIES[(tos & 0x1e) >> 1] ?? 0;
    owner.forgetRoute();
  }

  get(owner: IpOptionOwner, option: number): OptionResult {
    switch (option) {
      case IP.TOS:
        return { value: this.tos };
      case IP.TTL:
        return { value: this.ttl === 0 ? Number(owner.core.sysctls.get("net.ipv4.ip_default_ttl") ?? 64) : this.ttl };
      case IP.MINTTL:
        return { value: this.minTtl };
      case IP.MTU_DISCOVER:
        return { value: this.pmtuDiscovery };
      case IP.MTU:
        return owner.pathMtu();
      case IP.RECVERR:
        return { value: Number(this.receivesErrors) };
      case IP.RECVTTL:
        return { value: Number(this.wantsTtl) };
      case IP.RECVTOS:
        return { value: Number(this.wantsTos) };
      case IP.PKTINFO:
        return { value: Number(this.wantsPacketInfo) };
      default:
        return { error: -E.ENOPROTOOPT };
    }
  }
}
