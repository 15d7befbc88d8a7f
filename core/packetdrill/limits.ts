/** Bounds of one script's run. Reaching one ends the script with an error that says so. */
import { MICROSECOND, MILLISECOND, SECOND, type Nanoseconds } from "../base/time.ts";

/** Engine events of one script: the longest of the known ones needs about a thousandth. */
export const SCRIPT_EVENTS_MAX = 2_000_000;
/** How long an expected packet is waited for beyond its time (packetdrill's `MAX_WAIT`). */
export const PACKET_WAIT: Nanoseconds = 2 * SECOND;
/** `*` waits as long as it takes: no timer of TCP is longer than its keepalive's two hours. */
export const ANY_TIME_WAIT: Nanoseconds = 3 * 3600 * SECOND;
/** A call may still be under way when the next one comes, this long. */
export const CALL_WAIT: Nanoseconds = SECOND;
/** A call that was not said to block and has not returned by then never will. */
export const CALL_STUCK: Nanoseconds = 300 * SECOND;
/** Default of --tolerance_usecs, and the share of the expected span that is tolerated when that is more. */
export const TOLERANCE_DEFAULT: Nanoseconds = 4 * MILLISECOND;
export const TOLERANCE_PER_MILLE = 125;
/**
 * A script's time 0 lies this far behind the tick of a millisecond, as packetdrill arranges it: spans in whole
 * milliseconds then never fall on a tick's edge.
 */
export const START_OFFSET: Nanoseconds = 250 * MICROSECOND;
/** Packets remembered for a failure's report. */
export const TIMELINE_MAX = 100_000;
/** Nested brackets in a script, and nested operators in its code. */
export const NESTING_MAX = 64;
/** Bytes a call may be given or ask for. */
export const CALL_BYTES_MAX = 64 * 1024 * 1024;
