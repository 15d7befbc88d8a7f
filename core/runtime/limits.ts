/** Bounds of a guest program's dealings with its machine. */

/** Calls under way at once; one more gets ENOBUFS. */
export const REQUESTS_MAX = 8192;
/** Files one poll looks at (POLL_FDS_MAX of the kernel): those that wait longest. */
export const POLLED_MAX = 1024;
/** Characters of what a program says of its state. */
export const MARK_CHARACTERS_MAX = 200;
/** Bytes of /etc/hosts that are looked at. */
export const HOSTS_BYTES_MAX = 1024 * 1024;
/**
 * Steps a program is given for each ns of virtual time, up to what it may save up. Under a cost profile where steps are
 * free nothing else bounds a program that waits again and again for next to no time: it would hold up the lab.
 */
export const STEPS_PER_NS = 10;
/** Calls and bytes that a program may have begun before it waits: they are made when it does. */
export const BEGUN_REQUESTS_MAX = 65_536;
export const BEGUN_BYTES_MAX = 16 * 1024 * 1024;
