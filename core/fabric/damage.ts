/** Bit errors: real bytes are inverted, and the frame check sequence no longer matches. */
import { assert } from "../base/assert.ts";
import { put8, u8 } from "../base/bytes.ts";
import { FCS_BYTES, FRAME_BYTES_MIN, finishChecksum, type Frame, type FramePool } from "../wire/frame.ts";

/** Bits of a frame that an FCS covers, itself included. */
export const coveredBits = (frame: Frame): number => (Math.max(frame.length, FRAME_BYTES_MIN) + FCS_BYTES) * 8;

/**
 * A frame with the same content whose bytes nobody else sees, checksum filled in. Replaces `frame`, which may not be
 * used any more. The copy is made before the checksum is finished: the other holders of shared bytes still have it
 * open, and would sum up a finished one a second time.
 */
export function ownBytes(frames: FramePool, frame: Frame): Frame {
  assert(frame.block !== null, "only a living frame is damaged");
  let own = frame;
  if (frame.block.references > 1) {
    own = frames.copy(frame);
    frames.release(frame);
  }
  finishChecksum(own);
  return own;
}

/** Inverts bit `bit` of a frame from `ownBytes`. Bits beyond the bytes are padding and FCS: no byte changes there. */
export function invertBit(frame: Frame, bit: number): void {
  assert(bit >= 0 && bit < coveredBits(frame), "the bit belongs to the frame");
  frame.fcsGood = false;
  const at = frame.start + (bit >>> 3);
  if (bit >>> 3 < frame.length) put8(frame.bytes, at, u8(frame.bytes, at) ^ (1 << (bit & 7)));
}
