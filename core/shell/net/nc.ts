/**
 * nc (OpenBSD netcat) for UDP: client, server (-l), port scan (-z). TCP follows with the kernel's. The server answers
 * the first peer it hears, as netcat does by connecting to it; -k keeps it listening to all.
 */
import { utf8Encode } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { AF, POLL, SO, SOCK, SOL, type Call, type PollFd, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { parseInteger, parseSeconds } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { warn, writeAll } from "../lib/output.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";

const NC: CommandSpec = {
  name: "nc",
  usage: "usage: nc -u [-bklnvz] [-p source_port] [-s source] [-w timeout] [-W recvlimit] [destination] [port]",
  short: "uklnvzbp:s:w:W:q:4N",
  usageOnError: true,
};

const SCAN_SECONDS = 3;

type Settings = {
  readonly verbose: boolean;
  /** ns of silence after which it ends; -1 is never. */
  readonly idle: number;
  /** Datagrams to receive before it ends. */
  readonly limit: number;
};

export const nc = command(NC, function* (sys, args) {
  if (!args.has("u")) return yield* fail(sys, `nc: ${strerror(E.ESOCKTNOSUPPORT)}: no TCP here yet, use -u`, 1);
  const idle = args.has("w") ? parseSeconds(args.value("w")) : -1;
  const limit = parseInteger(args.value("W") ?? "1000000000", 1, 1e9);
  if (idle === null) return yield* fail(sys, `nc: timeout invalid: ${args.value("w") ?? ""}`);
  if (limit === null) return yield* fail(sys, `nc: receive limit invalid: ${args.value("W") ?? ""}`);
  const settings: Settings = { verbose: args.has("v"), idle, limit };
  return args.has("l") ? yield* listen(sys, args, settings) : yield* connect(sys, args, settings);
});

function parsePort(text: string | undefined): number | null {
  return parseInteger(text, 1, 65_535);
}

const wrongPort = (text: string): string =>
  `nc: port number ${/^\d+$/.test(text) ? (Number(text) > 0 ? "too large" : "too small") : "invalid"}: ${text}`;

function* openSocket(sys: Sys, address: Ipv4Address, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  if (fd < 0) return yield* reportError(sys, `nc: socket: ${strerror(fd)}`);
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  if (address === 0 && port === 0) return fd;
  const error = yield* sys.bind(fd, inetAddress(address, port));
  return error < 0 ? yield* reportError(sys, `nc: ${strerror(error)}`) : fd;
}

function* reportError(sys: Sys, message: string): Call<number> {
  yield* warn(sys, `${message}\n`);
  return -1;
}

function* listen(sys: Sys, args: Arguments, settings: Settings): Call<number> {
  const [first, second] = args.operands;
  const portText = args.value("p") ?? second ?? first;
  const port = parsePort(portText);
  if (port === null) {
    return yield* fail(sys, portText === undefined ? "nc: missing port number" : wrongPort(portText));
  }
  const hostText = args.value("s") ?? (second === undefined ? undefined : first);
  const host = parseIpv4(hostText ?? "0.0.0.0");
  if (!host.ok) return yield* fail(sys, `nc: ${hostText ?? ""}: Name or service not known`);
  const fd = yield* openSocket(sys, host.value, port);
  if (fd < 0) return 1;
  if (settings.verbose) yield* warn(sys, `Bound on ${formatIpv4(host.value)} ${port}\n`);
  const peer = inetAddress();
  const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
  const count = yield* sys.recvfrom(fd, buffer, 0, peer);
  if (count < 0) return yield* fail(sys, `nc: recvfrom: ${strerror(count)}`);
  if (settings.verbose) yield* warn(sys, `Connection received on ${formatIpv4(peer.address)} ${peer.port}\n`);
  if (!args.has("k")) yield* sys.connect(fd, peer);
  yield* writeAll(sys, 1, buffer.subarray(0, count));
  if (settings.limit === 1) return 0;
  return yield* relay(sys, fd, { ...settings, limit: settings.limit - 1 });
}

function* connect(sys: Sys, args: Arguments, settings: Settings): Call<number> {
  const [hostText, portText] = args.operands;
  if (hostText === undefined) return yield* usageError(sys, NC, "");
  if (portText === undefined) return yield* fail(sys, "nc: missing port number");
  const address = (yield* readHosts(sys)).resolve(hostText);
  if (address === null) {
    return yield* fail(sys, `nc: getaddrinfo for host "${hostText}" port ${portText}: Name or service not known`);
  }
  const range = /^(\d+)(?:-(\d+))?$/.exec(portText);
  const first = parsePort(range?.[1]);
  const last = parsePort(range?.[2] ?? range?.[1]);
  if (first === null || last === null) return yield* fail(sys, wrongPort(portText));
  let status = 1;
  for (let port = first; port <= last; port++) {
    const source = parseIpv4(args.value("s") ?? "0.0.0.0");
    if (!source.ok) return yield* fail(sys, `nc: ${args.value("s") ?? ""}: Name or service not known`);
    const fd = yield* openSocket(sys, source.value, parsePort(args.value("p")) ?? 0);
    if (fd < 0) return 1;
    if (args.has("b")) yield* sys.setsockopt(fd, SOL.SOCKET, SO.BROADCAST, 1);
    const error = yield* sys.connect(fd, inetAddress(address, port));
    if (error < 0) return yield* fail(sys, `nc: connect to ${hostText} port ${port} (udp) failed: ${strerror(error)}`);
    if (settings.verbose || args.has("z")) {
      const open = yield* isOpen(sys, fd, settings.idle);
      if (open && settings.verbose) {
        yield* warn(sys, `Connection to ${hostText} ${port} port [udp/*] succeeded!\n`);
      }
      if (open) status = 0;
      if (!open || args.has("z")) {
        yield* sys.close(fd);
        continue;
      }
    }
    return yield* relay(sys, fd, settings);
  }
  return status;
}

/**
 * A closed UDP port betrays itself by an ICMP error: Debian's netcat writes twice, then once a second while it waits
 * (-w, else three seconds). The other side sees the X's.
 */
function* isOpen(sys: Sys, fd: number, idle: number): Call<boolean> {
  const probe = utf8Encode("X");
  const seconds = idle < 0 ? SCAN_SECONDS : Math.floor(idle / SECOND);
  for (let i = 0; i < 2 + seconds; i++) {
    if (i >= 2 && (yield* sys.nanosleep(SECOND)) < 0) return false;
    if ((yield* sys.sendto(fd, probe, 0, null)) < 0) return false;
  }
  return true;
}

/** Standard input to the socket and the socket to standard output, until one ends or it stays silent for too long. */
function* relay(sys: Sys, fd: number, settings: Settings): Call<number> {
  const network: PollFd = { fd, events: POLL.IN, revents: 0 };
  const input: PollFd = { fd: 0, events: POLL.IN, revents: 0 };
  const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
  let received = 0;
  let inputOpen = true;
  for (;;) {
    const ready = yield* sys.poll(inputOpen ? [network, input] : [network], settings.idle);
    if (ready === 0) return 0;
    if (ready < 0) return ready === -E.EINTR ? 130 : 1;
    if (network.revents !== 0) {
      const count = yield* sys.recvfrom(fd, buffer, 0, null);
      // An error of the network ends the connection as its end would.
      if (count < 0) return 0;
      yield* writeAll(sys, 1, buffer.subarray(0, count));
      if (++received >= settings.limit) return 0;
    }
    if (inputOpen && input.revents !== 0) {
      const count = yield* sys.read(0, buffer.subarray(0, 16_384));
      if (count <= 0) {
        // UDP has no end to send: without a time-out netcat waits on for answers.
        inputOpen = false;
        if (settings.idle < 0 && count < 0) return 1;
      } else {
        const sent = yield* sys.sendto(fd, buffer.slice(0, count), 0, null);
        if (sent < 0 && sent !== -E.EDESTADDRREQ) return 0;
      }
    }
  }
}
