/** Bounds of files and names, with Linux's values (uapi/linux/limits.h, n_tty.c). */

/** Bytes of a path, the final NUL of C included (PATH_MAX). */
export const PATH_BYTES_MAX = 4096;
/** Bytes of one name in a path (NAME_MAX). */
export const NAME_BYTES_MAX = 255;
/** Writes to a pipe of up to this many bytes are not torn. */
export const PIPE_BUF = 4096;
/** Bytes typed at a terminal and not yet read (N_TTY_BUF_SIZE); more are thrown away. */
export const TTY_INPUT_BYTES_MAX = 4096;
/** Epolls that watch each other in a chain (EP_MAX_NESTS). */
export const EPOLL_NESTS_MAX = 4;
/** Bytes on one machine's disk, and names on it. */
export const DISK_BYTES_MAX = 64 * 1024 * 1024;
export const DISK_INODES_MAX = 65_536;
/** Writes to one file that wait to be forced; the oldest are written back by themselves (vm.dirty_ratio). */
export const DIRTY_WRITES_MAX = 4096;
/** How long a disk takes to force what was written to it: a good SSD. */
export const DISK_SYNC_NS = 1_000_000;
