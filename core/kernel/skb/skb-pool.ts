/**
 * Where sk_buffs come from and go to. Shared by all machines of a world, so that frames change hands without a copy.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes } from "../../base/bytes.ts";
import type { Block, BlockPool } from "../../wire/block.ts";
import { CHECKSUM_NONE, HEADROOM_BYTES, NO_HEADER, PACKET_HOST, SkBuff, type Fragment } from "./skbuff.ts";

/** sizeof(struct sk_buff) and sizeof(struct skb_shared_info) on a 64-bit Linux, each aligned to a cache line. */
const SK_BUFF_BYTES = 256;
const SHARED_INFO_BYTES = 320;
/** What Linux reserves in front of a datagram's transport header: IP header and hh_len, to the cache line. */
const LINUX_HEADROOM_BYTES = 64;
const CACHE_LINE_BYTES = 64;
const KMALLOC_LEAST_BYTES = 512;

/** kmalloc's buckets from 512 bytes on: powers of two. */
const kmallocBytes = (size: number): number =>
  size <= KMALLOC_LEAST_BYTES ? KMALLOC_LEAST_BYTES : 1 << (32 - Math.clz32(size - 1));

/**
 * Bytes that Linux's __alloc_skb would count for `capacity` bytes of packet: 768 for a small one, 1,280 for 508 bytes
 * of UDP, 2,304 for a full Ethernet frame. Buffers fill as they do there, whatever the size of our blocks.
 */
function truesizeOf(capacity: number): number {
  const data = (capacity + LINUX_HEADROOM_BYTES + CACHE_LINE_BYTES - 1) & ~(CACHE_LINE_BYTES - 1);
  return kmallocBytes(data + SHARED_INFO_BYTES) + SK_BUFF_BYTES;
}

export class SkbPool {
  readonly blocks: BlockPool;
  readonly #free: SkBuff[] = [];
  outstanding = 0;
  #nextPacketId = 1;

  constructor(blocks: BlockPool) {
    this.blocks = blocks;
  }

  newPacketId(): number {
    return this.#nextPacketId++;
  }

  /**
   * An empty packet with `HEADROOM_BYTES` reserved and at least `capacity` bytes of tailroom, and a packet id of its
   * own.
   */
  alloc(capacity: number): SkBuff {
    const block = this.blocks.acquire(HEADROOM_BYTES + capacity);
    const skb = this.adopt(block, block.start, block.end);
    skb.data = block.start + HEADROOM_BYTES;
    skb.tail = skb.data;
    skb.truesize = truesizeOf(capacity);
    skb.packetId = this.#nextPacketId++;
    return skb;
  }

  /** An empty packet over [head, end) of the block, taking over one reference of it. Packet id 0. */
  adopt(block: Block, head: number, end: number): SkBuff {
    const skb = this.#free.pop() ?? new SkBuff();
    assert(skb.users === 0, "a packet from the free list has no user");
    skb.users = 1;
    this.outstanding++;
    skb.block = block;
    skb.head = head;
    skb.data = head;
    skb.tail = head;
    skb.end = end;
    // A receive buffer: half a page of 2,048 bytes has its shared info inside, and a small copied frame is small.
    skb.truesize = kmallocBytes(end - head) + SK_BUFF_BYTES;
    return skb;
  }

  /**
   * Same bytes, own offsets (skb_clone). Neither may write into the shared part afterwards. Not charged to any socket.
   */
  clone(skb: SkBuff): SkBuff {
    assert(skb.block !== null && skb.users > 0, "only a living packet is cloned");
    const twin = this.adopt(this.blocks.share(skb.block), skb.head, skb.end);
    copyState(skb, twin);
    twin.truesize = skb.truesize;
    if (skb.frags !== null) {
      for (const frag of skb.frags) this.blocks.share(frag.block);
      twin.frags = skb.frags.slice();
    }
    twin.dataLength = skb.dataLength;
    return twin;
  }

  /** Own linear bytes, with at least the headroom of the original (skb_copy). */
  copy(skb: SkBuff): SkBuff {
    const headroom = Math.max(skb.headroom, HEADROOM_BYTES);
    const length = skb.length;
    const block = this.blocks.acquire(headroom + length);
    const twin = this.adopt(block, block.start, block.end);
    copyState(skb, twin);
    const data = block.start + headroom;
    const shift = data - skb.data;
    twin.data = data;
    twin.tail = data + length;
    twin.macHeader = moved(skb.macHeader, shift);
    twin.networkHeader = moved(skb.networkHeader, shift);
    twin.transportHeader = moved(skb.transportHeader, shift);
    twin.checksumStart = skb.checksumStart + shift;
    // Headers already pulled lie in the headroom and belong to the copy as well.
    const pulled = skb.headroom;
    copyBytes(skb.bytes, skb.head, block.bytes, data - pulled, pulled);
    copyOut(skb, 0, block.bytes, data, length);
    return twin;
  }

  /** Makes the bytes this packet's own before they are changed in place (skb_cow): copies only when they are shared. */
  makeWritable(skb: SkBuff): void {
    if (skb.block === null || skb.block.references === 1) return;
    const headroom = Math.max(skb.headroom, HEADROOM_BYTES);
    const linear = skb.headLength;
    const block = this.blocks.acquire(headroom + linear);
    const to = block.start + headroom - skb.headroom;
    copyBytes(skb.bytes, skb.head, block.bytes, to, skb.headroom + linear);
    this.#rebase(skb, block, headroom, linear);
  }

  /** Copies `frags` into the linear part (skb_linearize). */
  linearize(skb: SkBuff): void {
    if (skb.frags === null) return;
    const headroom = Math.max(skb.headroom, HEADROOM_BYTES);
    const length = skb.length;
    const block = this.blocks.acquire(headroom + length);
    const data = block.start + headroom;
    copyBytes(skb.bytes, skb.head, block.bytes, data - skb.headroom, skb.headroom);
    copyOut(skb, 0, block.bytes, data, length);
    this.#dropFrags(skb);
    this.#rebase(skb, block, headroom, length);
  }

  /** Moves the packet to a larger block when there is not `length` headroom (pskb_expand_head). */
  ensureHeadroom(skb: SkBuff, length: number): void {
    if (skb.headroom >= length) return;
    const linear = skb.headLength;
    const block = this.blocks.acquire(length + HEADROOM_BYTES + linear);
    const headroom = length + HEADROOM_BYTES;
    const to = block.start + headroom - skb.headroom;
    copyBytes(skb.bytes, skb.head, block.bytes, to, skb.headroom + linear);
    this.#rebase(skb, block, headroom, linear);
  }

  addFragment(skb: SkBuff, frag: Fragment): void {
    if (skb.frags === null) skb.frags = [frag];
    else skb.frags.push(frag);
    skb.dataLength += frag.length;
  }

  /**
   * Gives up one user; the last one returns packet and block. Counting why is the caller's: see `Kernel.drop` and
   * `consume`.
   */
  free(skb: SkBuff): void {
    assert(skb.users > 0, "a packet is freed once per user");
    assert(!skb.inQueue, "a packet in a queue is not freed");
    if (--skb.users > 0) return;
    const account = skb.account;
    if (account !== null) {
      skb.account = null;
      account.uncharge(skb.truesize);
    }
    if (skb.frags !== null) this.#dropFrags(skb);
    this.blocks.release(skb.block as Block);
    this.recycle(skb);
  }

  /**
   * Returns the packet to the pool after its block went elsewhere (to a frame). The caller has seen to account and
   * frags.
   */
  recycle(skb: SkBuff): void {
    assert(skb.account === null && skb.frags === null, "nothing hangs on a recycled packet");
    skb.block = null;
    skb.users = 0;
    resetState(skb);
    this.outstanding--;
    this.#free.push(skb);
  }

  #dropFrags(skb: SkBuff): void {
    for (const frag of skb.frags ?? []) this.blocks.release(frag.block);
    skb.frags = null;
    skb.dataLength = 0;
  }

  /** Puts the packet onto `block`, which holds its `linear` bytes behind `headroom` others already. */
  #rebase(skb: SkBuff, block: Block, headroom: number, linear: number): void {
    const data = block.start + headroom;
    const shift = data - skb.data;
    this.blocks.release(skb.block as Block);
    skb.block = block;
    skb.head = block.start;
    skb.data = data;
    skb.tail = data + linear;
    skb.end = block.end;
    skb.macHeader = moved(skb.macHeader, shift);
    skb.networkHeader = moved(skb.networkHeader, shift);
    skb.transportHeader = moved(skb.transportHeader, shift);
    skb.checksumStart += shift;
  }
}

/** Copies `length` bytes from offset `from` of the whole packet, frags included, into `to`. */
export function copyOut(skb: SkBuff, from: number, to: Uint8Array, toAt: number, length: number): void {
  assert(from >= 0 && from + length <= skb.length, "the range lies inside the packet");
  const linear = Math.max(0, Math.min(length, skb.headLength - from));
  if (linear > 0) copyBytes(skb.bytes, skb.data + from, to, toAt, linear);
  let done = linear;
  let skip = Math.max(0, from - skb.headLength);
  for (const frag of skb.frags ?? []) {
    if (done === length) return;
    const take = Math.min(frag.length - skip, length - done);
    if (take > 0) {
      copyBytes(frag.block.bytes, frag.start + skip, to, toAt + done, take);
      done += take;
    }
    skip = Math.max(0, skip - frag.length);
  }
}

const moved = (offset: number, shift: number): number => (offset === NO_HEADER ? NO_HEADER : offset + shift);

function copyState(from: SkBuff, to: SkBuff): void {
  to.data = from.data;
  to.tail = from.tail;
  to.macHeader = from.macHeader;
  to.networkHeader = from.networkHeader;
  to.transportHeader = from.transportHeader;
  to.gsoSize = from.gsoSize;
  to.gsoSegments = from.gsoSegments;
  to.protocol = from.protocol;
  to.packetType = from.packetType;
  to.deviceIndex = from.deviceIndex;
  to.ipSummed = from.ipSummed;
  to.checksumStart = from.checksumStart;
  to.checksumOffset = from.checksumOffset;
  to.checksumPaid = from.checksumPaid;
  to.priority = from.priority;
  to.mark = from.mark;
  to.vlanId = from.vlanId;
  to.hash = from.hash;
  to.nextHop = from.nextHop;
  to.timestamp = from.timestamp;
  to.packetId = from.packetId;
  to.cause = from.cause;
  to.cb0 = from.cb0;
  to.cb1 = from.cb1;
  to.cb2 = from.cb2;
  to.cb3 = from.cb3;
}

function resetState(skb: SkBuff): void {
  skb.macHeader = NO_HEADER;
  skb.networkHeader = NO_HEADER;
  skb.transportHeader = NO_HEADER;
  skb.gsoSize = 0;
  skb.gsoSegments = 0;
  skb.protocol = 0;
  skb.packetType = PACKET_HOST;
  skb.deviceIndex = 0;
  skb.ipSummed = CHECKSUM_NONE;
  skb.checksumStart = 0;
  skb.checksumOffset = 0;
  skb.checksumPaid = false;
  skb.priority = 0;
  skb.mark = 0;
  skb.vlanId = -1;
  skb.hash = 0;
  skb.nextHop = 0;
  skb.timestamp = 0;
  skb.packetId = 0;
  skb.cause = 0;
  skb.cb0 = 0;
  skb.cb1 = 0;
  skb.cb2 = 0;
  skb.cb3 = 0;
}
