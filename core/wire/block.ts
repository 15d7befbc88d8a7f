/**
 * Pooled packet memory. A block is what `skb->head` points at in Linux: the bytes that sk_buffs and frames look into.
 * Blocks of one size are cut from common chunks and kept on a free list: an array of its own for each would be three
 * more objects to make, to look at and to collect for each packet. A poisoned reference count catches use after free
 * and double free in every build.
 */
import { assert } from "../base/assert.ts";

/** Capacities in bytes: a small packet with headroom, a full Ethernet frame with headroom, a 64 KiB datagram. */
const CLASS_BYTES = [256, 2048, 9216 + 512, 65_536 + 512] as const;
/** Blocks a chunk: 64 KiB of small packets, 256 KiB of the others. */
const CHUNK_BLOCKS = [256, 128, 27, 4] as const;
/** References of a block that lies in the free list. */
const FREE = -1;

/**
 * Shared, reference-counted bytes: `bytes[start]` to `bytes[end - 1]` of a chunk that belongs to others as well.
 * Contents of a fresh block are undefined: whoever sends must have written.
 */
export class Block {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  references = FREE;
  readonly sizeClass: number;
  #view: Uint8Array | null = null;

  constructor(bytes: Uint8Array, start: number, end: number, sizeClass: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.sizeClass = sizeClass;
  }

  /** In bytes. */
  get capacity(): number {
    return this.end - this.start;
  }

  /** The `length` bytes at `bytes[at]`. The same object while they are: a frame is captured on every hop. */
  view(at: number, length: number): Uint8Array {
    const view = this.#view;
    if (view !== null && view.length === length && view.byteOffset === at) return view;
    return (this.#view = this.bytes.subarray(at, at + length));
  }
}

export class BlockPool {
  readonly #free: Block[][] = CLASS_BYTES.map(() => []);
  /** Blocks handed out and not yet returned; zero when a quiet network has been taken apart. */
  outstanding = 0;

  /** A block of at least `capacity` bytes with one reference. @throws AssertionError above 66,048 bytes. */
  acquire(capacity: number): Block {
    const sizeClass = capacity <= 256 ? 0 : capacity <= 2048 ? 1 : capacity <= 9728 ? 2 : 3;
    assert(capacity <= (CLASS_BYTES[sizeClass] as number), "a packet fits into the largest block");
    const block = (this.#free[sizeClass] as Block[]).pop() ?? this.#grow(sizeClass);
    assert(block.references === FREE, "a block from the free list has no owner");
    block.references = 1;
    this.outstanding++;
    return block;
  }

  share(block: Block): Block {
    assert(block.references > 0, "only a living block is shared");
    block.references++;
    return block;
  }

  /** Gives up one reference; the last one returns the block to the pool. */
  release(block: Block): void {
    assert(block.references > 0, "a block is released once per reference");
    if (--block.references > 0) return;
    block.references = FREE;
    this.outstanding--;
    (this.#free[block.sizeClass] as Block[]).push(block);
  }

  /** Another chunk. @returns its first block; the others are free. */
  #grow(sizeClass: number): Block {
    const size = CLASS_BYTES[sizeClass] as number;
    const count = CHUNK_BLOCKS[sizeClass] as number;
    const chunk = new Uint8Array(size * count);
    for (let i = count - 1; i > 0; i--) {
      (this.#free[sizeClass] as Block[]).push(new Block(chunk, i * size, (i + 1) * size, sizeClass));
    }
    return new Block(chunk, 0, size, sizeClass);
  }
}
