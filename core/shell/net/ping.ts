/**
 * ping (iputils 20221126) over a raw ICMP socket. Left out: IPv6, -R and -T (IP options), -A, -l, name lookups by DNS.
 */
import { hexByte } from "../../base/bytes.ts";
import { parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { AF, ICMP_FILTER, IP, PMTUDISC, SO, SOCK, SOL, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { ICMP_TYPE } from "../../wire/icmp.ts";
import { IPPROTO_ICMP } from "../../wire/ipv4.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { parseInteger, parseSeconds } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn } from "../lib/output.ts";
import { catchInterrupt } from "../lib/signals.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";
import { PingSession, type PingOptions } from "./ping-session.ts";

const PING: CommandSpec = {
  name: "ping",
  usage: [
    "Usage",
    "  ping [options] <destination>",
    "",
    "Options:",
    "  -b                 allow pinging broadcast",
    "  -c <count>         stop after <count> replies",
    "  -D                 print timestamps",
    "  -f                 flood ping",
    "  -I <interface>     either interface name or address",
    "  -i <interval>      seconds between sending each packet",
    "  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>",
    "  -n                 no name resolution",
    "  -O                 report outstanding replies",
    "  -p <pattern>       contents of padding bytes, in hexadecimal",
    "  -Q <tclass>        use quality of service <tclass> bits",
    "  -q                 quiet output",
    "  -s <size>          use <size> as number of data bytes to be sent",
    "  -t <ttl>           define time to live",
    "  -W <timeout>       time to wait for response",
    "  -w <deadline>      reply wait <deadline> in seconds",
  ].join("\n"),
  short: "bc:DfhI:i:M:nOp:Q:qs:t:vW:w:4",
  usageStatus: 2,
  usageOnError: true,
};

const NOT_WITHOUT_B = "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules";

const DISCOVERY = new Map([
  ["do", PMTUDISC.DO],
  ["dont", PMTUDISC.DONT],
  ["want", PMTUDISC.WANT],
  ["probe", PMTUDISC.PROBE],
]);

export const ping = command(PING, function* (sys, args) {
  const target = args.operand(0);
  if (args.has("h")) return yield* usageError(sys, PING, "");
  if (target === undefined) {
    return yield* fail(sys, "ping: usage error: Destination address required");
  }
  const hosts = yield* readHosts(sys);
  const address = hosts.resolve(target);
  if (address === null) return yield* fail(sys, `ping: ${target}: Name or service not known`, 2);
  const options = readOptions(args, target, address);
  if (typeof options === "string") {
    return yield* fail(sys, `ping: ${options}`, options.startsWith("invalid argument") ? 1 : 2);
  }
  const source = yield* probeSource(sys, address, args);
  if (typeof source === "number") return source;
  const fd = yield* openSocket(sys, args);
  if (fd < 0) return 2;
  const device = args.value("I") ?? "";
  // An address to send from leaves the device's place in iputils' line empty.
  const from = args.has("I") ? ` from ${source} ${parseIpv4(device).ok ? "" : device}:` : "";
  const sizes = `${options.size}(${options.size + 28})`;
  if (options.pattern !== null) yield* print(sys, `PATTERN: 0x${Array.from(options.pattern, hexByte).join("")}\n`);
  yield* print(sys, `PING ${target} (${formatIpv4(address)})${from} ${sizes} bytes of data.\n`);
  yield* catchInterrupt(sys);
  const session = new PingSession(sys, fd, options);
  session.label = (each) => {
    const name = args.has("n") || parseIpv4(target).ok ? null : hosts.nameOf(each);
    return name === null ? formatIpv4(each) : `${name} (${formatIpv4(each)})`;
  };
  return yield* session.run();
});

/** @returns a message for what is wrong. */
function readOptions(args: Arguments, target: string, address: Ipv4Address): PingOptions | string {
  const wrong = (letter: string, range = ""): string => {
    const value = args.value(letter) ?? "";
    // A number that does not fit is answered by the range.
    return `invalid argument: '${value}'${/^-?\d+$/.test(value) ? range : ""}`;
  };
  const count = parseInteger(args.value("c") ?? "0", args.has("c") ? 1 : 0, 2 ** 31);
  if (count === null) return wrong("c", ": out of range: 1 <= value <= 9223372036854775807");
  const size = parseInteger(args.value("s") ?? "56", 0, UDP_PAYLOAD_MAX);
  if (size === null) return wrong("s", `: out of range: 0 <= value <= ${UDP_PAYLOAD_MAX}`);
  if (args.has("t") && parseInteger(args.value("t"), 0, 255) === null) {
    return wrong("t", ": out of range: 0 <= value <= 255");
  }
  const interval = parseSeconds(args.value("i") ?? "1");
  if (interval === null) return `bad timing interval: '${args.value("i") ?? ""}'`;
  const deadline = parseSeconds(args.value("w") ?? "0");
  if (deadline === null) return wrong("w");
  const linger = parseSeconds(args.value("W") ?? "10");
  if (linger === null) return `bad linger time: ${args.value("W") ?? ""}`;
  const pattern = args.value("p");
  if (pattern !== undefined && !/^([0-9a-fA-F]{2}){1,16}$/.test(pattern)) {
    return `patterns must be specified as hex digits: ${pattern}`;
  }
  return {
    target,
    address,
    count,
    size,
    interval: args.has("f") && !args.has("i") ? 0 : interval,
    deadline,
    linger,
    flood: args.has("f"),
    quiet: args.has("q"),
    timestamps: args.has("D"),
    outstanding: args.has("O"),
    verbose: args.has("v"),
    pattern: pattern === undefined ? null : Uint8Array.from(pattern.match(/../g) ?? [], (each) => parseInt(each, 16)),
  };
}

/** Finds the route as iputils does, by connecting a UDP socket. @returns the source address, or an exit status. */
function* probeSource(sys: Sys, address: Ipv4Address, args: Arguments): Call<string | number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  if (fd < 0) return yield* fail(sys, `ping: socket: ${strerror(fd)}`, 2);
  const error = yield* useInterface(sys, fd, args);
  if (error !== 0) return error;
  let connected = yield* sys.connect(fd, inetAddress(address, 1025));
  if (connected === -E.EACCES) {
    if (!args.has("b")) return yield* fail(sys, NOT_WITHOUT_B, 2);
    yield* warn(sys, "WARNING: pinging broadcast address\n");
    yield* sys.setsockopt(fd, SOL.SOCKET, SO.BROADCAST, 1);
    connected = yield* sys.connect(fd, inetAddress(address, 1025));
  }
  const local = inetAddress();
  yield* sys.getsockname(fd, local);
  yield* sys.close(fd);
  if (connected < 0) return yield* fail(sys, `ping: connect: ${strerror(connected)}`, 2);
  return formatIpv4(local.address);
}

/** -I takes an address to bind to, or the name of a device. @returns 0 or an exit status. */
function* useInterface(sys: Sys, fd: number, args: Arguments): Call<number> {
  const name = args.value("I");
  if (name === undefined) return 0;
  const address = parseIpv4(name);
  const error = address.ok
    ? yield* sys.bind(fd, inetAddress(address.value))
    : yield* sys.setsockopt(fd, SOL.SOCKET, SO.BINDTODEVICE, name);
  if (error >= 0) return 0;
  if (address.ok) return yield* fail(sys, `ping: bind: ${strerror(error)}`, 2);
  return yield* fail(sys, `ping: SO_BINDTODEVICE ${name}: ${strerror(error)}`, 2);
}

function* openSocket(sys: Sys, args: Arguments): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.RAW, IPPROTO_ICMP);
  if (fd < 0) {
    yield* warn(sys, `ping: socket: ${strerror(fd)}\n`);
    return -1;
  }
  const wanted = [
    ICMP_TYPE.ECHOREPLY,
    ICMP_TYPE.DEST_UNREACH,
    ICMP_TYPE.SOURCE_QUENCH,
    ICMP_TYPE.REDIRECT,
    ICMP_TYPE.TIME_EXCEEDED,
    ICMP_TYPE.PARAMETERPROB,
  ];
  yield* sys.setsockopt(fd, SOL.RAW, ICMP_FILTER, ~wanted.reduce<number>((mask, type) => mask | (1 << type), 0));
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.TIMESTAMP, 1);
  if (args.has("b")) yield* sys.setsockopt(fd, SOL.SOCKET, SO.BROADCAST, 1);
  if (args.has("t")) {
    const error = yield* sys.setsockopt(fd, SOL.IP, IP.TTL, parseInteger(args.value("t"), 0, 255) ?? 0);
    if (error < 0) return yield* refuse(sys, `cannot set unicast time-to-live: ${strerror(error)}`);
  }
  const tos = parseInteger(args.value("Q") ?? "0", 0, 255);
  if (tos === null) {
    return yield* refuse(sys, `the decimal value of TOS bits must be in range 0-255: ${args.value("Q") ?? ""}`);
  }
  if (args.has("Q")) yield* sys.setsockopt(fd, SOL.IP, IP.TOS, tos);
  const discovery = DISCOVERY.get(args.value("M") ?? "want");
  if (discovery === undefined) return yield* refuse(sys, `invalid -M argument: ${args.value("M") ?? ""}`);
  if (args.has("M")) yield* sys.setsockopt(fd, SOL.IP, IP.MTU_DISCOVER, discovery);
  return (yield* useInterface(sys, fd, args)) === 0 ? fd : -1;
}

function* refuse(sys: Sys, message: string): Call<number> {
  yield* warn(sys, `ping: ${message}\n`);
  return -1;
}
