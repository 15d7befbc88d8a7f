/**
 * Pipes, as pipe(7) describes them: 64 KiB, writes of up to PIPE_BUF bytes are not torn, end of file when the last
 * writer is gone, EPIPE when the last reader is.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes } from "../../base/bytes.ts";
import { PIPE_BYTES } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import { POLL, SIOCINQ } from "../syscall/sys.ts";
import { PIPE_BUF } from "./limits.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

/** Bytes between the two ends, in a ring that is made when the first of them come. */
class PipeBuffer {
  #bytes = new Uint8Array(0);
  #head = 0;
  length = 0;

  get room(): number {
    return PIPE_BYTES - this.length;
  }

  put(bytes: Uint8Array, count: number): void {
    assert(count <= this.room, "what is put fits");
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(PIPE_BYTES);
    const at = (this.#head + this.length) % PIPE_BYTES;
    const first = Math.min(count, PIPE_BYTES - at);
    copyBytes(bytes, 0, this.#bytes, at, first);
    copyBytes(bytes, first, this.#bytes, 0, count - first);
    this.length += count;
  }

  take(buffer: Uint8Array): number {
    const count = Math.min(buffer.length, this.length);
    const first = Math.min(count, PIPE_BYTES - this.#head);
    copyBytes(this.#bytes, this.#head, buffer, 0, first);
    copyBytes(this.#bytes, 0, buffer, first, count - first);
    this.#head = (this.#head + count) % PIPE_BYTES;
    this.length -= count;
    return count;
  }
}

export class PipeReader extends OpenFile {
  readonly kind: FileKind = "pipe";
  readonly #buffer: PipeBuffer;
  /** Null once that end is closed. */
  writer: PipeWriter | null = null;

  constructor(buffer: PipeBuffer) {
    super();
    this.#buffer = buffer;
  }

  override read(buffer: Uint8Array): number {
    if (buffer.length === 0) return 0;
    if (this.#buffer.length === 0) return this.writer === null ? 0 : -E.EAGAIN;
    const count = this.#buffer.take(buffer);
    this.writer?.waiters.wake();
    return count;
  }

  override write(): number {
    return -E.EBADF;
  }

  /** FIONREAD. */
  override ioctl(request: number): number {
    return request === SIOCINQ ? this.#buffer.length : super.ioctl(request);
  }

  override pollMask(): number {
    return (this.#buffer.length > 0 ? POLL.IN : 0) | (this.writer === null ? POLL.HUP : 0);
  }

  protected override release(): void {
    const writer = this.writer;
    if (writer === null) return;
    writer.reader = null;
    writer.waiters.wake();
  }
}

export class PipeWriter extends OpenFile {
  readonly kind: FileKind = "pipe";
  readonly #buffer: PipeBuffer;
  reader: PipeReader | null;

  constructor(buffer: PipeBuffer, reader: PipeReader) {
    super();
    this.#buffer = buffer;
    this.reader = reader;
  }

  override read(): number {
    return -E.EBADF;
  }

  override write(bytes: Uint8Array): number {
    if (this.reader === null) return -E.EPIPE;
    const room = this.#buffer.room;
    if (bytes.length === 0) return 0;
    if (room === 0 || (bytes.length <= PIPE_BUF && bytes.length > room)) return -E.EAGAIN;
    const count = Math.min(room, bytes.length);
    this.#buffer.put(bytes, count);
    this.reader.waiters.wake();
    return count;
  }

  override pollMask(): number {
    if (this.reader === null) return POLL.OUT | POLL.ERR;
    return this.#buffer.room >= PIPE_BUF ? POLL.OUT : 0;
  }

  protected override release(): void {
    const reader = this.reader;
    if (reader === null) return;
    reader.writer = null;
    reader.waiters.wake();
  }
}

/** Both ends of a new pipe. */
export function makePipe(): { readonly reader: PipeReader; readonly writer: PipeWriter } {
  const buffer = new PipeBuffer();
  const reader = new PipeReader(buffer);
  const writer = new PipeWriter(buffer, reader);
  reader.writer = writer;
  return { reader, writer };
}
