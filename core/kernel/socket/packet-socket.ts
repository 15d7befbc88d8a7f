/**
 * AF_PACKET sockets, packet(7): what a device sends and receives, as tcpdump sees it. SOCK_RAW has the Ethernet header,
 * SOCK_DGRAM has it taken off. Sending goes straight to the queueing discipline of a device.
 * Left out: rings (PACKET_RX_RING), fanout, auxiliary data, filters (tcpdump filters in its own process).
 */
import { copyBytes, put16, u16 } from "../../base/bytes.ts";
import { checksumFold, checksumPartial } from "../../wire/checksum.ts";
import { MAC_BROADCAST, IPV4_ANY } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES } from "../../wire/ethernet.ts";
import type { KernelCore } from "../core.ts";
import type { NetDevice, PacketTap } from "../device/net-device.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, PACKET_OUTGOING, type SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import {
  AF,
  ETH_P_ALL,
  PACKET_OPTION,
  SOCK,
  SOL,
  type Message,
  type OptionResult,
  type OptionValue,
  type SocketAddress,
} from "../syscall/sys.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { getSocketOption, setSocketOption, type DeviceNames } from "./socket-options.ts";
import type { SocketSettings } from "./socket.ts";

/** The device layer's table, as far as packet sockets use it. */
export interface TapDevices extends DeviceNames {
  addTap(tap: PacketTap, device: NetDevice | null): void;
  removeTap(tap: PacketTap, device: NetDevice | null): void;
}

/** htons(ETH_P_ALL): programs ported from C pass it this way round. */
const ETH_P_ALL_SWAPPED = 0x0300;

export class PacketSocket extends DatagramSocket implements PacketTap {
  readonly #devices: TapDevices;
  /** Ethertype wanted; ETH_P_ALL for every one, 0 for none. */
  #etherType: number;
  /** What it is bound to; null for all devices. */
  #bound: NetDevice | null = null;
  #isTapping = false;
  readonly #promiscuous: NetDevice[] = [];
  /** Packets seen and lost since PACKET_STATISTICS was asked for last. */
  #statisticsPackets = 0;
  #statisticsDrops = 0;

  constructor(core: KernelCore, settings: SocketSettings, devices: TapDevices) {
    super(core, settings);
    this.#devices = devices;
    this.#etherType = settings.protocol === ETH_P_ALL_SWAPPED ? ETH_P_ALL : settings.protocol;
    this.#tap();
  }

  #tap(): void {
    if (this.#etherType === 0) return;
    this.#devices.addTap(this, this.#bound);
    this.#isTapping = true;
  }

  protected override unhash(): void {
    if (this.#isTapping) this.#devices.removeTap(this, this.#bound);
    this.#isTapping = false;
    if (!this.isClosed) return;
    for (const device of this.#promiscuous) device.promiscuity--;
    this.#promiscuous.length = 0;
  }

  override bind(address: SocketAddress): number {
    if (address.family !== AF.PACKET) return -E.EINVAL;
    const device = address.device === 0 ? null : (this.#devices.byIndex(address.device) ?? null);
    if (address.device !== 0 && device === null) return -E.ENODEV;
    this.unhash();
    this.#bound = device;
    if (address.protocol !== 0) {
      this.#etherType = address.protocol === ETH_P_ALL_SWAPPED ? ETH_P_ALL : address.protocol & 0xffff;
    }
    this.#tap();
    return 0;
  }

  onPacket(skb: SkBuff, device: NetDevice): void {
    const isOutgoing = skb.packetType === PACKET_OUTGOING;
    const type = skb.headLength >= ETHERNET_HEADER_BYTES ? u16(skb.bytes, skb.data + ETHERNET.type) : 0;
    if (this.#etherType !== ETH_P_ALL && (this.#etherType !== type || isOutgoing)) return;
    this.#statisticsPackets++;
    const skbs = this.core.skbs;
    // Forwarding rewrites headers in place: a copy keeps what was seen.
    const twin = skbs.copy(skb);
    twin.deviceIndex = device.index;
    twin.protocol = type;
    finishChecksum(twin);
    if (this.type === SOCK.DGRAM) twin.pull(Math.min(ETHERNET_HEADER_BYTES, twin.headLength));
    if (!this.enqueue(twin, 0)) this.#statisticsDrops++;
  }

  /** packet_sendmsg. */
  override send(bytes: Uint8Array, _flags: number, to: SocketAddress | null): number {
    const device = to === null || to.device === 0 ? this.#bound : (this.#devices.byIndex(to.device) ?? null);
    if (device === null) return -E.ENXIO;
    if (!device.isUp) return -E.ENETDOWN;
    const isRaw = this.type === SOCK.RAW;
    if (isRaw && bytes.length < ETHERNET_HEADER_BYTES) return -E.EINVAL;
    if (bytes.length > device.mtu + (isRaw ? ETHERNET_HEADER_BYTES : 0)) return -E.EMSGSIZE;
    if (this.sendMemory.used >= this.sendBufferBytes) return -E.EAGAIN;
    const skb = this.core.skbs.alloc(bytes.length);
    const at = skb.put(bytes.length);
    copyBytes(bytes, 0, skb.bytes, at, bytes.length);
    if (isRaw) skb.protocol = u16(bytes, ETHERNET.type);
    else {
      skb.networkHeader = at;
      skb.protocol = to === null || to.protocol === 0 ? this.#etherType : to.protocol;
      // sockaddr_ll's sll_addr is not part of the address record here: such packets are broadcast.
      device.header(skb, MAC_BROADCAST, skb.protocol);
    }
    skb.macHeader = skb.data;
    if (isRaw) skb.networkHeader = skb.data + ETHERNET_HEADER_BYTES;
    skb.deviceIndex = device.index;
    skb.account = this.sendMemory;
    skb.priority = this.priority;
    this.sendMemory.used += skb.truesize;
    this.sentToLoopback = device.isLoopback;
    const result = device.xmit(skb);
    return result < 0 ? result : bytes.length;
  }

  protected override fillFrom(skb: SkBuff, from: SocketAddress): void {
    from.family = AF.PACKET;
    from.address = IPV4_ANY;
    from.port = 0;
    from.device = skb.deviceIndex;
    from.protocol = skb.protocol;
    from.packetType = skb.packetType;
  }

  protected override fillMessage(_skb: SkBuff, _message: Message): void {}

  override localAddress(address: SocketAddress): number {
    address.family = AF.PACKET;
    address.address = IPV4_ANY;
    address.port = 0;
    address.device = this.#bound?.index ?? 0;
    address.protocol = this.#etherType;
    address.packetType = 0;
    return 0;
  }

  override peerAddress(): number {
    return -E.EOPNOTSUPP;
  }

  override shutdown(): number {
    return -E.EOPNOTSUPP;
  }

  override setOption(level: number, option: number, value: OptionValue): number {
    if (level === SOL.SOCKET) return setSocketOption(this, this.#devices, option, value);
    if (level !== SOL.PACKET || typeof value !== "number") return -E.ENOPROTOOPT;
    const device = this.#devices.byIndex(value) ?? null;
    if (option !== PACKET_OPTION.ADD_MEMBERSHIP && option !== PACKET_OPTION.DROP_MEMBERSHIP) return -E.ENOPROTOOPT;
    if (device === null) return -E.ENODEV;
    return option === PACKET_OPTION.ADD_MEMBERSHIP ? this.#join(device) : this.#leave(device);
  }

  #join(device: NetDevice): number {
    if (!this.#promiscuous.includes(device)) {
      this.#promiscuous.push(device);
      device.promiscuity++;
    }
    return 0;
  }

  #leave(device: NetDevice): number {
    const at = this.#promiscuous.indexOf(device);
    if (at < 0) return -E.EADDRNOTAVAIL;
    this.#promiscuous.splice(at, 1);
    device.promiscuity--;
    return 0;
  }

  override getOption(level: number, option: number): OptionResult {
    if (level === SOL.SOCKET) return getSocketOption(this, this.#devices, option);
    if (level !== SOL.PACKET || option !== PACKET_OPTION.STATISTICS) return { error: -E.ENOPROTOOPT };
    const value = `${this.#statisticsPackets} ${this.#statisticsDrops}`;
    this.#statisticsPackets = 0;
    this.#statisticsDrops = 0;
    return { value };
  }

  override info(): Omit<SocketInfo, "process"> {
    return {
      protocol: "packet",
      state: "UNCONN",
      local: { address: IPV4_ANY, port: this.#etherType },
      peer: { address: IPV4_ANY, port: 0 },
      receiveQueueBytes: this.receiveMemory.used,
      sendQueueBytes: this.sendMemory.used,
      receiveBufferBytes: this.receiveBufferBytes,
      sendBufferBytes: this.sendBufferBytes,
      drops: this.drops,
      inode: this.inode,
      deviceIndex: this.#bound?.index ?? 0,
    };
  }
}

/** Nobody is to see the unfinished checksum of a packet that a device will complete. */
function finishChecksum(skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_PARTIAL) return;
  const sum = checksumFold(checksumPartial(skb.bytes, skb.checksumStart, skb.tail - skb.checksumStart));
  put16(skb.bytes, skb.checksumStart + skb.checksumOffset, sum === 0 ? 0xffff : sum);
  skb.ipSummed = CHECKSUM_NONE;
}
