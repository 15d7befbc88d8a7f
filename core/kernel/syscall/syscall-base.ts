/**
 * What every system call does: trace points, its price, and the guard against programs that never let time pass.
 * The calls are spread over classes by subject, each built on the one before: files, sockets, processes, and the rest.
 * Calls are generators kept flat: on the way of a datagram they yield only when the process has to wait or to pay.
 */
import { KIND } from "../../contract/trace-event.ts";
import type { Random } from "../../base/random.ts";
import type { Nanoseconds } from "../../base/time.ts";
import type { KernelCore } from "../core.ts";
import type { CostTable } from "../cost.ts";
import { CALLS_PER_STEP_MAX, SPIN_PRICE_NS } from "../process/limits.ts";
import type { Process } from "../process/process.ts";
import type { ProcessTable } from "../process/process-table.ts";
import type { SocketTable } from "../socket/socket-table.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import type { Vfs } from "../vfs/vfs.ts";
import type { NetlinkReply, NetlinkRequest } from "./netlink.ts";

const SYS_ENTER = KIND["syscalls:sys_enter"];
const SYS_EXIT = KIND["syscalls:sys_exit"];
const LIMIT_REACHED = KIND["limit:reached"];

/** The parts of a machine behind the system calls. */
export interface SyscallServices {
  readonly core: KernelCore;
  readonly vfs: Vfs;
  readonly processes: ProcessTable;
  readonly sockets: SocketTable;
  /** The machine's pool of random numbers (getrandom). */
  readonly random: Random;
  /** Wall clock at virtual time 0, ns since 1970. */
  readonly epochNs: number;
  netlink(request: NetlinkRequest): NetlinkReply | number;
}

export class SyscallBase {
  protected readonly services: SyscallServices;
  protected readonly process: Process;
  protected readonly core: KernelCore;
  protected readonly costs: CostTable;

  constructor(services: SyscallServices, process: Process) {
    this.services = services;
    this.process = process;
    this.core = services.core;
    this.costs = services.core.costs;
  }

  /**
   * Begins a call. @param bytes copied from the program.
   * @returns its price, to be yielded unless it is 0.
   */
  protected enter(name: string, fd: number, bytes: number): Nanoseconds {
    const process = this.process;
    const trace = this.core.trace;
    if (trace.active) trace.record(SYS_ENTER, 0, this.core.engine.cause, process.pid, trace.intern(name), fd);
    const costs = this.costs;
    const price = costs.copyKib === 0 ? costs.syscall : costs.syscall + Math.floor((costs.copyKib * bytes) / 1024);
    return ++process.callsInStep > CALLS_PER_STEP_MAX ? this.#spinPrice(price) : price;
  }

  #spinPrice(price: Nanoseconds): Nanoseconds {
    this.process.callsInStep = 0;
    const trace = this.core.trace;
    if (trace.active) trace.record(LIMIT_REACHED, 0, 0, trace.intern("system calls per step"), this.process.pid);
    return Math.max(price, SPIN_PRICE_NS);
  }

  /** Ends a call. @returns `result`. */
  protected exit(name: string, result: number): number {
    const trace = this.core.trace;
    if (trace.active) {
      trace.record(SYS_EXIT, 0, this.core.engine.cause, this.process.pid, trace.intern(name), result);
    }
    return result;
  }

  /** Ends a call that copied `result` bytes to the program, which are paid right after it. */
  protected exitCopied(name: string, result: number): number {
    const copyKib = this.costs.copyKib;
    if (copyKib > 0 && result > 0) this.core.cpu.charge(Math.floor((copyKib * result) / 1024));
    return this.exit(name, result);
  }

  /** Gives a new file a descriptor; it is closed again when there is none left. */
  protected install(file: OpenFile | number): number {
    if (typeof file === "number") return file;
    file.acquire();
    const fd = this.process.files.add(file);
    // The table holds its own reference now.
    file.close();
    return fd;
  }
}
