/** A directory on the disk: the names that programs see, and those that the platter has. */
import { assert } from "../../base/assert.ts";
import type { Random } from "../../base/random.ts";
import { E } from "../syscall/errno.ts";
import { O } from "../syscall/sys.ts";
import { DiskFile } from "./disk-file.ts";
import type { Disk, DiskLoss } from "./disk.ts";
import { Directory, type Inode } from "./inode.ts";
import { DISK_INODES_MAX } from "./limits.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

export class DiskDirectory extends Directory {
  readonly #disk: Disk;
  #entries = new Map<string, Inode>();
  readonly #platter = new Map<string, Inode>();

  constructor(disk: Disk) {
    super(disk.nextInode());
    this.#disk = disk;
    this.modified = disk.now;
  }

  override lookup(name: string): Inode | undefined {
    return this.#entries.get(name);
  }

  override names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  override open(flags: number): OpenFile | number {
    return (flags & 3) === O.RDONLY ? new OpenDiskDirectory(this.#disk) : -E.EISDIR;
  }

  override createFile(name: string): Inode | number {
    return this.#add(name, () => new DiskFile(this.#disk));
  }

  override createDirectory(name: string): Directory | number {
    return this.#add(name, () => new DiskDirectory(this.#disk));
  }

  #add<T extends Inode>(name: string, create: () => T): T | number {
    if (this.#disk.inodes >= DISK_INODES_MAX) return -E.ENOSPC;
    const inode = create();
    this.#set(name, inode);
    this.#disk.note([{ directory: this, name, inode }]);
    return inode;
  }

  #set(name: string, inode: Inode): void {
    this.#entries.set(name, inode);
    if (inode instanceof Directory) inode.parent = this;
    this.modified = this.#disk.now;
  }

  override detach(name: string): number {
    const inode = this.#entries.get(name);
    if (inode === undefined) return -E.ENOENT;
    this.#entries.delete(name);
    this.modified = this.#disk.now;
    this.#disk.noteDetached(inode, [{ directory: this, name, inode: null }]);
    return 0;
  }

  override attach(name: string, inode: Inode): number {
    const old = this.#entries.get(name);
    if (old !== undefined && old !== inode) old.unlinked();
    this.#set(name, inode);
    this.#disk.note([{ directory: this, name, inode }]);
    return 0;
  }

  override sharesFileSystem(other: Directory): boolean {
    return other instanceof DiskDirectory && other.#disk === this.#disk;
  }

  override unlinked(): void {
    this.links = 0;
    this.#disk.inodes--;
  }

  /** For the disk alone: what the journal says has reached the platter. */
  settle(name: string, inode: Inode | null): void {
    if (inode === null) this.#platter.delete(name);
    else this.#platter.set(name, inode);
  }

  crash(path: string, random: Random, losses: DiskLoss[]): void {
    this.#disk.inodes++;
    this.links = 1;
    this.#entries = new Map(this.#platter);
    for (const [name, inode] of this.#entries) {
      if (inode instanceof DiskDirectory) {
        inode.parent = this;
        inode.crash(`${path}/${name}`, random, losses);
      } else {
        assert(inode instanceof DiskFile, "a disk holds files and directories");
        inode.crash(`${path}/${name}`, random, losses);
      }
    }
  }
}

/** For fsync of a directory, which commits the journal. */
class OpenDiskDirectory extends OpenFile {
  readonly kind: FileKind = "directory";
  readonly #disk: Disk;

  constructor(disk: Disk) {
    super();
    this.#disk = disk;
  }

  override read(): number {
    return -E.EISDIR;
  }

  override write(): number {
    return -E.EBADF;
  }

  override syncTime(): number {
    return this.#disk.syncNs;
  }

  override sync(): number {
    this.#disk.commit();
    return 0;
  }

  protected override release(): void {}
}
