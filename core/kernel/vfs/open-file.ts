/**
 * An open file description (struct file): what a descriptor stands for, shared by all descriptors that dup2 and spawn
 * made of it. Operations never block: one that would says -EAGAIN, and the system call layer sleeps on `waiters` and
 * tries again. So there is one place that blocks, and pipes, terminals and sockets know nothing about processes.
 */
import { assert } from "../../base/assert.ts";
import { WaitQueue } from "../process/wait-queue.ts";
import { E } from "../syscall/errno.ts";
import { POLL, type Stat } from "../syscall/sys.ts";

export type FileKind = Stat["kind"] | "epoll";

/** Hears that the file it watches is closed for good: epoll. */
export interface FileWatcher {
  fileReleased(): void;
}

export abstract class OpenFile {
  abstract readonly kind: FileKind;
  /** Descriptors that stand for it, of all processes. */
  users = 0;
  /** What has to be told when it is closed for good; null for nothing ever. */
  watchers: Set<FileWatcher> | null = null;
  /** O_NONBLOCK. */
  nonblocking = false;
  /** Woken whenever `pollMask` may have changed. */
  readonly waiters: WaitQueue;

  constructor(waiters = new WaitQueue()) {
    this.waiters = waiters;
  }

  /** @returns bytes read, 0 at the end, or -errno. */
  read(_buffer: Uint8Array): number {
    return -E.EINVAL;
  }

  /** @returns bytes taken, possibly fewer than given, or -errno. */
  write(_bytes: Uint8Array): number {
    return -E.EINVAL;
  }

  /** How long `sync` takes the device, ns. */
  syncTime(): number {
    return 0;
  }

  /** What was written is safe from now on. @returns 0 or -errno. */
  sync(): number {
    return -E.EINVAL;
  }

  /** POLL bits that hold now. */
  pollMask(): number {
    return POLL.IN | POLL.OUT;
  }

  /** @param _request SIOCINQ and the like. @returns the number asked for, or -ENOTTY. */
  ioctl(_request: number): number {
    return -E.ENOTTY;
  }

  /** The last descriptor is gone. */
  protected abstract release(): void;

  acquire(): this {
    this.users++;
    return this;
  }

  close(): void {
    assert(this.users > 0, "a file is closed once per descriptor");
    if (--this.users > 0) return;
    if (this.watchers !== null) for (const watcher of [...this.watchers]) watcher.fileReleased();
    this.release();
  }
}
