/**
 * The network layer of one machine, put together: addresses, routes, neighbours, IPv4 input, forwarding and output, ICMP.
 * (First published for its API; the parts follow.)
 */
import type { Nanoseconds } from "../../base/time.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { NetlinkReply, NetlinkRequest, RouteInfo, RouteSpec } from "../syscall/netlink.ts";
import type { DeviceTable } from "./device-table.ts";
import type { EchoReplyHook, FlowKey, IpProtocol, RawHook, SendOptions } from "./protocol.ts";
import type { Route, RouteType } from "./route.ts";

/** ICMP as others use it. */
export interface IcmpPort {
  echoReplyHook: EchoReplyHook | null;
  /**
   * Sends an ICMP error about `skb`, whose `networkHeader` is set, if the rules and rate limits allow one (icmp_send).
   * The packet stays with the caller. @param info as `IcmpError.info`.
   */
  send(skb: SkBuff, type: number, code: number, info: number): void;
}

/** User-level packet filter at the FORWARD hook, after Linux's ip_queue. */
export interface IpQueuePort {
  /** Packets are queued only while a reader is registered. `listener` is told when the queue stops being empty. */
  open(listener: () => void): void;
  /** Gives up: what waits is dropped. */
  close(): void;
  /** The oldest packet not yet taken, or null. It stays counted until its verdict. */
  take(): SkBuff | null;
  /** Sends a taken packet on its way, or drops it. */
  verdict(skb: SkBuff, accept: boolean): void;
  readonly length: number;
}

export class IpStack {
  readonly core: KernelCore;
  readonly devices: DeviceTable;
  /** Moves with every change of addresses, routes, devices or learned MTUs: routes made before are asked for again. */
  generation = 1;
  rawHook: RawHook | null = null;
  declare readonly icmp: IcmpPort;
  declare readonly ipQueue: IpQueuePort;

  constructor(core: KernelCore, devices: DeviceTable) {
    this.core = core;
    this.devices = devices;
  }

  registerProtocol(_protocol: number, _handler: IpProtocol): void {}

  /** A cached route, or -ENETUNREACH, -EHOSTUNREACH, -EINVAL, -EACCES (ip_route_output_key). */
  routeOutput(_key: FlowKey): Route | number {
    return -101;
  }

  /** True while a route kept by a socket may still be used without asking again. */
  isCurrent(route: Route): boolean {
    return route.generation === this.generation && this.core.engine.now < route.expires;
  }

  /**
   * Puts the IP header in front of `skb`, whose `data` is at the transport header with headroom before it, and sends it,
   * in fragments where needed. Owns the packet in every case.
   * @returns 0, -EMSGSIZE (DF set and larger than the path MTU, or over 65,535 bytes), -ENOBUFS, -EHOSTUNREACH.
   */
  send(_skb: SkBuff, _route: Route, _options: SendOptions): number {
    return -101;
  }

  /** For IP_HDRINCL: `data` is at a header the program wrote; total length, checksum, and zero source and id are filled in. */
  sendWithHeader(_skb: SkBuff, _route: Route): number {
    return -101;
  }

  /** What kind of address this is to this machine (inet_addr_type): for bind(2) and broadcast checks. */
  addressType(_address: Ipv4Address): RouteType {
    return "unicast";
  }

  /** Upper-layer advice that the next hop answers (dst_confirm_neigh). */
  confirm(route: Route): void {
    route.neighbour?.confirm();
  }

  /** @returns 0 or -EEXIST, -EINVAL, -ENODEV. */
  addAddress(_device: string, _address: Ipv4Address, _prefixLength: number): number {
    return 0;
  }

  removeAddress(_device: string, _address: Ipv4Address, _prefixLength: number): number {
    return 0;
  }

  /** @returns 0 or -EEXIST, -EINVAL, -ENETUNREACH (gateway not on a link), -ENETDOWN, -ENODEV. */
  addRoute(_spec: RouteSpec, _protocol: RouteInfo["protocol"] = "boot"): number {
    return 0;
  }

  /** address-*, route-* and neighbour-* requests; null for those of others. */
  handleNetRequest(_request: NetlinkRequest): NetlinkReply | number | null {
    return null;
  }

  /** Packets held by neighbours, reassembly and the packet filter queue. */
  queuedPackets(): number {
    return 0;
  }

  checkInvariants(): void {}

  /** The machine is gone: frees all it holds, and is silent from now on. */
  shutdown(): void {}

  /** How long reassembly waits for missing fragments. */
  get reassemblyTimeout(): Nanoseconds {
    return 30e9;
  }
}
