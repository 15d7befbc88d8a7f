/**
 * Who comes first of those that are due at one instant: the phase says it, then the lane, then who was scheduled first.
 *
 * A lane is a machine, a switch, a hub, one direction of a cable, or the world with all that is done to it. Nothing
 * here depends on when events of different lanes were scheduled, so machines may run one behind the other as well as
 * in turn (`window.ts`), and the run is the same.
 */

/**
 * Order of events at one instant. The numbers are part of the format: changing one changes every recorded run.
 * Faults come first, so that "cut at 2 s" cuts before a frame that would arrive at 2 s.
 */
export const PHASES = { fault: 0, wire: 1, irq: 2, softirq: 3, process: 4, timer: 5 } as const;
export type Phase = (typeof PHASES)[keyof typeof PHASES];

/** Number of a lane. */
export type Lane = number;
/** The lane of faults, timeline, checks and people. */
export const WORLD: Lane = 0;
/** A lab has at most 20,000 nodes, and 200,000 directions of cables. */
export const LANES_MAX = 2 ** 18;

/** Phase and lane in one number, to which the event's sequence number is added: an exact double below 2^53. */
export type Rank = number;
export const SEQUENCE_NUMBERS = 2 ** 32;
const PHASE_STEP = SEQUENCE_NUMBERS * LANES_MAX;

/** @param phase one of `PHASES`. */
export function rankOf(phase: Phase, lane: Lane): Rank {
  return phase * PHASE_STEP + lane * SEQUENCE_NUMBERS;
}

/** What the world itself does is a fault or a timer: the lowest rank of each. */
export const WORLD_FAULT: Rank = rankOf(PHASES.fault, WORLD);
export const WORLD_TIMER: Rank = rankOf(PHASES.timer, WORLD);

/** The lane of an event by its order: its rank and sequence number. */
export function laneOf(order: number): Lane {
  return (order * (1 / SEQUENCE_NUMBERS)) & (LANES_MAX - 1);
}

/** An order without its sequence number. */
export function rankOfOrder(order: number): Rank {
  return Math.floor(order * (1 / SEQUENCE_NUMBERS)) * SEQUENCE_NUMBERS;
}
