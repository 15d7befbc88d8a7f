/** A file on the disk, and an open one. */
import type { Random } from "../../base/random.ts";
import { E } from "../syscall/errno.ts";
import { O } from "../syscall/sys.ts";
import { DiskContent } from "./disk-content.ts";
import type { Disk, DiskLoss } from "./disk.ts";
import { Inode, type InodeKind } from "./inode.ts";
import { DISK_BYTES_MAX } from "./limits.ts";
import type { OpenFile } from "./open-file.ts";
import { OpenRegularFile } from "./open-regular-file.ts";

export class DiskFile extends Inode {
  readonly kind: InodeKind = "file";
  readonly disk: Disk;
  readonly #content = new DiskContent();
  #users = 0;

  constructor(disk: Disk) {
    super(disk.nextInode());
    this.disk = disk;
    this.modified = disk.now;
  }

  override get size(): number {
    return this.#content.size;
  }

  override open(flags: number): OpenFile {
    if ((flags & O.TRUNC) !== 0 && (flags & 3) !== O.RDONLY) this.#truncate();
    this.#users++;
    return new OpenDiskFile(this, flags);
  }

  #truncate(): void {
    this.disk.bytes -= this.size;
    this.#content.truncate();
    this.modified = this.disk.now;
  }

  readAt(at: number, buffer: Uint8Array): number {
    return this.#content.read(at, buffer);
  }

  /** @returns bytes written, fewer when the disk fills up, or -ENOSPC. */
  writeAt(at: number, bytes: Uint8Array): number {
    const growth = Math.max(0, at + bytes.length - this.size);
    const granted = Math.min(growth, DISK_BYTES_MAX - this.disk.bytes);
    const count = bytes.length - (growth - granted);
    if (count <= 0 && bytes.length > 0) return -E.ENOSPC;
    this.disk.bytes += granted;
    this.#content.write(at, bytes.subarray(0, count));
    this.modified = this.disk.now;
    return count;
  }

  force(): void {
    this.#content.force();
    this.disk.commit();
  }

  override unlinked(): void {
    this.links = 0;
    this.#freeWhenUnused();
  }

  closed(): void {
    this.#users--;
    this.#freeWhenUnused();
  }

  #freeWhenUnused(): void {
    if (this.links > 0 || this.#users > 0) return;
    this.disk.bytes -= this.size;
    this.disk.inodes--;
  }

  crash(path: string, random: Random, losses: DiskLoss[]): void {
    const loss = { path, lost: 0, torn: 0 };
    this.#content.crash(random, loss);
    if (loss.lost + loss.torn > 0) losses.push(loss);
    this.#users = 0;
    this.links = 1;
    this.disk.bytes += this.size;
    this.disk.inodes++;
  }
}

class OpenDiskFile extends OpenRegularFile<DiskFile> {
  override syncTime(): number {
    return this.file.disk.syncNs;
  }

  override sync(): number {
    this.file.force();
    return 0;
  }
}
