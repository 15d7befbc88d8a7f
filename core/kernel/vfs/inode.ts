/** What a path can lead to. Each kind of inode opens itself; a directory finds, adds and removes names. */
import { E } from "../syscall/errno.ts";
import type { Program, Stat } from "../syscall/sys.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

export type InodeKind = Exclude<FileKind, "pipe" | "socket" | "epoll">;

/** Who opens a file, as far as a file cares: /dev/tty is the opener's own terminal, /proc/self its own process. */
export interface Opener {
  readonly pid: number;
  openControllingTerminal(): OpenFile | number;
}

export abstract class Inode {
  abstract readonly kind: InodeKind;
  readonly number: number;
  /** Names that lead here. */
  links = 1;
  /** Virtual ns. */
  modified = 0;

  constructor(number: number) {
    this.number = number;
  }

  abstract get size(): number;
  /** A new description with O.* `flags`, or -errno. */
  abstract open(flags: number, opener: Opener): OpenFile | number;

  /** Its last name was removed. */
  unlinked(): void {}

  stat(): Stat {
    return { kind: this.kind, size: this.size, modified: this.modified, inode: this.number, links: this.links };
  }
}

export abstract class Directory extends Inode {
  readonly kind: InodeKind = "directory";
  /** The root is its own parent. */
  parent: Directory | null = null;

  abstract lookup(name: string, opener: Opener | null): Inode | undefined;
  /** Sorted. */
  abstract names(): string[];

  override get size(): number {
    return 0;
  }

  override open(flags: number): OpenFile | number {
    // O_WRONLY and O_RDWR are refused for directories.
    return (flags & 3) === 0 ? new OpenDirectory() : -E.EISDIR;
  }

  // What only a writable file system can do; /proc and /dev say no.

  createFile(_name: string): Inode | number {
    return -E.EACCES;
  }

  createDirectory(_name: string): Directory | number {
    return -E.EACCES;
  }

  /** Takes the name away. @returns 0 or -errno. */
  detach(_name: string): number {
    return -E.EACCES;
  }

  /** Gives an inode of the same file system a name here, replacing what has it. */
  attach(_name: string, _inode: Inode): number {
    return -E.EXDEV;
  }

  /** Whether inodes of the other directory may move here. */
  sharesFileSystem(_other: Directory): boolean {
    return false;
  }
}

/** `open` of a directory gives something to hold on to; its entries are read by path (`readdir`). */
class OpenDirectory extends OpenFile {
  readonly kind: FileKind = "directory";

  override read(): number {
    return -E.EISDIR;
  }

  override write(): number {
    return -E.EBADF;
  }

  protected override release(): void {}
}

/** An executable: a program of the registry, mounted in /bin. */
export class ProgramInode extends Inode {
  readonly kind: InodeKind = "file";
  readonly program: Program;

  constructor(number: number, program: Program) {
    super(number);
    this.program = program;
  }

  override get size(): number {
    return 0;
  }

  /** There are no bytes of it to be had. */
  override open(): number {
    return -E.EACCES;
  }
}
