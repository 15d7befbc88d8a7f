/**
 * Options of SYN and SYN-ACK in Linux's layout: tcp_syn_options and tcp_synack_options of tcp_output.c. The order is
 * MSS, SACK permitted and timestamps in one piece, window scale, Fast Open; gaps are filled with NOP.
 */
import { put16, put32, put8 } from "../../base/bytes.ts";
import { paddedToWords } from "../../wire/options.ts";
import { TCP_OPTIONS_BYTES_MAX, TCPOLEN, TCPOPT } from "../../wire/tcp-options.ts";
import { routeOf } from "./tcp-route.ts";
import type { TcpSock } from "./tcp-sock.ts";
import { setFastopenState } from "./socket-records.ts";

/** Shared experimental option (RFC 6994) and the number by which Fast Open used it (RFC 7413, appendix). */
export const TCPOPT_EXPERIMENTAL = 254;
export const FASTOPEN_MAGIC = 0xf989;

/** IPv4 and TCP header; least MSS to advertise (net.ipv4.route.min_adv_mss). */
const HEADERS_BYTES = 40;
const ADVMSS_MIN = 256;

/** What to say in a SYN or SYN-ACK. */
export interface SynOptions {
  readonly mss: number;
  readonly timestamps: boolean;
  /** 32-bit numbers, when `timestamps`. */
  readonly value: number;
  readonly echo: number;
  readonly sack: boolean;
  /** Shift of windows that we receive; -1 without the option. */
  readonly windowShift: number;
  /** Fast Open: the cookie, none (asks for one) for an empty one; null without the option. */
  readonly cookie: Uint8Array | null;
  /** The cookie goes in the experimental option. */
  readonly exp: boolean;
}

const cookieBytes = (options: SynOptions): number =>
  options.cookie === null ? 0 : paddedToWords((options.exp ? 4 : 2) + options.cookie.length);

/** Whether the cookie still fits; with all else there are 20 bytes left, so only a malformed one does not. */
const fitsCookie = (options: SynOptions): boolean =>
  options.cookie !== null && cookieBytes(options) <= TCP_OPTIONS_BYTES_MAX - plainBytes(options);

function plainBytes(options: SynOptions): number {
  let bytes: number = TCPOLEN.MSS;
  if (options.timestamps) bytes += 12;
  else if (options.sack) bytes += 4;
  if (options.windowShift >= 0) bytes += 4;
  return bytes;
}

/** Bytes that `writeSynAckOptions` will write: a multiple of 4, at most 40. */
export const synAckOptionsLength = (options: SynOptions): number =>
  plainBytes(options) + (fitsCookie(options) ? cookieBytes(options) : 0);

/** What our SYN says (tcp_syn_options). */
function synOptions(tcp: TcpSock): SynOptions {
  const { timestamps, sack, windowScaling } = tcp.tcp.sysctls;
  const request = tcp.fastopenReq;
  const route = routeOf(tcp);
  // The path may have turned out to be narrower since the first SYN (tcp_advertise_mss).
  if (typeof route !== "number") {
    const most = route.metrics.advmss || Math.max(route.mtu - HEADERS_BYTES, ADVMSS_MIN);
    tcp.advmss = Math.min(tcp.advmss, most);
  }
  return {
    mss: tcp.advmss,
    timestamps: timestamps !== 0,
    value: (Math.floor(tcp.nowUs / 1000) + tcp.tsOffset) >>> 0,
    echo: tcp.rxOpt.tsRecent,
    sack: sack !== 0,
    windowShift: windowScaling !== 0 ? tcp.rxOpt.rcvWscale : -1,
    cookie: request?.cookie ?? null,
    exp: request?.exp ?? false,
  };
}

/** Bytes that `writeSynOptions` will write. */
export const synOptionsLength = (tcp: TcpSock): number => synAckOptionsLength(synOptions(tcp));

/** Writes the options of our SYN at `at`, and notes whether Fast Open was among them. @returns bytes written. */
export function writeSynOptions(tcp: TcpSock, bytes: Uint8Array, at: number): number {
  const options = synOptions(tcp);
  if (fitsCookie(options)) {
    setFastopenState(tcp, { synFastopen: true, synFastopenExp: options.exp });
  }
  return writeSynAckOptions(bytes, at, options);
}

/**
 * Writes them at `at`: for a SYN-ACK those that both sides agreed on (tcp_synack_options). @returns bytes written.
 */
export function writeSynAckOptions(bytes: Uint8Array, at: number, options: SynOptions): number {
  put16(bytes, at, (TCPOPT.MSS << 8) | TCPOLEN.MSS);
  put16(bytes, at + 2, options.mss);
  let next = at + TCPOLEN.MSS;
  if (options.timestamps || options.sack) {
    put16(bytes, next, options.sack && options.timestamps ? SACK_PERMITTED : NOP_NOP);
    put16(bytes, next + 2, options.timestamps ? (TCPOPT.TIMESTAMP << 8) | TCPOLEN.TIMESTAMP : SACK_PERMITTED);
    next += 4;
  }
  if (options.timestamps) {
    put32(bytes, next, options.value);
    put32(bytes, next + 4, options.echo);
    next += 8;
  }
  if (options.windowShift >= 0) {
    put16(bytes, next, (TCPOPT.NOP << 8) | TCPOPT.WINDOW);
    put16(bytes, next + 2, (TCPOLEN.WINDOW << 8) | options.windowShift);
    next += 4;
  }
  if (fitsCookie(options)) next = writeCookie(bytes, next, options);
  return next - at;
}

const NOP_NOP = (TCPOPT.NOP << 8) | TCPOPT.NOP;
const SACK_PERMITTED = (TCPOPT.SACK_PERM << 8) | TCPOLEN.SACK_PERM;

function writeCookie(bytes: Uint8Array, at: number, options: SynOptions): number {
  const cookie = options.cookie as Uint8Array;
  const end = at + cookieBytes(options);
  const length = (options.exp ? 4 : 2) + cookie.length;
  put8(bytes, at, options.exp ? TCPOPT_EXPERIMENTAL : TCPOPT.FASTOPEN);
  put8(bytes, at + 1, length);
  if (options.exp) put16(bytes, at + 2, FASTOPEN_MAGIC);
  let next = at + (options.exp ? 4 : 2);
  for (const byte of cookie) put8(bytes, next++, byte);
  while (next < end) put8(bytes, next++, TCPOPT.NOP);
  return end;
}
