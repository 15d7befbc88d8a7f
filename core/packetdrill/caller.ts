/**
 * A process of the machine under test that makes the system calls which the script hands to it, one after the other.
 * A call that blocks keeps it asleep in the kernel; the script goes on meanwhile.
 */
import { assert } from "../base/assert.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { BLOCKED, type Process } from "../kernel/process/process.ts";
import { WaitQueue } from "../kernel/process/wait-queue.ts";
import { SIGNALS, type Call, type Sys } from "../kernel/syscall/sys.ts";
import type { OpenFile } from "../kernel/vfs/open-file.ts";

export type Job = (sys: Sys) => Call<void>;

export class Caller {
  readonly process: Process;
  readonly #waiters = new WaitQueue();
  #job: Job | null = null;

  constructor(kernel: Kernel, name: string) {
    const process = kernel.userland.processes.start({
      program: (sys) => this.#serve(sys),
      argv: [name],
      files: [],
      environment: new Map(),
    });
    assert(typeof process !== "number", "a new machine has room for a process");
    this.process = process;
  }

  get isBusy(): boolean {
    return this.#job !== null;
  }

  /** Hands over a call; the caller lets the machine run until `isBusy` is false again. */
  begin(job: Job): void {
    assert(this.#job === null, "one call at a time");
    this.#job = job;
    this.#waiters.wake();
  }

  file(fd: number): OpenFile | null {
    return this.process.files.get(fd);
  }

  *#serve(sys: Sys): Call<number> {
    // As packetdrill does: a broken pipe is to be seen as EPIPE.
    yield* sys.sigaction(SIGNALS.PIPE, "ignore");
    for (;;) {
      const job = this.#job;
      if (job !== null) {
        yield* job(sys);
        this.#job = null;
      } else {
        this.process.prepareWait(this.#waiters);
        yield BLOCKED;
        this.process.finishWait();
      }
    }
  }
}
