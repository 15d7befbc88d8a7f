/**
 * sk_buff, after Linux's include/linux/skbuff.h: one packet inside one machine. Four offsets into the bytes of a shared
 * block say where things are, and headers are added and taken off by moving `data`, never by copying:
 *
 *     head ........ data ............ tail ........ end
 *       headroom  |  packet bytes   |   tailroom
 *
 * `head` and `end` are those of the block. Payload that was never copied together (GRO, large sends) hangs in `frags`.
 * A clone shares the bytes, a copy does not.
 * Left out: CHECKSUM_COMPLETE (cards verify, or leave it to us), destructors other than the socket's memory account,
 * and header and data references counted apart.
 */
import { assert } from "../../base/assert.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import type { Block } from "../../wire/block.ts";
import type { MemoryAccount } from "./memory-account.ts";

/** How far the checksum of the transport header is known; numbers as in Linux. */
export const CHECKSUM_NONE = 0;
export const CHECKSUM_UNNECESSARY = 1;
export const CHECKSUM_PARTIAL = 3;

/** Who the frame was addressed to (linux/if_packet.h). */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;

/**
 * Headroom reserved in front of every packet a machine builds: Ethernet, a VLAN tag, the largest IPv4 header and TCP
 * header.
 */
export const HEADROOM_BYTES = 144;
/** No such header was found or set yet. */
export const NO_HEADER = -1;

/** A piece of payload outside the linear part (skb_frag_t). Holds one reference of its block. */
export interface Fragment {
  readonly block: Block;
  readonly start: number;
  readonly length: number;
}

export class SkBuff {
  block: Block | null = null;
  head = 0;
  data = 0;
  tail = 0;
  end = 0;
  /** Offsets as well, not relative to `data`: they stay valid while headers are pushed and pulled. */
  macHeader = NO_HEADER;
  networkHeader = NO_HEADER;
  transportHeader = NO_HEADER;

  /** Payload beyond `tail`, in order; null when the packet is linear. */
  frags: Fragment[] | null = null;
  /** Bytes in `frags` (Linux data_len). */
  dataLength = 0;
  /** Payload bytes per segment of a merged or oversized packet; 0 for an ordinary one. */
  gsoSize = 0;
  gsoSegments = 0;

  /** Ethertype. */
  protocol = 0;
  packetType = PACKET_HOST;
  /** Interface it arrived on or leaves by; 0 is none. */
  deviceIndex = 0;
  ipSummed = CHECKSUM_NONE;
  /** With CHECKSUM_PARTIAL: offset where summing starts, and where the result goes relative to that. */
  checksumStart = 0;
  checksumOffset = 0;
  /**
   * With CHECKSUM_PARTIAL: the card that sent it has summed it, only the bytes are not written yet. Nothing that takes
   * time may depend on whether somebody looked at the frame meanwhile and had them written.
   */
  checksumPaid = false;
  /** SO_PRIORITY; picks the band in pfifo_fast. */
  priority = 0;
  mark = 0;
  /** 802.1Q identifier taken off on receive or to be put on when sending; -1 for none. */
  vlanId = -1;
  /** Flow hash for fq_codel; 0 is not computed yet. */
  hash = 0;
  /** IPv4 next hop decided by routing; 0 is the destination itself. */
  nextHop = 0;
  /** Virtual time of arrival or of entry into a queue, ns. */
  timestamp: number = WIDE_ZERO;
  /** Same over all hops and on all copies; traces and captures join on it. */
  packetId = 0;
  /** Trace id of what last happened to it. */
  cause = 0;
  /** Whose buffer this packet counts against, with `truesize` bytes; null for none. */
  account: MemoryAccount | null = null;
  truesize = 0;
  /** Control block: small integers private to the layer that holds the packet now (Linux cb[48]). */
  cb0 = 0;
  cb1 = 0;
  cb2 = 0;
  cb3 = 0;
  /** Link of the one queue it is in. */
  next: SkBuff | null = null;
  inQueue = false;
  /** 0 when free. */
  users = 0;

  get bytes(): Uint8Array {
    assert(this.block !== null, "a packet in use has a block");
    return this.block.bytes;
  }

  /** Whole length, frags included. */
  get length(): number {
    return this.tail - this.data + this.dataLength;
  }

  get headLength(): number {
    return this.tail - this.data;
  }

  get headroom(): number {
    return this.data - this.head;
  }

  get tailroom(): number {
    return this.dataLength > 0 ? 0 : this.end - this.tail;
  }

  /** Moves an empty packet's start, to leave headroom. */
  reserve(length: number): void {
    assert(this.data === this.tail && this.tail + length <= this.end, "room is reserved in an empty packet");
    this.data += length;
    this.tail += length;
  }

  /** Takes `length` bytes of headroom for a header. @returns the offset of the header. */
  push(length: number): number {
    this.data -= length;
    assert(this.data >= this.head, "push needs headroom");
    return this.data;
  }

  /** Takes a header off the front. @returns the offset of what follows. */
  pull(length: number): number {
    assert(length <= this.tail - this.data, "pull stays inside the linear part");
    this.data += length;
    return this.data;
  }

  /** Extends the end. @returns the offset of the new bytes. */
  put(length: number): number {
    assert(this.dataLength === 0, "only a linear packet grows at its end");
    const at = this.tail;
    this.tail += length;
    assert(this.tail <= this.end, "put needs tailroom");
    return at;
  }

  /** Cuts a linear packet to `length` bytes. */
  trim(length: number): void {
    assert(this.dataLength === 0 && length <= this.tail - this.data, "trim shortens a linear packet");
    this.tail = this.data + length;
  }

  /** The linear part, as a view. */
  view(): Uint8Array {
    return this.bytes.subarray(this.data, this.tail);
  }

  get isShared(): boolean {
    return this.block !== null && this.block.references > 1;
  }

  /** Throws on what must never be. */
  checkInvariants(): void {
    assert(this.users > 0, "a packet in use has a user");
    assert(this.block !== null && this.block.references > 0, "a packet in use has a block");
    assert(this.head <= this.data, "data is not below head");
    assert(this.data <= this.tail, "tail is not below data");
    assert(this.tail <= this.end, "tail is not beyond end");
  }
}
