/** A device's counters by the names and in the order of struct rtnl_link_stats64 (linux/if_link.h). */
import type { DeviceStats } from "./net-device.ts";

export function linkStatistics(stats: DeviceStats): ReadonlyMap<string, number> {
  return new Map([
    ["rx_packets", stats.rxPackets],
    ["tx_packets", stats.txPackets],
    ["rx_bytes", stats.rxBytes],
    ["tx_bytes", stats.txBytes],
    ["rx_errors", stats.rxErrors],
    ["tx_errors", stats.txErrors],
    ["rx_dropped", stats.rxDropped],
    ["tx_dropped", stats.txDropped],
    ["multicast", stats.multicast],
    ["collisions", stats.collisions],
    ["rx_length_errors", 0],
    ["rx_over_errors", stats.rxOverErrors],
    ["rx_crc_errors", stats.rxCrcErrors],
    ["rx_frame_errors", stats.rxFrameErrors],
    ["rx_fifo_errors", 0],
    ["rx_missed_errors", stats.rxFifoErrors],
    ["tx_aborted_errors", stats.txAbortedErrors],
    ["tx_carrier_errors", stats.txCarrierErrors],
    ["tx_fifo_errors", stats.txFifoErrors],
    ["tx_heartbeat_errors", 0],
    ["tx_window_errors", 0],
  ]);
}
