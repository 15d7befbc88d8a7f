/**
 * A world: everything a lab describes, switched on. Owns the engine, packet memory, cables, switches, hubs and
 * machines; applies commands, runs the timeline, and gives an account of itself. It is built anew for every run, also
 * for a run that goes back in time.
 */
import { present } from "../base/assert.ts";
import type { VirtualTime } from "../base/time.ts";
import { utf8Encode } from "../base/bytes.ts";
import type { CapturedFrame, CaptureInterface } from "../contract/capture.ts";
import type { TcpSocketRow } from "../contract/api/close-view.ts";
import type { Command } from "../contract/command.ts";
import type { CheckResult, RunReport } from "../contract/run-report.ts";
import type { TcpView } from "../contract/tcp-view.ts";
import { CONTEXT, KIND } from "../contract/trace-event.ts";
import { Engine, type LookAhead, type SideDelays } from "../engine/engine.ts";
import type { Lane } from "../engine/rank.ts";
import { fabricContext, type FabricContext } from "../fabric/context.ts";
import { SkbPool } from "../kernel/skb/skb-pool.ts";
import type { Program } from "../kernel/syscall/sys.ts";
import type { Lab, LabCounter, LabNode } from "../lab/model.ts";
import { programs as shellPrograms } from "../shell/programs.ts";
import { TraceRecorder } from "../trace/recorder.ts";
import { formatIpv4, type Ipv4Address } from "../wire/address.ts";
import { BlockPool } from "../wire/block.ts";
import { FramePool } from "../wire/frame.ts";
import { Captures } from "./captures.ts";
import { BOOT_CONSOLES, Checks } from "./checks.ts";
import { applyCommand, commandProblem } from "./commands.ts";
import { Console } from "./console.ts";
import type { Completion } from "./completion.ts";
import { conservationOf } from "./conservation.ts";
import { installFaults } from "./faults.ts";
import { Guests, type GuestSupport } from "./guests.ts";
import type { WorldLink } from "./link.ts";
import { Machine } from "./machine.ts";
import { Measurements } from "./measurements.ts";
import { Outbox } from "./outbox.ts";
import { Routes } from "./routes.ts";
import { isMachine } from "./routing.ts";
import { sidesOf } from "./sides.ts";
import { tcpSockets, viewOfSocket } from "./tcp-views.ts";
import { Timeline } from "./timeline.ts";
import { wire, type Wiring } from "./wiring.ts";

export type ProgramTable = ReadonlyMap<string, Program>;

export interface WorldOptions {
  readonly seed: number;
  readonly traceEvents: number | undefined;
  /** In /bin, besides the shell's own. */
  readonly programs: ProgramTable | undefined;
  /** For guest programs; without it they cannot run. */
  readonly guests?: GuestSupport | undefined;
}

export class World implements LookAhead {
  readonly lab: Lab;
  readonly seed: number;
  readonly engine: Engine;
  readonly trace: TraceRecorder;
  readonly frames: FramePool;
  readonly skbs: SkbPool;
  readonly fabric: FabricContext;
  readonly wiring: Wiring;
  /** By node index. */
  readonly lanes: readonly Lane[];
  /** By node index. */
  readonly machines: ReadonlyMap<number, Machine>;
  readonly programs: ProgramTable;
  readonly guests: Guests;
  /** /etc/hosts of every machine: all names of the lab. */
  readonly hostsFile: Uint8Array<ArrayBuffer>;
  /** Where console output and captured frames go; set by the session. */
  onConsole: (console: number, bytes: Uint8Array, at: VirtualTime) => void = () => undefined;
  onFrame: (frame: CapturedFrame) => void = () => undefined;
  readonly #nodes: ReadonlyMap<string, LabNode>;
  readonly #consoles = new Map<number, Console>();
  #boots = 0;
  readonly #routes: Routes;
  readonly #captures: Captures;
  readonly #timeline: Timeline;
  readonly #checks: Checks;
  readonly #measurements: Measurements;
  readonly #outbox: Outbox;
  readonly #hasGuests: boolean;

  constructor(lab: Lab, options: WorldOptions) {
    this.lab = lab;
    this.#nodes = new Map(lab.nodes.map((node) => [node.name, node]));
    this.seed = options.seed;
    this.engine = new Engine(options.seed);
    this.engine.lookAhead = this;
    this.#outbox = new Outbox(this.engine);
    this.#hasGuests = lab.nodes.some((node) => isMachine(node) && node.programs.length > 0);
    this.trace = new TraceRecorder(this.engine, options.traceEvents);
    this.frames = new FramePool(new BlockPool());
    this.skbs = new SkbPool(this.frames.blocks);
    this.fabric = fabricContext(this.engine, this.frames, this.trace);
    this.programs = new Map([...shellPrograms, ...(options.programs ?? [])]);
    this.guests = new Guests(options.guests);
    this.lanes = sidesOf(lab).map((side) => this.engine.addLane(undefined, side));
    this.wiring = wire(this.fabric, lab, this.lanes);
    const hosts = this.names.map(({ name, address }) => `${formatIpv4(address as Ipv4Address)}\t${name}\n`);
    this.hostsFile = utf8Encode(`127.0.0.1\tlocalhost\n${hosts.join("")}`);
    this.machines = new Map(lab.nodes.filter(isMachine).map((node) => [node.index, new Machine(this, node)]));
    this.#captures = new Captures(this);
    this.#routes = new Routes(this);
    for (const machine of this.machines.values()) machine.boot();
    this.#routes.refresh();
    installFaults(this.fabric, lab);
    this.#timeline = new Timeline(this);
    this.#measurements = new Measurements(this);
    this.#checks = new Checks(this);
    for (const machine of this.machines.values()) machine.runBootCommands();
  }

  /** No frame is under way, no program is runnable, and neither timeline nor checks have anything left to start. */
  get isQuiet(): boolean {
    return this.#timeline.isDone && this.#checks.isDone && this.runningConsoles === 0 && this.frames.outstanding === 0;
  }

  /** Consoles whose command has not ended; interactive shells included. */
  get runningConsoles(): number {
    let count = 0;
    for (const console of this.#consoles.values()) if (console.endedAt === null) count++;
    return count;
  }

  node(name: string): LabNode | null {
    return this.#nodes.get(name) ?? null;
  }

  nodeIndex(name: string): number | null {
    return this.node(name)?.index ?? null;
  }

  machine(index: number): Machine {
    return present(this.machines.get(index), "a machine of that index");
  }

  link(name: string): WorldLink | null {
    const lab = this.lab.links.find((link) => link.name === name);
    return lab === undefined ? null : (this.wiring.links[lab.index] ?? null);
  }

  console(id: number): Console | null {
    return this.#consoles.get(id) ?? null;
  }

  /** What is wrong with a command now, as a sentence; null when it can be applied. */
  check(command: Command): string | null {
    return commandProblem(this, command);
  }

  /** Applies a command that `check` has let through. */
  apply(command: Command): void {
    applyCommand(this, command);
  }

  /**
   * Runs a shell command on a host, or (null) an interactive shell, on a console of that number.
   * @param isQuiet its output is kept, but shown to nobody: one of hundreds of pings.
   */
  exec(node: number, command: string | null, id: number, isQuiet = false): Console {
    const argv = command === null ? ["sh"] : ["sh", "-c", command];
    return this.#start(node, argv, { id, command: command ?? "sh", isQuiet });
  }

  /** Runs a command that the machine starts by itself. A shell's script stands for itself. */
  execAtBoot(node: number, argv: readonly string[]): void {
    const command = argv[0] === "sh" ? (argv[2] ?? "") : argv.join(" ");
    this.#start(node, argv, { id: BOOT_CONSOLES + this.#boots++, command, isQuiet: false });
  }

  #start(node: number, argv: readonly string[], origin: { id: number; command: string; isQuiet: boolean }): Console {
    const machine = this.machine(node);
    const { id, command, isQuiet } = origin;
    const { name, lane } = machine;
    const console = new Console({ id, node: name, lane, command, startedAt: this.engine.now, isQuiet });
    this.#consoles.set(id, console);
    machine.start(console, argv);
    return console;
  }

  /** Lets go of what the garbage collector does not know of. The world is not used after this. */
  close(): void {
    this.guests.close();
  }

  /** From a machine, for one of its consoles. */
  consoleOutput(console: Console, bytes: Uint8Array): void {
    console.write(bytes);
    this.engine.digest.mixBytes(console.lane, bytes);
    if (console.isQuiet) return;
    this.#outbox.put(bytes, (kept, at) => this.onConsole(console.id, kept, at));
  }

  /** The command has ended, or its machine has. */
  endConsole(console: Console, status: number): void {
    if (console.endedAt !== null) return;
    console.end(status, this.engine.now);
    this.#outbox.put(null, () => console.onEnd?.(console));
  }

  /**
   * Machines may run ahead of one another by the shortest delays, while nobody sees in which order they do: not with a
   * trace, a capture or fault rules, which are for the whole lab, nor with guest programs, which share a sandbox.
   */
  delays(): SideDelays | null {
    if (this.trace.active || this.fabric.faults.active || this.#captures.isTapping || this.#hasGuests) return null;
    return this.fabric.delays.shortest;
  }

  windowDone(): void {
    this.#outbox.flush();
  }

  /** Cables or machines changed: routes that are computed follow. */
  topologyChanged(): void {
    this.#routes.schedule();
  }

  /** Records what people or the timeline did. */
  note(target: string, kind: string): void {
    const trace = this.trace;
    if (!trace.active) return;
    // What is done to it happens there, in nobody's context.
    trace.place = trace.intern(target);
    trace.context = CONTEXT.none;
    trace.cpu = 0;
    trace.pid = 0;
    trace.record(KIND["fault:apply"], 0, this.engine.cause, trace.place, trace.intern(kind));
  }

  /** Switches a node of any kind; what it is doing to its packets is said in machine.ts, switch.ts and hub.ts. */
  setNode(index: number, action: "crash" | "reboot" | "pause" | "resume"): void {
    this.machines.get(index)?.act(action);
    this.wiring.switches.get(index)?.[action]();
    this.wiring.hubs.get(index)?.[action]();
    const power = action === "crash" ? false : action === "reboot" ? true : null;
    if (power !== null) {
      this.lab.links.forEach((link, at) =>
        link.ends.forEach((end, side) => {
          if (end.node === index) this.wiring.links[at]?.setPower(side as 0 | 1, power);
        }),
      );
    }
    this.topologyChanged();
  }

  /** Whether a node of any kind is switched on. */
  power(index: number): "on" | "off" | "paused" {
    const machine = this.machines.get(index);
    if (machine !== undefined) return machine.power;
    return this.wiring.switches.get(index)?.state ?? this.wiring.hubs.get(index)?.state ?? "on";
  }

  checkResults(): CheckResult[] {
    return this.#checks.results();
  }

  /** What the word before `cursor` may become; nothing on a console that has ended. */
  complete(console: number, line: string, cursor: number): Completion {
    const machine = this.machines.get(this.nodeIndex(this.#consoles.get(console)?.node ?? "") ?? -1);
    const names = this.lab.nodes.filter(isMachine).map(({ name }) => name);
    return machine?.complete(console, { line, cursor, names }) ?? { from: cursor, words: [] };
  }

  endedConsoles(): { id: number; status: number }[] {
    const ended: { id: number; status: number }[] = [];
    for (const { id, status } of this.#consoles.values()) if (status !== null) ended.push({ id, status });
    return ended;
  }

  tcpSockets(): TcpSocketRow[] {
    return tcpSockets(this.machines.values());
  }

  tcpView(node: string, socket: number): TcpView | null {
    return viewOfSocket(this.machines.get(this.nodeIndex(node) ?? -1), socket);
  }

  primaryAddress(node: number): number | undefined {
    const machine = this.lab.nodes[node];
    if (machine === undefined || !isMachine(machine)) return undefined;
    return machine.loopback[0]?.address ?? machine.nics.flatMap((nic) => nic.addresses)[0]?.address;
  }

  /** A counter that a check or a measurement names; null when there is none (any more). */
  counter(counter: LabCounter): number | null {
    if (counter.kind === "fabric") return this.#fabricCounter(counter.node, counter.name);
    if (counter.kind !== "drop") return this.machine(counter.node).counter(counter);
    let sum = 0;
    for (const machine of this.machines.values()) {
      if (counter.node === null || counter.node === machine.node.index) sum += machine.dropped(counter.reason);
    }
    const name = counter.node === null ? null : this.lab.nodes[counter.node]?.name;
    for (const { place, reason, count } of this.fabric.drops.entries()) {
      if (reason === counter.reason && (name === null || place === name || place.startsWith(`${name}:`))) sum += count;
    }
    return sum;
  }

  /** Of a switch: sums over its ports; of a hub: its own, then sums over its ports. Names as in fabric, or with `_`. */
  #fabricCounter(node: number, name: string): number | null {
    const wanted = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const hub = this.wiring.hubs.get(node)?.counters();
    const own = hub === undefined ? undefined : new Map<string, unknown>(Object.entries(hub)).get(wanted);
    if (typeof own === "number") return own;
    const ports = hub?.ports ?? this.wiring.switches.get(node)?.counters() ?? [];
    let sum: number | null = null;
    for (const port of ports) {
      const value = new Map<string, unknown>(Object.entries(port)).get(wanted);
      if (typeof value === "number") sum = (sum ?? 0) + value;
    }
    return sum;
  }

  get captureInterfaces(): readonly CaptureInterface[] {
    return this.#captures.interfaces;
  }

  /** Frames at the interfaces of these indexes go to `onFrame` from now on; at no others. */
  tap(interfaces: ReadonlySet<number>): void {
    this.#captures.tap(interfaces);
  }

  /** A machine has new interfaces after a reboot. */
  retap(): void {
    this.#captures.retap();
  }

  get names(): readonly { readonly name: string; readonly address: number }[] {
    return this.lab.nodes
      .filter(isMachine)
      .flatMap(({ name, nics, loopback }) =>
        [...loopback, ...nics.flatMap((nic) => nic.addresses)].map(({ address }) => ({ name, address })),
      );
  }

  report(): RunReport {
    return {
      lab: this.lab.name,
      seed: this.seed,
      time: this.engine.now,
      events: this.engine.eventCount,
      digest: this.engine.digest.value,
      checks: this.#checks.results(),
      consoles: [...this.#consoles.values()].map((console) => console.report()),
      conservation: conservationOf(this),
      measurements: this.#measurements.tables(),
    };
  }
}
