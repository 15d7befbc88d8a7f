/**
 * Ping sockets: SOCK_DGRAM with IPPROTO_ICMP, net/ipv4/ping.c. They send echo requests under an identifier that the
 * kernel owns, and get the replies to it; identifier and checksum of what a program writes are overwritten.
 * Left out: the ping_group_range sysctl (everybody is root), and receiving own errors without IP_RECVERR.
 */
import { copyBytes, put16, u16, u8 } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import { IPV4_ANY } from "../../wire/address.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_TYPE, sealIcmp } from "../../wire/icmp.ts";
import { IPV4_HEADER_BYTES, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import type { EchoReplyHook, IcmpError } from "../net/protocol.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import { MSG, type SocketAddress } from "../syscall/sys.ts";
import { countIcmpOut } from "./icmp-counters.ts";
import { InetSocket, type InetServices } from "./inet-socket.ts";
import { IP_DATAGRAM_BYTES_MAX } from "./limits.ts";
import type { SocketSettings } from "./socket.ts";
import { inetInfo } from "./udp-socket.ts";

export class PingSocket extends InetSocket {
  readonly #table: PingTable;

  constructor(services: InetServices, settings: SocketSettings, table: PingTable) {
    super(services, settings);
    this.#table = table;
  }

  protected override hash(): number {
    return this.#table.bind(this);
  }

  protected override unhash(): void {
    this.#table.unbind(this);
  }

  /** ping_v4_sendmsg. */
  override send(bytes: Uint8Array, flags: number, to: SocketAddress | null): number {
    if (bytes.length > IP_DATAGRAM_BYTES_MAX - IPV4_HEADER_BYTES) return -E.EMSGSIZE;
    if (bytes.length < ICMP_HEADER_BYTES) return -E.EINVAL;
    if ((flags & MSG.OOB) !== 0) return -E.EOPNOTSUPP;
    if (u8(bytes, ICMP.type) !== ICMP_TYPE.ECHO || u8(bytes, ICMP.code) !== 0) return -E.EINVAL;
    const checked = this.checkTarget(to);
    if (checked < 0) return checked;
    if (this.error !== 0) return this.takeError();
    if (this.isSendShut) return -E.EPIPE;
    if (this.localPort === 0) {
      const bound = this.hash();
      if (bound < 0) return bound;
    }
    const route = this.routeTo(this.target);
    if (typeof route === "number") return route;
    if (route.type === "broadcast" && !this.broadcast) return -E.EACCES;
    const total = IPV4_HEADER_BYTES + bytes.length;
    const tooLong = this.checkLength(route, total, bytes);
    if (tooLong < 0) return tooLong;
    if (this.sendMemory.used >= this.sendBufferBytes) return -E.EAGAIN;
    const skb = this.#packet(bytes);
    countIcmpOut(this.core.snmp, ICMP_TYPE.ECHO);
    const result = this.transmit(skb, route, this.prepareHeader(route, total));
    return result === 0 ? bytes.length : result;
  }

  #packet(bytes: Uint8Array): SkBuff {
    const skb = this.core.skbs.alloc(bytes.length);
    const at = skb.put(bytes.length);
    copyBytes(bytes, 0, skb.bytes, at, bytes.length);
    put16(skb.bytes, at + ICMP.id, this.localPort);
    sealIcmp(skb.bytes, at, bytes.length);
    skb.transportHeader = at;
    return skb;
  }

  override info(): Omit<SocketInfo, "process"> {
    return inetInfo(this, "icmp", this.isConnected ? "ESTAB" : "UNCONN");
  }
}

/** All ping sockets by identifier. */
export class PingTable implements EchoReplyHook {
  readonly #identifiers = new Map<number, PingSocket>();
  #random: Random | null = null;
  readonly #services: InetServices;

  constructor(services: InetServices) {
    this.#services = services;
    services.ip.icmp.echoReplyHook = this;
  }

  /** Takes the identifier in `localPort`, or a free one when it is 0. @returns 0 or -EADDRINUSE. */
  bind(socket: PingSocket): number {
    if (socket.localPort === 0) {
      if (this.#identifiers.size >= 0xffff) return -E.EADDRINUSE;
      this.#random ??= this.#services.ip.core.random("ping/identifiers");
      let identifier = 1 + this.#random.below(0xffff);
      while (this.#identifiers.has(identifier)) identifier = (identifier % 0xffff) + 1;
      socket.localPort = identifier;
    } else if (this.#identifiers.has(socket.localPort)) return -E.EADDRINUSE;
    this.#identifiers.set(socket.localPort, socket);
    return 0;
  }

  unbind(socket: PingSocket): void {
    if (this.#identifiers.get(socket.localPort) === socket) this.#identifiers.delete(socket.localPort);
  }

  deliver(skb: SkBuff): boolean {
    const socket = this.#identifiers.get(u16(skb.bytes, skb.data + ICMP.id));
    if (socket === undefined) return false;
    const target = ipv4Target(skb.bytes, skb.networkHeader);
    if (socket.boundAddress !== IPV4_ANY && socket.boundAddress !== target) return false;
    if (socket.isConnected && socket.remoteAddress !== ipv4Source(skb.bytes, skb.networkHeader)) return false;
    if (socket.device !== 0 && socket.device !== skb.deviceIndex) return false;
    socket.enqueue(this.#services.ip.core.skbs.clone(skb), 0);
    return true;
  }

  error(skb: SkBuff, error: IcmpError): void {
    const socket = this.#identifiers.get(u16(skb.bytes, skb.data + ICMP.id));
    if (socket !== undefined) socket.icmpError(skb, error, 0);
  }
}
