/**
 * epoll(7), fs/eventpoll.c: a set of files to be watched, and of those the list of what may be ready. A file that wakes
 * its waiters puts itself on that list, so that a wait costs what is ready and not what is watched.
 * Left out: EPOLLEXCLUSIVE, EPOLLWAKEUP, /proc/PID/fdinfo.
 */
import { assert } from "../../base/assert.ts";
import { WaitEntry, type Waiter } from "../process/wait-queue.ts";
import { E } from "../syscall/errno.ts";
import { EPOLL, EPOLL_CTL, POLL, type EpollEvent } from "../syscall/sys.ts";
import { EPOLL_NESTS_MAX } from "./limits.ts";
import { OpenFile, type FileKind, type FileWatcher } from "./open-file.ts";

/** Bits of the events that say how to report, not what. */
const MODE_BITS = EPOLL.ET | EPOLL.ONESHOT;

/** One watched file (struct epitem). */
class EpollItem implements Waiter, FileWatcher {
  readonly epoll: EpollFile;
  readonly file: OpenFile;
  readonly fd: number;
  readonly entry: WaitEntry;
  events = 0;
  data = 0;

  constructor(epoll: EpollFile, file: OpenFile, fd: number) {
    this.epoll = epoll;
    this.file = file;
    this.fd = fd;
    this.entry = new WaitEntry(this);
  }

  /** What is asked for and holds now. */
  mask(): number {
    return this.file.pollMask() & this.events & ~MODE_BITS;
  }

  set(event: EpollEvent): void {
    // ERR and HUP are reported whether they were asked for or not.
    this.events = event.events | POLL.ERR | POLL.HUP;
    this.data = event.data;
  }

  /** ep_poll_callback. */
  wake(events = 0): void {
    // A one-shot that was reported sleeps until it is set again.
    if ((this.events & ~MODE_BITS) === 0 || (events !== 0 && (events & this.events) === 0)) return;
    this.epoll.markReady(this);
  }

  fileReleased(): void {
    this.epoll.remove(this);
  }
}

export class EpollFile extends OpenFile {
  readonly kind: FileKind = "epoll";
  /** By descriptor; a descriptor that was closed and used again may stand for several files, as in Linux. */
  readonly #items = new Map<number, EpollItem[]>();
  /** In the order in which they became ready. */
  readonly #ready = new Set<EpollItem>();

  /** epoll_ctl(2). @returns 0 or -errno. */
  control(operation: number, fd: number, file: OpenFile, event: EpollEvent): number {
    const item = this.#find(fd, file);
    switch (operation) {
      case EPOLL_CTL.ADD:
        return item === null ? this.#add(fd, file, event) : -E.EEXIST;
      case EPOLL_CTL.MOD:
        if (item === null) return -E.ENOENT;
        item.set(event);
        this.#markIfReady(item);
        return 0;
      case EPOLL_CTL.DEL:
        if (item === null) return -E.ENOENT;
        this.remove(item);
        return 0;
      default:
        return -E.EINVAL;
    }
  }

  #find(fd: number, file: OpenFile): EpollItem | null {
    return this.#items.get(fd)?.find((each) => each.file === file) ?? null;
  }

  #add(fd: number, file: OpenFile, event: EpollEvent): number {
    if (file instanceof EpollFile && (file.reaches(this) || file.depth() + 1 > EPOLL_NESTS_MAX)) return -E.ELOOP;
    const item = new EpollItem(this, file, fd);
    item.set(event);
    const same = this.#items.get(fd);
    if (same === undefined) this.#items.set(fd, [item]);
    else same.push(item);
    file.watchers ??= new Set();
    file.watchers.add(item);
    file.waiters.add(item.entry);
    this.#markIfReady(item);
    return 0;
  }

  #markIfReady(item: EpollItem): void {
    if (item.mask() !== 0) this.markReady(item);
  }

  markReady(item: EpollItem): void {
    if (this.#ready.has(item)) return;
    this.#ready.add(item);
    this.waiters.wake(POLL.IN);
  }

  remove(item: EpollItem): void {
    item.file.waiters.remove(item.entry);
    item.file.watchers?.delete(item);
    this.#ready.delete(item);
    const same = (this.#items.get(item.fd) ?? []).filter((each) => each !== item);
    if (same.length > 0) this.#items.set(item.fd, same);
    else this.#items.delete(item.fd);
  }

  #all(): EpollItem[] {
    return [...this.#items.values()].flat();
  }

  /**
   * Takes what is ready (ep_send_events): level-triggered items stay on the list, behind the others, until they are
   * found not to be ready any more. @returns how many of `events` were filled in.
   */
  take(events: EpollEvent[]): number {
    let count = 0;
    const again: EpollItem[] = [];
    for (const item of this.#ready) {
      const into = events[count];
      if (into === undefined) break;
      this.#ready.delete(item);
      const mask = item.mask();
      if (mask === 0) continue;
      into.events = mask;
      into.data = item.data;
      count++;
      if ((item.events & EPOLL.ONESHOT) !== 0) item.events &= MODE_BITS;
      else if ((item.events & EPOLL.ET) === 0) again.push(item);
    }
    for (const item of again) this.#ready.add(item);
    return count;
  }

  override read(): number {
    return -E.EINVAL;
  }

  /** Readable when an event waits: an epoll can be watched by another. */
  override pollMask(): number {
    for (const item of this.#ready) {
      if (item.mask() !== 0) return POLL.IN;
      this.#ready.delete(item);
    }
    return 0;
  }

  /** Whether the other is among what this one watches, at any depth. */
  reaches(other: EpollFile): boolean {
    if (other === this) return true;
    return this.#all().some(({ file }) => file instanceof EpollFile && file.reaches(other));
  }

  /** Longest chain of epolls below it, itself included. */
  depth(): number {
    return this.#all().reduce(
      (most, { file }) => (file instanceof EpollFile ? Math.max(most, file.depth() + 1) : most),
      1,
    );
  }

  protected override release(): void {
    for (const item of this.#all()) this.remove(item);
    assert(this.#items.size === 0 && this.#ready.size === 0, "a closed epoll watches nothing");
  }
}
