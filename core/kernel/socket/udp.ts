/**
 * UDP's receive half: which socket a datagram is for (net/ipv4/udp.c, __udp4_lib_lookup and __udp4_lib_rcv), and which
 * ports are taken. RFC 768 and RFC 1122, section 4.1.
 * Left out: a hash by address (sockets are found by port alone), UDP-Lite, encapsulation, early demux.
 */
import { assert } from "../../base/assert.ts";
import { u16 } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import { IPV4_ANY, type Ipv4Address } from "../../wire/address.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../wire/icmp.ts";
import { IPPROTO_UDP, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import { UDP, UDP_HEADER_BYTES } from "../../wire/udp.ts";
import type { KernelCore } from "../core.ts";
import type { IcmpError, IpProtocol } from "../net/protocol.ts";
import { CHECKSUM_NONE, PACKET_BROADCAST, PACKET_MULTICAST, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { isGroupTarget, type IpPort } from "./inet-socket.ts";
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from "./limits.ts";
import type { UdpSocket } from "./udp-socket.ts";

/** What a socket is looked up by. One record, filled in per packet. */
interface Tuple {
  source: Ipv4Address;
  sourcePort: number;
  target: Ipv4Address;
  targetPort: number;
  device: number;
}

const NO_MATCH = -1;

export class UdpTable implements IpProtocol {
  readonly #core: KernelCore;
  readonly #ip: IpPort;
  readonly #random: Random;
  /** Newest first, as Linux's hash chains are: among equals the newest gets the packet. */
  readonly #ports = new Map<number, UdpSocket[]>();
  readonly #tuple: Tuple = { source: IPV4_ANY, sourcePort: 0, target: IPV4_ANY, targetPort: 0, device: 0 };
  /** Differs per machine, so that SO_REUSEPORT groups do not split alike everywhere. */
  readonly #hashSeed: number;

  constructor(ip: IpPort) {
    this.#core = ip.core;
    this.#ip = ip;
    this.#random = ip.core.random("udp/ports");
    this.#hashSeed = this.#random.next32();
    ip.registerProtocol(IPPROTO_UDP, this);
  }

  /** udp_v4_get_port: takes `localPort`, or a free ephemeral one when it is 0. @returns 0, -EADDRINUSE or -EAGAIN. */
  bind(socket: UdpSocket): number {
    if (socket.localPort === 0) {
      const port = this.#ephemeral(socket);
      if (port === 0) return -E.EAGAIN;
      socket.localPort = port;
    } else if (this.#conflicts(socket, socket.localPort)) return -E.EADDRINUSE;
    const port = socket.localPort;
    const sockets = this.#ports.get(port);
    if (sockets === undefined) this.#ports.set(port, [socket]);
    else sockets.unshift(socket);
    return 0;
  }

  unbind(socket: UdpSocket): void {
    const sockets = this.#ports.get(socket.localPort);
    const at = sockets?.indexOf(socket) ?? -1;
    if (sockets === undefined || at < 0) return;
    sockets.splice(at, 1);
    if (sockets.length === 0) this.#ports.delete(socket.localPort);
  }

  #ephemeral(socket: UdpSocket): number {
    const count = EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1;
    const first = this.#random.below(count);
    for (let i = 0; i < count; i++) {
      const port = EPHEMERAL_PORT_MIN + ((first + i) % count);
      if (!this.#ports.has(port) || !this.#conflicts(socket, port)) return port;
    }
    return 0;
  }

  /** udp_lib_lport_inuse: whether another socket keeps this one off the port. */
  #conflicts(socket: UdpSocket, port: number): boolean {
    for (const other of this.#ports.get(port) ?? []) {
      if (other.reuseAddress && socket.reuseAddress) continue;
      if (other.device !== 0 && socket.device !== 0 && other.device !== socket.device) continue;
      const sameAddress =
        other.boundAddress === IPV4_ANY ||
        socket.boundAddress === IPV4_ANY ||
        other.boundAddress === socket.boundAddress;
      if (sameAddress && !(other.reusePort && socket.reusePort)) return true;
    }
    return false;
  }

  /** udp_rcv. */
  receive(skb: SkBuff): void {
    const core = this.#core;
    const snmp = core.snmp.udp;
    if (core.costs.udpReceive > 0) core.cpu.charge(core.costs.udpReceive);
    if (skb.frags !== null) core.skbs.linearize(skb);
    const bytes = skb.bytes;
    const at = skb.data;
    const length = skb.headLength >= UDP_HEADER_BYTES ? u16(bytes, at + UDP.length) : 0;
    if (length < UDP_HEADER_BYTES || length > skb.length) {
      snmp.InErrors++;
      core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    if (length < skb.length) skb.trim(length);
    if (!this.#checksumHolds(skb, length)) {
      snmp.InCsumErrors++;
      snmp.InErrors++;
      core.drop(skb, "UDP_CSUM");
      return;
    }
    const tuple = this.#tuple;
    tuple.source = ipv4Source(bytes, skb.networkHeader);
    tuple.target = ipv4Target(bytes, skb.networkHeader);
    tuple.sourcePort = u16(bytes, at + UDP.sourcePort);
    tuple.targetPort = u16(bytes, at + UDP.targetPort);
    tuple.device = skb.deviceIndex;
    skb.transportHeader = at;
    if (skb.packetType === PACKET_BROADCAST || skb.packetType === PACKET_MULTICAST || isGroupTarget(tuple.target)) {
      this.#deliverToAll(skb, tuple);
      return;
    }
    const socket = this.#lookup(tuple);
    if (socket === null) this.#unwanted(skb);
    else this.#deliver(socket, skb);
  }

  error(skb: SkBuff, error: IcmpError): void {
    const bytes = skb.bytes;
    const tuple = this.#tuple;
    // The quoted packet is one of ours: its target is the sender of what the socket would receive.
    tuple.source = ipv4Target(bytes, skb.networkHeader);
    tuple.target = ipv4Source(bytes, skb.networkHeader);
    tuple.sourcePort = u16(bytes, skb.data + UDP.targetPort);
    tuple.targetPort = u16(bytes, skb.data + UDP.sourcePort);
    tuple.device = skb.deviceIndex;
    const socket = this.#lookup(tuple);
    if (socket === null) this.#core.snmp.icmp.InErrors++;
    else socket.icmpError(skb, error, UDP_HEADER_BYTES);
  }

  #checksumHolds(skb: SkBuff, length: number): boolean {
    if (skb.ipSummed !== CHECKSUM_NONE) return true;
    const bytes = skb.bytes;
    if (u16(bytes, skb.data + UDP.checksum) === 0) return true;
    const costs = this.#core.costs;
    if (costs.checksumKib > 0) this.#core.cpu.charge(Math.floor((costs.checksumKib * length) / 1024));
    const source = ipv4Source(bytes, skb.networkHeader);
    const target = ipv4Target(bytes, skb.networkHeader);
    const pseudo = pseudoHeaderSum(source, target, IPPROTO_UDP, length);
    return checksumFold(checksumPartial(bytes, skb.data, length, pseudo)) === 0;
  }

  #deliver(socket: UdpSocket, skb: SkBuff): void {
    skb.pull(UDP_HEADER_BYTES);
    if (socket.enqueue(skb, 1)) return;
    this.#core.snmp.udp.RcvbufErrors++;
    this.#core.snmp.udp.InErrors++;
  }

  #unwanted(skb: SkBuff): void {
    this.#core.snmp.udp.NoPorts++;
    this.#ip.icmp.send(skb, ICMP_TYPE.DEST_UNREACH, ICMP_UNREACH.PORT_UNREACH, 0);
    this.#core.drop(skb, "NO_SOCKET");
  }

  /** __udp4_lib_mcast_deliver: everybody whom it may concern gets a copy. */
  #deliverToAll(skb: SkBuff, tuple: Tuple): void {
    const matching = (this.#ports.get(tuple.targetPort) ?? []).filter((socket) => score(socket, tuple) !== NO_MATCH);
    const last = matching.pop();
    if (last === undefined) {
      this.#core.snmp.udp.IgnoredMulti++;
      this.#core.drop(skb, "NO_SOCKET");
      return;
    }
    for (const socket of matching) this.#deliver(socket, this.#core.skbs.clone(skb));
    this.#deliver(last, skb);
  }

  #lookup(tuple: Tuple): UdpSocket | null {
    const sockets = this.#ports.get(tuple.targetPort);
    if (sockets === undefined) return null;
    let best: UdpSocket | null = null;
    let bestScore = NO_MATCH;
    for (const socket of sockets) {
      const points = score(socket, tuple);
      if (points > bestScore) {
        best = socket;
        bestScore = points;
      }
    }
    if (best === null || !best.reusePort || best.isConnected) return best;
    return this.#pickOfGroup(sockets, tuple, bestScore);
  }

  /** SO_REUSEPORT: a flow stays with one socket of the group (reuseport_select_sock). */
  #pickOfGroup(sockets: readonly UdpSocket[], tuple: Tuple, points: number): UdpSocket {
    const group = sockets.filter((socket) => socket.reusePort && score(socket, tuple) === points);
    let hash = Math.imul(tuple.source ^ this.#hashSeed, 0x9e3779b1);
    hash = Math.imul(hash ^ (tuple.sourcePort << 16) ^ tuple.targetPort, 0x85ebca6b);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const chosen = group[Math.floor((hash / 2 ** 32) * group.length)];
    assert(chosen !== undefined, "a group has members");
    return chosen;
  }

  checkInvariants(): void {
    for (const [port, sockets] of this.#ports) {
      assert(sockets.length > 0, "a port in the table has sockets");
      for (const socket of sockets) assert(socket.localPort === port, "a socket is listed under its port");
    }
  }
}

/**
 * How well a socket fits (compute_score); NO_MATCH when it does not. A bound address outweighs everything, as Linux
 * looks for sockets with that address first.
 */
function score(socket: UdpSocket, tuple: Tuple): number {
  let points = 1;
  if (socket.boundAddress !== IPV4_ANY) {
    if (socket.boundAddress !== tuple.target) return NO_MATCH;
    points += 16;
  }
  if (socket.isConnected) {
    if (socket.remoteAddress !== tuple.source) return NO_MATCH;
    if (socket.remotePort !== tuple.sourcePort) return NO_MATCH;
    points += 8;
  }
  if (socket.device !== 0) {
    if (socket.device !== tuple.device) return NO_MATCH;
    points += 4;
  }
  return points;
}
