/** Bounds of processes. Reaching one is answered with an errno or traced as limit:reached. */

/**
 * System calls of one process without a yield before it is charged `SPIN_PRICE_NS`: under a profile where they cost
 * nothing, a loop over calls that never block would stop the clock.
 */
export const CALLS_PER_STEP_MAX = 10_000;
export const SPIN_PRICE_NS = 1_000;
/** compute() is paid in slices of this many ns, so that a signal does not wait for the end of a long one. */
export const COMPUTE_SLICE_NS = 1_000_000;
/** Pids count up to here and start again (kernel.pid_max). */
export const PID_MAX = 32_768;
/** Bytes of argv and environment together, in UTF-16 units: E2BIG above (a quarter of the stack in Linux). */
export const ARGUMENTS_MAX = 131_072;
/** Descriptors one poll looks at: RLIMIT_NOFILE, as Linux has it. */
export const POLL_FDS_MAX = 1024;
