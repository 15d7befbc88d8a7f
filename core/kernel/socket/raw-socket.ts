/**
 * Raw IPv4 sockets, raw(7) and net/ipv4/raw.c: they get a copy of every datagram of their protocol, IP header included,
 * and send datagrams under a header of the kernel's or, with IP_HDRINCL, of their own. Left out: IGMP's special cases.
 */
import { copyBytes, u8 } from "../../base/bytes.ts";
import { IPV4_ANY } from "../../wire/address.ts";
import { IPPROTO_ICMP, IPV4_HEADER_BYTES, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import type { IcmpError, RawHook } from "../net/protocol.ts";
import type { Route } from "../net/route.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import { ICMP_FILTER, IP, MSG, SOL, type OptionResult, type OptionValue, type SocketAddress } from "../syscall/sys.ts";
import { countIcmpOut } from "./icmp-counters.ts";
import { InetSocket, type InetServices } from "./inet-socket.ts";
import { IP_DATAGRAM_BYTES_MAX } from "./limits.ts";
import type { SocketSettings } from "./socket.ts";
import { inetInfo } from "./udp-socket.ts";

/** Sends only, with its own header. */
const IPPROTO_RAW = 255;

export class RawSocket extends InetSocket {
  readonly #table: RawTable;
  #hasOwnHeader: boolean;
  /** Bit set of ICMP types not wanted. */
  #icmpFilter = 0;

  constructor(services: InetServices, settings: SocketSettings, table: RawTable) {
    super(services, settings);
    this.#table = table;
    this.#hasOwnHeader = settings.protocol === IPPROTO_RAW;
    table.add(this);
  }

  /** The protocol is all a raw socket is found by; the port field means nothing. */
  protected override hash(): number {
    this.localPort = 0;
    return 0;
  }

  protected override unhash(): void {
    if (this.isClosed) this.#table.remove(this);
  }

  /** raw_v4_match and icmp_filter: whether a received datagram is for this socket. */
  wants(skb: SkBuff): boolean {
    const bytes = skb.bytes;
    if (this.boundAddress !== IPV4_ANY && this.boundAddress !== ipv4Target(bytes, skb.networkHeader)) return false;
    if (this.isConnected && this.remoteAddress !== ipv4Source(bytes, skb.networkHeader)) return false;
    if (this.device !== 0 && this.device !== skb.deviceIndex) return false;
    if (this.protocol !== IPPROTO_ICMP || this.#icmpFilter === 0 || skb.headLength === 0) return true;
    const type = u8(bytes, skb.data);
    return type >= 32 || ((this.#icmpFilter >>> type) & 1) === 0;
  }

  /** Whether a quoted packet may be one of this socket's. */
  sent(skb: SkBuff): boolean {
    const bytes = skb.bytes;
    if (this.boundAddress !== IPV4_ANY && this.boundAddress !== ipv4Source(bytes, skb.networkHeader)) return false;
    return !this.isConnected || this.remoteAddress === ipv4Target(bytes, skb.networkHeader);
  }

  /** raw_sendmsg. */
  override send(bytes: Uint8Array, flags: number, to: SocketAddress | null): number {
    if (bytes.length > IP_DATAGRAM_BYTES_MAX) return -E.EMSGSIZE;
    if ((flags & MSG.OOB) !== 0) return -E.EOPNOTSUPP;
    const checked = this.checkTarget(to);
    if (checked < 0) return checked;
    if (this.error !== 0) return this.takeError();
    if (this.isSendShut) return -E.EPIPE;
    const route = this.routeTo(this.target);
    if (typeof route === "number") return route;
    if (route.type === "broadcast" && !this.broadcast) return -E.EACCES;
    if (this.sendMemory.used >= this.sendBufferBytes) return -E.EAGAIN;
    const result = this.#hasOwnHeader ? this.#sendAsIs(bytes, route) : this.#sendPayload(bytes, route);
    return result === 0 ? bytes.length : result;
  }

  #sendPayload(bytes: Uint8Array, route: Route): number {
    const total = IPV4_HEADER_BYTES + bytes.length;
    if (total > IP_DATAGRAM_BYTES_MAX) return -E.EMSGSIZE;
    const tooLong = this.checkLength(route, total, bytes);
    if (tooLong < 0) return tooLong;
    const options = this.prepareHeader(route, total);
    const skb = this.#packet(bytes);
    if (this.protocol === IPPROTO_ICMP && bytes.length > 0) countIcmpOut(this.core.snmp, u8(bytes, 0));
    return this.transmit(skb, route, options);
  }

  /** raw_send_hdrinc. */
  #sendAsIs(bytes: Uint8Array, route: Route): number {
    if (bytes.length < IPV4_HEADER_BYTES) return -E.EINVAL;
    const headerBytes = (u8(bytes, 0) & 15) * 4;
    if (headerBytes < IPV4_HEADER_BYTES || headerBytes > bytes.length) return -E.EINVAL;
    // Own headers are not fragmented by the kernel.
    if (bytes.length > route.device.mtu) return -E.EMSGSIZE;
    const skb = this.#packet(bytes);
    skb.networkHeader = skb.data;
    this.charge(skb, route);
    const result = this.ip.sendWithHeader(skb, route);
    return result === -E.ENOBUFS && !this.ipOptions.receivesErrors ? 0 : result;
  }

  #packet(bytes: Uint8Array): SkBuff {
    const skb = this.core.skbs.alloc(bytes.length);
    const at = skb.put(bytes.length);
    copyBytes(bytes, 0, skb.bytes, at, bytes.length);
    skb.transportHeader = at;
    return skb;
  }

  override setOption(level: number, option: number, value: OptionValue): number {
    if (level === SOL.IP && option === IP.HDRINCL) {
      if (typeof value !== "number") return -E.EINVAL;
      this.#hasOwnHeader = value !== 0;
      return 0;
    }
    if (level === SOL.RAW && option === ICMP_FILTER) {
      if (this.protocol !== IPPROTO_ICMP) return -E.EOPNOTSUPP;
      if (typeof value !== "number") return -E.EINVAL;
      this.#icmpFilter = value >>> 0;
      return 0;
    }
    return super.setOption(level, option, value);
  }

  override getOption(level: number, option: number): OptionResult {
    if (level === SOL.IP && option === IP.HDRINCL) return { value: Number(this.#hasOwnHeader) };
    if (level === SOL.RAW && option === ICMP_FILTER) return { value: this.#icmpFilter };
    return super.getOption(level, option);
  }

  override info(): Omit<SocketInfo, "process"> {
    // ss shows the protocol where other sockets have their port.
    const info = inetInfo(this, "raw", this.isConnected ? "ESTAB" : "UNCONN");
    return { ...info, local: { address: this.boundAddress, port: this.protocol } };
  }
}

/** All raw sockets by protocol. */
export class RawTable implements RawHook {
  readonly #protocols = new Map<number, RawSocket[]>();
  /** Sockets in there: mostly none, and then nobody looks for one for each packet. */
  #count = 0;
  readonly #services: InetServices;

  constructor(services: InetServices) {
    this.#services = services;
    services.ip.rawHook = this;
  }

  add(socket: RawSocket): void {
    this.#count++;
    const sockets = this.#protocols.get(socket.protocol);
    if (sockets === undefined) this.#protocols.set(socket.protocol, [socket]);
    else sockets.push(socket);
  }

  remove(socket: RawSocket): void {
    const sockets = this.#protocols.get(socket.protocol);
    const at = sockets?.indexOf(socket) ?? -1;
    if (sockets === undefined || at < 0) return;
    this.#count--;
    sockets.splice(at, 1);
    if (sockets.length === 0) this.#protocols.delete(socket.protocol);
  }

  deliver(skb: SkBuff, protocol: number): boolean {
    if (this.#count === 0) return false;
    const sockets = this.#protocols.get(protocol);
    if (sockets === undefined) return false;
    let taken = false;
    for (const socket of sockets) {
      if (!socket.wants(skb)) continue;
      taken = true;
      const twin = this.#services.ip.core.skbs.clone(skb);
      twin.push(twin.data - twin.networkHeader);
      socket.enqueue(twin, 0);
    }
    return taken;
  }

  error(skb: SkBuff, protocol: number, error: IcmpError): void {
    for (const socket of this.#protocols.get(protocol) ?? []) {
      if (socket.sent(skb)) socket.icmpError(skb, error, 0);
    }
  }
}
