/**
 * udpblast, udpsink and screend: the tools of the receive-livelock experiment (Mogul and Ramakrishnan, 1997). udpblast
 * sends at an exact rate; udpsink counts; screend is a packet filter in a process, which the kernel asks for every
 * packet it forwards.
 */
import { put32, put8 } from "../../base/bytes.ts";
import { exactLog } from "../../base/exact-math.ts";
import { MICROSECOND, SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { AF, SOCK, SOL, SO, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { fixedPoint } from "../lib/format.ts";
import { readHosts } from "../lib/hosts.ts";
import { parseDecimal, parseInteger, parseSeconds } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { catchInterrupt, interrupted } from "../lib/signals.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";

const BLAST: CommandSpec = {
  name: "udpblast",
  usage: "usage: udpblast [-P] [-q] [-r packets_per_second] [-s payload_bytes] [-t seconds] [-n packets] host port",
  short: "Pqr:s:t:n:p:",
  usageOnError: true,
};
const RATE_MAX = 1e9;

export const udpblast = command(BLAST, function* (sys, args) {
  const rate = parseDecimal(args.value("r") ?? "1000");
  const size = parseInteger(args.value("s") ?? "4", 0, UDP_PAYLOAD_MAX);
  const time = parseSeconds(args.value("t") ?? "1");
  const count = args.has("n") ? parseInteger(args.value("n"), 1, 1e9) : Infinity;
  const port = parseInteger(args.operand(1), 1, 65_535);
  if (rate === null || rate <= 0 || rate > RATE_MAX) return yield* usageError(sys, BLAST, "bad rate");
  if (size === null || time === null || count === null) return yield* usageError(sys, BLAST, "bad value of an option");
  if (port === null) return yield* usageError(sys, BLAST, "host and port are needed");
  const target = args.operand(0) ?? "";
  const address = (yield* readHosts(sys)).resolve(target);
  if (address === null) return yield* fail(sys, `udpblast: ${target}: Name or service not known`, 2);
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  const error = fd < 0 ? fd : yield* sys.connect(fd, inetAddress(address, port));
  if (error < 0) return yield* fail(sys, `udpblast: connect: ${strerror(error)}`, 2);
  yield* catchInterrupt(sys);
  const end = args.has("n") && !args.has("t") ? Infinity : time;
  const totals = yield* blast(sys, fd, { rate, size, end, count, poisson: args.has("P") });
  if (!args.has("q")) {
    const perSecond = totals.elapsed > 0 ? Math.round((totals.sent * SECOND) / totals.elapsed) : 0;
    const seconds = fixedPoint(Math.round(totals.elapsed / MICROSECOND), 6);
    yield* print(sys, `${totals.sent} packets sent in ${seconds} s, ${perSecond}/s, ${totals.errors} errors\n`);
  }
  return totals.sent > 0 ? 0 : 1;
});

type Blast = {
  readonly rate: number;
  readonly size: number;
  readonly end: number;
  readonly count: number;
  readonly poisson: boolean;
};
type Totals = { sent: number; errors: number; elapsed: number };

function* blast(sys: Sys, fd: number, { rate, size, end, count, poisson }: Blast): Call<Totals> {
  const payload = new Uint8Array(size);
  const totals: Totals = { sent: 0, errors: 0, elapsed: 0 };
  const start = sys.now();
  let due = 0;
  for (let number = 0; number < count && due < end; number++) {
    const wait = start + due - sys.now();
    if (wait > 0 && (yield* sys.nanosleep(wait)) < 0 && (yield* interrupted(sys))) break;
    if (size >= 4) put32(payload, 0, number >>> 0);
    const sent = yield* sys.sendto(fd, payload, 0, null);
    if (sent >= 0) totals.sent++;
    else totals.errors++;
    // From the start, not from the packet before: rounding and lateness must not add up to another rate.
    due = poisson ? due + exponential(yield* sys.random32(), rate) : Math.round(((number + 1) * SECOND) / rate);
  }
  // The last gap belongs to the time: a thousand packets at 1000/s take one second.
  totals.elapsed = Math.max(sys.now() - start, Math.min(due, end));
  return totals;
}

/** An exponential gap of mean 1/rate from a uniform 32-bit number. At least 1 ns. */
const exponential = (random: number, rate: number): number =>
  Math.max(1, Math.round((-exactLog((random + 1) / 2 ** 32) * SECOND) / rate));

const SINK: CommandSpec = {
  name: "udpsink",
  usage: "usage: udpsink [-i seconds] [-t seconds] [-n packets] port",
  short: "i:t:n:b:",
  usageOnError: true,
};

export const udpsink = command(SINK, function* (sys, args) {
  const port = parseInteger(args.operand(0), 1, 65_535);
  const interval = parseSeconds(args.value("i") ?? "0");
  const time = args.has("t") ? parseSeconds(args.value("t")) : Infinity;
  const limit = args.has("n") ? parseInteger(args.value("n"), 1, 1e9) : Infinity;
  if (port === null) return yield* usageError(sys, SINK, "a port is needed");
  if (interval === null || time === null || limit === null) {
    return yield* usageError(sys, SINK, "bad value of an option");
  }
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  const error = fd < 0 ? fd : yield* sys.bind(fd, inetAddress(undefined, port));
  if (error < 0) return yield* fail(sys, `udpsink: bind: ${strerror(error)}`);
  yield* catchInterrupt(sys);
  return yield* sink(sys, fd, { interval, time, limit });
});

type Sink = { readonly interval: number; readonly time: number; readonly limit: number };

function* sink(sys: Sys, fd: number, { interval, time, limit }: Sink): Call<number> {
  const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
  const start = sys.now();
  let [packets, bytes, before, nextReport] = [0, 0, 0, interval > 0 ? start + interval : Infinity];
  while (packets < limit) {
    const until = Math.min(nextReport, start + time);
    // A timer is set only when something waits for it: packets come far more often than reports.
    if (until !== Infinity) {
      const left = until - sys.now();
      if (left <= 0 && until === nextReport) {
        yield* print(
          sys,
          `${fixedPoint(Math.round((nextReport - start) / MICROSECOND), 6)} ${packets - before} packets\n`,
        );
        [before, nextReport] = [packets, nextReport + interval];
        continue;
      }
      if (left <= 0) break;
      yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVTIMEO, left);
    }
    const count = yield* sys.recvfrom(fd, buffer, 0, null);
    if (count >= 0) {
      packets++;
      bytes += count;
    } else if (count === -E.EINTR && (yield* interrupted(sys))) break;
    else if (count !== -E.EAGAIN && count !== -E.EINTR) break;
  }
  yield* print(
    sys,
    `${packets} packets, ${bytes} bytes received in ` +
      `${fixedPoint(Math.round((sys.now() - start) / MICROSECOND), 6)} s\n`,
  );
  return 0;
}

/**
 * netlink(7)'s old packet queue: NETLINK_FIREWALL. A message read is a packet; `from.port` is the handle to answer
 * with.
 */
const AF_NETLINK = 16;
const NETLINK_FIREWALL = 3;
const VERDICT_BYTES = 5;
const NF_ACCEPT = 1;

const SCREEND: CommandSpec = {
  name: "screend",
  usage: "usage: screend [-c usecs_of_cpu_per_packet] [-q]",
  short: "c:q",
  usageOnError: true,
};

export const screend = command(SCREEND, function* (sys, args) {
  const cost = parseDecimal(args.value("c") ?? "0");
  if (cost === null || cost < 0 || cost > 1e6) return yield* usageError(sys, SCREEND, "bad cost");
  const fd = yield* sys.socket(AF_NETLINK, SOCK.RAW, NETLINK_FIREWALL);
  if (fd < 0) return yield* fail(sys, `screend: socket: ${strerror(fd)}`);
  yield* catchInterrupt(sys);
  const span = Math.round(cost * MICROSECOND);
  const buffer = new Uint8Array(65_536);
  const verdict = new Uint8Array(VERDICT_BYTES);
  const from = inetAddress();
  let accepted = 0;
  for (;;) {
    const count = yield* sys.recvfrom(fd, buffer, 0, from);
    if (count === -E.EINTR && (yield* interrupted(sys))) break;
    if (count === -E.EINTR || count === -E.ENOBUFS) continue;
    if (count < 0) return yield* fail(sys, `screend: recvfrom: ${strerror(count)}`);
    if (span > 0) yield* sys.compute(span);
    put32(verdict, 0, from.port >>> 0);
    put8(verdict, 4, NF_ACCEPT);
    if ((yield* sys.sendto(fd, verdict, 0, null)) >= 0) accepted++;
  }
  if (!args.has("q")) yield* print(sys, `${accepted} packets accepted\n`);
  return 0;
});
