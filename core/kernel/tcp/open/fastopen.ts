/**
 * TCP Fast Open, RFC 7413, what both sides share: cookies (Linux __tcp_fastopen_cookie_gen: SipHash of both addresses),
 * the client's memory of them (tcp_metrics.c), and giving fast open up for a while when the path swallows it.
 * Left out: metrics of anything else, routes with RTAX_FASTOPEN_NO_COOKIE, detection per network interface.
 */
import { put32 } from "../../../base/bytes.ts";
import { SipHash, swapWord, type SipKey } from "../../../base/siphash.ts";
import type { Ipv4Address } from "../../../wire/address.ts";
import { TH } from "../../../wire/tcp.ts";
import type { KernelCore } from "../../core.ts";
import { randomKey } from "./isn.ts";
import type { TcpSock } from "../tcp-sock.ts";
import type { TcpSysctls } from "../tcp-sysctls.ts";
import { setFastopenState } from "../socket-records.ts";

const COOKIE_BYTES = 8;

/** Bits of net.ipv4.tcp_fastopen. */
export const TFO = {
  CLIENT: 1,
  SERVER: 2,
  CLIENT_NO_COOKIE: 4,
  SERVER_NO_COOKIE: 0x200,
  /** Every listener takes fast open, with its backlog as the limit. */
  SERVER_ALL: 0x400,
} as const;

/** Values of tcpi_fastopen_client_fail. */
export const CLIENT_FAIL = { COOKIE_UNAVAILABLE: 1, DATA_NOT_ACKED: 2, SYN_RETRANSMITTED: 3 } as const;

/** A fast open option received or to be sent. */
export interface FastOpenCookie {
  /** Null is no option; empty asks for a cookie. */
  cookie: Uint8Array | null;
  /** In the experimental option (kind 254), which came before RFC 7413. */
  exp: boolean;
}

/** What a client remembers of a server. */
interface Memory {
  /** 0 unknown. */
  mss: number;
  cookie: Uint8Array | null;
  exp: boolean;
  /** Which option to ask with: 0 untried, 1 try the experimental one, 2 back to the standard one. */
  tryExp: number;
}

/** Servers a client remembers (tcp_metrics has 16k slots of a few each). */
const MEMORIES_MAX = 4096;
/** The pause doubles with each time that fast open is found swallowed, up to 2^6. */
const BLACKHOLE_DOUBLINGS_MAX = 6;

export class FastOpen {
  readonly #core: KernelCore;
  readonly #sysctls: TcpSysctls;
  readonly #memories = new Map<string, Memory>();
  readonly #ownKey: SipKey;
  #keyText = "";
  #keys: readonly SipKey[] = [];
  // Paused by a black hole: how often, and since when, us.
  #disabledTimes = 0;
  #disabledAtUs = 0;

  constructor(core: KernelCore, sysctls: TcpSysctls) {
    this.#core = core;
    this.#sysctls = sysctls;
    this.#ownKey = randomKey(core.random("tcp/fastopen"));
  }

  /** The cookies that are good for a client, the one to hand out first. */
  cookies(listener: TcpSock, client: Ipv4Address, server: Ipv4Address): Uint8Array[] {
    const keys =
      listener.fastopen.fastopenKey === null ? this.#sysctlKeys() : keysOfBytes(listener.fastopen.fastopenKey);
    return keys.map((key) => makeCookie(key, client, server));
  }

  /** tcp_fastopen_cache_get. */
  recall(tcp: TcpSock): Readonly<Memory> | null {
    return this.#memories.get(memoryKey(tcp)) ?? null;
  }

  /** Forgets all servers (`ip tcp_metrics flush`). */
  flush(): void {
    this.#memories.clear();
  }

  /** tcp_fastopen_cache_set. @param mss 0 leaves what is known. */
  remember(tcp: TcpSock, mss: number, foc: FastOpenCookie, tryExp: number): void {
    const key = memoryKey(tcp);
    const known = this.#memories.get(key);
    const memory = known ?? { mss: 0, cookie: null, exp: false, tryExp: 0 };
    if (mss > 0) memory.mss = mss;
    if (foc.cookie !== null && foc.cookie.length > 0) {
      memory.cookie = foc.cookie.slice();
      memory.exp = foc.exp;
    } else if (tryExp > memory.tryExp && memory.cookie === null && !memory.exp) {
      memory.tryExp = tryExp;
    }
    if (known !== undefined) return;
    if (this.#memories.size >= MEMORIES_MAX) {
      const oldest = this.#memories.keys().next();
      if (!oldest.done) this.#memories.delete(oldest.value);
    }
    this.#memories.set(key, memory);
  }

  /** Fast open seems to be swallowed on the way: none is tried for a while (tcp_fastopen_active_disable). */
  activeDisable(_tcp: TcpSock): void {
    if (this.#sysctls.fastopenBlackholeTimeoutSec === 0) return;
    this.#disabledAtUs = this.#nowUs();
    this.#disabledTimes++;
    this.#core.snmp.tcpExt.TCPFastOpenBlackhole++;
  }

  /** tcp_fastopen_active_should_disable. */
  shouldDisable(tcp: TcpSock): boolean {
    const timeoutS = this.#sysctls.fastopenBlackholeTimeoutSec;
    if (timeoutS === 0 || this.#disabledTimes === 0) return false;
    const factor = 1 << Math.min(this.#disabledTimes - 1, BLACKHOLE_DOUBLINGS_MAX);
    if (this.#nowUs() < this.#disabledAtUs + factor * timeoutS * 1_000_000) return true;
    // The pause is over: a connection that works ends the doubling.
    setFastopenState(tcp, { synFastopenCh: true });
    return false;
  }

  /** When a connection ends: a lone FIN out of order means that the data was eaten (..._active_disable_ofo_check). */
  checkAtEnd(tcp: TcpSock): void {
    if (!tcp.fastopen.synFastopen) return;
    if (tcp.dataSegsIn === 0) {
      const first = tcp.outOfOrder.firstPacket;
      if (first !== null && tcp.outOfOrder.size === 1 && (first.cb2 & TH.FIN) !== 0) this.activeDisable(tcp);
    } else if (tcp.fastopen.synFastopenCh && this.#disabledTimes > 0 && tcp.route?.device.isLoopback !== true) {
      this.#disabledTimes = 0;
    }
  }

  /** At a time-out: the third in a row, or giving up (tcp_fastopen_active_detect_blackhole). */
  detectBlackhole(tcp: TcpSock, expired: boolean): void {
    if (!tcp.fastopen.synFastopen && !tcp.fastopen.synData && !tcp.fastopen.synDataAcked) return;
    if (tcp.retransmits !== 2 && !(tcp.retransmits < 2 && expired)) return;
    this.activeDisable(tcp);
    this.#core.snmp.tcpExt.TCPFastOpenActiveFail++;
  }

  #nowUs(): number {
    return Math.floor(this.#core.engine.now / 1000);
  }

  #sysctlKeys(): readonly SipKey[] {
    const text = this.#sysctls.fastopenKey.value;
    if (text === this.#keyText) return this.#keys;
    this.#keyText = text;
    const keys = text.split(",").map(parseKey);
    const isSet = keys.every((key) => key !== null && key.some((word) => word !== 0));
    // Linux makes a random key when the first listener asks for fast open.
    this.#keys = isSet ? (keys as SipKey[]) : [this.#ownKey];
    return this.#keys;
  }
}

const memoryKey = (tcp: TcpSock): string => `${tcp.sourceAddress}>${tcp.remoteAddress}`;

/** Four groups of hexadecimal digits, as /proc/sys/net/ipv4/tcp_fastopen_key shows them; null for anything else. */
export function parseKey(text: string): SipKey | null {
  const match = /^\s*([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})\s*$/i.exec(text);
  if (match === null) return null;
  const word = (group: number): number => Number.parseInt(match[group] ?? "0", 16) | 0;
  return [word(1), word(2), word(3), word(4)];
}

/** Keys of 16 bytes each, as TCP_FASTOPEN_KEY takes them. */
function keysOfBytes(bytes: Uint8Array): SipKey[] {
  const word = (at: number): number =>
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  const keys: SipKey[] = [];
  for (let at = 0; at + 16 <= bytes.length; at += 16) keys.push([word(at), word(at + 4), word(at + 8), word(at + 12)]);
  return keys;
}

/** Eight bytes that only who knows the key can make, and that only this client can have got from us. */
export function makeCookie(key: SipKey, client: Ipv4Address, server: Ipv4Address): Uint8Array {
  const hash = new SipHash(key);
  hash.hash([swapWord(client), swapWord(server)]);
  const cookie = new Uint8Array(COOKIE_BYTES);
  put32(cookie, 0, swapWord(hash.low));
  put32(cookie, 4, swapWord(hash.high));
  return cookie;
}
