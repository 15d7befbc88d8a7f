/**
 * The part of a tcpdump line behind `IP ` for TCP. Left out: the payload's protocol (such as `: HTTP`), Multipath TCP's
 * subtypes and TCP-AO, whose options print as bytes. MD5 signatures are shown unchecked.
 */
import { u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4 } from "./address.ts";
import { OPTION_END, OPTION_NOP } from "./options.ts";
import { TCPOPT } from "./tcp-options.ts";
import { TCP, TCP_HEADER_BYTES, tcpAck, tcpChecksum, tcpFlags, tcpHeaderBytes, TH, tcpSeq } from "./tcp.ts";
import { checksumWanted, cut, has, type Sheet } from "./tcpdump-text.ts";
import type { Endpoints } from "./udp.ts";
import { hex4 } from "./tcpdump-numbers.ts";

/** The payload of an IPv4 packet, `length` bytes long on the wire. */
export type Carried = {
  readonly at: number;
  readonly length: number;
  readonly between: Endpoints;
  readonly fragmented: boolean;
};

const FLAG_LETTERS = [
  [TH.FIN, "F"],
  [TH.SYN, "S"],
  [TH.RST, "R"],
  [TH.PSH, "P"],
  [TH.ACK, "."],
  [TH.URG, "U"],
  [TH.ECE, "E"],
  [TH.CWR, "W"],
] as const;

/** Bytes of a reset's data shown by `-v`. */
const RESET_DATA_BYTES_MAX = 30;

export function printTcp(sheet: Sheet, carried: Carried): string {
  const { bytes } = sheet;
  const { at, length, between } = carried;
  const source = formatIpv4(between.source);
  const target = formatIpv4(between.target);
  if (!has(sheet, at, 4)) return `${source} > ${target}:${cut("tcp")}`;
  const ports = `${source}.${u16(bytes, at)} > ${target}.${u16(bytes, at + 2)}: `;
  if (!has(sheet, at, TCP.offset + 1)) return ports + cut("tcp");
  const headerBytes = tcpHeaderBytes(bytes, at);
  if (headerBytes < TCP_HEADER_BYTES) {
    return `${ports} tcp ${(length - headerBytes) >>> 0} [bad hdr length ${headerBytes} - too short, < 20]`;
  }
  if (!has(sheet, at, TCP_HEADER_BYTES)) return ports + cut("tcp");
  const tooLong = headerBytes > length ? ` [bad hdr length ${headerBytes} - too long, > ${length}]` : "";
  if (sheet.quiet) return `${ports}tcp ${(length - headerBytes) >>> 0}${tooLong}`;
  const flags = tcpFlags(bytes, at);
  const letters = FLAG_LETTERS.map(([bit, letter]) => ((flags & bit) === 0 ? "" : letter)).join("");
  return `${ports}Flags [${letters === "" ? "none" : letters}]${tooLong === "" ? printBody(sheet, carried) : tooLong}`;
}

function printBody(sheet: Sheet, carried: Carried): string {
  const { bytes } = sheet;
  const { at, length } = carried;
  const flags = tcpFlags(bytes, at);
  const headerBytes = tcpHeaderBytes(bytes, at);
  const dataBytes = length - headerBytes;
  const numbers = relate(sheet, carried);
  let text = printChecksum(sheet, carried);
  if (sheet.verbosity > 1 || dataBytes > 0 || (flags & (TH.SYN | TH.FIN | TH.RST)) !== 0) {
    text += `, seq ${numbers.seq}${dataBytes > 0 ? `:${(numbers.seq + dataBytes) >>> 0}` : ""}`;
  }
  if ((flags & TH.ACK) !== 0) text += `, ack ${numbers.ack}`;
  text += `, win ${u16(bytes, at + TCP.window)}`;
  if ((flags & TH.URG) !== 0) text += `, urg ${u16(bytes, at + TCP.urgent)}`;
  if (headerBytes > TCP_HEADER_BYTES) {
    const options = new OptionPrinter(sheet, at + TCP_HEADER_BYTES, at + headerBytes, numbers.sackOrigin);
    text += `, options [${options.print()}`;
    if (options.broken) return text;
    text += "]";
  }
  text += `, length ${dataBytes}`;
  return (flags & TH.RST) !== 0 && dataBytes > 0 && sheet.verbosity > 0
    ? text + printResetData(sheet, at + headerBytes, dataBytes)
    : text;
}

function relate(sheet: Sheet, { at, between }: Carried): { seq: number; ack: number; sackOrigin: number } {
  const { bytes, origins } = sheet;
  const flags = tcpFlags(bytes, at);
  const seq = tcpSeq(bytes, at);
  const ack = tcpAck(bytes, at);
  if (origins === null || (flags & TH.ACK) === 0) return { seq, ack, sackOrigin: 0 };
  const sourcePort = u16(bytes, at + TCP.sourcePort);
  const targetPort = u16(bytes, at + TCP.targetPort);
  return origins.relate({ ...between, sourcePort, targetPort, seq, ack, syn: (flags & TH.SYN) !== 0 });
}

function printChecksum(sheet: Sheet, { at, length, between, fragmented }: Carried): string {
  if (sheet.verbosity === 0 || fragmented || !has(sheet, at, length)) return "";
  const field = u16(sheet.bytes, at + TCP.checksum);
  const sum = tcpChecksum(sheet.bytes, at, length, between);
  const verdict = sum === 0 ? "correct" : `incorrect -> ${hex4(checksumWanted(field, sum))}`;
  return `, cksum ${hex4(field)} (${verdict})`;
}

/** Some stacks explain a reset in its data (RFC 9293, 3.5.3). */
function printResetData(sheet: Sheet, at: number, length: number): string {
  let text = has(sheet, at, length) ? " [RST" : " [!RST";
  if (length > RESET_DATA_BYTES_MAX) text += "+";
  text += " ";
  for (let i = at; i < Math.min(at + Math.min(length, RESET_DATA_BYTES_MAX), sheet.end); i++) {
    text += visible(u8(sheet.bytes, i));
  }
  return `${text}]`;
}

/** A byte as cat -v shows it. */
function visible(byte: number): string {
  const low = byte & 0x7f;
  const mark = byte >= 0x80 ? "M-" : "";
  return low >= 0x20 && low < 0x7f ? mark + String.fromCharCode(low) : `${mark}^${String.fromCharCode(low ^ 0x40)}`;
}

const TCPOPT_MD5 = 19;
const TCPOPT_USER_TIMEOUT = 28;
/** The second shared experimental kind; its first two bytes name the experiment (RFC 6994). */
const TCPOPT_EXPERIMENT = 254;
const MD5_UNCHECKED = " shared secret not supplied with -M, can't check";

/** The field and its meaning in seconds: the lowest bit says minutes (RFC 5482 has it as the highest). */
const userTimeout = (field: number): string =>
  `0x${field.toString(16)} ${(field & 1) === 1 ? (field >>> 1) * 60 : field >>> 1}`;

/** Names where it is not obvious; the numbers without a constant are obsolete kinds tcpdump still names. */
const OPTION_NAMES = new Map<number, string>([
  [TCPOPT.EOL, "eol"],
  [TCPOPT.NOP, "nop"],
  [TCPOPT.MSS, "mss"],
  [TCPOPT.WINDOW, "wscale"],
  [TCPOPT.SACK_PERM, "sackOK"],
  [TCPOPT.SACK, "sack"],
  [6, "echo"],
  [7, "echoreply"],
  [TCPOPT.TIMESTAMP, "TS"],
  [11, "cc"],
  [12, "ccnew"],
  [13, "ccecho"],
  [TCPOPT_MD5, "md5"],
  [20, "scps"],
  [TCPOPT_USER_TIMEOUT, "uto"],
  [29, "tcp-ao"],
  [30, "mptcp"],
  [TCPOPT.FASTOPEN, "tfo"],
  [TCPOPT_EXPERIMENT, "exp"],
]);

/** A value that runs over the header, or over what was captured. */
type Damage = "bad" | "cut";

class OptionPrinter {
  readonly #sheet: Sheet;
  readonly #to: number;
  readonly #sackOrigin: number;
  #at: number;
  /** The list ended early, its closing bracket included where tcpdump prints one. */
  broken = false;

  constructor(sheet: Sheet, from: number, to: number, sackOrigin: number) {
    this.#sheet = sheet;
    this.#at = from;
    this.#to = to;
    this.#sackOrigin = sackOrigin;
  }

  print(): string {
    const { bytes } = this.#sheet;
    const first = this.#at;
    let text = "";
    while (this.#at < this.#to) {
      const isFirst = this.#at === first;
      if (!isFirst) text += ",";
      const kind = has(this.#sheet, this.#at, 1) ? u8(bytes, this.#at) : -1;
      const single = kind === OPTION_END || kind === OPTION_NOP;
      if (kind < 0 || (!single && !has(this.#sheet, this.#at, 2))) return this.#break(text + cut("tcp"));
      const length = single ? 1 : u8(bytes, this.#at + 1);
      if (!single && (length < 2 || this.#at + length > this.#to)) {
        return this.#break(`${text}[bad opt]${isFirst ? "" : "]"}`);
      }
      text += OPTION_NAMES.get(kind) ?? `unknown-${kind}`;
      const value = single ? { text: "", bytes: -1 } : this.#value(kind, this.#at + 2, length - 2);
      if (value === "bad") return this.#break(`${text}[bad opt]${isFirst ? "" : "]"}`);
      if (value === "cut") return this.#break(`${text}${cut("tcp")}${isFirst ? "" : ">"}`);
      text += value.text;
      const read = value.bytes + 2;
      if (read !== length) text += `[len ${length}]`;
      this.#at += read;
      if (kind === OPTION_END) break;
    }
    return text;
  }

  #break(text: string): string {
    this.broken = true;
    return text;
  }

  /** The value at `at` in words, and how many bytes of it a kind reads whatever the length field says. */
  #value(kind: number, at: number, length: number): { text: string; bytes: number } | Damage {
    const { bytes } = this.#sheet;
    switch (kind) {
      case TCPOPT.MSS:
        return this.#lacks(at, 2) ?? { text: ` ${u16(bytes, at)}`, bytes: 2 };
      case TCPOPT.WINDOW:
        return this.#lacks(at, 1) ?? { text: ` ${u8(bytes, at)}`, bytes: 1 };
      case TCPOPT.SACK_PERM:
        return { text: "", bytes: 0 };
      case TCPOPT.SACK:
        return this.#lacks(at, length) ?? { text: this.#sack(at, length), bytes: length };
      case TCPOPT.TIMESTAMP:
        return this.#lacks(at, 8) ?? { text: ` val ${u32(bytes, at)} ecr ${u32(bytes, at + 4)}`, bytes: 8 };
      case 6:
      case 7:
      case 11:
      case 12:
      case 13:
        return this.#lacks(at, 4) ?? { text: ` ${u32(bytes, at)}`, bytes: 4 };
      case TCPOPT_MD5:
        return this.#lacks(at, 16) ?? { text: `${MD5_UNCHECKED} - ${this.#hex(at, 16)}`, bytes: 16 };
      case TCPOPT_USER_TIMEOUT:
        return this.#lacks(at, 2) ?? { text: ` ${userTimeout(u16(bytes, at))}`, bytes: 2 };
      case TCPOPT_EXPERIMENT:
        return this.#lacks(at, Math.max(length, 2)) ?? { text: `-${hex4(u16(bytes, at)).slice(2)}`, bytes: length };
      case TCPOPT.FASTOPEN:
        return this.#lacks(at, length) ?? { text: ` ${this.#cookie(at, length)}`, bytes: length };
      default:
        return this.#lacks(at, length) ?? { text: length === 0 ? "" : ` 0x${this.#hex(at, length)}`, bytes: length };
    }
  }

  #lacks(at: number, length: number): Damage | undefined {
    if (at + length > this.#to) return "bad";
    return has(this.#sheet, at, length) ? undefined : "cut";
  }

  #sack(at: number, length: number): string {
    if (length % 8 !== 0) return " invalid sack";
    let text = ` ${length / 8} `;
    for (let i = at; i < at + length; i += 8) {
      const left = (u32(this.#sheet.bytes, i) - this.#sackOrigin) >>> 0;
      const right = (u32(this.#sheet.bytes, i + 4) - this.#sackOrigin) >>> 0;
      text += `{${left}:${right}}`;
    }
    return text;
  }

  #cookie(at: number, length: number): string {
    if (length === 0) return " cookiereq";
    return length % 2 !== 0 || length < 4 || length > 16 ? " (invalid)" : ` cookie ${this.#hex(at, length)}`;
  }

  #hex(at: number, length: number): string {
    let text = "";
    for (let i = at; i < at + length; i++) text += u8(this.#sheet.bytes, i).toString(16).padStart(2, "0");
    return text;
  }
}
