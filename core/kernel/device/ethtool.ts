/** What `ethtool` reads of a card: statistics by the names that drivers use. */
import type { Nic } from "./nic.ts";

/** In the order in which `ethtool -S` prints them. */
export function ethtoolStatistics(nic: Nic): ReadonlyMap<string, number> {
  const { stats, receive, transmit, driver } = nic;
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
    ["rx_missed_errors", stats.rxFifoErrors],
    ["rx_crc_errors", stats.rxCrcErrors],
    ["rx_frame_errors", stats.rxFrameErrors],
    ["rx_long_length_errors", stats.rxOverErrors],
    ["rx_filtered", nic.filtered],
    ["rx_ring_used", receive.ring.length],
    ["rx_ring_head", receive.ring.head],
    ["rx_ring_tail", receive.ring.tail],
    ["tx_aborted_errors", stats.txAbortedErrors],
    ["tx_carrier_errors", stats.txCarrierErrors],
    ["collisions", stats.collisions],
    ["tx_ring_used", transmit.ring.inFlight(nic.core.engine.now)],
    ["tx_ring_head", transmit.ring.head],
    ["tx_ring_tail", transmit.ring.tail],
    ["tx_queue_stopped", transmit.stops],
    ["tx_reclaimed", transmit.reclaimed],
    ["interrupts", driver.interrupts],
    ["napi_polls", driver.polls],
    ["gro_merged", receive.gro.merged],
  ]);
}
