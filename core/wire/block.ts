/**
 * Pooled packet memory. A block is what `skb->head` points at in Linux: the bytes that sk_buffs and frames look into.
 * Allocating a fresh 1,514-byte array costs about 1 us, so blocks are taken from and returned to per-size free lists.
 * A poisoned reference count catches use after free and double free in every build.
 */
import { assert } from "../base/assert.ts";

/** Capacities in bytes: a small packet with headroom, a full Ethernet frame with headroom, a 64 KiB datagram. */
const CLASS_BYTES = [256, 2048, 9216 + 512, 65_536 + 512] as const;
/** References of a block that lies in the free list. */
const FREE = -1;

/** Shared, reference-counted bytes. Contents of a fresh block are undefined: whoever sends must have written. */
export class Block {
  readonly bytes: Uint8Array;
  readonly sizeClass: number;
  references = FREE;
  #view: Uint8Array;

  constructor(capacity: number, sizeClass: number) {
    this.bytes = new Uint8Array(capacity);
    this.sizeClass = sizeClass;
    this.#view = this.bytes;
  }

  /** The bytes `[start, start + length)`. The same object while the range is: a frame is captured on every hop. */
  view(start: number, length: number): Uint8Array {
    const view = this.#view;
    if (view.length === length && view.byteOffset === start) return view;
    return (this.#view = this.bytes.subarray(start, start + length));
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
    const block = (this.#free[sizeClass] as Block[]).pop() ?? new Block(CLASS_BYTES[sizeClass] as number, sizeClass);
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
}
