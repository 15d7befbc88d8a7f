/**
 * SYN cookies, RFC 4987, section 3.6; Linux net/ipv4/syncookies.c: while a listener's queue is full, what it must know
 * about a SYN travels in the sequence number of its answer (an index of the MSS and the minute), and in the low bits of
 * its timestamp (window scale, SACK, ECN).
 */
import { SipHash } from "../../../base/siphash.ts";
import type { KernelCore } from "../../core.ts";
import { randomKey, type Tuple } from "./isn.ts";
import { seqOf, type Seq } from "../sequence.ts";
import type { OptionsReceived } from "../tcp-sock.ts";
import type { TcpSysctls } from "../tcp-sysctls.ts";

const COOKIE_BITS = 24;
const COOKIE_MASK = (1 << COOKIE_BITS) - 1;
/** Cookies are accepted in the minute after they were made, too. */
const COOKIE_AGE_MAX = 2;
const MINUTE_NS = 60_000_000_000;

/** The MSS values that most of the internet asks for: a cookie has room for an index. */
export const COOKIE_MSS = [536, 1300, 1440, 1460] as const;

/** Low bits of the timestamp: four of window scale, SACK permitted, ECN agreed. */
const TS_BITS = 6;
const TS_MASK = (1 << TS_BITS) - 1;
const TS_WSCALE_MASK = 0xf;
const TS_SACK = 0x10;
const TS_ECN = 0x20;

export class SynCookies {
  readonly #core: KernelCore;
  readonly #hashes: readonly [SipHash, SipHash];
  readonly #words = [0, 0, 0, 0];

  constructor(core: KernelCore) {
    this.#core = core;
    const random = core.random("tcp/syncookies");
    this.#hashes = [new SipHash(randomKey(random)), new SipHash(randomKey(random))];
  }

  /** The sequence number that stands for a SYN with sequence number `irs`. @returns with the MSS it will remember. */
  make(tuple: Tuple, irs: Seq, mss: number): { isn: Seq; mss: number } {
    let index = COOKIE_MSS.length - 1;
    while (index > 0 && mss < (COOKIE_MSS[index] as number)) index--;
    const count = this.#minute();
    const body = (this.#hash(tuple, count, 1) + index) & COOKIE_MASK;
    const isn = seqOf(this.#hash(tuple, 0, 0) + irs + (count << COOKIE_BITS) + body);
    return { isn, mss: COOKIE_MSS[index] as number };
  }

  /** The MSS that a cookie stands for; 0 when it is none of ours, or too old (__cookie_v4_check). */
  check(tuple: Tuple, irs: Seq, cookie: Seq): number {
    const rest = (cookie - (this.#hash(tuple, 0, 0) + irs)) | 0;
    const count = this.#minute();
    const age = (count - (rest >>> COOKIE_BITS)) & (0xffffffff >>> COOKIE_BITS);
    if (age >= COOKIE_AGE_MAX) return 0;
    const index = (rest - this.#hash(tuple, count - age, 1)) & COOKIE_MASK;
    return COOKIE_MSS[index] ?? 0;
  }

  #minute(): number {
    return Math.floor(this.#core.engine.now / MINUTE_NS) % 2 ** 30;
  }

  #hash(tuple: Tuple, count: number, which: 0 | 1): number {
    const words = this.#words;
    words[0] = tuple.boundAddress;
    words[1] = tuple.remoteAddress;
    words[2] = (tuple.remotePort << 16) | tuple.localPort;
    words[3] = count;
    return this.#hashes[which].hash(words);
  }
}

/** What a cookie's timestamp has to tell of a request. */
export interface CookieOptions {
  readonly wscaleOk: boolean;
  readonly sndWscale: number;
  readonly sackOk: boolean;
  readonly ecnOk: boolean;
}

/** The timestamp, ms, not later than `nowMs`, whose low bits are the options (cookie_init_timestamp). */
export function cookieTimestamp(options: CookieOptions, nowMs: number): number {
  let bits = options.wscaleOk ? options.sndWscale : TS_WSCALE_MASK;
  if (options.sackOk) bits |= TS_SACK;
  if (options.ecnOk) bits |= TS_ECN;
  const stamp = Math.floor(nowMs / (TS_MASK + 1)) * (TS_MASK + 1) + bits;
  return stamp > nowMs ? stamp - (TS_MASK + 1) : stamp;
}

/**
 * Reads the options back out of an echoed timestamp, its offset taken off already. @returns false when they cannot be
 * ours: they say what this machine does not do (cookie_timestamp_decode).
 */
export function decodeCookieTimestamp(options: OptionsReceived, sysctls: TcpSysctls): boolean {
  options.sackOk = false;
  options.wscaleOk = false;
  if (!options.sawTstamp) return true;
  if (sysctls.timestamps === 0) return false;
  const bits = options.rcvTsecr;
  options.sackOk = (bits & TS_SACK) !== 0;
  if (options.sackOk && sysctls.sack === 0) return false;
  if ((bits & TS_WSCALE_MASK) === TS_WSCALE_MASK) return true;
  options.wscaleOk = true;
  options.sndWscale = bits & TS_WSCALE_MASK;
  return sysctls.windowScaling !== 0;
}

export const cookieSaysEcn = (options: OptionsReceived): boolean => (options.rcvTsecr & TS_ECN) !== 0;
