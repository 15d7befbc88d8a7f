/**
 * An fsync under way (aio_fsync(3); io_submit(2) with IOCB_CMD_FSYNC and an eventfd): a file that becomes readable when
 * the device is done. Who closes it before that has not forced anything.
 */
import { E } from "../syscall/errno.ts";
import { POLL } from "../syscall/sys.ts";
import { KernelTimer, type KernelTimers, type TimerHandler } from "../timer/timers.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

export class SyncCompletion extends OpenFile implements TimerHandler {
  readonly kind: FileKind = "device";
  readonly #timers: KernelTimers;
  readonly #file: OpenFile;
  readonly #timer = new KernelTimer(this);
  #result: number | null = null;

  /** @param file whose device takes time. */
  constructor(timers: KernelTimers, file: OpenFile) {
    super();
    this.#timers = timers;
    this.#file = file.acquire();
    timers.arm(this.#timer, file.syncTime());
  }

  onTimer(): void {
    this.#result = this.#file.sync();
    this.waiters.wake();
  }

  /** No bytes: what is wanted is the result. */
  override read(): number {
    return this.#result ?? -E.EAGAIN;
  }

  override pollMask(): number {
    return this.#result === null ? 0 : POLL.IN;
  }

  protected override release(): void {
    this.#timers.cancel(this.#timer);
    this.#file.close();
  }
}
