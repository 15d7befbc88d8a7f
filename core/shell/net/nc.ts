/**
 * nc (OpenBSD netcat as Debian has it): client, server (-l), port scan (-z), over TCP and UDP (-u). Left out: proxies,
 * Unix sockets, TLS, names for peers (as with -n). Connections are in nc-tcp.ts, datagrams in nc-udp.ts.
 */
import { strerror, E } from "../../kernel/syscall/errno.ts";
import { AF, IP, SO, SOCK, SOL, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import { parseInteger, parseSeconds } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { warn } from "../lib/output.ts";
import { connectTcp, listenTcp, Relay } from "./nc-tcp.ts";
import { isOpenUdp, listenUdp, relayUdp } from "./nc-udp.ts";

const NC: CommandSpec = {
  name: "nc",
  usage: [
    "usage: nc [-46bCdklNnuvz] [-I length] [-i interval] [-M ttl] [-m minttl] [-O length]",
    "          [-p source_port] [-q seconds] [-s sourceaddr] [-T tos] [-W recvlimit]",
    "          [-w timeout] [destination] [port]",
  ].join("\n"),
  short: "46bCdklNnuvzDI:i:M:m:O:p:q:s:T:W:w:",
  usageOnError: true,
};

export type NcSettings = {
  readonly udp: boolean;
  readonly verbose: boolean;
  /** -k. */
  readonly keeps: boolean;
  /** ns of silence after which it ends; -1 is never. */
  readonly idle: number;
  /** Datagrams or pieces to receive before it ends. */
  readonly limit: number;
  /** -N: the end of standard input is passed on. */
  readonly shuts: boolean;
  /** Seconds between the end of standard input and ours; -1 is never. */
  readonly quit: number;
  readonly crlf: boolean;
  readonly noInput: boolean;
};

export const nc = command(NC, function* (sys, args) {
  const hosts = yield* readHosts(sys);
  const idle = args.has("w") ? parseSeconds(args.value("w")) : -1;
  const limit = parseInteger(args.value("W") ?? "1000000000", 1, 1e9);
  const quit = parseInteger(args.value("q") ?? "-1", -1e6, 1e6);
  if (idle === null) return yield* fail(sys, `nc: timeout invalid: ${args.value("w") ?? ""}`);
  if (limit === null) return yield* fail(sys, `nc: receive limit invalid: ${args.value("W") ?? ""}`);
  if (quit === null) return yield* fail(sys, `nc: quit timer invalid: ${args.value("q") ?? ""}`);
  const settings: NcSettings = {
    udp: args.has("u"),
    verbose: args.has("v"),
    keeps: args.has("k"),
    idle,
    limit,
    shuts: args.has("N"),
    quit,
    crlf: args.has("C"),
    noInput: args.has("d"),
  };
  if (args.has("l")) return yield* listen(sys, args, settings);
  if (settings.keeps) return yield* fail(sys, "nc: must use -l with -k");
  return yield* connect(sys, args, { settings, hosts });
});

function parsePort(text: string | undefined): number | null {
  return parseInteger(text, 1, 65_535);
}

const wrongPort = (text: string): string =>
  `nc: port number ${/^\d+$/.test(text) ? (Number(text) > 0 ? "too large" : "too small") : "invalid"}: ${text}`;

/** A socket with what the command line wants of it. @returns it, or -1 after a message. */
function* openSocket(sys: Sys, args: Arguments, address: Ipv4Address, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, args.has("u") ? SOCK.DGRAM : SOCK.STREAM, 0);
  if (fd < 0) return yield* reportError(sys, `nc: socket: ${strerror(fd)}`);
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  const numbers = [
    ["I", SOL.SOCKET, SO.RCVBUF, "set TCP receive buffer size"],
    ["O", SOL.SOCKET, SO.SNDBUF, "set TCP send buffer size"],
    ["M", SOL.IP, IP.TTL, "set IP TTL"],
    ["m", SOL.IP, IP.MINTTL, "set IP min TTL"],
    ["T", SOL.IP, IP.TOS, "set IP ToS"],
  ] as const;
  for (const [letter, level, option, what] of numbers) {
    if (!args.has(letter)) continue;
    const error = yield* sys.setsockopt(fd, level, option, Number(args.value(letter)));
    if (error < 0) return yield* reportError(sys, `nc: ${what}: ${strerror(error)}`);
  }
  if (args.has("b")) yield* sys.setsockopt(fd, SOL.SOCKET, SO.BROADCAST, 1);
  if (address === 0 && port === 0) return fd;
  const error = yield* sys.bind(fd, inetAddress(address, port));
  return error < 0 ? yield* reportError(sys, `nc: ${strerror(error)}`) : fd;
}

function* reportError(sys: Sys, message: string): Call<number> {
  yield* warn(sys, `${message}\n`);
  return -1;
}

function* listen(sys: Sys, args: Arguments, settings: NcSettings): Call<number> {
  if (args.has("z")) return yield* fail(sys, "nc: cannot use -z and -l");
  const [first, second] = args.operands;
  const portText = args.value("p") ?? second ?? first;
  const port = parsePort(portText);
  if (port === null) {
    return yield* fail(sys, portText === undefined ? "nc: missing port number" : wrongPort(portText));
  }
  const hostText = args.value("s") ?? (second === undefined ? undefined : first);
  const host = parseIpv4(hostText ?? "0.0.0.0");
  if (!host.ok) return yield* fail(sys, `nc: ${hostText ?? ""}: Name or service not known`);
  const fd = yield* openSocket(sys, args, host.value, port);
  if (fd < 0) return 1;
  if (!settings.udp) return yield* listenTcp(sys, fd, settings);
  if (settings.verbose) yield* warn(sys, `Bound on ${formatIpv4(host.value)} ${port}\n`);
  return yield* listenUdp(sys, fd, settings);
}

/** What a client connects to, and how it calls it. */
type Target = {
  readonly settings: NcSettings;
  readonly host: string;
  readonly address: Ipv4Address;
  readonly source: Ipv4Address;
};

function* connect(sys: Sys, args: Arguments, by: { settings: NcSettings; hosts: Hosts }): Call<number> {
  const [host, portText] = args.operands;
  if (host === undefined) return yield* usageError(sys, NC, "");
  if (portText === undefined) return yield* fail(sys, "nc: missing port number");
  const address = by.hosts.resolve(host);
  if (address === null) {
    return yield* fail(sys, `nc: getaddrinfo for host "${host}" port ${portText}: Name or service not known`);
  }
  const range = /^(\d+)(?:-(\d+))?$/.exec(portText);
  const first = parsePort(range?.[1]);
  const last = parsePort(range?.[2] ?? range?.[1]);
  if (first === null || last === null) return yield* fail(sys, wrongPort(portText));
  const source = parseIpv4(args.value("s") ?? "0.0.0.0");
  if (!source.ok) return yield* fail(sys, `nc: ${args.value("s") ?? ""}: Name or service not known`);
  const target: Target = { settings: by.settings, host, address, source: source.value };
  let status = 1;
  for (let port = Math.min(first, last); port <= Math.max(first, last); port++) {
    const fd = yield* openSocket(sys, args, target.source, parsePort(args.value("p")) ?? 0);
    if (fd < 0) return 1;
    const isOpen = yield* tryPort(sys, fd, target, { port, scans: args.has("z") });
    if (isOpen && !args.has("z")) {
      status = by.settings.udp
        ? yield* relayUdp(sys, fd, by.settings)
        : yield* new Relay(sys, fd, by.settings, false).run();
    } else if (isOpen) status = 0;
    yield* sys.close(fd);
    if (args.has("i") && port < last) yield* sys.nanosleep(parseSeconds(args.value("i")) ?? 0);
  }
  return status;
}

/** Connects, and says so when asked. @returns whether somebody is there, as far as it shows. */
function* tryPort(
  sys: Sys,
  fd: number,
  target: Target,
  { port, scans }: { readonly port: number; readonly scans: boolean },
): Call<boolean> {
  const { settings, host, address } = target;
  const protocol = settings.udp ? "udp" : "tcp";
  const shown = formatIpv4(address) === host ? "" : ` (${formatIpv4(address)})`;
  const error = settings.udp
    ? yield* sys.connect(fd, inetAddress(address, port))
    : yield* connectTcp(sys, fd, { address, port }, settings.idle);
  if (error < 0) {
    const outcome = error === -E.EINPROGRESS ? "timed out" : "failed";
    const text = `nc: connect to ${host}${shown} port ${port} (${protocol}) ${outcome}: ${strerror(error)}\n`;
    if (settings.verbose || settings.udp) yield* warn(sys, text);
    return false;
  }
  if (settings.udp && (settings.verbose || scans) && !(yield* isOpenUdp(sys, fd, settings.idle))) return false;
  if (settings.verbose) yield* warn(sys, `Connection to ${host}${shown} ${port} port [${protocol}/*] succeeded!\n`);
  return true;
}
