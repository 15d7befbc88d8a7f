/** Bounds of what a session keeps for the people who look at it. Reaching one is shown: see where it is used. */

/** Frames whose place in the packet list is remembered: a million rows, 40 MB of columns. */
export const CAPTURE_FRAMES_MAX = 1_000_000;
/** Bytes of those frames. */
export const CAPTURE_BYTES_MAX = 64 * 1024 * 1024;
/** Frames that one push lists one by one; what sets out besides is counted by link. */
export const FLIGHTS_PER_PUSH_MAX = 400;
/** Drops that one push names. */
export const DROPS_PER_PUSH_MAX = 50;
/** Trace events that are looked through for one push; beyond it frames are only counted. */
export const EVENTS_PER_PUSH_MAX = 20_000;
/** Rows of one page of packets. */
export const PACKET_PAGE_MAX = 1000;
/** Rows of the same packet at other interfaces. */
export const FOLLOW_ROWS_MAX = 1000;
/** Frames that a filter looks at before it lets others have the processor. */
export const FILTER_FRAMES_PER_SLICE = 2000;
/** Wall time of one slice of a run, ms: what a request waits at most. */
export const SLICE_MS = 8;
/** Events between two looks at the wall clock. */
export const EVENTS_PER_LOOK = 500;
/** Events that one step may take before it gives up waiting for a frame. */
export const STEP_EVENTS_MAX = 1_000_000;
/** Steps that can be taken back. */
export const STEPS_BACK_MAX = 10_000;
/** Text of a lab file, characters. */
export const LAB_TEXT_MAX = 4 * 1024 * 1024;
/** Intervals of one kernel timeline. */
export const TIMELINE_INTERVALS_MAX = 20_000;
