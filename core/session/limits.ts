/** Bounds of what a session keeps for the people who look at it. Reaching one is shown: see where it is used. */
import { SECOND, TIME_MAX } from "../base/time.ts";

/**
 * Latest instant that the workbench takes a run to, 26 days: timers that a machine sets there must still lie in the
 * range of virtual time.
 */
export const RUN_TIME_MAX = TIME_MAX / 2;
/** Frames whose place in the packet list is remembered: a million rows, 40 MB of columns. */
export const CAPTURE_FRAMES_MAX = 1_000_000;
/** Bytes of those frames. */
export const CAPTURE_BYTES_MAX = 64 * 1024 * 1024;
/** Frames that one push lists one by one; what sets out besides is counted by link. */
export const FLIGHTS_PER_PUSH_MAX = 400;
/** Drops that one push names. */
export const DROPS_PER_PUSH_MAX = 50;
/** Bytes of console output that one push carries of one console; older ones are left out, and the text says so. */
export const CONSOLE_BYTES_PER_PUSH_MAX = 128 * 1024;
/** Rows of one page of packets. */
export const PACKET_PAGE_MAX = 1000;
/** Rows of the same packet at other interfaces. */
export const FOLLOW_ROWS_MAX = 1000;
/** Frames that a filter looks at between two looks at the wall clock. */
export const FILTER_FRAMES_PER_LOOK = 100;
/** Wall time of one slice of a run, ms: what a request waits at most. */
export const SLICE_MS = 8;
/** Events between two looks at the wall clock. */
export const EVENTS_PER_LOOK = 500;
/** A step to the next frame gives up after so many events, */
export const STEP_EVENTS_MAX = 100_000;
/** and after so much virtual time: the longest that TCP waits before it retransmits (TCP_RTO_MAX). */
export const STEP_TIME_MAX = 120 * SECOND;
/** Steps that can be taken back. */
export const STEPS_BACK_MAX = 10_000;
/** Text of a lab file, characters. */
export const LAB_TEXT_MAX = 4 * 1024 * 1024;
/** Files of programs that come with a lab. */
export const SOURCES_MAX = 1000;
/** Entries of a journal that comes with a lab. */
export const JOURNAL_MAX = 1_000_000;
/** Intervals of one kernel timeline. */
export const TIMELINE_INTERVALS_MAX = 20_000;
/** Samples of one ring in a kernel timeline. */
export const RING_SAMPLES_MAX = 20_000;
/** TCP connections whose past is kept; beyond it the one that changed longest ago is forgotten. */
export const TCP_HISTORIES_MAX = 64;
/** Points of one connection. When they are used up, every other one is given away. */
export const TCP_POINTS_MAX = 16_384;
/** Retransmissions, and changes of state, of one connection: the latest are kept. */
export const TCP_MARKS_MAX = 4096;
/** Words that a completion offers. */
export const COMPLETIONS_MAX = 200;
