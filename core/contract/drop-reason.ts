/**
 * Why a packet died. Where Linux has a name for it (include/net/dropreason-core.h), ours is the same, so that what
 * `perf trace -e skb:kfree_skb` shows elsewhere reads like this; links, hubs and faults add their own.
 * A new reason needs its text here, or this file does not compile.
 */
const TEXTS = {
  // Receiving device and NAPI
  FCS_ERROR: "the frame check sequence did not match: bits were damaged on the wire",
  FULL_RING: "no free descriptor in the receive ring when the frame arrived",
  TX_RING_FULL: "no free descriptor in the transmit ring",
  CPU_BACKLOG: "the per-CPU input queue (net.core.netdev_max_backlog) was full",
  DEV_READY: "the device was down",
  OTHERHOST: "the frame was addressed to another machine",
  PKT_TOO_SMALL: "shorter than the header it must hold",
  PKT_TOO_BIG: "longer than the MTU, and not to be fragmented",
  UNHANDLED_PROTO: "no handler for this protocol",
  VLAN_FILTER: "tagged for a VLAN that is not configured here",
  NOMEM: "no memory for the packet",
  // Queueing disciplines
  QDISC_DROP: "the queueing discipline was full",
  QDISC_OVERLIMIT: "over the packet limit of the queueing discipline",
  QDISC_CONGESTED: "dropped by active queue management to signal congestion",
  QDISC_LOSS: "netem loss, as configured",
  // ARP and neighbours
  ARP_INHDR: "malformed ARP header",
  ARP_IGNORED: "an ARP packet that does not concern this machine",
  NEIGH_FAILED: "the next hop did not answer ARP",
  NEIGH_QUEUEFULL: "too many packets already wait for this next hop's address",
  NEIGH_TABLE_FULL: "the neighbour table is full",
  // IP
  IP_INHDR: "malformed IPv4 header",
  IP_CSUM: "wrong IPv4 header checksum",
  IP_INNOROUTES: "no route to the destination (received packet)",
  IP_OUTNOROUTES: "no route to the destination (own packet)",
  IP_MARTIAN: "an impossible source or destination address",
  IP_TTL_EXPIRED: "the time to live ran out",
  IP_NOT_FORWARDING: "addressed to another machine, and forwarding is off",
  IP_RPFILTER: "the way back to the source leads over another interface (net.ipv4.conf.all.rp_filter)",
  IP_SOURCE_ROUTE: "a source route option, which this machine refuses",
  IP_QUEUE_FULL: "too many packets wait for the user-level packet filter (net.ipv4.ip_queue_maxlen)",
  NETFILTER_DROP: "refused by the packet filter",
  IP_NOPROTO: "no transport takes this protocol number",
  FRAG_TOO_FAR: "a fragment beyond the 65,535 bytes a datagram can have",
  FRAG_MALFORMED: "a fragment that contradicts those that arrived before",
  FRAG_STALE: "its datagram's other fragments were too many packets away (net.ipv4.ipfrag_max_dist)",
  FRAG_REASM_TIMEOUT: "the missing fragments did not arrive in time",
  FRAG_OVERLAP: "fragments overlapped: the whole datagram is discarded (RFC 5722's rule, as Linux applies it to IPv4)",
  FRAG_MEMORY: "the reassembly memory limit was reached",
  DUP_FRAG: "a fragment that had arrived before",
  // ICMP, UDP, sockets
  ICMP_CSUM: "wrong ICMP checksum",
  ICMP_IGNORED: "an ICMP message that is not answered",
  ICMP_RATELIMIT: "an ICMP error withheld by the rate limit",
  UDP_CSUM: "wrong UDP checksum",
  NO_SOCKET: "no socket is bound to that port",
  SOCKET_RCVBUFF: "the socket's receive buffer was full",
  SOCKET_CLOSED: "the socket was closed with data unread",
  SOCKET_FILTER: "refused by the socket's filter",
  SOCKET_SNDBUFF: "the socket's send buffer was full",
  // TCP
  TCP_CSUM: "wrong TCP checksum",
  TCP_FLAGS: "an impossible combination of TCP flags",
  TCP_OLD_DATA: "TCP data received before",
  TCP_OVERWINDOW: "TCP data outside the receive window",
  TCP_OFOMERGE: "TCP data already in the out-of-order queue",
  TCP_RFC7323_PAWS: "an old TCP timestamp: protection against wrapped sequence numbers",
  TCP_INVALID_SEQUENCE: "a TCP sequence number that is not acceptable",
  TCP_RESET: "the TCP connection was reset",
  TCP_ZEROWINDOW: "TCP data while the receive window was closed",
  TCP_LISTEN_OVERFLOW: "the listening socket's queue was full",
  TCP_TIME_WAIT: "a segment for a connection in TIME-WAIT",
  TCP_OLD_SEQUENCE: "a TCP segment wholly before the receive window",
  TCP_INVALID_SYN: "a SYN inside the window of an established connection",
  TCP_OLD_ACK: "a TCP acknowledgment older than what is believable",
  TCP_TOO_OLD_ACK: "a TCP acknowledgment older than the largest window ever offered (RFC 5961)",
  TCP_ACK_UNSENT_DATA: "a TCP acknowledgment of data that was never sent",
  TCP_INVALID_ACK: "a TCP acknowledgment that does not fit the handshake",
  TCP_CLOSE: "a TCP segment for a connection that is closed",
  TCP_FASTOPEN: "TCP fast open data that cannot be taken",
  TCP_ABORT_ON_DATA: "TCP data for a program that has closed the connection",
  TCP_MINTTL: "the time to live was below the socket's IP_MINTTL",
  TCP_BAD_OPTION: "a TCP header whose length or options make no sense",
  TCP_OFO_DROP: "out-of-order TCP data that has come in order meanwhile",
  TCP_OFO_QUEUE_PRUNE: "out-of-order TCP data given up for want of memory",
  TCP_RCVQ_DROP: "TCP data for which the receive buffer had no room",
  TCP_PURE_ACK: "a TCP acknowledgment, which carries nothing further up",
  // Cables, hubs, switches
  LINK_DOWN: "the cable is unplugged",
  LINK_LOSS: "lost on the link, as configured",
  LINK_QUEUE_FULL: "the link's queue was full",
  LINK_MTU: "longer than the link carries",
  EXCESSIVE_COLLISIONS: "given up after 16 collisions (IEEE 802.3)",
  LATE_COLLISION: "collided after the slot time: the segment is too long",
  COLLISION_FRAGMENT: "the remains of a collision",
  SWITCH_NO_PORT: "the switch had no other port to send it to",
  SWITCH_SAME_PORT: "the destination is on the segment the frame came from",
  SWITCH_QUEUE_FULL: "the switch port's queue was full",
  // Faults and machines
  FAULT_RULE: "dropped by a fault rule",
  NODE_DOWN: "the machine was switched off or had crashed",
  NODE_PAUSED: "the machine was paused and its queue full",
} as const;

export type DropReason = keyof typeof TEXTS;

/** One sentence for people, without a full stop. */
export const DROP_REASON_TEXTS: Readonly<Record<DropReason, string>> = TEXTS;

/** Every reason, in the order of their numbers in the trace. */
export const DROP_REASONS = Object.keys(TEXTS) as readonly DropReason[];

const NUMBERS: ReadonlyMap<DropReason, number> = new Map(DROP_REASONS.map((reason, index) => [reason, index]));

/** Number of a reason in trace columns. */
export function dropReasonNumber(reason: DropReason): number {
  return NUMBERS.get(reason) ?? 0;
}
