/** Bounds of one machine that are not sysctls. Reaching one is counted or logged where it is enforced. */

/** Lines kept for dmesg; Linux's default ring of 128 KiB holds about as many. */
export const KERNEL_LOG_LINES_MAX = 2000;
/** Network interfaces of one machine: loopback, the 4,096 cards that a lab may have, and a VLAN on each. */
export const DEVICES_MAX = 8193;
/** Steps a task may take without time passing before it is charged a microsecond: no program stops the clock. */
export const TASK_STEPS_PER_INSTANT_MAX = 10_000;
/** Processes of one machine: Linux's default pid_max is 32768; a runaway fork loop shows sooner here. */
export const PROCESSES_MAX = 1024;
/** Open files of one process (RLIMIT_NOFILE). */
export const FILES_PER_PROCESS_MAX = 1024;
/** Sockets of one machine. */
export const SOCKETS_MAX = 65_536;
/** Bytes a pipe holds (pipe(7)). */
export const PIPE_BYTES = 65_536;
/** Bytes in a machine's tmpfs. */
export const TMPFS_BYTES_MAX = 64 * 1024 * 1024;
export const TMPFS_INODES_MAX = 65_536;
