/**
 * /dev: null, zero, full, random, urandom, tty, and the terminals of the machine under their names (null(4),
 * random(4)).
 */
import { put8 } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import { E } from "../syscall/errno.ts";
import { Inode, type InodeKind, type Opener } from "./inode.ts";
import { OpenFile, type FileKind } from "./open-file.ts";
import type { Tmpfs, TmpfsDirectory } from "./tmpfs.ts";
import type { Tty } from "./tty.ts";

class NullFile extends OpenFile {
  readonly kind: FileKind = "device";

  override read(_buffer: Uint8Array): number {
    return 0;
  }

  override write(bytes: Uint8Array): number {
    return bytes.length;
  }

  protected override release(): void {}
}

class ZeroFile extends NullFile {
  override read(buffer: Uint8Array): number {
    buffer.fill(0);
    return buffer.length;
  }
}

class FullFile extends ZeroFile {
  override write(_bytes: Uint8Array): number {
    return -E.ENOSPC;
  }
}

class RandomFile extends NullFile {
  readonly #random: Random;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override read(buffer: Uint8Array): number {
    for (let i = 0; i < buffer.length; i++) put8(buffer, i, this.#random.next32() >>> 24);
    return buffer.length;
  }
}

/** A device file: opening it makes a description of its own. */
class DeviceInode extends Inode {
  readonly kind: InodeKind;
  readonly #open: (opener: Opener) => OpenFile | number;

  constructor(number: number, kind: InodeKind, open: (opener: Opener) => OpenFile | number) {
    super(number);
    this.kind = kind;
    this.#open = open;
  }

  override get size(): number {
    return 0;
  }

  override open(_flags: number, opener: Opener): OpenFile | number {
    return this.#open(opener);
  }
}

export class DeviceDirectory {
  readonly #fs: Tmpfs;
  readonly #directory: TmpfsDirectory;
  readonly #terminals: TmpfsDirectory;

  /** Fills the (empty) directory that stands at /dev. */
  constructor(fs: Tmpfs, directory: TmpfsDirectory, terminals: TmpfsDirectory, random: Random) {
    this.#fs = fs;
    this.#directory = directory;
    this.#terminals = terminals;
    this.#add("null", () => new NullFile());
    this.#add("zero", () => new ZeroFile());
    this.#add("full", () => new FullFile());
    this.#add("random", () => new RandomFile(random));
    this.#add("urandom", () => new RandomFile(random));
    this.#add("tty", (opener) => opener.openControllingTerminal());
  }

  #add(name: string, open: (opener: Opener) => OpenFile | number): void {
    this.#directory.mount(name, new DeviceInode(this.#fs.nextInode(), name === "tty" ? "tty" : "device", open));
  }

  /** Makes a terminal named `pts/N` visible as /dev/pts/N. */
  addTerminal(tty: Tty): void {
    const name = tty.name.slice(tty.name.lastIndexOf("/") + 1);
    this.#terminals.mount(name, new DeviceInode(this.#fs.nextInode(), "tty", () => tty.open()));
  }

  removeTerminal(tty: Tty): void {
    const name = tty.name.slice(tty.name.lastIndexOf("/") + 1);
    const inode = this.#terminals.lookup(name);
    if (inode === undefined) return;
    this.#terminals.detach(name);
    this.#fs.inodes--;
  }
}
