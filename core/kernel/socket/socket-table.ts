/**
 * All sockets of one machine, and how one is made: address families with the types and protocols they know
 * (socket(2); inet_create in Linux). Left out for now: AF_UNIX and AF_INET6, answered with EAFNOSUPPORT.
 */
import { assert } from "../../base/assert.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import { SOCKETS_MAX } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import { AF, SOCK } from "../syscall/sys.ts";
import type { IpPort } from "./inet-socket.ts";
import { IpQueueSocket, NETLINK_FIREWALL } from "./ip-queue-socket.ts";
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from "./limits.ts";
import { PacketSocket, type TapDevices } from "./packet-socket.ts";
import { PingSocket, PingTable } from "./ping-socket.ts";
import { RawSocket, RawTable } from "./raw-socket.ts";
import type { Socket, SocketSettings } from "./socket.ts";
import { UdpSocket } from "./udp-socket.ts";
import { UdpTable } from "./udp.ts";

/** Makes stream sockets: TCP registers one. */
export interface StreamFactory {
  create(settings: SocketSettings): Socket | number;
  /** All it has that shows in `ss`: sockets whether a process has them or not, and records that are no sockets. */
  infos?(): readonly ListedSocket[];
}

/** One line of `ss`, with owners to be filled in. */
export interface ListedSocket {
  /** Null for what is no socket. */
  readonly socket: Socket | null;
  readonly info: Omit<SocketInfo, "process">;
}

/** Inode numbers of sockets start here, apart from those of files. */
const FIRST_INODE = 20_000;
/** Below this many there is nothing to gain from forgetting those that are closed. */
const SWEEP_SOCKETS_MIN = 32;

export class SocketTable {
  readonly udp: UdpTable;
  readonly raw: RawTable;
  readonly ping: PingTable;
  /** Null until a transport with streams is there. */
  stream: StreamFactory | null = null;
  readonly #core: KernelCore;
  readonly #ip: IpPort;
  readonly #devices: TapDevices;
  readonly #sockets = new Set<Socket>();
  /** Sockets at which those that are closed are looked for: not at each new one, or many would take quadratic time. */
  #sweepAt = SWEEP_SOCKETS_MIN;
  #nextInode = FIRST_INODE;

  constructor(ip: IpPort, devices: TapDevices) {
    this.#core = ip.core;
    this.#ip = ip;
    this.#devices = devices;
    this.#core.sysctls.defineText("net.ipv4.ip_local_port_range", PORT_RANGE, [PORT_RANGE]);
    this.udp = new UdpTable(ip);
    this.raw = new RawTable({ ip, devices });
    this.ping = new PingTable({ ip, devices });
  }

  /** socket(2), without the flags in `type`. @returns a socket that nobody holds yet, or -errno. */
  create(domain: number, type: number, protocol: number): Socket | number {
    if (this.#sockets.size >= this.#sweepAt) {
      this.#forgetClosed();
      this.#sweepAt = Math.min(SOCKETS_MAX, Math.max(SWEEP_SOCKETS_MIN, 2 * this.#sockets.size));
    }
    if (this.#sockets.size >= SOCKETS_MAX) return -E.ENFILE;
    const settings = { domain, type, protocol, inode: this.#nextInode };
    const socket = this.#make(settings);
    if (typeof socket === "number") return socket;
    this.#nextInode++;
    this.#sockets.add(socket);
    return socket;
  }

  #make(settings: SocketSettings): Socket | number {
    switch (settings.domain) {
      case AF.INET:
        return this.#makeInet(settings);
      case AF.PACKET:
        if (settings.type !== SOCK.RAW && settings.type !== SOCK.DGRAM) return -E.ESOCKTNOSUPPORT;
        if (!isUint16(settings.protocol)) return -E.EINVAL;
        return new PacketSocket(this.#core, settings, this.#devices);
      case AF.NETLINK:
        return this.#makeNetlink(settings);
      default:
        return -E.EAFNOSUPPORT;
    }
  }

  #makeInet(settings: SocketSettings): Socket | number {
    const { type, protocol } = settings;
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > 255) return -E.EINVAL;
    const services = { ip: this.#ip, devices: this.#devices };
    switch (type) {
      case SOCK.DGRAM:
        if (protocol === 0 || protocol === IPPROTO_UDP) {
          return new UdpSocket(services, { ...settings, protocol: IPPROTO_UDP }, this.udp);
        }
        return protocol === IPPROTO_ICMP ? new PingSocket(services, settings, this.ping) : -E.EPROTONOSUPPORT;
      case SOCK.RAW:
        return protocol === 0 ? -E.EPROTONOSUPPORT : new RawSocket(services, settings, this.raw);
      case SOCK.STREAM:
        if (protocol !== 0 && protocol !== IPPROTO_TCP) return -E.EPROTONOSUPPORT;
        return this.stream?.create({ ...settings, protocol: IPPROTO_TCP }) ?? -E.ESOCKTNOSUPPORT;
      default:
        return -E.ESOCKTNOSUPPORT;
    }
  }

  #makeNetlink(settings: SocketSettings): Socket | number {
    if (settings.type !== SOCK.RAW && settings.type !== SOCK.DGRAM) return -E.ESOCKTNOSUPPORT;
    if (settings.protocol !== NETLINK_FIREWALL) return -E.EPROTONOSUPPORT;
    // The queue has one reader: each packet has one verdict.
    for (const other of this.#sockets) if (other instanceof IpQueueSocket && !other.isClosed) return -E.EBUSY;
    return new IpQueueSocket(this.#core, settings, this.#ip.ipQueue, this.#devices);
  }

  /** A connection that a listening socket made. */
  adopt(socket: Socket): void {
    this.#sockets.add(socket);
  }

  /** One that is closed for good, at once: a busy server has thousands of them. */
  forget(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  nextInode(): number {
    return this.#nextInode++;
  }

  /** Open sockets, oldest first. */
  list(): readonly Socket[] {
    this.#forgetClosed();
    return [...this.#sockets];
  }

  /** What `ss` shows. */
  infos(): ListedSocket[] {
    const infos: ListedSocket[] = [];
    for (const socket of this.list()) {
      if (socket.type === SOCK.STREAM) continue;
      const info = socket.info();
      if (info !== null) infos.push({ socket, info });
    }
    return infos.concat(this.stream?.infos?.() ?? []);
  }

  /** Packets in receive queues. */
  queuedPackets(): number {
    let packets = 0;
    for (const socket of this.#sockets) packets += socket.queuedPackets();
    return packets;
  }

  checkInvariants(): void {
    this.udp.checkInvariants();
    for (const socket of this.#sockets) socket.checkInvariants();
  }

  /** The machine has crashed: what was queued died with it. */
  shutdown(): void {
    for (const socket of this.#sockets) socket.crash();
    assert(this.queuedPackets() === 0, "nothing is left in a receive queue");
  }

  /** Closed sockets are forgotten now and then: closing stays a matter of the socket alone. */
  #forgetClosed(): void {
    for (const socket of this.#sockets) if (socket.isClosed) this.#sockets.delete(socket);
  }
}

const isUint16 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff;

/** One value only: the range is fixed here, and shown under its name. */
const PORT_RANGE = `${EPHEMERAL_PORT_MIN}\t${EPHEMERAL_PORT_MAX}`;
