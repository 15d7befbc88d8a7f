/**
 * Parameters of TCP with Linux's names, defaults and units (Documentation/networking/ip-sysctl.rst), and two of our
 * own: `tcp_isn_policy` and `tcp_challenge_ack`, which let a lab show what RFC 6528 and RFC 5961 prevent.
 */
import type { Sysctl, SysctlTable, TextSysctl, VectorSysctl } from "../sysctl.ts";

export const ISN_POLICIES = ["zero", "clock", "epoch", "random-increment", "rfc6528"] as const;
export const CONGESTION_CONTROLS = ["reno", "cubic", "lecture"] as const;

export class TcpSysctls {
  /** Bytes: least, default and largest buffer. */
  readonly rmem: VectorSysctl;
  readonly wmem: VectorSysctl;
  readonly timestamps: Sysctl;
  readonly sack: Sysctl;
  readonly dsack: Sysctl;
  readonly windowScaling: Sysctl;
  readonly ecn: Sysctl;
  readonly ecnFallback: Sysctl;
  readonly reordering: Sysctl;
  readonly maxReordering: Sysctl;
  readonly frto: Sysctl;
  /** Bits: 1 RACK, 2 static reordering window, 4 no duplicate threshold. */
  readonly recovery: Sysctl;
  readonly earlyRetrans: Sysctl;
  readonly synRetries: Sysctl;
  readonly synLinearTimeouts: Sysctl;
  readonly synackRetries: Sysctl;
  readonly retries1: Sysctl;
  readonly retries2: Sysctl;
  readonly orphanRetries: Sysctl;
  readonly maxOrphans: Sysctl;
  /** s. */
  readonly finTimeout: Sysctl;
  readonly keepaliveTime: Sysctl;
  readonly keepaliveIntvl: Sysctl;
  readonly keepaliveProbes: Sysctl;
  readonly syncookies: Sysctl;
  readonly maxSynBacklog: Sysctl;
  readonly somaxconn: Sysctl;
  readonly abortOnOverflow: Sysctl;
  readonly slowStartAfterIdle: Sysctl;
  readonly tsoWinDivisor: Sysctl;
  readonly minTsoSegs: Sysctl;
  readonly tsoRttLog: Sysctl;
  readonly notsentLowat: Sysctl;
  readonly limitOutputBytes: Sysctl;
  readonly autocorking: Sysctl;
  /** Bits: 1 client, 2 server, 4 client without cookie, 0x200 server without cookie, 0x400 for all listeners. */
  readonly fastopen: Sysctl;
  readonly fastopenBlackholeTimeoutSec: Sysctl;
  /** Four groups of eight hexadecimal digits. */
  readonly fastopenKey: TextSysctl;
  readonly mtuProbing: Sysctl;
  readonly baseMss: Sysctl;
  readonly minSndMss: Sysctl;
  readonly mtuProbeFloor: Sysctl;
  readonly probeInterval: Sysctl;
  readonly probeThreshold: Sysctl;
  readonly moderateRcvbuf: Sysctl;
  readonly workaroundSignedWindows: Sysctl;
  readonly shrinkWindow: Sysctl;
  /** ms. */
  readonly invalidRatelimit: Sysctl;
  readonly challengeAckLimit: Sysctl;
  readonly rfc1337: Sysctl;
  readonly twReuse: Sysctl;
  readonly maxTwBuckets: Sysctl;
  readonly retransCollapse: Sysctl;
  readonly thinLinearTimeouts: Sysctl;
  /** us. */
  readonly rtoMinUs: Sysctl;
  readonly rtoMaxMs: Sysctl;
  /** s over which the least RTT is remembered. */
  readonly minRttWlen: Sysctl;
  readonly pacingSsRatio: Sysctl;
  readonly pacingCaRatio: Sysctl;
  /** ns, ns, segments. */
  readonly compSackDelayNs: Sysctl;
  readonly compSackSlackNs: Sysctl;
  readonly compSackNr: Sysctl;
  readonly reflectTos: Sysctl;
  readonly congestionControl: TextSysctl;
  /** Ours: how initial sequence numbers are chosen (isn.ts). */
  readonly isnPolicy: TextSysctl;
  /** Ours: 1 answers suspicious RST, SYN and ACK as RFC 5961 says; 0 as RFC 793 did. */
  readonly challengeAck: Sysctl;

  constructor(table: SysctlTable) {
    const tcp = (name: string, value: number, least = 0, most = 2 ** 31 - 1): Sysctl =>
      table.define(`net.ipv4.tcp_${name}`, value, least, most);
    // Linux 6.18's default of tcp_rmem[2] depends on memory; this is that of a machine with 4 GB or more.
    this.rmem = table.defineVector("net.ipv4.tcp_rmem", [4096, 131_072, 33_554_432], 1);
    this.wmem = table.defineVector("net.ipv4.tcp_wmem", [4096, 16_384, 4_194_304], 1);
    this.timestamps = tcp("timestamps", 1, 0, 2);
    this.sack = tcp("sack", 1, 0, 1);
    this.dsack = tcp("dsack", 1, 0, 1);
    this.windowScaling = tcp("window_scaling", 1, 0, 1);
    this.ecn = tcp("ecn", 2, 0, 2);
    this.ecnFallback = tcp("ecn_fallback", 1, 0, 1);
    this.reordering = tcp("reordering", 3, 1, 300);
    this.maxReordering = tcp("max_reordering", 300);
    this.frto = tcp("frto", 2, 0, 2);
    this.recovery = tcp("recovery", 1, 0, 7);
    this.earlyRetrans = tcp("early_retrans", 3, 0, 4);
    this.synRetries = tcp("syn_retries", 6, 1, 127);
    this.synLinearTimeouts = tcp("syn_linear_timeouts", 4, 0, 127);
    this.synackRetries = tcp("synack_retries", 5, 0, 255);
    this.retries1 = tcp("retries1", 3, 0, 255);
    this.retries2 = tcp("retries2", 15, 0, 255);
    this.orphanRetries = tcp("orphan_retries", 0, 0, 255);
    this.maxOrphans = tcp("max_orphans", 65_536);
    this.finTimeout = tcp("fin_timeout", 60, 1);
    this.keepaliveTime = tcp("keepalive_time", 7200, 1);
    this.keepaliveIntvl = tcp("keepalive_intvl", 75, 1);
    this.keepaliveProbes = tcp("keepalive_probes", 9, 0, 255);
    this.syncookies = tcp("syncookies", 1, 0, 2);
    this.maxSynBacklog = tcp("max_syn_backlog", 512, 1);
    this.somaxconn = table.define("net.core.somaxconn", 4096);
    this.abortOnOverflow = tcp("abort_on_overflow", 0, 0, 1);
    this.slowStartAfterIdle = tcp("slow_start_after_idle", 1, 0, 1);
    this.tsoWinDivisor = tcp("tso_win_divisor", 3, 0);
    this.minTsoSegs = tcp("min_tso_segs", 2, 1);
    this.tsoRttLog = tcp("tso_rtt_log", 9);
    this.notsentLowat = tcp("notsent_lowat", 4_294_967_295, 0, 4_294_967_295);
    this.limitOutputBytes = tcp("limit_output_bytes", 4_194_304);
    this.autocorking = tcp("autocorking", 1, 0, 1);
    this.fastopen = tcp("fastopen", 1);
    this.fastopenBlackholeTimeoutSec = tcp("fastopen_blackhole_timeout_sec", 0);
    this.fastopenKey = table.defineText("net.ipv4.tcp_fastopen_key", "00000000-00000000-00000000-00000000", null);
    this.mtuProbing = tcp("mtu_probing", 0, 0, 2);
    this.baseMss = tcp("base_mss", 1024);
    this.minSndMss = tcp("min_snd_mss", 48, 48);
    this.mtuProbeFloor = tcp("mtu_probe_floor", 48);
    this.probeInterval = tcp("probe_interval", 600);
    this.probeThreshold = tcp("probe_threshold", 8);
    this.moderateRcvbuf = tcp("moderate_rcvbuf", 1, 0, 1);
    this.workaroundSignedWindows = tcp("workaround_signed_windows", 0, 0, 1);
    this.shrinkWindow = tcp("shrink_window", 0, 0, 1);
    this.invalidRatelimit = tcp("invalid_ratelimit", 500);
    this.challengeAckLimit = tcp("challenge_ack_limit", 2 ** 31 - 1);
    this.rfc1337 = tcp("rfc1337", 0, 0, 1);
    this.twReuse = tcp("tw_reuse", 2, 0, 2);
    this.maxTwBuckets = tcp("max_tw_buckets", 65_536);
    this.retransCollapse = tcp("retrans_collapse", 1, 0, 1);
    this.thinLinearTimeouts = tcp("thin_linear_timeouts", 0, 0, 1);
    this.rtoMinUs = tcp("rto_min_us", 200_000, 1);
    this.rtoMaxMs = tcp("rto_max_ms", 120_000, 1000, 120_000);
    this.minRttWlen = tcp("min_rtt_wlen", 300, 0, 86_400);
    this.pacingSsRatio = tcp("pacing_ss_ratio", 200, 0, 1000);
    this.pacingCaRatio = tcp("pacing_ca_ratio", 120, 0, 1000);
    this.compSackDelayNs = tcp("comp_sack_delay_ns", 1_000_000);
    this.compSackSlackNs = tcp("comp_sack_slack_ns", 100_000);
    this.compSackNr = tcp("comp_sack_nr", 44, 0, 255);
    this.reflectTos = tcp("reflect_tos", 0, 0, 1);
    this.congestionControl = table.defineText("net.ipv4.tcp_congestion_control", "cubic", CONGESTION_CONTROLS);
    this.isnPolicy = table.defineText("net.ipv4.tcp_isn_policy", "rfc6528", ISN_POLICIES);
    this.challengeAck = tcp("challenge_ack", 1, 0, 1);
  }
}

/** Parameters that may be set, as on Linux, and have no effect: there is no urgent data and no metrics cache here. */
export function defineIgnoredSysctls(table: SysctlTable): void {
  table.define("net.ipv4.tcp_adv_win_scale", 1, -31, 31);
  table.define("net.ipv4.tcp_stdurg", 0, 0, 1);
  table.define("net.ipv4.tcp_no_metrics_save", 0, 0, 1);
  table.define("net.ipv4.tcp_no_ssthresh_metrics_save", 1, 0, 1);
}
