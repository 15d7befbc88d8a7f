/**
 * Reading pcapng (draft-ietf-opsawg-pcapng): several sections, both byte orders, all timestamp resolutions; interface,
 * enhanced, simple and obsolete packet blocks, names, statistics. Every other block is skipped. Damage ends the
 * reading at the block where Wireshark stops too, since lengths behind it cannot be trusted.
 */
import { utf8Decode } from "../base/bytes.ts";
import { readIpv4 } from "./address.ts";
import type { CapturedInterface, CapturedPacket, CaptureTime } from "./capture.ts";
import { NEED_MORE, stop, type CaptureContent, type CaptureFormat, type InputWindow } from "./capture-input.ts";
import { CAPTURE_BLOCK_BYTES_MAX, CAPTURE_INTERFACES_MAX, CAPTURE_PACKET_BYTES_MAX } from "./limits.ts";
import { BLOCK, BLOCK_BYTES_MIN, BYTE_ORDER_MAGIC, NAME_RECORD } from "./pcapng-format.ts";
import {
  blockOptions,
  interfaceDetails,
  packetDetails,
  statisticsDetails,
  type BlockOption,
  type BlockView,
} from "./pcapng-options.ts";

/** A block between its two length fields, in section byte order; `at` is its place in the file. */
type Block = BlockView & { readonly type: number; readonly at: number; readonly bodyEnd: number };
/** What is wrong with a block; undefined when it was read. */
type Trouble = string | undefined;

const BODY = 8;

export class PcapngFormat implements CaptureFormat {
  #little = false;
  /** Index of the section's first interface among those of the file. */
  #firstInterface = 0;

  readRecord(input: InputWindow, at: number, content: CaptureContent): number {
    if (input.bytes.length - at < BLOCK_BYTES_MIN) return NEED_MORE;
    const position = input.base + at;
    // The type of a section header reads the same in both orders; its magic number then decides the order.
    if (input.view.getUint32(at) === BLOCK.SECTION) {
      const magic = input.view.getUint32(at + 8);
      this.#little = magic !== BYTE_ORDER_MAGIC;
      if (this.#little && input.view.getUint32(at + 8, true) !== BYTE_ORDER_MAGIC) {
        return stop(content, position + 8, "the byte-order magic is not one of pcapng");
      }
    }
    const stated = input.view.getUint32(at + 4, this.#little);
    // A length that is no multiple of four is against the format, yet was written: the padding follows regardless.
    const length = (stated + 3) & ~3;
    if (stated < BLOCK_BYTES_MIN || stated > CAPTURE_BLOCK_BYTES_MAX) {
      return stop(content, position + 4, `a block of ${stated} bytes cannot be`);
    }
    if (input.bytes.length - at < length) return NEED_MORE;
    if (input.view.getUint32(at + length - 4, this.#little) !== stated) {
      return stop(content, position + length - 4, "the two lengths of a block differ");
    }
    const bytes = input.bytes.subarray(at, at + length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const type = view.getUint32(0, this.#little);
    const trouble = this.#readBlock(
      { bytes, view, little: this.#little, type, at: position, bodyEnd: length - 4 },
      content,
    );
    return trouble === undefined ? length : stop(content, position, trouble);
  }

  #readBlock(block: Block, content: CaptureContent): Trouble {
    switch (block.type) {
      case BLOCK.SECTION:
        return this.#readSection(block, content);
      case BLOCK.INTERFACE:
        return readInterface(block, content);
      case BLOCK.ENHANCED_PACKET:
        return this.#readEnhanced(block, content);
      case BLOCK.PACKET:
        return this.#readObsolete(block, content);
      case BLOCK.SIMPLE_PACKET:
        return this.#readSimple(block, content);
      case BLOCK.NAMES:
        return readNames(block, content);
      case BLOCK.STATISTICS:
        return this.#readStatistics(block, content);
      default:
        return undefined;
    }
  }

  #readSection(block: Block, content: CaptureContent): Trouble {
    if (block.bodyEnd < BODY + 16) return "a section header is shorter than its fields";
    const major = block.view.getUint16(BODY + 4, block.little);
    const minor = block.view.getUint16(BODY + 6, block.little);
    // 1.2 is 1.0 with a number that was never assigned (draft, section 4.1).
    const known = major === 1 && (minor === 0 || minor === 2);
    if (!known) return `pcapng version ${major}.${minor} is not known`;
    this.#firstInterface = content.interfaces.length;
    return undefined;
  }

  #readEnhanced(block: Block, content: CaptureContent): Trouble {
    if (block.bodyEnd < BODY + 20) return "an enhanced packet block is shorter than its fields";
    const id = block.view.getUint32(BODY, block.little);
    return this.#addPacket(block, content, { id, dataAt: BODY + 20, enhanced: true });
  }

  #readObsolete(block: Block, content: CaptureContent): Trouble {
    if (block.bodyEnd < BODY + 20) return "a packet block is shorter than its fields";
    const id = block.view.getUint16(BODY, block.little);
    return this.#addPacket(block, content, { id, dataAt: BODY + 20, enhanced: false });
  }

  /** Both timed packet blocks: time, lengths, data and options stand alike. */
  #addPacket(block: Block, content: CaptureContent, kind: { id: number; dataAt: number; enhanced: boolean }): Trouble {
    const captured = block.view.getUint32(BODY + 12, block.little);
    const interfaceId = this.#firstInterface + kind.id;
    const captor = content.interfaces[interfaceId];
    if (captor === undefined) return `interface ${kind.id} has not been described`;
    if (captured > CAPTURE_PACKET_BYTES_MAX) return `a packet of ${captured} bytes is too long`;
    if (kind.dataAt + captured > block.bodyEnd) return "a packet is longer than its block";
    const optionsAt = kind.dataAt + ((captured + 3) & ~3);
    const options = blockOptions(block, optionsAt, block.bodyEnd);
    if (options === undefined) return "an option is longer than its block";
    const packet: CapturedPacket = {
      interfaceId,
      linkType: captor.linkType,
      time: readTime(block, BODY + 4, captor),
      data: block.bytes.slice(kind.dataAt, kind.dataAt + captured),
      originalLength: block.view.getUint32(BODY + 16, block.little),
      ...packetDetails(block, options, kind.enhanced),
      at: block.at,
    };
    content.packets.push(packet);
    return undefined;
  }

  /** No time and no interface: it is the section's first, whose snapshot length may have cut the packet. */
  #readSimple(block: Block, content: CaptureContent): Trouble {
    if (block.bodyEnd < BODY + 4) return "a simple packet block is shorter than its fields";
    const captor = content.interfaces[this.#firstInterface];
    if (captor === undefined) return "a packet comes before the first interface";
    const originalLength = block.view.getUint32(BODY, block.little);
    const limit = captor.snapLength === 0 ? originalLength : Math.min(originalLength, captor.snapLength);
    if (limit > CAPTURE_PACKET_BYTES_MAX) return `a packet of ${limit} bytes is too long`;
    if (BODY + 4 + limit > block.bodyEnd) return "a packet is longer than its block";
    const data = block.bytes.slice(BODY + 4, BODY + 4 + limit);
    const { linkType } = captor;
    content.packets.push({
      interfaceId: this.#firstInterface,
      linkType,
      data,
      originalLength,
      comments: [],
      at: block.at,
    });
    return undefined;
  }

  #readStatistics(block: Block, content: CaptureContent): Trouble {
    if (block.bodyEnd < BODY + 12) return "a statistics block is shorter than its fields";
    const id = block.view.getUint32(BODY, block.little);
    const interfaceId = this.#firstInterface + id;
    const captor = content.interfaces[interfaceId];
    if (captor === undefined) return `interface ${id} has not been described`;
    const options = blockOptions(block, BODY + 12, block.bodyEnd);
    if (options === undefined) return "an option is longer than its block";
    const time = readTime(block, BODY + 4, captor);
    content.statistics.push({ interfaceId, time, ...statisticsDetails(block, options) });
    return undefined;
  }
}

function readInterface(block: Block, content: CaptureContent): Trouble {
  if (block.bodyEnd < BODY + 8) return "an interface block is shorter than its fields";
  if (content.interfaces.length >= CAPTURE_INTERFACES_MAX) return `more than ${CAPTURE_INTERFACES_MAX} interfaces`;
  const options: BlockOption[] | undefined = blockOptions(block, BODY + 8, block.bodyEnd);
  if (options === undefined) return "an option is longer than its block";
  content.interfaces.push({
    linkType: block.view.getUint16(BODY, block.little),
    snapLength: block.view.getUint32(BODY + 4, block.little),
    ...interfaceDetails(block, options),
  });
  return undefined;
}

function readNames(block: Block, content: CaptureContent): Trouble {
  // Records have the shape of options, and their end record that of an end-of-options.
  const records = blockOptions(block, BODY, block.bodyEnd);
  if (records === undefined) return "a name record is longer than its block";
  for (const { code, at, length } of records) {
    if (code !== NAME_RECORD.IPV4 || length < 5) continue;
    const names = utf8Decode(block.bytes.subarray(at + 4, at + length))
      .split("\0")
      .filter((name) => name !== "");
    content.names.push({ address: readIpv4(block.bytes, at), names });
  }
  return undefined;
}

/** 64 bits of units since 1970; finer than a nanosecond is cut off. */
function readTime(block: BlockView, at: number, captor: CapturedInterface): CaptureTime {
  const high = BigInt(block.view.getUint32(at, block.little));
  const ticks = (high << 32n) | BigInt(block.view.getUint32(at + 4, block.little));
  const perSecond = BigInt(captor.resolution.base) ** BigInt(captor.resolution.exponent);
  return {
    seconds: Number(ticks / perSecond) + captor.offsetSeconds,
    nanoseconds: Number(((ticks % perSecond) * 1_000_000_000n) / perSecond),
  };
}
