/**
 * One packet as a line of text, as `tcpdump -n` 4.99 prints it, with the options -e -v -vv -q -S -x -xx -X -XX -t to
 * -ttttt and --nano. ARP, IPv4, ICMP, UDP and TCP on Ethernet, 802.1Q, raw IP, loopback and Linux cooked captures.
 * Left out: other protocols, which show as a hex dump the way tcpdump shows an unknown EtherType; time zones (UTC
 * only); the link header in the -x dump of a packet cut short, which tcpdump includes.
 */
import { hexByte, u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4, formatMac, readIpv4, readMac } from "./address.ts";
import { ARP, ARPOP } from "./arp.ts";
import { LINKTYPE, type CaptureTime } from "./capture.ts";
import {
  ETHERNET,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  ETHERTYPE_RARP,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
} from "./ethernet.ts";
import { SequenceOrigins } from "./tcpdump-flows.ts";
import { printIpv4 } from "./tcpdump-ip.ts";
import { calendarDate, clockTime, epochTime, hex4, timeSpan, toMicroseconds } from "./tcpdump-numbers.ts";
import { cut, has, hexDump, type Sheet } from "./tcpdump-text.ts";
import { VLAN, VLAN_DROP_ELIGIBLE, VLAN_ID_MASK, VLAN_PRIORITY_SHIFT, VLAN_TAG_BYTES } from "./vlan.ts";

export type TcpdumpOptions = {
  /** `-e` */
  readonly linkHeader?: boolean;
  /** How many `-v`. */
  readonly verbosity?: number;
  /** `-q` */
  readonly quiet?: boolean;
  /** `-S` */
  readonly absoluteSequence?: boolean;
  /** `-x` packet, `-xx` with link header, `-X` and `-XX` with characters beside. */
  readonly hex?: "x" | "xx" | "X" | "XX";
  /** none `-t`, epoch `-tt`, delta `-ttt`, date `-tttt`, since-first `-ttttt`. */
  readonly time?: "clock" | "none" | "epoch" | "delta" | "date" | "since-first";
  /** `--nano` */
  readonly nanoseconds?: boolean;
};

export type PacketToPrint = {
  readonly time: CaptureTime;
  readonly data: Uint8Array;
  readonly originalLength: number;
  readonly linkType: number;
};

/** Prints the packets of one capture in order: remembers TCP flows and the times before. */
export class PacketPrinter {
  readonly #options: TcpdumpOptions;
  readonly #origins: SequenceOrigins | null;
  #first: CaptureTime | undefined;
  #previous: CaptureTime | undefined;

  constructor(options: TcpdumpOptions = {}) {
    this.#options = options;
    this.#origins = options.absoluteSequence === true ? null : new SequenceOrigins();
  }

  /** The text without a final line feed; several lines with `-v` or a hex dump. */
  print(packet: PacketToPrint): string {
    const { data } = packet;
    const sheet: Sheet = {
      bytes: data,
      end: data.length,
      verbosity: this.#options.verbosity ?? 0,
      linkHeader: this.#options.linkHeader ?? false,
      quiet: this.#options.quiet ?? false,
      dumpUnknown: this.#options.hex === undefined && this.#options.quiet !== true,
      origins: this.#origins,
    };
    const stamp = this.#timestamp(packet.time);
    const { text, headerBytes } = printLink(sheet, packet.linkType, packet.originalLength);
    return stamp + text + this.#hexOf(data, headerBytes);
  }

  #timestamp(captured: CaptureTime): string {
    const nanoseconds = this.#options.nanoseconds ?? false;
    // Cut before subtracting, so that spans agree with the instants shown.
    const time = nanoseconds ? captured : toMicroseconds(captured);
    const previous = this.#previous ?? time;
    const first = this.#first ?? time;
    this.#previous = time;
    this.#first = first;
    switch (this.#options.time ?? "clock") {
      case "none":
        return "";
      case "clock":
        return `${clockTime(time, nanoseconds)} `;
      case "epoch":
        return `${epochTime(time, nanoseconds)} `;
      case "delta":
        return `${timeSpan(previous, time, nanoseconds)} `;
      case "date":
        return `${calendarDate(time)} ${clockTime(time, nanoseconds)} `;
      case "since-first":
        return `${timeSpan(first, time, nanoseconds)} `;
    }
  }

  #hexOf(data: Uint8Array, headerBytes: number): string {
    const { hex } = this.#options;
    if (hex === undefined) return "";
    const from = hex === "xx" || hex === "XX" ? 0 : Math.min(headerBytes, data.length);
    return hexDump(data, from, data.length, hex === "X" || hex === "XX");
  }
}

/** The link layer's part and all that follows; `headerBytes` are left out of `-x`. */
type Printed = { readonly text: string; readonly headerBytes: number };

function printLink(sheet: Sheet, linkType: number, length: number): Printed {
  switch (linkType) {
    case LINKTYPE.ETHERNET:
      return printEthernet(sheet, length);
    case LINKTYPE.RAW:
    case LINKTYPE.IPV4:
      return { text: (sheet.linkHeader ? "ip: " : "") + printIpv4(sheet, 0, length), headerBytes: 0 };
    case LINKTYPE.NULL:
    case LINKTYPE.LOOP:
      return printLoopback(sheet, length);
    case LINKTYPE.LINUX_SLL:
      return printCooked(sheet, length);
    case LINKTYPE_LINUX_SLL2:
      return printCooked2(sheet, length);
    default:
      return { text: `[link type ${linkType}]${dumpUnknown(sheet, 0)}`, headerBytes: 0 };
  }
}

const ETHERTYPE_NAMES = new Map<number, string>([
  [ETHERTYPE_IPV4, "IPv4"],
  [ETHERTYPE_ARP, "ARP"],
  [ETHERTYPE_RARP, "Reverse ARP"],
  [ETHERTYPE_VLAN, "802.1Q"],
  [ETHERTYPE_SERVICE_VLAN, "802.1Q-QinQ"],
  [ETHERTYPE_IPV6, "IPv6"],
]);

const typeText = (type: number): string => `${ETHERTYPE_NAMES.get(type) ?? "Unknown"} (${hex4(type)})`;

/** What a header says of the type behind it. */
function announce(sheet: Sheet, type: number): string {
  if (!sheet.quiet) return `ethertype ${typeText(type)}`;
  return ETHERTYPE_NAMES.get(type) ?? `Unknown Ethertype (${hex4(type)})`;
}

/** The bytes of what cannot be printed otherwise; a hex dump that was asked for shows them anyway. */
const dumpUnknown = (sheet: Sheet, at: number): string =>
  sheet.dumpUnknown ? hexDump(sheet.bytes, at, sheet.end, true) : "";

function printEthernet(sheet: Sheet, length: number): Printed {
  const { bytes } = sheet;
  if (!has(sheet, 0, ETHERNET_HEADER_BYTES)) return { text: cut("ether"), headerBytes: sheet.end };
  const source = formatMac(readMac(bytes, ETHERNET.source));
  const addresses = `${source} > ${formatMac(readMac(bytes, ETHERNET.target))}, `;
  let type = u16(bytes, ETHERNET.type);
  let at = ETHERNET_HEADER_BYTES;
  let tags = "";
  while (type === ETHERTYPE_VLAN || type === ETHERTYPE_SERVICE_VLAN) {
    if (!has(sheet, at, VLAN_TAG_BYTES)) {
      return { text: `${sheet.linkHeader ? addresses + tags : ""}${cut("vlan")}`, headerBytes: at };
    }
    const announced = `${announce(sheet, type)}, ${tags === "" ? `length ${length}: ` : ""}`;
    tags += announced + vlanText(u16(bytes, at + VLAN.control));
    type = u16(bytes, at + VLAN.type);
    at += VLAN_TAG_BYTES;
  }
  if (type < ETHERTYPE_MIN) {
    const text = `${addresses}${tags}802.3, length ${type}: `;
    return { text: text + dumpUnknown(sheet, at), headerBytes: at };
  }
  const announced = `${announce(sheet, type)}, ${tags === "" ? `length ${length}: ` : ""}`;
  const header = addresses + tags + announced;
  const payload = printTyped(sheet, { type, at, length: length - at });
  // What cannot be shown otherwise is introduced by the header, asked for or not.
  if (payload === null) return { text: header + dumpUnknown(sheet, at), headerBytes: at };
  return { text: (sheet.linkHeader ? header : "") + payload, headerBytes: at };
}

function vlanText(control: number): string {
  const dropEligible = (control & VLAN_DROP_ELIGIBLE) !== 0 ? ", DEI" : "";
  return `vlan ${control & VLAN_ID_MASK}, p ${control >>> VLAN_PRIORITY_SHIFT}${dropEligible}, `;
}

/** Null for a type that is not printed here. */
function printTyped(sheet: Sheet, payload: { type: number; at: number; length: number }): string | null {
  if (payload.type === ETHERTYPE_IPV4) return printIpv4(sheet, payload.at, payload.length);
  return payload.type === ETHERTYPE_ARP || payload.type === ETHERTYPE_RARP
    ? printArp(sheet, payload.at, payload.length)
    : null;
}

function printLoopback(sheet: Sheet, length: number): Printed {
  const { bytes } = sheet;
  if (!has(sheet, 0, 4)) return { text: cut("null"), headerBytes: sheet.end };
  const family = u8(bytes, 0) === 0 ? u16(bytes, 2) : u8(bytes, 0);
  const header = sheet.linkHeader ? `AF ${family === 2 ? "IPv4 (2)" : `Unknown (${family})`}, length ${length}: ` : "";
  if (family !== 2) return { text: header + dumpUnknown(sheet, 4), headerBytes: 4 };
  return { text: header + printIpv4(sheet, 4, length - 4), headerBytes: 4 };
}

const COOKED_HEADER_BYTES = 16;
const COOKED_KINDS = [" In", "  B", "  M", "  P", "Out"];

function printCooked(sheet: Sheet, length: number): Printed {
  const { bytes } = sheet;
  if (!has(sheet, 0, COOKED_HEADER_BYTES)) return { text: cut("sll"), headerBytes: sheet.end };
  const type = u16(bytes, 14);
  const address = u16(bytes, 4) === 6 ? `${formatMac(readMac(bytes, 6))} ` : "";
  const header = `${COOKED_KINDS[u16(bytes, 0)] ?? "?"} ${address}${announce(sheet, type)}, length ${length}: `;
  const payload = printTyped(sheet, { type, at: COOKED_HEADER_BYTES, length: length - COOKED_HEADER_BYTES });
  if (payload === null) {
    return { text: header + dumpUnknown(sheet, COOKED_HEADER_BYTES), headerBytes: COOKED_HEADER_BYTES };
  }
  return { text: (sheet.linkHeader ? header : "") + payload, headerBytes: COOKED_HEADER_BYTES };
}

/** What `-i any` captures in (tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html): all numbers in network order. */
export const LINKTYPE_LINUX_SLL2 = 276;
export const COOKED2 = { protocol: 0, device: 4, hardware: 8, kind: 10, addressBytes: 11, address: 12 } as const;
export const COOKED2_HEADER_BYTES = 20;

/** Device and direction come before this text: only who knows the devices' names can print them. */
function printCooked2(sheet: Sheet, length: number): Printed {
  const { bytes } = sheet;
  if (!has(sheet, 0, COOKED2_HEADER_BYTES)) return { text: cut("sll2"), headerBytes: sheet.end };
  const type = u16(bytes, COOKED2.protocol);
  const address = u8(bytes, COOKED2.addressBytes) === 6 ? `${formatMac(readMac(bytes, COOKED2.address))} ` : "";
  const header = `ifindex ${u32(bytes, COOKED2.device)} ${address}${announce(sheet, type)}, length ${length}: `;
  const payload = printTyped(sheet, { type, at: COOKED2_HEADER_BYTES, length: length - COOKED2_HEADER_BYTES });
  const headerBytes = COOKED2_HEADER_BYTES;
  if (payload === null) return { text: header + dumpUnknown(sheet, headerBytes), headerBytes };
  return { text: (sheet.linkHeader ? header : "") + payload, headerBytes };
}

const HARDWARE_NAMES = new Map<number, string>([
  [1, "Ethernet"],
  [6, "TokenRing"],
]);
const OPERATION_NAMES = new Map<number, string>([
  [ARPOP.REQUEST, "Request"],
  [ARPOP.REPLY, "Reply"],
  [ARPOP.RREQUEST, "Reverse Request"],
  [ARPOP.RREPLY, "Reverse Reply"],
  [ARPOP.InREQUEST, "Inverse Request"],
  [ARPOP.InREPLY, "Inverse Reply"],
  [ARPOP.NAK, "NACK Reply"],
]);

function printArp(sheet: Sheet, at: number, length: number): string {
  const { bytes } = sheet;
  if (!has(sheet, at, 8)) return cut("arp");
  const hardwareBytes = u8(bytes, at + ARP.hardwareBytes);
  const protocolBytes = u8(bytes, at + ARP.protocolBytes);
  if (!has(sheet, at, 8 + 2 * (hardwareBytes + protocolBytes))) return cut("arp");
  const protocol = u16(bytes, at + ARP.protocolType);
  const isUsual = protocol === ETHERTYPE_IPV4 && protocolBytes === 4 && hardwareBytes > 0;
  let text = sheet.linkHeader ? "" : "ARP, ";
  if (!isUsual || sheet.verbosity > 0) {
    const hardware = u16(bytes, at + ARP.hardwareType);
    const name = ETHERTYPE_NAMES.get(protocol) ?? `Unknown Protocol (${hex4(protocol)})`;
    text += `${HARDWARE_NAMES.get(hardware) ?? `Unknown Hardware (${hardware})`} (len ${hardwareBytes})`;
    text += `, ${name} (len ${protocolBytes})`;
    if (sheet.verbosity === 0) return `${text}, length ${length}`;
    text += ", ";
  }
  const operation = u16(bytes, at + ARP.operation);
  text += `${OPERATION_NAMES.get(operation) ?? `Unknown (${operation})`} `;
  const message = printArpMessage(bytes, at);
  return message === null ? text + hexDump(bytes, at, sheet.end, true) : `${text}${message}, length ${length}`;
}

/** Addresses lie where their stated sizes put them. Null for an operation that is shown as bytes. */
function printArpMessage(bytes: Uint8Array, at: number): string | null {
  const hardwareBytes = u8(bytes, at + ARP.hardwareBytes);
  const protocolBytes = u8(bytes, at + ARP.protocolBytes);
  const senderIpAt = at + 8 + hardwareBytes;
  const targetMacAt = senderIpAt + protocolBytes;
  const senderMac = linkAddress(bytes, at + 8, hardwareBytes);
  const targetMac = linkAddress(bytes, targetMacAt, hardwareBytes);
  const senderIp = protocolAddress(bytes, at, senderIpAt);
  const targetIp = protocolAddress(bytes, at, targetMacAt + hardwareBytes);
  switch (u16(bytes, at + ARP.operation)) {
    case ARPOP.REQUEST: {
      const known = /[1-9a-f]/.test(targetMac) ? ` (${targetMac})` : "";
      return `who-has ${targetIp}${known} tell ${senderIp}`;
    }
    case ARPOP.REPLY:
      return `${senderIp} is-at ${senderMac}`;
    case ARPOP.RREQUEST:
    case ARPOP.InREQUEST:
      return `who-is ${targetMac} tell ${senderMac}`;
    case ARPOP.RREPLY:
      return `${targetMac} at ${targetIp}`;
    case ARPOP.InREPLY:
      return `${senderMac} at ${senderIp}`;
    default:
      return null;
  }
}

function linkAddress(bytes: Uint8Array, at: number, length: number): string {
  return Array.from(bytes.subarray(at, at + length), hexByte).join(":");
}

function protocolAddress(bytes: Uint8Array, at: number, addressAt: number): string {
  if (u16(bytes, at + ARP.protocolType) !== ETHERTYPE_IPV4) return "<wrong proto type>";
  return u8(bytes, at + ARP.protocolBytes) === 4 ? formatIpv4(readIpv4(bytes, addressAt)) : "<wrong len>";
}
