/** Reading descriptors and files: by line, in whole, and copying from one to another. All memory is bounded. */
import { concatBytes, utf8Decode } from "../../base/bytes.ts";
import { E } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { COLLECT_BYTES_MAX, COPY_BYTES, LINE_BYTES_MAX, LOOP_TURN_NS } from "../limits.ts";
import { writeAll } from "./output.ts";

const NEWLINE = 10;

/** Lines of a descriptor. Reads ahead, so nothing else should read that descriptor. */
export class LineReader {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #chunk = new Uint8Array(65_536);
  #pending: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** -errno of the read that failed, else 0. */
  error = 0;
  /** Whether the line returned last ended in a newline. */
  terminated = true;

  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
  }

  /** The next line without its newline; null at the end of the input or on an error. */
  *next(): Call<string | null> {
    const bytes = yield* this.nextBytes();
    return bytes === null ? null : utf8Decode(bytes);
  }

  *nextBytes(): Call<Uint8Array | null> {
    let searched = 0;
    for (;;) {
      const at = this.#pending.indexOf(NEWLINE, searched);
      if (at >= 0) return this.#take(at, 1);
      if (this.#ended || this.#pending.length >= LINE_BYTES_MAX) {
        return this.#pending.length === 0 ? null : this.#take(this.#pending.length, 0);
      }
      searched = this.#pending.length;
      const count = yield* this.#sys.read(this.#fd, this.#chunk);
      if (count < 0) this.error = count;
      if (count <= 0) this.#ended = true;
      else this.#pending = concatBytes([this.#pending, this.#chunk.subarray(0, count)]);
    }
  }

  #take(length: number, separator: number): Uint8Array {
    const line = this.#pending.slice(0, length);
    this.#pending = this.#pending.subarray(length + separator);
    this.terminated = separator === 1;
    return line;
  }
}

/** All that a descriptor yields. @returns the bytes, -EFBIG beyond the limit, or another -errno. */
export function* readAll(sys: Sys, fd: number, bytesMax = COLLECT_BYTES_MAX): Call<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(COPY_BYTES);
  for (let total = 0; ;) {
    const count = yield* sys.read(fd, buffer);
    if (count < 0) return count;
    if (count === 0) return concatBytes(parts);
    total += count;
    if (total > bytesMax) return -E.EFBIG;
    parts.push(buffer.slice(0, count));
  }
}

/** A whole file. @returns its bytes or -errno. */
export function* readFile(sys: Sys, path: string, bytesMax = COLLECT_BYTES_MAX): Call<Uint8Array | number> {
  const fd = yield* sys.open(path, O.RDONLY);
  if (fd < 0) return fd;
  const content = yield* readAll(sys, fd, bytesMax);
  yield* sys.close(fd);
  return content;
}

/** Copies until the end of `from`. @returns 0, or -errno with the side that failed. */
export function* copyStream(sys: Sys, from: number, to: number): Call<{ error: number; side: "read" | "write" }> {
  const buffer = new Uint8Array(COPY_BYTES);
  for (;;) {
    const count = yield* sys.read(from, buffer);
    if (count <= 0) return { error: count, side: "read" };
    const error = yield* writeAll(sys, to, buffer.subarray(0, count));
    if (error < 0) return { error, side: "write" };
    // Neither end may ever block (/dev/zero to /dev/null): a little time has to pass each turn.
    if (count === buffer.length) yield* sys.compute(LOOP_TURN_NS);
  }
}
