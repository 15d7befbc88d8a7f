/** What getsockopt(TCP_INFO) and ss tell of a connection (tcp_get_info in tcp.c). */
import { TCPI_OPT, type TcpInfo } from "../../syscall/tcp-info.ts";
import { deliveryRate } from "../loss/rate.ts";
import { minRttUs } from "../loss/rtt.ts";
import { seqDistance } from "../sequence.ts";
import { TCP_STATE } from "../states.ts";
import { CHRONO, ECN, type TcpSock } from "../tcp-sock.ts";

/** Longest delayed ACK, us (TCP_DELACK_MAX). */
const DELACK_MAX_US = 200_000;

/** The record as of now. Of a listener most of it is 0, and `tcpi_unacked` and `tcpi_sacked` tell of its queue. */
export function tcpInfo(tcp: TcpSock): TcpInfo {
  const info: { -readonly [K in keyof TcpInfo]: TcpInfo[K] } = { ...EMPTY };
  info.tcpi_state = tcp.state;
  info.tcpi_pacing_rate = tcp.pacingRate;
  info.tcpi_max_pacing_rate = tcp.maxPacingRate;
  info.tcpi_reordering = tcp.reordering;
  info.tcpi_snd_cwnd = tcp.sndCwnd;
  if (tcp.state === TCP_STATE.LISTEN) {
    info.tcpi_unacked = tcp.accepting?.length ?? 0;
    info.tcpi_sacked = tcp.accepting?.backlog ?? 0;
    return info;
  }
  fillOptions(tcp, info);
  fillTimes(tcp, info);
  fillCounts(tcp, info);
  fillChrono(tcp, info);
  return info;
}

type Filled = { -readonly [K in keyof TcpInfo]: TcpInfo[K] };

function fillOptions(tcp: TcpSock, info: Filled): void {
  const rx = tcp.rxOpt;
  let options = 0;
  if (rx.tstampOk) options |= TCPI_OPT.TIMESTAMPS;
  if (rx.sackOk) options |= TCPI_OPT.SACK;
  if (rx.wscaleOk) {
    options |= TCPI_OPT.WSCALE;
    info.tcpi_snd_wscale = rx.sndWscale;
    info.tcpi_rcv_wscale = rx.rcvWscale;
  }
  if ((tcp.ecnFlags & ECN.OK) !== 0) options |= TCPI_OPT.ECN;
  if ((tcp.ecnFlags & ECN.SEEN) !== 0) options |= TCPI_OPT.ECN_SEEN;
  if (tcp.fastopen.synDataAcked) options |= TCPI_OPT.SYN_DATA;
  info.tcpi_options = options;
  info.tcpi_fastopen_client_fail = tcp.fastopen.fastopenClientFail;
}

function fillTimes(tcp: TcpSock, info: Filled): void {
  const nowMs = Math.floor(tcp.nowUs / 1000);
  const since = (us: number): number => nowMs - Math.floor(us / 1000);
  info.tcpi_rto = tcp.rtoUs;
  info.tcpi_ato = Math.min(tcp.ackAtoUs, DELACK_MAX_US);
  info.tcpi_last_data_sent = since(tcp.lastSendUs);
  info.tcpi_last_data_recv = since(tcp.ackLastReceivedUs);
  info.tcpi_last_ack_recv = since(tcp.rcvTstampUs);
  info.tcpi_rtt = Math.floor(tcp.srttUs / 8);
  info.tcpi_rttvar = Math.floor(tcp.mdevUs / 4);
  info.tcpi_rcv_rtt = Math.floor(tcp.rcvRtt.rttUs / 8);
  info.tcpi_min_rtt = minRttUs(tcp);
}

function fillCounts(tcp: TcpSock, info: Filled): void {
  info.tcpi_ca_state = tcp.caState;
  info.tcpi_retransmits = tcp.retransmits;
  info.tcpi_probes = tcp.probesOut;
  info.tcpi_backoff = tcp.backoff;
  info.tcpi_snd_mss = tcp.mssCache;
  info.tcpi_rcv_mss = tcp.ackRcvMss;
  info.tcpi_unacked = tcp.packetsOut;
  info.tcpi_sacked = tcp.sackedOut;
  info.tcpi_lost = tcp.lostOut;
  info.tcpi_retrans = tcp.retransOut;
  info.tcpi_pmtu = tcp.pmtuCookie;
  info.tcpi_rcv_ssthresh = tcp.rcvSsthresh;
  info.tcpi_snd_ssthresh = tcp.sndSsthresh;
  info.tcpi_advmss = tcp.advmss;
  info.tcpi_rcv_space = tcp.rcvq.space;
  info.tcpi_total_retrans = tcp.totalRetrans;
  info.tcpi_bytes_acked = tcp.bytesAcked;
  info.tcpi_bytes_received = tcp.bytesReceived;
  info.tcpi_notsent_bytes = Math.max(0, seqDistance(tcp.sndNxt, tcp.writeSeq));
  info.tcpi_segs_out = tcp.segsOut;
  info.tcpi_segs_in = tcp.segsIn;
  info.tcpi_data_segs_in = tcp.dataSegsIn;
  info.tcpi_data_segs_out = tcp.dataSegsOut;
  info.tcpi_delivery_rate = deliveryRate(tcp);
  info.tcpi_delivery_rate_app_limited = tcp.rateAppLimited ? 1 : 0;
  info.tcpi_delivered = tcp.delivered;
  info.tcpi_delivered_ce = tcp.deliveredCe;
  info.tcpi_bytes_sent = tcp.bytesSent;
  info.tcpi_bytes_retrans = tcp.bytesRetrans;
  info.tcpi_dsack_dups = tcp.dsackDups;
  info.tcpi_reord_seen = tcp.reordSeen;
  info.tcpi_rcv_ooopack = tcp.rcvOoopack;
  info.tcpi_snd_wnd = tcp.sndWnd;
  info.tcpi_rcv_wnd = tcp.rcvWnd;
  info.tcpi_total_rto = tcp.totalRto;
}

/** Spans of the chronograph with what is timed now (tcp_get_info_chrono_stats). All kinds of it are busy time. */
function fillChrono(tcp: TcpSock, info: Filled): void {
  const span = (type: number): number =>
    (tcp.chronoUs[type] as number) + (tcp.chronoType === type ? tcp.nowUs - tcp.chronoStartUs : 0);
  info.tcpi_rwnd_limited = span(CHRONO.RWND_LIMITED);
  info.tcpi_sndbuf_limited = span(CHRONO.SNDBUF_LIMITED);
  info.tcpi_busy_time = span(CHRONO.BUSY) + info.tcpi_rwnd_limited + info.tcpi_sndbuf_limited;
}

const EMPTY: TcpInfo = {
  tcpi_state: 0,
  tcpi_ca_state: 0,
  tcpi_retransmits: 0,
  tcpi_probes: 0,
  tcpi_backoff: 0,
  tcpi_options: 0,
  tcpi_snd_wscale: 0,
  tcpi_rcv_wscale: 0,
  tcpi_delivery_rate_app_limited: 0,
  tcpi_fastopen_client_fail: 0,
  tcpi_rto: 0,
  tcpi_ato: 0,
  tcpi_snd_mss: 0,
  tcpi_rcv_mss: 0,
  tcpi_unacked: 0,
  tcpi_sacked: 0,
  tcpi_lost: 0,
  tcpi_retrans: 0,
  tcpi_fackets: 0,
  tcpi_last_data_sent: 0,
  tcpi_last_ack_sent: 0,
  tcpi_last_data_recv: 0,
  tcpi_last_ack_recv: 0,
  tcpi_pmtu: 0,
  tcpi_rcv_ssthresh: 0,
  tcpi_rtt: 0,
  tcpi_rttvar: 0,
  tcpi_snd_ssthresh: 0,
  tcpi_snd_cwnd: 0,
  tcpi_advmss: 0,
  tcpi_reordering: 0,
  tcpi_rcv_rtt: 0,
  tcpi_rcv_space: 0,
  tcpi_total_retrans: 0,
  tcpi_pacing_rate: 0,
  tcpi_max_pacing_rate: 0,
  tcpi_bytes_acked: 0,
  tcpi_bytes_received: 0,
  tcpi_segs_out: 0,
  tcpi_segs_in: 0,
  tcpi_notsent_bytes: 0,
  tcpi_min_rtt: 0,
  tcpi_data_segs_in: 0,
  tcpi_data_segs_out: 0,
  tcpi_delivery_rate: 0,
  tcpi_busy_time: 0,
  tcpi_rwnd_limited: 0,
  tcpi_sndbuf_limited: 0,
  tcpi_delivered: 0,
  tcpi_delivered_ce: 0,
  tcpi_bytes_sent: 0,
  tcpi_bytes_retrans: 0,
  tcpi_dsack_dups: 0,
  tcpi_reord_seen: 0,
  tcpi_rcv_ooopack: 0,
  tcpi_snd_wnd: 0,
  tcpi_rcv_wnd: 0,
  tcpi_rehash: 0,
  tcpi_total_rto: 0,
  tcpi_total_rto_recoveries: 0,
  tcpi_total_rto_time: 0,
};
