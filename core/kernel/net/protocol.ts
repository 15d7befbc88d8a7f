/** The seams above IP: what transport protocols and sockets give to the network layer, and what they get from it. */
import type { Ipv4Address } from "../../wire/address.ts";
import type { SkBuff } from "../skb/skbuff.ts";

/** What an ICMP error said about a packet of ours. The record is reused: copy what you keep. */
export interface IcmpError {
  readonly type: number;
  readonly code: number;
  /** Next-hop MTU of "fragmentation needed", pointer of a parameter problem, gateway of a redirect; else 0. */
  readonly info: number;
  /** Who sent the error. */
  readonly offender: Ipv4Address;
  /** Errno a socket reports for it, positive (icmp_err_convert). */
  readonly errno: number;
  /** False for what may pass by itself, such as an unreachable network: only sockets with IP_RECVERR report it. */
  readonly isFatal: boolean;
}

/** Above IP: UDP, ICMP, TCP (struct net_protocol). */
export interface IpProtocol {
  /**
   * A whole datagram for this machine, in softirq context. `data` and `transportHeader` are at the transport header,
   * `networkHeader` at the IP header, the tail at the datagram's end. The handler owns the packet.
   */
  receive(skb: SkBuff): void;
  /**
   * An ICMP error about a packet we sent. `data` and `transportHeader` are at the quoted transport header, of which at
   * least 8 bytes are there, `networkHeader` at the quoted IP header. The packet stays with the caller. A learned path
   * MTU is stored already; routes asked for from now on have it.
   */
  error(skb: SkBuff, error: IcmpError): void;
}

/** Raw sockets: they see datagrams of any protocol before its handler does. */
export interface RawHook {
  /**
   * Same offsets as `IpProtocol.receive`. The packet stays with the caller: the hook clones it for each socket.
   * @returns whether a socket took it: then no "protocol unreachable" is sent.
   */
  deliver(skb: SkBuff, protocol: number): boolean;
  /** As `IpProtocol.error`, for raw sockets of that protocol. */
  error(skb: SkBuff, protocol: number, error: IcmpError): void;
}

/** Ping sockets (SOCK_DGRAM, IPPROTO_ICMP). */
export interface EchoReplyHook {
  /**
   * `data` at the ICMP header, checksum verified. The packet stays with the caller. @returns whether a socket took it.
   */
  deliver(skb: SkBuff): boolean;
  /** An error about an echo request of ours; `data` at the quoted ICMP header. */
  error(skb: SkBuff, error: IcmpError): void;
}

/**
 * What a route is asked for with (struct flowi4). One record per socket, changed in place: asking allocates nothing.
 */
export class FlowKey {
  target: Ipv4Address = 0 as Ipv4Address;
  /** 0 lets the route choose. */
  source: Ipv4Address = 0 as Ipv4Address;
  /** Interface index the packet must leave by, 0 for any. */
  device = 0;
  // No routing rule looks at these three yet: they are kept for traces and for policy routing.
  tos = 0;
  protocol = 0;
  mark = 0;
}

/** What goes into the IP header of a datagram. One record per socket, changed in place. */
export class SendOptions {
  /** 0 takes the route's. */
  source: Ipv4Address = 0 as Ipv4Address;
  target: Ipv4Address = 0 as Ipv4Address;
  protocol = 0;
  /** 0 takes net.ipv4.ip_default_ttl; 1 for multicast. */
  ttl = 0;
  tos = 0;
  dontFragment = false;
  /** Option bytes, a multiple of 4 of at most 40; null for none. */
  options: Uint8Array | null = null;
  /** Identification; -1 lets the stack choose. */
  id = -1;
}
