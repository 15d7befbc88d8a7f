/** Bounds of network devices, with Linux's defaults. */
import { MICROSECOND, type Nanoseconds } from "../../base/time.ts";

/** Descriptors of a ring by default, as Intel's drivers have them (E1000_DEFAULT_RXD). */
export const RING_DESCRIPTORS_DEFAULT = 256;
/** Most descriptors of a ring (E1000_MAX_82544_RXD). */
export const RING_DESCRIPTORS_MAX = 4096;
/** Fewest: below this the ring is full before the driver can look. */
export const RING_DESCRIPTORS_MIN = 1;
/** Packets that a queueing discipline holds unless told otherwise (DEFAULT_TX_QUEUE_LEN). */
export const TX_QUEUE_LENGTH_DEFAULT = 1000;
/**
 * How long and for how many frames the completion interrupt waits. Nobody but a waiting sender notices, so an interrupt
 * per frame would be spent for nothing; 50 us is what common 10 Gbit/s drivers start with.
 */
export const TX_COALESCE_NS_DEFAULT: Nanoseconds = 50 * MICROSECOND;
export const TX_COALESCE_FRAMES_DEFAULT = 32;
/** Longest coalescing delay, ns (ethtool's drivers refuse more than about a tenth of a second). */
export const COALESCE_NS_MAX: Nanoseconds = 100_000 * MICROSECOND;
/** Least and greatest MTU of an Ethernet card in bytes (IPv4's minimum; jumbo frames of 9,000 bytes and some room). */
export const MTU_MIN = 68;
export const MTU_MAX = 9216;
/** MTU of the loopback device (drivers/net/loopback.c). */
export const LOOPBACK_MTU = 65_536;
/** MTU and queue of a TUN interface (drivers/net/tun.c); no packet of IP is longer than its length field can say. */
export const TUN_MTU_DEFAULT = 1500;
export const TUN_MTU_MAX = 65_535;
export const TUN_QUEUE_LENGTH_DEFAULT = 500;
/** Flows that GRO holds per device at a time, and packets it merges into one (MAX_GRO_SKBS, and 64 KiB of IP). */
export const GRO_FLOWS_MAX = 8;
export const GRO_BYTES_MAX = 65_535;
