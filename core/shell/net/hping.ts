/**
 * hping3 (Salvatore Sanfilippo) in its TCP mode: sends TCP segments with any flags, numbers and source address, and
 * prints the answers. Left out: its UDP, ICMP, raw, scan and listen modes, TCP options, fragments, traceroute, scripts.
 * Of our own: `-M` and `-L` also take START+STEP and then grow from packet to packet; `--flood` ends with its last
 * packet instead of a second later, since it shows no answers anyway.
 */
import { utf8Encode } from "../../base/bytes.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../../base/time.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import { AF, IP, MSG, POLL, SOCK, SOL, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { IPPROTO_TCP, IPV4_TOTAL_BYTES_MAX } from "../../wire/ipv4.ts";
import { TH } from "../../wire/tcp.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { fixedPoint } from "../lib/format.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import { readFile } from "../lib/input.ts";
import { parseDecimal, parseInteger } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn } from "../lib/output.ts";
import { catchInterrupt, interrupted } from "../lib/signals.ts";
import { flagLetters, hpingPacket, readAnswer, type HpingAnswer } from "./hping-packet.ts";

const HPING: CommandSpec = {
  name: "hping3",
  usage: [
    "usage: hping3 host [options]",
    "  -c  --count     packet count              -i  --interval  wait (uX for X microseconds, for example -i u1000)",
    "      --fast      alias for -i u100000          --faster    alias for -i u1",
    "      --flood     sent packets as fast as possible. Don't show replies.",
    "  -q  --quiet     quiet                     -Q  --seqnum    shows only tcp sequence number",
    "  -a  --spoof     spoof source address          --rand-source  random source address mode",
    "  -t  --ttl       ttl (default 64)          -N  --id        id (default random)    -y --dontfrag  set DF",
    "  -s  --baseport  base source port (default random, counts up)                     -k --keep      keep it",
    "  -p  --destport  destination port (default 0)                                     -w --win       winsize (512)",
    "  -M  --setseq    set TCP sequence number, START[+STEP]     -L  --setack  set TCP ack, START[+STEP]",
    "  -F  --fin  -S  --syn  -R  --rst  -P  --push  -A  --ack  -U  --urg  -X  --xmas  -Y  --ymas  set a flag",
    "  -d  --data      data size (default 0)     -e  --sign      data to begin with     -E --file      data from file",
  ].join("\n"),
  short: "c:i:qQna:t:N:ys:kp:w:M:L:FSRPAUXYd:e:E:1!2%",
  long: new Map([
    ["count", "c"],
    ["interval", "i"],
    ["fast", "1"],
    ["faster", "2"],
    ["flood", "!"],
    ["quiet", "q"],
    ["seqnum", "Q"],
    ["numeric", "n"],
    ["spoof", "a"],
    ["rand-source", "%"],
    ["ttl", "t"],
    ["id", "N"],
    ["dontfrag", "y"],
    ["baseport", "s"],
    ["keep", "k"],
    ["destport", "p"],
    ["win", "w"],
    ["setseq", "M"],
    ["setack", "L"],
    ["fin", "F"],
    ["syn", "S"],
    ["rst", "R"],
    ["push", "P"],
    ["ack", "A"],
    ["urg", "U"],
    ["xmas", "X"],
    ["ymas", "Y"],
    ["data", "d"],
    ["sign", "e"],
    ["file", "E"],
  ]),
};

const FLAG_BITS: readonly (readonly [letter: string, bit: number])[] = [
  ["F", TH.FIN],
  ["S", TH.SYN],
  ["R", TH.RST],
  ["P", TH.PSH],
  ["A", TH.ACK],
  ["U", TH.URG],
  ["X", TH.ECE],
  ["Y", TH.CWR],
];
/** How long it waits for answers to the last packet. */
const LAST_WAIT = SECOND;
const DATA_MAX = IPV4_TOTAL_BYTES_MAX - 40;
const HEADERS_BYTES = 40;

/** A number that may change from packet to packet; null draws one each time. */
type Counting = { readonly start: number; readonly step: number } | null;

type Settings = {
  readonly target: string;
  readonly address: Ipv4Address;
  /** Null is the address that the route says; `random` another one each time. */
  readonly source: Ipv4Address | null | "random";
  readonly count: number;
  /** ns; 0 is a flood. */
  readonly interval: number;
  readonly quiet: boolean;
  readonly sequenceOnly: boolean;
  readonly ttl: number;
  readonly id: number | null;
  readonly dontFragment: boolean;
  readonly basePort: number | null;
  readonly keepPort: boolean;
  readonly targetPort: number;
  readonly window: number;
  readonly seq: Counting;
  readonly ack: Counting;
  readonly flags: number;
  readonly data: Uint8Array;
};

export const hping3 = command(HPING, function* (sys, args) {
  const hosts = yield* readHosts(sys);
  const data = yield* readData(sys, args);
  if (typeof data === "string") return yield* fail(sys, `hping3: ${data}`);
  const settings = readSettings(args, hosts, data);
  if (typeof settings === "string") return yield* usageError(sys, HPING, settings);
  const fd = yield* sys.socket(AF.INET, SOCK.RAW, IPPROTO_TCP);
  const error = fd < 0 ? fd : yield* sys.setsockopt(fd, SOL.IP, IP.HDRINCL, 1);
  if (error < 0) return yield* fail(sys, `hping3: can't open raw socket: ${strerror(error)}`);
  const source = settings.source ?? (yield* sourceOf(sys, settings.address));
  if (source === null) return yield* fail(sys, "hping3: no route to the target");
  yield* catchInterrupt(sys);
  return yield* new Hping(sys, fd, settings, source).run();
});

/** Payload by -e, -E and -d, in this order: what is not given is filled up with X's, as hping3 does. */
function* readData(sys: Sys, args: Arguments): Call<Uint8Array | string> {
  const file = args.has("E") ? yield* readFile(sys, args.value("E") ?? "") : new Uint8Array(0);
  if (typeof file === "number") return `${args.value("E") ?? ""}: ${strerror(file)}`;
  const given = [...utf8Encode(args.value("e") ?? ""), ...file];
  const size = parseInteger(args.value("d") ?? String(given.length), 0, DATA_MAX);
  if (size === null) return "bad data size";
  const data = new Uint8Array(size).fill(0x58);
  data.set(given.slice(0, size));
  return data;
}

function readSettings(args: Arguments, hosts: Hosts, data: Uint8Array): Settings | string {
  const target = args.operand(0);
  if (target === undefined) return "you must specify only one target host at a time";
  const address = hosts.resolve(target);
  const spoofed = args.has("a") ? hosts.resolve(args.value("a") ?? "") : null;
  if (address === null || (args.has("a") && spoofed === null)) return "unable to resolve";
  const interval = readInterval(args);
  const number = (letter: string, fallback: number, most: number): number | null =>
    parseInteger(args.value(letter) ?? String(fallback), 0, most);
  const [ttl, window, targetPort] = [number("t", 64, 255), number("w", 512, 65_535), number("p", 0, 65_535)];
  const count = args.has("c") ? parseInteger(args.value("c"), 1, 1e9) : Infinity;
  const [id, basePort] = [number("N", -1, 65_535), number("s", -1, 65_535)];
  const [seq, ack] = [readCounting(args.value("M")), readCounting(args.value("L"))];
  if (interval === null || ttl === null || window === null || targetPort === null || count === null) {
    return "bad value of an option";
  }
  if (seq === undefined || ack === undefined) return "a sequence number is START or START+STEP";
  if ((args.has("N") && id === null) || (args.has("s") && basePort === null)) return "bad value of an option";
  const flags = FLAG_BITS.reduce((sum, [letter, bit]) => (args.has(letter) ? sum | bit : sum), 0);
  return {
    target,
    address,
    source: args.has("%") ? "random" : spoofed,
    count,
    interval,
    quiet: args.has("q") || interval === 0,
    sequenceOnly: args.has("Q"),
    ttl,
    id,
    dontFragment: args.has("y"),
    basePort,
    keepPort: args.has("k"),
    targetPort,
    window,
    seq,
    ack,
    flags,
    data,
  };
}

/** ns; 0 is a flood, null is no interval. */
function readInterval(args: Arguments): number | null {
  if (args.has("!")) return 0;
  if (args.has("1")) return 100 * MILLISECOND;
  if (args.has("2")) return MICROSECOND;
  const text = args.value("i") ?? "1";
  const micros = text.startsWith("u");
  const value = parseDecimal(micros ? text.slice(1) : text);
  return value === null || value <= 0 || value > 1e9 ? null : Math.round(value * (micros ? MICROSECOND : SECOND));
}

/** Undefined when it is none. */
function readCounting(text: string | undefined): Counting | undefined {
  if (text === undefined) return null;
  const match = /^(\d{1,10})(?:\+(\d{1,10}))?$/.exec(text);
  return match === null ? undefined : { start: Number(match[1]), step: Number(match[2] ?? 0) };
}

/** The address that the kernel would put into a packet there. */
function* sourceOf(sys: Sys, target: Ipv4Address): Call<Ipv4Address | null> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  if (fd < 0) return null;
  const here = inetAddress();
  const error = yield* sys.connect(fd, inetAddress(target, 1));
  if (error >= 0) yield* sys.getsockname(fd, here);
  yield* sys.close(fd);
  return error < 0 ? null : here.address;
}

class Hping {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #settings: Settings;
  readonly #source: Ipv4Address | "random";
  readonly #buffer = new Uint8Array(65_536);
  /** Instants of sending, by number of the packet. */
  readonly #sentAt: number[] = [];
  #basePort = 0;
  #sent = 0;
  #received = 0;
  #lastSeq = 0;
  readonly #times = { least: Infinity, most: 0, sum: 0 };

  constructor(sys: Sys, fd: number, settings: Settings, source: Ipv4Address | "random") {
    this.#sys = sys;
    this.#fd = fd;
    this.#settings = settings;
    this.#source = source;
  }

  *run(): Call<number> {
    const { target, address, flags, data, interval, count, basePort } = this.#settings;
    const mode = flags === 0 ? "NO FLAGS are" : `${flagLetters(flags)}`;
    const what = `${mode} set, ${HEADERS_BYTES} headers + ${data.length} data bytes`;
    yield* print(this.#sys, `HPING ${target} (${formatIpv4(address)}): ${what}\n`);
    if (interval === 0) yield* print(this.#sys, "hping in flood mode, no replies will be shown\n");
    this.#basePort = basePort ?? 1024 + ((yield* this.#sys.random32()) % 2000);
    const start = this.#sys.now();
    while (this.#sent < count) {
      const error = yield* this.#send();
      if (error < 0) {
        yield* warn(this.#sys, `[send_ip] sendto: ${strerror(error)}\n`);
        return 1;
      }
      const until =
        this.#sent < count ? start + this.#sent * interval : this.#sys.now() + (interval > 0 ? LAST_WAIT : 0);
      if (!(yield* this.#receiveUntil(until))) break;
    }
    yield* this.#summary();
    return this.#received > 0 || interval === 0 ? 0 : 1;
  }

  *#send(): Call<number> {
    const { address, keepPort, targetPort, window, seq, ack, flags, ttl, id, dontFragment, data } = this.#settings;
    const number = this.#sent++;
    // Answers are told apart by the port; a flood has none.
    if (this.#settings.interval > 0) this.#sentAt.push(this.#sys.now());
    const draw = (): Call<number> => this.#sys.random32();
    const counted = function* (from: Counting): Call<number> {
      return from === null ? yield* draw() : (from.start + number * from.step) >>> 0;
    };
    const bytes = hpingPacket({
      source: this.#source === "random" ? ((yield* draw()) as Ipv4Address) : this.#source,
      target: address,
      sourcePort: keepPort ? this.#basePort : (this.#basePort + number) & 0xffff,
      targetPort,
      seq: yield* counted(seq),
      ack: yield* counted(ack),
      flags,
      window,
      ttl,
      id: id ?? (yield* draw()) & 0xffff,
      dontFragment,
      data,
    });
    return yield* this.#sys.sendto(this.#fd, bytes, 0, inetAddress(address));
  }

  /** @returns false when it is to end: interrupted, or nothing more can come. */
  *#receiveUntil(until: number): Call<boolean> {
    const { interval, count } = this.#settings;
    // What a flood provokes is not read: its socket holds as much of it as fits.
    if (interval === 0) return !(yield* interrupted(this.#sys));
    for (;;) {
      const left = until - this.#sys.now();
      if (left <= 0 || this.#received >= count) return true;
      yield* this.#sys.poll([{ fd: this.#fd, events: POLL.IN, revents: 0 }], left);
      if (yield* interrupted(this.#sys)) return false;
      for (;;) {
        const bytes = yield* this.#sys.recvfrom(this.#fd, this.#buffer, MSG.DONTWAIT, null);
        if (bytes < 0) break;
        const answer = readAnswer(this.#buffer, bytes);
        if (answer !== null) yield* this.#answer(answer);
      }
    }
  }

  *#answer(answer: HpingAnswer): Call<void> {
    const { address, targetPort, keepPort, quiet, sequenceOnly } = this.#settings;
    if (answer.source !== address || answer.sourcePort !== targetPort) return;
    const number = keepPort ? this.#received : (answer.targetPort - this.#basePort) & 0xffff;
    const sentAt = this.#sentAt[number];
    if (sentAt === undefined || (keepPort && answer.targetPort !== this.#basePort)) return;
    this.#received++;
    const took = Math.round((this.#sys.now() - sentAt) / (100 * MICROSECOND));
    this.#times.least = Math.min(this.#times.least, took);
    this.#times.most = Math.max(this.#times.most, took);
    this.#times.sum += took;
    if (sequenceOnly) {
      const grown = (answer.seq - this.#lastSeq) >>> 0;
      this.#lastSeq = answer.seq;
      yield* print(this.#sys, `${String(answer.seq).padStart(10)} +${grown}\n`);
    } else if (!quiet) yield* print(this.#sys, this.#line(answer, number, took));
  }

  #line(answer: HpingAnswer, number: number, took: number): string {
    const flag = answer.dontFragment ? " DF" : "";
    const ip = `len=${answer.length} ip=${formatIpv4(answer.source)} ttl=${answer.ttl}${flag}`;
    const tcp = `sport=${answer.sourcePort} flags=${flagLetters(answer.flags)} seq=${number} win=${answer.window}`;
    return `${ip} id=${answer.id} ${tcp} rtt=${fixedPoint(took, 1)} ms\n`;
  }

  *#summary(): Call<void> {
    const [sent, received] = [this.#sent, this.#received];
    const lost = sent === 0 ? 0 : Math.floor((100 * (sent - received)) / sent);
    const { least, most, sum } = this.#times;
    const mean = received === 0 ? 0 : Math.round(sum / received);
    const times = [received === 0 ? 0 : least, mean, most].map((each) => fixedPoint(each, 1)).join("/");
    yield* warn(
      this.#sys,
      `\n--- ${this.#settings.target} hping statistic ---\n` +
        `${sent} packets transmitted, ${received} packets received, ${lost}% packet loss\n` +
        `round-trip min/avg/max = ${times} ms\n`,
    );
  }
}
