/**
 * The network layer of one machine, put together: addresses, routes, neighbours, IPv4 input, forwarding and output,
 * reassembly, ICMP and the packet filter queue. Devices are below (`DeviceTable`), transports above (`IpProtocol`).
 * A packet received goes input -> (reassembly -> protocol | forward -> output); one sent goes output -> neighbour.
 * Left out: IPv6, multicast routing, policy routing, IPsec, packet filter tables.
 */
import type { VirtualTime } from "../../base/time.ts";
import { IPV4_LOOPBACK, type Ipv4Address } from "../../wire/address.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import { IPPROTO_ICMP } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { DeviceObserver, NetDevice } from "../device/net-device.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { NetlinkReply, NetlinkRequest, RouteInfo, RouteSpec } from "../syscall/netlink.ts";
import type { SysctlObserver } from "../sysctl.ts";
import { AddressTable } from "./addresses.ts";
import { ArpHandler } from "./arp.ts";
import { addConnectedRoutes, removeConnectedRoutes, restoreConnectedRoutes } from "./connected-routes.ts";
import type { DeviceTable } from "./device-table.ts";
import { FastForward } from "./fast-forward.ts";
import { Fib } from "./fib.ts";
import { IpForward } from "./forward.ts";
import { IcmpSender } from "./icmp-send.ts";
import { Icmp, type ErrorSink } from "./icmp.ts";
import { IpInput } from "./input.ts";
import { IpQueue } from "./ip-queue.ts";
import { IpSysctls } from "./ip-sysctls.ts";
import type { Neighbour } from "./neighbour.ts";
import { NeighbourTable, type NeighbourResolver } from "./neighbour-table.ts";
import { handleNetRequest } from "./net-requests.ts";
import { IpOutput } from "./output.ts";
import { PeerTable } from "./peers.ts";
import type { FlowKey, IcmpError, IpProtocol, RawHook, SendOptions } from "./protocol.ts";
import { Reassembly } from "./reassembly.ts";
import type { Route, RouteType } from "./route.ts";
import { RouteExceptions } from "./route-exceptions.ts";
import { LOOPBACK_INDEX, Routing } from "./routing.ts";

export class IpStack implements DeviceObserver, NeighbourResolver, ErrorSink, SysctlObserver {
  readonly core: KernelCore;
  readonly devices: DeviceTable;
  readonly sysctls: IpSysctls;
  readonly addresses = new AddressTable();
  readonly fib: Fib;
  readonly exceptions: RouteExceptions;
  readonly routing: Routing;
  readonly neighbours: NeighbourTable;
  readonly arp: ArpHandler;
  readonly peers = new PeerTable();
  readonly output: IpOutput;
  readonly icmp: Icmp;
  readonly ipQueue: IpQueue;
  readonly reassembly: Reassembly;
  readonly forward: IpForward;
  readonly input: IpInput;
  readonly #shortcut: FastForward;

  constructor(core: KernelCore, devices: DeviceTable) {
    this.core = core;
    this.devices = devices;
    const sysctls = new IpSysctls(core.sysctls);
    const { addresses, peers } = this;
    const neighbours = new NeighbourTable(core);
    const fib = new Fib(devices, addresses);
    const exceptions = new RouteExceptions(sysctls);
    const routing = new Routing(core, { devices, addresses, fib, exceptions });
    const output = new IpOutput(core, { devices, addresses, neighbours, sysctls });
    const sender = new IcmpSender(core, { routing, output, peers, sysctls });
    const queue = new IpQueue(core, devices, sysctls);
    const reassembly = new Reassembly(core, { sysctls, peers, icmp: sender });
    const forward = new IpForward(core, { routing, output, icmp: sender, queue, sysctls });
    this.sysctls = sysctls;
    this.neighbours = neighbours;
    this.fib = fib;
    this.exceptions = exceptions;
    this.routing = routing;
    this.output = output;
    this.ipQueue = queue;
    this.reassembly = reassembly;
    this.forward = forward;
    this.arp = new ArpHandler(core, { addresses, neighbours, sysctls });
    this.icmp = new Icmp(core, { routing, exceptions, output, sender, sysctls, errors: this });
    this.input = new IpInput(core, { addresses, routing, forward, output, reassembly, icmp: sender, sysctls });
    output.install(sender);
    neighbours.install(this);
    queue.install(forward);
    this.registerProtocol(IPPROTO_ICMP, this.icmp);
    this.#shortcut = new FastForward(core.snmp, { addresses, routing, queue, sysctls, netCore: core.netCore });
    core.sysctls.observe(this);
    devices.addHandler(ETHERTYPE_IPV4, this.input);
    devices.addHandler(ETHERTYPE_ARP, this.arp);
    devices.observe(this);
  }

  // For transports.

  registerProtocol(protocol: number, handler: IpProtocol): void {
    this.input.register(protocol, handler);
  }

  get rawHook(): RawHook | null {
    return this.input.rawHook;
  }

  set rawHook(hook: RawHook | null) {
    this.input.rawHook = hook;
  }

  /** Moves with every change of addresses, routes, devices or learned MTUs: routes made before are asked for again. */
  get generation(): number {
    return this.routing.generation;
  }

  /** A cached route, or -ENETUNREACH, -EHOSTUNREACH, -EINVAL, -EACCES, -ENODEV (ip_route_output_key). */
  routeOutput(key: FlowKey): Route | number {
    return this.routing.output(key);
  }

  /** True while a route kept by a socket may still be used without asking again. */
  isCurrent(route: Route): boolean {
    return route.generation === this.routing.generation && !(route.mayExpire && this.core.engine.now >= route.expires);
  }

  /**
   * Puts the IP header in front of `skb`, whose `data` is at the transport header with headroom before it, and sends
   * it, in fragments where needed. Owns the packet in every case.
   * @returns 0, -EMSGSIZE (DF set and larger than the path MTU, or over 65,535 bytes), -EINVAL (options), -ENETDOWN,
   * and -ENOBUFS when the queueing discipline or the neighbour table had no room.
   */
  send(skb: SkBuff, route: Route, options: SendOptions): number {
    return this.output.send(skb, route, options);
  }

  /**
   * For IP_HDRINCL: `data` is at a header the program wrote; total length, checksum, and zero source and id are filled
   * in.
   */
  sendWithHeader(skb: SkBuff, route: Route): number {
    return this.output.sendWithHeader(skb, route);
  }

  /** What kind of address this is to this machine (inet_addr_type): for bind(2) and broadcast checks. */
  addressType(address: Ipv4Address): RouteType {
    return this.routing.addressType(address);
  }

  /** Upper-layer advice that the next hop answers (dst_confirm_neigh). */
  confirm(route: Route): void {
    route.neighbour?.confirm();
  }

  // Configuration.

  /** @returns 0 or -EEXIST, -EINVAL, -ENODEV, -ENOBUFS. */
  addAddress(device: string, address: Ipv4Address, prefixLength: number): number {
    const found = this.devices.byName(device);
    if (!found) return -E.ENODEV;
    const entry = this.addresses.add(found, address, prefixLength);
    if (typeof entry === "number") return entry;
    addConnectedRoutes(this.fib, entry);
    this.routing.invalidate();
    if (this.sysctls.arpNotify === 1 && found.isUp && !found.isLoopback) this.arp.announce(found, address);
    return 0;
  }

  /** 127.0.0.1/8 on `lo`, as the kernel itself does when `lo` comes up without an address. */
  addLoopback(): void {
    const loopback = this.devices.byIndex(LOOPBACK_INDEX);
    if (loopback && this.addresses.on(loopback).length === 0) this.addAddress(loopback.name, IPV4_LOOPBACK, 8);
  }

  /** @returns 0 or -EADDRNOTAVAIL, -ENODEV. */
  removeAddress(device: string, address: Ipv4Address, prefixLength: number): number {
    const found = this.devices.byName(device);
    if (!found) return -E.ENODEV;
    const gone = this.addresses.remove(found, address, prefixLength);
    for (const entry of gone) removeConnectedRoutes(this.fib, this.addresses, entry);
    // Without an address IP is off on the interface, and nothing leads over it any more (fib_disable_ip).
    if (gone.length > 0 && this.addresses.on(found).length === 0) {
      this.fib.flushDevice(found);
      this.neighbours.flush(found);
    }
    this.routing.invalidate();
    return gone.length > 0 ? 0 : -E.EADDRNOTAVAIL;
  }

  /** @returns 0 or -EEXIST, -EINVAL, -ENETUNREACH (gateway not on a link), -ENETDOWN, -ENODEV. */
  addRoute(spec: RouteSpec, protocol: RouteInfo["protocol"] = "boot", replace = false): number {
    const result = this.fib.add(spec, protocol, replace);
    if (result === 0) this.routing.invalidate();
    return result;
  }

  /** @returns 0 or -ESRCH. */
  removeRoute(spec: RouteSpec): number {
    const result = this.fib.remove(spec);
    if (result === 0) this.routing.invalidate();
    return result;
  }

  /** address-*, route-* and neighbour-* requests; null for those of others. */
  handleNetRequest(request: NetlinkRequest): NetlinkReply | number | null {
    return handleNetRequest(this, request);
  }

  // What others call back.

  deviceChanged(device: NetDevice, what: "up" | "down" | "carrier" | "no-carrier" | "mtu"): void {
    if (!this.core.alive) return;
    switch (what) {
      case "up":
        this.#deviceUp(device);
        break;
      case "down":
        // As in Linux, static routes over the device are gone for good; those of its addresses come back with it.
        this.fib.flushDevice(device);
        this.neighbours.flush(device);
        break;
      case "no-carrier":
        this.neighbours.flush(device);
        break;
      case "carrier":
        if (this.sysctls.arpNotify === 1) this.#announceAll(device);
        break;
      case "mtu":
        break;
    }
    this.routing.invalidate();
  }

  sysctlsChanged(): void {
    this.devices.shortcut = this.#shortcut.isAllowed ? this.#shortcut : null;
  }

  solicit(neighbour: Neighbour, direct: boolean): void {
    this.arp.solicit(neighbour, direct);
  }

  reportUnreachable(skb: SkBuff): void {
    this.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.HOST_UNREACH, 0);
  }

  protocolError(skb: SkBuff, protocol: number, error: IcmpError): void {
    this.rawHook?.error(skb, protocol, error);
    this.input.protocol(protocol)?.error(skb, error);
  }

  // Life.

  /** Packets held by neighbours, reassembly and the packet filter queue. */
  queuedPackets(): number {
    return this.neighbours.queuedPackets() + this.reassembly.queuedPackets() + this.ipQueue.queuedPackets();
  }

  checkInvariants(): void {
    this.neighbours.checkInvariants();
    this.reassembly.checkInvariants();
    this.ipQueue.checkInvariants();
  }

  /** The machine is gone: frees all it holds, and is silent from now on. */
  shutdown(): void {
    this.neighbours.shutdown();
    this.reassembly.shutdown();
    this.ipQueue.shutdown();
  }

  get now(): VirtualTime {
    return this.core.engine.now;
  }

  #deviceUp(device: NetDevice): void {
    restoreConnectedRoutes(this.fib, this.addresses, device);
    if (device.isLoopback) this.addLoopback();
    if (this.sysctls.arpNotify === 1) this.#announceAll(device);
  }

  #announceAll(device: NetDevice): void {
    if (device.isLoopback || !device.isUp) return;
    for (const entry of this.addresses.on(device)) this.arp.announce(device, entry.address);
  }
}
