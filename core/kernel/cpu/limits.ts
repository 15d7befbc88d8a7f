/** Bounds of a CPU's scheduling, with Linux's values where it has them. */
import { MICROSECOND, MILLISECOND } from "../../base/time.ts";

/** Rounds of softirqs in a row before ksoftirqd takes over (MAX_SOFTIRQ_RESTART, kernel/softirq.c). */
export const SOFTIRQ_RESTARTS_MAX = 10;
/** Longest time for such rounds, ns (MAX_SOFTIRQ_TIME, kernel/softirq.c). */
export const SOFTIRQ_NS_MAX = 2 * MILLISECOND;
/**
 * Time slice of a task that others wait for, ns. One scheduler tick of a kernel with HZ=250, which is also about what
 * sysctl_sched_min_granularity scales to on a few CPUs.
 */
export const TASK_SLICE_NS = 4 * MILLISECOND;
/** Charged to a task that takes too many steps at one instant, ns: time goes on, whatever a program does. */
export const TASK_SPIN_CHARGE_NS = MICROSECOND;
/** Interrupt lines of one machine: as many as interfaces, timers and disks may ask for. */
export const IRQ_LINES_MAX = 4096;
/** Pids of ksoftirqd threads lie above pid_max (32768), so that no process has one. */
export const KSOFTIRQD_PID_FIRST = 32_769;
