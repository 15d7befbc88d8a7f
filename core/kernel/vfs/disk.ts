/**
 * A machine's disk with a small journalled file system, mounted at /disk: it outlives a crash, tmpfs does not. What was
 * written to a file survives for certain once fsync(2) has returned; changes of names go through a journal, in order,
 * which any fsync commits (as ext4 does). At a crash some of the journal's end is lost, and each write that was not
 * forced has a fate of its own (disk-content.ts), as the seed says.
 * Left out: write-back by time, sectors, and damage to what was forced.
 */
import type { Random } from "../../base/random.ts";
import type { CrashLosses } from "./disk-content.ts";
import { DiskDirectory } from "./disk-directory.ts";
import type { Inode } from "./inode.ts";
import { DISK_SYNC_NS } from "./limits.ts";
import type { VfsClock } from "./tmpfs.ts";

/** Names set and (null) taken away, together or not at all. */
type Transaction = readonly {
  readonly directory: DiskDirectory;
  readonly name: string;
  readonly inode: Inode | null;
}[];

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
