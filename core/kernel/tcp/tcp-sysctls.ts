/**
 * Parameters of TCP with Linux's names, defaults and units (Documentation/networking/ip-sysctl.rst), and two of our
 * own: `tcp_isn_policy` and `tcp_challenge_ack`, which let a lab show what RFC 6528 and RFC 5961 prevent.
 */
import { sysctlList, type SysctlTable, type TextSysctl, type VectorSysctl } from "../sysctl.ts";

export const ISN_POLICIES = ["zero", "clock", "epoch", "random-increment", "rfc6528"] as const;
export const CONGESTION_CONTROLS = ["reno", "cubic", "lecture"] as const;

export class TcpSysctls {
  /** Bytes: least, default and largest buffer. */
  readonly rmem: VectorSysctl;
  readonly wmem: VectorSysctl;
  timestamps = 1;
  sack = 1;
  dsack = 1;
  windowScaling = 1;
  ecn = 2;
  ecnFallback = 1;
  reordering = 3;
  maxReordering = 300;
  frto = 2;
  /** Bits: 1 RACK, 2 static reordering window, 4 no duplicate threshold. */
  recovery = 1;
  earlyRetrans = 3;
  synRetries = 6;
  synLinearTimeouts = 4;
  synackRetries = 5;
  retries1 = 3;
  retries2 = 15;
  orphanRetries = 0;
  maxOrphans = 65_536;
  /** s. */
  finTimeout = 60;
  keepaliveTime = 7200;
  keepaliveIntvl = 75;
  keepaliveProbes = 9;
  syncookies = 1;
  maxSynBacklog = 512;
  abortOnOverflow = 0;
  slowStartAfterIdle = 1;
  tsoWinDivisor = 3;
  minTsoSegs = 2;
  tsoRttLog = 9;
  notsentLowat = 4_294_967_295;
  limitOutputBytes = 4_194_304;
  autocorking = 1;
  /** Bits: 1 client, 2 server, 4 client without cookie, 0x200 server without cookie, 0x400 for all listeners. */
  fastopen = 1;
  fastopenBlackholeTimeoutSec = 0;
  /** Four groups of eight hexadecimal digits. */
  readonly fastopenKey: TextSysctl;
  mtuProbing = 0;
  baseMss = 1024;
  minSndMss = 48;
  mtuProbeFloor = 48;
  probeInterval = 600;
  probeThreshold = 8;
  moderateRcvbuf = 1;
  workaroundSignedWindows = 0;
  shrinkWindow = 0;
  /** ms. */
  invalidRatelimit = 500;
  challengeAckLimit = 2 ** 31 - 1;
  rfc1337 = 0;
  twReuse = 2;
  maxTwBuckets = 65_536;
  retransCollapse = 1;
  thinLinearTimeouts = 0;
  /** us. */
  rtoMinUs = 200_000;
  rtoMaxMs = 120_000;
  /** s over which the least RTT is remembered. */
  minRttWlen = 300;
  pacingSsRatio = 200;
  pacingCaRatio = 120;
  /** ns, ns, segments. */
  compSackDelayNs = 1_000_000;
  compSackSlackNs = 100_000;
  compSackNr = 44;
  reflectTos = 0;
  readonly congestionControl: TextSysctl;
  /** Ours: how initial sequence numbers are chosen (isn.ts). */
  readonly isnPolicy: TextSysctl;
  /** Ours: 1 answers suspicious RST, SYN and ACK as RFC 5961 says; 0 as RFC 793 did. */
  challengeAck = 1;

  constructor(table: SysctlTable) {
    table.define(NUMBERS, this);
    // Linux 6.18's default of tcp_rmem[2] depends on memory; this is that of a machine with 4 GB or more.
    this.rmem = table.defineVector("net.ipv4.tcp_rmem", [4096, 131_072, 33_554_432], 1);
    this.wmem = table.defineVector("net.ipv4.tcp_wmem", [4096, 16_384, 4_194_304], 1);
    this.fastopenKey = table.defineText("net.ipv4.tcp_fastopen_key", "00000000-00000000-00000000-00000000", null);
    this.congestionControl = table.defineText("net.ipv4.tcp_congestion_control", "cubic", CONGESTION_CONTROLS);
    this.isnPolicy = table.defineText("net.ipv4.tcp_isn_policy", "rfc6528", ISN_POLICIES);
  }
}

const NUMBERS = sysctlList("net.ipv4.tcp_", {
  timestamps: ["timestamps", 0, 2],
  sack: ["sack", 0, 1],
  dsack: ["dsack", 0, 1],
  windowScaling: ["window_scaling", 0, 1],
  ecn: ["ecn", 0, 2],
  ecnFallback: ["ecn_fallback", 0, 1],
  reordering: ["reordering", 1, 300],
  maxReordering: ["max_reordering"],
  frto: ["frto", 0, 2],
  recovery: ["recovery", 0, 7],
  earlyRetrans: ["early_retrans", 0, 4],
  synRetries: ["syn_retries", 1, 127],
  synLinearTimeouts: ["syn_linear_timeouts", 0, 127],
  synackRetries: ["synack_retries", 0, 255],
  retries1: ["retries1", 0, 255],
  retries2: ["retries2", 0, 255],
  orphanRetries: ["orphan_retries", 0, 255],
  maxOrphans: ["max_orphans"],
  finTimeout: ["fin_timeout", 1],
  keepaliveTime: ["keepalive_time", 1],
  keepaliveIntvl: ["keepalive_intvl", 1],
  keepaliveProbes: ["keepalive_probes", 0, 255],
  syncookies: ["syncookies", 0, 2],
  maxSynBacklog: ["max_syn_backlog", 1],
  abortOnOverflow: ["abort_on_overflow", 0, 1],
  slowStartAfterIdle: ["slow_start_after_idle", 0, 1],
  tsoWinDivisor: ["tso_win_divisor", 0],
  minTsoSegs: ["min_tso_segs", 1],
  tsoRttLog: ["tso_rtt_log"],
  notsentLowat: ["notsent_lowat", 0, 4_294_967_295],
  limitOutputBytes: ["limit_output_bytes"],
  autocorking: ["autocorking", 0, 1],
  fastopen: ["fastopen"],
  fastopenBlackholeTimeoutSec: ["fastopen_blackhole_timeout_sec"],
  mtuProbing: ["mtu_probing", 0, 2],
  baseMss: ["base_mss"],
  minSndMss: ["min_snd_mss", 48],
  mtuProbeFloor: ["mtu_probe_floor"],
  probeInterval: ["probe_interval"],
  probeThreshold: ["probe_threshold"],
  moderateRcvbuf: ["moderate_rcvbuf", 0, 1],
  workaroundSignedWindows: ["workaround_signed_windows", 0, 1],
  shrinkWindow: ["shrink_window", 0, 1],
  invalidRatelimit: ["invalid_ratelimit"],
  challengeAckLimit: ["challenge_ack_limit"],
  rfc1337: ["rfc1337", 0, 1],
  twReuse: ["tw_reuse", 0, 2],
  maxTwBuckets: ["max_tw_buckets"],
  retransCollapse: ["retrans_collapse", 0, 1],
  thinLinearTimeouts: ["thin_linear_timeouts", 0, 1],
  rtoMinUs: ["rto_min_us", 1],
  rtoMaxMs: ["rto_max_ms", 1000, 120_000],
  minRttWlen: ["min_rtt_wlen", 0, 86_400],
  pacingSsRatio: ["pacing_ss_ratio", 0, 1000],
  pacingCaRatio: ["pacing_ca_ratio", 0, 1000],
  compSackDelayNs: ["comp_sack_delay_ns"],
  compSackSlackNs: ["comp_sack_slack_ns"],
  compSackNr: ["comp_sack_nr", 0, 255],
  reflectTos: ["reflect_tos", 0, 1],
  challengeAck: ["challenge_ack", 0, 1],
});

/** Parameters that may be set, as on Linux, and have no effect: there is no urgent data and no metrics cache here. */
export class IgnoredTcpSysctls {
  advWinScale = 1;
  stdurg = 0;
  noMetricsSave = 0;
  noSsthreshMetricsSave = 1;

  constructor(table: SysctlTable) {
    table.define(IGNORED, this);
  }
}

const IGNORED = sysctlList("net.ipv4.tcp_", {
  advWinScale: ["adv_win_scale", -31, 31],
  stdurg: ["stdurg", 0, 1],
  noMetricsSave: ["no_metrics_save", 0, 1],
  noSsthreshMetricsSave: ["no_ssthresh_metrics_save", 0, 1],
});
