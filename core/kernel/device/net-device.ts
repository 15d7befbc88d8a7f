/**
 * A network interface as the protocols see it (struct net_device), and the seams above and below it. What a NIC is made
 * of (rings, NAPI, queueing disciplines) is behind `NetDevice.xmit`; what protocols make of a packet is behind
 * `PacketHandler`.
 */
import type { MacAddress } from "../../wire/address.ts";
import type { Frame } from "../../wire/frame.ts";
import type { SkBuff } from "../skb/skbuff.ts";

/** Counters of /proc/net/dev and `ip -s link` (struct rtnl_link_stats64). */
export class DeviceStats {
  rxPackets = 0;
  rxBytes = 0;
  rxErrors = 0;
  rxDropped = 0;
  rxFifoErrors = 0;
  rxFrameErrors = 0;
  rxCrcErrors = 0;
  rxOverErrors = 0;
  multicast = 0;
  txPackets = 0;
  txBytes = 0;
  txErrors = 0;
  txDropped = 0;
  txFifoErrors = 0;
  txCarrierErrors = 0;
  txAbortedErrors = 0;
  collisions = 0;
}

/** Gets to see every packet of a device, both ways, as AF_PACKET sockets do (packet_type with ETH_P_ALL). */
export interface PacketTap {
  /**
   * `skb.data` is at the Ethernet header. The tap keeps nothing of it: it copies, or clones by its own pool. Packets
   * sent have `packetType` PACKET_OUTGOING. The checksum may be CHECKSUM_PARTIAL: complete it in the copy.
   */
  onPacket(skb: SkBuff, device: NetDevice): void;
}

/** The taps of nearly every device. One list for all: whether it is empty is asked for every packet of all machines. */
export const NO_TAPS: readonly PacketTap[] = [];

/** A protocol above Ethernet: IPv4, ARP. */
export interface PacketHandler {
  /**
   * A packet for this protocol, in softirq context. `skb.data` and `networkHeader` are at the protocol's header,
   * `macHeader` at the Ethernet header. The handler owns the packet. The bytes may be shared: `makeWritable` first.
   */
  receive(skb: SkBuff, device: NetDevice): void;
}

/**
 * Takes frames that the machine only passes on, before sk_buffs are made of them. It may do so where nobody can tell:
 * what is counted, and what leaves, must be the same as without it.
 */
export interface FrameShortcut {
  /** @returns false, with nothing changed, when the frame has to go the long way. */
  take(frame: Frame, ingress: FrameIngress): boolean;
}

/** A card that a frame has come in by. */
export interface FrameIngress extends NetDevice {
  /**
   * Whether the frame is for this card and would be up at the protocols in this very call, unchanged, and nobody but a
   * capture of the link would have seen it.
   */
  canPass(frame: Frame): boolean;
  /** Counts the frame, and all that would have been done with it down here, as received; captures see it. */
  countPass(frame: Frame): void;
}

/** A card's way out for a frame that a shortcut has taken. */
export interface FrameEgress {
  /** Whether the frame, with another header, would be on the wire at once, unchanged, seen by captures at most. */
  canPass(frame: Frame): boolean;
  /** Sends it. Takes ownership. */
  pass(frame: Frame): void;
}

export interface NetDevice {
  /** 1 is loopback. */
  readonly index: number;
  readonly name: string;
  readonly isLoopback: boolean;
  /** No link layer: packets begin at the IP header, and no address is resolved (IFF_POINTOPOINT, IFF_NOARP). */
  readonly isPointToPoint: boolean;
  readonly mac: MacAddress;
  /** How often `mac` was changed: who keeps headers with it writes them anew. */
  readonly macChanges: number;
  /** Largest IP packet in bytes. Settable with `ip link set mtu`. */
  mtu: number;
  /** Administratively up (IFF_UP). */
  readonly isUp: boolean;
  /** Cable and far end are there (IFF_LOWER_UP); always true for loopback. */
  readonly carrier: boolean;
  /** Bits per second; 0 unknown. */
  readonly speed: number;
  readonly stats: DeviceStats;
  /** True when the device computes transport checksums: protocols then leave CHECKSUM_PARTIAL. */
  readonly txChecksumOffload: boolean;
  /**
   * True when the device itself cuts up packets of many segments (TSO). TCP builds them in any case, as in Linux; a
   * device without cuts them up in software, before packet sockets see them.
   */
  readonly txSegmentationOffload: boolean;
  /** Replaced, never changed: see NO_TAPS. */
  taps: readonly PacketTap[];
  promiscuity: number;
  /** Null for devices that are no card. */
  readonly egress: FrameEgress | null;
  /** Puts the Ethernet header in front (dev_hard_header); the source is the device's own address. */
  header(skb: SkBuff, target: MacAddress, etherType: number): void;
  /**
   * Gives a packet with its Ethernet header (or, for loopback, none) to the queueing discipline (dev_queue_xmit).
   * Takes ownership. @returns 0, or -ENOBUFS when the discipline dropped it (NET_XMIT_DROP).
   */
  xmit(skb: SkBuff): number;
  setUp(up: boolean): void;
}

export type DeviceChange = "up" | "down" | "carrier" | "no-carrier" | "mtu";

/** Told when interfaces come and go: routes and neighbours follow (netdevice_notifier). */
export interface DeviceObserver {
  deviceChanged(device: NetDevice, what: DeviceChange): void;
}
