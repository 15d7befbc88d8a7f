/** Bounds of files and names, with Linux's values (uapi/linux/limits.h, n_tty.c). */

/** Bytes of a path, the final NUL of C included (PATH_MAX). */
export const PATH_BYTES_MAX = 4096;
/** Bytes of one name in a path (NAME_MAX). */
export const NAME_BYTES_MAX = 255;
/** Writes to a pipe of up to this many bytes are not torn. */
export const PIPE_BUF = 4096;
/** Bytes typed at a terminal and not yet read (N_TTY_BUF_SIZE); more are thrown away. */
export const TTY_INPUT_BYTES_MAX = 4096;
