/**
 * Bytes a program has written and the peer has not acknowledged, kept in pooled blocks and addressed by sequence number
 * (in Linux the page frags of the sk_buffs on the write queue). Segments are ranges over it: cutting, merging and
 * retransmitting move no bytes, and a large packet shares the blocks. A block is only ever appended to, so that
 * packets under way keep seeing what they were sent with.
 */
import { assert } from "../../../base/assert.ts";
import { copyBytes } from "../../../base/bytes.ts";
import type { Block } from "../../../wire/block.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { seqAdd, seqAfter, seqDistance, seqMin, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** Largest block: that of a whole 64 KiB packet. */
const CHUNK_BYTES_MAX = 65_536;
/** Consumed entries at the array's front before it is moved up. */
const COMPACT_CHUNKS = 64;

/** One block and the part of the stream in it: its first `length` bytes are [seq, seq + length). */
interface Chunk {
  block: Block;
  seq: Seq;
  length: number;
}

export class SendBuffer {
  readonly #tcp: TcpSock;
  /** In order; those before `#head` are gone. */
  readonly #chunks: Chunk[] = [];
  #head = 0;
  /** Index of the chunk found last: the next question is mostly about the same one or the next. */
  #hint = 0;
  /** First and behind the last byte held; equal when there is none. */
  #start = 0 as Seq;
  #end = 0 as Seq;

  constructor(tcp: TcpSock) {
    this.#tcp = tcp;
  }

  /** Bytes held. */
  get bytes(): number {
    return seqDistance(this.#start, this.#end);
  }

  /** Copies `length` bytes from `bytes[from]` to the end of the stream, which is at `tcp.writeSeq`. */
  append(bytes: Uint8Array, from: number, length: number): void {
    if (length === 0) return;
    const tcp = this.#tcp;
    if (this.#head === this.#chunks.length) {
      this.#start = tcp.writeSeq;
      this.#end = tcp.writeSeq;
    }
    assert(this.#end === tcp.writeSeq, "the stream has no gap");
    let done = 0;
    while (done < length) {
      const chunk = this.#roomy(length - done);
      const room = chunk.block.capacity - chunk.length;
      const take = Math.min(room, length - done);
      copyBytes(bytes, from + done, chunk.block.bytes, chunk.block.start + chunk.length, take);
      chunk.length += take;
      done += take;
      this.#end = seqAdd(this.#end, take);
    }
  }

  /** Copies [seq, seq + length) of the stream to `to[at]`. */
  copyOut(seq: Seq, length: number, to: Uint8Array, at: number): void {
    if (length === 0) return;
    let index = this.#find(seq, length);
    let chunk = this.#chunks[index] as Chunk;
    let skip = seqDistance(chunk.seq, seq);
    for (let done = 0; ;) {
      const take = Math.min(chunk.length - skip, length - done);
      copyBytes(chunk.block.bytes, chunk.block.start + skip, to, at + done, take);
      done += take;
      if (done === length) break;
      chunk = this.#chunks[++index] as Chunk;
      skip = 0;
    }
    this.#hint = index;
  }

  /** Hangs [seq, seq + length) behind the packet's linear part, without a copy. */
  addFrags(skb: SkBuff, seq: Seq, length: number): void {
    if (length === 0) return;
    const skbs = this.#tcp.core.skbs;
    let index = this.#find(seq, length);
    let chunk = this.#chunks[index] as Chunk;
    let skip = seqDistance(chunk.seq, seq);
    for (let done = 0; ;) {
      const take = Math.min(chunk.length - skip, length - done);
      skbs.addFragment(skb, { block: skbs.blocks.share(chunk.block), start: chunk.block.start + skip, length: take });
      done += take;
      if (done === length) break;
      chunk = this.#chunks[++index] as Chunk;
      skip = 0;
    }
    this.#hint = index;
  }

  /** Everything before `upTo` was acknowledged. A sequence number behind the end (SYN, FIN) frees all there is. */
  release(upTo: Seq): void {
    const chunks = this.#chunks;
    if (this.#head === chunks.length || !seqAfter(upTo, this.#start)) return;
    const blocks = this.#tcp.core.skbs.blocks;
    this.#start = seqMin(upTo, this.#end);
    while (this.#head < chunks.length) {
      const chunk = chunks[this.#head] as Chunk;
      if (seqAfter(seqAdd(chunk.seq, chunk.length), upTo)) break;
      blocks.release(chunk.block);
      this.#head++;
    }
    if (this.#head === chunks.length) this.#forget();
    else if (this.#head >= COMPACT_CHUNKS && this.#head * 2 >= chunks.length) {
      chunks.splice(0, this.#head);
      this.#hint = Math.max(0, this.#hint - this.#head);
      this.#head = 0;
    }
  }

  /** Frees everything, as when the connection is gone. */
  clear(): void {
    const blocks = this.#tcp.core.skbs.blocks;
    for (let i = this.#head; i < this.#chunks.length; i++) blocks.release((this.#chunks[i] as Chunk).block);
    this.#start = this.#end;
    this.#forget();
  }

  checkInvariants(): void {
    let at = this.#start;
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Chunk;
      assert(i === this.#head ? !seqAfter(chunk.seq, at) : chunk.seq === at, "chunks follow each other");
      assert(chunk.length > 0 && chunk.length <= chunk.block.capacity, "a chunk fits its block");
      at = seqAdd(chunk.seq, chunk.length);
    }
    assert(at === this.#end, "the chunks hold what is counted");
  }

  #forget(): void {
    this.#chunks.length = 0;
    this.#head = 0;
    this.#hint = 0;
  }

  /** The last chunk when it has room, else a new one, the larger the more is queued. */
  #roomy(wanted: number): Chunk {
    const chunks = this.#chunks;
    if (this.#head < chunks.length) {
      const last = chunks[chunks.length - 1] as Chunk;
      if (last.length < last.block.capacity) return last;
    }
    const size = Math.min(CHUNK_BYTES_MAX, Math.max(wanted, this.bytes));
    const chunk: Chunk = { block: this.#tcp.core.skbs.blocks.acquire(size), seq: this.#end, length: 0 };
    chunks.push(chunk);
    return chunk;
  }

  /** Index of the chunk that has `seq`. @throws AssertionError unless all of the range is held. */
  #find(seq: Seq, length: number): number {
    const held = seqDistance(this.#start, seq);
    assert(held >= 0 && held + length <= this.bytes, "the range is in the send buffer");
    const chunks = this.#chunks;
    let index = this.#hint;
    if (index < this.#head) index = this.#head;
    const hinted = chunks[index] as Chunk;
    const into = seqDistance(hinted.seq, seq);
    if (into >= 0 && into < hinted.length) return index;
    if (into === hinted.length) return index + 1;
    let low = this.#head;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (seqDistance((chunks[middle] as Chunk).seq, seq) >= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
