/**
 * Descriptor rings of a network card. The card owns the descriptors from tail to head, the driver the rest. Positions
 * count up and wrap at the ring's size, as the registers RDH/RDT of a real card do, so that they can be shown.
 *
 * Memory is another matter: descriptors in use lie in a power-of-two array that grows up to the ring's size and starts
 * anew at slot 0 when the ring runs empty. A card with little to do stays within a cache line or two, and a thousand
 * of them in the cache. Numbers lie in plain arrays, which V8 keeps unboxed: a small typed array takes three times the
 * memory and a line more at each look.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import type { Frame } from "../../wire/frame.ts";
import type { MemoryAccount } from "../skb/memory-account.ts";

const SLOTS_MIN = 8;

/** Received frames that wait for the driver. */
export class RxRing extends Ring<Frame> {
  readonly size: number;
  /** Where the card writes next. */
  head = 0;
  /** The oldest frame that the driver has not taken. */
  tail = 0;

  constructor(size: number) {
    super();
    this.size = size;
  }

  get isFull(): boolean {
    return this.length === this.size;
  }

  override push(frame: Frame): void {
    assert(this.length < this.size, "the card writes into free descriptors only");
    super.push(frame);
    this.head = this.#after(this.head);
  }

  /** A frame has been written and taken at once. */
  pass(): void {
    this.head = this.#after(this.head);
    this.tail = this.#after(this.tail);
  }

  override shift(): Frame {
    const frame = super.shift();
    assert(frame !== undefined, "the driver takes what the card has filled");
    this.tail = this.#after(this.tail);
    return frame;
  }

  #after(position: number): number {
    return position + 1 === this.size ? 0 : position + 1;
  }
}

/** The port will say when the frame has left. */
const UNKNOWN = Infinity;

/** Frames handed to the card, until the driver has seen that they left. */
export class TxRing {
  readonly size: number;
  /** Where the driver writes next. */
  head = 0;
  /** The oldest descriptor that was not reclaimed. */
  tail = 0;
  length = 0;
  /** How many of them have a sender that waits for their memory. */
  accounts = 0;
  /** Slot of the oldest descriptor. */
  #first = 0;
  #mask = SLOTS_MIN - 1;
  /** Two numbers a slot: the instant at which the frame has left, UNKNOWN until the port says; its true size. */
  #slots = new Array<number>(2 * SLOTS_MIN).fill(UNKNOWN);
  #owners: (MemoryAccount | null)[] = new Array<MemoryAccount | null>(SLOTS_MIN).fill(null);

  constructor(size: number) {
    this.size = size;
  }

  get free(): number {
    return this.size - this.length;
  }

  /** Takes the descriptor for a frame whose instant of leaving is set next. */
  push(account: MemoryAccount | null, truesize: number): void {
    assert(this.length < this.size, "the driver uses free descriptors only");
    if (this.length > this.#mask) this.#grow();
    const slot = this.#slot(this.length);
    this.#slots[2 * slot] = UNKNOWN;
    if (account !== null) {
      this.#slots[2 * slot + 1] = truesize;
      this.#owners[slot] = account;
      this.accounts++;
    }
    this.head = this.head + 1 === this.size ? 0 : this.head + 1;
    this.length++;
  }

  /**
   * The newest frame leaves at that instant. Descriptors come back in order: one whose frame was lost at once waits for
   * those before it.
   */
  setNewestDone(at: number): void {
    const before = this.length > 1 ? this.doneAt(this.length - 2) : UNKNOWN;
    this.#slots[2 * this.#slot(this.length - 1)] = before !== UNKNOWN && before > at ? before : at;
  }

  /** The oldest frame whose leaving was not known has left. @returns false when there was none. */
  finishOldestUnknown(now: number): boolean {
    for (let index = 0; index < this.length; index++) {
      if (this.doneAt(index) !== UNKNOWN) continue;
      this.#slots[2 * this.#slot(index)] = now;
      return true;
    }
    return false;
  }

  /** When the descriptor `index` places behind the oldest has left; Infinity when that is not known yet. */
  doneAt(index: number): number {
    assert(index >= 0 && index < this.length, "index is inside the ring");
    return this.#slots[2 * this.#slot(index)] as number;
  }

  /** Frees all descriptors whose frames have left, and gives their memory back. @returns how many. */
  reclaim(now: number): number {
    let count = 0;
    while (this.length > 0 && (this.#slots[2 * this.#first] as number) <= now) {
      this.#shift();
      count++;
    }
    return count;
  }

  /** Descriptors whose frames have not left. */
  inFlight(now: number): number {
    let count = 0;
    for (let index = 0; index < this.length; index++) if (this.doneAt(index) > now) count++;
    return count;
  }

  /** Gives everything back, as when the card is reset. */
  clear(): void {
    while (this.length > 0) this.#shift();
  }

  #slot(index: number): number {
    return (this.#first + index) & this.#mask;
  }

  #shift(): void {
    const slot = this.#first;
    this.tail = this.tail + 1 === this.size ? 0 : this.tail + 1;
    this.#first = --this.length === 0 ? 0 : (slot + 1) & this.#mask;
    if (this.accounts === 0) return;
    const owner = this.#owners[slot] ?? null;
    if (owner === null) return;
    this.#owners[slot] = null;
    this.accounts--;
    // Last, because a sender may wake up and send.
    owner.uncharge(this.#slots[2 * slot + 1] as number);
  }

  #grow(): void {
    const slots = this.#mask + 1;
    const larger = new Array<number>(4 * slots).fill(UNKNOWN);
    const owners = new Array<MemoryAccount | null>(2 * slots).fill(null);
    for (let i = 0; i < slots; i++) {
      const slot = this.#slot(i);
      larger[2 * i] = this.#slots[2 * slot] as number;
      larger[2 * i + 1] = this.#slots[2 * slot + 1] as number;
      owners[i] = this.#owners[slot] ?? null;
    }
    this.#slots = larger;
    this.#owners = owners;
    this.#mask = 2 * slots - 1;
    this.#first = 0;
  }
}
