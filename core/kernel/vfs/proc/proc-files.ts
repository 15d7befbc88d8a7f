/**
 * What /proc is made of: directories of files whose text is made when they are opened, as seq_file does for a file that
 * fits into one read. Some can be written (sysctls).
 */
import { utf8Decode, utf8Encode } from "../../../base/bytes.ts";
import { E } from "../../syscall/errno.ts";
import { O } from "../../syscall/sys.ts";
import { Directory, Inode, type InodeKind, type Opener } from "../inode.ts";
import { OpenFile, type FileKind } from "../open-file.ts";

/** A file's text now. */
export type Content = () => string;
/** Takes what was written. @returns 0 or -errno. */
export type Setter = (text: string) => number;

class OpenText extends OpenFile {
  readonly kind: FileKind = "file";
  readonly #bytes: Uint8Array;
  readonly #setter: Setter | null;
  #offset = 0;

  constructor(bytes: Uint8Array, setter: Setter | null) {
    super();
    this.#bytes = bytes;
    this.#setter = setter;
  }

  override read(buffer: Uint8Array): number {
    const part = this.#bytes.subarray(this.#offset, this.#offset + buffer.length);
    buffer.set(part);
    this.#offset += part.length;
    return part.length;
  }

  override write(bytes: Uint8Array): number {
    if (this.#setter === null) return -E.EBADF;
    const result = this.#setter(utf8Decode(bytes));
    return result < 0 ? result : bytes.length;
  }

  protected override release(): void {}
}

export class ProcFile extends Inode {
  readonly kind: InodeKind = "file";
  readonly #content: Content;
  readonly #setter: Setter | null;

  constructor(number: number, content: Content, setter: Setter | null = null) {
    super(number);
    this.#content = content;
    this.#setter = setter;
  }

  /** As in Linux: nobody knows before it is read. */
  override get size(): number {
    return 0;
  }

  override open(flags: number): OpenFile | number {
    const writes = (flags & 3) !== O.RDONLY;
    if (writes && this.#setter === null) return -E.EACCES;
    return new OpenText(utf8Encode(this.#content()), writes ? this.#setter : null);
  }
}

/** Further names that are not fixed: processes by pid. */
export interface DynamicEntries {
  lookup(name: string, opener: Opener | null): Inode | undefined;
  names(): string[];
}

export class ProcDirectory extends Directory {
  readonly #entries = new Map<string, Inode>();
  readonly #dynamic: DynamicEntries | null;
  #fill: ((directory: ProcDirectory) => void) | null;

  /** @param fill adds what is in it, when somebody looks for the first time: on most machines nobody ever does. */
  constructor(dynamic: DynamicEntries | null = null, fill: ((directory: ProcDirectory) => void) | null = null) {
    super(0);
    this.#dynamic = dynamic;
    this.#fill = fill;
  }

  override lookup(name: string, opener: Opener | null): Inode | undefined {
    this.#filled();
    const inode = this.#entries.get(name) ?? this.#dynamic?.lookup(name, opener);
    if (inode instanceof Directory) inode.parent ??= this;
    return inode;
  }

  override names(): string[] {
    this.#filled();
    return [...this.#entries.keys(), ...(this.#dynamic?.names() ?? [])].sort();
  }

  /** Adds a file under a path with slashes, with the directories on the way. */
  add(path: string, content: Content, setter: Setter | null = null): void {
    const slash = path.indexOf("/");
    if (slash < 0) {
      this.#entries.set(path, new ProcFile(this.#entries.size + 1, content, setter));
      return;
    }
    this.#subdirectory(path.slice(0, slash)).add(path.slice(slash + 1), content, setter);
  }

  addDirectory(name: string, directory: Directory): void {
    directory.parent = this;
    this.#entries.set(name, directory);
  }

  #filled(): void {
    const fill = this.#fill;
    this.#fill = null;
    fill?.(this);
  }

  #subdirectory(name: string): ProcDirectory {
    const known = this.#entries.get(name);
    if (known instanceof ProcDirectory) return known;
    const made = new ProcDirectory();
    this.addDirectory(name, made);
    return made;
  }
}
