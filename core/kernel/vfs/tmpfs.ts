/**
 * A file system in memory, after Linux's tmpfs: bounded in bytes and inodes (ENOSPC). A file lives as long as it has a
 * name or is open. Left out: links, permissions and holes (there is no lseek).
 */
import { copyBytes } from "../../base/bytes.ts";
import { assert } from "../../base/assert.ts";
import { TMPFS_BYTES_MAX, TMPFS_INODES_MAX } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import { O, type Program } from "../syscall/sys.ts";
import { Directory, Inode, ProgramInode, type InodeKind } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { OpenRegularFile } from "./open-regular-file.ts";

/** Source of modification times: the engine. */
export interface VfsClock {
  readonly now: number;
}

const CAPACITY_MIN = 256;

/** What one mounted tmpfs holds. */
export class Tmpfs {
  readonly root: TmpfsDirectory;
  readonly #clock: VfsClock;
  bytes = 0;
  inodes = 0;
  /** Requests refused for want of room. */
  refused = 0;
  #nextNumber = 1;

  constructor(clock: VfsClock) {
    this.#clock = clock;
    this.root = new TmpfsDirectory(this);
    this.root.parent = this.root;
  }

  get now(): number {
    return this.#clock.now;
  }

  nextInode(): number {
    this.inodes++;
    return this.#nextNumber++;
  }

  get hasInodes(): boolean {
    if (this.inodes < TMPFS_INODES_MAX) return true;
    this.refused++;
    return false;
  }

  /** How many of `wanted` bytes there is room for; they are taken. */
  takeBytes(wanted: number): number {
    const granted = Math.min(wanted, TMPFS_BYTES_MAX - this.bytes);
    if (granted < wanted) this.refused++;
    this.bytes += granted;
    return granted;
  }
}

export class TmpfsDirectory extends Directory {
  readonly #fs: Tmpfs;
  readonly #entries = new Map<string, Inode>();

  constructor(fs: Tmpfs) {
    super(fs.nextInode());
    this.#fs = fs;
    this.modified = fs.now;
  }

  override lookup(name: string): Inode | undefined {
    return this.#entries.get(name);
  }

  override names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  override createFile(name: string): TmpfsFile | number {
    if (!this.#fs.hasInodes) return -E.ENOSPC;
    const file = new TmpfsFile(this.#fs);
    this.mount(name, file);
    return file;
  }

  override createDirectory(name: string): TmpfsDirectory | number {
    if (!this.#fs.hasInodes) return -E.ENOSPC;
    const directory = new TmpfsDirectory(this.#fs);
    this.mount(name, directory);
    return directory;
  }

  /** Puts any inode here under a free name: devices, programs, other file systems. */
  mount(name: string, inode: Inode): void {
    assert(!this.#entries.has(name), "a name is given once");
    this.#entries.set(name, inode);
    if (inode instanceof Directory) inode.parent = this;
    this.modified = this.#fs.now;
  }

  override detach(name: string): number {
    const inode = this.#entries.get(name);
    if (inode === undefined) return -E.ENOENT;
    this.#entries.delete(name);
    this.modified = this.#fs.now;
    return 0;
  }

  override attach(name: string, inode: Inode): number {
    const old = this.#entries.get(name);
    if (old !== undefined && old !== inode) old.unlinked();
    this.#entries.delete(name);
    this.mount(name, inode);
    return 0;
  }

  override sharesFileSystem(other: Directory): boolean {
    return other instanceof TmpfsDirectory && other.#fs === this.#fs;
  }

  override unlinked(): void {
    this.links = 0;
    this.#fs.inodes--;
  }
}

/**
 * /bin: the machine's programs lie below what is written there, as in an overlay, and are made into inodes when needed.
 */
export class BinDirectory extends TmpfsDirectory {
  readonly #fs: Tmpfs;
  readonly #programs: ReadonlyMap<string, Program>;
  /** Programs that were removed, or replaced by files. */
  readonly #gone = new Set<string>();

  constructor(fs: Tmpfs, programs: ReadonlyMap<string, Program>) {
    super(fs);
    this.#fs = fs;
    this.#programs = programs;
  }

  override lookup(name: string): Inode | undefined {
    const known = super.lookup(name);
    const program = this.#programs.get(name);
    if (known !== undefined || program === undefined || this.#gone.has(name)) return known;
    const inode = new ProgramInode(this.#fs.nextInode(), program);
    this.mount(name, inode);
    return inode;
  }

  override names(): string[] {
    const names = new Set(super.names());
    for (const name of this.#programs.keys()) if (!this.#gone.has(name)) names.add(name);
    return [...names].sort();
  }

  override detach(name: string): number {
    if (this.lookup(name) === undefined) return -E.ENOENT;
    this.#gone.add(name);
    return super.detach(name);
  }

  override attach(name: string, inode: Inode): number {
    this.#gone.add(name);
    return super.attach(name, inode);
  }
}

export class TmpfsFile extends Inode {
  readonly kind: InodeKind = "file";
  readonly #fs: Tmpfs;
  #bytes = new Uint8Array(0);
  #length = 0;
  #isBorrowed = false;
  #users = 0;

  constructor(fs: Tmpfs) {
    super(fs.nextInode());
    this.#fs = fs;
    this.modified = fs.now;
  }

  override get size(): number {
    return this.#length;
  }

  override open(flags: number): OpenFile {
    if ((flags & O.TRUNC) !== 0 && (flags & 3) !== O.RDONLY) this.truncate();
    this.#users++;
    return new OpenTmpfsFile(this, flags);
  }

  truncate(): void {
    this.#fs.bytes -= this.#length;
    this.#length = 0;
    this.#bytes = new Uint8Array(0);
    this.#isBorrowed = false;
    this.modified = this.#fs.now;
  }

  readAt(at: number, buffer: Uint8Array): number {
    const count = Math.max(0, Math.min(buffer.length, this.#length - at));
    copyBytes(this.#bytes, at, buffer, 0, count);
    return count;
  }

  /**
   * Makes `bytes` the content without copying them: a thousand machines share one /etc/hosts. Whoever writes to the
   * file first gets a copy of his own. The giver does not change them any more.
   */
  adopt(bytes: Uint8Array<ArrayBuffer>): number {
    this.truncate();
    if (this.#fs.takeBytes(bytes.length) < bytes.length) return -E.ENOSPC;
    this.#bytes = bytes;
    this.#length = bytes.length;
    this.#isBorrowed = true;
    return 0;
  }

  /** @returns bytes written, fewer when the file system fills up, or -ENOSPC. */
  writeAt(at: number, bytes: Uint8Array): number {
    // A description's offset may lie behind the end after another one truncated: the gap reads as zeros.
    const growth = Math.max(0, at + bytes.length - this.#length);
    const granted = this.#fs.takeBytes(growth);
    const count = bytes.length - (growth - granted);
    if (count <= 0 && bytes.length > 0) {
      this.#fs.bytes -= granted;
      return -E.ENOSPC;
    }
    this.#reserve(this.#length + granted);
    copyBytes(bytes, 0, this.#bytes, at, count);
    this.#length += granted;
    this.modified = this.#fs.now;
    return count;
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
    this.truncate();
    this.#fs.inodes--;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length && !this.#isBorrowed) return;
    this.#isBorrowed = false;
    const grown = new Uint8Array(Math.max(CAPACITY_MIN, length, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

class OpenTmpfsFile extends OpenRegularFile<TmpfsFile> {
  /** Memory is as safe as it gets. */
  override sync(): number {
    return 0;
  }
}
