/**
 * TCP options as a connection reads and writes them, in place: tcp_parse_options and tcp_fast_parse_options of
 * tcp_input.c, tcp_established_options and tcp_options_write of tcp_output.c. What is written has Linux's layout, byte
 * for byte; that of SYNs is in syn-options.ts. Records for the dissector are in wire/tcp-options.ts.
 * Left out: MD5 and TCP-AO, SMC, MPTCP.
 */
import { copyBytes, put32, u16, u32, u8 } from "../../base/bytes.ts";
import { optionLength } from "../../wire/options.ts";
import { TCP_HEADER_BYTES, tcpFlags, tcpHeaderBytes, TH } from "../../wire/tcp.ts";
import { TCP_OPTIONS_BYTES_MAX, TCP_WINDOW_SHIFT_MAX, TCPOLEN, TCPOPT } from "../../wire/tcp-options.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { FASTOPEN_MAGIC, TCPOPT_EXPERIMENTAL } from "./syn-options.ts";
import type { SackRange, OptionsReceived, TcpSock } from "./tcp-sock.ts";
import type { TcpSysctls } from "./tcp-sysctls.ts";

export {
  synAckOptionsLength,
  synOptionsLength,
  writeSynAckOptions,
  writeSynOptions,
  type SynOptions,
} from "./syn-options.ts";

/**
 * Two NOPs and the option, so that what follows is aligned: bytes that timestamps take, and SACK without its blocks.
 */
export const TSTAMP_ALIGNED_BYTES = 12;
export const SACK_BASE_ALIGNED_BYTES = 4;
/** First words of those. */
const TSTAMP_WORD = (TCPOPT.NOP << 24) | (TCPOPT.NOP << 16) | (TCPOPT.TIMESTAMP << 8) | TCPOLEN.TIMESTAMP;
const SACK_WORD = (TCPOPT.NOP << 24) | (TCPOPT.NOP << 16) | (TCPOPT.SACK << 8);

const EXPERIMENTAL_BASE_BYTES = 4;
export const COOKIE_BYTES_MIN = 4;
export const COOKIE_BYTES_MAX = 16;

/** A Fast Open cookie as an option said it (struct tcp_fastopen_cookie). */
export interface FastopenCookie {
  readonly value: Uint8Array;
  /** Bytes of `value`: 0 asks for a cookie, -1 there was no option, or not a valid one. */
  length: number;
  /** It came in the experimental option, so the answer goes in that too. */
  exp: boolean;
}

export const newCookie = (): FastopenCookie => ({ value: new Uint8Array(COOKIE_BYTES_MAX), length: -1, exp: false });

/** How to read a header. Callers keep constants of it: nothing is allocated per segment. */
export interface ParseHow {
  /** The connection exists: options of the handshake do not count any more. */
  readonly established: boolean;
  /** Filled in from a SYN; null when nobody asks. */
  readonly fastopen: FastopenCookie | null;
}

export const PARSE_ESTABLISHED: ParseHow = { established: true, fastopen: null };
export const PARSE_HANDSHAKE: ParseHow = { established: false, fastopen: null };

/** Forgets what a SYN would have agreed on (tcp_clear_options). */
export function clearOptions(into: OptionsReceived): void {
  into.tstampOk = false;
  into.sackOk = false;
  into.wscaleOk = false;
  into.sndWscale = 0;
  into.numSacks = 0;
}

/**
 * Reads the options of the segment whose header is at `skb.transportHeader`. Its header length has been checked against
 * the packet; whatever the option bytes are, it never throws, and stops at the first that make no sense.
 */
export function parseOptions(sysctls: TcpSysctls, skb: SkBuff, into: OptionsReceived, how: ParseHow): void {
  const bytes = skb.bytes;
  const header = skb.transportHeader;
  const end = Math.min(header + tcpHeaderBytes(bytes, header), bytes.length);
  const syn = (tcpFlags(bytes, header) & TH.SYN) !== 0;
  into.sawTstamp = false;
  into.numSacks = 0;
  for (let at = header + TCP_HEADER_BYTES; at < end;) {
    const kind = u8(bytes, at);
    if (kind === TCPOPT.EOL) return;
    const length = optionLength(bytes, at, end);
    if (length === 0) return;
    if (kind === TCPOPT.TIMESTAMP) readTimestamp(sysctls, bytes, at, { length, into, how });
    else if (kind === TCPOPT.SACK) readSack(at, length, into);
    else if (syn && kind !== TCPOPT.NOP) readSynOption(sysctls, bytes, at, { length, into, how });
    at += length;
  }
}

interface Reading {
  readonly length: number;
  readonly into: OptionsReceived;
  readonly how: ParseHow;
}

function readTimestamp(sysctls: TcpSysctls, bytes: Uint8Array, at: number, reading: Reading): void {
  const { length, into, how } = reading;
  if (length !== TCPOLEN.TIMESTAMP) return;
  if (how.established ? !into.tstampOk : sysctls.timestamps === 0) return;
  into.sawTstamp = true;
  into.rcvTsval = u32(bytes, at + 2);
  into.rcvTsecr = u32(bytes, at + 6);
}

/** Only where the blocks are: processing an ACK reads them. */
function readSack(at: number, length: number, into: OptionsReceived): void {
  const blocks = length - TCPOLEN.SACK_BASE;
  if (blocks < TCPOLEN.SACK_PERBLOCK || blocks % TCPOLEN.SACK_PERBLOCK !== 0 || !into.sackOk) return;
  into.sackAt = at + TCPOLEN.SACK_BASE;
  into.numSacks = blocks / TCPOLEN.SACK_PERBLOCK;
}

function readSynOption(sysctls: TcpSysctls, bytes: Uint8Array, at: number, reading: Reading): void {
  const { length, into, how } = reading;
  const kind = u8(bytes, at);
  if (kind === TCPOPT.FASTOPEN) readCookie(bytes, at, length, how.fastopen);
  else if (kind === TCPOPT_EXPERIMENTAL) {
    if (length < EXPERIMENTAL_BASE_BYTES || u16(bytes, at + 2) !== FASTOPEN_MAGIC) return;
    readCookie(bytes, at, length, how.fastopen);
  } else if (!how.established) readAgreement(sysctls, bytes, at, into);
}

/** What only a handshake can agree on. */
function readAgreement(sysctls: TcpSysctls, bytes: Uint8Array, at: number, into: OptionsReceived): void {
  const kind = u8(bytes, at);
  const length = u8(bytes, at + 1);
  if (kind === TCPOPT.MSS && length === TCPOLEN.MSS) {
    const mss = u16(bytes, at + 2);
    // Zero is no size, and counts as if the option were not there.
    if (mss !== 0) into.mssClamp = into.userMss !== 0 && into.userMss < mss ? into.userMss : mss;
  } else if (kind === TCPOPT.WINDOW && length === TCPOLEN.WINDOW && sysctls.windowScaling !== 0) {
    into.wscaleOk = true;
    // RFC 7323, 2.3: larger shifts count as 14.
    into.sndWscale = Math.min(u8(bytes, at + 2), TCP_WINDOW_SHIFT_MAX);
  } else if (kind === TCPOPT.SACK_PERM && length === TCPOLEN.SACK_PERM && sysctls.sack !== 0) {
    into.sackOk = true;
  }
}

/** tcp_parse_fastopen_option: an odd length is no option at all, a wrong even one is an invalid cookie. */
function readCookie(bytes: Uint8Array, at: number, optionBytes: number, into: FastopenCookie | null): void {
  const exp = u8(bytes, at) === TCPOPT_EXPERIMENTAL;
  const base = exp ? EXPERIMENTAL_BASE_BYTES : 2;
  const length = optionBytes - base;
  if (into === null || (length & 1) !== 0) return;
  const isCookie = length >= COOKIE_BYTES_MIN && length <= COOKIE_BYTES_MAX;
  if (isCookie) copyBytes(bytes, at + base, into.value, 0, length);
  into.length = isCookie || length === 0 ? length : -1;
  into.exp = exp;
}

/**
 * The same for a segment of an existing connection, with a fast path for the usual layouts. The echoed timestamp is
 * given without the connection's own offset. @returns whether there were any options.
 */
export function parseEstablishedOptions(tcp: TcpSock, skb: SkBuff): boolean {
  const bytes = skb.bytes;
  const header = skb.transportHeader;
  const into = tcp.rxOpt;
  const length = tcpHeaderBytes(bytes, header);
  if (length === TCP_HEADER_BYTES) {
    into.sawTstamp = false;
    into.numSacks = 0;
    return false;
  }
  const at = header + TCP_HEADER_BYTES;
  const isUsual = into.tstampOk && length === TCP_HEADER_BYTES + TSTAMP_ALIGNED_BYTES;
  if (isUsual && (u32(bytes, at) | 0) === TSTAMP_WORD) {
    into.sawTstamp = true;
    into.numSacks = 0;
    into.rcvTsval = u32(bytes, at + 4);
    into.rcvTsecr = u32(bytes, at + 8);
  } else parseOptions(tcp.tcp.sysctls, skb, into, PARSE_ESTABLISHED);
  if (into.sawTstamp && into.rcvTsecr !== 0) into.rcvTsecr = (into.rcvTsecr - tcp.tsOffset) >>> 0;
  return true;
}

/** SACK blocks that the next segment carries, the duplicate one included. */
export function sackBlocksToSend(tcp: TcpSock): number {
  const wanted = tcp.selectiveAcks.length + (tcp.dsack ? 1 : 0);
  if (wanted === 0) return 0;
  const room = TCP_OPTIONS_BYTES_MAX - (tcp.rxOpt.tstampOk ? TSTAMP_ALIGNED_BYTES : 0) - SACK_BASE_ALIGNED_BYTES;
  return Math.min(wanted, Math.floor(room / TCPOLEN.SACK_PERBLOCK));
}

/** Bytes of options in the next segment of an established connection (tcp_established_options). */
export function establishedOptionsLength(tcp: TcpSock): number {
  const blocks = sackBlocksToSend(tcp);
  const sack = blocks === 0 ? 0 : SACK_BASE_ALIGNED_BYTES + blocks * TCPOLEN.SACK_PERBLOCK;
  return (tcp.rxOpt.tstampOk ? TSTAMP_ALIGNED_BYTES : 0) + sack;
}

/** Our timestamp clock, 32 bits of ms since boot plus the connection's offset (RFC 7323, 5.4). */
export const timestampNow = (tcp: TcpSock): number => (Math.floor(tcp.nowUs / 1000) + tcp.tsOffset) >>> 0;

/**
 * Writes them at `at`. A duplicate is reported once (RFC 2883, section 4): it is not owed any more afterwards.
 * @returns bytes written: what `establishedOptionsLength` said just before.
 */
export function writeEstablishedOptions(tcp: TcpSock, bytes: Uint8Array, at: number): number {
  let next = at;
  if (tcp.rxOpt.tstampOk) next += writeTimestamps(bytes, next, timestampNow(tcp), tcp.rxOpt.tsRecent);
  let blocks = sackBlocksToSend(tcp);
  if (blocks === 0) return next - at;
  put32(bytes, next, SACK_WORD | (TCPOLEN.SACK_BASE + blocks * TCPOLEN.SACK_PERBLOCK));
  next += SACK_BASE_ALIGNED_BYTES;
  if (tcp.dsack) {
    next = writeBlock(bytes, next, tcp.duplicateSack);
    tcp.dsack = false;
    blocks--;
  }
  for (let i = 0; i < blocks; i++) next = writeBlock(bytes, next, tcp.selectiveAcks[i] as SackRange);
  return next - at;
}

/** NOP, NOP, timestamps. @returns bytes written. */
export function writeTimestamps(bytes: Uint8Array, at: number, value: number, echo: number): number {
  put32(bytes, at, TSTAMP_WORD);
  put32(bytes, at + 4, value);
  put32(bytes, at + 8, echo);
  return TSTAMP_ALIGNED_BYTES;
}

function writeBlock(bytes: Uint8Array, at: number, range: SackRange): number {
  put32(bytes, at, range.start);
  put32(bytes, at + 4, range.end);
  return at + TCPOLEN.SACK_PERBLOCK;
}
