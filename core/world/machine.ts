/**
 * A host or router of the lab: the machine around a kernel. Switching it on builds a new kernel out of the lab; a crash
 * takes the kernel apart with all it held in memory. Counters of earlier lives are kept for the account.
 */
import { assert, present } from "../base/assert.ts";
import { utf8Encode } from "../base/bytes.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import { KIND } from "../contract/trace-event.ts";
import type { Lane } from "../engine/rank.ts";
import { Kernel, type RunningCommand } from "../kernel/kernel.ts";
import { COST_PROFILES } from "../kernel/cost.ts";
import { Disk } from "../kernel/vfs/disk.ts";
import { DropCounters } from "../trace/drop-counters.ts";
import type { Nic } from "../kernel/device/nic.ts";
import { strerror } from "../kernel/syscall/errno.ts";
import { VolatileWord } from "../kernel/tcp/open/isn.ts";
import type { LabCounter, LabHost, LabNic } from "../lab/model.ts";
import type { Ipv4Address, MacAddress } from "../wire/address.ts";
import { EPOCH_NS } from "../contract/epoch.ts";
import { completionOf, type Completion } from "./completion.ts";
import type { Console } from "./console.ts";
import type { ComputedRoute } from "./routing.ts";
import type { World } from "./world.ts";

type Power = "on" | "off" | "paused";

/** Exit status of a command whose machine went down, or was down: what ssh says when the connection breaks. */
const STATUS_UNREACHABLE = 255;

export class Machine {
  readonly node: LabHost;
  readonly world: World;
  /** How often it was switched on. */
  boots = 0;
  #disk: Disk | null = null;
  #kernel: Kernel | null = null;
  #power: Power = "off";
  /** Consoles of this life, by the process that runs on them. */
  readonly #consoles = new Map<number, { readonly console: Console; readonly command: RunningCommand }>();
  #routesLost = true;
  readonly #formerDrops = new DropCounters();
  /** On its disk: outlives every kernel. */
  readonly #stableWord = new VolatileWord();

  constructor(world: World, node: LabHost) {
    this.world = world;
    this.node = node;
  }

  get name(): string {
    return this.node.name;
  }

  get lane(): Lane {
    return present(this.world.lanes[this.node.index], "the lane of a machine");
  }

  get power(): Power {
    return this.#power;
  }

  /** @throws AssertionError while the machine is off. */
  get kernel(): Kernel {
    return present(this.#kernel, `the kernel of ${this.name}`);
  }

  act(action: "crash" | "reboot" | "pause" | "resume"): void {
    if (action === "crash") this.crash();
    else if (action === "reboot") this.reboot();
    else if (action === "pause") this.#setPaused(true);
    else this.#setPaused(false);
  }

  /** Power on: interfaces, addresses, routes, files and parameters as the lab says. */
  boot(): void {
    assert(this.#power === "off", "a machine that is off is switched on");
    const { node } = this;
    const world = this.world;
    this.#disk ??= new Disk(world.engine, node.diskSyncNs ?? undefined);
    const kernel = new Kernel(
      { engine: world.engine, trace: world.trace, skbs: world.skbs, frames: world.frames },
      {
        hostname: node.name,
        costs: COST_PROFILES[node.profile],
        cpus: node.cpus,
        lane: this.lane,
        programs: world.guests.commandsOf(node, world.programs),
        disk: this.#disk,
        hosts: world.hostsFile,
        epochNs: EPOCH_NS,
        stableWord: this.#stableWord,
      },
    );
    this.#kernel = kernel;
    this.#power = "on";
    this.boots++;
    for (const [name, value] of node.sysctls) this.#setSysctl(name, value);
    for (const { address, prefixLength } of node.loopback) {
      kernel.ip.addAddress("lo", address as Ipv4Address, prefixLength);
    }
    for (const nic of node.nics) this.#addNic(kernel, nic);
    this.#addStaticRoutes(kernel);
    this.#writeFiles(kernel);
    this.#noteState("on");
    this.#routesLost = true;
  }

  /** Commands that the lab wants run at boot, one after the other, and its programs. */
  runBootCommands(): void {
    if (this.node.run.length > 0) this.world.execAtBoot(this.node.index, ["sh", "-c", this.node.run.join("\n")]);
    this.world.guests.startAtBoot(this);
  }

  crash(): void {
    if (this.#kernel === null) return;
    const kernel = this.#kernel;
    this.#power = "off";
    kernel.shutdown();
    this.#crashDisk();
    for (const [reason, count] of kernel.core.drops.entries()) this.#formerDrops.count(reason, count);
    this.#kernel = null;
    const consoles = [...this.#consoles.values()];
    this.#consoles.clear();
    for (const { console } of consoles) this.world.endConsole(console, STATUS_UNREACHABLE);
    this.#noteState("off");
  }

  /** What was not forced is lost or torn, as the seed says. */
  #crashDisk(): void {
    const { trace, engine } = this.world;
    const losses = this.#disk?.crash(engine.streams.get(`host:${this.name}/disk`)) ?? [];
    if (!trace.active) return;
    trace.place = trace.intern(this.name);
    for (const { path, lost, torn } of losses) {
      trace.record(KIND["disk:lost"], 0, engine.cause, trace.intern(path), lost, torn);
    }
  }

  reboot(): void {
    this.crash();
    this.boot();
    this.world.retap();
    this.runBootCommands();
  }

  /** Starts a command whose terminal is the console. */
  start(console: Console, argv: readonly string[]): void {
    const world = this.world;
    if (this.#kernel === null) {
      world.endConsole(console, STATUS_UNREACHABLE);
      return;
    }
    const started = this.#kernel.run(argv, {
      onOutput: (bytes) => world.consoleOutput(console, bytes),
      onExit: (status) => {
        this.#consoles.delete(console.id);
        world.endConsole(console, status);
      },
    });
    if (typeof started === "number") {
      world.consoleOutput(console, utf8Encode(`${argv[0] ?? ""}: ${strerror(started)}\n`));
      world.endConsole(console, STATUS_UNREACHABLE);
    } else if (console.endedAt === null) this.#consoles.set(console.id, { console, command: started });
  }

  /** Keys typed at a console. */
  input(console: Console, bytes: Uint8Array): void {
    this.#consoles.get(console.id)?.command.tty.input(bytes);
  }

  /** What a word at the console's shell may become; null when nothing runs there. */
  complete(
    console: number,
    at: { readonly line: string; readonly cursor: number; readonly names: readonly string[] },
  ): Completion | null {
    const running = this.#consoles.get(console);
    if (running === undefined) return null;
    return completionOf(this, { ...at, directory: running.command.process.directory });
  }

  /** The interface of that index in the lab; null while the machine is off. */
  nic(index: number): Nic | null {
    return this.#kernel?.nics[index] ?? null;
  }

  /** Whether computed routes have to be given to it anew. Asking resets the answer. */
  takeRoutesLost(): boolean {
    const lost = this.#routesLost;
    this.#routesLost = false;
    return lost;
  }

  addRoute(route: ComputedRoute): void {
    this.#kernel?.ip.addRoute(this.#spec(route), "ospf");
  }

  removeRoute(route: ComputedRoute): void {
    this.#kernel?.ip.handleNetRequest({ kind: "route-delete", route: this.#spec(route) });
  }

  counter(counter: Extract<LabCounter, { kind: "nic" | "snmp" | "tcp" }>): number | null {
    const kernel = this.#kernel;
    if (kernel === null) return null;
    if (counter.kind === "nic") return kernel.nicCounter(counter.nic, counter.name);
    if (counter.kind === "tcp") return kernel.tcpInfoField(counter.port, counter.field);
    return kernel.snmpCounter(counter.name);
  }

  /** Packets that died here of a reason, in all lives. */
  dropped(reason: string): number {
    return this.drops().find(([name]) => name === reason)?.[1] ?? 0;
  }

  drops(): [DropReason, number][] {
    const sum = new Map(this.#formerDrops.entries());
    for (const [reason, count] of this.#kernel?.core.drops.entries() ?? []) {
      sum.set(reason, (sum.get(reason) ?? 0) + count);
    }
    return [...sum];
  }

  /** sk_buffs in queues. What lies in a receive ring is still a frame, which has none. */
  queuedPackets(): number {
    const kernel = this.#kernel;
    if (kernel === null) return 0;
    return kernel.queuedPackets() - kernel.nics.reduce((sum, nic) => sum + nic.receive.ring.length, 0);
  }

  checkInvariants(): void {
    this.#kernel?.checkInvariants();
  }

  #setPaused(paused: boolean): void {
    if (this.#kernel === null || paused === (this.#power === "paused")) return;
    this.#power = paused ? "paused" : "on";
    this.#noteState(this.#power);
    if (paused) this.#kernel.pause();
    else this.#kernel.resume();
  }

  #noteState(state: string): void {
    const { trace } = this.world;
    if (!trace.active) return;
    trace.place = trace.intern(this.name);
    trace.record(KIND["node:state"], 0, this.world.engine.cause, trace.intern(state));
  }

  #setSysctl(name: string, value: string): void {
    const problem = this.kernel.core.sysctls.set(name, value);
    if (problem !== null) this.kernel.core.printk(`sysctl: ${name} = ${value}: ${problem}`);
  }

  #addNic(kernel: Kernel, lab: LabNic): void {
    const link = lab.link === null ? undefined : this.world.lab.links[lab.link.index];
    const direction = lab.link?.end === 0 ? link?.forward : link?.backward;
    const nic = kernel.addNic({
      name: lab.name,
      mac: lab.mac as MacAddress,
      mtu: lab.mtuBytes,
      driver: lab.driver,
      rxRing: lab.rxRing,
      txRing: lab.txRing,
      coalesce: { rxNs: lab.coalesce.rxNs, rxFrames: lab.coalesce.rxFrames },
      offload: lab.offload,
      // A cable's queue limit is the length of the sender's queue, as max_queue_size is in Mininet.
      qdisc:
        lab.qdisc === "pfifo_fast" && direction !== undefined ? `pfifo_fast limit ${direction.queueFrames}` : lab.qdisc,
      vlan: lab.vlan,
      port: this.world.wiring.port(this.node.index, lab.index),
    });
    nic.setUp(true);
    for (const { address, prefixLength } of lab.addresses) {
      kernel.ip.addAddress(lab.name, address as Ipv4Address, prefixLength);
    }
  }

  #addStaticRoutes(kernel: Kernel): void {
    const { gateway, routes, nics } = this.node;
    const auto = this.world.lab.routing === "auto";
    if (gateway !== null && !auto) {
      kernel.ip.addRoute(
        { network: 0 as Ipv4Address, prefixLength: 0, via: gateway as Ipv4Address, device: null },
        "static",
      );
    }
    for (const { network, prefixLength, via, nic, metric } of routes) {
      const device = nic === null ? null : (nics[nic]?.name ?? null);
      kernel.ip.addRoute(
        { network: network as Ipv4Address, prefixLength, via: via as Ipv4Address | null, device, metric },
        "static",
      );
    }
  }

  #writeFiles(kernel: Kernel): void {
    for (const [path, text] of this.node.files) kernel.writeFile(path, text);
  }

  #spec({ network, prefixLength, via, nic, metric }: ComputedRoute): Parameters<Kernel["ip"]["addRoute"]>[0] {
    return {
      network: network as Ipv4Address,
      prefixLength,
      via: via as Ipv4Address,
      device: this.node.nics[nic]?.name ?? null,
      metric,
    };
  }
}
