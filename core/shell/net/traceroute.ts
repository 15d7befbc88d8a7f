/**
 * traceroute (Dmitry Butskoy's, 2.1): UDP probes to rising ports or ICMP echoes, several under way at once, answers
 * taken from a raw ICMP socket. `--mtu` sends one probe at a time and shrinks it as routers ask. Left out: TCP, -A,
 * DNS.
 */
import { bad, good, type Result } from "../../base/result.ts";
import { put16, put8 } from "../../base/bytes.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import {
  AF,
  IP,
  MSG,
  PMTUDISC,
  POLL,
  SO,
  SOCK,
  SOL,
  type Call,
  type Message,
  type Sys,
} from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import {
  ICMP,
  ICMP_HEADER_BYTES,
  ICMP_TYPE,
  ICMP_UNREACH,
  icmpId,
  icmpMtu,
  icmpSequence,
  sealIcmp,
} from "../../wire/icmp.ts";
import { IPPROTO_ICMP, IPPROTO_UDP, IPV4_HEADER_BYTES } from "../../wire/ipv4.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, type CommandSpec } from "../lib/command.ts";
import { fixedPoint } from "../lib/format.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import { parseInteger, parseSeconds } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn } from "../lib/output.ts";
import { readIcmpPacket, readQuoted, type IcmpPacket } from "./icmp-text.ts";
import { pathMtu } from "./path-mtu.ts";

const TRACEROUTE: CommandSpec = {
  name: "traceroute",
  usage: [
    "Usage:",
    "  traceroute [-In] [-f first_ttl] [-m max_ttl] [-N squeries] [-p port] [-q nqueries] [-w wait] [--mtu] " +
      "host [packetlen]",
    "Options:",
    "  -I                 Use ICMP ECHO for tracerouting",
    "  -f first_ttl       Start from the first_ttl hop (instead from 1)",
    "  -m max_ttl         Set the max number of hops (default 30)",
    "  -N squeries        Number of probes to be tried simultaneously (default 16)",
    "  -n                 Do not resolve IP addresses to their names",
    "  -p port            Destination port base, default 33434",
    "  -q nqueries        Number of probes per each hop (default 3)",
    "  -w wait            Seconds to wait for a response (default 5)",
    "  --mtu              Discover MTU along the path being traced",
  ].join("\n"),
  short: "If:m:N:np:q:w:UFM4",
  long: new Map([["mtu", "M"]]),
  usageStatus: 2,
  usageOnError: true,
};

type Options = {
  readonly target: string;
  readonly address: Ipv4Address;
  readonly icmp: boolean;
  readonly first: number;
  readonly most: number;
  readonly queries: number;
  readonly together: number;
  readonly wait: number;
  readonly port: number;
  /** Bytes of the whole packet. */
  readonly packetBytes: number;
  readonly mtu: boolean;
  readonly numeric: boolean;
};

/** How many times longer than a probe that was answered one waits: at the same hop, and at a later one (-w). */
const HERE_FACTOR = 3;
const NEAR_FACTOR = 10;
const PACKET_BYTES_MAX = 65_000;

type Probe = {
  readonly ttl: number;
  sentAt: number;
  /** When its answer came. */
  answeredAt: number;
  done: boolean;
  /** Null while nothing came, and for good when time ran out. */
  from: Ipv4Address | null;
  us: number;
  final: boolean;
  note: string;
};

export const traceroute = command(TRACEROUTE, function* (sys, args) {
  const target = args.operand(0);
  if (target === undefined) {
    if (args.given.length > 0) return yield* fail(sys, 'Specify "host" missing argument.', 2);
    yield* print(sys, `${TRACEROUTE.usage}\n`);
    return 0;
  }
  const hosts = yield* readHosts(sys);
  const address = hosts.resolve(target);
  if (address === null) {
    return yield* fail(
      sys,
      `${target}: Name or service not known\nCannot handle "host" cmdline arg \`${target}' on position 1 (argc 1)`,
      2,
    );
  }
  const options = readOptions(args, target, address);
  if (!options.ok) return yield* fail(sys, options.error, 2);
  return yield* new Trace(sys, options.value, hosts).run();
});

function readOptions(args: Arguments, target: string, address: Ipv4Address): Result<Options, string> {
  const first = parseInteger(args.value("f") ?? "1", 1, 255);
  const most = parseInteger(args.value("m") ?? "30", 1, 255);
  const queries = parseInteger(args.value("q") ?? "3", 1, 10);
  const together = parseInteger(args.value("N") ?? "16", 1, 64);
  const port = parseInteger(args.value("p") ?? "33434", 1, 65_535);
  const wait = parseSeconds(args.value("w") ?? "5");
  const asked = parseInteger(args.operand(1) ?? "60", 0, 1e9);
  if (most === null && Number(args.value("m")) > 255) return bad("max hops cannot be more than 255");
  if (first === null || most === null || first > most) return bad("first hop out of range");
  if (queries === null) return bad("no more than 10 probes per hop");
  for (const [letter, value] of [...args.given, ["", ""] as const]) {
    const wrong = (letter === "N" && together === null) || (letter === "p" && port === null);
    if (wrong || (letter === "w" && wait === null)) {
      return bad(`Cannot handle \`-${letter}' option with arg \`${value}'`);
    }
  }
  if (together === null || port === null || wait === null) return bad("bad value of an option");
  if (asked === null) return bad(`Cannot handle "packetlen" cmdline arg \`${args.operand(1) ?? ""}' on position 2`);
  if (asked > PACKET_BYTES_MAX) return bad(`too big packetlen ${asked} specified`);
  const packetBytes = Math.max(asked, IPV4_HEADER_BYTES + ICMP_HEADER_BYTES);
  const mtu = args.has("M");
  const numeric = args.has("n");
  const common = { target, address, first, most, queries, wait, port, packetBytes, mtu, numeric };
  return good({ ...common, icmp: args.has("I"), together: mtu ? 1 : together });
}

/** Letters behind the time, for what a router or the target answered (man page, LIST OF AVAILABLE METHODS). */
function unreachableNote(code: number): string {
  switch (code) {
    case ICMP_UNREACH.NET_UNREACH:
    case ICMP_UNREACH.NET_UNKNOWN:
    case ICMP_UNREACH.HOST_ISOLATED:
    case ICMP_UNREACH.NET_UNR_TOS:
      return " !N";
    case ICMP_UNREACH.HOST_UNREACH:
    case ICMP_UNREACH.HOST_UNKNOWN:
    case ICMP_UNREACH.HOST_UNR_TOS:
      return " !H";
    case ICMP_UNREACH.PROT_UNREACH:
      return " !P";
    case ICMP_UNREACH.FRAG_NEEDED:
      return " !F";
    case ICMP_UNREACH.SR_FAILED:
      return " !S";
    case ICMP_UNREACH.NET_ANO:
    case ICMP_UNREACH.HOST_ANO:
    case ICMP_UNREACH.PKT_FILTERED:
      return " !X";
    case ICMP_UNREACH.PREC_VIOLATION:
      return " !V";
    case ICMP_UNREACH.PREC_CUTOFF:
      return " !C";
    default:
      return ` !<${code}>`;
  }
}

class Trace {
  readonly #sys: Sys;
  readonly #options: Options;
  readonly #hosts: Hosts;
  readonly #probes: Probe[] = [];
  readonly #buffer = new Uint8Array(65_536);
  readonly #message: Message;
  #raw = -1;
  #sender = -1;
  #sourcePort = 0;
  #bytes: number;
  #printed = 0;
  #finalTtl: number;

  constructor(sys: Sys, options: Options, hosts: Hosts) {
    this.#sys = sys;
    this.#options = options;
    this.#hosts = hosts;
    this.#bytes = options.packetBytes;
    this.#finalTtl = options.most;
    this.#message = { from: inetAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
  }

  *run(): Call<number> {
    const { target, address, most, queries, first } = this.#options;
    const problem = yield* this.#open();
    if (problem !== null) return yield* fail(this.#sys, problem, 1);
    // Discovery begins with the largest packet there is; the kernel's refusal tells the first MTU.
    if (this.#options.mtu) this.#bytes = PACKET_BYTES_MAX;
    yield* print(
      this.#sys,
      `traceroute to ${target} (${formatIpv4(address)}), ${most} hops max, ${this.#bytes} byte packets\n`,
    );
    while (this.#printed < (this.#finalTtl - first + 1) * queries) {
      const error = yield* this.#sendMore();
      if (error < 0) return yield* fail(this.#sys, `\nsend: ${strerror(error)}`, 1);
      yield* this.#await();
      yield* this.#printDone();
    }
    return 0;
  }

  *#open(): Call<string | null> {
    const sys = this.#sys;
    this.#raw = yield* sys.socket(AF.INET, SOCK.RAW, IPPROTO_ICMP);
    if (this.#raw < 0) return `socket: ${strerror(this.#raw)}`;
    yield* sys.setsockopt(this.#raw, SOL.SOCKET, SO.TIMESTAMP, 1);
    this.#sender = this.#options.icmp ? this.#raw : yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
    if (this.#sender < 0) return `socket: ${strerror(this.#sender)}`;
    if (this.#options.mtu) yield* sys.setsockopt(this.#sender, SOL.IP, IP.MTU_DISCOVER, PMTUDISC.PROBE);
    if (this.#options.icmp) return null;
    const error = yield* sys.bind(this.#sender, inetAddress());
    if (error < 0) return `bind: ${strerror(error)}`;
    const local = inetAddress();
    yield* sys.getsockname(this.#sender, local);
    this.#sourcePort = local.port;
    return null;
  }

  /** Keeps as many probes under way as allowed. @returns 0 or -errno. */
  *#sendMore(): Call<number> {
    const { queries, first, together } = this.#options;
    while (this.#probes.filter((probe) => !probe.done).length < together) {
      const ttl = first + Math.floor(this.#probes.length / queries);
      if (ttl > this.#finalTtl) return 0;
      const probe: Probe = { ttl, sentAt: 0, answeredAt: 0, done: false, from: null, us: 0, final: false, note: "" };
      this.#probes.push(probe);
      const error = yield* this.#send(probe, this.#probes.length - 1);
      if (error < 0) return error;
    }
    return 0;
  }

  *#send(probe: Probe, index: number): Call<number> {
    const { address, port, icmp } = this.#options;
    yield* this.#sys.setsockopt(this.#sender, SOL.IP, IP.TTL, probe.ttl);
    probe.sentAt = this.#sys.now();
    const payload = new Uint8Array(this.#bytes - IPV4_HEADER_BYTES - (icmp ? 0 : ICMP_HEADER_BYTES));
    for (let i = 0; i < payload.length; i++) put8(payload, i, 0x40 + (i & 0x3f));
    if (icmp) {
      put8(payload, ICMP.type, ICMP_TYPE.ECHO);
      put8(payload, ICMP.code, 0);
      put16(payload, ICMP.id, this.#sys.pid & 0xffff);
      put16(payload, ICMP.sequence, index + 1);
      sealIcmp(payload, 0, payload.length);
    }
    const to = inetAddress(address, icmp ? 0 : (port + index) & 0xffff);
    const sent = yield* this.#sys.sendto(this.#sender, payload, 0, to);
    if (sent >= 0) return 0;
    // Learned from a router in the meantime: the kernel refuses what no longer fits.
    const mtu = yield* pathMtu(this.#sys, address);
    if (sent !== -E.EMSGSIZE || mtu >= this.#bytes || !this.#options.mtu) return sent;
    this.#bytes = mtu;
    probe.note = ` F=${mtu}`;
    return yield* this.#send(probe, index);
  }

  /** Until an answer comes or the oldest probe is given up. */
  *#await(): Call<void> {
    const oldest = this.#probes.find((probe) => !probe.done);
    if (oldest === undefined) return;
    const left = this.#giveUpAt(oldest) - this.#sys.now();
    const polled = [{ fd: this.#raw, events: POLL.IN, revents: 0 }];
    const ready = left > 0 ? yield* this.#sys.poll(polled, left) : 0;
    if (ready > 0) yield* this.#receiveAll();
    for (const probe of this.#probes) {
      if (!probe.done && this.#giveUpAt(probe) <= this.#sys.now()) probe.done = true;
    }
  }

  /** -w, or sooner once another probe of the same hop, or of one further on, shows how long an answer takes. */
  #giveUpAt(probe: Probe): number {
    const answered = this.#probes.filter((each) => each.answeredAt > 0 && each.ttl >= probe.ttl);
    const here = answered.find((each) => each.ttl === probe.ttl);
    const reference = here ?? answered[0];
    const span = reference === undefined ? Infinity : reference.answeredAt - reference.sentAt;
    return (
      probe.sentAt + Math.min(this.#options.wait, Math.round(span * (here === undefined ? NEAR_FACTOR : HERE_FACTOR)))
    );
  }

  *#receiveAll(): Call<void> {
    for (;;) {
      const length = yield* this.#sys.recvmsg(this.#raw, this.#buffer, MSG.DONTWAIT, this.#message);
      if (length < 0) return;
      const packet = readIcmpPacket(this.#buffer.subarray(0, length));
      const index = packet === null ? -1 : this.#indexOf(packet);
      const probe = this.#probes[index];
      if (packet === null || probe === undefined || probe.done) continue;
      yield* this.#answer(probe, index, packet);
    }
  }

  #indexOf(packet: IcmpPacket): number {
    if (packet.type === ICMP_TYPE.ECHOREPLY) {
      const own = this.#options.icmp && icmpId(packet.rest) === (this.#sys.pid & 0xffff);
      return own ? icmpSequence(packet.rest) - 1 : -1;
    }
    const quoted = readQuoted(packet.body);
    if (quoted === null || quoted.target !== this.#options.address) return -1;
    const [first, second, third, fourth] = quoted.words;
    if (this.#options.icmp) {
      const own = quoted.protocol === IPPROTO_ICMP && first === ICMP_TYPE.ECHO << 8;
      return own && third === (this.#sys.pid & 0xffff) ? fourth - 1 : -1;
    }
    if (quoted.protocol !== IPPROTO_UDP || first !== this.#sourcePort) return -1;
    return second - this.#options.port;
  }

  *#answer(probe: Probe, index: number, packet: IcmpPacket): Call<void> {
    const tooBig = packet.type === ICMP_TYPE.DEST_UNREACH && packet.code === ICMP_UNREACH.FRAG_NEEDED;
    const mtu = icmpMtu(packet.rest);
    if (tooBig && this.#options.mtu && mtu < this.#bytes && mtu >= IPV4_HEADER_BYTES + ICMP_HEADER_BYTES) {
      probe.note = ` F=${mtu}`;
      this.#bytes = mtu;
      const error = yield* this.#send(probe, index);
      if (error < 0) yield* warn(this.#sys, `send: ${strerror(error)}\n`);
      return;
    }
    probe.done = true;
    probe.from = packet.source;
    probe.answeredAt = this.#sys.now();
    probe.us = Math.max(0, Math.floor(((this.#message.timestamp ?? this.#sys.now()) - probe.sentAt) / 1000));
    probe.final = packet.type !== ICMP_TYPE.TIME_EXCEEDED;
    const arrived = packet.type === ICMP_TYPE.DEST_UNREACH && packet.code === ICMP_UNREACH.PORT_UNREACH;
    if (packet.type === ICMP_TYPE.DEST_UNREACH && (!arrived || packet.source !== this.#options.address)) {
      if (!arrived) probe.note += unreachableNote(packet.code);
    }
    if (probe.final) this.#finalTtl = Math.min(this.#finalTtl, probe.ttl);
  }

  /** Answers are shown in the order of the probes. */
  *#printDone(): Call<void> {
    const { queries, first } = this.#options;
    for (;;) {
      const probe = this.#probes[this.#printed];
      if (probe === undefined || !probe.done || probe.ttl > this.#finalTtl) return;
      const query = this.#printed % queries;
      let text = query === 0 ? String(probe.ttl).padStart(2) + " " : "";
      if (probe.from === null) text += " *";
      else {
        const before = this.#probes.slice(this.#printed - query, this.#printed).findLast((each) => each.from !== null);
        if (before?.from !== probe.from) text += ` ${this.#name(probe.from)}`;
        text += `  ${fixedPoint(probe.us, 3)} ms${probe.note}`;
      }
      this.#printed++;
      if (query === queries - 1) text += "\n";
      yield* print(this.#sys, text);
      if (query === queries - 1 && probe.ttl === this.#finalTtl && probe.ttl >= first) return;
    }
  }

  #name(address: Ipv4Address): string {
    const text = formatIpv4(address);
    return this.#options.numeric ? text : `${this.#hosts.label(address)} (${text})`;
  }
}
