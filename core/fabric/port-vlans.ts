/**
 * VLANs of a switch port (IEEE 802.1Q, clause 8): the VLAN of frames without a tag, and those that pass tagged.
 * Left out: service tags (802.1ad), priorities, and ports that send their own VLAN tagged.
 */
import { copyBytes, put16, u16 } from "../base/bytes.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_VLAN } from "../wire/ethernet.ts";
import { CHECKSUM_DONE, type Frame, type FramePool } from "../wire/frame.ts";
import { VLAN_ID_MASK, VLAN_TAG_BYTES } from "../wire/vlan.ts";

export interface PortVlans {
  /** VLAN of frames without tag, both ways; 0 for none. An access port has just this one. */
  readonly untagged: number;
  /** VLANs that pass with their tag: a trunk. */
  readonly tagged: ReadonlySet<number>;
}

/** VLAN of every frame on a switch that knows no VLANs. */
export const NO_VLAN = 0;
/** The frame may not come in here. */
export const VLAN_REFUSED = -1;

export const isMember = (port: PortVlans, vlan: number): boolean => port.untagged === vlan || port.tagged.has(vlan);

export const isTagged = (frame: Frame): boolean =>
  frame.length >= ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES &&
  u16(frame.bytes, frame.start + ETHERNET.type) === ETHERTYPE_VLAN;

/** The VLAN that a frame belongs to when it comes in at this port, or `VLAN_REFUSED`. */
export function classify(port: PortVlans, frame: Frame): number {
  const id = isTagged(frame) ? u16(frame.bytes, frame.start + ETHERNET_HEADER_BYTES) & VLAN_ID_MASK : 0;
  // A tag with id 0 carries a priority only: the frame belongs where one without a tag does (802.1Q, 6.9.1).
  if (id === 0) return port.untagged === 0 ? VLAN_REFUSED : port.untagged;
  return isMember(port, id) ? id : VLAN_REFUSED;
}

/** The frame as it leaves through this port: with the tag of `vlan`, or without. May replace `frame`. */
export function dress(frames: FramePool, port: PortVlans, frame: Frame, vlan: number): Frame {
  const tagged = isTagged(frame);
  const wanted = port.untagged !== vlan;
  if (tagged === wanted) return frame;
  return wanted ? withTag(frames, frame, vlan) : withoutTag(frames, frame);
}

function withTag(frames: FramePool, frame: Frame, vlan: number): Frame {
  const dressed = resized(frames, frame, VLAN_TAG_BYTES);
  put16(dressed.bytes, dressed.start + ETHERNET.type, ETHERTYPE_VLAN);
  put16(dressed.bytes, dressed.start + ETHERNET_HEADER_BYTES, vlan);
  return dressed;
}

const withoutTag = (frames: FramePool, frame: Frame): Frame => resized(frames, frame, -VLAN_TAG_BYTES);

/** A copy with `grown` bytes more (to be written) or fewer right behind the addresses. Frees `frame`. */
function resized(frames: FramePool, frame: Frame, grown: number): Frame {
  const block = frames.blocks.acquire(frame.length + grown);
  const from = ETHERNET.type + Math.max(0, -grown);
  const { start } = block;
  copyBytes(frame.bytes, frame.start, block.bytes, start, ETHERNET.type);
  copyBytes(frame.bytes, frame.start + from, block.bytes, start + from + grown, frame.length - from);
  const copy = frames.acquire(block, start, frame.length + grown);
  copy.packetId = frame.packetId;
  copy.fcsGood = frame.fcsGood;
  copy.cause = frame.cause;
  if (frame.checksumStart !== CHECKSUM_DONE) copy.checksumStart = frame.checksumStart + grown;
  copy.checksumOffset = frame.checksumOffset;
  frames.release(frame);
  return copy;
}
