/**
 * iperf over UDP: datagrams that carry sequence number and time, paced to a rate; the server reports jitter (RFC 1889,
 * appendix A.8) and loss, and sends its totals back when the client's last datagram (negative number) arrives. Left
 * out: the Kalman filter that trims the gaps (they are exact here), several streams. The report that travels back is
 * this program's own record.
 */
import { put32, u32 } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { AF, IP, POLL, SO, SOCK, SOL, type Call, type Message, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { fail } from "../lib/command.ts";
import { fixedPoint } from "../lib/format.ts";
import { print, warn } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";
import { CLIENT_HEADER, clientLine, LINE, SERVER_HEADER, serverLine, sizeText } from "./iperf-format.ts";
import type { IperfSettings } from "./iperf-settings.ts";

/** Number and time at the start of each datagram. */
export const UDP_HEADER_BYTES = 16;
/** How often the client repeats its last datagram until the server's report comes, and how long it waits each time. */
const FIN_TRIES = 10;
const FIN_WAIT = SECOND / 4;
const REPORT_MAGIC = 0x49504631;

function* openSocket(sys: Sys, settings: IperfSettings, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  if (fd < 0) return fd;
  if (settings.buffer > 0) {
    yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVBUF, settings.buffer);
    yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDBUF, settings.buffer);
  }
  if (port === 0 && settings.bind === 0) return fd;
  const error = yield* sys.bind(fd, inetAddress(settings.bind, port));
  return error < 0 ? error : fd;
}

/** @param asked what -w wanted; 0 for nothing. The kernel doubles it, as Linux does. */
function* bufferText(sys: Sys, fd: number, asked: number): Call<string> {
  const size = yield* sys.getsockopt(fd, SOL.SOCKET, SO.RCVBUF);
  const bytes = "error" in size ? 0 : Number(size.value);
  const note = asked > 0 ? ` (WARNING: requested ${sizeText(asked)})` : " (default)";
  return `UDP buffer size: ${sizeText(bytes)}${asked === bytes ? "" : note}`;
}

export class UdpClient {
  readonly #sys: Sys;
  readonly #settings: IperfSettings;
  readonly #address: Ipv4Address;
  readonly #packet: Uint8Array;
  #fd = -1;
  #sent = 0;
  #start = 0;

  constructor(sys: Sys, settings: IperfSettings, address: Ipv4Address) {
    this.#sys = sys;
    this.#settings = settings;
    this.#address = address;
    this.#packet = new Uint8Array(settings.bytes);
  }

  *run(): Call<number> {
    const sys = this.#sys;
    const { port, bytes, rate } = this.#settings;
    this.#fd = yield* openSocket(sys, this.#settings, 0);
    const error = this.#fd < 0 ? this.#fd : yield* sys.connect(this.#fd, inetAddress(this.#address, port));
    if (error < 0) return yield* fail(sys, `connect failed: ${strerror(error)}`);
    const gap = Math.round((bytes * 8 * SECOND) / rate);
    const local = inetAddress();
    yield* sys.getsockname(this.#fd, local);
    yield* print(sys, `${LINE}\nClient connecting to ${formatIpv4(this.#address)}, UDP port ${port}\n`);
    yield* print(
      sys,
      `Sending ${bytes} byte datagrams, IPG target: ${fixedPoint(Math.round(gap / 10), 2)} us (kalman adjust)\n`,
    );
    yield* print(sys, `${yield* bufferText(sys, this.#fd, this.#settings.buffer)}\n${LINE}\n`);
    const here = `local ${formatIpv4(local.address)} port ${local.port}`;
    const ends = `${here} connected with ${formatIpv4(this.#address)} port ${port}`;
    yield* print(sys, `[  1] ${ends}\n${CLIENT_HEADER}\n`);
    yield* this.#sendAll(gap);
    // The datagram that ends the test is counted as sent, and has no place in the server's total.
    const elapsed = sys.now() - this.#start;
    yield* print(
      sys,
      `${clientLine(1, { from: 0, to: elapsed, bytes: this.#sent * bytes })}\n[  1] Sent ${this.#sent + 1} datagrams\n`,
    );
    return yield* this.#finish();
  }

  /** One datagram every `gap` ns from the start, however late the one before was. */
  *#sendAll(gap: number): Call<void> {
    const sys = this.#sys;
    const { time, amount, interval, bytes } = this.#settings;
    this.#start = sys.now();
    let reported = 0;
    let reportedSent = 0;
    for (;;) {
      const elapsed = sys.now() - this.#start;
      if (interval > 0 && elapsed >= reported + interval) {
        const each = { from: reported, to: reported + interval, bytes: (this.#sent - reportedSent) * bytes };
        yield* print(sys, `${clientLine(1, each)}\n`);
        [reported, reportedSent] = [reported + interval, this.#sent];
      }
      if (elapsed >= time || this.#sent * bytes >= amount) return;
      const error = yield* this.#send(this.#sent);
      if (error < 0 && error !== -E.ENOBUFS && error !== -E.ECONNREFUSED && error !== -E.EAGAIN) {
        yield* warn(sys, `write failed: ${strerror(error)}\n`);
        return;
      }
      this.#sent++;
      const wait = this.#start + this.#sent * gap - sys.now();
      if (wait > 0 && (yield* sys.nanosleep(wait)) < 0 && (yield* interrupted(sys))) return;
    }
  }

  *#send(number: number): Call<number> {
    const now = this.#sys.now();
    put32(this.#packet, 0, number >>> 0);
    put32(this.#packet, 4, Math.floor(now / SECOND));
    put32(this.#packet, 8, Math.floor((now % SECOND) / 1000));
    return yield* this.#sys.sendto(this.#fd, this.#packet, 0, null);
  }

  /** The last datagram has its number negated; the answer is the server's report. */
  *#finish(): Call<number> {
    const sys = this.#sys;
    const answer = new Uint8Array(2048);
    for (let i = 0; i < FIN_TRIES; i++) {
      yield* this.#send(-Math.max(1, this.#sent));
      const ready = yield* sys.poll([{ fd: this.#fd, events: POLL.IN, revents: 0 }], FIN_WAIT);
      if (ready < 0 && (yield* interrupted(sys))) return 130;
      const count = ready > 0 ? yield* sys.recvfrom(this.#fd, answer, 0, null) : 0;
      if (count < 0) yield* warn(sys, `read failed: ${strerror(count)}\n`);
      if (count < UDP_HEADER_BYTES + 28 || u32(answer, UDP_HEADER_BYTES) !== REPORT_MAGIC) continue;
      const field = (index: number): number => u32(answer, UDP_HEADER_BYTES + 4 + index * 4);
      const bytes = field(0) * 2 ** 32 + field(1);
      const counts = { from: 0, to: field(2) * 1000, bytes, jitter: field(3), lost: field(4), total: field(5) };
      yield* print(sys, `[  1] Server Report:\n${SERVER_HEADER}\n${serverLine(1, counts)}\n`);
      return 0;
    }
    // Here iperf shows the socket's number instead of the stream's.
    const socket = `[${String(this.#fd).padStart(3)}]`;
    yield* warn(sys, `${socket} WARNING: did not receive ack of last datagram after ${FIN_TRIES} tries.\n`);
    return 0;
  }
}

/** What the server knows of one test. */
type Stream = {
  readonly id: number;
  readonly start: number;
  readonly address: Ipv4Address;
  readonly port: number;
  bytes: number;
  received: number;
  highest: number;
  jitter: number;
  transit: number;
  reported: { at: number; bytes: number; received: number; highest: number };
  /** Its report, once it is over. */
  report: Uint8Array | null;
};

export class UdpServer {
  readonly #sys: Sys;
  readonly #settings: IperfSettings;
  readonly #streams = new Map<string, Stream>();
  #nextId = 1;
  #finished = 0;
  #fd = -1;

  constructor(sys: Sys, settings: IperfSettings) {
    this.#sys = sys;
    this.#settings = settings;
  }

  *run(): Call<number> {
    const sys = this.#sys;
    this.#fd = yield* openSocket(sys, this.#settings, this.#settings.port);
    if (this.#fd < 0) return yield* fail(sys, `bind failed: ${strerror(this.#fd)}`);
    yield* sys.setsockopt(this.#fd, SOL.SOCKET, SO.TIMESTAMP, 1);
    yield* sys.setsockopt(this.#fd, SOL.IP, IP.PKTINFO, 1);
    const buffers = yield* bufferText(sys, this.#fd, this.#settings.buffer);
    yield* print(sys, `${LINE}\nServer listening on UDP port ${this.#settings.port}\n${buffers}\n${LINE}\n`);
    const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
    const message: Message = { from: inetAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
    for (;;) {
      const count = yield* sys.recvmsg(this.#fd, buffer, 0, message);
      if (count === -E.EINTR && (yield* interrupted(sys))) return 130;
      if (count < 0 && count !== -E.EINTR && count !== -E.ECONNREFUSED) {
        return yield* fail(sys, `recvfrom failed: ${strerror(count)}`);
      }
      if (count < UDP_HEADER_BYTES) continue;
      yield* this.#datagram(buffer, count, message);
      if (this.#settings.tests > 0 && this.#finished >= this.#settings.tests) return 0;
    }
  }

  *#datagram(buffer: Uint8Array, count: number, message: Message): Call<void> {
    const now = message.timestamp ?? this.#sys.now();
    const number = u32(buffer, 0) | 0;
    const key = `${message.from.address}:${message.from.port}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (number < 0) return;
      stream = yield* this.#begin(key, message, now);
    }
    if (stream.report !== null) {
      yield* this.#sys.sendto(this.#fd, stream.report, 0, message.from);
      return;
    }
    if (number < 0) return yield* this.#end(stream, -number, now);
    const transit = now - (u32(buffer, 4) * SECOND + u32(buffer, 8) * 1000);
    // J += (|D| - J) / 16, in whole ns. The first datagram has nothing to differ from.
    if (stream.received > 0) stream.jitter += Math.round((Math.abs(transit - stream.transit) - stream.jitter) / 16);
    stream.transit = transit;
    stream.received++;
    stream.bytes += count;
    stream.highest = Math.max(stream.highest, number);
    yield* this.#intervals(stream, now);
  }

  *#begin(key: string, message: Message, now: number): Call<Stream> {
    const { address, port } = message.from;
    const reported = { at: 0, bytes: 0, received: 0, highest: -1 };
    const state = { bytes: 0, received: 0, highest: -1, jitter: 0, transit: 0, report: null };
    const stream: Stream = { id: this.#nextId++, start: now, address, port, ...state, reported };
    this.#streams.set(key, stream);
    const id = `[${String(stream.id).padStart(3)}]`;
    const here = `local ${formatIpv4(message.packetInfo?.target ?? this.#settings.bind)} port ${this.#settings.port}`;
    const ends = `${here} connected with ${formatIpv4(address)} port ${port}`;
    yield* print(this.#sys, `${id} ${ends}\n`);
    yield* print(this.#sys, `${SERVER_HEADER}\n`);
    return stream;
  }

  *#intervals(stream: Stream, now: number): Call<void> {
    const { interval } = this.#settings;
    while (interval > 0 && now - stream.start >= stream.reported.at + interval) {
      const { at, bytes, received, highest } = stream.reported;
      const total = stream.highest - highest;
      const lost = Math.max(0, total - (stream.received - received));
      const counts = { from: at, to: at + interval, bytes: stream.bytes - bytes, jitter: stream.jitter, lost, total };
      yield* print(this.#sys, `${serverLine(stream.id, counts)}\n`);
      stream.reported = { at: at + interval, bytes: stream.bytes, received: stream.received, highest: stream.highest };
    }
  }

  *#end(stream: Stream, total: number, now: number): Call<void> {
    yield* this.#intervals(stream, now);
    const lost = Math.max(0, total - stream.received);
    const counts = { from: 0, to: now - stream.start, bytes: stream.bytes, jitter: stream.jitter, lost, total };
    yield* print(this.#sys, `${serverLine(stream.id, counts)}\n`);
    const report = new Uint8Array(128);
    const fields = [
      REPORT_MAGIC,
      Math.floor(counts.bytes / 2 ** 32),
      counts.bytes % 2 ** 32,
      Math.floor(counts.to / 1000),
      counts.jitter,
      lost,
      total,
    ];
    fields.forEach((value, i) => put32(report, UDP_HEADER_BYTES + i * 4, value));
    stream.report = report;
    this.#finished++;
    yield* this.#sys.sendto(this.#fd, report, 0, inetAddress(stream.address, stream.port));
  }
}
