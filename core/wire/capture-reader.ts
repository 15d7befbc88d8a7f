/** Reads a capture file of either format, as its bytes come or all at once. */
import { BLOCK } from "./pcapng-format.ts";
import type { CapturedPacket } from "./capture.ts";
import { NEED_MORE, STOP, stop, type CaptureContent, type CaptureFormat } from "./capture-input.ts";
import { PcapFormat, pcapVariant } from "./pcap.ts";
import { PcapngFormat } from "./pcapng.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * Give it chunks by `push`, then call `end`. `content` fills as records complete; a problem stops the reading for good
 * and leaves what came before it. Keeps at most one incomplete record, whose length is bounded by limits.ts.
 */
export class CaptureReader {
  readonly content: CaptureContent = { interfaces: [], packets: [], names: [], statistics: [] };
  #format: CaptureFormat | null = null;
  #pending: Uint8Array = NO_BYTES;
  #length = 0;
  /** Position of the first pending byte in the file. */
  #base = 0;

  get formatName(): "pcap" | "pcapng" | undefined {
    return this.#format === null ? undefined : this.#format instanceof PcapngFormat ? "pcapng" : "pcap";
  }

  /** Takes the next bytes of the file. @returns the packets they completed. */
  push(chunk: Uint8Array): readonly CapturedPacket[] {
    if (this.content.problem !== undefined) return [];
    const before = this.content.packets.length;
    this.#append(chunk);
    const taken = this.#readRecords(this.#pending.subarray(0, this.#length));
    this.#pending.copyWithin(0, taken, this.#length);
    this.#length -= taken;
    this.#base += taken;
    return this.content.packets.slice(before);
  }

  /** No more bytes will come: an incomplete record is a problem. */
  end(): CaptureContent {
    if (this.content.problem === undefined && (this.#length > 0 || this.#format === null)) {
      const what = this.#format === null ? "the file is too short to be a capture" : "the file ends inside a record";
      stop(this.content, this.#base, `${what}, at byte ${this.#base + this.#length}`);
    }
    this.#pending = NO_BYTES;
    this.#length = 0;
    return this.content;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#pending.length) {
      // Doubling, so that a large block in small pieces is not copied once per piece.
      const larger = new Uint8Array(Math.max(needed, this.#pending.length * 2));
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    this.#pending.set(chunk, this.#length);
    this.#length = needed;
  }

  #readRecords(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    if (this.#format === null) {
      if (bytes.length < 4) return 0;
      this.#format = this.#detect(view.getUint32(0));
    }
    while (this.#format !== null && at < bytes.length) {
      const taken = this.#format.readRecord({ bytes, view, base: this.#base }, at, this.content);
      if (taken === NEED_MORE) return at;
      if (taken === STOP) return bytes.length;
      at += taken;
    }
    return at;
  }

  #detect(magic: number): CaptureFormat | null {
    if (magic === BLOCK.SECTION) return new PcapngFormat();
    const variant = pcapVariant(magic);
    if (variant !== undefined) return new PcapFormat(variant);
    stop(this.content, 0, "neither pcap nor pcapng: the magic number is unknown");
    return null;
  }
}

/** The whole of a capture file. Never throws: damage shows as `problem`, with all that was complete before it. */
export function readCapture(bytes: Uint8Array): CaptureContent {
  const reader = new CaptureReader();
  reader.push(bytes);
  return reader.end();
}
