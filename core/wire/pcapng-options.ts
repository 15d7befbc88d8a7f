/** Options at the end of a pcapng block, read into the fields they fill. */
import { utf8Decode } from "../base/bytes.ts";
import { readIpv4, readMac, type Ipv4Address } from "./address.ts";
import type { CapturedInterface, CapturedPacket, CapturedStatistics } from "./capture.ts";
import { INTERFACE_OPTION, OPTION, PACKET_FLAGS, PACKET_OPTION, STATISTICS_OPTION } from "./pcapng-format.ts";

/** One block's bytes in its section's byte order. */
export type BlockView = { readonly bytes: Uint8Array; readonly view: DataView; readonly little: boolean };

export type BlockOption = { readonly code: number; readonly at: number; readonly length: number };

/** The options from `from` up to `to`; undefined when one runs over the end. An end-of-options is not required. */
export function blockOptions(block: BlockView, from: number, to: number): BlockOption[] | undefined {
  const options: BlockOption[] = [];
  let at = from;
  while (to - at >= 4) {
    const code = block.view.getUint16(at, block.little);
    const length = block.view.getUint16(at + 2, block.little);
    if (code === OPTION.END) break;
    if (at + 4 + length > to) return undefined;
    options.push({ code, at: at + 4, length });
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

/** Exact below 2^53. */
export function readLong(block: BlockView, at: number): number {
  const first = block.view.getUint32(at, block.little);
  const second = block.view.getUint32(at + 4, block.little);
  return block.little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}

/** Text up to the option's end; writers that count a closing NUL exist. */
function readText(block: BlockView, option: BlockOption): string {
  return utf8Decode(block.bytes.subarray(option.at, option.at + option.length)).replace(/\0+$/, "");
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type InterfaceDetails = Mutable<Omit<CapturedInterface, "linkType" | "snapLength" | "addresses">> & {
  addresses: { address: Ipv4Address; mask: number }[];
};

/** An option of a known code but a length that is not its own is passed over, like an unknown one. */
export function interfaceDetails(block: BlockView, options: readonly BlockOption[]): InterfaceDetails {
  const details: InterfaceDetails = { addresses: [], resolution: { base: 10, exponent: 6 }, offsetSeconds: 0 };
  for (const option of options) {
    const { code, at, length } = option;
    if (code === INTERFACE_OPTION.NAME) details.name = readText(block, option);
    else if (code === INTERFACE_OPTION.DESCRIPTION) details.description = readText(block, option);
    else if (code === INTERFACE_OPTION.IPV4 && length === 8) {
      details.addresses.push({ address: readIpv4(block.bytes, at), mask: block.view.getUint32(at + 4) });
    } else if (code === INTERFACE_OPTION.MAC && length === 6) details.mac = readMac(block.bytes, at);
    else if (code === INTERFACE_OPTION.SPEED && length === 8) details.speedBitsPerSecond = readLong(block, at);
    else if (code === INTERFACE_OPTION.RESOLUTION && length === 1) {
      const packed = block.view.getUint8(at);
      details.resolution = { base: packed >= 128 ? 2 : 10, exponent: packed & 127 };
    } else if (code === INTERFACE_OPTION.FCS_BYTES && length === 1) details.fcsBytes = block.view.getUint8(at);
    else if (code === INTERFACE_OPTION.TIME_OFFSET && length === 8) {
      details.offsetSeconds = Number(block.view.getBigInt64(at, block.little));
    }
  }
  return details;
}

type PacketDetails = Mutable<Pick<CapturedPacket, "direction" | "flags" | "packetId" | "dropCount" | "queue">> & {
  comments: string[];
};

/** `enhanced` tells the options of an enhanced packet block from the obsolete one's, which knows only the flags. */
export function packetDetails(block: BlockView, options: readonly BlockOption[], enhanced: boolean): PacketDetails {
  const details: PacketDetails = { comments: [] };
  for (const option of options) {
    const { code, at, length } = option;
    if (code === OPTION.COMMENT) details.comments.push(readText(block, option));
    else if (code === PACKET_OPTION.FLAGS && length === 4) {
      const flags = block.view.getUint32(at, block.little);
      const direction = flags & PACKET_FLAGS.DIRECTION;
      details.flags = flags;
      if (direction === PACKET_FLAGS.IN) details.direction = "in";
      else if (direction === PACKET_FLAGS.OUT) details.direction = "out";
    } else if (!enhanced) continue;
    else if (code === PACKET_OPTION.DROP_COUNT && length === 8) details.dropCount = readLong(block, at);
    else if (code === PACKET_OPTION.PACKET_ID && length === 8) details.packetId = readLong(block, at);
    else if (code === PACKET_OPTION.QUEUE && length === 4) details.queue = block.view.getUint32(at, block.little);
  }
  return details;
}

type Counters = Mutable<Omit<CapturedStatistics, "interfaceId" | "time">>;

export function statisticsDetails(block: BlockView, options: readonly BlockOption[]): Counters {
  const details: Counters = {};
  for (const { code, at, length } of options) {
    if (length !== 8) continue;
    if (code === STATISTICS_OPTION.RECEIVED) details.received = readLong(block, at);
    else if (code === STATISTICS_OPTION.DROPPED) details.dropped = readLong(block, at);
    else if (code === STATISTICS_OPTION.OS_DROPPED) details.osDropped = readLong(block, at);
    else if (code === STATISTICS_OPTION.DELIVERED) details.delivered = readLong(block, at);
  }
  return details;
}
