/**
 * Paths (path_resolution(7)) and what can be done with them. Names are bytes in Linux; here they are strings, limited
 * by the bytes of their UTF-8. Left out: symbolic links and permissions.
 */
import { utf8Encode } from "../../base/bytes.ts";
import { E } from "../syscall/errno.ts";
import { O } from "../syscall/sys.ts";
import { Directory, type Inode, type Opener } from "./inode.ts";
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from "./limits.ts";
import type { OpenFile } from "./open-file.ts";
import { Tmpfs, type VfsClock } from "./tmpfs.ts";

/** The last component of a path and the directory it is looked up in. */
interface Place {
  readonly directory: Directory;
  readonly name: string;
  /** The path ended in a slash: only a directory will do. */
  readonly mustBeDirectory: boolean;
}

export class Vfs {
  readonly tmpfs: Tmpfs;

  constructor(clock: VfsClock) {
    this.tmpfs = new Tmpfs(clock);
  }

  get root(): Directory {
    return this.tmpfs.root;
  }

  /** What the path leads to from directory `from`, or -errno. */
  resolve(from: Directory, path: string, opener: Opener | null = null): Inode | number {
    const problem = pathProblem(path);
    if (problem !== 0) return problem;
    let inode: Inode = path.startsWith("/") ? this.root : from;
    for (const name of path.split("/")) {
      if (name === "") continue;
      const next = step(inode, name, opener);
      if (typeof next === "number") return next;
      inode = next;
    }
    return path.endsWith("/") && !(inode instanceof Directory) ? -E.ENOTDIR : inode;
  }

  directory(from: Directory, path: string, opener: Opener | null = null): Directory | number {
    const inode = this.resolve(from, path, opener);
    if (typeof inode === "number") return inode;
    return inode instanceof Directory ? inode : -E.ENOTDIR;
  }

  open(from: Directory, path: string, flags: number, opener: Opener): OpenFile | number {
    let inode = this.resolve(from, path, opener);
    if (inode === -E.ENOENT && (flags & O.CREAT) !== 0) {
      inode = this.#create(from, path);
    } else if (typeof inode !== "number" && (flags & (O.CREAT | O.EXCL)) === (O.CREAT | O.EXCL)) {
      return -E.EEXIST;
    }
    if (typeof inode === "number") return inode;
    if ((flags & O.DIRECTORY) !== 0 && !(inode instanceof Directory)) return -E.ENOTDIR;
    if ((flags & O.CREAT) !== 0 && inode instanceof Directory) return -E.EISDIR;
    const file = inode.open(flags, opener);
    if (typeof file !== "number") file.nonblocking = (flags & O.NONBLOCK) !== 0;
    return file;
  }

  mkdir(from: Directory, path: string): number {
    const place = this.#place(from, path);
    if (typeof place === "number") return place;
    if (isDots(place.name) || place.directory.lookup(place.name, null) !== undefined) return -E.EEXIST;
    const made = place.directory.createDirectory(place.name);
    return typeof made === "number" ? made : 0;
  }

  unlink(from: Directory, path: string): number {
    const place = this.#place(from, path);
    if (typeof place === "number") return place;
    if (isDots(place.name)) return -E.EISDIR;
    const inode = place.directory.lookup(place.name, null);
    if (inode === undefined) return -E.ENOENT;
    if (inode instanceof Directory) return -E.EISDIR;
    return place.mustBeDirectory ? -E.ENOTDIR : detach(place, inode);
  }

  rmdir(from: Directory, path: string): number {
    const place = this.#place(from, path);
    if (typeof place === "number") return place;
    if (place.name === "") return -E.EBUSY;
    if (place.name === ".") return -E.EINVAL;
    if (place.name === "..") return -E.ENOTEMPTY;
    const inode = place.directory.lookup(place.name, null);
    if (inode === undefined) return -E.ENOENT;
    if (!(inode instanceof Directory)) return -E.ENOTDIR;
    if (inode.names().length > 0) return -E.ENOTEMPTY;
    return detach(place, inode);
  }

  /** rename(2): replaces a file by a file and an empty directory by a directory. */
  rename(base: Directory, from: string, to: string): number {
    const source = this.#place(base, from);
    if (typeof source === "number") return source;
    const target = this.#place(base, to);
    if (typeof target === "number") return target;
    if (isDots(source.name) || isDots(target.name)) return -E.EBUSY;
    const inode = source.directory.lookup(source.name, null);
    if (inode === undefined) return -E.ENOENT;
    const isDirectory = inode instanceof Directory;
    if (!isDirectory && (source.mustBeDirectory || target.mustBeDirectory)) return -E.ENOTDIR;
    if (!target.directory.sharesFileSystem(source.directory)) return -E.EXDEV;
    if (isDirectory && isWithin(target.directory, inode)) return -E.EINVAL;
    const old = target.directory.lookup(target.name, null);
    if (old === inode) return 0;
    const problem = old === undefined ? 0 : replaceProblem(inode, old);
    if (problem !== 0) return problem;
    const detached = source.directory.detach(source.name);
    return detached !== 0 ? detached : target.directory.attach(target.name, inode);
  }

  /** The absolute path of a directory (getcwd). */
  pathOf(directory: Directory): string {
    const names: string[] = [];
    let at = directory;
    while (at.parent !== null && at.parent !== at) {
      names.unshift(nameIn(at.parent, at));
      at = at.parent;
    }
    return `/${names.join("/")}`;
  }

  #create(from: Directory, path: string): Inode | number {
    const place = this.#place(from, path);
    if (typeof place === "number") return place;
    return place.mustBeDirectory ? -E.EISDIR : place.directory.createFile(place.name);
  }

  #place(from: Directory, path: string): Place | number {
    const problem = pathProblem(path);
    if (problem !== 0) return problem;
    const trimmed = path.replace(/\/+$/, "");
    if (trimmed === "") return { directory: this.root, name: "", mustBeDirectory: true };
    const slash = trimmed.lastIndexOf("/");
    const parent = slash < 0 ? from : this.directory(from, trimmed.slice(0, slash + 1));
    if (typeof parent === "number") return parent;
    const name = trimmed.slice(slash + 1);
    if (nameTooLong(name)) return -E.ENAMETOOLONG;
    // A directory that was removed while somebody stood in it takes no new names.
    if (parent.links === 0) return -E.ENOENT;
    return { directory: parent, name, mustBeDirectory: trimmed.length < path.length };
  }
}

/** The root itself, or a name that cannot be given or taken away. */
const isDots = (name: string): boolean => name === "" || name === "." || name === "..";

/** One component further, or -errno. */
function step(inode: Inode, name: string, opener: Opener | null): Inode | number {
  if (!(inode instanceof Directory)) return -E.ENOTDIR;
  if (name === ".") return inode;
  if (name === "..") return inode.parent ?? inode;
  if (nameTooLong(name)) return -E.ENAMETOOLONG;
  return inode.lookup(name, opener) ?? -E.ENOENT;
}

function pathProblem(path: string): number {
  if (path === "") return -E.ENOENT;
  // A UTF-16 unit takes 3 bytes at most: only a long path has to be counted out.
  if (path.length * 3 >= PATH_BYTES_MAX && utf8Encode(path).length >= PATH_BYTES_MAX) return -E.ENAMETOOLONG;
  return path.includes("\0") ? -E.EINVAL : 0;
}

const nameTooLong = (name: string): boolean =>
  name.length * 3 > NAME_BYTES_MAX && utf8Encode(name).length > NAME_BYTES_MAX;

function detach(place: Place, inode: Inode): number {
  const result = place.directory.detach(place.name);
  if (result === 0) inode.unlinked();
  return result;
}

/** Why `inode` may not take the place of `old`. */
function replaceProblem(inode: Inode, old: Inode): number {
  if (!(old instanceof Directory)) return inode instanceof Directory ? -E.ENOTDIR : 0;
  if (!(inode instanceof Directory)) return -E.EISDIR;
  return old.names().length > 0 ? -E.ENOTEMPTY : 0;
}

function isWithin(directory: Directory, ancestor: Directory): boolean {
  let at: Directory = directory;
  while (at !== ancestor) {
    if (at.parent === null || at.parent === at) return false;
    at = at.parent;
  }
  return true;
}

function nameIn(parent: Directory, child: Directory): string {
  return parent.names().find((name) => parent.lookup(name, null) === child) ?? "(deleted)";
}
