/** A machine without protocols, for tests of CPUs and devices, and ports that remember what was sent through them. */
import { put16 } from "../../core/base/bytes.ts";
import type { VirtualTime } from "../../core/base/time.ts";
import { Engine } from "../../core/engine/engine.ts";
import { PHASES, rankOf } from "../../core/engine/rank.ts";
import { Cpu } from "../../core/kernel/cpu/cpu.ts";
import { Smp } from "../../core/kernel/cpu/run-queue.ts";
import { SOFTIRQ } from "../../core/kernel/cpu/work.ts";
import { KernelCore } from "../../core/kernel/core.ts";
import { COST_PROFILES, type CostTable } from "../../core/kernel/cost.ts";
import { Devices } from "../../core/kernel/device/devices.ts";
import type { NetDevice, PacketHandler } from "../../core/kernel/device/net-device.ts";
import { Nic } from "../../core/kernel/device/nic.ts";
import type { NicOptions } from "../../core/kernel/device/nic-options.ts";
import { SkbPool } from "../../core/kernel/skb/skb-pool.ts";
import { HEADROOM_BYTES, type SkBuff } from "../../core/kernel/skb/skbuff.ts";
import { KernelTimers } from "../../core/kernel/timer/timers.ts";
import { TraceRecorder } from "../../core/trace/recorder.ts";
import { putMac, type MacAddress } from "../../core/wire/address.ts";
import { BlockPool } from "../../core/wire/block.ts";
import { ETHERNET, ETHERTYPE_IPV4 } from "../../core/wire/ethernet.ts";
import { FramePool, SENT_LATER, wireBytes, type Frame } from "../../core/wire/frame.ts";
import type { FrameSink, TransmitPort } from "../../core/wire/frame.ts";

export const IDEAL = COST_PROFILES.ideal;

/** All operations free except those named. */
export const costsOf = (some: Partial<CostTable>): CostTable => ({ ...IDEAL, ...some });

export class TestMachine {
  readonly engine = new Engine(1);
  readonly trace = new TraceRecorder(this.engine);
  readonly blocks = new BlockPool();
  readonly frames = new FramePool(this.blocks);
  readonly skbs = new SkbPool(this.blocks);
  readonly core: KernelCore;
  readonly cpus: Cpu[];
  readonly devices: Devices;

  constructor(costs: CostTable = IDEAL, cpus = 1) {
    this.core = new KernelCore(this, "host", costs);
    const smp = new Smp();
    this.cpus = Array.from({ length: cpus }, (_, index) => new Cpu(this.core, index, smp));
    const timers = new KernelTimers(this.engine, costs, { cpu: this.cpu, lane: this.core.lane });
    this.cpu.registerSoftirq(SOFTIRQ.TIMER, timers);
    this.core.install(this.cpus, timers);
    this.devices = new Devices(this.core, this.cpus);
  }

  get cpu(): Cpu {
    return this.cpus[0] as Cpu;
  }

  /** A card that is up, on a port of its own. */
  nic(options: Partial<NicOptions> = {}, port: TestPort = new TestPort(this)): TestNic {
    const index = this.devices.newIndex();
    const { core, devices, cpu } = this;
    const mac = testMac(index);
    const nic = new Nic({ core, devices, cpu, irq: 20 + index }, { name: `eth${index - 2}`, mac, port, ...options });
    nic.setUp(true);
    return Object.assign(nic, { testPort: port });
  }

  run(until: number): void {
    this.engine.advance(until as VirtualTime);
    for (const cpu of this.cpus) cpu.checkInvariants();
    this.devices.checkInvariants();
  }

  /** Does `action` at an instant, in the way the fabric delivers frames. */
  at(time: number, action: () => void): void {
    this.engine.at(time as VirtualTime, rankOf(PHASES.wire, this.core.lane), { onEvent: action }, 0);
  }

  /** A frame of `length` bytes for `target`, filled with a running number. */
  frame(target: MacAddress, length = 60, etherType = ETHERTYPE_IPV4): Frame {
    const block = this.blocks.acquire(HEADROOM_BYTES + length);
    const at = block.start + HEADROOM_BYTES;
    const frame = this.frames.acquire(block, at, length);
    for (let i = 0; i < length; i++) block.bytes[at + i] = i & 255;
    putMac(block.bytes, at + ETHERNET.target, target);
    putMac(block.bytes, at + ETHERNET.source, 0x0200000000ff as MacAddress);
    put16(block.bytes, at + ETHERNET.type, etherType);
    frame.packetId = this.skbs.newPacketId();
    return frame;
  }

  /** A packet of that many bytes behind its Ethernet header, ready for `device.xmit`. */
  packet(device: NetDevice, length = 46): SkBuff {
    const skb = this.skbs.alloc(length);
    skb.bytes.fill(7, skb.tail, skb.put(length) + length);
    device.header(skb, testMac(99), ETHERTYPE_IPV4);
    return skb;
  }
}

export type TestNic = Nic & { readonly testPort: TestPort };

export const testMac = (index: number): MacAddress => (0x020000000000 + index) as MacAddress;

/** One end of an endless cable: sends at a rate, remembers when and what, and frees the frames. */
export class TestPort implements TransmitPort {
  carrier = true;
  rateBitsPerSecond: number;
  /** Frames leave only when the test says so. */
  sendsLater = false;
  readonly sent: { at: number; bytes: Uint8Array; packetId: number }[] = [];
  /** Set, frames go there at once, instead of being freed. */
  peer: FrameSink | null = null;
  sink: FrameSink | null = null;
  keeps = true;
  count = 0;
  #busyUntil = 0;
  readonly #machine: TestMachine;

  constructor(machine: TestMachine, rateBitsPerSecond = 1e9) {
    this.#machine = machine;
    this.rateBitsPerSecond = rateBitsPerSecond;
  }

  transmit(frame: Frame): VirtualTime | typeof SENT_LATER {
    const now = this.#machine.engine.now;
    const span = Math.ceil((wireBytes(frame) * 8 * 1e9) / this.rateBitsPerSecond);
    const start = Math.max(now, this.#busyUntil);
    this.#busyUntil = start + span;
    this.count++;
    if (this.keeps) this.sent.push({ at: start, bytes: frame.view().slice(), packetId: frame.packetId });
    if (this.peer !== null) this.peer.receiveFrame(frame);
    else this.#machine.frames.release(frame);
    return this.sendsLater ? SENT_LATER : (this.#busyUntil as VirtualTime);
  }

  attach(sink: FrameSink): void {
    this.sink = sink;
  }

  setCarrier(up: boolean): void {
    this.carrier = up;
    this.sink?.carrierChanged(up);
  }
}

/** A protocol that charges a price per packet and uses it up. */
export class CountingHandler implements PacketHandler {
  received = 0;
  readonly packetIds: number[] = [];
  readonly #core: KernelCore;
  readonly #cost: number;

  constructor(core: KernelCore, cost = 0) {
    this.#core = core;
    this.#cost = cost;
  }

  receive(skb: SkBuff): void {
    this.#core.cpu.require("softirq");
    this.received++;
    this.packetIds.push(skb.packetId);
    this.#core.cpu.charge(this.#cost);
    this.#core.consume(skb);
  }
}

/** Sends every packet out of another device, charging a price: a router without IP. */
export class ForwardingHandler implements PacketHandler {
  readonly #core: KernelCore;
  readonly #out: NetDevice;
  readonly #cost: number;

  constructor(core: KernelCore, out: NetDevice, cost = 0) {
    this.#core = core;
    this.#out = out;
    this.#cost = cost;
  }

  receive(skb: SkBuff): void {
    this.#core.cpu.charge(this.#cost);
    this.#out.header(skb, testMac(99), ETHERTYPE_IPV4);
    this.#out.xmit(skb);
  }
}
