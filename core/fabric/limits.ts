/**
 * Bounds of the fabric. Reaching one drops a frame for a named reason, or shows in a counter or result of its owner.
 */

/**
 * Frames on their way in one direction of a cable: a 10 Gbit/s link of 70 ms holds this many shortest frames. With half
 * as many it may be full already (frame-pipe.ts).
 */
export const IN_FLIGHT_FRAMES_MAX = 2 ** 20;
/** Frames waiting for one direction of a cable, unless set otherwise: Linux's default txqueuelen. */
export const CABLE_QUEUE_FRAMES_DEFAULT = 1_000;
/** Frames waiting in a hub port (the adapter's own buffer): the transmit ring of a common driver. */
export const HUB_QUEUE_FRAMES_DEFAULT = 256;
/** Frames waiting for one port of a switch. A small shared-memory switch has a few hundred frames of buffer a port. */
export const SWITCH_QUEUE_FRAMES_DEFAULT = 512;
/** Frames a paused switch holds before it drops. */
export const SWITCH_PAUSED_FRAMES_MAX = 1_024;
/** Frames inside the switch while `forwardDelayNs` passes. */
export const SWITCH_PENDING_FRAMES_MAX = 4_096;
/** Learned addresses: the size of a small switch's table; small enough that a flood of addresses fills it. */
export const SWITCH_TABLE_DEFAULT = 1_024;
export const SWITCH_TABLE_MAX = 2 ** 20;
/** Ports of one switch or hub. The largest star that a lab may draw is below this. */
export const PORTS_MAX = 65_536;
/** Longest propagation, jitter spread or fault delay: one hour in ns, beyond any link on Earth. */
export const DELAY_NS_MAX = 3_600_000_000_000;
/** Fastest link, in bit/s: above this a shortest frame takes less than 1 ns. */
export const RATE_BITS_PER_SECOND_MAX = 1e12;
/** Largest Ethernet payload: what one block of packet memory takes. */
export const MTU_BYTES_MAX = 65_535;
/** Fault rules at once; each is asked for every frame at the places it covers. */
export const FAULT_RULES_MAX = 1_000;
/** Faults in one random schedule. */
export const SCHEDULED_FAULTS_MAX = 10_000;
