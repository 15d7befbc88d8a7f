/**
 * Configuration and inspection of a machine's network, as rtnetlink(7), sock_diag(7), tc(8) and ethtool(8) offer it.
 * Linux encodes these as attribute lists over a socket; here a request is a typed record, because nobody looks at
 * netlink's bytes while the information in them is what `ip`, `ss`, `tc` and the workbench print.
 */
import type { Nanoseconds } from "../../base/time.ts";
import type { Ipv4Address, MacAddress } from "../../wire/address.ts";
import type { TcpInfo } from "./tcp-info.ts";

export type NetlinkRequest =
  | { readonly kind: "link-list" }
  | {
      readonly kind: "link-set";
      readonly device: string;
      readonly up?: boolean;
      readonly mtu?: number;
      readonly txqueuelen?: number;
      readonly promisc?: boolean;
      readonly mac?: MacAddress;
    }
  | { readonly kind: "address-list"; readonly device?: string }
  | {
      readonly kind: "address-add" | "address-delete";
      readonly device: string;
      readonly address: Ipv4Address;
      readonly prefixLength: number;
    }
  | { readonly kind: "address-flush"; readonly device: string }
  | { readonly kind: "route-list"; readonly table?: "main" | "local" | "all" }
  | { readonly kind: "route-add" | "route-replace" | "route-delete"; readonly route: RouteSpec }
  | { readonly kind: "route-get"; readonly address: Ipv4Address; readonly from?: Ipv4Address }
  | { readonly kind: "neighbour-list" }
  | {
      readonly kind: "neighbour-add" | "neighbour-replace" | "neighbour-delete";
      readonly device: string;
      readonly address: Ipv4Address;
      readonly mac?: MacAddress;
      readonly permanent?: boolean;
    }
  | { readonly kind: "neighbour-flush"; readonly device?: string }
  | { readonly kind: "qdisc-list"; readonly device?: string }
  /** @property spec as tc takes it after `root`: `netem delay 10ms loss 1%`. */
  | { readonly kind: "qdisc-set"; readonly device: string; readonly spec: string }
  | { readonly kind: "qdisc-delete"; readonly device: string }
  | { readonly kind: "ethtool-get"; readonly device: string }
  | {
      readonly kind: "ethtool-set";
      readonly device: string;
      readonly rx?: number;
      readonly tx?: number;
      readonly rxUsecs?: number;
      readonly rxFrames?: number;
      readonly txUsecs?: number;
      readonly txFrames?: number;
      readonly feature?: { readonly name: string; readonly on: boolean };
    }
  | { readonly kind: "socket-list" }
  | { readonly kind: "sysctl-list" }
  | { readonly kind: "sysctl-get"; readonly name: string }
  | { readonly kind: "sysctl-set"; readonly name: string; readonly value: string };

/** A list or the one thing asked for; requests that change something answer `{ kind: "done" }`. */
export type NetlinkReply =
  | { readonly kind: "done" }
  | { readonly kind: "links"; readonly links: readonly LinkInfo[] }
  | { readonly kind: "addresses"; readonly addresses: readonly AddressInfo[] }
  | { readonly kind: "routes"; readonly routes: readonly RouteInfo[] }
  | { readonly kind: "neighbours"; readonly neighbours: readonly NeighbourInfo[] }
  | { readonly kind: "qdiscs"; readonly qdiscs: readonly QdiscInfo[] }
  | { readonly kind: "ethtool"; readonly ethtool: EthtoolInfo }
  | { readonly kind: "sockets"; readonly sockets: readonly SocketInfo[] }
  | { readonly kind: "sysctls"; readonly sysctls: readonly { readonly name: string; readonly value: string }[] };

export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  readonly kind: "loopback" | "ether";
  readonly mac: MacAddress;
  readonly mtu: number;
  readonly isUp: boolean;
  readonly carrier: boolean;
  readonly promiscuous: boolean;
  readonly qdisc: string;
  readonly txqueuelen: number;
  /** By the names of struct rtnl_link_stats64: rx_packets, tx_dropped, ... in its order. */
  readonly stats: ReadonlyMap<string, number>;
}

export interface AddressInfo {
  readonly device: string;
  readonly deviceIndex: number;
  readonly address: Ipv4Address;
  readonly prefixLength: number;
  readonly broadcast: Ipv4Address | null;
  readonly scope: "global" | "host" | "link";
  readonly secondary: boolean;
}

export interface RouteSpec {
  readonly network: Ipv4Address;
  readonly prefixLength: number;
  /** Null for a route onto a link. */
  readonly via: Ipv4Address | null;
  /** Null lets the next hop decide. */
  readonly device: string | null;
  readonly metric?: number;
  readonly source?: Ipv4Address;
  readonly mtu?: number;
  /** Path MTU discovery leaves `mtu` alone, and packets may be fragmented (`mtu lock`). */
  readonly mtuLocked?: boolean;
  /** Segment size to announce on this route; first congestion window, segments (`advmss`, `initcwnd`). */
  readonly advmss?: number;
  readonly initcwnd?: number;
  readonly type?: "unicast" | "blackhole" | "unreachable" | "prohibit";
}

export interface RouteInfo {
  readonly table: "main" | "local";
  readonly type: "unicast" | "local" | "broadcast" | "blackhole" | "unreachable" | "prohibit";
  readonly network: Ipv4Address;
  readonly prefixLength: number;
  readonly via: Ipv4Address | null;
  readonly device: string | null;
  readonly deviceIndex: number;
  readonly protocol: "kernel" | "static" | "boot" | "redirect" | "ospf";
  readonly scope: "global" | "link" | "host";
  readonly metric: number;
  /** Preferred source address; null when none is set. */
  readonly source: Ipv4Address | null;
  /** Path MTU learned for it, with the virtual ns at which it expires; only from `route-get` and the cache. */
  readonly mtu: number | null;
  readonly mtuExpires: number | null;
  /** As in RouteSpec; false and 0 where none was configured. */
  readonly mtuLocked: boolean;
  readonly advmss: number;
  readonly initcwnd: number;
  readonly isUp: boolean;
}

export type NeighbourState =
  "NONE" | "INCOMPLETE" | "REACHABLE" | "STALE" | "DELAY" | "PROBE" | "FAILED" | "NOARP" | "PERMANENT";

export interface NeighbourInfo {
  readonly address: Ipv4Address;
  readonly device: string;
  readonly mac: MacAddress | null;
  readonly state: NeighbourState;
  /** ns since it was used, confirmed and updated. */
  readonly used: Nanoseconds;
  readonly confirmed: Nanoseconds;
  readonly updated: Nanoseconds;
  readonly queued: number;
  readonly probes: number;
}

export interface QdiscInfo {
  readonly device: string;
  readonly kind: string;
  /** `8001:`; "0:" for the default one. */
  readonly handle: string;
  readonly isRoot: boolean;
  /** Parameters as tc prints them behind the kind: `limit 1000 delay 10ms`. */
  readonly options: string;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly dropped: number;
  readonly overlimits: number;
  readonly requeues: number;
  readonly backlogBytes: number;
  readonly backlogPackets: number;
  /** Further lines of `tc -s` as the discipline prints them (fq_codel: maxpacket, new_flows_len...). */
  readonly extra: readonly string[];
}

export interface EthtoolInfo {
  readonly device: string;
  readonly driver: string;
  readonly speedMbps: number;
  readonly duplex: "full" | "half";
  readonly linkDetected: boolean;
  readonly rings: { readonly rx: number; readonly tx: number; readonly rxMax: number; readonly txMax: number };
  readonly coalesce: {
    readonly rxUsecs: number;
    readonly rxFrames: number;
    readonly txUsecs: number;
    readonly txFrames: number;
  };
  /** Feature names as `ethtool -k` prints them, on or off. */
  readonly features: ReadonlyMap<string, boolean>;
  /** `ethtool -S`: names as drivers use them (rx_packets, rx_missed_errors, rx_crc_errors, napi_polls...). */
  readonly statistics: ReadonlyMap<string, number>;
}

export interface SocketInfo {
  readonly protocol: "udp" | "icmp" | "raw" | "packet" | "tcp";
  /** As ss prints it: UNCONN, ESTAB, LISTEN, TIME-WAIT. */
  readonly state: string;
  readonly local: { readonly address: Ipv4Address; readonly port: number };
  readonly peer: { readonly address: Ipv4Address; readonly port: number };
  /** TCP: not read yet; of a listener, connections that wait for accept. Others: what the packets take up. */
  readonly receiveQueueBytes: number;
  /** TCP: not acknowledged yet; of a listener, its backlog. */
  readonly sendQueueBytes: number;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly drops: number;
  readonly inode: number;
  /** Owner, null when only the kernel holds it. */
  readonly process: { readonly pid: number; readonly command: string; readonly fd: number } | null;
  readonly deviceIndex: number;
  readonly tcp?: TcpSocketInfo;
}

/** What a TCP connection or listener has beyond other sockets (inet_diag, /proc/net/tcp). */
export interface TcpSocketInfo {
  /** The timer that runs, as ss names it; null for none. */
  readonly timer: "on" | "keepalive" | "timewait" | "persist" | null;
  /** Until it runs out. */
  readonly timerLeft: Nanoseconds;
  /** Time-outs in a row of retransmissions, and probes in a row without an answer. */
  readonly retransmits: number;
  readonly probes: number;
  readonly congestion: string;
  /** Retransmission time-out and delay of ACKs, us: of a listener too, unlike in `info`. */
  readonly rtoUs: number;
  readonly atoUs: number;
  /** Tells sockets and records apart that have no inode any more. */
  readonly cookie: number;
  /** Null for what is no socket: a request in the handshake, a TIME-WAIT record. */
  readonly info: TcpInfo | null;
  /** SO_MEMINFO; zeroes for what is no socket. */
  readonly memory: readonly number[];
  /** Quick ACKs left times two, and one more when the connection is interactive (/proc/net/tcp). */
  readonly quick: number;
  /** In slow start since it was opened: there is no ssthresh yet. */
  readonly isInitialSlowStart: boolean;
  /** A socket that no process has any more, or none has yet. */
  readonly isOrphan: boolean;
  readonly shutdown: { readonly receive: boolean; readonly send: boolean };
  readonly fastopenQueueMax: number;
}
