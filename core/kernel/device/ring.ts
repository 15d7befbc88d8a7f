/**
 * Descriptor rings of a network card. The card owns the descriptors from tail to head, the driver the rest. Positions
 * count up and wrap at the ring's size, as the registers RDH/RDT of a real card do, so that they can be shown.
 */
import { assert } from "../../base/assert.ts";
import type { Frame } from "../../wire/frame.ts";
import type { MemoryAccount } from "../skb/memory-account.ts";

/** Received frames that wait for the driver. */
export class RxRing {
  readonly size: number;
  readonly #frames: (Frame | null)[];
  /** Where the card writes next. */
  head = 0;
  /** The oldest frame that the driver has not taken. */
  tail = 0;
  length = 0;

  constructor(size: number) {
    this.size = size;
    this.#frames = new Array<Frame | null>(size).fill(null);
  }

  get isFull(): boolean {
    return this.length === this.size;
  }

  push(frame: Frame): void {
    assert(this.length < this.size, "the card writes into free descriptors only");
    this.#frames[this.head] = frame;
    this.head = this.head + 1 === this.size ? 0 : this.head + 1;
    this.length++;
  }

  shift(): Frame {
    const frame = this.#frames[this.tail];
    assert(frame !== null && frame !== undefined, "the driver takes what the card has filled");
    this.#frames[this.tail] = null;
    this.tail = this.tail + 1 === this.size ? 0 : this.tail + 1;
    this.length--;
    return frame;
  }
}

/** The port will say when the frame has left. */
const UNKNOWN = Infinity;

/** Frames handed to the card, until the driver has seen that they left. */
export class TxRing {
  readonly size: number;
  /** Instant at which each frame has left; UNKNOWN until the port says. */
  readonly #doneAt: Float64Array;
  readonly #accounts: (MemoryAccount | null)[];
  readonly #truesizes: Int32Array;
  /** Where the driver writes next. */
  head = 0;
  /** The oldest descriptor that was not reclaimed. */
  tail = 0;
  length = 0;
  /** How many of them have a sender that waits for their memory. */
  accounts = 0;

  constructor(size: number) {
    this.size = size;
    this.#doneAt = new Float64Array(size);
    this.#accounts = new Array<MemoryAccount | null>(size).fill(null);
    this.#truesizes = new Int32Array(size);
  }

  get free(): number {
    return this.size - this.length;
  }

  /** Takes the descriptor for a frame whose instant of leaving is set next. */
  push(account: MemoryAccount | null, truesize: number): void {
    assert(this.length < this.size, "the driver uses free descriptors only");
    this.#doneAt[this.head] = UNKNOWN;
    this.#accounts[this.head] = account;
    this.#truesizes[this.head] = truesize;
    if (account !== null) this.accounts++;
    this.head = this.head + 1 === this.size ? 0 : this.head + 1;
    this.length++;
  }

  /**
   * The newest frame leaves at that instant. Descriptors come back in order: one whose frame was lost at once waits for
   * those before it.
   */
  setNewestDone(at: number): void {
    const newest = this.head === 0 ? this.size - 1 : this.head - 1;
    const before = this.length > 1 ? (this.#doneAt[newest === 0 ? this.size - 1 : newest - 1] as number) : UNKNOWN;
    this.#doneAt[newest] = before !== UNKNOWN && before > at ? before : at;
  }

  /** The oldest frame whose leaving was not known has left. @returns false when there was none. */
  finishOldestUnknown(now: number): boolean {
    for (let index = 0; index < this.length; index++) {
      if (this.doneAt(index) !== UNKNOWN) continue;
      this.#doneAt[(this.tail + index) % this.size] = now;
      return true;
    }
    return false;
  }

  /** When the descriptor `index` places behind the oldest has left; Infinity when that is not known yet. */
  doneAt(index: number): number {
    assert(index >= 0 && index < this.length, "index is inside the ring");
    return this.#doneAt[(this.tail + index) % this.size] as number;
  }

  /** Frees all descriptors whose frames have left, and gives their memory back. @returns how many. */
  reclaim(now: number): number {
    let count = 0;
    while (this.length > 0 && (this.#doneAt[this.tail] as number) <= now) {
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

  #shift(): void {
    const at = this.tail;
    const account = this.#accounts[at] ?? null;
    this.tail = at + 1 === this.size ? 0 : at + 1;
    this.length--;
    if (account === null) return;
    this.#accounts[at] = null;
    this.accounts--;
    // Last, because a sender may wake up and send.
    account.uncharge(this.#truesizes[at] as number);
  }
}
