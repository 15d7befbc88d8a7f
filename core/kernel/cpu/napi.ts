/** An entry of poll lists and the driver behind it (struct napi_struct). */
import type { Nanoseconds } from "../../base/time.ts";

/** Packets of one device per turn (NAPI_POLL_WEIGHT). */
export const NAPI_WEIGHT = 64;

/** Whoever is polled. All in softirq context. */
export abstract class Napi {
  abstract readonly deviceIndex: number;
  /** Price of the driver's work for its next packet; asked only while there is one. */
  abstract readonly packetCost: Nanoseconds;
  /** On a poll list or being polled (NAPI_STATE_SCHED). */
  isScheduled = false;
  polls = 0;

  /** Packets per turn; Infinity without quota. */
  abstract readonly weight: number;
  abstract get hasPackets(): boolean;
  /** A turn begins. */
  abstract beginPoll(): void;
  abstract pollPacket(): void;
  /** The turn ends: what GRO still holds goes up. */
  abstract endPoll(): void;
  /**
   * Polled dry: interrupts may come again (napi_complete_done). Schedules itself anew when something came meanwhile.
   */
  abstract complete(): void;
}
