/** A process's descriptors: small numbers for open files. */
import { FILES_PER_PROCESS_MAX } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import type { OpenFile } from "./open-file.ts";

export class DescriptorTable {
  readonly #files: (OpenFile | null)[] = [];

  /** Null when that descriptor is not open. */
  get(fd: number): OpenFile | null {
    return this.#files[fd] ?? null;
  }

  /** Gives the file the lowest free descriptor and takes a reference of it. @returns it, or -EMFILE. */
  add(file: OpenFile): number {
    let fd = 0;
    while (fd < this.#files.length && this.#files[fd] !== null) fd++;
    if (fd >= FILES_PER_PROCESS_MAX) return -E.EMFILE;
    this.#files[fd] = file.acquire();
    return fd;
  }

  /** Makes `fd` stand for the file, closing what it stood for. @returns fd, or -EBADF beyond the limit. */
  set(fd: number, file: OpenFile): number {
    if (!Number.isInteger(fd) || fd < 0 || fd >= FILES_PER_PROCESS_MAX) return -E.EBADF;
    while (this.#files.length <= fd) this.#files.push(null);
    const old = this.#files[fd] ?? null;
    this.#files[fd] = file.acquire();
    old?.close();
    return fd;
  }

  close(fd: number): number {
    const file = this.get(fd);
    if (file === null) return -E.EBADF;
    this.#files[fd] = null;
    file.close();
    return 0;
  }

  closeAll(): void {
    for (let fd = 0; fd < this.#files.length; fd++) if (this.#files[fd] !== null) this.close(fd);
    this.#files.length = 0;
  }

  /** Open descriptors with their files, in order. */
  entries(): [number, OpenFile][] {
    const open: [number, OpenFile][] = [];
    this.#files.forEach((file, fd) => {
      if (file !== null) open.push([fd, file]);
    });
    return open;
  }
}
