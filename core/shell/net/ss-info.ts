/** What ss -i, -m, -o and -e say of one socket (iproute2 6.1, misc/ss.c: tcp_stats_print and its neighbours). */
import { MILLISECOND } from "../../base/time.ts";
import type { SocketInfo, TcpSocketInfo } from "../../kernel/syscall/netlink.ts";
import { TCPI_OPT, type TcpInfo } from "../../kernel/syscall/tcp-info.ts";
import { general } from "../lib/format.ts";

export interface SsDetail {
  /** -n: rates as plain numbers. */
  readonly numeric: boolean;
  /** -o or -e: options of the connection. */
  readonly options: boolean;
}

/** ` timer:(on,204ms,0)`; nothing while none runs. */
export function timerText({ timer, timerLeft, retransmits, probes }: TcpSocketInfo): string {
  if (timer === null) return "";
  const count = timer === "persist" || timer === "keepalive" ? probes : retransmits;
  return ` timer:(${timer},${spanText(Math.floor(timerLeft / MILLISECOND))},${count})`;
}

/** From ms: the coarser, the longer: `119min`, `59sec`, `1.200ms`, `040ms`. */
function spanText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  let seconds = Math.floor(ms / 1000) % 60;
  let rest = ms % 1000;
  let text = "";
  if (minutes > 0) {
    rest = 0;
    text = `${minutes}min`;
    if (minutes > 9) seconds = 0;
  }
  if (seconds > 0) {
    if (seconds > 9) rest = 0;
    text += `${seconds}${rest > 0 ? "." : "sec"}`;
  }
  return rest > 0 ? `${text}${String(rest).padStart(3, "0")}ms` : text;
}

export function memoryText(each: SocketInfo): string {
  const plain = [each.receiveQueueBytes, each.receiveBufferBytes, each.sendQueueBytes, each.sendBufferBytes];
  const [r = 0, rb = 0, t = 0, tb = 0, f = 0, w = 0, o = 0, bl = 0] = each.tcp?.memory ?? plain;
  return ` skmem:(r${r},rb${rb},t${t},tb${tb},f${f},w${w},o${o},bl${bl},d${each.drops})`;
}

/** A count that is left out when it is zero. */
const count = (name: string, value: number): string => (value === 0 ? "" : ` ${name}:${value}`);
/** us as ms. */
const ms = (us: number): string => general(us / 1000, 6);

function rateText(bitsPerSecond: number, numeric: boolean): string {
  if (numeric) return `${bitsPerSecond.toFixed(0)}bps`;
  const unit = [1e12, 1e9, 1e6, 1e3].findIndex((each) => bitsPerSecond >= each);
  if (unit < 0) return `${general(bitsPerSecond, 6)}bps`;
  return `${general(bitsPerSecond / 10 ** (12 - 3 * unit), 3)}${"TGMk".charAt(unit)}bps`;
}

/** Everything about a connection, in ss's order. */
export function tcpText(each: SocketInfo, tcp: TcpSocketInfo, detail: SsDetail): string {
  const { info } = tcp;
  if (info === null) return "";
  return [
    detail.options ? optionText(info.tcpi_options) : "",
    tcp.congestion === "" ? "" : ` ${tcp.congestion}`,
    timesText(info),
    windowText(info),
    trafficText(info),
    rates(info, detail.numeric),
    lossText(info, each.state),
    receiverText(info),
  ].join("");
}

function optionText(options: number): string {
  const names = [
    [TCPI_OPT.TIMESTAMPS, " ts"],
    [TCPI_OPT.SACK, " sack"],
    [TCPI_OPT.ECN, " ecn"],
    [TCPI_OPT.ECN_SEEN, " ecnseen"],
    [TCPI_OPT.SYN_DATA, " fastopen"],
  ] as const;
  return names.map(([bit, name]) => ((options & bit) !== 0 ? name : "")).join("");
}

function timesText(info: TcpInfo): string {
  const scale =
    (info.tcpi_options & TCPI_OPT.WSCALE) === 0 ? "" : ` wscale:${info.tcpi_snd_wscale},${info.tcpi_rcv_wscale}`;
  const rto = info.tcpi_rto === 0 || info.tcpi_rto === 3_000_000 ? "" : ` rto:${ms(info.tcpi_rto)}`;
  const rtt = info.tcpi_rtt === 0 ? "" : ` rtt:${ms(info.tcpi_rtt)}/${ms(info.tcpi_rttvar)}`;
  const ato = info.tcpi_ato === 0 ? "" : ` ato:${ms(info.tcpi_ato)}`;
  return `${scale}${rto}${count("backoff", info.tcpi_backoff)}${rtt}${ato}`;
}

/** ssthresh that is too large to mean anything is not shown. */
const SSTHRESH_SHOWN_MAX = 0xffff;

const windowText = (info: TcpInfo): string =>
  count("mss", info.tcpi_snd_mss) +
  count("pmtu", info.tcpi_pmtu) +
  count("rcvmss", info.tcpi_rcv_mss) +
  count("advmss", info.tcpi_advmss) +
  count("cwnd", info.tcpi_snd_cwnd) +
  (info.tcpi_snd_ssthresh < SSTHRESH_SHOWN_MAX ? count("ssthresh", info.tcpi_snd_ssthresh) : "");

const trafficText = (info: TcpInfo): string =>
  count("bytes_sent", info.tcpi_bytes_sent) +
  count("bytes_retrans", info.tcpi_bytes_retrans) +
  count("bytes_acked", info.tcpi_bytes_acked) +
  count("bytes_received", info.tcpi_bytes_received) +
  count("segs_out", info.tcpi_segs_out) +
  count("segs_in", info.tcpi_segs_in) +
  count("data_segs_out", info.tcpi_data_segs_out) +
  count("data_segs_in", info.tcpi_data_segs_in);

function rates(info: TcpInfo, numeric: boolean): string {
  const rate = (name: string, bytes: number): string =>
    bytes === 0 || bytes === Infinity ? "" : `${name}${rateText(bytes * 8, numeric)}`;
  const window = info.tcpi_snd_cwnd * info.tcpi_snd_mss;
  const pacing = rate(" pacing_rate ", info.tcpi_pacing_rate);
  return [
    info.tcpi_rtt > 0 && window > 0 ? ` send ${rateText((window * 8e6) / info.tcpi_rtt, numeric)}` : "",
    count("lastsnd", info.tcpi_last_data_sent),
    count("lastrcv", info.tcpi_last_data_recv),
    count("lastack", info.tcpi_last_ack_recv),
    pacing,
    pacing === "" ? "" : rate("/", info.tcpi_max_pacing_rate),
    rate(" delivery_rate ", info.tcpi_delivery_rate),
    count("delivered", info.tcpi_delivered),
    count("delivered_ce", info.tcpi_delivered_ce),
    info.tcpi_delivery_rate_app_limited === 0 ? "" : " app_limited",
    busyText(info),
  ].join("");
}

function busyText(info: TcpInfo): string {
  const busy = info.tcpi_busy_time;
  if (busy === 0) return "";
  const part = (name: string, us: number): string =>
    us === 0 ? "" : ` ${name}:${Math.floor(us / 1000)}ms(${((100 * us) / busy).toFixed(1)}%)`;
  const limited = part("rwnd_limited", info.tcpi_rwnd_limited) + part("sndbuf_limited", info.tcpi_sndbuf_limited);
  return ` busy:${Math.floor(busy / 1000)}ms${limited}`;
}

const lossText = (info: TcpInfo, state: string): string =>
  count("unacked", info.tcpi_unacked) +
  (info.tcpi_retrans > 0 || info.tcpi_total_retrans > 0
    ? ` retrans:${info.tcpi_retrans}/${info.tcpi_total_retrans}`
    : "") +
  count("lost", info.tcpi_lost) +
  (state === "LISTEN" ? "" : count("sacked", info.tcpi_sacked)) +
  count("dsack_dups", info.tcpi_dsack_dups) +
  count("fackets", info.tcpi_fackets) +
  (info.tcpi_reordering === 3 ? "" : ` reordering:${info.tcpi_reordering}`) +
  count("reord_seen", info.tcpi_reord_seen);

/** Before the first measurement the least RTT is no number to show. */
const NO_RTT = 0xffffffff;

const receiverText = (info: TcpInfo): string =>
  (info.tcpi_rcv_rtt === 0 ? "" : ` rcv_rtt:${ms(info.tcpi_rcv_rtt)}`) +
  count("rcv_space", info.tcpi_rcv_space) +
  count("rcv_ssthresh", info.tcpi_rcv_ssthresh) +
  count("notsent", info.tcpi_notsent_bytes) +
  (info.tcpi_min_rtt === 0 || info.tcpi_min_rtt >= NO_RTT ? "" : ` minrtt:${ms(info.tcpi_min_rtt)}`) +
  count("rcv_ooopack", info.tcpi_rcv_ooopack) +
  count("snd_wnd", info.tcpi_snd_wnd);
