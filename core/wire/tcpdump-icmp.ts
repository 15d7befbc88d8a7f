/** The part of a tcpdump line that describes an ICMP message. Left out: the extensions of RFC 4884 under `-v`. */
import { u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4, readIpv4 } from "./address.ts";
import { checksum } from "./checksum.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_TYPE, ICMP_UNREACH, isIcmpError } from "./icmp.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPV4, IPV4_HEADER_BYTES, ipv4HeaderBytes } from "./ipv4.ts";
import type { Carried } from "./tcpdump-tcp.ts";
import { checksumWanted, cut, has, type Sheet } from "./tcpdump-text.ts";

/** `%` stands for the address of the unreachable host. */
const UNREACHABLE = new Map<number, string>([
  [ICMP_UNREACH.NET_UNREACH, "net % unreachable"],
  [ICMP_UNREACH.HOST_UNREACH, "host % unreachable"],
  [ICMP_UNREACH.SR_FAILED, "% unreachable - source route failed"],
  [ICMP_UNREACH.NET_UNKNOWN, "net % unreachable - unknown"],
  [ICMP_UNREACH.HOST_UNKNOWN, "host % unreachable - unknown"],
  [ICMP_UNREACH.HOST_ISOLATED, "% unreachable - source host isolated"],
  [ICMP_UNREACH.NET_ANO, "net % unreachable - admin prohibited"],
  [ICMP_UNREACH.HOST_ANO, "host % unreachable - admin prohibited"],
  [ICMP_UNREACH.NET_UNR_TOS, "net % unreachable - tos prohibited"],
  [ICMP_UNREACH.HOST_UNR_TOS, "host % unreachable - tos prohibited"],
  [ICMP_UNREACH.PKT_FILTERED, "host % unreachable - admin prohibited filter"],
  [ICMP_UNREACH.PREC_VIOLATION, "host % unreachable - host precedence violation"],
  [ICMP_UNREACH.PREC_CUTOFF, "host % unreachable - precedence cutoff"],
]);

const REDIRECTS = ["redirect % to net ", "redirect % to host ", "redirect-tos % to net ", "redirect-tos % to host "];

const PLAIN = new Map<number, string>([
  [ICMP_TYPE.SOURCE_QUENCH, "source quench"],
  [ICMP_TYPE.ROUTER_SOLICIT, "router solicitation"],
  [ICMP_TYPE.INFO_REQUEST, "information request"],
  [ICMP_TYPE.INFO_REPLY, "information reply"],
  [ICMP_TYPE.ADDRESS, "address mask request"],
]);

/** @returns the message, and for `-v` behind it what `printQuoted` makes of the packet an error quotes. */
export function printIcmp(sheet: Sheet, carried: Carried, printQuoted: (at: number, length: number) => string): string {
  const { bytes } = sheet;
  const { at, length, fragmented } = carried;
  if (!has(sheet, at, 4)) return cut("icmp");
  const message = describe(sheet, at);
  if (message === null) return cut("icmp");
  let text = `ICMP ${message}, length ${length}`;
  if (sheet.verbosity === 0) return text;
  if (!fragmented && has(sheet, at, length)) {
    const sum = checksum(bytes, at, length);
    const field = u16(bytes, at + ICMP.checksum);
    if (sum !== 0) text += ` (wrong icmp cksum ${field.toString(16)} (->${checksumWanted(field, sum).toString(16)})!)`;
  }
  const quoted = at + ICMP_HEADER_BYTES;
  if (isIcmpError(u8(bytes, at)) && has(sheet, quoted, 4)) {
    text += `\n\t${printQuoted(quoted, u16(bytes, quoted + IPV4.totalLength))}`;
  }
  return text;
}

/** The message in words; null when it is cut short. */
function describe(sheet: Sheet, at: number): string | null {
  const { bytes } = sheet;
  const type = u8(bytes, at);
  const code = u8(bytes, at + 1);
  switch (type) {
    case ICMP_TYPE.ECHO:
    case ICMP_TYPE.ECHOREPLY:
      return has(sheet, at, 8)
        ? `echo ${type === ICMP_TYPE.ECHO ? "request" : "reply"}, ${idAndSequence(bytes, at, ", ")}`
        : null;
    case ICMP_TYPE.DEST_UNREACH:
      return describeUnreachable(sheet, at, code);
    case ICMP_TYPE.REDIRECT: {
      if (!has(sheet, at, ICMP_HEADER_BYTES + IPV4_HEADER_BYTES)) return null;
      const target = quotedTarget(bytes, at);
      const kind = REDIRECTS[code] ?? `redirect-#${code} % to `;
      return kind.replace("%", target) + formatIpv4(readIpv4(bytes, at + ICMP.gateway));
    }
    case ICMP_TYPE.TIME_EXCEEDED:
      if (!has(sheet, at, ICMP_HEADER_BYTES + IPV4_HEADER_BYTES)) return null;
      if (code > 1) return `time exceeded-#${code}`;
      return code === 0 ? "time exceeded in-transit" : "ip reassembly time exceeded";
    case ICMP_TYPE.PARAMETERPROB:
      if (code !== 0) return `parameter problem - code ${code}`;
      return has(sheet, at, 5) ? `parameter problem - octet ${u8(bytes, at + ICMP.pointer)}` : null;
    case ICMP_TYPE.ADDRESSREPLY:
      return has(sheet, at, 12)
        ? `address mask is 0x${u32(bytes, at + 8)
            .toString(16)
            .padStart(8, "0")}`
        : null;
    case ICMP_TYPE.TIMESTAMP:
      return has(sheet, at, 8) ? `time stamp query ${idAndSequence(bytes, at, " ")}` : null;
    case ICMP_TYPE.TIMESTAMPREPLY:
      return has(sheet, at, 20) ? describeTimestamps(bytes, at) : null;
    case ICMP_TYPE.ROUTER_ADVERT:
      return describeAdvertisement(sheet, at);
    default:
      return PLAIN.get(type) ?? `type-#${type}`;
  }
}

const idAndSequence = (bytes: Uint8Array, at: number, separator: string): string =>
  `id ${u16(bytes, at + ICMP.id)}${separator}seq ${u16(bytes, at + ICMP.sequence)}`;

const quotedTarget = (bytes: Uint8Array, at: number): string =>
  formatIpv4(readIpv4(bytes, at + ICMP_HEADER_BYTES + IPV4.target));

function describeUnreachable(sheet: Sheet, at: number, code: number): string | null {
  const { bytes } = sheet;
  const quoted = at + ICMP_HEADER_BYTES;
  if (!has(sheet, quoted, IPV4_HEADER_BYTES)) return null;
  const target = quotedTarget(bytes, at);
  const protocol = u8(bytes, quoted + IPV4.protocol);
  if (code === ICMP_UNREACH.PROT_UNREACH) return `${target} protocol ${protocol} unreachable`;
  if (code === ICMP_UNREACH.PORT_UNREACH) {
    const ports = quoted + ipv4HeaderBytes(bytes, quoted);
    if (!has(sheet, ports, 4)) return null;
    const name = protocol === IPPROTO_TCP ? "tcp" : protocol === IPPROTO_UDP ? "udp" : `protocol ${protocol}`;
    return `${target} ${name} port ${u16(bytes, ports + 2)} unreachable`;
  }
  if (code === ICMP_UNREACH.FRAG_NEEDED) {
    const mtu = u16(bytes, at + ICMP.mtu);
    return `${target} unreachable - need to frag${mtu === 0 ? "" : ` (mtu ${mtu})`}`;
  }
  return (UNREACHABLE.get(code) ?? `% unreachable - #${code}`).replace("%", target);
}

function describeTimestamps(bytes: Uint8Array, at: number): string {
  const [origin, received, sent] = [8, 12, 16].map((offset) => dayTime(u32(bytes, at + offset)));
  return `time stamp reply ${idAndSequence(bytes, at, " ")}: org ${origin}, recv ${received}, xmit ${sent}`;
}

/** Milliseconds since midnight UTC. */
function dayTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}.${String(milliseconds % 1000).padStart(3, "0")}`;
}

/** Router advertisement, RFC 1256: lifetime, then each router with its preference. */
function describeAdvertisement(sheet: Sheet, at: number): string | null {
  const { bytes } = sheet;
  if (!has(sheet, at, ICMP_HEADER_BYTES)) return null;
  const count = u8(bytes, at + 4);
  const entryWords = u8(bytes, at + 5);
  const lifetime = u16(bytes, at + 6);
  let text = `router advertisement lifetime ${lifetimeText(lifetime)} ${count}:`;
  if (entryWords !== 2) return `${text} [size ${entryWords}]`;
  for (let i = 0; i < count; i++) {
    const entry = at + ICMP_HEADER_BYTES + 8 * i;
    if (!has(sheet, entry, 8)) return null;
    text += ` {${formatIpv4(readIpv4(bytes, entry))} ${u32(bytes, entry + 4)}}`;
  }
  return text;
}

function lifetimeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return String(seconds);
  const minutes = Math.floor(seconds / 60);
  if (seconds < 3600) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
