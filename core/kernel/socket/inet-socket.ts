/**
 * What UDP, raw and ping sockets share: addresses, routes, and ICMP errors (struct inet_sock). The options of SOL_IP
 * are in ip-socket-options.ts.
 */
import { u16, u8 } from "../../base/bytes.ts";
import { IPV4_ANY, IPV4_LOOPBACK, isLimitedBroadcast, isMulticast, type Ipv4Address } from "../../wire/address.ts";
import { IPV4, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import type { NetDevice } from "../device/net-device.ts";
import type { IpStack } from "../net/ip-stack.ts";
import { FlowKey, SendOptions, type IcmpError } from "../net/protocol.ts";
import type { Route } from "../net/route.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import {
  AF,
  PMTUDISC,
  SOL,
  type Message,
  type OptionResult,
  type OptionValue,
  type SocketAddress,
} from "../syscall/sys.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { IpSocketOptions } from "./ip-socket-options.ts";
import { ERROR_PAYLOAD_BYTES_MAX } from "./limits.ts";
import { getSocketOption, setSocketOption } from "./socket-options.ts";
import { fillAddress, type Socket, type SocketSettings } from "./socket.ts";

/** The network layer as far as sockets use it. */
export type IpPort = Pick<
  IpStack,
  "core" | "registerProtocol" | "rawHook" | "routeOutput" | "isCurrent" | "send" | "sendWithHeader" | "addressType"
> & {
  readonly icmp: Pick<IpStack["icmp"], "echoReplyHook" | "send">;
  readonly ipQueue: Pick<IpStack["ipQueue"], "open" | "close" | "take" | "verdict" | "length">;
};

export interface InetServices {
  readonly ip: IpPort;
  readonly devices: {
    byName(name: string): NetDevice | null | undefined;
    byIndex(index: number): NetDevice | null | undefined;
  };
}

export abstract class InetSocket extends DatagramSocket {
  protected readonly ip: IpPort;
  readonly #devices: InetServices["devices"];
  /** Address packets must be sent to for this socket; 0 for any (inet_rcv_saddr). */
  boundAddress: Ipv4Address = IPV4_ANY;
  /** Source of what it sends; 0 lets the route choose (inet_saddr). */
  sourceAddress: Ipv4Address = IPV4_ANY;
  /** Port of UDP, identifier of a ping socket; 0 while not bound. */
  localPort = 0;
  remoteAddress: Ipv4Address = IPV4_ANY;
  remotePort = 0;
  isConnected = false;
  /** True when bind named the address, which then outlives a disconnect. */
  protected addressIsBound = false;
  protected portIsBound = false;
  readonly ipOptions = new IpSocketOptions();
  protected readonly flow = new FlowKey();
  protected readonly sendOptions = new SendOptions();
  /** Route to the connected peer, kept while it is current. */
  #route: Route | null = null;

  constructor(services: InetServices, settings: SocketSettings) {
    super(services.ip.core, settings);
    this.ip = services.ip;
    this.#devices = services.devices;
  }

  /** Registers the socket under `localPort`, choosing one when it is 0. @returns 0 or -errno. */
  protected abstract hash(): number;

  override bind(address: SocketAddress): number {
    if (address.family !== AF.INET && !(address.family === AF.UNSPEC && address.address === IPV4_ANY)) {
      return -E.EAFNOSUPPORT;
    }
    if (!isAddress(address.address) || !isPort(address.port)) return -E.EINVAL;
    if (this.isConnected || this.localPort !== 0) return -E.EINVAL;
    const type = address.address === IPV4_ANY ? "local" : this.ip.addressType(address.address);
    if (type !== "local" && type !== "broadcast" && type !== "multicast") return -E.EADDRNOTAVAIL;
    this.boundAddress = address.address;
    // Who binds to a group or broadcast address receives there, but sends from an address of its own.
    this.sourceAddress = type === "local" ? address.address : IPV4_ANY;
    this.localPort = address.port;
    const result = this.hash();
    if (result < 0) {
      this.boundAddress = IPV4_ANY;
      this.sourceAddress = IPV4_ANY;
      this.localPort = 0;
      return result;
    }
    this.addressIsBound = address.address !== IPV4_ANY;
    this.portIsBound = address.port !== 0;
    return 0;
  }

  override connect(address: SocketAddress): number {
    if (address.family === AF.UNSPEC) return this.#disconnect();
    if (address.family !== AF.INET) return -E.EAFNOSUPPORT;
    if (!isAddress(address.address) || !isPort(address.port)) return -E.EINVAL;
    const target = address.address === IPV4_ANY ? IPV4_LOOPBACK : address.address;
    const route = this.routeTo(target);
    if (typeof route === "number") return route;
    if (route.type === "broadcast" && !this.broadcast) return -E.EACCES;
    if (this.localPort === 0) {
      const bound = this.hash();
      if (bound < 0) return bound;
    }
    if (this.sourceAddress === IPV4_ANY) this.sourceAddress = route.source;
    if (this.boundAddress === IPV4_ANY) this.boundAddress = route.source;
    this.remoteAddress = target;
    this.remotePort = address.port;
    this.isConnected = true;
    this.#route = null;
    return 0;
  }

  /** connect to AF_UNSPEC: back to what bind had said (__udp_disconnect). */
  #disconnect(): number {
    this.isConnected = false;
    this.remoteAddress = IPV4_ANY;
    this.remotePort = 0;
    this.#route = null;
    if (!this.addressIsBound) {
      this.boundAddress = IPV4_ANY;
      this.sourceAddress = IPV4_ANY;
    }
    if (!this.portIsBound) {
      this.unhash();
      this.localPort = 0;
    }
    return 0;
  }

  /** The route to an address, or -errno. The connected peer's is kept. */
  protected routeTo(target: Ipv4Address): Route | number {
    const isPeer = this.isConnected && target === this.remoteAddress;
    if (isPeer && this.#route !== null && this.ip.isCurrent(this.#route)) return this.#route;
    const flow = this.flow;
    flow.target = target;
    flow.source = this.sourceAddress;
    flow.device = this.device;
    flow.tos = this.ipOptions.tos;
    flow.protocol = this.protocol;
    flow.mark = this.mark;
    const route = this.ip.routeOutput(flow);
    if (isPeer && typeof route !== "number") this.#route = route;
    return route;
  }

  /** Target and port of a send, checked. @returns 0 or -errno; the results are `target` and `targetPort`. */
  protected checkTarget(to: SocketAddress | null): number {
    if (to === null) {
      if (!this.isConnected) return -E.EDESTADDRREQ;
      this.target = this.remoteAddress;
      this.targetPort = this.remotePort;
      return 0;
    }
    if (to.family !== AF.INET && to.family !== AF.UNSPEC) return -E.EAFNOSUPPORT;
    if (!isAddress(to.address) || !isPort(to.port)) return -E.EINVAL;
    this.target = to.address === IPV4_ANY ? IPV4_LOOPBACK : to.address;
    this.targetPort = to.port;
    return 0;
  }

  // Results of `checkTarget`, in fields because a record would be allocated per packet.
  protected target: Ipv4Address = IPV4_ANY;
  protected targetPort = 0;

  /** Fills in the IP header's fields for a packet of `bytes` bytes with its IP header. */
  protected prepareHeader(route: Route, bytes: number): SendOptions {
    const options = this.sendOptions;
    options.source = this.sourceAddress === IPV4_ANY ? route.source : this.sourceAddress;
    options.target = this.target;
    options.protocol = this.protocol;
    options.ttl = isMulticast(this.target) ? 1 : this.ipOptions.ttl;
    options.tos = this.ipOptions.tos;
    const mode = this.ipOptions.pmtuDiscovery;
    // WANT: as long as no fragments are needed, routers are to say so when they would be (RFC 1191).
    options.dontFragment =
      mode === PMTUDISC.DO || mode === PMTUDISC.PROBE
        ? true
        : mode === PMTUDISC.WANT && bytes <= route.mtu && !route.mtuLocked;
    return options;
  }

  /** -EMSGSIZE, reported as a local error too, when the packet may not be fragmented and is too long for its route. */
  protected checkLength(route: Route, bytes: number, payload: Uint8Array): number {
    if (this.ipOptions.pmtuDiscovery < PMTUDISC.DO) return 0;
    const mtu = this.ipOptions.pmtuDiscovery === PMTUDISC.PROBE ? route.device.mtu : route.mtu;
    if (bytes <= mtu) return 0;
    if (this.ipOptions.receivesErrors) {
      this.queueError({
        errno: E.EMSGSIZE,
        origin: "local",
        type: 0,
        code: 0,
        info: mtu,
        offender: IPV4_ANY,
        target: this.target,
        port: this.targetPort,
        payload: payload.slice(0, ERROR_PAYLOAD_BYTES_MAX),
      });
    }
    return -E.EMSGSIZE;
  }

  /** Hands the packet down, charged to the socket. @returns 0 or -errno. */
  protected transmit(skb: SkBuff, route: Route, options: SendOptions): number {
    this.charge(skb, route);
    const result = this.ip.send(skb, route, options);
    // A full queue below is no error unless errors were asked for: the packet is as lost as on any link.
    return result === -E.ENOBUFS && !this.ipOptions.receivesErrors ? 0 : result;
  }

  protected charge(skb: SkBuff, route: Route): void {
    skb.account = this.sendMemory;
    this.sendMemory.used += skb.truesize;
    skb.priority = this.priority;
    skb.mark = this.mark;
    this.sentToLoopback = route.device.isLoopback;
  }

  /** An ICMP error about a packet this socket sent. @param headerBytes of its transport header ahead of the payload. */
  icmpError(skb: SkBuff, error: IcmpError, headerBytes: number): void {
    const isTooBig = error.type === ICMP_TYPE.DEST_UNREACH && error.code === ICMP_UNREACH.FRAG_NEEDED;
    if (error.type === ICMP_TYPE.REDIRECT || error.type === ICMP_TYPE.SOURCE_QUENCH) return;
    if (isTooBig && this.ipOptions.pmtuDiscovery === PMTUDISC.DONT) return;
    const isFatal = error.isFatal || isTooBig;
    if (!this.ipOptions.receivesErrors) {
      if (isFatal && this.isConnected) this.reportError(error.errno);
      return;
    }
    const bytes = skb.bytes;
    const payloadAt = Math.min(skb.data + headerBytes, skb.tail);
    const payloadEnd = Math.min(skb.tail, payloadAt + ERROR_PAYLOAD_BYTES_MAX);
    this.error = error.errno;
    this.queueError({
      errno: error.errno,
      origin: "icmp",
      type: error.type,
      code: error.code,
      info: error.info,
      offender: error.offender,
      target: ipv4Target(bytes, skb.networkHeader),
      port: this.quotedPort(skb),
      payload: bytes.slice(payloadAt, payloadEnd),
    });
  }

  /** Target port in a quoted packet. */
  protected quotedPort(_skb: SkBuff): number {
    return 0;
  }

  protected override fillFrom(skb: SkBuff, from: SocketAddress): void {
    fillAddress(from, ipv4Source(skb.bytes, skb.networkHeader), this.sourcePort(skb));
  }

  protected sourcePort(_skb: SkBuff): number {
    return 0;
  }

  protected override fillMessage(skb: SkBuff, message: Message): void {
    const bytes = skb.bytes;
    if (this.ipOptions.wantsTtl) message.ttl = u8(bytes, skb.networkHeader + IPV4.ttl);
    if (this.ipOptions.wantsTos) message.tos = u8(bytes, skb.networkHeader + IPV4.tos);
    if (this.ipOptions.wantsPacketInfo) {
      message.packetInfo = { device: skb.deviceIndex, target: ipv4Target(bytes, skb.networkHeader) };
    }
  }

  override localAddress(address: SocketAddress): number {
    fillAddress(address, this.boundAddress, this.localPort);
    return 0;
  }

  override peerAddress(address: SocketAddress): number {
    if (!this.isConnected) return -E.ENOTCONN;
    fillAddress(address, this.remoteAddress, this.remotePort);
    return 0;
  }

  override setOption(level: number, option: number, value: OptionValue): number {
    if (level === SOL.SOCKET) {
      const result = setSocketOption(this as Socket, this.#devices, option, value);
      // What a kept route was asked for with may have changed.
      this.#route = null;
      return result;
    }
    return level === SOL.IP ? this.ipOptions.set(this, option, value) : -E.ENOPROTOOPT;
  }

  override getOption(level: number, option: number): OptionResult {
    if (level === SOL.SOCKET) return getSocketOption(this as Socket, this.#devices, option);
    return level === SOL.IP ? this.ipOptions.get(this, option) : { error: -E.ENOPROTOOPT };
  }

  override forgetRoute(): void {
    this.#route = null;
  }

  override pathMtu(): OptionResult {
    if (!this.isConnected) return { error: -E.ENOTCONN };
    const route = this.routeTo(this.remoteAddress);
    return typeof route === "number" ? { error: route } : { value: route.mtu };
  }
}

export const isAddress = (address: number): boolean =>
  Number.isInteger(address) && address >= 0 && address <= 0xffffffff;
export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 0xffff;

/** Whether a datagram goes to more than one machine, as far as it shows: then all matching sockets get it. */
export const isGroupTarget = (target: Ipv4Address): boolean => isMulticast(target) || isLimitedBroadcast(target);

/** A port in a transport header: source at 0, target at 2. */
export const portAt = (skb: SkBuff, offset: 0 | 2): number => u16(skb.bytes, skb.transportHeader + offset);
