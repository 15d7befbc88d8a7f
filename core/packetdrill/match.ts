/**
 * Whether a packet is the one that the script expects: header fields, options, and several small packets in place of
 * one large (google/packetdrill's run_packet.c). All that differs is named, not only the first thing.
 */
import { ECN_MASK } from "../wire/ipv4.ts";
import { TCP_HEADER_BYTES, TH } from "../wire/tcp.ts";
import { TCPOPT } from "../wire/tcp-options.ts";
import type { IcmpSpec, IpSpec, TcpSpec, UdpSpec } from "./ast.ts";
import type { LivePacket, LiveTcp } from "./live-packet.ts";
import { flagsText } from "./packet-text.ts";
import { optionsBytes, optionText, optionsText, type ScriptOption } from "./tcp-option-spec.ts";

/** A field that differs, in words. */
export type Difference = string;

const differ = (name: string, expected: number | string, actual: number | string): Difference[] =>
  expected === actual ? [] : [`${name} ${expected} expected, ${actual} found`];

/**
 * @param payload bytes of payload together, when the packet was put together from several.
 * @param tick ticks by which a timestamp may be off; null when timestamps are not checked.
 */
export function compareTcp(expected: TcpSpec, actual: LiveTcp, tick: number | null): Difference[] {
  const windows = expected.window === null ? [] : differ("win", expected.window, actual.window);
  return [
    ...differ("flags", flagsText(expected.flags), flagsText(actual.flags)),
    ...differ("seq", expected.seq, actual.seq),
    ...differ("payload", expected.payload, actual.payload.length),
    ...differ("ack", expected.ack, actual.ack),
    ...windows,
    ...differ("urg", expected.urgent, actual.urgent),
    ...differ("reserved bits", 0, actual.reserved),
    ...compareOptions(expected.options, actual.options, tick),
  ];
}

function compareOptions(
  expected: readonly ScriptOption[] | null,
  actual: readonly ScriptOption[],
  tick: number | null,
): Difference[] {
  if (expected === null) return [];
  const isSame =
    expected.length === actual.length &&
    expected.every((option, index) => isSameOption(option, actual[index] as ScriptOption, tick));
  if (isSame) return [];
  const index = expected.findIndex((option, at) => {
    const other = actual[at];
    return other === undefined || !isSameOption(option, other, tick);
  });
  const [wanted, found] = [expected[index], actual[index < 0 ? expected.length : index]];
  const first = wanted === undefined || found === undefined ? "" : ` (${optionText(wanted)} and ${optionText(found)})`;
  const none = (text: string): string => (text === "" ? "no options" : text);
  return [`${none(optionsText(expected))} expected, ${none(optionsText(actual))} found${first}`];
}

/** Of timestamps the value may be off by `tick`, and what is echoed is the script's own affair. */
function isSameOption(expected: ScriptOption, actual: ScriptOption, tick: number | null): boolean {
  if (expected.kind !== actual.kind || expected.bytes.length !== actual.bytes.length) return false;
  if (expected.kind !== TCPOPT.TIMESTAMP) return expected.bytes.every((byte, index) => byte === actual.bytes[index]);
  return tick === null || Math.abs(timestampValue(expected) - timestampValue(actual)) <= tick;
}

const timestampValue = ({ bytes }: ScriptOption): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(2);

export function compareUdp(expected: UdpSpec, actual: LivePacket): Difference[] {
  return actual.protocol === "udp"
    ? differ("payload", expected.payload, actual.payload.length)
    : [`udp expected, ${actual.protocol} found`];
}

export function compareIcmp(expected: IcmpSpec, actual: LivePacket): Difference[] {
  if (actual.protocol !== "icmp") return [`icmp expected, ${actual.protocol} found`];
  return [...differ("icmp type", expected.type, actual.type), ...differ("icmp code", expected.code, actual.code)];
}

const ECN_NAMES = ["noecn", "ect1", "ect0", "ce"] as const;

/** TOS, ECN and TTL, as far as the script names them. */
export function compareIp(expected: IpSpec, actual: LivePacket): Difference[] {
  const mark = actual.tos & ECN_MASK;
  const ttl = expected.ttl === null ? [] : differ("ttl", expected.ttl, actual.ttl);
  const name = ECN_NAMES[mark] ?? "";
  switch (expected.check) {
    case "none":
      return ttl;
    case "ecn":
      return [...ttl, ...differ("ECN", ECN_NAMES[expected.tos & ECN_MASK] ?? "", name)];
    case "ect01":
      return mark === 1 || mark === 2 ? ttl : [...ttl, `ECN ect0 or ect1 expected, ${name} found`];
    case "tos":
      return [...ttl, ...differ("tos", expected.tos, actual.tos)];
  }
}

/** Flags that differ between the pieces of what would have been one packet. */
const PIECEWISE_FLAGS = TH.FIN | TH.PSH | TH.CWR;

/**
 * Whether a packet goes on where the one before ended, as segments of one large packet do.
 * @param left payload still missing: only the last piece may be shorter than those before.
 */
export function compareFragment(before: LiveTcp, next: LiveTcp, left: number): Difference[] {
  const length = next.payload.length;
  const isShort = length < left && length !== before.payload.length;
  return [
    ...differ("flags", flagsText(before.flags & ~PIECEWISE_FLAGS), flagsText(next.flags & ~PIECEWISE_FLAGS)),
    ...differ("seq", (before.seq + before.payload.length) >>> 0, next.seq),
    ...differ("ack", before.ack, next.ack),
    ...differ("win", before.window, next.window),
    ...differ("header", headerBytes(before), headerBytes(next)),
    ...(isShort ? differ("payload", before.payload.length, length) : []),
  ];
}

const headerBytes = (tcp: LiveTcp): number => TCP_HEADER_BYTES + optionsBytes(tcp.options);

/** One packet in place of its pieces: the last one's header, with the first one's number and CWR. */
export function joinFragments(first: LiveTcp, last: LiveTcp, payload: Uint8Array): LiveTcp {
  return { ...last, seq: first.seq, flags: (last.flags & ~TH.CWR) | (first.flags & TH.CWR), payload };
}
