/** The sending and receiving of ping: one loop that sleeps until a reply, the next packet, or the end. */
import { put16, put8, u8 } from "../../base/bytes.ts";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { MSG, POLL, type Call, type Message, type PollFd, type Sys } from "../../kernel/syscall/sys.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_TYPE, icmpId, icmpSequence, isIcmpError, sealIcmp } from "../../wire/icmp.ts";
import { IPPROTO_ICMP } from "../../wire/ipv4.ts";
import { inetAddress } from "../lib/address.ts";
import { fixedPoint, roundTripText } from "../lib/format.ts";
import { print, warn } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { icmpErrorText, readIcmpPacket, readQuoted, type IcmpPacket } from "./icmp-text.ts";
import { PingStatistics } from "./ping-statistics.ts";
import { pathMtu } from "./path-mtu.ts";

export type PingOptions = {
  readonly target: string;
  readonly address: Ipv4Address;
  /** 0 is without end. */
  readonly count: number;
  /** Payload bytes. */
  readonly size: number;
  /** ns; a deadline of 0 is none. */
  readonly interval: number;
  readonly deadline: number;
  readonly linger: number;
  readonly flood: boolean;
  readonly quiet: boolean;
  readonly timestamps: boolean;
  readonly outstanding: boolean;
  /** `-v` shows the identifier. */
  readonly verbose: boolean;
  /** Repeated over the payload; null for 0, 1, 2... */
  readonly pattern: Uint8Array | null;
};

/** struct timeval at the head of the payload. */
const TIMEVAL_BYTES = 16;
/** A flood sends this often at least, even when nothing answers. */
const FLOOD_GAP = 10 * MILLISECOND;
/** And `-i 0` at this pace: a loop that never blocks would stop the clock. */
const PACE_LEAST = MILLISECOND;
/** Sequence numbers whose replies are remembered, so that a duplicate is told from a late reply. */
const SEEN_MAX = 65_536;

export class PingSession {
  /** How an address is shown. */
  label: (address: Ipv4Address) => string = String;
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #options: PingOptions;
  readonly #id: number;
  readonly #statistics = new PingStatistics();
  readonly #seen = new Uint8Array(SEEN_MAX);
  readonly #sentAt = new Float64Array(SEEN_MAX);
  readonly #packet: Uint8Array;
  readonly #buffer = new Uint8Array(65_536);
  readonly #message: Message;
  readonly #polled: PollFd[];
  #start = 0;
  /** When the last packet left: what `time` in the summary counts to. The wait for answers is not in it. */
  #lastSend = 0;

  constructor(sys: Sys, fd: number, options: PingOptions) {
    this.#sys = sys;
    this.#fd = fd;
    this.#options = options;
    this.#id = sys.pid & 0xffff;
    this.#packet = new Uint8Array(ICMP_HEADER_BYTES + options.size);
    this.#message = { from: inetAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
    this.#polled = [{ fd, events: POLL.IN, revents: 0 }];
  }

  /** @returns the exit status. */
  *run(): Call<number> {
    const { count, interval, deadline, flood } = this.#options;
    const sys = this.#sys;
    const statistics = this.#statistics;
    this.#start = sys.now();
    this.#lastSend = this.#start;
    const end = deadline > 0 ? this.#start + deadline : Infinity;
    let nextSend = this.#start;
    let lingerUntil = Infinity;
    let answered = 0;
    for (;;) {
      if (sys.now() >= Math.min(end, lingerUntil)) break;
      if (count > 0 && statistics.received + statistics.errors >= count) break;
      if (deadline > 0 && statistics.errors > 0) break;
      // With a deadline, ping goes on until that many were answered.
      const allSent = count > 0 && deadline === 0 && statistics.transmitted >= count;
      if (!allSent && (sys.now() >= nextSend || (flood && answered > 0))) {
        yield* this.#send();
        nextSend = sys.now() + Math.max(interval, flood ? FLOOD_GAP : PACE_LEAST);
        answered = 0;
        continue;
      }
      if (allSent && lingerUntil === Infinity) lingerUntil = sys.now() + this.#lingerTime();
      const wakeAt = Math.min(end, lingerUntil, allSent ? Infinity : nextSend);
      const ready = yield* sys.poll(this.#polled, Math.max(wakeAt - sys.now(), 0));
      answered = ready > 0 ? yield* this.#receiveAll() : 0;
      if (ready < 0 && (yield* interrupted(sys))) break;
    }
    const elapsed = Math.floor((this.#lastSend - this.#start) / MILLISECOND);
    yield* print(sys, statistics.lines(this.#options.target, elapsed, flood || interval === 0));
    if (statistics.received === 0) return 1;
    return deadline > 0 && statistics.received < count ? 1 : 0;
  }

  /** Two of the longest round trips when anything came back, at least one interval; else -W. */
  #lingerTime(): number {
    if (this.#statistics.received === 0) return this.#options.linger;
    return Math.max(2 * this.#statistics.most * 1000, this.#options.interval);
  }

  *#send(): Call<void> {
    const statistics = this.#statistics;
    const sequence = (statistics.transmitted + 1) & 0xffff;
    if (this.#options.outstanding && sequence > 1 && this.#seen[(sequence - 1) & 0xffff] === 0) {
      yield* print(this.#sys, `${this.#stamp()}no answer yet for icmp_seq=${sequence - 1}\n`);
    }
    this.#build(sequence);
    this.#lastSend = this.#sys.now();
    this.#sentAt[sequence] = this.#lastSend;
    this.#seen[sequence] = 0;
    const error = yield* this.#sys.sendto(this.#fd, this.#packet, 0, inetAddress(this.#options.address));
    statistics.transmitted++;
    if (error >= 0) {
      if (this.#options.flood && !this.#options.quiet) yield* print(this.#sys, ".");
      return;
    }
    if (error === -E.EMSGSIZE) {
      statistics.errors++;
      const mtu = yield* pathMtu(this.#sys, this.#options.address);
      yield* warn(this.#sys, `ping: local error: message too long, mtu=${mtu}\n`);
    } else if (error !== -E.EINTR) {
      yield* warn(this.#sys, `ping: sendmsg: ${strerror(error)}\n`);
    }
  }

  #build(sequence: number): void {
    const packet = this.#packet;
    const { size, pattern } = this.#options;
    put8(packet, ICMP.type, ICMP_TYPE.ECHO);
    put8(packet, ICMP.code, 0);
    put16(packet, ICMP.id, this.#id);
    put16(packet, ICMP.sequence, sequence);
    for (let i = 0; i < size; i++) put8(packet, ICMP_HEADER_BYTES + i, this.#fill(i, pattern));
    if (size >= TIMEVAL_BYTES) {
      const wall =
        Math.floor((this.#sys.wallClock() - this.#sys.now()) / SECOND + 0.5) + Math.floor(this.#sys.now() / SECOND);
      putLittle(packet, ICMP_HEADER_BYTES, wall);
      putLittle(packet, ICMP_HEADER_BYTES + 8, Math.floor((this.#sys.now() % SECOND) / 1000));
    }
    sealIcmp(packet, 0, packet.length);
  }

  #fill(index: number, pattern: Uint8Array | null): number {
    return pattern === null ? index & 0xff : u8(pattern, index % pattern.length);
  }

  /** Takes everything that is there. @returns how many replies. */
  *#receiveAll(): Call<number> {
    let replies = 0;
    for (;;) {
      const length = yield* this.#sys.recvmsg(this.#fd, this.#buffer, MSG.DONTWAIT, this.#message);
      if (length < 0) return replies;
      const packet = readIcmpPacket(this.#buffer.subarray(0, length));
      if (packet === null) continue;
      if (packet.type === ICMP_TYPE.ECHOREPLY && icmpId(packet.rest) === this.#id) {
        yield* this.#reply(packet, this.#message.timestamp ?? this.#sys.now());
        replies++;
      } else if (isIcmpError(packet.type)) yield* this.#error(packet);
    }
  }

  *#reply(packet: IcmpPacket, arrived: number): Call<void> {
    const { size, quiet, flood } = this.#options;
    const statistics = this.#statistics;
    const sequence = icmpSequence(packet.rest);
    const timed = size >= TIMEVAL_BYTES;
    // Clocks of microseconds: the difference of two readings, not the reading of a difference.
    const us = Math.max(0, Math.floor(arrived / 1000) - Math.floor((this.#sentAt[sequence] ?? 0) / 1000));
    const duplicate = this.#seen[sequence] === 1;
    const wrong = this.#wrongByte(packet.body, timed ? TIMEVAL_BYTES : 0);
    if (duplicate) statistics.duplicates++;
    else statistics.received++;
    if (timed) statistics.add(us);
    this.#seen[sequence] = 1;
    this.#acknowledge(sequence);
    if (quiet) return;
    if (flood) return void (yield* print(this.#sys, "\b \b"));
    const bytes = packet.body.length + ICMP_HEADER_BYTES;
    const from = this.label(packet.source);
    const ident = this.#options.verbose ? ` ident=${this.#id}` : "";
    let line = `${this.#stamp()}${bytes} bytes from ${from}: icmp_seq=${sequence}${ident} ttl=${packet.ttl}`;
    if (bytes < size + ICMP_HEADER_BYTES) return void (yield* print(this.#sys, `${line} (truncated)\n`));
    if (timed) line += ` time=${roundTripText(us)} ms`;
    if (duplicate) line += " (DUP!)";
    if (wrong !== null) line += `\n${wrong}`;
    yield* print(this.#sys, `${line}\n`);
  }

  /** The most packets that were under way when one was answered. */
  #acknowledge(sequence: number): void {
    const statistics = this.#statistics;
    statistics.pipe = Math.max(statistics.pipe, ((statistics.transmitted & 0xffff) - sequence + 1 + 0x10000) & 0xffff);
  }

  /** The first payload byte that is not what was sent. */
  #wrongByte(body: Uint8Array, from: number): string | null {
    for (let i = from; i < Math.min(body.length, this.#options.size); i++) {
      const expected = this.#fill(i, this.#options.pattern);
      if (u8(body, i) === expected) continue;
      const difference = `should be 0x${expected.toString(16)} but was 0x${u8(body, i).toString(16)}`;
      return `wrong data byte #${i} ${difference}${dump(body, from, this.#options.size)}`;
    }
    return null;
  }

  *#error(packet: IcmpPacket): Call<void> {
    const quoted = readQuoted(packet.body);
    if (quoted === null || quoted.protocol !== IPPROTO_ICMP || quoted.target !== this.#options.address) return;
    const [typeAndCode, , id, sequence] = quoted.words;
    if (typeAndCode !== ICMP_TYPE.ECHO << 8 || id !== this.#id) return;
    // A redirect or quench does not mean that the packet was lost.
    const lost = packet.type !== ICMP_TYPE.REDIRECT && packet.type !== ICMP_TYPE.SOURCE_QUENCH;
    if (lost) {
      this.#statistics.errors++;
      this.#seen[sequence] = 1;
      this.#acknowledge(sequence);
    }
    if (this.#options.quiet) return;
    if (this.#options.flood) return void (lost && (yield* print(this.#sys, "\bE")));
    const text = icmpErrorText(packet);
    // Errors come by the socket's error queue, the other two as packets: iputils prints those with a colon.
    const from = `${this.label(packet.source)}${lost ? "" : ":"}`;
    yield* print(this.#sys, `${this.#stamp()}From ${from} icmp_seq=${sequence} ${text}\n`);
  }

  /** `[seconds.microseconds] ` with -D. */
  #stamp(): string {
    if (!this.#options.timestamps) return "";
    const base = Math.floor((this.#sys.wallClock() - this.#sys.now()) / SECOND + 0.5);
    const now = this.#sys.now();
    return `[${base + Math.floor(now / SECOND)}.${fixedPoint(Math.floor((now % SECOND) / 1000), 6).slice(2)}] `;
  }
}

const DUMP_COLUMNS = 32;

/** The payload behind the time, 32 bytes a line. */
function dump(body: Uint8Array, from: number, size: number): string {
  let text = "";
  for (let i = from; i < Math.min(body.length, size); i++) {
    if ((i - from) % DUMP_COLUMNS === 0) text += `\n#${i}\t`;
    text += `${u8(body, i).toString(16)} `;
  }
  return text;
}

/** A 64-bit little-endian number, as x86 keeps struct timeval. */
function putLittle(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0, rest = value; i < 8; i++, rest = Math.floor(rest / 256)) put8(bytes, at + i, rest % 256);
}
