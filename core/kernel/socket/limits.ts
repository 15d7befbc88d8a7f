/** Bounds of sockets. Sizes of buffers are sysctls (net.core.*mem_*); these are what Linux fixes in its source. */

/** Least receive and send buffer in bytes, after doubling (SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF on 64 bits). */
export const RCVBUF_MIN = 2304;
export const SNDBUF_MIN = 4608;
/** Default of net.core.{r,w}mem_{default,max}: room for 256 small packets with their overhead. */
export const SOCKET_MEMORY_DEFAULT = 212_992;
/** Errors kept for MSG_ERRQUEUE; Linux counts them against the receive buffer, which comes to about as many. */
export const ERROR_QUEUE_MAX = 256;
/** Bytes of an offending packet that are kept with its error. */
export const ERROR_PAYLOAD_BYTES_MAX = 576;
/** Ephemeral ports (net.ipv4.ip_local_port_range). */
export const EPHEMERAL_PORT_MIN = 32_768;
export const EPHEMERAL_PORT_MAX = 60_999;
/** UDP payload: 65,535 bytes less the headers. */
export const UDP_PAYLOAD_BYTES_MAX = 65_507;
/** Datagram that a raw or ping socket sends, IP header included. */
export const IP_DATAGRAM_BYTES_MAX = 65_535;
