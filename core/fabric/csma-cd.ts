/**
 * Parameters of CSMA/CD at 10 and 100 Mbit/s (IEEE 802.3, 4.4.2), and what the hub and its stations say to each other.
 */
import type { Nanoseconds, VirtualTime } from "../base/time.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import type { Rank } from "../engine/rank.ts";
import type { Frame } from "../wire/frame.ts";

/** Bit times: one round trip of the longest segment, and the unit of backoff. */
export const SLOT_BITS = 512;
export const GAP_BITS = 96;
/**
 * In the last third of the gap a station no longer looks at the carrier, so that a station with a slightly fast clock
 * cannot keep the others silent (4.2.3.2.2).
 */
export const GAP_DEAF_BITS = 32;
export const JAM_BITS = 32;
export const PREAMBLE_BITS = 64;
export const ATTEMPTS_MAX = 16;
export const BACKOFF_EXPONENT_MAX = 10;
/** Largest Ethernet payload; 802.3 knows no longer one on a shared medium. */
export const HUB_MTU_BYTES = 1500;

/** One station's signal on the medium, from its first bit to its last. */
export interface Signal {
  readonly source: Station;
  readonly startedAt: VirtualTime;
  /** Whether it has ended after a whole frame, and not with a jam. */
  whole: boolean;
  /** What was sent, while receivers are still to get it; null for a fragment, or when a rule took the frame. */
  frame: Frame | null;
  /** Why nobody hears it, if that is so: the hub was paused when it began, or lost power meanwhile. */
  dead: DropReason | null;
  /** Places that have yet to hear its end. */
  groupsLeft: number;
  /** How many stations got a copy, or lost it to a collision. */
  receivers: number;
  /** Copies for each of them, and how late, as fault rules say. */
  copies: number;
  lateNs: Nanoseconds;
}

/** Whoever has a place on the medium. Own signals are not heard. */
export interface Station {
  signalOn(signal: Signal): void;
  /** @returns whether the frame, if the signal was one, came through unharmed. */
  signalOff(signal: Signal): boolean;
}

/** What a station needs of its medium. */
export interface Medium {
  /** Of all that happens on it. */
  readonly rank: Rank;
  readonly rateBitsPerSecond: number;
  /** Starts to send; every other station hears it one propagation later. */
  begin(source: Station): Signal;
  /** Ends it. @param frame what was sent, which the medium takes over, or null after a collision. */
  end(signal: Signal, frame: Frame | null): void;
  /** A station found that it was not alone. */
  collided(): void;
}
