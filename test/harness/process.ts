/**
 * A machine for tests of sockets, files and processes: a real CPU and timers over a network layer that has one address
 * of its own, delivers to itself what is addressed to it, and keeps a copy of everything else it was asked to send.
 */
import { IPV4_LOOPBACK, parseIpv4, type Ipv4Address, type MacAddress } from "../../core/wire/address.ts";
import { Engine } from "../../core/engine/engine.ts";
import { PHASES, rankOf } from "../../core/engine/rank.ts";
import { TraceRecorder } from "../../core/trace/recorder.ts";
import { BlockPool } from "../../core/wire/block.ts";
import { FramePool } from "../../core/wire/frame.ts";
import { IPV4, putIpv4Header } from "./ipv4-header.ts";
import { utf8Decode } from "../../core/base/bytes.ts";
import type { EventHandler } from "../../core/engine/event-queue.ts";
import type { VirtualTime } from "../../core/base/time.ts";
import { KernelCore } from "../../core/kernel/core.ts";
import { COST_PROFILES, type CostProfileName } from "../../core/kernel/cost.ts";
import { Cpu } from "../../core/kernel/cpu/cpu.ts";
import { SOFTIRQ } from "../../core/kernel/cpu/work.ts";
import { DeviceStats, type NetDevice, type PacketTap } from "../../core/kernel/device/net-device.ts";
import type { Icmp } from "../../core/kernel/net/icmp.ts";
import type { FlowKey, IpProtocol, RawHook, SendOptions } from "../../core/kernel/net/protocol.ts";
import { Route } from "../../core/kernel/net/route.ts";
import type { Process } from "../../core/kernel/process/process.ts";
import { SkbPool } from "../../core/kernel/skb/skb-pool.ts";
import type { SkBuff } from "../../core/kernel/skb/skbuff.ts";
import type { IpPort } from "../../core/kernel/socket/inet-socket.ts";
import { Userland } from "../../core/kernel/syscall/userland.ts";
import { E } from "../../core/kernel/syscall/errno.ts";
import { AF, type Call, type Program, type SocketAddress, type Sys } from "../../core/kernel/syscall/sys.ts";
import { KernelTimers } from "../../core/kernel/timer/timers.ts";
import type { Tty } from "../../core/kernel/vfs/tty.ts";

export function ip(text: string): Ipv4Address {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(`not an address: ${text}`);
  return parsed.value;
}

export const OWN_ADDRESS = ip("10.0.0.1");

export const at = (address: string, port: number): SocketAddress => ({
  family: AF.INET,
  address: ip(address),
  port,
  device: 0,
  protocol: 0,
  packetType: 0,
});

class FakeDevice implements NetDevice {
  readonly index: number;
  readonly name: string;
  readonly isPointToPoint = false;
  readonly egress = null;
  readonly macChanges = 0;
  readonly isLoopback: boolean;
  readonly mac = 0x020000000001 as MacAddress;
  mtu = 1500;
  isUp = true;
  readonly carrier = true;
  readonly speed = 1e9;
  readonly stats = new DeviceStats();
  txChecksumOffload = false;
  txSegmentationOffload = false;
  readonly taps: PacketTap[] = [];
  promiscuity = 0;
  readonly sent: Uint8Array[] = [];
  readonly #core: KernelCore;

  constructor(core: KernelCore, index: number, name: string) {
    this.#core = core;
    this.index = index;
    this.name = name;
    this.isLoopback = name === "lo";
  }

  header(skb: SkBuff): void {
    skb.push(14);
  }

  xmit(skb: SkBuff): number {
    this.sent.push(skb.view().slice());
    this.#core.consume(skb);
    return 0;
  }

  setUp(up: boolean): void {
    this.isUp = up;
  }
}

export class FakeDevices {
  readonly lo: FakeDevice;
  readonly eth0: FakeDevice;
  readonly taps: PacketTap[] = [];

  constructor(core: KernelCore) {
    this.lo = new FakeDevice(core, 1, "lo");
    this.eth0 = new FakeDevice(core, 2, "eth0");
  }

  list(): readonly NetDevice[] {
    return [this.lo, this.eth0];
  }

  byName(name: string): NetDevice | null {
    return this.list().find((device) => device.name === name) ?? null;
  }

  byIndex(index: number): NetDevice | null {
    return this.list().find((device) => device.index === index) ?? null;
  }

  addTap(tap: PacketTap): void {
    this.taps.push(tap);
  }

  removeTap(tap: PacketTap): void {
    this.taps.splice(this.taps.indexOf(tap), 1);
  }
}

/** A packet the fake network layer was asked to send elsewhere. */
export interface Sent {
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly protocol: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly bytes: Uint8Array;
}

const DELIVER = 1;

export class FakeIp implements IpPort, EventHandler {
  readonly core: KernelCore;
  readonly devices: FakeDevices;
  rawHook: RawHook | null = null;
  readonly sent: Sent[] = [];
  readonly errorsSent: { type: number; code: number }[] = [];
  readonly queue: SkBuff[] = [];
  readonly verdicts: boolean[] = [];
  /** Packets sent elsewhere are held, still charged to their sockets, until `releaseHeld`. */
  hold = false;
  mtu = 1500;
  generation = 1;
  readonly #held: SkBuff[] = [];
  readonly #protocols = new Map<number, IpProtocol>();

  readonly icmp: Pick<Icmp, "echoReplyHook" | "send"> = {
    echoReplyHook: null,
    send: (_skb, type, code) => {
      this.errorsSent.push({ type, code });
    },
  };

  readonly ipQueue: IpPort["ipQueue"] = {
    open: () => true,
    close: () => undefined,
    take: () => this.queue.shift() ?? null,
    verdict: (skb: SkBuff, accept: boolean) => {
      this.verdicts.push(accept);
      this.core.consume(skb);
    },
    length: 0,
  };

  constructor(core: KernelCore, devices: FakeDevices) {
    this.core = core;
    this.devices = devices;
  }

  registerProtocol(protocol: number, handler: IpProtocol): void {
    this.#protocols.set(protocol, handler);
  }

  /** Made-up rules: 10.9.0.0/16 is unreachable, 10.0.0.255 is the broadcast address. */
  routeOutput(key: FlowKey): Route | number {
    if (key.target >>> 16 === 0x0a09) return -E.ENETUNREACH;
    const type = this.addressType(key.target);
    const isLocal = type === "local";
    return new Route(
      {
        type,
        target: key.target,
        device: isLocal ? this.devices.lo : this.devices.eth0,
        gateway: 0 as Ipv4Address,
        source: key.target >>> 24 === 127 ? IPV4_LOOPBACK : OWN_ADDRESS,
        mtu: isLocal ? 65_535 : this.mtu,
        forwardMtu: 1500,
        mtuLocked: false,
        expires: Infinity,
      },
      this.generation,
    );
  }

  isCurrent(route: Route): boolean {
    return route.generation === this.generation;
  }

  addressType(address: Ipv4Address): Route["type"] {
    if (address === OWN_ADDRESS || address >>> 24 === 127) return "local";
    if (address === ip("10.0.0.255") || address === 0xffffffff) return "broadcast";
    return address >>> 28 === 14 ? "multicast" : "unicast";
  }

  send(skb: SkBuff, route: Route, options: SendOptions): number {
    putIpv4Header(skb, { ...options, source: options.source === 0 ? route.source : options.source });
    return this.sendWithHeader(skb, route);
  }

  sendWithHeader(skb: SkBuff, route: Route): number {
    if (route.type === "local" || route.type === "broadcast") {
      this.core.engine.after(0, rankOf(PHASES.softirq, this.core.lane), this, DELIVER, skb);
      if (route.type === "local") return 0;
    }
    if (skb.frags !== null) this.core.skbs.linearize(skb);
    const view = new DataView(skb.bytes.buffer, skb.bytes.byteOffset + skb.data);
    this.sent.push({
      source: view.getUint32(IPV4.source) as Ipv4Address,
      target: view.getUint32(IPV4.target) as Ipv4Address,
      protocol: view.getUint8(IPV4.protocol),
      ttl: view.getUint8(IPV4.ttl),
      dontFragment: (view.getUint16(IPV4.fragment) & 0x4000) !== 0,
      bytes: skb.view().slice(),
    });
    if (route.type === "broadcast") return 0;
    if (this.hold) this.#held.push(skb);
    else this.core.consume(skb);
    return 0;
  }

  releaseHeld(): void {
    for (const skb of this.#held.splice(0)) this.core.consume(skb);
  }

  onEvent(_code: number, subject: unknown): void {
    this.deliver(subject as SkBuff);
  }

  /** `skb.data` at an IP header: up to raw sockets and the protocol, as the network layer does. */
  deliver(skb: SkBuff): void {
    skb.networkHeader = skb.data;
    const protocol = skb.bytes[skb.data + IPV4.protocol] as number;
    skb.pull(20);
    skb.transportHeader = skb.data;
    const taken = this.rawHook?.deliver(skb, protocol) ?? false;
    const handler = this.#protocols.get(protocol);
    if (handler !== undefined) handler.receive(skb);
    else if (taken) this.core.consume(skb);
    else this.core.drop(skb, "IP_NOPROTO");
  }

  protocol(number: number): IpProtocol {
    return this.#protocols.get(number) as IpProtocol;
  }
}

export interface MachineOptions {
  readonly costs?: CostProfileName;
  readonly programs?: ReadonlyMap<string, Program>;
  readonly seed?: number;
}

export class TestMachine {
  readonly engine: Engine;
  readonly trace: TraceRecorder;
  readonly blocks = new BlockPool();
  readonly skbs = new SkbPool(this.blocks);
  readonly core: KernelCore;
  readonly cpu: Cpu;
  readonly ip: FakeIp;
  readonly devices: FakeDevices;
  readonly userland: Userland;
  readonly statuses = new Map<number, number>();

  constructor(options: MachineOptions = {}) {
    this.engine = new Engine(options.seed ?? 1);
    this.trace = new TraceRecorder(this.engine);
    const environment = {
      engine: this.engine,
      trace: this.trace,
      skbs: this.skbs,
      frames: new FramePool(this.blocks),
    };
    this.core = new KernelCore(environment, "h1", COST_PROFILES[options.costs ?? "ideal"]);
    this.cpu = new Cpu(this.core, 0);
    const timers = new KernelTimers(this.engine, this.core.costs, { cpu: this.cpu, lane: this.core.lane });
    this.core.install([this.cpu], timers);
    this.cpu.registerSoftirq(SOFTIRQ.TIMER, timers);
    this.devices = new FakeDevices(this.core);
    this.ip = new FakeIp(this.core, this.devices);
    this.userland = new Userland({
      core: this.core,
      cpus: [this.cpu],
      devices: this.devices,
      ip: this.ip,
      programs: options.programs ?? new Map(),
      epochNs: 1_700_000_000e9,
      netlink: [],
    });
    this.userland.processes.observe({
      processExited: (process, status) => this.statuses.set(process.pid, status),
    });
  }

  start(program: Program | string, argv: readonly string[] = ["test"], tty?: Tty): Process {
    const process = this.userland.processes.start({
      program,
      argv,
      files: tty === undefined ? [] : [tty.open(), tty.open(), tty.open()],
      environment: new Map([["PATH", "/bin"]]),
      ...(tty === undefined ? {} : { tty }),
    });
    if (typeof process === "number") throw new Error(`cannot start: ${process}`);
    return process;
  }

  terminal(): { tty: Tty; output: () => string } {
    const bytes: number[] = [];
    const tty = this.userland.openTerminal({ onOutput: (chunk) => bytes.push(...chunk) });
    return { tty, output: () => utf8Decode(Uint8Array.from(bytes)) };
  }

  advance(span: number): void {
    this.engine.advance((this.engine.now + span) as VirtualTime, 1_000_000);
    this.userland.checkInvariants();
  }

  /** Runs until nothing is left to do. */
  settle(): void {
    while (this.engine.nextTime !== Infinity) this.advance(Math.max(1, this.engine.nextTime - this.engine.now));
  }

  /** Runs a program from start to end. @returns what it returned, and its exit status. */
  run<T>(body: (sys: Sys) => Call<T>, span = 60e9): T {
    const results: T[] = [];
    const process = this.start(function* (sys) {
      results.push(yield* body(sys));
      return 0;
    });
    this.advance(span);
    const status = this.statuses.get(process.pid);
    if (status !== 0 || results.length === 0) {
      throw new Error(`the program did not finish: ${status ?? "running"} ${this.core.log.join("\n")}`);
    }
    return results[0] as T;
  }
}
