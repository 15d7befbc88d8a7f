/**
 * The parameters of IPv4 and its neighbours with Linux's names and defaults (Documentation/networking/ip-sysctl.rst,
 * net/ipv4/{route,arp,ip_fragment}.c). Linux has most of `conf` once per interface; here `all` alone counts.
 * Times keep their sysctl's unit, which is not always the same.
 */
import type { Sysctl, SysctlTable } from "../sysctl.ts";

export class IpSysctls {
  readonly ipForward: Sysctl;
  readonly defaultTtl: Sysctl;
  readonly noPmtuDiscovery: Sysctl;
  readonly acceptRedirects: Sysctl;
  readonly sendRedirects: Sysctl;
  readonly rpFilter: Sysctl;
  readonly arpIgnore: Sysctl;
  readonly arpAccept: Sysctl;
  readonly arpNotify: Sysctl;
  /** ms between errors of one type to one host. */
  readonly icmpRatelimit: Sysctl;
  /** Bit set of the ICMP types that the limits apply to. */
  readonly icmpRatemask: Sysctl;
  readonly icmpMessagesPerSecond: Sysctl;
  readonly icmpMessagesBurst: Sysctl;
  readonly icmpEchoIgnoreAll: Sysctl;
  readonly icmpEchoIgnoreBroadcasts: Sysctl;
  readonly fragHighThreshold: Sysctl;
  readonly fragLowThreshold: Sysctl;
  /** s. */
  readonly fragTime: Sysctl;
  readonly fragDistanceMax: Sysctl;
  /** s. */
  readonly mtuExpires: Sysctl;
  readonly pmtuMin: Sysctl;
  /** s a redirect stays in force. */
  readonly redirectTimeout: Sysctl;
  /** ms. */
  readonly redirectLoad: Sysctl;
  readonly redirectNumber: Sysctl;
  /** ms. */
  readonly redirectSilence: Sysctl;
  readonly queueLengthMax: Sysctl;
  readonly queueFeedback: Sysctl;

  constructor(table: SysctlTable) {
    const ipv4 = (name: string, value: number, least = 0, most = 2 ** 31 - 1): Sysctl =>
      table.define(`net.ipv4.${name}`, value, least, most);
    this.ipForward = ipv4("ip_forward", 0, 0, 1);
    this.defaultTtl = ipv4("ip_default_ttl", 64, 1, 255);
    this.noPmtuDiscovery = ipv4("ip_no_pmtu_disc", 0, 0, 1);
    this.acceptRedirects = ipv4("conf.all.accept_redirects", 1, 0, 1);
    this.sendRedirects = ipv4("conf.all.send_redirects", 1, 0, 1);
    this.rpFilter = ipv4("conf.all.rp_filter", 0, 0, 2);
    this.arpIgnore = ipv4("conf.all.arp_ignore", 0, 0, 2);
    this.arpAccept = ipv4("conf.all.arp_accept", 0, 0, 1);
    this.arpNotify = ipv4("conf.all.arp_notify", 0, 0, 1);
    this.icmpRatelimit = ipv4("icmp_ratelimit", 1000);
    this.icmpRatemask = ipv4("icmp_ratemask", 6168);
    this.icmpMessagesPerSecond = ipv4("icmp_msgs_per_sec", 1000);
    this.icmpMessagesBurst = ipv4("icmp_msgs_burst", 50);
    this.icmpEchoIgnoreAll = ipv4("icmp_echo_ignore_all", 0, 0, 1);
    this.icmpEchoIgnoreBroadcasts = ipv4("icmp_echo_ignore_broadcasts", 1, 0, 1);
    this.fragHighThreshold = ipv4("ipfrag_high_thresh", 4_194_304);
    this.fragLowThreshold = ipv4("ipfrag_low_thresh", 3_145_728);
    this.fragTime = ipv4("ipfrag_time", 30, 1, 86_400);
    this.fragDistanceMax = ipv4("ipfrag_max_dist", 64);
    this.mtuExpires = ipv4("route.mtu_expires", 600, 1, 86_400 * 30);
    this.pmtuMin = ipv4("route.min_pmtu", 552, 68, 65_535);
    this.redirectTimeout = ipv4("route.gc_timeout", 300, 1, 86_400 * 30);
    this.redirectLoad = ipv4("route.redirect_load", 20);
    this.redirectNumber = ipv4("route.redirect_number", 9, 0, 30);
    this.redirectSilence = ipv4("route.redirect_silence", 20_480);
    this.queueLengthMax = ipv4("ip_queue_maxlen", 1024, 1, 1_000_000);
    this.queueFeedback = ipv4("ip_queue_feedback", 0, 0, 1);
  }
}

/** net.ipv4.neigh.default.*: parameters of the neighbour table. */
export class NeighbourSysctls {
  readonly baseReachableMs: Sysctl;
  readonly delayFirstProbeS: Sysctl;
  readonly gcStaleS: Sysctl;
  readonly gcThreshold1: Sysctl;
  readonly gcThreshold2: Sysctl;
  readonly gcThreshold3: Sysctl;
  readonly multicastSolicit: Sysctl;
  readonly unicastSolicit: Sysctl;
  readonly retransMs: Sysctl;
  /** Hundredths of a second in which a cached address is not overwritten by another answer. */
  readonly locktime: Sysctl;
  readonly queueBytesMax: Sysctl;
  readonly queueLengthMax: Sysctl;

  constructor(table: SysctlTable) {
    const neigh = (name: string, value: number, least = 0): Sysctl =>
      table.define(`net.ipv4.neigh.default.${name}`, value, least, 2 ** 31 - 1);
    this.baseReachableMs = neigh("base_reachable_time_ms", 30_000, 1);
    this.delayFirstProbeS = neigh("delay_first_probe_time", 5);
    this.gcStaleS = neigh("gc_stale_time", 60);
    this.gcThreshold1 = neigh("gc_thresh1", 128);
    this.gcThreshold2 = neigh("gc_thresh2", 512);
    this.gcThreshold3 = neigh("gc_thresh3", 1024, 1);
    this.multicastSolicit = neigh("mcast_solicit", 3);
    this.unicastSolicit = neigh("ucast_solicit", 3);
    this.retransMs = neigh("retrans_time_ms", 1000, 10);
    this.locktime = neigh("locktime", 100);
    this.queueBytesMax = neigh("unres_qlen_bytes", 212_992);
    this.queueLengthMax = neigh("unres_qlen", 101, 1);
  }
}
