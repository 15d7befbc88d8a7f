/**
 * What every part of one machine's kernel stands on: the shared engine and pools, this machine's name, costs, counters,
 * parameters and CPUs. The parts get it in their constructor; `Kernel` (kernel.ts) puts them together.
 */
import { CONTEXT, KIND } from "../contract/trace-event.ts";
import { dropReasonNumber, type DropReason } from "../contract/drop-reason.ts";
import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import { formatInstant } from "../base/time.ts";
import type { Engine } from "../engine/engine.ts";
import type { Lane } from "../engine/rank.ts";
import { DropCounters } from "../trace/drop-counters.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import type { FramePool } from "../wire/frame.ts";
import type { CostTable } from "./cost.ts";
import type { CpuPort } from "./cpu/work.ts";
import { SnmpCounters } from "./counters.ts";
import { KERNEL_LOG_LINES_MAX } from "./limits.ts";
import { NetCoreSysctls } from "./net-core-sysctls.ts";
import type { SkbPool } from "./skb/skb-pool.ts";
import type { SkBuff } from "./skb/skbuff.ts";
import { SysctlTable } from "./sysctl.ts";
import type { KernelTimers } from "./timer/timers.ts";

/** What the machines of one world share. */
export interface KernelEnvironment {
  readonly engine: Engine;
  readonly trace: TraceRecorder;
  readonly skbs: SkbPool;
  readonly frames: FramePool;
}

export class KernelCore {
  readonly engine: Engine;
  readonly trace: TraceRecorder;
  readonly skbs: SkbPool;
  readonly frames: FramePool;
  readonly hostname: string;
  readonly lane: Lane;
  /** Interned `hostname`, for the trace's place register. */
  readonly place: number;
  readonly costs: CostTable;
  /** Nothing costs time here: profile `ideal`. */
  readonly isFree: boolean;
  readonly snmp = new SnmpCounters();
  readonly drops = new DropCounters();
  readonly sysctls = new SysctlTable();
  readonly netCore = new NetCoreSysctls(this.sysctls);
  /** Packets handed to a socket, answered or otherwise used up by the kernel itself. */
  consumed = 0;
  /** False once the machine has crashed: events still under way find it so and do nothing. */
  alive = true;
  /** A CPU's dispatch loop is on the JavaScript stack: work for another CPU waits until it has returned. */
  isDispatching = false;
  readonly #log: string[] = [];
  #cpus: readonly CpuPort[] = [];
  #timers: KernelTimers | null = null;
  #current: CpuPort | null = null;

  /** @param lane of its events; a new one by default. */
  constructor(environment: KernelEnvironment, hostname: string, costs: CostTable, lane = environment.engine.addLane()) {
    this.engine = environment.engine;
    this.trace = environment.trace;
    this.skbs = environment.skbs;
    this.frames = environment.frames;
    this.hostname = hostname;
    this.lane = lane;
    this.place = this.trace.intern(hostname);
    this.costs = costs;
    this.isFree = Object.values(costs).every((cost) => cost === 0);
  }

  /** Called once while the machine is put together. */
  install(cpus: readonly CpuPort[], timers: KernelTimers): void {
    assert(this.#cpus.length === 0 && cpus.length > 0, "CPUs are installed once");
    this.#cpus = cpus;
    this.#timers = timers;
    this.#current = cpus[0] ?? null;
  }

  get cpus(): readonly CpuPort[] {
    return this.#cpus;
  }

  get timers(): KernelTimers {
    assert(this.#timers !== null, "the machine has been put together");
    return this.#timers;
  }

  /** The CPU that runs now (smp_processor_id); CPU 0 when none does, as while the machine is configured. */
  get cpu(): CpuPort {
    assert(this.#current !== null, "the machine has been put together");
    return this.#current;
  }

  /** For the CPUs alone: says which of them runs from now on. */
  setCurrentCpu(cpu: CpuPort): void {
    this.#current = cpu;
  }

  /** This machine's random stream of that purpose. */
  random(purpose: string): Random {
    return this.engine.streams.get(`host:${this.hostname}/${purpose}`);
  }

  /** The packet dies: counted, traced, freed (kfree_skb_reason). */
  drop(skb: SkBuff, reason: DropReason): void {
    this.drops.count(reason);
    if (this.trace.active) {
      this.trace.record(KIND["skb:kfree_skb"], skb.packetId, skb.cause || this.engine.cause, dropReasonNumber(reason));
    }
    this.skbs.free(skb);
  }

  /** The packet has served its purpose (consume_skb). */
  consume(skb: SkBuff): void {
    this.consumed++;
    if (this.trace.active) {
      this.trace.record(KIND["skb:consume_skb"], skb.packetId, skb.cause || this.engine.cause);
    }
    this.skbs.free(skb);
  }

  /** Records what happened to a packet and makes it the cause of what happens to it next. */
  traceSkb(kind: number, skb: SkBuff, a = 0, b = 0): void {
    skb.cause = this.trace.record(kind, skb.packetId, skb.cause || this.engine.cause, a, b);
  }

  /** Sets the trace's registers for code of this machine that runs outside any CPU, such as its configuration. */
  enterTrace(): void {
    this.trace.place = this.place;
    this.trace.context = CONTEXT.none;
    this.trace.cpu = 0;
    this.trace.pid = 0;
  }

  /** A line for dmesg, stamped as the kernel does: `[    1.500000] eth0: link becomes ready`. */
  printk(text: string): void {
    const stamp = formatInstant(this.engine.now).slice(0, -3).padStart(12);
    this.#log.push(`[${stamp}] ${text}`);
    if (this.#log.length > KERNEL_LOG_LINES_MAX) this.#log.shift();
  }

  get log(): readonly string[] {
    return this.#log;
  }
}
