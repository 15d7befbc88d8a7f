/** Bounds of the network layer that are not sysctls. Reaching one is counted where it is enforced. */

/**
 * Resolved routes kept per interface binding. A router of a full lab sees a few thousand destinations; at the limit all
 * go.
 */
export const ROUTE_CACHE_ENTRIES_MAX = 16_384;
/** Routes of one table: an auto-routed lab of 1,000 hosts needs some thousands. Adding more gives -ENOBUFS. */
export const ROUTES_MAX = 65_536;
/** Addresses of one interface. */
export const ADDRESSES_PER_DEVICE_MAX = 1024;
/** Destinations with a learned MTU or redirect. At the limit the oldest goes; Linux keeps 5 per hash bucket of 2048. */
export const ROUTE_EXCEPTIONS_MAX = 4096;
/** Remote hosts whose rate limits are remembered (net.ipv4.inet_peer_threshold). At the limit the oldest goes. */
export const PEERS_MAX = 65_664;
/** Datagrams under reassembly at once, beside the memory bound: one-byte fragments are small but many. */
export const REASSEMBLY_QUEUES_MAX = 16_384;
/** ICMP errors carry at most this many bytes in all (RFC 1812, section 4.3.2.3). */
export const ICMP_ERROR_BYTES_MAX = 576;
/** Counters from which identifications are drawn (Linux ip_idents). */
export const IDENT_BUCKETS = 2048;
/** Address conflicts noted in the log, per machine: a loop of two hosts would fill it. */
export const ADDRESS_CONFLICTS_LOGGED_MAX = 64;
/** Multicast groups joined on one machine. */
export const GROUPS_MAX = 1024;
