/**
 * What one file on the disk holds: as programs see it, and as the platter has it. Writes go to the page cache and wait
 * there; forcing the file brings them to the platter. A crash decides the fate of each that was not forced: it arrived
 * whole, in part, or not at all. Parts are cut at any byte, not at sectors, so that short records are torn as well.
 */
import type { Random } from "../../base/random.ts";
import { DIRTY_WRITES_MAX } from "./limits.ts";

/** Bytes put at an offset; null for everything cut off (truncation). */
interface Dirty {
  readonly at: number;
  readonly bytes: Uint8Array | null;
}

/** What a crash did to writes that were not forced. */
export interface CrashLosses {
  lost: number;
  torn: number;
}

const CAPACITY_MIN = 256;

/** Bytes that grow at the end. */
class Growing {
  bytes = new Uint8Array(0);
  length = 0;

  put(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(CAPACITY_MIN, end, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(data, at);
    this.length = Math.max(this.length, end);
  }

  truncate(): void {
    this.bytes = new Uint8Array(0);
    this.length = 0;
  }

  copy(): Growing {
    const copy = new Growing();
    copy.bytes = this.bytes.slice(0, this.length);
    copy.length = this.length;
    return copy;
  }
}

export class DiskContent {
  /** As programs see it. */
  #live = new Growing();
  readonly #platter = new Growing();
  /** In the page cache only, oldest first. */
  #dirty: Dirty[] = [];

  get size(): number {
    return this.#live.length;
  }

  read(at: number, buffer: Uint8Array): number {
    const count = Math.max(0, Math.min(buffer.length, this.#live.length - at));
    buffer.set(this.#live.bytes.subarray(at, at + count));
    return count;
  }

  write(at: number, bytes: Uint8Array): void {
    this.#live.put(at, bytes);
    this.#note({ at, bytes: bytes.slice() });
  }

  truncate(): void {
    if (this.#live.length === 0) return;
    this.#live.truncate();
    this.#note({ at: 0, bytes: null });
  }

  #note(dirty: Dirty): void {
    this.#dirty.push(dirty);
    if (this.#dirty.length <= DIRTY_WRITES_MAX) return;
    const [oldest] = this.#dirty.splice(0, 1);
    if (oldest !== undefined) this.#settle(oldest);
  }

  #settle({ at, bytes }: Dirty): void {
    if (bytes === null) this.#platter.truncate();
    else this.#platter.put(at, bytes);
  }

  /** Everything written so far is on the platter. */
  force(): void {
    for (const dirty of this.#dirty) this.#settle(dirty);
    this.#dirty = [];
  }

  /** The power is cut. What is left is what the platter has. */
  crash(random: Random, losses: CrashLosses): void {
    for (const dirty of this.#dirty) {
      const { at, bytes } = dirty;
      if (bytes === null) {
        // New data is written to new blocks, which the file has only once it was cut off.
        if (random.chance(1 / 2)) this.#settle(dirty);
        else break;
        continue;
      }
      const fate = random.below(3);
      const kept = fate === 0 ? bytes.length : fate === 1 ? 0 : random.below(bytes.length + 1);
      if (kept === 0) losses.lost++;
      else if (kept < bytes.length) losses.torn++;
      if (kept > 0) this.#platter.put(at, bytes.subarray(0, kept));
    }
    this.#dirty = [];
    this.#live = this.#platter.copy();
  }
}
