/** A whole machine but for NICs: real network layer, loopback device, sockets and processes. */
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { Engine } from "../../core/engine/engine.ts";
import { TraceRecorder } from "../../core/trace/recorder.ts";
import { BlockPool } from "../../core/wire/block.ts";
import { FramePool } from "../../core/wire/frame.ts";
import { KernelCore } from "../../core/kernel/core.ts";
import { COST_PROFILES, type CostProfileName } from "../../core/kernel/cost.ts";
import { Cpu } from "../../core/kernel/cpu/cpu.ts";
import { SOFTIRQ } from "../../core/kernel/cpu/work.ts";
import { Devices } from "../../core/kernel/device/devices.ts";
import { IpStack } from "../../core/kernel/net/ip-stack.ts";
import { SkbPool } from "../../core/kernel/skb/skb-pool.ts";
import type { Call, Program, Sys } from "../../core/kernel/syscall/sys.ts";
import { Userland } from "../../core/kernel/syscall/userland.ts";
import { KernelTimers } from "../../core/kernel/timer/timers.ts";

export class LoopbackMachine {
  readonly engine = new Engine(1);
  readonly core: KernelCore;
  readonly userland: Userland;
  readonly #ip: IpStack;

  constructor(costs: CostProfileName = "ideal") {
    const blocks = new BlockPool();
    const trace = new TraceRecorder(this.engine);
    const environment = { engine: this.engine, trace, skbs: new SkbPool(blocks), frames: new FramePool(blocks) };
    this.core = new KernelCore(environment, "h1", COST_PROFILES[costs]);
    const cpu = new Cpu(this.core, 0);
    const timers = new KernelTimers(this.engine, this.core.costs, { cpu, lane: this.core.lane });
    this.core.install([cpu], timers);
    cpu.registerSoftirq(SOFTIRQ.TIMER, timers);
    const devices = new Devices(this.core, [cpu]);
    this.#ip = new IpStack(this.core, devices);
    this.userland = new Userland({
      core: this.core,
      cpus: [cpu],
      devices,
      ip: this.#ip,
      programs: new Map(),
      epochNs: 0,
      netlink: [this.#ip.handleNetRequest.bind(this.#ip)],
    });
    devices.loopback.setUp(true);
  }

  advance(span: number): void {
    this.engine.advance((this.engine.now + span) as VirtualTime, 1_000_000);
    this.userland.checkInvariants();
    this.#ip.checkInvariants();
  }

  /** Runs a program, and what is left of it for `span`. @returns what the program returned. */
  run<T>(body: (sys: Sys) => Call<T>, span = 60 * SECOND): T {
    const results: T[] = [];
    const program: Program = function* (sys) {
      results.push(yield* body(sys));
      return 0;
    };
    this.userland.processes.start({ program, argv: ["test"], files: [], environment: new Map() });
    this.advance(span);
    if (results.length === 0) throw new Error(`the program did not finish: ${this.core.log.join("\n")}`);
    return results[0] as T;
  }
}
