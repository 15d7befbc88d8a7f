/**
 * The frames that passed all interfaces lately: columns and one ring of bytes, bounded. The oldest fall out, and are
 * counted. Numbers count from 1 over the whole run, so they stay what they were.
 */
import { assert } from "../base/assert.ts";
import type { CapturedFrame, CaptureListener } from "../contract/capture.ts";
import { DROP_REASONS, dropReasonNumber, type DropReason } from "../contract/drop-reason.ts";
import { CAPTURE_BYTES_MAX, CAPTURE_FRAMES_MAX } from "./limits.ts";

export interface StoredFrame {
  readonly number: number;
  readonly interface: number;
  readonly time: number;
  readonly direction: "in" | "out";
  readonly packetId: number;
  /** Null when the interface let it pass. */
  readonly dropReason: DropReason | null;
  readonly fcsGood: boolean;
  /** A copy. */
  readonly bytes: Uint8Array;
}

const OUT = 1;
const DROPPED = 2;
const DAMAGED = 4;

export class CaptureStore implements CaptureListener {
  readonly #frames: number;
  readonly #ring: Uint8Array;
  readonly #times: Float64Array;
  readonly #packets: Float64Array;
  readonly #interfaces: Uint16Array;
  readonly #flags: Uint8Array;
  readonly #reasons: Uint8Array;
  /** Offset into the endless stream of bytes, of which the ring holds the last part. */
  readonly #offsets: Float64Array;
  readonly #lengths: Uint32Array;
  #written = 0;
  /** Number of the newest frame. */
  newest = 0;
  #oldest = 1;

  constructor(frames = CAPTURE_FRAMES_MAX, bytes = CAPTURE_BYTES_MAX) {
    this.#frames = frames;
    this.#ring = new Uint8Array(bytes);
    this.#times = new Float64Array(frames);
    this.#packets = new Float64Array(frames);
    this.#interfaces = new Uint16Array(frames);
    this.#flags = new Uint8Array(frames);
    this.#reasons = new Uint8Array(frames);
    this.#offsets = new Float64Array(frames);
    this.#lengths = new Uint32Array(frames);
  }

  /** Number of the oldest frame that is still here; `newest + 1` when none is. */
  get oldest(): number {
    return this.#oldest;
  }

  onFrame(frame: CapturedFrame): void {
    const size = this.#ring.length;
    const length = Math.min(frame.length, size);
    const at = this.newest++ % this.#frames;
    this.#times[at] = frame.time;
    this.#packets[at] = frame.packetId;
    this.#interfaces[at] = frame.interface;
    this.#flags[at] =
      (frame.direction === "out" ? OUT : 0) | (frame.dropReason === null ? 0 : DROPPED) | (frame.fcsGood ? 0 : DAMAGED);
    this.#reasons[at] = frame.dropReason === null ? 0 : dropReasonNumber(frame.dropReason);
    this.#offsets[at] = this.#written;
    this.#lengths[at] = length;
    this.#copyIn(frame.bytes, frame.start, length);
    while (this.#oldest <= this.newest && this.#isGone(this.#oldest)) this.#oldest++;
  }

  /** Back to the state of a new one; the memory is kept, since getting it anew takes longer than a step back may. */
  clear(): void {
    this.newest = 0;
    this.#oldest = 1;
    this.#written = 0;
  }

  /** @throws AssertionError unless oldest <= number <= newest. */
  frame(number: number): StoredFrame {
    assert(number >= this.#oldest && number <= this.newest, "the frame is still in the store");
    const at = (number - 1) % this.#frames;
    const flags = this.#flags[at] as number;
    return {
      number,
      interface: this.#interfaces[at] as number,
      time: this.#times[at] as number,
      direction: (flags & OUT) !== 0 ? "out" : "in",
      packetId: this.#packets[at] as number,
      dropReason: (flags & DROPPED) !== 0 ? (DROP_REASONS[this.#reasons[at] as number] ?? null) : null,
      fcsGood: (flags & DAMAGED) === 0,
      bytes: this.#copyOut(this.#offsets[at] as number, this.#lengths[at] as number),
    };
  }

  interfaceOf(number: number): number {
    return this.#interfaces[(number - 1) % this.#frames] as number;
  }

  packetId(number: number): number {
    return this.#packets[(number - 1) % this.#frames] as number;
  }

  #isGone(number: number): boolean {
    if (number <= this.newest - this.#frames) return true;
    return (this.#offsets[(number - 1) % this.#frames] as number) < this.#written - this.#ring.length;
  }

  #copyIn(bytes: Uint8Array, start: number, length: number): void {
    const ring = this.#ring;
    const at = this.#written % ring.length;
    const first = Math.min(length, ring.length - at);
    ring.set(bytes.subarray(start, start + first), at);
    if (first < length) ring.set(bytes.subarray(start + first, start + length), 0);
    this.#written += length;
  }

  #copyOut(offset: number, length: number): Uint8Array {
    const ring = this.#ring;
    const at = offset % ring.length;
    const bytes = new Uint8Array(length);
    const first = Math.min(length, ring.length - at);
    bytes.set(ring.subarray(at, at + first), 0);
    if (first < length) bytes.set(ring.subarray(0, length - first), first);
    return bytes;
  }
}
