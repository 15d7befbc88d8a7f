/**
 * A UDP socket, udp(7) and net/ipv4/udp.c's sendmsg half. Left out: MSG_MORE corking, UDP_SEGMENT, UDP_GRO, early
 * demux.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes, put16, u16 } from "../../base/bytes.ts";
import type { Nanoseconds } from "../../base/time.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { IPPROTO_UDP, IPV4_HEADER_BYTES } from "../../wire/ipv4.ts";
import { UDP, UDP_HEADER_BYTES } from "../../wire/udp.ts";
import type { Route } from "../net/route.ts";
import { CHECKSUM_PARTIAL, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import { MSG, type SocketAddress } from "../syscall/sys.ts";
import { InetSocket, portAt, type InetServices } from "./inet-socket.ts";
import { UDP_PAYLOAD_BYTES_MAX } from "./limits.ts";
import type { SocketSettings } from "./socket.ts";
import type { UdpTable } from "./udp.ts";

export class UdpSocket extends InetSocket {
  readonly #table: UdpTable;

  constructor(services: InetServices, settings: SocketSettings, table: UdpTable) {
    super(services, settings);
    this.#table = table;
  }

  protected override hash(): number {
    return this.#table.bind(this);
  }

  protected override unhash(): void {
    this.#table.unbind(this);
  }

  override sendPrice(bytes: number): Nanoseconds {
    const costs = this.core.costs;
    if (costs.udpSend === 0) return 0;
    const route = this.isConnected ? this.routeTo(this.remoteAddress) : 0;
    const offloaded = typeof route === "number" || route.device.txChecksumOffload;
    return costs.udpSend + (offloaded ? 0 : Math.floor((costs.checksumKib * bytes) / 1024));
  }

  /** udp_sendmsg. */
  override send(bytes: Uint8Array, flags: number, to: SocketAddress | null): number {
    const length = bytes.length;
    if (length > UDP_PAYLOAD_BYTES_MAX) return -E.EMSGSIZE;
    if ((flags & MSG.OOB) !== 0) return -E.EOPNOTSUPP;
    const checked = this.checkTarget(to);
    if (checked < 0) return checked;
    if (this.targetPort === 0) return -E.EINVAL;
    if (this.error !== 0) return this.takeError();
    if (this.isSendShut) return -E.EPIPE;
    if (this.localPort === 0) {
      const bound = this.hash();
      if (bound < 0) return bound;
    }
    const route = this.routeTo(this.target);
    if (typeof route === "number") return this.#unroutable(route);
    if (route.type === "broadcast" && !this.broadcast) return -E.EACCES;
    const total = IPV4_HEADER_BYTES + UDP_HEADER_BYTES + length;
    const tooLong = this.checkLength(route, total, bytes);
    if (tooLong < 0) return tooLong;
    if (this.sendMemory.used >= this.sendBufferBytes) return -E.EAGAIN;
    return this.#emit(bytes, route, total);
  }

  #unroutable(error: number): number {
    if (error === -E.ENETUNREACH) this.core.snmp.ip.OutNoRoutes++;
    return error;
  }

  /** udp_send_skb. */
  #emit(bytes: Uint8Array, route: Route, total: number): number {
    const core = this.core;
    const udpLength = bytes.length + UDP_HEADER_BYTES;
    const options = this.prepareHeader(route, total);
    const skb = core.skbs.alloc(udpLength);
    const at = skb.put(udpLength);
    const head = skb.bytes;
    copyBytes(bytes, 0, head, at + UDP_HEADER_BYTES, bytes.length);
    put16(head, at + UDP.sourcePort, this.localPort);
    put16(head, at + UDP.targetPort, this.targetPort);
    put16(head, at + UDP.length, udpLength);
    skb.transportHeader = at;
    // A device sums one packet: what will be cut into fragments is summed here.
    const isOffloaded = route.device.txChecksumOffload && total <= route.mtu;
    putChecksum(skb, pseudoHeaderSum(options.source, options.target, IPPROTO_UDP, udpLength), isOffloaded);
    core.snmp.udp.OutDatagrams++;
    const result = this.transmit(skb, route, options);
    if (result === 0) return bytes.length;
    core.snmp.udp.OutDatagrams--;
    if (result === -E.ENOBUFS) core.snmp.udp.SndbufErrors++;
    return result;
  }

  protected override delivered(_skb: SkBuff): void {
    this.core.snmp.udp.InDatagrams++;
  }

  protected override sourcePort(skb: SkBuff): number {
    return portAt(skb, 0);
  }

  protected override quotedPort(skb: SkBuff): number {
    return portAt(skb, 2);
  }

  override info(): Omit<SocketInfo, "process"> {
    return inetInfo(this, "udp", this.isConnected ? "ESTAB" : "UNCONN");
  }

  override checkInvariants(): void {
    super.checkInvariants();
    assert(!this.isConnected || this.localPort !== 0, "a connected socket has a port");
  }
}

/** Leaves the checksum to the device, or computes it. */
function putChecksum(skb: SkBuff, pseudo: number, isOffloaded: boolean): void {
  const at = skb.transportHeader;
  const head = skb.bytes;
  if (isOffloaded) {
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.checksumStart = at;
    skb.checksumOffset = UDP.checksum;
    put16(head, at + UDP.checksum, ~checksumFold(pseudo) & 0xffff);
    return;
  }
  put16(head, at + UDP.checksum, 0);
  const sum = checksumFold(checksumPartial(head, at, u16(head, at + UDP.length), pseudo));
  // 0 would mean that there is no checksum (RFC 768).
  put16(head, at + UDP.checksum, sum === 0 ? 0xffff : sum);
}

/** What `ss` shows of an IPv4 socket. */
export function inetInfo(
  socket: InetSocket,
  protocol: SocketInfo["protocol"],
  state: string,
): Omit<SocketInfo, "process"> {
  const at = (address: Ipv4Address, port: number): SocketInfo["local"] => ({ address, port });
  return {
    protocol,
    state,
    local: at(socket.boundAddress, socket.localPort),
    peer: at(socket.remoteAddress, socket.remotePort),
    receiveQueueBytes: socket.receiveMemory.used,
    sendQueueBytes: socket.sendMemory.used,
    receiveBufferBytes: socket.receiveBufferBytes,
    sendBufferBytes: socket.sendBufferBytes,
    drops: socket.drops,
    inode: socket.inode,
    deviceIndex: socket.device,
  };
}
