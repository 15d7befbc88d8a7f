/**
 * A machine's disk with a small journalled file system, mounted at /disk: it outlives a crash, tmpfs does not. What was
 * written to a file survives for certain once fsync(2) has returned; changes of names go through a journal, in order,
 * which any fsync commits (as ext4 does). At a crash some of the journal's end is lost, and each write that was not
 * forced has a fate of its own (disk-content.ts), as the seed says.
 * Left out: write-back by time, sectors, and damage to what was forced.
 */
import { assert } from "../../base/assert.ts";
import type { Random } from "../../base/random.ts";
import { E } from "../syscall/errno.ts";
import { O } from "../syscall/sys.ts";
import { DiskContent, type CrashLosses } from "./disk-content.ts";
import { Directory, Inode, type InodeKind } from "./inode.ts";
import { DISK_BYTES_MAX, DISK_INODES_MAX, DISK_SYNC_NS } from "./limits.ts";
import { OpenFile, type FileKind } from "./open-file.ts";
import type { VfsClock } from "./tmpfs.ts";

/** Names set and (null) taken away, together or not at all. */
type Transaction = readonly { readonly directory: DiskDirectory; readonly name: string; readonly inode: Inode | null }[];

/** What a crash did to a file. */
export interface DiskLoss extends CrashLosses {
  readonly path: string;
}

export class Disk {
  readonly root: DiskDirectory;
  readonly syncNs: number;
  readonly #clock: VfsClock;
  /** Changes of names that are not on the platter, oldest first. */
  #journal: Transaction[] = [];
  bytes = 0;
  inodes = 0;
  #nextNumber = 1;

  constructor(clock: VfsClock, syncNs = DISK_SYNC_NS) {
    this.#clock = clock;
    this.syncNs = syncNs;
    this.root = new DiskDirectory(this);
  }

  get now(): number {
    return this.#clock.now;
  }

  nextInode(): number {
    this.inodes++;
    return this.#nextNumber++;
  }

  /** A change of names; a rename, which comes in two steps, is one. */
  note(transaction: Transaction): void {
    const before = this.#journal.at(-1)?.[0];
    const [change] = transaction;
    const isSecondHalf = before?.inode === null && change?.inode !== null && change?.inode === this.#detached;
    this.#detached = null;
    if (isSecondHalf) this.#journal.push([...(this.#journal.pop() ?? []), ...transaction]);
    else this.#journal.push(transaction);
  }

  /** The inode whose name was taken away last, while nothing else has happened. */
  #detached: Inode | null = null;

  noteDetached(inode: Inode, transaction: Transaction): void {
    this.note(transaction);
    this.#detached = inode;
  }

  commit(): void {
    for (const transaction of this.#journal) settle(transaction);
    this.#journal = [];
  }

  /** The power is cut: what is left is what the platter has. @returns what that did to files, by path. */
  crash(random: Random): DiskLoss[] {
    const kept = random.below(this.#journal.length + 1);
    for (const transaction of this.#journal.slice(0, kept)) settle(transaction);
    this.#journal = [];
    this.#detached = null;
    this.bytes = 0;
    this.inodes = 0;
    const losses: DiskLoss[] = [];
    this.root.crash("", random, losses);
    return losses;
  }
}

function settle(transaction: Transaction): void {
  for (const { directory, name, inode } of transaction) directory.settle(name, inode);
}

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

class DiskFile extends Inode {
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

class OpenDiskFile extends OpenFile {
  readonly kind: FileKind = "file";
  readonly #file: DiskFile;
  readonly #flags: number;
  #offset = 0;

  constructor(file: DiskFile, flags: number) {
    super();
    this.#file = file;
    this.#flags = flags;
  }

  override read(buffer: Uint8Array): number {
    if ((this.#flags & 3) === O.WRONLY) return -E.EBADF;
    const count = this.#file.readAt(this.#offset, buffer);
    this.#offset += count;
    return count;
  }

  override write(bytes: Uint8Array): number {
    if ((this.#flags & 3) === O.RDONLY) return -E.EBADF;
    if ((this.#flags & O.APPEND) !== 0) this.#offset = this.#file.size;
    const count = this.#file.writeAt(this.#offset, bytes);
    if (count > 0) this.#offset += count;
    return count;
  }

  override syncTime(): number {
    return this.#file.disk.syncNs;
  }

  override sync(): number {
    this.#file.force();
    return 0;
  }

  protected override release(): void {
    this.#file.closed();
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
