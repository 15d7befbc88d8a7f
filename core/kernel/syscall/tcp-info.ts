/**
 * What getsockopt(TCP_INFO) and ss -i tell about a connection: struct tcp_info of include/uapi/linux/tcp.h with its
 * names: every field is called as there. Times are in us unless the comment says ms.
 */

/** Bits of `tcpi_options`. */
export const TCPI_OPT = { TIMESTAMPS: 1, SACK: 2, WSCALE: 4, ECN: 8, ECN_SEEN: 16, SYN_DATA: 32, USEC_TS: 64 } as const;

export interface TcpInfo {
  /** Number of the state (TCP_ESTABLISHED is 1). */
  readonly tcpi_state: number;
  /** 0 Open, 1 Disorder, 2 CWR, 3 Recovery, 4 Loss. */
  readonly tcpi_ca_state: number;
  /** Time-outs in a row. */
  readonly tcpi_retransmits: number;
  readonly tcpi_probes: number;
  readonly tcpi_backoff: number;
  readonly tcpi_options: number;
  readonly tcpi_snd_wscale: number;
  readonly tcpi_rcv_wscale: number;
  readonly tcpi_delivery_rate_app_limited: number;
  readonly tcpi_fastopen_client_fail: number;
  readonly tcpi_rto: number;
  readonly tcpi_ato: number;
  readonly tcpi_snd_mss: number;
  readonly tcpi_rcv_mss: number;
  /** Segments; of a listener: connections waiting for accept. */
  readonly tcpi_unacked: number;
  /** Segments; of a listener: the backlog. */
  readonly tcpi_sacked: number;
  readonly tcpi_lost: number;
  readonly tcpi_retrans: number;
  readonly tcpi_fackets: number;
  /** ms ago. */
  readonly tcpi_last_data_sent: number;
  readonly tcpi_last_ack_sent: number;
  readonly tcpi_last_data_recv: number;
  readonly tcpi_last_ack_recv: number;
  readonly tcpi_pmtu: number;
  readonly tcpi_rcv_ssthresh: number;
  readonly tcpi_rtt: number;
  readonly tcpi_rttvar: number;
  /** Segments. */
  readonly tcpi_snd_ssthresh: number;
  readonly tcpi_snd_cwnd: number;
  readonly tcpi_advmss: number;
  readonly tcpi_reordering: number;
  readonly tcpi_rcv_rtt: number;
  readonly tcpi_rcv_space: number;
  readonly tcpi_total_retrans: number;
  /** Bytes a second; Infinity without a limit. */
  readonly tcpi_pacing_rate: number;
  readonly tcpi_max_pacing_rate: number;
  readonly tcpi_bytes_acked: number;
  readonly tcpi_bytes_received: number;
  readonly tcpi_segs_out: number;
  readonly tcpi_segs_in: number;
  readonly tcpi_notsent_bytes: number;
  readonly tcpi_min_rtt: number;
  readonly tcpi_data_segs_in: number;
  readonly tcpi_data_segs_out: number;
  /** Bytes a second. */
  readonly tcpi_delivery_rate: number;
  readonly tcpi_busy_time: number;
  readonly tcpi_rwnd_limited: number;
  readonly tcpi_sndbuf_limited: number;
  readonly tcpi_delivered: number;
  readonly tcpi_delivered_ce: number;
  readonly tcpi_bytes_sent: number;
  readonly tcpi_bytes_retrans: number;
  readonly tcpi_dsack_dups: number;
  readonly tcpi_reord_seen: number;
  readonly tcpi_rcv_ooopack: number;
  readonly tcpi_snd_wnd: number;
  readonly tcpi_rcv_wnd: number;
  readonly tcpi_rehash: number;
  readonly tcpi_total_rto: number;
  readonly tcpi_total_rto_recoveries: number;
  /** ms. */
  readonly tcpi_total_rto_time: number;
}
