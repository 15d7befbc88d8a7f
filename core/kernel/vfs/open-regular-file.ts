/** A regular file while it is open: the position, and what the flags of open(2) allow. */
import { E } from "../syscall/errno.ts";
import { O } from "../syscall/sys.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

/** What a file system says of one of its files. Both calls return bytes or -errno. */
export interface RegularFile {
  readonly size: number;
  readAt(offset: number, buffer: Uint8Array): number;
  writeAt(offset: number, bytes: Uint8Array): number;
  /** One that had it open has closed it. */
  closed(): void;
}

export abstract class OpenRegularFile<F extends RegularFile> extends OpenFile {
  readonly kind: FileKind = "file";
  protected readonly file: F;
  readonly #flags: number;
  #offset = 0;

  constructor(file: F, flags: number) {
    super();
    this.file = file;
    this.#flags = flags;
  }

  override read(buffer: Uint8Array): number {
    if ((this.#flags & 3) === O.WRONLY) return -E.EBADF;
    const count = this.file.readAt(this.#offset, buffer);
    this.#offset += count;
    return count;
  }

  override write(bytes: Uint8Array): number {
    if ((this.#flags & 3) === O.RDONLY) return -E.EBADF;
    if ((this.#flags & O.APPEND) !== 0) this.#offset = this.file.size;
    const count = this.file.writeAt(this.#offset, bytes);
    if (count > 0) this.#offset += count;
    return count;
  }

  protected override release(): void {
    this.file.closed();
  }
}
