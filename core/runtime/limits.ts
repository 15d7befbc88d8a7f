/** Bounds of a guest program's dealings with its machine. */

/** Calls under way at once; one more gets ENOBUFS. */
export const REQUESTS_MAX = 8192;
/** Files one poll looks at (POLL_FDS_MAX of the kernel): those that wait longest. */
export const POLLED_MAX = 1024;
/** Characters of what a program says of its state. */
export const MARK_CHARACTERS_MAX = 200;
/** Bytes of /etc/hosts that are looked at. */
export const HOSTS_BYTES_MAX = 1024 * 1024;
