/**
 * An Ethernet frame on its way between two network interfaces, and the two seams it crosses: a NIC hands frames to a
 * `TransmitPort`, and the fabric hands them to a `FrameSink`. Kernel and fabric meet only here.
 *
 * The frame check sequence is a fact about the frame and not four bytes of it: its value follows from the bytes, so
 * all that can differ is whether it still matches. Bit errors on a cable clear `fcsGood`, and the far NIC drops.
 */
import { assert } from "../base/assert.ts";
import { copyBytes, put16 } from "../base/bytes.ts";
import type { VirtualTime } from "../base/time.ts";
import type { Block, BlockPool } from "./block.ts";
import { checksumFold, checksumOnWire, checksumPartial } from "./checksum.ts";

/** Shortest frame without FCS (IEEE 802.3, 3.2.8): NICs pad to this with zeros. */
export const FRAME_BYTES_MIN = 60;
export const FCS_BYTES = 4;
/** Preamble and start frame delimiter go ahead of every frame, an inter-packet gap of 12 byte times follows it. */
export const PREAMBLE_BYTES = 8;
export const GAP_BYTES = 12;
/** No checksum is left to fill in. */
export const CHECKSUM_DONE = -1;
/** What a frame that is not in use has. */
const NO_BYTES = new Uint8Array(0);

/** Bytes `[start, start + length)` of `block` are the frame from destination address to payload, without FCS. */
export class Frame {
  // First what every hop looks at: fields lie in memory in this order, and each line of it is a miss where thousands of
  // frames are on their way. For the same reason the block's bytes are here as well.
  block: Block | null = null;
  /** `block.bytes`; change the two with `lieIn`. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;
  fcsGood = true;
  /** Another frame was made over the same bytes. That one may be gone: `block.references` knows. */
  wasShared = false;
  /** The frame behind this one on a cable, and how much later that one arrives, ns (fabric/frame-pipe.ts). */
  next: Frame | null = null;
  gapNs = 0;
  /**
   * Where the checksum that the sending NIC left to the far side begins and is stored, relative to `start`: virtio's
   * VIRTIO_NET_HDR_F_NEEDS_CSUM. `CHECKSUM_DONE` when the bytes are final. Whoever shows or damages the bytes calls
   * `finishChecksum` first, so nobody ever sees the unfinished value.
   */
  checksumStart = CHECKSUM_DONE;
  checksumOffset = 0;
  /**
   * The L4 checksum in the bytes is right by construction: `finishChecksum` wrote it, or a NIC has verified it. A NIC
   * that receives the frame need not sum it again. False says nothing.
   */
  checksumGood = false;
  /** Follows the packet over every hop; equal on all copies a switch or hub makes. */
  packetId = 0;
  /** Trace id of what last happened to this packet. */
  cause = 0;

  /** Puts it into a block, where it begins at `start`. */
  lieIn(block: Block, start: number): void {
    this.block = block;
    this.bytes = block.bytes;
    this.start = start;
  }

  /** The frame's own bytes, as a view. */
  view(): Uint8Array {
    assert(this.block !== null, "a frame in use has a block");
    return this.block.view(this.start, this.length);
  }
}

/**
 * Writes the L4 checksum that offload left open. The field holds the folded pseudo-header sum until then (Linux
 * CHECKSUM_PARTIAL).
 */
export function finishChecksum(frame: Frame): void {
  if (frame.checksumStart === CHECKSUM_DONE) return;
  const from = frame.start + frame.checksumStart;
  const sum = checksumFold(checksumPartial(frame.bytes, from, frame.length - frame.checksumStart));
  put16(frame.bytes, from + frame.checksumOffset, checksumOnWire(sum, frame.checksumOffset));
  frame.checksumStart = CHECKSUM_DONE;
  frame.checksumGood = true;
}

/** Time on the wire of everything a frame occupies, gap included, in bytes. */
export const wireBytes = (frame: Frame): number =>
  PREAMBLE_BYTES + Math.max(frame.length, FRAME_BYTES_MIN) + FCS_BYTES + GAP_BYTES;

export class FramePool {
  readonly blocks: BlockPool;
  readonly #free: Frame[] = [];
  outstanding = 0;

  constructor(blocks: BlockPool) {
    this.blocks = blocks;
  }

  /** A frame that takes over one reference of `block`. */
  acquire(block: Block, start: number, length: number): Frame {
    assert(start >= block.start && start + length <= block.end, "a frame lies inside its block");
    const frame = this.#free.pop() ?? new Frame();
    assert(frame.block === null, "a frame from the free list is empty");
    frame.lieIn(block, start);
    frame.length = length;
    frame.fcsGood = true;
    frame.wasShared = false;
    frame.checksumStart = CHECKSUM_DONE;
    frame.checksumGood = false;
    frame.cause = 0;
    this.outstanding++;
    return frame;
  }

  /** A second frame over the same bytes, as a hub or a flooding switch sends out of several ports. */
  share(frame: Frame): Frame {
    assert(frame.block !== null, "only a living frame is shared");
    const twin = this.#like(frame, this.blocks.share(frame.block), frame.start);
    frame.wasShared = true;
    twin.wasShared = true;
    return twin;
  }

  /** A frame with bytes of its own, for whoever must change them. */
  copy(frame: Frame): Frame {
    const block = this.blocks.acquire(frame.length);
    copyBytes(frame.bytes, frame.start, block.bytes, block.start, frame.length);
    return this.#like(frame, block, block.start);
  }

  release(frame: Frame): void {
    this.blocks.release(this.takeBlock(frame));
  }

  /** Frees the frame and passes its block, with its reference, to the caller. */
  takeBlock(frame: Frame): Block {
    const block = frame.block;
    assert(block !== null, "a frame is freed once");
    frame.block = null;
    frame.bytes = NO_BYTES;
    this.outstanding--;
    this.#free.push(frame);
    return block;
  }

  #like(frame: Frame, block: Block, start: number): Frame {
    const twin = this.acquire(block, start, frame.length);
    twin.packetId = frame.packetId;
    twin.fcsGood = frame.fcsGood;
    twin.checksumStart = frame.checksumStart;
    twin.checksumOffset = frame.checksumOffset;
    twin.checksumGood = frame.checksumGood;
    twin.cause = frame.cause;
    return twin;
  }
}

/** Where frames arrive: a NIC, a switch port, a hub port. */
export interface FrameSink {
  /**
   * The last bit of `frame` has arrived. Ownership passes to the sink. Runs inside a `wire` event; the bytes may be
   * shared with other ports, so the sink copies before it writes unless `frame.block.references` is 1.
   */
  receiveFrame(frame: Frame): void;
  /** The link came up or went down, seen at this end. */
  carrierChanged(up: boolean): void;
  /** A frame whose `transmit` returned `SENT_LATER` has left the port or was given up, `sent` says which. */
  frameSent(sent: boolean): void;
}

/** `transmit` cannot tell yet when the frame will have left (a shared medium): `frameSent` will be called. */
export const SENT_LATER = -1;

/** Where a NIC or switch port sends: one end of a cable or of a hub's segment. */
export interface TransmitPort {
  readonly carrier: boolean;
  /** Bits per second towards the other end. */
  readonly rateBitsPerSecond: number;
  /**
   * Takes the frame, which goes out behind those given before. Without carrier it is dropped and counted by the port.
   * @returns the instant at which the frame has left the port and its buffer is free again, or `SENT_LATER`.
   */
  transmit(frame: Frame): VirtualTime | typeof SENT_LATER;
  attach(sink: FrameSink): void;
}
