/**
 * A capture of a run as pcapng (draft-ietf-opsawg-pcapng): one interface block per NIC with its name, addresses and
 * speed, host names, then every frame with nanoseconds, direction, packet id (equal on every hop) and, where it died,
 * the reason as a comment; counters of each interface at the end. The packet block is put together in place, since it
 * is written once per frame: the general writer of core/wire serves the few other blocks.
 * Left out: several sections, and reception types (unicast, broadcast...), which the destination address shows anyway.
 */
import { assert, present } from "../base/assert.ts";
import { copyBytes, utf8Encode } from "../base/bytes.ts";
import type { CapturedFrame, CaptureInterface, CaptureListener } from "../contract/capture.ts";
import { DROP_REASON_TEXTS, DROP_REASONS, type DropReason } from "../contract/drop-reason.ts";
import { EPOCH_NS, EPOCH_SECONDS } from "../contract/epoch.ts";
import { maskOf, type Ipv4Address, type MacAddress } from "../wire/address.ts";
import { captureTimeOf, LINKTYPE } from "../wire/capture.ts";
import { BLOCK, OPTION, PACKET_FLAGS, PACKET_OPTION } from "../wire/pcapng-format.ts";
import { PcapngWriter } from "../wire/pcapng-writer.ts";
import { TRACE_LIMITS } from "./limits.ts";

/** Takes whole blocks, in order. `chunk` is a view that is valid during the call only. */
export type ChunkSink = (chunk: Uint8Array) => void;

export interface PcapngExporterOptions {
  /** All of the lab's interfaces, in the order of the indexes that captured frames carry. */
  readonly interfaces: readonly CaptureInterface[];
  /** Indexes of those that are captured, and so declared in the file. */
  readonly selected: readonly number[];
  readonly names: readonly { readonly name: string; readonly address: number }[];
  readonly sink: ChunkSink;
}

const WORD = 2 ** 32;
const EPOCH_HIGH = Math.floor(EPOCH_NS / WORD);
const EPOCH_LOW = EPOCH_NS % WORD;

/** Type, length, interface, two halves of the time, captured and original length. */
const FIXED_BYTES = 28;
/** Flags (8) and packet id (12), end of options (4), and the length again (4). */
const TRAILER_BYTES = 28;

/** Counters of one declared interface. */
type InterfaceTotals = { received: number; dropped: number };

export class PcapngExporter implements CaptureListener {
  readonly #sink: ChunkSink;
  readonly #writer: PcapngWriter;
  /** Number in this file of each of the lab's interfaces; -1 where it is not captured. */
  readonly #numbers: Int32Array;
  readonly #totals: InterfaceTotals[] = [];
  readonly #comments: ReadonlyMap<DropReason, Uint8Array>;
  #buffer = new Uint8Array(TRACE_LIMITS.captureChunkBytes);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;
  /** Frames written so far. */
  frames = 0;

  constructor(options: PcapngExporterOptions) {
    this.#sink = options.sink;
    this.#comments = new Map(
      DROP_REASONS.map((reason) => [reason, utf8Encode(`dropped: ${reason}: ${DROP_REASON_TEXTS[reason]}`)]),
    );
    this.#writer = new PcapngWriter((block) => this.#put(block), { hardware: "virtual", application: "LastAck" });
    this.#writeNames(options.names);
    this.#numbers = new Int32Array(options.interfaces.length).fill(-1);
    for (const index of options.selected) {
      this.#numbers[index] = this.#declare(present(options.interfaces[index], `interface ${index}`));
    }
    // What comes before the frames is small and says what the file is: let it be there from the start.
    this.flush();
  }

  onFrame(frame: CapturedFrame): void {
    const { length } = frame;
    const padded = (length + 3) & ~3;
    const comment = frame.dropReason === null ? undefined : this.#comments.get(frame.dropReason);
    const commentBytes = comment === undefined ? 0 : 4 + ((comment.length + 3) & ~3);
    const total = FIXED_BYTES + padded + commentBytes + TRAILER_BYTES;
    const start = this.#room(total);
    const view = this.#view;
    this.#putFixed(start, total, frame);
    this.#count(frame);
    copyBytes(frame.bytes, frame.start, this.#buffer, start + FIXED_BYTES, length);
    let at = start + FIXED_BYTES + length;
    while (at < start + FIXED_BYTES + padded) this.#buffer[at++] = 0;
    if (comment !== undefined) at = this.#putComment(at, comment);
    const direction = frame.direction === "in" ? PACKET_FLAGS.IN : PACKET_FLAGS.OUT;
    view.setUint32(at, PACKET_OPTION.FLAGS | (4 << 16), true);
    view.setUint32(at + 4, direction | (frame.fcsGood ? 0 : PACKET_FLAGS.CRC_ERROR), true);
    const idHigh = Math.floor(frame.packetId / WORD);
    view.setUint32(at + 8, PACKET_OPTION.PACKET_ID | (8 << 16), true);
    view.setUint32(at + 12, frame.packetId - idHigh * WORD, true);
    view.setUint32(at + 16, idHigh, true);
    view.setUint32(at + 20, OPTION.END, true);
    view.setUint32(at + 24, total, true);
    this.#length = start + total;
  }

  /** Writes each interface's counters and hands on what is left. @param time virtual ns of the end. */
  finish(time: number): void {
    const end = captureTimeOf(EPOCH_SECONDS, time);
    this.#totals.forEach((totals, interfaceId) => {
      this.#writer.writeStatistics({ interfaceId, time: end, received: totals.received, dropped: totals.dropped });
    });
    this.flush();
  }

  /** Hands on what is gathered: whole blocks always. */
  flush(): void {
    if (this.#length === 0) return;
    const chunk = this.#buffer.subarray(0, this.#length);
    // Emptied first: a sink that throws on a full disk must not get the same bytes again.
    this.#length = 0;
    this.#sink(chunk);
  }

  #declare(one: CaptureInterface): number {
    this.#totals.push({ received: 0, dropped: 0 });
    return this.#writer.addInterface({
      linkType: LINKTYPE.ETHERNET,
      snapLength: 0,
      name: one.name,
      description: `${one.nic} of ${one.node}`,
      mac: one.mac as MacAddress,
      addresses: one.addresses.map(({ address, prefixLength }) => ({
        address: address as Ipv4Address,
        mask: maskOf(prefixLength),
      })),
      // Said outright: readers guess otherwise, and take the padding of short frames for a frame check sequence.
      fcsBytes: 0,
      ...(one.speed > 0 ? { speedBitsPerSecond: one.speed } : {}),
    });
  }

  #writeNames(names: PcapngExporterOptions["names"]): void {
    const byAddress = new Map<number, string[]>();
    for (const { name, address } of names) byAddress.set(address, [...(byAddress.get(address) ?? []), name]);
    const entries = [...byAddress].map(([address, all]) => ({ address: address as Ipv4Address, names: all }));
    if (entries.length > 0) this.#writer.writeNames(entries);
  }

  #putFixed(start: number, total: number, frame: CapturedFrame): void {
    const view = this.#view;
    const high = Math.floor(frame.time / WORD);
    const low = EPOCH_LOW + (frame.time - high * WORD);
    const carry = low >= WORD ? 1 : 0;
    view.setUint32(start, BLOCK.ENHANCED_PACKET, true);
    view.setUint32(start + 4, total, true);
    view.setUint32(start + 8, this.#numbers[frame.interface] as number, true);
    view.setUint32(start + 12, EPOCH_HIGH + high + carry, true);
    view.setUint32(start + 16, low - carry * WORD, true);
    view.setUint32(start + 20, frame.length, true);
    view.setUint32(start + 24, frame.length, true);
  }

  #putComment(at: number, comment: Uint8Array): number {
    this.#view.setUint32(at, OPTION.COMMENT | (comment.length << 16), true);
    this.#buffer.set(comment, at + 4);
    const end = at + 4 + ((comment.length + 3) & ~3);
    this.#buffer.fill(0, at + 4 + comment.length, end);
    return end;
  }

  #count(frame: CapturedFrame): void {
    this.frames++;
    const totals = this.#totals[this.#numbers[frame.interface] ?? -1];
    assert(totals !== undefined, "a captured frame names a declared interface");
    if (frame.direction === "in") totals.received++;
    if (frame.dropReason !== null) totals.dropped++;
  }

  #put(block: Uint8Array): void {
    const at = this.#room(block.length);
    this.#buffer.set(block, at);
    this.#length = at + block.length;
  }

  /** Where `bytes` more bytes can go; hands on what is there when they would not fit. */
  #room(bytes: number): number {
    if (this.#length + bytes <= this.#buffer.length) return this.#length;
    this.flush();
    if (bytes > this.#buffer.length) {
      this.#buffer = new Uint8Array(bytes);
      this.#view = new DataView(this.#buffer.buffer);
    }
    return 0;
  }
}
