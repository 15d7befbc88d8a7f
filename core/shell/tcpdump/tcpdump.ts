/**
 * tcpdump 4.99 over a packet socket: text lines, -w to a pcap file in the host's file system, -r from one. Filters run
 * in this process; the kernel hands over every frame. Left out: names of hosts (as with -n), -z, rotation of files.
 */
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import {
  AF,
  ETH_P_ALL,
  O,
  PACKET_OPTION,
  SO,
  SOCK,
  SOL,
  type Call,
  type Message,
  type Sys,
} from "../../kernel/syscall/sys.ts";
import { captureTimeOf, LINKTYPE, type CaptureTime } from "../../wire/capture.ts";
import { readCapture } from "../../wire/capture-reader.ts";
import { PcapWriter } from "../../wire/pcap.ts";
import { LINKTYPE_LINUX_SLL2, PacketPrinter, type TcpdumpOptions } from "../../wire/tcpdump.ts";
import { packetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { readFile } from "../lib/input.ts";
import { parseInteger } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn, writeAll } from "../lib/output.ts";
import { catchInterrupt, interrupted } from "../lib/signals.ts";
import { CAPTURE_FILE_BYTES_MAX } from "../limits.ts";
import { links } from "../net/netlink.ts";
import { cooked, labelOf } from "./cooked.ts";
import { compileFilter, type Filter } from "./filter.ts";

const TCPDUMP: CommandSpec = {
  name: "tcpdump",
  usage: [
    "tcpdump version 4.99",
    "Usage: tcpdump [-DenpqStUvxX] [--nano] [-c count] [-i interface] [-r file] [-s snaplen] [-Q in|out|inout]",
    "               [-w file] [expression]",
  ].join("\n"),
  short: "ADc:ehi:lnNpQ:qr:Ss:tUvw:xXz0F:#",
  long: new Map([
    ["nano", "0"],
    ["interface", "i"],
    ["list-interfaces", "D"],
  ]),
  usageOnError: true,
};

const SNAPLEN = 262_144;
const PACKET_OUTGOING = 4;

type Capture = {
  readonly filter: Filter;
  /** 0 is without end. */
  readonly count: number;
  readonly snapLength: number;
  readonly direction: string;
  readonly sink: Sink;
};

/** Where packets go. @returns false when writing failed. */
interface Sink {
  take(time: CaptureTime, data: Uint8Array, length: number, origin: Origin): Call<boolean>;
}

type Origin = { readonly linkType: number; /** `eth0  In `, for -i any. */ readonly label: string };

export const tcpdump = command(TCPDUMP, function* (sys, args) {
  if (args.has("h")) return yield* usageError(sys, { ...TCPDUMP, usageStatus: 0 }, "");
  if (args.has("D")) return yield* listInterfaces(sys);
  const count = args.has("c") ? parseInteger(args.value("c"), 1, 2 ** 31) : 0;
  if (count === null) return yield* fail(sys, `tcpdump: invalid packet count ${args.value("c") ?? ""}`);
  const snapLength = parseInteger(args.value("s") ?? "0", 0, SNAPLEN);
  if (snapLength === null) {
    const given = args.value("s") ?? "";
    return yield* fail(sys, `tcpdump: invalid snaplen ${given} (must be >= 0 and <= ${SNAPLEN})`);
  }
  const direction = args.value("Q") ?? "inout";
  if (!["in", "out", "inout"].includes(direction)) {
    return yield* fail(sys, `tcpdump: unknown capture direction \`${direction}'`);
  }
  const filter = compileFilter(args.operands.join(" "), yield* readHosts(sys));
  if (!filter.ok) return yield* fail(sys, `tcpdump: ${filter.error}`);
  yield* catchInterrupt(sys);
  const sink = yield* openSink(sys, args);
  if (typeof sink === "string") return yield* fail(sys, `tcpdump: ${sink}`);
  const capture: Capture = {
    filter: filter.value,
    count,
    snapLength: snapLength === 0 ? SNAPLEN : snapLength,
    direction,
    sink,
  };
  const file = args.value("r");
  return file === undefined ? yield* live(sys, args, capture) : yield* fromFile(sys, file, capture);
});

function* listInterfaces(sys: Sys): Call<number> {
  const names = [...(yield* links(sys))].filter((link) => link.isUp);
  const wired = names.filter((link) => link.kind !== "loopback").map((link) => `${link.name} [Up, Running, Connected]`);
  const loopbacks = names
    .filter((link) => link.kind === "loopback")
    .map((link) => `${link.name} [Up, Running, Loopback]`);
  const any = "any (Pseudo-device that captures on all interfaces) [Up, Running]";
  yield* print(sys, [...wired, any, ...loopbacks].map((row, i) => `${i + 1}.${row}\n`).join(""));
  return 0;
}

function printOptions(args: Arguments): TcpdumpOptions {
  const times = ["clock", "none", "epoch", "delta", "date", "since-first"] as const;
  const hexes =
    args.count("X") > 1 ? "XX" : args.has("X") ? "X" : args.count("x") > 1 ? "xx" : args.has("x") ? "x" : null;
  return {
    linkHeader: args.has("e"),
    verbosity: args.count("v"),
    quiet: args.has("q"),
    absoluteSequence: args.has("S"),
    ...(hexes === null ? {} : { hex: hexes }),
    time: times[Math.min(args.count("t"), 5)] ?? "clock",
    nanoseconds: args.has("0"),
  };
}

function* openSink(sys: Sys, args: Arguments): Call<Sink | string> {
  const path = args.value("w");
  if (path === undefined) return new TextSink(sys, printOptions(args), args.has("#"));
  const fd = path === "-" ? 1 : yield* sys.open(path, O.WRONLY | O.CREAT | O.TRUNC);
  return fd < 0 ? `${path}: ${strerror(fd)}` : new FileSink(sys, fd);
}

class TextSink implements Sink {
  readonly #sys: Sys;
  readonly #printer: PacketPrinter;
  readonly #numbered: boolean;
  /** Words of the time stamp, behind which the interface stands. */
  readonly #stampWords: number;
  #number = 0;

  constructor(sys: Sys, options: TcpdumpOptions, numbered: boolean) {
    this.#sys = sys;
    this.#printer = new PacketPrinter(options);
    this.#numbered = numbered;
    this.#stampWords = options.time === "none" ? 0 : options.time === "date" ? 2 : 1;
  }

  *take(time: CaptureTime, data: Uint8Array, length: number, origin: Origin): Call<boolean> {
    let line = this.#printer.print({ time, data, originalLength: length, linkType: origin.linkType });
    if (origin.label !== "") {
      let at = 0;
      for (let i = 0; i < this.#stampWords; i++) at = line.indexOf(" ", at) + 1;
      line = line.slice(0, at) + origin.label + line.slice(at);
    }
    this.#number++;
    const number = this.#numbered ? `${String(this.#number).padStart(5)}  ` : "";
    return (yield* print(this.#sys, `${number}${line}\n`)) >= 0;
  }
}

class FileSink implements Sink {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #chunks: Uint8Array[] = [];
  #writer: PcapWriter | null = null;

  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
  }

  *take(time: CaptureTime, data: Uint8Array, length: number, origin: Origin): Call<boolean> {
    this.start(origin.linkType);
    this.#writer?.writePacket(time, data, length);
    const error = yield* this.flush();
    if (error < 0) yield* warn(this.#sys, `tcpdump: Unable to write output: ${strerror(error)}\n`);
    return error >= 0;
  }

  /** The file header, which must be there even when no packet comes. */
  start(linkType: number): void {
    this.#writer ??= new PcapWriter((chunk) => void this.#chunks.push(chunk), linkType, SNAPLEN);
  }

  *flush(): Call<number> {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      const error = yield* writeAll(this.#sys, this.#fd, chunk);
      if (error < 0) return error;
    }
    return 0;
  }
}

function* live(sys: Sys, args: Arguments, capture: Capture): Call<number> {
  const known = yield* links(sys);
  const name = args.value("i") ?? known.find((link) => link.isUp && link.kind !== "loopback")?.name ?? "any";
  const device = name === "any" ? { index: 0, name } : known.find((link) => link.name === name);
  if (device === undefined) {
    return yield* fail(sys, `tcpdump: ${name}: No such device exists\n(No such device exists)`);
  }
  const fd = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
  if (fd < 0) {
    return yield* fail(
      sys,
      `tcpdump: ${name}: You don't have permission to capture on that device\n(socket: ${strerror(fd)})`,
    );
  }
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.TIMESTAMP, 1);
  const error = yield* sys.bind(fd, packetAddress(device.index, ETH_P_ALL));
  if (error < 0) return yield* fail(sys, `tcpdump: ${name}: ${strerror(error)}`);
  if (device.index !== 0 && !args.has("p")) {
    yield* sys.setsockopt(fd, SOL.PACKET, PACKET_OPTION.ADD_MEMBERSHIP, device.index);
  }
  const linkType = device.index === 0 ? LINKTYPE_LINUX_SLL2 : LINKTYPE.ETHERNET;
  if (capture.sink instanceof FileSink) {
    capture.sink.start(linkType);
    yield* capture.sink.flush();
  }
  if (device.index === 0) yield* warn(sys, "tcpdump: data link type LINUX_SLL2\n");
  if (!args.has("v") && !args.has("w")) {
    yield* warn(sys, "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n");
  }
  yield* warn(
    sys,
    `${args.has("v") || args.has("w") ? "tcpdump: " : ""}listening on ${name}, ` +
      `link-type ${LINK_NAMES.get(linkType) ?? ""}, snapshot length ${capture.snapLength} bytes\n`,
  );
  const names = new Map(known.map((link) => [link.index, link.name]));
  const loopback = known.find((link) => link.kind === "loopback")?.index ?? -1;
  return yield* captureAll(sys, fd, capture, { names, loopback, any: device.index === 0 });
}

type Devices = {
  readonly names: ReadonlyMap<number, string>;
  readonly loopback: number;
  readonly any: boolean;
};

function* captureAll(sys: Sys, fd: number, capture: Capture, devices: Devices): Call<number> {
  const buffer = new Uint8Array(65_536);
  const message: Message = { from: packetAddress(0, 0), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
  const epoch = Math.round((sys.wallClock() - sys.now()) / SECOND);
  let received = 0;
  let captured = 0;
  let status = 0;
  while (capture.count === 0 || captured < capture.count) {
    const length = yield* sys.recvmsg(fd, buffer, 0, message);
    if (length === -E.EINTR && (yield* interrupted(sys))) {
      // tcpdump cannot know whether it was in the middle of a line.
      if (capture.sink instanceof TextSink) yield* print(sys, "\n");
      break;
    }
    if (length === -E.EINTR) continue;
    if (length < 0) {
      status = yield* fail(
        sys,
        `tcpdump: pcap_loop: ${length === -E.ENETDOWN ? "The interface disappeared" : strerror(length)}`,
      );
      break;
    }
    if (!capture.filter(buffer.subarray(0, length), length, LINKTYPE.ETHERNET)) continue;
    // The kernel counts what passed the filter, before libpcap sorts out directions.
    received++;
    const outgoing = message.from.packetType === PACKET_OUTGOING;
    // Loopback shows every packet on its way out and in: one of the two is enough (libpcap, pcap-linux.c).
    if (outgoing && message.from.device === devices.loopback) continue;
    if ((capture.direction === "in" && outgoing) || (capture.direction === "out" && !outgoing)) continue;
    captured++;
    const time = captureTimeOf(epoch, message.timestamp ?? sys.now());
    const taken = devices.any ? cooked(buffer, length, message.from, devices.loopback) : buffer.slice(0, length);
    const linkType = devices.any ? LINKTYPE_LINUX_SLL2 : LINKTYPE.ETHERNET;
    const origin = { linkType, label: labelOf(taken, linkType, devices.names) };
    const data = taken.subarray(0, capture.snapLength);
    if (!(yield* capture.sink.take(time, data, taken.length, origin))) {
      status = 1;
      break;
    }
  }
  yield* warn(
    sys,
    `${captured} packet${captured === 1 ? "" : "s"} captured\n` +
      `${received} packet${received === 1 ? "" : "s"} received by filter\n${yield* dropped(sys, fd)}`,
  );
  return status;
}

/** PACKET_STATISTICS is packets and drops. */
function* dropped(sys: Sys, fd: number): Call<string> {
  const statistics = yield* sys.getsockopt(fd, SOL.PACKET, PACKET_OPTION.STATISTICS);
  const text = "error" in statistics ? "" : String(statistics.value);
  const drops = Number(text.split(" ")[1] ?? "0") || 0;
  return `${drops} packet${drops === 1 ? "" : "s"} dropped by kernel\n`;
}

/** Less is too short to be told from a capture cut off. */
const PCAP_HEADER_BYTES = 24;

const LINK_NAMES = new Map<number, string>([
  [LINKTYPE.ETHERNET, "EN10MB (Ethernet)"],
  [LINKTYPE.RAW, "RAW (Raw IP)"],
  [LINKTYPE.NULL, "NULL (BSD loopback)"],
  [LINKTYPE.LINUX_SLL, "LINUX_SLL (Linux cooked v1)"],
  [LINKTYPE_LINUX_SLL2, "LINUX_SLL2 (Linux cooked v2)"],
]);

function* fromFile(sys: Sys, path: string, capture: Capture): Call<number> {
  const bytes = yield* readFile(sys, path, CAPTURE_FILE_BYTES_MAX);
  if (typeof bytes === "number") return yield* fail(sys, `tcpdump: ${path}: ${strerror(bytes)}`);
  const content = readCapture(bytes);
  if (content.problem?.at === 0 && bytes.length >= PCAP_HEADER_BYTES) {
    return yield* fail(sys, "tcpdump: unknown file format");
  }
  const linkType = content.interfaces[0]?.linkType ?? LINKTYPE.ETHERNET;
  const names = new Map((yield* links(sys)).map((link) => [link.index, link.name]));
  if (content.interfaces.length > 0) {
    const snapLength = content.interfaces[0]?.snapLength ?? SNAPLEN;
    const name = LINK_NAMES.get(linkType) ?? `USER (${linkType})`;
    yield* warn(
      sys,
      `reading from file ${path}, link-type ${name}, snapshot length ${snapLength === 0 ? SNAPLEN : snapLength}\n`,
    );
  }
  if (linkType === LINKTYPE_LINUX_SLL2) yield* warn(sys, "Warning: interface names might be incorrect\n");
  let captured = 0;
  for (const packet of content.packets) {
    if (capture.count > 0 && captured >= capture.count) return 0;
    if (!capture.filter(packet.data, packet.originalLength, packet.linkType)) continue;
    captured++;
    const time = packet.time ?? { seconds: 0, nanoseconds: 0 };
    const origin = { linkType: packet.linkType, label: labelOf(packet.data, packet.linkType, names) };
    if (!(yield* capture.sink.take(time, packet.data, packet.originalLength, origin))) return 1;
  }
  if (content.problem === undefined) return 0;
  return yield* fail(sys, `tcpdump: pcap_loop: ${content.problem.message}`);
}
