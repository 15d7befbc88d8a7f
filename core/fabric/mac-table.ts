/**
 * The forwarding database of a learning bridge (IEEE 802.1D, 7.9): which port an address was last heard on, per VLAN.
 * Open addressing over typed arrays, asked with the six bytes in place: no number is built, nothing is allocated.
 *
 * Ageing needs no timer: an entry that was not refreshed for `ageingNs` counts as absent, and is removed when room is
 * wanted. A full table keeps what it has and learns nothing new, as the hardware tables of switches do, so that a flood
 * of made-up addresses turns a switch into a hub.
 */
import { assert } from "../base/assert.ts";
import { u16, u32 } from "../base/bytes.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { MacAddress } from "../wire/address.ts";
import { SWITCH_TABLE_MAX } from "./limits.ts";

const EMPTY = -1;
/** No port: the address is unknown or its entry has aged. */
export const NO_PORT = -1;
/** Answers of `learn`. */
export const LEARNED = { refreshed: 0, added: 1, moved: 2, full: 3 } as const;
/** A full table looks for aged entries at most this many times per ageing time. */
const SWEEPS_PER_AGEING = 16;

export interface MacEntry {
  readonly mac: MacAddress;
  /** 0 on a switch without VLANs. */
  readonly vlan: number;
  readonly port: number;
  /** Since it was last heard, in ns. */
  readonly ageNs: Nanoseconds;
}

export interface MacTableOptions {
  readonly clock: { readonly now: number };
  readonly entriesMax: number;
  readonly ageingNs: Nanoseconds;
}

export class MacTable {
  readonly ageingNs: Nanoseconds;
  readonly entriesMax: number;
  readonly #clock: { readonly now: number };
  readonly #mask: number;
  /** VLAN in the upper, first two bytes of the address in the lower half. */
  readonly #highs: Int32Array;
  readonly #lows: Int32Array;
  readonly #ports: Int32Array;
  readonly #heardAt: Float64Array;
  #length = 0;
  #nextSweep = 0;

  constructor(options: MacTableOptions) {
    const { entriesMax } = options;
    assert(entriesMax >= 1 && entriesMax <= SWITCH_TABLE_MAX, "the size of a table is in range");
    this.#clock = options.clock;
    this.ageingNs = options.ageingNs;
    this.entriesMax = entriesMax;
    let slots = 8;
    while (slots < entriesMax * 2) slots *= 2; // at most half full, so that a search is short
    this.#mask = slots - 1;
    this.#highs = new Int32Array(slots);
    this.#lows = new Int32Array(slots);
    this.#ports = new Int32Array(slots).fill(EMPTY);
    this.#heardAt = new Float64Array(slots);
  }

  /** Entries, aged ones included. */
  get length(): number {
    return this.#length;
  }

  /** The port of the address at `bytes[at]`, or `NO_PORT`. */
  lookup(bytes: Uint8Array, at: number, vlan: number): number {
    const slot = this.#find((vlan << 16) | u16(bytes, at), u32(bytes, at + 2) | 0);
    if (this.#ports[slot] === EMPTY || this.#isAged(slot)) return NO_PORT;
    return this.#ports[slot] as number;
  }

  /** Notes that the address at `bytes[at]` was heard on `port`. @returns one of `LEARNED`. */
  learn(bytes: Uint8Array, at: number, vlan: number, port: number): number {
    const high = (vlan << 16) | u16(bytes, at);
    const low = u32(bytes, at + 2) | 0;
    let slot = this.#find(high, low);
    const known = this.#ports[slot] as number;
    let result: number = LEARNED.added;
    if (known !== EMPTY) {
      if (!this.#isAged(slot)) result = known === port ? LEARNED.refreshed : LEARNED.moved;
    } else {
      if (this.#length >= this.entriesMax) {
        if (this.#sweep() === 0) return LEARNED.full;
        slot = this.#find(high, low);
      }
      this.#highs[slot] = high;
      this.#lows[slot] = low;
      this.#length++;
    }
    this.#ports[slot] = port;
    this.#heardAt[slot] = this.#clock.now;
    return result;
  }

  /** Forgets what was heard on a port, as when its link goes down. @returns how many entries that were. */
  forgetPort(port: number): number {
    return this.#removeIf((slot) => this.#ports[slot] === port);
  }

  clear(): void {
    this.#ports.fill(EMPTY);
    this.#length = 0;
  }

  /** Living entries in the order of VLAN and address. */
  entries(): MacEntry[] {
    const found: MacEntry[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      const port = this.#ports[slot] as number;
      if (port === EMPTY || this.#isAged(slot)) continue;
      const high = this.#highs[slot] as number;
      const mac = ((high & 0xffff) * 2 ** 32 + ((this.#lows[slot] as number) >>> 0)) as MacAddress;
      found.push({ mac, vlan: high >>> 16, port, ageNs: this.#clock.now - (this.#heardAt[slot] as number) });
    }
    return found.sort((a, b) => a.vlan - b.vlan || a.mac - b.mac);
  }

  checkInvariants(): void {
    let used = 0;
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#ports[slot] === EMPTY) continue;
      used++;
      const found = this.#find(this.#highs[slot] as number, this.#lows[slot] as number);
      assert(found === slot, "every entry is where a search for it ends");
    }
    assert(used === this.#length && used <= this.entriesMax, "the table counts its entries");
  }

  #isAged(slot: number): boolean {
    return this.#clock.now - (this.#heardAt[slot] as number) >= this.ageingNs;
  }

  #home(high: number, low: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  /** The slot of that key, or the empty one where it belongs. */
  #find(high: number, low: number): number {
    let slot = this.#home(high, low);
    while (this.#ports[slot] !== EMPTY && (this.#lows[slot] !== low || this.#highs[slot] !== high)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** Removes aged entries unless that was done a moment ago. @returns how many. */
  #sweep(): number {
    const now = this.#clock.now;
    if (now < this.#nextSweep) return 0;
    this.#nextSweep = now + Math.ceil(this.ageingNs / SWEEPS_PER_AGEING);
    return this.#removeIf((slot) => this.#isAged(slot));
  }

  #removeIf(condemned: (slot: number) => boolean): number {
    let removed = 0;
    for (let slot = 0; slot <= this.#mask; slot++) {
      // Removing pulls a later entry into the same slot, which is looked at as well.
      while (this.#ports[slot] !== EMPTY && condemned(slot)) {
        this.#remove(slot);
        removed++;
      }
    }
    return removed;
  }

  /**
   * Closes the gap, so that searches that ran past it still end where they should (Knuth, vol. 3, 6.4, algorithm R).
   */
  #remove(start: number): void {
    let gap = start;
    let slot = start;
    for (;;) {
      slot = (slot + 1) & this.#mask;
      if (this.#ports[slot] === EMPTY) break;
      const home = this.#home(this.#highs[slot] as number, this.#lows[slot] as number);
      const reach = (slot - home) & this.#mask;
      if (reach < ((slot - gap) & this.#mask)) continue;
      this.#highs[gap] = this.#highs[slot] as number;
      this.#lows[gap] = this.#lows[slot] as number;
      this.#ports[gap] = this.#ports[slot] as number;
      this.#heardAt[gap] = this.#heardAt[slot] as number;
      gap = slot;
    }
    this.#ports[gap] = EMPTY;
    this.#length--;
  }
}
