/** System calls on files, pipes and terminals. */
import { E } from "./errno.ts";
import { SOCK, type Call, type Stat } from "./sys.ts";
import { BLOCKED } from "../process/process.ts";
import { Socket } from "../socket/socket.ts";
import { Directory } from "../vfs/inode.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import { makePipe } from "../vfs/pipe.ts";
import { SyncCompletion } from "../vfs/sync-completion.ts";
import { TtyFile } from "../vfs/tty.ts";
import { leastBytes, SocketIo } from "./socket-io.ts";

export class FileCalls extends SocketIo {
  *open(path: string, flags: number): Call<number> {
    const price = this.enter("open", -1, 0);
    if (price > 0) yield price;
    const process = this.process;
    return this.exit("open", this.install(this.services.vfs.open(process.directory, path, flags, process)));
  }

  *close(fd: number): Call<number> {
    const price = this.enter("close", fd, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(fd);
    const isLast = file !== null && file.users === 1;
    const result = this.process.files.close(fd);
    if (isLast && file instanceof Socket) {
      if (file.sentToLoopback) yield 0;
      if (file.lingers && file.lingerNs > 0) yield* this.linger(file);
    }
    return this.exit("close", result);
  }

  *read(fd: number, buffer: Uint8Array): Call<number> {
    const price = this.enter("read", fd, 0);
    if (price > 0) yield price;
    const process = this.process;
    const file = process.files.get(fd);
    if (file === null) return this.exit("read", -E.EBADF);
    let timeout = 0;
    if (file instanceof Socket) {
      const least = leastBytes(file, buffer.length, 0);
      if (least > 1) {
        const into = { buffer, flags: 0, from: null, message: null };
        return this.exitCopied("read", yield* this.receiveAtLeast(file, into, least));
      }
      timeout = file.receiveTimeout;
    }
    process.timedOut = false;
    let result = this.#mayRead(file) ? file.read(buffer) : -E.EAGAIN;
    if (result === -E.EAGAIN && !file.nonblocking) {
      if (timeout > 0) process.startTimeout(timeout);
      do {
        if (process.takeInterrupt(timeout === 0)) {
          result = -E.EINTR;
          break;
        }
        process.prepareWait(file.waiters);
        yield BLOCKED;
        process.finishWait();
        result = this.#mayRead(file) ? file.read(buffer) : -E.EAGAIN;
      } while (result === -E.EAGAIN && !process.timedOut);
      if (timeout > 0) process.stopTimeout();
    }
    return this.exitCopied("read", result);
  }

  /** A terminal's input belongs to the foreground group. */
  #mayRead(file: OpenFile): boolean {
    if (!(file instanceof TtyFile)) return true;
    const foreground = file.tty.foreground;
    return foreground === 0 || foreground === this.process.group || this.process.tty !== file.tty;
  }

  *write(fd: number, bytes: Uint8Array): Call<number> {
    const price = this.enter("write", fd, bytes.length);
    if (price > 0) yield price;
    const process = this.process;
    const file = process.files.get(fd);
    if (file === null) return this.exit("write", -E.EBADF);
    if (file instanceof Socket && file.type === SOCK.STREAM) {
      const sent = yield* this.sendStream(file, bytes, 0, null);
      if (sent >= 0 && file.sentToLoopback) yield 0;
      return this.exit("write", sent);
    }
    let result = file.write(bytes);
    if (result !== bytes.length && !file.nonblocking && (result >= 0 || result === -E.EAGAIN)) {
      result = yield* this.#writeAll(file, bytes, Math.max(0, result));
    }
    if (result === -E.EPIPE) yield* this.brokenPipe();
    return this.exit("write", result);
  }

  /** A blocking write goes on until all is written or something stops it. */
  *#writeAll(file: OpenFile, bytes: Uint8Array, done: number): Call<number> {
    const process = this.process;
    let total = done;
    while (total < bytes.length) {
      const result = file.write(bytes.subarray(total));
      if (result === -E.EAGAIN) {
        if (process.takeInterrupt(true)) return total > 0 ? total : -E.EINTR;
        process.prepareWait(file.waiters);
        yield BLOCKED;
        process.finishWait();
      } else if (result <= 0) return total > 0 ? total : result;
      else total += result;
    }
    return total;
  }

  *pipe(ends: [number, number]): Call<number> {
    const price = this.enter("pipe", -1, 0);
    if (price > 0) yield price;
    const { reader, writer } = makePipe();
    const readEnd = this.install(reader);
    if (readEnd < 0) return this.exit("pipe", readEnd);
    const writeEnd = this.install(writer);
    if (writeEnd < 0) {
      this.process.files.close(readEnd);
      return this.exit("pipe", writeEnd);
    }
    ends[0] = readEnd;
    ends[1] = writeEnd;
    return this.exit("pipe", 0);
  }

  *dup2(from: number, to: number): Call<number> {
    const price = this.enter("dup2", from, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(from);
    if (file === null) return this.exit("dup2", -E.EBADF);
    return this.exit("dup2", from === to ? to : this.process.files.set(to, file));
  }

  *fcntlNonblock(fd: number, on: boolean): Call<number> {
    const price = this.enter("fcntl", fd, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(fd);
    if (file === null) return this.exit("fcntl", -E.EBADF);
    file.nonblocking = on;
    return this.exit("fcntl", 0);
  }

  *ioctl(fd: number, request: number): Call<number> {
    const price = this.enter("ioctl", fd, 0);
    if (price > 0) yield price;
    return this.exit("ioctl", this.process.files.get(fd)?.ioctl(request) ?? -E.EBADF);
  }

  *isatty(fd: number): Call<boolean> {
    const price = this.enter("ioctl", fd, 0);
    if (price > 0) yield price;
    const isTerminal = this.process.files.get(fd) instanceof TtyFile;
    this.exit("ioctl", isTerminal ? 0 : -E.ENOTTY);
    return isTerminal;
  }

  *tcsetattr(fd: number, mode: "canonical" | "raw"): Call<number> {
    const price = this.enter("ioctl", fd, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(fd);
    if (file === null) return this.exit("ioctl", -E.EBADF);
    if (!(file instanceof TtyFile)) return this.exit("ioctl", -E.ENOTTY);
    file.tty.setMode(mode);
    return this.exit("ioctl", 0);
  }

  *tcsetpgrp(fd: number, group: number): Call<number> {
    const price = this.enter("ioctl", fd, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(fd);
    if (file === null) return this.exit("ioctl", -E.EBADF);
    if (!(file instanceof TtyFile) || file.tty !== this.process.tty) return this.exit("ioctl", -E.ENOTTY);
    if (!Number.isInteger(group) || group <= 0) return this.exit("ioctl", -E.EINVAL);
    file.tty.foreground = group;
    return this.exit("ioctl", 0);
  }

  *unlink(path: string): Call<number> {
    const price = this.enter("unlink", -1, 0);
    if (price > 0) yield price;
    return this.exit("unlink", this.services.vfs.unlink(this.process.directory, path));
  }

  *mkdir(path: string): Call<number> {
    const price = this.enter("mkdir", -1, 0);
    if (price > 0) yield price;
    return this.exit("mkdir", this.services.vfs.mkdir(this.process.directory, path));
  }

  *rmdir(path: string): Call<number> {
    const price = this.enter("rmdir", -1, 0);
    if (price > 0) yield price;
    return this.exit("rmdir", this.services.vfs.rmdir(this.process.directory, path));
  }

  *rename(from: string, to: string): Call<number> {
    const price = this.enter("rename", -1, 0);
    if (price > 0) yield price;
    return this.exit("rename", this.services.vfs.rename(this.process.directory, from, to));
  }

  *fsync(fd: number): Call<number> {
    const price = this.enter("fsync", fd, 0);
    if (price > 0) yield price;
    const process = this.process;
    const file = process.files.get(fd);
    if (file === null) return this.exit("fsync", -E.EBADF);
    const span = file.syncTime();
    if (span > 0) {
      process.startTimeout(span);
      // Not to be interrupted, as a process in state D.
      while (!process.timedOut) {
        process.state = "D";
        yield BLOCKED;
      }
    }
    return this.exit("fsync", file.sync());
  }

  *aioFsync(fd: number, completion: [number]): Call<number> {
    const price = this.enter("aio_fsync", fd, 0);
    if (price > 0) yield price;
    const file = this.process.files.get(fd);
    if (file === null) return this.exit("aio_fsync", -E.EBADF);
    if (file.syncTime() === 0) return this.exit("aio_fsync", file.sync());
    const made = this.install(new SyncCompletion(this.core.timers, file));
    if (made < 0) return this.exit("aio_fsync", made);
    completion[0] = made;
    return this.exit("aio_fsync", -E.EINPROGRESS);
  }

  *stat(path: string): Call<Stat | number> {
    const price = this.enter("stat", -1, 0);
    if (price > 0) yield price;
    const inode = this.services.vfs.resolve(this.process.directory, path, this.process);
    if (typeof inode === "number") return this.exit("stat", inode);
    this.exit("stat", 0);
    return inode.stat();
  }

  *readdir(path: string): Call<string[] | number> {
    const price = this.enter("getdents", -1, 0);
    if (price > 0) yield price;
    const inode = this.services.vfs.resolve(this.process.directory, path, this.process);
    if (typeof inode === "number") return this.exit("getdents", inode);
    if (!(inode instanceof Directory)) return this.exit("getdents", -E.ENOTDIR);
    this.exit("getdents", 0);
    return inode.names();
  }

  *chdir(path: string): Call<number> {
    const price = this.enter("chdir", -1, 0);
    if (price > 0) yield price;
    const directory = this.services.vfs.directory(this.process.directory, path, this.process);
    if (typeof directory === "number") return this.exit("chdir", directory);
    this.process.directory = directory;
    return this.exit("chdir", 0);
  }

  *getcwd(): Call<string> {
    const price = this.enter("getcwd", -1, 0);
    if (price > 0) yield price;
    this.exit("getcwd", 0);
    return this.services.vfs.pathOf(this.process.directory);
  }
}
