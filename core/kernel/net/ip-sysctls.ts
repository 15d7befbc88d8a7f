/**
 * The parameters of IPv4 and its neighbours with Linux's names and defaults (Documentation/networking/ip-sysctl.rst,
 * net/ipv4/{route,arp,ip_fragment}.c). Linux has most of `conf` once per interface; here `all` alone counts.
 * Times keep their sysctl's unit, which is not always the same.
 */
import { sysctlList, type SysctlTable } from "../sysctl.ts";

export class IpSysctls {
  ipForward = 0;
  defaultTtl = 64;
  noPmtuDiscovery = 0;
  acceptRedirects = 1;
  sendRedirects = 1;
  rpFilter = 0;
  arpIgnore = 0;
  arpAccept = 0;
  arpNotify = 0;
  /** ms between errors of one type to one host. */
  icmpRatelimit = 1000;
  /** Bit set of the ICMP types that the limits apply to. */
  icmpRatemask = 6168;
  icmpMessagesPerSecond = 1000;
  icmpMessagesBurst = 50;
  icmpEchoIgnoreAll = 0;
  icmpEchoIgnoreBroadcasts = 1;
  fragHighThreshold = 4_194_304;
  fragLowThreshold = 3_145_728;
  /** s. */
  fragTime = 30;
  fragDistanceMax = 64;
  /** s. */
  mtuExpires = 600;
  pmtuMin = 552;
  /** s a redirect stays in force. */
  redirectTimeout = 300;
  /** ms. */
  redirectLoad = 20;
  redirectNumber = 9;
  /** ms. */
  redirectSilence = 20_480;
  queueLengthMax = 1024;
  queueFeedback = 0;

  constructor(table: SysctlTable) {
    table.define(IPV4, this);
  }
}

const IPV4 = sysctlList("net.ipv4.", {
  ipForward: ["ip_forward", 0, 1],
  defaultTtl: ["ip_default_ttl", 1, 255],
  noPmtuDiscovery: ["ip_no_pmtu_disc", 0, 1],
  acceptRedirects: ["conf.all.accept_redirects", 0, 1],
  sendRedirects: ["conf.all.send_redirects", 0, 1],
  rpFilter: ["conf.all.rp_filter", 0, 2],
  arpIgnore: ["conf.all.arp_ignore", 0, 2],
  arpAccept: ["conf.all.arp_accept", 0, 1],
  arpNotify: ["conf.all.arp_notify", 0, 1],
  icmpRatelimit: ["icmp_ratelimit"],
  icmpRatemask: ["icmp_ratemask"],
  icmpMessagesPerSecond: ["icmp_msgs_per_sec"],
  icmpMessagesBurst: ["icmp_msgs_burst"],
  icmpEchoIgnoreAll: ["icmp_echo_ignore_all", 0, 1],
  icmpEchoIgnoreBroadcasts: ["icmp_echo_ignore_broadcasts", 0, 1],
  fragHighThreshold: ["ipfrag_high_thresh"],
  fragLowThreshold: ["ipfrag_low_thresh"],
  fragTime: ["ipfrag_time", 1, 86_400],
  fragDistanceMax: ["ipfrag_max_dist"],
  mtuExpires: ["route.mtu_expires", 1, 86_400 * 30],
  pmtuMin: ["route.min_pmtu", 68, 65_535],
  redirectTimeout: ["route.gc_timeout", 1, 86_400 * 30],
  redirectLoad: ["route.redirect_load"],
  redirectNumber: ["route.redirect_number", 0, 30],
  redirectSilence: ["route.redirect_silence"],
  queueLengthMax: ["ip_queue_maxlen", 1, 1_000_000],
  queueFeedback: ["ip_queue_feedback", 0, 1],
});

/** net.ipv4.neigh.default.*: parameters of the neighbour table. */
export class NeighbourSysctls {
  baseReachableMs = 30_000;
  delayFirstProbeS = 5;
  gcStaleS = 60;
  gcThreshold1 = 128;
  gcThreshold2 = 512;
  gcThreshold3 = 1024;
  multicastSolicit = 3;
  unicastSolicit = 3;
  retransMs = 1000;
  /** Hundredths of a second in which a cached address is not overwritten by another answer. */
  locktime = 100;
  queueBytesMax = 212_992;
  queueLengthMax = 101;

  constructor(table: SysctlTable) {
    table.define(NEIGHBOURS, this);
  }
}

const NEIGHBOURS = sysctlList("net.ipv4.neigh.default.", {
  baseReachableMs: ["base_reachable_time_ms", 1],
  delayFirstProbeS: ["delay_first_probe_time"],
  gcStaleS: ["gc_stale_time"],
  gcThreshold1: ["gc_thresh1"],
  gcThreshold2: ["gc_thresh2"],
  gcThreshold3: ["gc_thresh3", 1],
  multicastSolicit: ["mcast_solicit"],
  unicastSolicit: ["ucast_solicit"],
  retransMs: ["retrans_time_ms", 10],
  locktime: ["locktime"],
  queueBytesMax: ["unres_qlen_bytes"],
  queueLengthMax: ["unres_qlen", 1],
});
