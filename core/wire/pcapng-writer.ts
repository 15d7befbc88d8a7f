/**
 * pcapng, written block by block (draft-ietf-opsawg-pcapng): one section, little-endian, timestamps in nanoseconds.
 * Left out: decryption secrets, custom blocks, IPv6 addresses and names.
 */
import { assert } from "../base/assert.ts";
import { utf8Encode } from "../base/bytes.ts";
import { putMac, type Ipv4Address, type MacAddress } from "./address.ts";
import type { ByteSink, CapturedNames, CapturedStatistics, CaptureTime, Direction } from "./capture.ts";
import { CAPTURE_INTERFACES_MAX, CAPTURE_PACKET_BYTES_MAX } from "./limits.ts";
import {
  BLOCK,
  BYTE_ORDER_MAGIC,
  INTERFACE_OPTION,
  NAME_RECORD,
  OPTION,
  PACKET_FLAGS,
  PACKET_OPTION,
  SECTION_OPTION,
  STATISTICS_OPTION,
} from "./pcapng-format.ts";

export type SectionToWrite = {
  readonly hardware?: string;
  readonly os?: string;
  readonly application?: string;
  readonly comment?: string;
};

export type InterfaceToWrite = {
  readonly linkType: number;
  readonly snapLength?: number;
  readonly name?: string;
  readonly description?: string;
  readonly addresses?: readonly { readonly address: Ipv4Address; readonly mask: number }[];
  readonly mac?: MacAddress;
  readonly speedBitsPerSecond?: number;
  readonly fcsBytes?: number;
};

export type PacketToWrite = {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly data: Uint8Array;
  /** When the snapshot is shorter than the packet was. */
  readonly originalLength?: number;
  readonly direction?: Direction;
  /** The frame check sequence did not match. */
  readonly crcError?: boolean;
  readonly packetId?: number;
  readonly dropCount?: number;
  readonly queue?: number;
  readonly comments?: readonly string[];
};

export class PcapngWriter {
  readonly #write: ByteSink;
  #interfaces = 0;

  constructor(write: ByteSink, section: SectionToWrite = {}) {
    this.#write = write;
    const block = new BlockBuilder(BLOCK.SECTION);
    block.word(BYTE_ORDER_MAGIC).half(1).half(0);
    // A section length of -1: unknown, so that nothing written needs changing afterwards.
    block.word(0xffffffff).word(0xffffffff);
    block.text(OPTION.COMMENT, section.comment).text(SECTION_OPTION.HARDWARE, section.hardware);
    block.text(SECTION_OPTION.OS, section.os).text(SECTION_OPTION.APPLICATION, section.application);
    write(block.finish());
  }

  /** Declares an interface. @returns its id, counted from 0. */
  addInterface(spec: InterfaceToWrite): number {
    assert(this.#interfaces < CAPTURE_INTERFACES_MAX, "a capture has a bounded number of interfaces");
    const block = new BlockBuilder(BLOCK.INTERFACE);
    block
      .half(spec.linkType)
      .half(0)
      .word(spec.snapLength ?? CAPTURE_PACKET_BYTES_MAX);
    block.text(INTERFACE_OPTION.NAME, spec.name).text(INTERFACE_OPTION.DESCRIPTION, spec.description);
    for (const { address, mask } of spec.addresses ?? []) {
      block.option(INTERFACE_OPTION.IPV4, 8).wordBigEndian(address).wordBigEndian(mask);
    }
    if (spec.mac !== undefined) {
      const bytes = new Uint8Array(6);
      putMac(bytes, 0, spec.mac);
      block.option(INTERFACE_OPTION.MAC, 6).bytes(bytes);
    }
    if (spec.speedBitsPerSecond !== undefined) block.option(INTERFACE_OPTION.SPEED, 8).long(spec.speedBitsPerSecond);
    block.option(INTERFACE_OPTION.RESOLUTION, 1).bytes(Uint8Array.of(9));
    if (spec.fcsBytes !== undefined) block.option(INTERFACE_OPTION.FCS_BYTES, 1).bytes(Uint8Array.of(spec.fcsBytes));
    this.#write(block.finish());
    return this.#interfaces++;
  }

  writePacket(packet: PacketToWrite): void {
    assert(packet.interfaceId < this.#interfaces, "a packet's interface was declared before");
    const block = new BlockBuilder(BLOCK.ENHANCED_PACKET, packet.data.length + 64);
    block.word(packet.interfaceId).time(packet.time);
    block
      .word(packet.data.length)
      .word(packet.originalLength ?? packet.data.length)
      .bytes(packet.data);
    for (const comment of packet.comments ?? []) block.text(OPTION.COMMENT, comment);
    const direction =
      packet.direction === undefined ? 0 : packet.direction === "in" ? PACKET_FLAGS.IN : PACKET_FLAGS.OUT;
    const flags = direction | (packet.crcError === true ? PACKET_FLAGS.CRC_ERROR : 0);
    if (flags !== 0) block.option(PACKET_OPTION.FLAGS, 4).word(flags);
    if (packet.dropCount !== undefined) block.option(PACKET_OPTION.DROP_COUNT, 8).long(packet.dropCount);
    if (packet.packetId !== undefined) block.option(PACKET_OPTION.PACKET_ID, 8).long(packet.packetId);
    if (packet.queue !== undefined) block.option(PACKET_OPTION.QUEUE, 4).word(packet.queue);
    this.#write(block.finish());
  }

  /** Host names, which readers show instead of addresses. May come at any place, and more than once. */
  writeNames(entries: readonly CapturedNames[]): void {
    const block = new BlockBuilder(BLOCK.NAMES);
    for (const { address, names } of entries) {
      const text = utf8Encode(names.map((name) => `${name}\0`).join(""));
      block
        .option(NAME_RECORD.IPV4, 4 + text.length)
        .wordBigEndian(address)
        .bytes(text);
    }
    block.option(NAME_RECORD.END, 0);
    this.#write(block.finish());
  }

  writeStatistics(statistics: CapturedStatistics): void {
    assert(statistics.interfaceId < this.#interfaces, "an interface with counters was declared before");
    const block = new BlockBuilder(BLOCK.STATISTICS);
    block.word(statistics.interfaceId).time(statistics.time);
    block.count(STATISTICS_OPTION.RECEIVED, statistics.received);
    block.count(STATISTICS_OPTION.DROPPED, statistics.dropped);
    block.count(STATISTICS_OPTION.OS_DROPPED, statistics.osDropped);
    block.count(STATISTICS_OPTION.DELIVERED, statistics.delivered);
    this.#write(block.finish());
  }
}

/** Longest option value the 16-bit length holds, kept a multiple of 4. */
const OPTION_BYTES_MAX = 65_532;

/** One block under construction. Options follow the fixed part; the first one asks for an end-of-options at the end. */
class BlockBuilder {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 8;
  readonly #endsWithOption: boolean;
  #options = false;

  constructor(type: number, capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#view.setUint32(0, type, true);
    this.#endsWithOption = type !== BLOCK.NAMES; // there it would be read as the options behind the records
  }

  half(value: number): this {
    this.#reserve(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  word(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  wordBigEndian(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, false);
    this.#at += 4;
    return this;
  }

  /** 64 bits of a non-negative safe integer, low word first. */
  long(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "a counter is a safe integer");
    return this.word(value % 2 ** 32).word(Math.floor(value / 2 ** 32));
  }

  /** Nanoseconds since 1970 as high and low word; split so that every product stays below 2^53. */
  time(time: CaptureTime): this {
    const low = (time.seconds % 0x10000) * 1_000_000_000 + time.nanoseconds;
    const high = Math.floor(time.seconds / 0x10000) * 1_000_000_000; // in units of 2^16 ns
    const middle = (high % 0x10000) * 0x10000 + low;
    return this.word(Math.floor(high / 0x10000) + Math.floor(middle / 2 ** 32)).word(middle % 2 ** 32);
  }

  /** Raw bytes, padded with zeros to a multiple of four. */
  bytes(data: Uint8Array): this {
    const padded = (data.length + 3) & ~3;
    this.#reserve(padded);
    this.#bytes.set(data, this.#at);
    this.#bytes.fill(0, this.#at + data.length, this.#at + padded);
    this.#at += padded;
    return this;
  }

  /** Code and length of an option; its value of `length` bytes comes next. */
  option(code: number, length: number): this {
    assert(length <= 0xffff, "an option's length fits its field");
    this.#options = true;
    return this.half(code).half(length);
  }

  /** A text option; nothing when there is no text. Longer than an option can be, it is cut. */
  text(code: number, text: string | undefined): this {
    if (text === undefined) return this;
    const encoded = utf8Encode(text).subarray(0, OPTION_BYTES_MAX);
    return this.option(code, encoded.length).bytes(encoded);
  }

  count(code: number, value: number | undefined): this {
    return value === undefined ? this : this.option(code, 8).long(value);
  }

  finish(): Uint8Array {
    if (this.#options && this.#endsWithOption) this.word(OPTION.END);
    const total = this.#at + 4;
    this.word(total);
    this.#view.setUint32(4, total, true);
    return this.#bytes.slice(0, total);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#at + more) * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
