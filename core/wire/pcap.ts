/**
 * The classic capture format (draft-ietf-opsawg-pcap): 24 bytes of header, then records. Writes nanoseconds,
 * little-endian. Reads microseconds and nanoseconds in both byte orders, and the format Alexey Kuznetzov's patch
 * (magic 0xa1b2cd34) gave records 8 more bytes. Left out: Nokia's and AIX's variants.
 */
import { assert } from "../base/assert.ts";
import { linkTypeOf, fcsBytesOf, type ByteSink, type CapturedPacket, type CaptureTime } from "./capture.ts";
import { NEED_MORE, stop, type CaptureContent, type CaptureFormat, type InputWindow } from "./capture-input.ts";
import { CAPTURE_PACKET_BYTES_MAX } from "./limits.ts";

export const PCAP_MAGIC = { MICROSECONDS: 0xa1b2c3d4, NANOSECONDS: 0xa1b23c4d, MODIFIED: 0xa1b2cd34 } as const;
export const PCAP_HEADER_BYTES = 24;
export const PCAP_RECORD_BYTES = 16;
/** Interface index, protocol and packet type, which nobody uses any more. */
const MODIFIED_EXTRA_BYTES = 8;

export class PcapWriter {
  readonly #write: ByteSink;

  constructor(write: ByteSink, linkType: number, snapLength = CAPTURE_PACKET_BYTES_MAX) {
    this.#write = write;
    const header = new DataView(new ArrayBuffer(PCAP_HEADER_BYTES));
    header.setUint32(0, PCAP_MAGIC.NANOSECONDS, true);
    header.setUint16(4, 2, true);
    header.setUint16(6, 4, true);
    header.setUint32(16, snapLength, true);
    header.setUint32(20, linkType, true);
    write(new Uint8Array(header.buffer));
  }

  /** One record; the seconds field ends in 2106. */
  writePacket(time: CaptureTime, data: Uint8Array, originalLength = data.length): void {
    assert(data.length <= originalLength, "no more is captured than there was");
    const bytes = new Uint8Array(PCAP_RECORD_BYTES + data.length);
    const record = new DataView(bytes.buffer);
    record.setUint32(0, time.seconds, true);
    record.setUint32(4, time.nanoseconds, true);
    record.setUint32(8, data.length, true);
    record.setUint32(12, originalLength, true);
    bytes.set(data, PCAP_RECORD_BYTES);
    this.#write(bytes);
  }
}

/** How to read the file that starts with this magic number, read big-endian; undefined when it is not pcap. */
export function pcapVariant(magic: number): PcapVariant | undefined {
  for (const little of [false, true]) {
    const value = little ? swap32(magic) : magic;
    if (value === PCAP_MAGIC.MICROSECONDS) return { little, nanoseconds: false, extraBytes: 0 };
    if (value === PCAP_MAGIC.NANOSECONDS) return { little, nanoseconds: true, extraBytes: 0 };
    if (value === PCAP_MAGIC.MODIFIED) return { little, nanoseconds: false, extraBytes: MODIFIED_EXTRA_BYTES };
  }
  return undefined;
}

export type PcapVariant = { readonly little: boolean; readonly nanoseconds: boolean; readonly extraBytes: number };

const swap32 = (value: number): number =>
  ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

export class PcapFormat implements CaptureFormat {
  readonly #variant: PcapVariant;
  #linkType = -1;
  #lengthsSwapped: "no" | "yes" | "perhaps" = "no";

  constructor(variant: PcapVariant) {
    this.#variant = variant;
  }

  readRecord(input: InputWindow, at: number, content: CaptureContent): number {
    return this.#linkType < 0 ? this.#readHeader(input, at, content) : this.#readPacket(input, at, content);
  }

  #readHeader(input: InputWindow, at: number, content: CaptureContent): number {
    if (input.bytes.length - at < PCAP_HEADER_BYTES) return NEED_MORE;
    const { little, nanoseconds } = this.#variant;
    const major = input.view.getUint16(at + 4, little);
    const minor = input.view.getUint16(at + 6, little);
    if (major !== 2) return stop(content, input.base + at + 4, `pcap version ${major}.${minor} is not known`);
    // Before 2.3 the two lengths of a record stood the other way round, and 2.3 itself has both (libpcap, sf-pcap.c).
    this.#lengthsSwapped = minor < 3 ? "yes" : minor === 3 ? "perhaps" : "no";
    const network = input.view.getUint32(at + 20, little);
    this.#linkType = linkTypeOf(network);
    const fcsBytes = fcsBytesOf(network);
    content.interfaces.push({
      linkType: this.#linkType,
      snapLength: input.view.getUint32(at + 16, little),
      addresses: [],
      ...(fcsBytes === undefined ? {} : { fcsBytes }),
      resolution: { base: 10, exponent: nanoseconds ? 9 : 6 },
      offsetSeconds: 0,
    });
    return PCAP_HEADER_BYTES;
  }

  #readPacket(input: InputWindow, at: number, content: CaptureContent): number {
    const { little, nanoseconds, extraBytes } = this.#variant;
    const headerBytes = PCAP_RECORD_BYTES + extraBytes;
    if (input.bytes.length - at < headerBytes) return NEED_MORE;
    const first = input.view.getUint32(at + 8, little);
    const second = input.view.getUint32(at + 12, little);
    const swapped = this.#lengthsSwapped === "yes" || (this.#lengthsSwapped === "perhaps" && first > second);
    const captured = swapped ? second : first;
    if (captured > CAPTURE_PACKET_BYTES_MAX) {
      return stop(
        content,
        input.base + at + 8,
        `a packet of ${captured} bytes is longer than ${CAPTURE_PACKET_BYTES_MAX}`,
      );
    }
    if (input.bytes.length - at < headerBytes + captured) return NEED_MORE;
    const fraction = input.view.getUint32(at + 4, little) * (nanoseconds ? 1 : 1000);
    const packet: CapturedPacket = {
      interfaceId: 0,
      linkType: this.#linkType,
      // A fraction of a second or more is damage, or a clock read carelessly: carried over rather than refused.
      time: {
        seconds: input.view.getUint32(at, little) + Math.floor(fraction / 1_000_000_000),
        nanoseconds: fraction % 1_000_000_000,
      },
      data: input.bytes.slice(at + headerBytes, at + headerBytes + captured),
      originalLength: swapped ? first : second,
      comments: [],
      at: input.base + at,
    };
    content.packets.push(packet);
    return headerBytes + captured;
  }
}
