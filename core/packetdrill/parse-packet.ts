/** Packets of a script: `< S 0:0(0) win 1000 <mss 1460>`, `> [ect0] P. 1:11(10) ack 1`, `> udp(100)`. */
import { ECN } from "../wire/ipv4.ts";
import { TH, TCP_HEADER_BYTES, TCP_HEADER_BYTES_MAX } from "../wire/tcp.ts";
import { TCPOPT } from "../wire/tcp-options.ts";
import type { IcmpSpec, IpSpec, PacketAction, PortsSpec, TcpSpec, UdpSpec } from "./ast.ts";
import { parseIcmp } from "./parse-icmp.ts";
import { parseSequence, U16_MAX, U32_MAX } from "./parse-sequence.ts";
import {
  optionEol,
  optionFastOpen,
  optionMss,
  optionNop,
  optionOf,
  optionsBytes,
  optionSack,
  optionTimestamps,
  TCPOPT_MD5,
  type ScriptOption,
} from "./tcp-option-spec.ts";
import type { TokenReader } from "./token-reader.ts";

const MD5_BYTES = 16;

/** Begins at `<` or `>`. */
export function parsePacket(reader: TokenReader): PacketAction {
  const direction = reader.take().text === "<" ? "in" : "out";
  const ip = parseIp(reader, direction);
  const packet = parseTransport(reader);
  if (direction === "in" && packet.protocol === "tcp" && packet.options === null) {
    reader.fail("<...> stands for options of expected packets only: a list of options expected");
  }
  return { kind: "packet", direction, ip, packet };
}

function parseTransport(reader: TokenReader): TcpSpec | UdpSpec | IcmpSpec {
  if (reader.accept("udp", "word")) return parseUdp(reader);
  if (reader.accept("icmp", "word")) return parseIcmp(reader);
  for (const name of ["ipv6", "gre", "GREv0", "mpls", "ipv4"]) {
    if (reader.is(name, "word") && reader.ahead(1).kind !== "integer") {
      reader.fail("a TCP, UDP or ICMP packet expected");
    }
  }
  return parseTcp(reader);
}

// IP

const ECN_NAMES: ReadonlyMap<string, number> = new Map([
  ["noecn", ECN.NOT_ECT],
  ["ect0", ECN.ECT_0],
  ["ect1", ECN.ECT_1],
  ["ce", ECN.CE],
]);

/** `[ect0]`, `(tos 0x10)`, `[ttl 3]`; several with commas. */
function parseIp(reader: TokenReader, direction: "in" | "out"): IpSpec {
  let ip: IpSpec = { check: "none", tos: 0, ttl: null };
  const close = reader.is("[") ? "]" : reader.is("(") ? ")" : null;
  if (close === null) return ip;
  reader.take();
  do ip = { ...ip, ...parseIpField(reader, direction) };
  while (reader.accept(","));
  reader.expect(close);
  return ip;
}

function parseIpField(reader: TokenReader, direction: "in" | "out"): Partial<IpSpec> {
  const word = reader.expectKind("word", "ect0, ect1, ce, noecn, ect01, tos or ttl");
  const ecn = ECN_NAMES.get(word.text);
  if (ecn !== undefined) return { check: "ecn", tos: ecn };
  if (word.text === "tos") return { check: "tos", tos: reader.expectNumber("a type of service", 0xff) };
  if (word.text === "ttl") return { ttl: reader.expectNumber("a time to live", 0xff) };
  if (word.text !== "ect01") reader.failAt(word, "ect0, ect1, ce, noecn, ect01, tos or ttl expected");
  if (direction === "in") reader.failAt(word, "ect01 stands for either mark: ect0 or ect1 expected");
  return { check: "ect01" };
}

// TCP

function parseTcp(reader: TokenReader): TcpSpec {
  const ports = parsePorts(reader);
  const { flags, ace } = parseFlags(reader);
  const { seq, payload } = parseSequence(reader);
  const ack = reader.accept("ack", "word") ? reader.expectNumber("an acknowledgment number", U32_MAX) : 0;
  const window = reader.accept("win", "word") ? reader.expectNumber("a window", U16_MAX) : null;
  const urgent = reader.accept("urg", "word") ? reader.expectNumber("an urgent pointer", U16_MAX) : 0;
  const options = parseOptions(reader);
  return { protocol: "tcp", ports, flags, ace, seq, payload, ack, window, urgent, options };
}

function parsePorts(reader: TokenReader): PortsSpec | null {
  if (reader.next.kind !== "integer" || reader.ahead(1).text !== ">") return null;
  const source = reader.expectNumber("a source port", U16_MAX);
  reader.expect(">");
  return { source, target: reader.expectNumber("a target port", U16_MAX) };
}

const FLAG_BITS: ReadonlyMap<string, number> = new Map([
  ["F", TH.FIN],
  ["S", TH.SYN],
  ["R", TH.RST],
  ["P", TH.PSH],
  ["E", TH.ECE],
  ["W", TH.CWR],
  ["A", TH.AE],
  ["U", TH.URG],
]);

/** `S.`, `FP`, `.`, `-` for none; a digit behind the point is AccECN's counter. */
function parseFlags(reader: TokenReader): { flags: number; ace: number | null } {
  if (reader.accept("-")) return { flags: 0, ace: null };
  const start = reader.next;
  let flags = 0;
  if (start.kind === "word") {
    for (const letter of reader.take().text) {
      const bit = FLAG_BITS.get(letter);
      if (bit === undefined) {
        reader.failAt(start, `'${letter}' is no TCP flag: F, S, R, P, E, W, A, U, '.' or '-' expected`);
      }
      flags |= bit;
    }
  }
  if (reader.accept(".")) return { flags: flags | TH.ACK, ace: null };
  const digit = /^\.([0-7])$/.exec(reader.next.kind === "float" ? reader.next.text : "")?.[1];
  if (digit !== undefined) {
    reader.take();
    const ace = Number(digit);
    const bits = ((ace & 4) !== 0 ? TH.AE : 0) | ((ace & 2) !== 0 ? TH.CWR : 0) | ((ace & 1) !== 0 ? TH.ECE : 0);
    return { flags: flags | TH.ACK | bits, ace };
  }
  if (start.kind !== "word") reader.fail("a packet, such as '. 1:1(0) ack 1', expected");
  return { flags, ace: null };
}

function parseOptions(reader: TokenReader): ScriptOption[] | null {
  // `<` may also begin the next event's packet, but that has its time in front.
  if (!reader.is("<")) return [];
  const start = reader.take();
  if (reader.next.kind === "ellipsis") {
    reader.take();
    reader.expect(">");
    return null;
  }
  const options: ScriptOption[] = [];
  do options.push(parseOption(reader));
  while (reader.accept(","));
  reader.expect(">");
  const bytes = optionsBytes(options);
  if (bytes % 4 !== 0) {
    reader.failAt(start, `${bytes} bytes of options: nop or eol expected to fill them up to a multiple of 4`);
  }
  if (bytes > TCP_HEADER_BYTES_MAX - TCP_HEADER_BYTES) {
    reader.failAt(start, `at most 40 bytes of options expected, not ${bytes}`);
  }
  return options;
}

function parseOption(reader: TokenReader): ScriptOption {
  const word = reader.expectKind("word", "a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, md5)");
  switch (word.text) {
    case "nop":
      return optionNop();
    case "eol":
      return optionEol();
    case "mss":
      return optionMss(reader.expectNumber("a segment size", U16_MAX));
    case "wscale":
      return optionOf(TCPOPT.WINDOW, Uint8Array.of(reader.expectNumber("a shift count", 0xff)));
    case "sackOK":
      return optionOf(TCPOPT.SACK_PERM, new Uint8Array(0));
    case "sack":
      return optionSack(parseBlocks(reader));
    case "TS": {
      reader.expect("val", "word");
      const value = reader.expectNumber("a timestamp", U32_MAX);
      reader.expect("ecr", "word");
      return optionTimestamps(value, reader.expectNumber("an echoed timestamp", U32_MAX));
    }
    case "md5":
      return optionOf(TCPOPT_MD5, parseHex(reader, MD5_BYTES));
    case "FO":
    case "FOEXP":
      return optionFastOpen(parseHex(reader), word.text === "FOEXP");
    default:
      return reader.failAt(
        word,
        `'${word.text}' is no TCP option: mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP or md5 expected`,
      );
  }
}

function parseBlocks(reader: TokenReader): number[] {
  const edges: number[] = [];
  do {
    edges.push(reader.expectNumber("a block's left edge", U32_MAX));
    reader.expect(":");
    edges.push(reader.expectNumber("a block's right edge", U32_MAX));
  } while (reader.next.kind === "integer" && reader.ahead(1).text === ":");
  return edges;
}

/** Bytes as hexadecimal digits, which may look like a word or a number; none at all is an empty cookie. */
function parseHex(reader: TokenReader, length: number | null = null): Uint8Array {
  const { kind, text } = reader.next;
  if (kind !== "word" && kind !== "integer") return new Uint8Array(0);
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) reader.fail("an even number of hexadecimal digits expected");
  reader.take();
  const bytes = Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  if (length !== null && bytes.length !== length) reader.fail(`${length} bytes expected, not ${bytes.length}`);
  return bytes;
}

// UDP

/** Behind `udp`. */
function parseUdp(reader: TokenReader): UdpSpec {
  const ports = parsePorts(reader);
  reader.expect("(");
  const payload = reader.expectNumber("the payload's length", U16_MAX);
  reader.expect(")");
  return { protocol: "udp", ports, payload };
}
