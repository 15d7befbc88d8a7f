/**
 * What a guest asks of its host at this moment. What it holds is the guest's: numbers are taken as they come, and the
 * bytes lie in its memory until they are asked for.
 */
import { utf8Decode } from "../base/bytes.ts";
import type { GuestRequest } from "../runtime/sandbox-port.ts";
import type { Pointer } from "./engine-exports.ts";

/** Of the instance, as it is now. */
interface CallMemory {
  bytes(): Uint8Array<ArrayBuffer>;
  doubles(): Float64Array;
}

const EMPTY_BYTES = new Uint8Array(0);

/** One object serves for all calls of an instance. */
export class GuestCall implements GuestRequest {
  readonly #memory: CallMemory;
  operation = 0;
  id = 0;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  /** Where the bytes lie, and how many there are. */
  #at = 0;
  #length = 0;

  constructor(memory: CallMemory) {
    this.#memory = memory;
  }

  /** Reads the engine's record of a call (`Call` in engine/calls.c). */
  read(call: Pointer): this {
    const doubles = this.#memory.doubles();
    const at = call / 8;
    this.operation = doubles[at] || 0;
    this.id = doubles[at + 1] || 0;
    // NaN means nothing to anybody here.
    this.a = doubles[at + 2] || 0;
    this.b = doubles[at + 3] || 0;
    this.c = doubles[at + 4] || 0;
    this.d = doubles[at + 5] || 0;
    this.#at = doubles[at + 6] || 0;
    this.#length = doubles[at + 7] || 0;
    return this;
  }

  /** Puts the answer where the engine takes it from, for a call that wants it at once. */
  reply(call: Pointer, answer: number): void {
    this.#memory.doubles()[call / 8 + 2] = answer;
  }

  bytes(): Uint8Array {
    if (this.#length === 0) return EMPTY_BYTES;
    return this.#memory.bytes().slice(this.#at, this.#at + this.#length);
  }

  text(): string {
    return utf8Decode(this.#memory.bytes().subarray(this.#at, this.#at + this.#length));
  }
}
